/* links: client/open.c client/login.c client/token.c client/tokens.c client/verify.c
 * client/claims.c client/keys.c client/place.c client/failure.c client/body.c client/request.c
 * client/exchange.c client/connect.c client/reply.c
 * needs: jansson libcrypto */
/* jeton_token() and jeton_exchange(): what they ask, and what each answer is to a program. */
#include "test_place.h"

#include <stdio.h>

/* ---- each of the two, asked in one way ---- */

static int ask_token(struct jeton *jeton, enum jeton_login_outcome *ret_outcome,
                     struct jeton_tokens **ret_tokens) {
        struct jeton_token_request request = JETON_TOKEN_REQUEST_INIT;

        request.client_id = "one&two";
        request.audience = "https://a.example https://b.example";
        request.scope = "read write";
        return jeton_token(jeton, &request, ret_outcome, ret_tokens);
}

static int ask_exchange(struct jeton *jeton, enum jeton_login_outcome *ret_outcome,
                        struct jeton_tokens **ret_tokens) {
        struct jeton_exchange_request request = JETON_EXCHANGE_REQUEST_INIT;

        request.token = "a.b.c";
        request.audience = "https://a.example";
        request.scope = "read";
        request.roles = "";
        request.lifetime_s = 30;
        return jeton_exchange(jeton, &request, ret_outcome, ret_tokens);
}

typedef int ask_function(struct jeton *jeton, enum jeton_login_outcome *ret_outcome,
                         struct jeton_tokens **ret_tokens);

static int asked_at(ask_function *ask, const struct script *script,
                    enum jeton_login_outcome *ret_outcome, struct jeton_tokens **ret_tokens,
                    char ret_sentence[1024]) {
        struct fake_server server;
        struct jeton *jeton;
        int r;

        fake_start(&server, script);
        jeton = open_at(server.path);
        r = ask(jeton, ret_outcome, ret_tokens);
        strcpy(ret_sentence, jeton_error(jeton));
        jeton_close(jeton);
        fake_stop(&server);
        return r;
}

/* ---- what is sent ---- */

static void assert_sent(ask_function *ask, const char *form) {
        char buffer[REPLY_SIZE], sentence[1024];
        struct script script = {.reply = error_reply(400, "invalid_scope", buffer),
                                .expects = text_of(form)};
        enum jeton_login_outcome outcome = JETON_LOGIN_GRANTED;
        struct jeton_tokens *tokens;

        assert_int_equal(asked_at(ask, &script, &outcome, &tokens, sentence), 0);
        assert_int_equal(outcome, JETON_LOGIN_BAD_SCOPE);
}

static void a_token_of_ones_own_is_asked_for_without_a_secret(void **state) {
        (void)state;
        assert_sent(ask_token,
                    "\r\n\r\ngrant_type=client_credentials&client_id=one%26two&scope=read%20write&"
                    "audience=https%3A%2F%2Fa.example&audience=https%3A%2F%2Fb.example");
}

static int ask_token_plainly(struct jeton *jeton, enum jeton_login_outcome *ret_outcome,
                             struct jeton_tokens **ret_tokens) {
        return jeton_token(jeton, NULL, ret_outcome, ret_tokens);
}

static void what_is_not_said_is_not_sent(void **state) {
        (void)state;
        assert_sent(ask_token_plainly, "\r\n\r\ngrant_type=client_credentials");
}

static void an_exchange_names_the_token_and_each_bound(void **state) {
        (void)state;
        assert_sent(ask_exchange,
                    "\r\n\r\ngrant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&"
                    "subject_token=a.b.c&"
                    "subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token&"
                    "scope=read&roles=-&requested_lifetime=30&audience=https%3A%2F%2Fa.example");
}

/* ---- what is answered ---- */

static ask_function *const both[] = {ask_token, ask_exchange};

static void a_grant_gives_tokens_without_a_refresh_token(void **state) {
        char buffer[REPLY_SIZE], sentence[1024];
        struct script script = {
                .reply = json_reply(200,
                                    "{\"access_token\":\"d.e.f\",\"token_type\":\"Bearer\","
                                    "\"expires_in\":300,\"scope\":\"read\"}",
                                    buffer)};
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(both); i++) {
                enum jeton_login_outcome outcome = JETON_LOGIN_REFUSED;
                struct jeton_tokens *tokens = NULL;

                assert_int_equal(asked_at(both[i], &script, &outcome, &tokens, sentence), 0);
                assert_int_equal(outcome, JETON_LOGIN_GRANTED);
                assert_string_equal(jeton_tokens_access(tokens), "d.e.f");
                assert_null(jeton_tokens_refresh(tokens));
                assert_int_equal(jeton_tokens_expires_in(tokens), 300);
                assert_string_equal(jeton_tokens_scope(tokens), "read");
                assert_string_equal(sentence, "");
                jeton_tokens_free(tokens);
        }
}

static void each_refusal_has_its_outcome_and_the_daemons_sentence(void **state) {
        static const struct {
                ask_function *ask;
                unsigned status;
                const char *code;
                int error;
                enum jeton_login_outcome outcome;
        } refusals[] = {
                {ask_token, 400, "unauthorized_client", 0, JETON_LOGIN_NOT_ALLOWED},
                {ask_token, 400, "invalid_target", 0, JETON_LOGIN_BAD_AUDIENCE},
                {ask_token, 400, "invalid_scope", 0, JETON_LOGIN_BAD_SCOPE},
                {ask_token, 401, "invalid_client", 0, JETON_LOGIN_NOT_ALLOWED},
                {ask_token, 400, "invalid_request", -EINVAL, JETON_LOGIN_GRANTED},
                {ask_token, 503, "temporarily_unavailable", -EAGAIN, JETON_LOGIN_GRANTED},
                {ask_exchange, 400, "invalid_request", 0, JETON_LOGIN_REFUSED},
                {ask_exchange, 400, "invalid_target", 0, JETON_LOGIN_BAD_AUDIENCE},
                {ask_exchange, 400, "invalid_scope", 0, JETON_LOGIN_BAD_SCOPE},
                {ask_exchange, 401, "invalid_client", 0, JETON_LOGIN_NOT_ALLOWED},
                {ask_exchange, 400, "unsupported_grant_type", 0, JETON_LOGIN_NOT_ALLOWED},
                {ask_exchange, 500, "server_error", -EPROTO, JETON_LOGIN_GRANTED},
        };
        char buffer[REPLY_SIZE], sentence[1024];
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(refusals); i++) {
                struct script script = {
                        .reply = error_reply(refusals[i].status, refusals[i].code, buffer)};
                enum jeton_login_outcome outcome = JETON_LOGIN_GRANTED;
                struct jeton_tokens *const before = (struct jeton_tokens *)buffer;
                struct jeton_tokens *tokens = before;

                assert_int_equal(asked_at(refusals[i].ask, &script, &outcome, &tokens, sentence),
                                 refusals[i].error);
                assert_int_equal(outcome, refusals[i].outcome);
                assert_ptr_equal(tokens, refusals[i].error ? before : NULL);
                assert_non_null(strstr(sentence, refusals[i].code));
                assert_non_null(strstr(sentence, "why"));
                assert_null(strchr(sentence, '\x1b'));
        }
}

/* ---- what cannot be asked ---- */

static void a_request_that_cannot_be_is_refused_before_anything_is_sent(void **state) {
        struct {
                struct jeton_exchange_request known;
                char of_a_newer_program[8];
        } exchange = {JETON_EXCHANGE_REQUEST_INIT, "new"};
        struct jeton_token_request token = JETON_TOKEN_REQUEST_INIT;
        struct jeton *jeton = open_at("/nowhere/jeton.sock");
        enum jeton_login_outcome outcome;
        struct jeton_tokens *tokens;

        (void)state;
        assert_int_equal(jeton_token(jeton, NULL, &outcome, &tokens), -ENOENT);
        token.audience = "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17";
        assert_int_equal(jeton_token(jeton, &token, &outcome, &tokens), -EINVAL);
        assert_string_equal(jeton_error(jeton), "more than 16 audiences");
        token.size = 0;
        assert_int_equal(jeton_token(jeton, &token, &outcome, &tokens), -EINVAL);
        assert_int_equal(jeton_exchange(jeton, &exchange.known, &outcome, &tokens), -EINVAL);
        assert_string_equal(jeton_error(jeton), "there is no token to exchange");
        exchange.known.token = "a.b.c";
        exchange.known.size = sizeof exchange;
        assert_int_equal(jeton_exchange(jeton, &exchange.known, &outcome, &tokens), -EINVAL);
        exchange.known.size = sizeof exchange.known;
        assert_int_equal(jeton_exchange(jeton, &exchange.known, &outcome, &tokens), -ENOENT);
        jeton_close(jeton);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_token_of_ones_own_is_asked_for_without_a_secret),
                cmocka_unit_test(what_is_not_said_is_not_sent),
                cmocka_unit_test(an_exchange_names_the_token_and_each_bound),
                cmocka_unit_test(a_grant_gives_tokens_without_a_refresh_token),
                cmocka_unit_test(each_refusal_has_its_outcome_and_the_daemons_sentence),
                cmocka_unit_test(a_request_that_cannot_be_is_refused_before_anything_is_sent),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
