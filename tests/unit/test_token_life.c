/* links: client/open.c client/keys.c client/login.c client/tokens.c client/revoke.c client/place.c
 * client/failure.c client/body.c client/request.c client/exchange.c client/connect.c client/reply.c
 * needs: jansson libcrypto */
/* jeton_refresh() and jeton_revoke(), against daemons of every kind. */
#include "../../include/jeton.h"

#include "fake_server.h"

#define TOKEN "r+t/1 & more"

static struct fake_server server;

static struct jeton *begin(const struct script *script) {
        struct jeton_options options = JETON_OPTIONS_INIT;
        struct jeton *jeton;

        fake_start(&server, script);
        options.socket_path = server.path;
        options.timeout_ms = 2000;
        assert_int_equal(jeton_open(&options, &jeton), 0);
        return jeton;
}

static void end(struct jeton *jeton) {
        jeton_close(jeton);
        fake_stop(&server);
}

/* What is no answer to a request, and what becomes of it. */
static const struct {
        unsigned status;
        const char *code;
        int error;
} failures[] = {
        {503, "temporarily_unavailable", -EAGAIN},
        {400, "invalid_request", -EINVAL},
        {500, "server_error", -EPROTO},
};

/* ---- refreshing ---- */

static void a_refresh_gives_the_next_tokens(void **state) {
        char buffer[REPLY_SIZE];
        struct script script = {
                .reply = json_reply(200,
                                    "{\"access_token\":\"a.b.c\",\"token_type\":\"Bearer\","
                                    "\"expires_in\":300,\"refresh_token\":\"next\"}",
                                    buffer),
                .expects = TEXT("\r\n\r\ngrant_type=refresh_token&"
                                "refresh_token=r%2Bt%2F1%20%26%20more&scope=one%20two")};
        struct jeton *jeton = begin(&script);
        enum jeton_login_outcome outcome;
        struct jeton_tokens *tokens;

        (void)state;
        assert_int_equal(jeton_refresh(jeton, TOKEN, "one two", &outcome, &tokens), 0);
        assert_int_equal(outcome, JETON_LOGIN_GRANTED);
        assert_string_equal(jeton_tokens_access(tokens), "a.b.c");
        assert_string_equal(jeton_tokens_refresh(tokens), "next");
        assert_int_equal(jeton_tokens_expires_in(tokens), 300);
        assert_string_equal(jeton_tokens_scope(tokens), "");
        jeton_tokens_free(tokens);
        end(jeton);
}

static void each_refusal_of_a_refresh_has_its_outcome(void **state) {
        static const struct {
                const char *code;
                enum jeton_login_outcome outcome;
        } refusals[] = {
                {"invalid_grant", JETON_LOGIN_REFUSED},
                {"invalid_scope", JETON_LOGIN_BAD_SCOPE},
                {"invalid_target", JETON_LOGIN_BAD_AUDIENCE},
                {"unauthorized_client", JETON_LOGIN_NOT_ALLOWED},
        };
        char buffer[REPLY_SIZE];
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(refusals); i++) {
                struct script script = {.reply = error_reply(400, refusals[i].code, buffer)};
                enum jeton_login_outcome outcome = JETON_LOGIN_GRANTED;
                struct jeton_tokens *tokens = (struct jeton_tokens *)buffer;
                struct jeton *jeton = begin(&script);

                assert_int_equal(jeton_refresh(jeton, TOKEN, NULL, &outcome, &tokens), 0);
                assert_int_equal(outcome, refusals[i].outcome);
                assert_null(tokens);
                end(jeton);
        }
}

static void a_refresh_that_fails_changes_nothing(void **state) {
        char buffer[REPLY_SIZE];
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(failures); i++) {
                struct script script = {
                        .reply = error_reply(failures[i].status, failures[i].code, buffer)};
                enum jeton_login_outcome outcome = JETON_LOGIN_BAD_SCOPE;
                struct jeton_tokens *tokens = NULL;
                struct jeton *jeton = begin(&script);

                assert_int_equal(jeton_refresh(jeton, TOKEN, NULL, &outcome, &tokens),
                                 failures[i].error);
                assert_int_equal(outcome, JETON_LOGIN_BAD_SCOPE);
                assert_null(tokens);
                assert_non_null(strstr(jeton_error(jeton), "why"));
                end(jeton);
        }
}

/* ---- revoking ---- */

static void a_revocation_shows_the_token_and_is_done_at_200(void **state) {
        char buffer[REPLY_SIZE];
        struct script script = {.reply = json_reply(200, "{}", buffer),
                                .expects = TEXT("\r\n\r\ntoken=r%2Bt%2F1%20%26%20more")};
        struct jeton *jeton = begin(&script);

        (void)state;
        assert_int_equal(jeton_revoke(jeton, TOKEN), 0);
        end(jeton);
}

static void whatever_is_not_200_has_revoked_nothing(void **state) {
        char buffer[REPLY_SIZE];
        struct script script;
        struct jeton *jeton;
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(failures); i++) {
                script = (struct script){
                        .reply = error_reply(failures[i].status, failures[i].code, buffer)};
                jeton = begin(&script);
                assert_int_equal(jeton_revoke(jeton, TOKEN), failures[i].error);
                assert_non_null(strstr(jeton_error(jeton), "why"));
                end(jeton);
        }
        script = (struct script){.reply = json_reply(202, "{}", buffer)};
        jeton = begin(&script);
        assert_true(jeton_revoke(jeton, TOKEN) < 0);
        end(jeton);
        script = (struct script){.reply = TEXT("HTTP/1.1 200 OK\r\n")};
        jeton = begin(&script);
        assert_int_equal(jeton_revoke(jeton, TOKEN), -ECONNRESET);
        end(jeton);
}

/* ---- both ---- */

static void without_a_token_nobody_is_asked(void **state) {
        struct jeton_options options = JETON_OPTIONS_INIT;
        enum jeton_login_outcome outcome = JETON_LOGIN_BAD_SCOPE;
        struct jeton_tokens *tokens = NULL;
        struct jeton *jeton;

        (void)state;
        options.socket_path = "/nowhere/at/all";
        assert_int_equal(jeton_open(&options, &jeton), 0);
        assert_int_equal(jeton_refresh(jeton, NULL, NULL, &outcome, &tokens), -EINVAL);
        assert_int_equal(jeton_refresh(jeton, "", NULL, &outcome, &tokens), -EINVAL);
        assert_int_equal(jeton_revoke(jeton, NULL), -EINVAL);
        assert_int_equal(jeton_revoke(jeton, ""), -EINVAL);
        assert_int_equal(jeton_refresh(jeton, TOKEN, NULL, &outcome, &tokens), -ENOENT);
        assert_int_equal(jeton_revoke(jeton, TOKEN), -ENOENT);
        assert_int_equal(outcome, JETON_LOGIN_BAD_SCOPE);
        assert_null(tokens);
        jeton_close(jeton);
}

static void no_token_is_shown_to_another_ones_server(void **state) {
        char buffer[REPLY_SIZE];
        struct script script = {.reply = json_reply(200, "{}", buffer), .uid = 65534};
        enum jeton_login_outcome outcome;
        struct jeton_tokens *tokens;
        struct jeton *jeton;

        (void)state;
        if (geteuid() != 0)
                skip();
        jeton = begin(&script);
        assert_true(jeton_revoke(jeton, TOKEN) < 0);
        assert_true(jeton_refresh(jeton, TOKEN, NULL, &outcome, &tokens) < 0);
        end(jeton);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_refresh_gives_the_next_tokens),
                cmocka_unit_test(each_refusal_of_a_refresh_has_its_outcome),
                cmocka_unit_test(a_refresh_that_fails_changes_nothing),
                cmocka_unit_test(a_revocation_shows_the_token_and_is_done_at_200),
                cmocka_unit_test(whatever_is_not_200_has_revoked_nothing),
                cmocka_unit_test(without_a_token_nobody_is_asked),
                cmocka_unit_test(no_token_is_shown_to_another_ones_server),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
