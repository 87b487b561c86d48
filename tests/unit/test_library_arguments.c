/* links: client/open.c client/login.c client/tokens.c client/token.c client/verify.c
 * client/claims.c client/introspect.c client/introspection.c client/revoke.c client/userinfo.c
 * client/keys.c client/place.c client/failure.c client/body.c client/request.c client/exchange.c
 * client/connect.c client/reply.c needs: jansson libcrypto */
/* What nobody in his right mind passes, to each function that is exported: a documented error with
 * a sentence, or nothing; never a yes, never a crash. A function without a row is a failure. */
#include "test_place.h"

#include <limits.h>

#define HUGE_LEN (4 * 1024 * 1024)

static char huge[HUGE_LEN + 1], many_words[20001];

static const char *const odd[] = {
        "",          " ",        "\n",       "a\r\nAuthorization: Peer",
        "a\n.b.c",   "%s%n%s%n", "\xff\xfe", "\x1b[31m",
        "../../../", "a.b.c",    "*",        "-",
        huge,        many_words,
};

static struct fake_server place;
static struct jeton *away; /* no daemon, no pages */
static struct jeton *here; /* pages, no daemon */

static int set_up(void **state) {
        size_t i;

        (void)state;
        memset(huge, 'A', HUGE_LEN);
        for (i = 0; i + 1 < sizeof many_words; i++)
                many_words[i] = i % 2 == 0 ? 'w' : ' ';
        place_with_page(&place);
        here = open_at(place.path);
        away = open_at("/nowhere/jeton.sock");
        return 0;
}

static int tear_down(void **state) {
        (void)state;
        jeton_close(here);
        jeton_close(away);
        place_remove(&place);
        return 0;
}

/* Refused before anything was asked, and told why. */
static void refused(const struct jeton *jeton, int r) {
        assert_int_equal(r, -EINVAL);
        assert_string_not_equal(jeton_error(jeton), "");
}

/* An argument that is odd is either refused or a question to the daemon, who is away. */
static void not_done(int r) {
        assert_true(r == -EINVAL || r == -ENOENT);
        assert_string_not_equal(jeton_error(away), "");
}

/* ---- the calls that may fail ---- */

static void try_open(void) {
        static const size_t sizes[] = {0, 1, sizeof(size_t) - 1, 4096, SIZE_MAX, SIZE_MAX - 7};
        struct jeton_options options = JETON_OPTIONS_INIT;
        struct jeton *jeton = NULL;
        size_t i;

        refused(NULL, jeton_open(NULL, NULL));
        refused(NULL, jeton_open(&options, NULL));
        for (i = 0; i < ELEMENTS(sizes); i++) {
                options.size = sizes[i];
                refused(NULL, jeton_open(&options, &jeton));
        }
        assert_null(jeton);
        options = (struct jeton_options)JETON_OPTIONS_INIT;
        for (i = 1; i < ELEMENTS(odd); i++) {
                options.socket_path = odd[i];
                options.timeout_ms = UINT_MAX;
                assert_int_equal(jeton_open(&options, &jeton), 0);
                assert_true(jeton_revoke(jeton, "a.b.c") < 0);
                assert_string_not_equal(jeton_error(jeton), "");
                jeton_close(jeton);
        }
}

static void try_close(void) {
        jeton_close(NULL);
}

static void try_error(void) {
        assert_non_null(jeton_error(NULL));
        refused(NULL, jeton_revoke(NULL, "a.b.c"));
}

static void try_login(void) {
        struct jeton_login_request request = JETON_LOGIN_REQUEST_INIT;
        enum jeton_login_outcome outcome;
        struct jeton_tokens *tokens;
        size_t i;

        refused(away, jeton_login(away, &request, &outcome, &tokens));
        request.username = "alice";
        refused(away, jeton_login(away, &request, &outcome, &tokens));
        request.password = "p";
        refused(away, jeton_login(away, &request, &outcome, &tokens));
        request.password_len = SIZE_MAX;
        refused(away, jeton_login(away, &request, &outcome, &tokens));
        request.password_len = 1;
        refused(NULL, jeton_login(NULL, &request, &outcome, &tokens));
        refused(away, jeton_login(away, NULL, &outcome, &tokens));
        refused(away, jeton_login(away, &request, NULL, &tokens));
        refused(away, jeton_login(away, &request, &outcome, NULL));
        for (i = 0; i < ELEMENTS(odd); i++) {
                request.username = request.audience = request.scope = odd[i];
                not_done(jeton_login(away, &request, &outcome, &tokens));
        }
        request.size = SIZE_MAX;
        refused(away, jeton_login(away, &request, &outcome, &tokens));
}

static void try_refresh(void) {
        enum jeton_login_outcome outcome;
        struct jeton_tokens *tokens;
        size_t i;

        refused(NULL, jeton_refresh(NULL, "x", NULL, &outcome, &tokens));
        refused(away, jeton_refresh(away, NULL, NULL, &outcome, &tokens));
        refused(away, jeton_refresh(away, "x", NULL, NULL, &tokens));
        refused(away, jeton_refresh(away, "x", NULL, &outcome, NULL));
        for (i = 0; i < ELEMENTS(odd); i++)
                not_done(jeton_refresh(away, odd[i], odd[i], &outcome, &tokens));
}

static void try_revoke(void) {
        size_t i;

        refused(NULL, jeton_revoke(NULL, "x"));
        refused(away, jeton_revoke(away, NULL));
        for (i = 0; i < ELEMENTS(odd); i++)
                not_done(jeton_revoke(away, odd[i]));
}

static void try_token(void) {
        struct jeton_token_request request = JETON_TOKEN_REQUEST_INIT;
        enum jeton_login_outcome outcome;
        struct jeton_tokens *tokens;
        size_t i;

        refused(NULL, jeton_token(NULL, &request, &outcome, &tokens));
        refused(away, jeton_token(away, &request, NULL, &tokens));
        refused(away, jeton_token(away, &request, &outcome, NULL));
        for (i = 0; i < ELEMENTS(odd); i++) {
                request.client_id = request.audience = request.scope = odd[i];
                not_done(jeton_token(away, &request, &outcome, &tokens));
        }
        request.size = 0;
        refused(away, jeton_token(away, &request, &outcome, &tokens));
}

static void try_exchange(void) {
        struct jeton_exchange_request request = JETON_EXCHANGE_REQUEST_INIT;
        enum jeton_login_outcome outcome;
        struct jeton_tokens *tokens;
        size_t i;

        refused(away, jeton_exchange(away, &request, &outcome, &tokens));
        request.token = "x";
        request.lifetime_s = UINT_MAX;
        refused(NULL, jeton_exchange(NULL, &request, &outcome, &tokens));
        refused(away, jeton_exchange(away, NULL, &outcome, &tokens));
        refused(away, jeton_exchange(away, &request, NULL, &tokens));
        refused(away, jeton_exchange(away, &request, &outcome, NULL));
        for (i = 0; i < ELEMENTS(odd); i++) {
                request.token = request.audience = odd[i];
                request.scope = request.roles = odd[i];
                not_done(jeton_exchange(away, &request, &outcome, &tokens));
        }
        request.size = 1;
        refused(away, jeton_exchange(away, &request, &outcome, &tokens));
}

static void try_verify(void) {
        struct jeton_claims *claims = NULL;
        enum jeton_verdict verdict;
        size_t i;

        refused(NULL, jeton_verify(NULL, "x", NULL, &verdict, &claims));
        refused(here, jeton_verify(here, NULL, NULL, &verdict, &claims));
        refused(here, jeton_verify(here, "x", NULL, NULL, &claims));
        refused(here, jeton_verify(here, "x", NULL, &verdict, NULL));
        for (i = 0; i < ELEMENTS(odd); i++) {
                verdict = JETON_VALID;
                assert_int_equal(jeton_verify(here, odd[i], odd[i], &verdict, &claims), 0);
                assert_int_equal(verdict, JETON_INVALID);
                assert_null(claims);
        }
}

static void try_introspect(void) {
        struct jeton_claims *claims;
        enum jeton_verdict verdict;
        size_t i;

        refused(NULL, jeton_introspect(NULL, "x", NULL, &verdict, &claims));
        refused(away, jeton_introspect(away, NULL, NULL, &verdict, &claims));
        refused(away, jeton_introspect(away, "x", NULL, NULL, &claims));
        refused(away, jeton_introspect(away, "x", NULL, &verdict, NULL));
        for (i = 0; i < ELEMENTS(odd); i++)
                not_done(jeton_introspect(away, odd[i], odd[i], &verdict, &claims));
}

static void try_userinfo(void) {
        struct jeton_person *person;
        enum jeton_verdict verdict;
        size_t i;

        refused(NULL, jeton_userinfo(NULL, "x", &verdict, &person));
        refused(away, jeton_userinfo(away, NULL, &verdict, &person));
        refused(away, jeton_userinfo(away, "x", NULL, &person));
        refused(away, jeton_userinfo(away, "x", &verdict, NULL));
        for (i = 0; i < ELEMENTS(odd); i++)
                not_done(jeton_userinfo(away, odd[i], &verdict, &person));
}

static void try_verdict_text(void) {
        static const unsigned numbers[] = {8, 0x69, 0x6b, INT_MAX, UINT_MAX};
        size_t i;

        for (i = 0; i < ELEMENTS(numbers); i++)
                assert_string_equal(jeton_verdict_text((enum jeton_verdict)numbers[i]), "invalid");
}

static void try_uid(void) {
        uid_t uid = 77;

        assert_false(jeton_claims_uid(NULL, &uid));
        assert_false(jeton_claims_uid(NULL, NULL));
        assert_int_equal(uid, 77);
}

static void try_free(void) {
        jeton_tokens_free(NULL);
        jeton_claims_free(NULL);
        jeton_person_free(NULL);
}

static const struct {
        const char *name;
        void (*try)(void);
} calls[] = {
        {"jeton_open", try_open},         {"jeton_close", try_close},
        {"jeton_error", try_error},       {"jeton_login", try_login},
        {"jeton_refresh", try_refresh},   {"jeton_revoke", try_revoke},
        {"jeton_token", try_token},       {"jeton_exchange", try_exchange},
        {"jeton_verify", try_verify},     {"jeton_introspect", try_introspect},
        {"jeton_userinfo", try_userinfo}, {"jeton_verdict_text", try_verdict_text},
        {"jeton_claims_uid", try_uid},    {"jeton_tokens_free", try_free},
        {"jeton_claims_free", try_free},  {"jeton_person_free", try_free},
};

static void absurd_arguments_are_errors_or_nothing(void **state) {
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(calls); i++)
                calls[i].try();
}

/* ---- the accessors, of what is not there ---- */

#define ROW(function) \
        { #function, function }

static const struct {
        const char *name;
        const char *(*get)(const struct jeton_claims *claims);
} claim_texts[] = {
        ROW(jeton_claims_issuer),     ROW(jeton_claims_subject),  ROW(jeton_claims_audience),
        ROW(jeton_claims_client_id),  ROW(jeton_claims_username), ROW(jeton_claims_scope),
        ROW(jeton_claims_roles),      ROW(jeton_claims_amr),      ROW(jeton_claims_token_id),
        ROW(jeton_claims_session_id),
};

static const struct {
        const char *name;
        int64_t (*get)(const struct jeton_claims *claims);
} claim_times[] = {
        ROW(jeton_claims_expires_at),
        ROW(jeton_claims_issued_at),
        ROW(jeton_claims_login_at),
};

static const struct {
        const char *name;
        bool (*has)(const struct jeton_claims *claims, const char *word);
} claim_lists[] = {
        ROW(jeton_claims_has_audience),
        ROW(jeton_claims_has_scope),
        ROW(jeton_claims_has_role),
};

static const struct {
        const char *name;
        const char *(*get)(const struct jeton_person *person);
        const char *nothing;
} person_texts[] = {
        {"jeton_person_subject", jeton_person_subject, ""},
        {"jeton_person_username", jeton_person_username, NULL},
        {"jeton_person_full_name", jeton_person_full_name, NULL},
        {"jeton_person_email", jeton_person_email, NULL},
};

static const struct {
        const char *name;
        const char *(*get)(const struct jeton_tokens *tokens);
        const char *nothing;
} token_texts[] = {
        {"jeton_tokens_access", jeton_tokens_access, ""},
        {"jeton_tokens_refresh", jeton_tokens_refresh, NULL},
        {"jeton_tokens_scope", jeton_tokens_scope, ""},
};

static const struct {
        const char *name;
        int64_t (*get)(const struct jeton_tokens *tokens);
} token_times[] = {
        ROW(jeton_tokens_expires_in),
};

static void assert_same(const char *got, const char *nothing) {
        if (nothing)
                assert_string_equal(got, nothing);
        else
                assert_null(got);
}

static void nothing_says_nothing(void **state) {
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(claim_texts); i++)
                assert_string_equal(claim_texts[i].get(NULL), "");
        for (i = 0; i < ELEMENTS(claim_times); i++)
                assert_int_equal(claim_times[i].get(NULL), 0);
        for (i = 0; i < ELEMENTS(person_texts); i++)
                assert_same(person_texts[i].get(NULL), person_texts[i].nothing);
        for (i = 0; i < ELEMENTS(token_texts); i++)
                assert_same(token_texts[i].get(NULL), token_texts[i].nothing);
        for (i = 0; i < ELEMENTS(token_times); i++)
                assert_int_equal(token_times[i].get(NULL), 0);
}

static void no_odd_word_is_in_a_list(void **state) {
        struct claims said = good_claims();
        struct jeton_claims *claims;
        char token[TOKEN_MAX + 1];
        enum jeton_verdict verdict;
        size_t i, j;

        (void)state;
        sign(&said, token);
        assert_int_equal(jeton_verify(here, token, NULL, &verdict, &claims), 0);
        for (i = 0; i < ELEMENTS(claim_lists); i++) {
                assert_false(claim_lists[i].has(NULL, NULL));
                assert_false(claim_lists[i].has(NULL, "read"));
                assert_false(claim_lists[i].has(claims, NULL));
                for (j = 0; j < ELEMENTS(odd); j++)
                        assert_false(claim_lists[i].has(claims, odd[j]));
        }
        jeton_claims_free(claims);
}

/* ---- every function that is exported ---- */

static bool has_row(const char *name) {
#define LOOK(table)                                     \
        for (size_t i = 0; i < ELEMENTS(table); i++)    \
                if (strcmp((table)[i].name, name) == 0) \
                        return true;
        LOOK(calls)
        LOOK(claim_texts)
        LOOK(claim_times)
        LOOK(claim_lists)
        LOOK(person_texts)
        LOOK(token_texts)
        LOOK(token_times)
#undef LOOK
        return false;
}

static void every_exported_function_has_its_row(void **state) {
        const size_t rows = ELEMENTS(calls) + ELEMENTS(claim_texts) + ELEMENTS(claim_times) +
                            ELEMENTS(claim_lists) + ELEMENTS(person_texts) + ELEMENTS(token_texts) +
                            ELEMENTS(token_times);
        _cleanup_(fclosep) FILE *map = fopen("client/libjeton.map", "re");
        char line[128], name[64];
        size_t exported = 0;

        (void)state;
        assert_non_null(map);
        while (fgets(line, sizeof line, map)) {
                if (sscanf(line, " %63[a-z_];", name) != 1 || strncmp(name, "jeton_", 6) != 0)
                        continue;
                if (!has_row(name))
                        fail_msg("%s has no row", name);
                exported++;
        }
        assert_int_equal(exported, rows);
}

/* ---- bytes by chance ---- */

/* xorshift64: the same tokens everywhere for the same seed. */
static uint64_t random_next(uint64_t *seed) {
        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        *seed ^= *seed << 17;
        return *seed;
}

static uint64_t random_seed(void) {
        const char *given = getenv("JETON_SEED");
        unsigned long long seed = given ? strtoull(given, NULL, 10) : 2026;

        return seed ? seed : 1;
}

/* Any bytes but NUL, which ends a string; or a good token with some bytes changed. */
static void random_token(uint64_t *seed, const char *good, char ret[TOKEN_MAX + 1]) {
        size_t len = random_next(seed) % 400, i;

        if (random_next(seed) % 2 == 0) {
                strcpy(ret, good);
                i = random_next(seed) % strlen(ret);
                ret[i] = (char)(ret[i] ^ (char)(1 + random_next(seed) % 127));
                return;
        }
        for (i = 0; i < len; i++)
                ret[i] = (char)(1 + random_next(seed) % 255);
        ret[len] = '\0';
}

static void ten_thousand_random_tokens_are_not_valid(void **state) {
        const uint64_t first = random_seed();
        struct claims said = good_claims();
        char good[TOKEN_MAX + 1], token[TOKEN_MAX + 1];
        uint64_t seed = first;
        unsigned i;

        (void)state;
        sign(&said, good);
        for (i = 0; i < 10000; i++) {
                struct jeton_claims *claims = NULL;
                enum jeton_verdict verdict = JETON_VALID;
                int r;

                random_token(&seed, good, token);
                r = jeton_verify(here, token, NULL, &verdict, &claims);
                if (r != 0 || verdict == JETON_VALID || claims)
                        fail_msg("JETON_SEED=%llu, token %u: %d, %s", (unsigned long long)first, i,
                                 r, jeton_verdict_text(verdict));
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(absurd_arguments_are_errors_or_nothing),
                cmocka_unit_test(nothing_says_nothing),
                cmocka_unit_test(no_odd_word_is_in_a_list),
                cmocka_unit_test(every_exported_function_has_its_row),
                cmocka_unit_test(ten_thousand_random_tokens_are_not_valid),
        };

        return cmocka_run_group_tests(tests, set_up, tear_down);
}
