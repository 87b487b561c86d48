/* How a client proves itself: Basic in its one spelling, the form, and never both.
 * links: daemon/frontend/client_proof.c daemon/frontend/authorization.c daemon/frontend/params.c
 * daemon/frontend/http.c daemon/frontend/target.c */
#include "../../common/cleanup.h"
#include "../../daemon/frontend/client_proof.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

/* Reads the field and the form; the status of the fault, or 0. */
static int proof_read(const char *field, const char *form, struct client_proof *ret) {
        static char bytes[2048];
        struct authorization authorization = {0};
        struct fault fault = {0};
        struct params params;

        memset(ret, 0, sizeof *ret);
        snprintf(bytes, sizeof bytes, "%s", form);
        assert_int_equal(authorization_parse(text_of(field), &authorization, &fault), 0);
        assert_int_equal(params_parse(bytes, strlen(bytes), &params, &fault), 0);
        if (client_proof_read(&authorization, &params, ret, &fault) == 0)
                return 0;
        assert_non_null(fault.error);
        return fault.status;
}

static const struct {
        const char *field, *form, *id, *secret;
} good[] = {
        {"", "", "", ""},
        {"", "client_id=local", "local", ""},
        {"", "client_id=None", "", ""},
        {"", "client_id=None&client_secret=", "", ""},
        {"", "client_id=None&client_secret=x", "None", "x"},
        {"", "client_id=robot&client_secret=s%3a1", "robot", "s:1"},
        {"Basic cm9ib3Q6c2VjcmV0", "", "robot", "secret"},
        {"Basic cm9ib3Q6c2VjcmV0", "client_id=robot", "robot", "secret"},
        {"Basic cm9ib3Q6czox", "", "robot", "s:1"},   /* robot:s:1 */
        {"Basic ciUzYXQ6YSslMmI=", "", "r:t", "a +"}, /* r%3at:a+%2b */
        {"Basic Og==", "client_id=robot&client_secret=x", "robot", "x"},
        {"Basic bG9jYWw6", "", "", ""}, /* local: */
        {"Bearer abc", "client_id=robot&client_secret=x", "robot", "x"},
};

static void each_proof_is_read(void **state) {
        struct client_proof proof;
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(good); i++) {
                if (proof_read(good[i].field, good[i].form, &proof) != 0)
                        fail_msg("%s | %s", good[i].field, good[i].form);
                assert_true(text_is(proof.id, text_of(good[i].id)));
                assert_true(text_is(proof.secret, text_of(good[i].secret)));
        }
}

static const struct {
        const char *field, *form;
        int status;
} bad[] = {
        {"", "client_secret=x", 400},
        {"Basic cm9ib3Q6c2VjcmV0", "client_secret=secret", 400},
        {"Basic cm9ib3Q6c2VjcmV0", "client_id=robot&client_secret=secret", 400},
        {"Basic cm9ib3Q6c2VjcmV0", "client_id=other", 400},
        {"Basic", "", 401},
        {"Basic cm9ib3Q", "", 401},           /* not padded */
        {"Basic cm9ib3Q6c2VjcmV0=", "", 401}, /* padded too much */
        {"Basic cm9ib3Q6c2VjcmV1====", "", 401},
        {"Basic cm9ib3Q6eB==", "", 401}, /* bits behind the end */
        {"Basic cm9ib3Q6-_-_", "", 401}, /* the other alphabet */
        {"Basic cm9ib3Rz", "", 401},     /* no colon */
        {"Basic cm9ib3Q6", "", 401},     /* no secret */
        {"Basic OnNlY3JldA==", "", 401}, /* no id */
        {"Basic cm9ib3Q6JXp6", "", 401}, /* robot:%zz */
        {"Basic YSZiOmM=", "", 401},     /* a&b:c */
        {"Basic YT1iOmM=", "", 401},     /* a=b:c */
};

static void what_proves_nothing_is_refused(void **state) {
        struct client_proof proof;
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(bad); i++) {
                int status = proof_read(bad[i].field, bad[i].form, &proof);

                if (status != bad[i].status)
                        print_error("%s | %s\n", bad[i].field, bad[i].form);
                assert_int_equal(status, bad[i].status);
        }
}

/* As long as a message takes, and a byte more. */
static void lengths_are_bounded(void **state) {
        char form[1024], field[1024] = "Basic ";
        struct client_proof proof;

        (void)state;
        snprintf(form, sizeof form, "client_id=r&client_secret=%0*d", CLIENT_SECRET_MAX, 0);
        assert_int_equal(proof_read("", form, &proof), 0);
        snprintf(form, sizeof form, "client_id=r&client_secret=%0*d", CLIENT_SECRET_MAX + 1, 0);
        assert_int_equal(proof_read("", form, &proof), 401);
        snprintf(form, sizeof form, "client_id=%0*d", CLIENT_MAX + 1, 0);
        assert_int_equal(proof_read("", form, &proof), 401);
        memset(field + 6, 'A', 900);
        assert_int_equal(proof_read(field, "", &proof), 401);
}

static void a_secret_does_not_stay(void **state) {
        static const struct client_proof empty;
        struct client_proof proof;

        (void)state;
        assert_int_equal(proof_read("Basic cm9ib3Q6c2VjcmV0", "", &proof), 0);
        client_proof_clear(&proof);
        assert_memory_equal(&proof, &empty, sizeof proof);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_proof_is_read),
                cmocka_unit_test(what_proves_nothing_is_refused),
                cmocka_unit_test(lengths_are_bounded),
                cmocka_unit_test(a_secret_does_not_stay),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
