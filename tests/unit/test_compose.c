/* What a captured authority may have signed.
 *
 * links: daemon/signer/compose.c
 * needs: libcrypto */
#include "../../daemon/signer/compose.h"

#include "../../common/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define NOW   INT64_C(1800000000)
#define SID   "AAAAAAAAAAAAAAAAAAAAAA"
#define NONCE "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static const struct limits limits = {.issuer = "https://host.example", .max_lifetime_s = 3600};

static struct msg_sign_access good_access(void) {
        return (struct msg_sign_access){
                .kind = TOKEN_KIND_ACCESS,
                .sub = TEXT("7"),
                .client_id = TEXT("local"),
                .audience = TEXT("https://host.example"),
                .scope = TEXT("read write:all"),
                .roles = TEXT("staff"),
                .username = TEXT("alice"),
                .has_uid = 1,
                .uid = 1000,
                .sid = TEXT(SID),
                .auth_time = NOW,
                .amr = TEXT("pwd"),
                .lifetime_s = 900,
        };
}

static struct msg_sign_ticket good_ticket(void) {
        return (struct msg_sign_ticket){
                .username = TEXT("alice"),
                .uid = 1000,
                .service = TEXT("sshd"),
                .nonce = TEXT(NONCE),
                .phase = PAM_PHASE_AUTH,
                .verdict = LOGIN_GRANTED,
        };
}

static void the_signer_stamps_what_is_its_own(void **state) {
        struct msg_sign_access fields = good_access();
        const char *field = NULL;
        struct claims claims;

        (void)state;
        assert_int_equal(compose_access(&limits, &fields, NOW, &claims, &field), 0);
        assert_string_equal(claims.iss, "https://host.example");
        assert_true(claims.iat == NOW && claims.exp == NOW + 900);
        assert_int_equal(strlen(claims.jti), JTI_LEN);
        assert_string_equal(claims.sub, "7");
        assert_string_equal(claims.scope, "read write:all");
        assert_true(claims.has_uid && claims.uid == 1000);
        assert_null(field);
}

static void no_two_tokens_have_one_jti(void **state) {
        static char seen[2000][JTI_LEN + 1];
        struct msg_sign_access fields = good_access();
        const char *field;
        struct claims claims;
        size_t i, k;

        (void)state;
        for (i = 0; i < ELEMENTS(seen); i++) {
                assert_int_equal(compose_access(&limits, &fields, NOW, &claims, &field), 0);
                memcpy(seen[i], claims.jti, sizeof seen[i]);
                for (k = 0; k < i; k++)
                        assert_string_not_equal(seen[k], seen[i]);
        }
}

static void assert_access(const struct msg_sign_access *fields, const char *at_fault) {
        struct claims claims = {.uid = 0x55}, untouched = claims;
        const char *field = "";
        int r;

        r = compose_access(&limits, fields, NOW, &claims, &field);
        if (!at_fault) {
                if (r != 0)
                        fail_msg("refused for its %s", field);
                return;
        }
        if (r != -EINVAL || strcmp(field, at_fault) != 0)
                fail_msg("%d for \"%s\", not for \"%s\"", r, field, at_fault);
        assert_memory_equal(&claims, &untouched, sizeof claims);
}

/* One text of a request, and whether it may be signed. */
#define ACCESS_TEXT(field, text, may)                           \
        do {                                                    \
                struct msg_sign_access changed = good_access(); \
                                                                \
                changed.field = TEXT(text);                     \
                assert_access(&changed, (may) ? NULL : #field); \
        } while (0)

static void subjects_have_a_form(void **state) {
        (void)state;
        ACCESS_TEXT(sub, "1", true);
        ACCESS_TEXT(sub, "9223372036854775807", true);
        ACCESS_TEXT(sub, "", false);
        ACCESS_TEXT(sub, "01", false);
        ACCESS_TEXT(sub, "-1", false);
        ACCESS_TEXT(sub, "9223372036854775808", false);
        ACCESS_TEXT(sub, "alice", false);
        ACCESS_TEXT(sub, "client:", false);
        ACCESS_TEXT(sub, "client:a b", false);
        ACCESS_TEXT(sub, "svc:", false);
        ACCESS_TEXT(sub, "svc:a\nb", false);
        ACCESS_TEXT(sub, "uid:4294967295", false);
        ACCESS_TEXT(sub, "uid:-1", false);
        ACCESS_TEXT(sub, "uid:1x", false);
        ACCESS_TEXT(sub, "UID:1", false);
        ACCESS_TEXT(sub, "7\0", false);
}

/* What the tokens of services, clients and accounts are like. */
static const struct msg_sign_access others[] = {
        {.sub = TEXT("svc:grafana"), .client_id = TEXT("grafana"), .amr = TEXT("peer")},
        {.sub = TEXT("client:web-1"), .client_id = TEXT("web-1")},
        {.sub = TEXT("uid:0"),
         .client_id = TEXT("local"),
         .amr = TEXT("peer"),
         .has_uid = 1,
         .uid = 0},
        {.sub = TEXT("uid:4294967294"),
         .client_id = TEXT("local"),
         .amr = TEXT("peer"),
         .has_uid = 1,
         .uid = 4294967294},
};

#define SERVICE 0
#define CLIENT  1
#define ACCOUNT 2

static struct msg_sign_access good_other(size_t which) {
        struct msg_sign_access fields = others[which];

        fields.audience = TEXT("https://metrics.example");
        fields.lifetime_s = 300;
        return fields;
}

static void services_clients_and_accounts_have_tokens_of_their_own_shape(void **state) {
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(others); i++) {
                struct msg_sign_access fields = good_other(i);

                assert_access(&fields, NULL);
        }
}

#define OTHER(which, field, value, at_fault)                       \
        do {                                                       \
                struct msg_sign_access fields = good_other(which); \
                                                                   \
                fields.field = value;                              \
                assert_access(&fields, at_fault);                  \
        } while (0)

static void a_service_cannot_pass_for_a_person_nor_for_another(void **state) {
        (void)state;
        OTHER(SERVICE, client_id, TEXT("local"), "client_id");
        OTHER(SERVICE, client_id, TEXT("grafan"), "client_id");
        OTHER(SERVICE, username, TEXT("alice"), "username");
        OTHER(SERVICE, sid, TEXT(SID), "sid");
        OTHER(SERVICE, has_uid, 1, "uid");
        OTHER(SERVICE, auth_time, NOW, "auth_time");
        OTHER(ACCOUNT, auth_time, NOW, "auth_time");
        OTHER(CLIENT, auth_time, NOW, "auth_time");
        OTHER(SERVICE, amr, TEXT("pwd"), "amr");
        OTHER(SERVICE, amr, TEXT("otp"), "amr");
        OTHER(SERVICE, amr, TEXT_NONE, "amr");
        OTHER(CLIENT, client_id, TEXT("web-2"), "client_id");
        OTHER(CLIENT, username, TEXT("alice"), "username");
        OTHER(CLIENT, amr, TEXT("pwd"), "amr");
        OTHER(CLIENT, amr, TEXT("peer"), "amr");
        OTHER(CLIENT, has_uid, 1, "uid");
        OTHER(ACCOUNT, uid, 1, "uid");
        OTHER(ACCOUNT, has_uid, 0, "uid");
        OTHER(ACCOUNT, username, TEXT("root"), "username");
        OTHER(ACCOUNT, sid, TEXT(SID), "sid");
        OTHER(ACCOUNT, amr, TEXT("peer pwd"), "amr");
}

static void a_token_made_of_another_does_not_outlive_it(void **state) {
        struct msg_sign_access fields = good_access();
        const char *field = NULL;
        struct claims claims;

        (void)state;
        fields.exp_max = NOW + 60;
        assert_int_equal(compose_access(&limits, &fields, NOW, &claims, &field), 0);
        assert_true(claims.exp == NOW + 60);
        fields.exp_max = NOW + 9000;
        assert_int_equal(compose_access(&limits, &fields, NOW, &claims, &field), 0);
        assert_true(claims.exp == NOW + 900);
        fields.exp_max = NOW;
        assert_access(&fields, "exp_max");
        fields.exp_max = -1;
        assert_access(&fields, "exp_max");
        /* Over before it begins: a lifetime below 0 would be told as a very long one. */
        fields.iat_min = NOW + 2;
        fields.exp_max = NOW + 2;
        assert_access(&fields, "exp_max");
        fields.exp_max = NOW + 3;
        assert_int_equal(compose_access(&limits, &fields, NOW, &claims, &field), 0);
        assert_true(claims.iat == NOW + 2 && claims.exp == NOW + 3);
}

static void an_access_token_is_no_login_ticket(void **state) {
        struct msg_sign_access fields = good_access();

        (void)state;
        ACCESS_TEXT(audience, "jeton:login", false);
        ACCESS_TEXT(audience, "https://a jeton:login", false);
        ACCESS_TEXT(audience, "jeton:login https://a", false);
        fields.kind = TOKEN_KIND_TICKET;
        assert_access(&fields, "kind");
        fields.kind = 200;
        assert_access(&fields, "kind");
        fields.kind = TOKEN_KIND_PLAIN;
        assert_access(&fields, NULL);
}

static void lists_are_words_with_one_space(void **state) {
        (void)state;
        ACCESS_TEXT(audience, "https://a https://b", true);
        ACCESS_TEXT(audience, "", false);
        ACCESS_TEXT(audience, "https://a  https://b", false);
        ACCESS_TEXT(audience, " https://a", false);
        ACCESS_TEXT(audience, "https://a ", false);
        ACCESS_TEXT(audience, " ", false);
        ACCESS_TEXT(audience, "https://a#b", false);
        ACCESS_TEXT(scope, "", true);
        ACCESS_TEXT(scope, "a\"b", false);
        ACCESS_TEXT(scope, "a\\b", false);
        ACCESS_TEXT(scope, "a\tb", false);
        ACCESS_TEXT(scope, "\xc3\xa9", false);
        ACCESS_TEXT(roles, "", true);
        ACCESS_TEXT(roles, "staff jeton:admin", true);
        ACCESS_TEXT(roles, "Staff", false);
        ACCESS_TEXT(roles, "a  b", false);
        ACCESS_TEXT(amr, "", true);
        ACCESS_TEXT(amr, "pwd peer", true);
        ACCESS_TEXT(amr, "otp", true);
        ACCESS_TEXT(amr, "pwd  otp", false);
        ACCESS_TEXT(amr, "hwk", false);
}

static void names_and_ids_have_their_grammar(void **state) {
        (void)state;
        ACCESS_TEXT(client_id, "", false);
        ACCESS_TEXT(client_id, "a/b", false);
        ACCESS_TEXT(username, "", true);
        ACCESS_TEXT(username, "al ice", false);
        ACCESS_TEXT(username, "alice\n", false);
        ACCESS_TEXT(username, "alice:0", false);
        ACCESS_TEXT(sid, "", true);
        ACCESS_TEXT(sid, "AAAAAAAAAAAAAAAAAAAAA", false);
        ACCESS_TEXT(sid, "AAAAAAAAAAAAAAAAAAAAAB", false); /* stray bits */
        ACCESS_TEXT(sid, "AAAAAAAAAAAAAAAAAAAAA+", false);
}

static void numbers_are_within_the_signers_own_limits(void **state) {
        static const struct {
                uint32_t lifetime_s;
                int64_t auth_time;
                const char *at_fault;
        } cases[] = {
                {1, NOW, NULL},
                {3600, NOW, NULL},
                {0, NOW, "lifetime"},
                {3601, NOW, "lifetime"},
                {UINT32_MAX, NOW, "lifetime"},
                {900, 0, NULL},
                {900, NOW - 1000000, NULL},
                {900, NOW + 60, NULL},
                {900, NOW + 61, "auth_time"},
                {900, -1, "auth_time"},
                {900, INT64_MAX, "auth_time"},
                {900, INT64_MIN, "auth_time"},
        };
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(cases); i++) {
                struct msg_sign_access fields = good_access();

                fields.lifetime_s = cases[i].lifetime_s;
                fields.auth_time = cases[i].auth_time;
                assert_access(&fields, cases[i].at_fault);
        }
}

static void the_uid_that_means_none_is_not_signed(void **state) {
        struct msg_sign_access fields = good_access();

        (void)state;
        fields.uid = UINT32_MAX;
        assert_access(&fields, "uid");
        fields.has_uid = 0;
        assert_access(&fields, NULL);
}

static void a_ticket_is_what_it_says(void **state) {
        struct msg_sign_ticket fields = good_ticket();
        const char *field = NULL;
        struct claims claims;

        (void)state;
        assert_int_equal(compose_ticket(&limits, &fields, NOW, &claims, &field), 0);
        assert_string_equal(claims.aud, "jeton:login");
        assert_string_equal(claims.sub, "uid:1000");
        assert_string_equal(claims.phase, "auth");
        assert_string_equal(claims.verdict, "granted");
        assert_string_equal(claims.nonce, NONCE);
        assert_true(claims.has_uid && claims.uid == 1000);
        assert_true(claims.exp == NOW + 30);
        assert_string_equal(claims.client_id, "");
        assert_string_equal(claims.scope, "");
}

static void a_ticket_names_the_role_that_was_asked_for(void **state) {
        struct msg_sign_ticket fields = good_ticket();
        const char *field = NULL;
        struct claims claims;

        (void)state;
        fields.role = TEXT("wheel");
        assert_int_equal(compose_ticket(&limits, &fields, NOW, &claims, &field), 0);
        assert_string_equal(claims.roles, "wheel");
}

static void only_the_ticket_of_a_session_names_one(void **state) {
        struct msg_sign_ticket fields = good_ticket();
        const char *field = NULL;
        struct claims claims;

        (void)state;
        fields.sid = TEXT("AAAAAAAAAAAAAAAAAAAAAA");
        assert_int_equal(compose_ticket(&limits, &fields, NOW, &claims, &field), -EINVAL);
        assert_string_equal(field, "sid");
        fields.phase = PAM_PHASE_CLOSE;
        assert_int_equal(compose_ticket(&limits, &fields, NOW, &claims, &field), -EINVAL);
        fields.phase = PAM_PHASE_SESSION;
        assert_int_equal(compose_ticket(&limits, &fields, NOW, &claims, &field), 0);
        assert_string_equal(claims.sid, "AAAAAAAAAAAAAAAAAAAAAA");
        fields.sid = TEXT("../../../etc/passwd");
        assert_int_equal(compose_ticket(&limits, &fields, NOW, &claims, &field), -EINVAL);
}

static void only_the_ticket_of_a_granted_login_says_how(void **state) {
        struct msg_sign_ticket fields = good_ticket();
        struct claims claims;
        const char *field;

        (void)state;
        fields.amr = TEXT("otp");
        assert_int_equal(compose_ticket(&limits, &fields, NOW, &claims, &field), 0);
        assert_string_equal(claims.amr, "otp");
        fields.amr = TEXT("pwd");
        assert_int_equal(compose_ticket(&limits, &fields, NOW, &claims, &field), 0);
        assert_string_equal(claims.amr, "pwd");
        fields.verdict = LOGIN_DENIED;
        assert_int_equal(compose_ticket(&limits, &fields, NOW, &claims, &field), -EINVAL);
        assert_string_equal(field, "amr");
        fields = good_ticket();
        fields.amr = TEXT("pwd");
        fields.phase = PAM_PHASE_ACCOUNT;
        assert_int_equal(compose_ticket(&limits, &fields, NOW, &claims, &field), -EINVAL);
}

static void only_a_password_that_is_too_short_has_a_length(void **state) {
        struct msg_sign_ticket fields = good_ticket();
        const char *field = NULL;
        struct claims claims;

        (void)state;
        fields.at_least = 12;
        assert_int_equal(compose_ticket(&limits, &fields, NOW, &claims, &field), -EINVAL);
        assert_string_equal(field, "at_least");
        fields.phase = PAM_PHASE_PASSWORD;
        fields.verdict = LOGIN_SHORT;
        assert_int_equal(compose_ticket(&limits, &fields, NOW, &claims, &field), 0);
        assert_int_equal(claims.at_least, 12);
        assert_string_equal(claims.verdict, "too-short");
}

static void assert_ticket(const struct msg_sign_ticket *fields, const char *at_fault) {
        const char *field = "";
        struct claims claims;
        int r = compose_ticket(&limits, fields, NOW, &claims, &field);

        if (r != -EINVAL || strcmp(field, at_fault) != 0)
                fail_msg("%d for \"%s\", not for \"%s\"", r, field, at_fault);
}

#define TICKET_REFUSED(field, value)                            \
        do {                                                    \
                struct msg_sign_ticket changed = good_ticket(); \
                                                                \
                changed.field = value;                          \
                assert_ticket(&changed, #field);                \
        } while (0)

static void ticket_fields_have_their_grammar(void **state) {
        int i;

        (void)state;
        TICKET_REFUSED(username, TEXT_NONE);
        TICKET_REFUSED(username, TEXT("a b"));
        TICKET_REFUSED(service, TEXT_NONE);
        TICKET_REFUSED(service, TEXT("../sshd"));
        TICKET_REFUSED(nonce, TEXT_NONE);
        TICKET_REFUSED(nonce, TEXT("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
        TICKET_REFUSED(nonce, TEXT("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB"));
        TICKET_REFUSED(nonce, TEXT("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="));
        TICKET_REFUSED(uid, UINT32_MAX);
        TICKET_REFUSED(role, TEXT("Wheel"));
        TICKET_REFUSED(role, TEXT("wheel admin"));
        TICKET_REFUSED(amr, TEXT("peer"));
        TICKET_REFUSED(amr, TEXT("pwd otp"));
        TICKET_REFUSED(amr, TEXT("PWD"));
        TICKET_REFUSED(phase, PAM_PHASE_NONE);
        TICKET_REFUSED(phase, 99);
        for (i = 0; i < 256; i++)
                if (!login_verdict_word((enum login_verdict)i))
                        TICKET_REFUSED(verdict, (uint8_t)i);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_signer_stamps_what_is_its_own),
                cmocka_unit_test(no_two_tokens_have_one_jti),
                cmocka_unit_test(subjects_have_a_form),
                cmocka_unit_test(services_clients_and_accounts_have_tokens_of_their_own_shape),
                cmocka_unit_test(a_service_cannot_pass_for_a_person_nor_for_another),
                cmocka_unit_test(a_token_made_of_another_does_not_outlive_it),
                cmocka_unit_test(an_access_token_is_no_login_ticket),
                cmocka_unit_test(lists_are_words_with_one_space),
                cmocka_unit_test(names_and_ids_have_their_grammar),
                cmocka_unit_test(numbers_are_within_the_signers_own_limits),
                cmocka_unit_test(the_uid_that_means_none_is_not_signed),
                cmocka_unit_test(a_ticket_is_what_it_says),
                cmocka_unit_test(a_ticket_names_the_role_that_was_asked_for),
                cmocka_unit_test(only_the_ticket_of_a_session_names_one),
                cmocka_unit_test(only_the_ticket_of_a_granted_login_says_how),
                cmocka_unit_test(only_a_password_that_is_too_short_has_a_length),
                cmocka_unit_test(ticket_fields_have_their_grammar),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
