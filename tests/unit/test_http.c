/* Heads that are taken and heads that are refused, each with the status it must have.
 * links: daemon/frontend/http.c daemon/frontend/target.c */
#include "../../common/cleanup.h"
#include "../../common/wire/wire.h"
#include "../../daemon/frontend/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define H "Host: jeton\r\n"

static const struct {
        unsigned status; /* 0: taken */
        const char *head;
} heads[] = {
        /* taken */
        {0, "GET / HTTP/1.1\r\n" H "\r\n"},
        {0, "\r\nGET / HTTP/1.1\r\n" H "\r\n"},
        {0, "GET /users/me HTTP/1.1\r\nhost:jeton\r\n\r\n"},
        {0, "GET / HTTP/1.0\r\n\r\n"},
        {0, "GET / HTTP/1.0\r\n" H "Connection: keep-alive\r\n\r\n"},
        {0, "GET / HTTP/1.1\r\nHost:\r\n\r\n"},
        {0, "GET / HTTP/1.1\r\nHost: \t jeton \t \r\n\r\n"},
        {0, "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n"},
        {0, "GET / HTTP/1.1\r\nHost: %2Frun%2Fjeton.sock\r\n\r\n"},
        {0, "POST /token HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n"},
        {0, "POST /token HTTP/1.1\r\n" H "Content-Length: 65536\r\n\r\n"},
        {0, "POST /token HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"},
        {0, "POST /token HTTP/1.1\r\n" H "transfer-encoding: Chunked\r\n\r\n"},
        {0, "POST /token HTTP/1.1\r\n" H "Content-Length: 1\r\nExpect: 100-Continue\r\n\r\n"},
        {0, "POST /token HTTP/1.0\r\nExpect: anything\r\n\r\n"},
        {0, "GET / HTTP/1.1\r\n" H "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n\r\n"},
        {0, "GET / HTTP/1.1\r\n" H "X-Empty:\r\nX-High: \xc3\xa4\r\n\r\n"},
        {0, "GET / HTTP/1.1\r\n" H "Connection: a\r\nConnection: b\r\n\r\n"},
        {0, "BREW /users HTTP/1.1\r\n" H "\r\n"},
        {0, "GET /users?q=a%20b&x=/?: HTTP/1.1\r\n" H "\r\n"},
        {0, "GET /users/ HTTP/1.1\r\n" H "\r\n"},
        {0, "GET /users/%C3%A4 HTTP/1.1\r\n" H "\r\n"},
        {0, "GET /users/%7B%7D HTTP/1.1\r\n" H "\r\n"},
        /* the request line */
        {400, "GET /\r\n\r\n"},
        {400, "PRI * HTTP/2.0\r\n\r\n"},
        {400, "GET / HTTP/1.2\r\n" H "\r\n"},
        {400, "GET / HTTP/2.0\r\n" H "\r\n"},
        {400, "GET / http/1.1\r\n" H "\r\n"},
        {400, "GET / HTTP/1.1 \r\n" H "\r\n"},
        {400, "GET  / HTTP/1.1\r\n" H "\r\n"},
        {400, "GET /  HTTP/1.1\r\n" H "\r\n"},
        {400, "GET\t/ HTTP/1.1\r\n" H "\r\n"},
        {400, " GET / HTTP/1.1\r\n" H "\r\n"},
        {400, "G(T / HTTP/1.1\r\n" H "\r\n"},
        {400, "/ HTTP/1.1\r\n" H "\r\n"},
        {400, "\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n"},
        {400, "\r\n\r\n"},
        /* the target */
        {400, "GET http://jeton/token HTTP/1.1\r\n" H "\r\n"},
        {400, "OPTIONS * HTTP/1.1\r\n" H "\r\n"},
        {400, "CONNECT jeton:80 HTTP/1.1\r\n" H "\r\n"},
        {400, "GET token HTTP/1.1\r\n" H "\r\n"},
        {400, "GET ?a=b HTTP/1.1\r\n" H "\r\n"},
        {400, "GET /a%2Fb HTTP/1.1\r\n" H "\r\n"},
        {400, "GET /a%2fb HTTP/1.1\r\n" H "\r\n"},
        {400, "GET /.well-known/jwks.json%00/x HTTP/1.1\r\n" H "\r\n"},
        {400, "GET /%0d%0a HTTP/1.1\r\n" H "\r\n"},
        {400, "GET /%7f HTTP/1.1\r\n" H "\r\n"},
        {400, "GET /%61 HTTP/1.1\r\n" H "\r\n"},
        {400, "GET /%2e%2e/x HTTP/1.1\r\n" H "\r\n"},
        {400, "GET /%4 HTTP/1.1\r\n" H "\r\n"},
        {400, "GET /% HTTP/1.1\r\n" H "\r\n"},
        {400, "GET /%zz HTTP/1.1\r\n" H "\r\n"},
        {400, "GET /a/../b HTTP/1.1\r\n" H "\r\n"},
        {400, "GET /a/./b HTTP/1.1\r\n" H "\r\n"},
        {400, "GET /.. HTTP/1.1\r\n" H "\r\n"},
        {400, "GET //token HTTP/1.1\r\n" H "\r\n"},
        {400, "GET /token// HTTP/1.1\r\n" H "\r\n"},
        {400, "GET /a#b HTTP/1.1\r\n" H "\r\n"},
        {400, "GET /a\"b HTTP/1.1\r\n" H "\r\n"},
        {400, "GET /\xc3\xa4 HTTP/1.1\r\n" H "\r\n"},
        {400, "GET /a?b#c HTTP/1.1\r\n" H "\r\n"},
        {400, "GET /a?\xff HTTP/1.1\r\n" H "\r\n"},
        /* fields */
        {400, "GET / HTTP/1.1\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\n" H H "\r\n"},
        {400, "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nHost: user@a\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\n" H "X-A : b\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\n" H "Transfer-Encoding : chunked\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\n" H "X-A: b\r\n c\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\n" H "X-A: b\r\n\tc: d\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\n X: a\r\n" H "\r\n"},
        {400, "GET / HTTP/1.1\r\n" H "X-A\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\n" H ": b\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\n" H "X(A: b\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\n" H "X\xc3\xa4: b\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\n" H "X-A: b\rc\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\n" H "X-A: b\x01\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\n" H "X-A: b\x7f\r\n\r\n"},
        {400, "GET / HTTP/1.1\n" H "\r\n"},
        {400, "GET / HTTP/1.1\r\nHost: jeton\n\r\n"},
        {400, "GET / HTTP/1.1\r\n" H "\n"},
        {400, "GET / HTTP/1.1\r\n" H "Authorization: Peer\r\nAuthorization: Peer\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\n" H "Content-Type: a/b\r\nContent-Type: a/b\r\n\r\n"},
        /* where it ends */
        {400, "POST / HTTP/1.1\r\n" H "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"},
        {400, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n"},
        {400, "POST / HTTP/1.1\r\n" H "Content-Length: 1\r\nContent-Length: 2\r\n\r\n"},
        {400, "POST / HTTP/1.1\r\n" H "Content-Length: 1\r\nContent-Length: 1\r\n\r\n"},
        {400, "POST / HTTP/1.1\r\n" H "Content-Length: 1, 1\r\n\r\n"},
        {400, "POST / HTTP/1.1\r\n" H "Content-Length: +1\r\n\r\n"},
        {400, "POST / HTTP/1.1\r\n" H "Content-Length: -1\r\n\r\n"},
        {400, "POST / HTTP/1.1\r\n" H "Content-Length: 0x1\r\n\r\n"},
        {400, "POST / HTTP/1.1\r\n" H "Content-Length: 1 1\r\n\r\n"},
        {400, "POST / HTTP/1.1\r\n" H "Content-Length: 01\r\n\r\n"},
        {400, "POST / HTTP/1.1\r\n" H "Content-Length:\r\n\r\n"},
        {400, "POST / HTTP/1.1\r\n" H "Content-Length: 99999999999999999999\r\n\r\n"},
        {413, "POST / HTTP/1.1\r\n" H "Content-Length: 65537\r\n\r\n"},
        {413, "POST / HTTP/1.1\r\n" H "Content-Length: 9223372036854775807\r\n\r\n"},
        {400, "POST / HTTP/1.1\r\n" H
              "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"},
        {400, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip, chunked\r\n\r\n"},
        {400, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked, chunked\r\n\r\n"},
        {400, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: identity\r\n\r\n"},
        {400, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: xchunked\r\n\r\n"},
        {400, "POST / HTTP/1.1\r\n" H "Transfer-Encoding:\r\n\r\n"},
        {400, "POST / HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n"},
        {417, "POST / HTTP/1.1\r\n" H "Expect: 200-ok\r\n\r\n"},
};

/* As a connection does it; *ret_fault.status is 0 when the head was taken. */
static int take_head(char *bytes, size_t len, struct http_head *ret, struct fault *ret_fault) {
        struct http_scan scan = {0};
        size_t head_len;
        int r;

        *ret_fault = (struct fault){0};
        r = http_scan(&scan, bytes, len, &head_len, ret_fault);
        return r < 0 ? r : http_parse(bytes, head_len, ret, ret_fault);
}

static void each_head_has_its_status(void **state) {
        char bytes[1024];
        size_t i;

        (void)state;
        assert_true(ELEMENTS(heads) >= 60);
        for (i = 0; i < ELEMENTS(heads); i++) {
                struct http_head head;
                struct fault fault;
                size_t len = strlen(heads[i].head);
                int r;

                memcpy(bytes, heads[i].head, len);
                r = take_head(bytes, len, &head, &fault);
                if (fault.status != heads[i].status || (r == 0) != (heads[i].status == 0))
                        print_error("%u instead of %u: %s\n", fault.status, heads[i].status,
                                    heads[i].head);
                assert_int_equal(fault.status, heads[i].status);
                assert_int_equal(r, heads[i].status ? -EBADMSG : 0);
        }
}

/* The same table, each head arriving byte by byte. */
static void a_head_that_trickles_in_is_the_same(void **state) {
        size_t i, k;

        (void)state;
        for (i = 0; i < ELEMENTS(heads); i++) {
                struct http_scan scan = {0};
                struct fault fault, whole_fault;
                struct http_head head;
                char bytes[1024];
                size_t len = strlen(heads[i].head), head_len = 0;
                int r = -EAGAIN;

                memcpy(bytes, heads[i].head, len);
                for (k = 1; k <= len && r == -EAGAIN; k++)
                        r = http_scan(&scan, bytes, k, &head_len, &fault);
                if (r == 0)
                        r = http_parse(bytes, head_len, &head, &fault);
                memcpy(bytes, heads[i].head, len);
                assert_int_equal(r, take_head(bytes, len, &head, &whole_fault));
        }
}

static void nul_is_refused_wherever_it_stands(void **state) {
        static const char head[] = "GET /a HTTP/1.1\r\n" H "X-A: b\r\n\r\n";
        size_t i;

        (void)state;
        for (i = 0; i + 1 < sizeof head; i++) {
                struct http_head taken;
                struct fault fault;
                char bytes[sizeof head];

                memcpy(bytes, head, sizeof head);
                bytes[i] = '\0';
                assert_int_equal(take_head(bytes, sizeof head - 1, &taken, &fault), -EBADMSG);
                assert_int_equal(fault.status, 400);
        }
}

static void the_parser_alone_refuses_what_was_not_scanned(void **state) {
        static const char *const broken[] = {"",
                                             "\r\n",
                                             "GET / HTTP/1.1",
                                             "GET / HTTP/1.1\r\n",
                                             ("GET / HTTP/1.1\r\n" H),
                                             "GET / HTTP/1.1\n\n"};
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(broken); i++) {
                struct http_head head;
                struct fault fault;
                char bytes[64];

                memcpy(bytes, broken[i], strlen(broken[i]));
                assert_int_equal(http_parse(bytes, strlen(broken[i]), &head, &fault), -EBADMSG);
        }
}

static void a_head_beyond_16_kib_is_431(void **state) {
        static char bytes[WIRE_HEAD_MAX + 64];
        struct http_scan scan = {0};
        struct fault fault;
        size_t len;
        int n = snprintf(bytes, sizeof bytes, "GET / HTTP/1.1\r\n" H "X: ");

        (void)state;
        memset(bytes + n, 'a', sizeof bytes - (size_t)n);
        assert_int_equal(http_scan(&scan, bytes, WIRE_HEAD_MAX - 1, &len, &fault), -EAGAIN);
        assert_int_equal(http_scan(&scan, bytes, sizeof bytes, &len, &fault), -EBADMSG);
        assert_int_equal(fault.status, 431);
}

static void a_head_of_exactly_16_kib_is_taken(void **state) {
        static char bytes[WIRE_HEAD_MAX];
        struct http_head head;
        struct fault fault;
        int n = snprintf(bytes, sizeof bytes, "GET / HTTP/1.1\r\n" H "X: ");

        (void)state;
        memset(bytes + n, 'a', sizeof bytes - (size_t)n);
        memcpy(bytes + sizeof bytes - 4, "\r\n\r\n", 4);
        assert_int_equal(take_head(bytes, sizeof bytes, &head, &fault), 0);
}

static void too_many_fields_are_431(void **state) {
        char bytes[2048] = "GET / HTTP/1.1\r\n" H;
        struct http_head head;
        struct fault fault;
        size_t len = strlen(bytes);
        int i;

        (void)state;
        for (i = 0; i < 100; i++, len += 6)
                memcpy(bytes + len, "X: a\r\n", 6);
        memcpy(bytes + len, "\r\n", 2);
        assert_int_equal(take_head(bytes, len + 2, &head, &fault), -EBADMSG);
        assert_int_equal(fault.status, 431);
}

static struct http_head taken(char *bytes) {
        struct http_head head;
        struct fault fault;

        assert_int_equal(take_head(bytes, strlen(bytes), &head, &fault), 0);
        return head;
}

static void assert_text(struct text text, const char *expected) {
        if (!text_is(text, text_of(expected)))
                fail_msg("\"%.*s\" instead of \"%s\"", TEXT_ARGS(text), expected);
}

static void the_parts_of_a_head_are_found(void **state) {
        char bytes[] =
                "POST /users/a%20b/?x=%41&y HTTP/1.1\r\nHost: j\r\nCONTENT-TYPE:  a/b; c=d \r\n"
                "authorization: Bearer x.y\r\nContent-Length: 7\r\nExpect: "
                "100-continue\r\nConnection: x, CLOSE\r\nVia: 1.1 p\r\n\r\n";
        struct http_head head = taken(bytes);

        (void)state;
        assert_text(head.method, "POST");
        assert_text(head.path, "/users/a b");
        assert_text(head.query, "x=%41&y");
        assert_text(head.content_type, "a/b; c=d");
        assert_text(head.authorization, "Bearer x.y");
        assert_int_equal(head.content_length, 7);
        assert_true(head.expects_continue);
        assert_true(head.was_forwarded);
        assert_false(head.keeps_alive);
        assert_false(head.is_chunked);
}

static void every_mark_of_a_proxy_is_seen(void **state) {
        static const char *const names[] = {"Forwarded", "X-Forwarded-For", "x-real-ip", "VIA"};
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(names); i++) {
                char bytes[128];

                snprintf(bytes, sizeof bytes, "GET / HTTP/1.1\r\n" H "%s: x\r\n\r\n", names[i]);
                assert_true(taken(bytes).was_forwarded);
        }
}

static void version_1_0_is_never_kept_alive(void **state) {
        char old[] = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
        char new[] = "GET / HTTP/1.1\r\n" H "\r\n";

        (void)state;
        assert_false(taken(old).keeps_alive);
        assert_true(taken(new).keeps_alive);
}

static void one_trailing_slash_equals_none(void **state) {
        char with[] = "GET /users/ HTTP/1.1\r\n" H "\r\n", root[] = "GET / HTTP/1.1\r\n" H "\r\n";

        (void)state;
        assert_text(taken(with).path, "/users");
        assert_text(taken(root).path, "/");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_head_has_its_status),
                cmocka_unit_test(a_head_that_trickles_in_is_the_same),
                cmocka_unit_test(nul_is_refused_wherever_it_stands),
                cmocka_unit_test(the_parser_alone_refuses_what_was_not_scanned),
                cmocka_unit_test(a_head_beyond_16_kib_is_431),
                cmocka_unit_test(a_head_of_exactly_16_kib_is_taken),
                cmocka_unit_test(too_many_fields_are_431),
                cmocka_unit_test(the_parts_of_a_head_are_found),
                cmocka_unit_test(every_mark_of_a_proxy_is_seen),
                cmocka_unit_test(version_1_0_is_never_kept_alive),
                cmocka_unit_test(one_trailing_slash_equals_none),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
