/* Bodies in chunks: what is taken, what is refused, whole and byte by byte.
 * links: daemon/frontend/chunked.c */
#include "../../common/cleanup.h"
#include "../../daemon/frontend/chunked.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define BODY_SIZE 16 /* of these tests */

static const struct {
        unsigned status; /* 0: taken */
        const char *chunks;
        const char *body;
        const char *left; /* the next request's bytes */
} bodies[] = {
        {0, "0\r\n\r\n", "", ""},
        {0, "5\r\nhello\r\n0\r\n\r\n", "hello", ""},
        {0, "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "hello world", ""},
        {0, "0005\r\nhello\r\n000\r\n\r\nGET /", "hello", "GET /"},
        {0, "A\r\n0123456789\r\n0\r\n\r\n", "0123456789", ""},
        {0, "a\r\n0123456789\r\n0\r\n\r\n", "0123456789", ""},
        {0, "10\r\n0123456789abcdef\r\n0\r\n\r\n", "0123456789abcdef", ""},
        {0, "2;a=b;c=\"d\"\r\n\r\n\r\n0;x\r\n\r\n", "\r\n", ""},
        {0, "1\r\na\r\n0\r\nTrailer: x\r\nOther: y\r\n\r\n", "a", ""},
        {400, "\r\n", NULL, NULL},
        {400, ";x\r\n", NULL, NULL},
        {400, "g\r\n", NULL, NULL},
        {400, "-1\r\n", NULL, NULL},
        {400, "+1\r\n", NULL, NULL},
        {400, "0x1\r\n", NULL, NULL},
        {400, " 1\r\n", NULL, NULL},
        {400, "1 \r\n", NULL, NULL},
        {400, "1\n", NULL, NULL},
        {400, "1\r\r", NULL, NULL},
        {400, "1\r\nab", NULL, NULL},
        {400, "1\r\na\n", NULL, NULL},
        {400, "1\r\na\rb", NULL, NULL},
        {400, "000000001\r\n", NULL, NULL},
        {400, "fffffffff\r\n", NULL, NULL},
        {400, "1;a\nb\r\n", NULL, NULL},
        {400, "1;a\x01\r\n", NULL, NULL},
        {400, "0\r\nT: a\nb\r\n\r\n", NULL, NULL},
        {400, "0\r\n\rx", NULL, NULL},
        {413, "11\r\n", NULL, NULL},
        {413, "ffffffff\r\n", NULL, NULL},
        {413, "10\r\n0123456789abcdef\r\n1\r\n", NULL, NULL},
};

static void each_body_has_its_status(void **state) {
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(bodies); i++) {
                size_t len = strlen(bodies[i].chunks), used = 0;
                struct chunked chunked = {0};
                struct fault fault = {0};
                char body[BODY_SIZE];
                int r = chunked_decode(&chunked, bodies[i].chunks, len, body, sizeof body, &used,
                                       &fault);

                if (fault.status != bodies[i].status)
                        print_error("%u instead of %u: %s\n", fault.status, bodies[i].status,
                                    bodies[i].chunks);
                assert_int_equal(fault.status, bodies[i].status);
                if (bodies[i].status > 0) {
                        assert_int_equal(r, -EBADMSG);
                        continue;
                }
                assert_int_equal(r, 0);
                assert_int_equal(chunked.body_len, strlen(bodies[i].body));
                assert_memory_equal(body, bodies[i].body, chunked.body_len);
                assert_string_equal(bodies[i].chunks + used, bodies[i].left);
        }
}

static void a_body_that_trickles_in_is_the_same(void **state) {
        size_t i, k;

        (void)state;
        for (i = 0; i < ELEMENTS(bodies); i++) {
                size_t len = strlen(bodies[i].chunks), used = 0;
                struct chunked chunked = {0};
                struct fault fault = {0};
                char body[BODY_SIZE];
                int r = -EAGAIN;

                for (k = 0; k < len && r == -EAGAIN; k++)
                        r = chunked_decode(&chunked, bodies[i].chunks + k, 1, body, sizeof body,
                                           &used, &fault);
                assert_int_equal(fault.status, bodies[i].status);
                assert_int_equal(r, bodies[i].status ? -EBADMSG : 0);
                if (r == 0)
                        assert_memory_equal(body, bodies[i].body, chunked.body_len);
        }
}

static void every_beginning_of_a_body_waits_for_more(void **state) {
        static const char chunks[] = "5;x\r\nhello\r\n0\r\nT: x\r\n\r\n";
        size_t len, used;

        (void)state;
        for (len = 0; len + 1 < sizeof chunks; len++) {
                struct chunked chunked = {0};
                struct fault fault;
                char body[BODY_SIZE];

                assert_int_equal(
                        chunked_decode(&chunked, chunks, len, body, sizeof body, &used, &fault),
                        -EAGAIN);
        }
}

/* Extensions of all chunks together, trailers likewise: they cost the caller his request. */
static void extensions_and_trailers_are_bounded(void **state) {
        static const char *const beginnings[] = {"1;", "0\r\n"};
        static char filler[8192];
        size_t i, used;

        (void)state;
        memset(filler, 'x', sizeof filler);
        for (i = 0; i < ELEMENTS(beginnings); i++) {
                struct chunked chunked = {0};
                struct fault fault = {0};
                char body[BODY_SIZE];

                assert_int_equal(chunked_decode(&chunked, beginnings[i], strlen(beginnings[i]),
                                                body, sizeof body, &used, &fault),
                                 -EAGAIN);
                assert_int_equal(chunked_decode(&chunked, filler, sizeof filler, body, sizeof body,
                                                &used, &fault),
                                 -EBADMSG);
                assert_int_equal(fault.status, 400);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_body_has_its_status),
                cmocka_unit_test(a_body_that_trickles_in_is_the_same),
                cmocka_unit_test(every_beginning_of_a_body_waits_for_more),
                cmocka_unit_test(extensions_and_trailers_are_bounded),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
