/* links: client/open.c client/login.c client/tokens.c client/verify.c client/claims.c
 * client/introspect.c client/introspection.c client/userinfo.c client/keys.c client/place.c
 * client/failure.c client/body.c client/request.c client/exchange.c client/connect.c client/reply.c
 * needs: jansson libcrypto */
/* libjeton as a program sees it: against a folder with pages, and against daemons of every kind. */
#include "test_place.h"

#include <malloc.h>

/* ---- the handle ---- */

static void open_verify_close(const struct fake_server *place, const char *token) {
        struct jeton *jeton = open_at(place->path);
        struct jeton_claims *claims = NULL;
        enum jeton_verdict verdict;

        assert_int_equal(jeton_verify(jeton, token, NULL, &verdict, &claims), 0);
        assert_int_equal(verdict, JETON_VALID);
        jeton_claims_free(claims);
        jeton_close(jeton);
}

/* What others keep for good, such as OpenSSL, is there after the first few. Less than a byte for
 * each handle is none; where a sanitizer has the heap, it looks itself and this counts nothing. */
static void ten_thousand_handles_leave_no_descriptor_and_no_memory(void **state) {
        enum { HANDLES = 10000 };
        struct claims claims = good_claims();
        size_t i, descriptors = 0, bytes = 0;
        struct fake_server place;
        char token[TOKEN_MAX + 1];

        (void)state;
        place_with_page(&place);
        sign(&claims, token);
        for (i = 0; i < 10 + HANDLES; i++) {
                if (i == 10) {
                        descriptors = open_descriptors();
                        bytes = mallinfo2().uordblks;
                }
                open_verify_close(&place, token);
        }
        assert_int_equal(open_descriptors(), descriptors);
        assert_true(mallinfo2().uordblks < bytes + HANDLES);
        place_remove(&place);
}

static void options_that_cannot_be_are_refused(void **state) {
        struct {
                struct jeton_options known;
                uint64_t later;
        } newer = {JETON_OPTIONS_INIT, 0};
        struct jeton_options options = {0, NULL, 0};
        struct jeton *jeton = NULL;

        (void)state;
        assert_int_equal(jeton_open(&options, &jeton), -EINVAL);
        options = (struct jeton_options)JETON_OPTIONS_INIT;
        options.socket_path = "";
        assert_int_equal(jeton_open(&options, &jeton), -EINVAL);
        newer.known.size = sizeof newer;
        newer.later = 1;
        assert_int_equal(jeton_open(&newer.known, &jeton), -EINVAL);
        assert_null(jeton);
        newer.later = 0;
        assert_int_equal(jeton_open(&newer.known, &jeton), 0);
        jeton_close(jeton);
        jeton_close(NULL);
}

static void options_of_an_older_program_are_taken(void **state) {
        struct jeton_options options = {sizeof options.size + sizeof options.socket_path,
                                        "/nowhere/jeton.sock", 12345};
        struct jeton *jeton;

        (void)state;
        assert_int_equal(jeton_open(&options, &jeton), 0);
        assert_string_equal(jeton_error(jeton), "");
        jeton_close(jeton);
        assert_int_equal(jeton_open(NULL, &jeton), 0);
        jeton_close(jeton);
}

static void the_environment_names_another_socket(void **state) {
        struct jeton_claims *claims;
        enum jeton_verdict verdict;
        struct jeton *jeton;

        (void)state;
        setenv("JETON_SOCKET", "/nowhere/at/all.sock", 1);
        assert_int_equal(jeton_open(NULL, &jeton), 0);
        unsetenv("JETON_SOCKET");
        assert_int_equal(jeton_verify(jeton, "x", NULL, &verdict, &claims), -ENOENT);
        assert_non_null(strstr(jeton_error(jeton), "/nowhere/at/keys"));
        jeton_close(jeton);
}

/* ---- verifying ---- */

static void a_good_token_is_valid_and_says_what_it_says(void **state) {
        struct claims claims = good_claims();
        struct jeton_claims *got;
        enum jeton_verdict verdict;
        struct fake_server place;
        char token[TOKEN_MAX + 1];
        struct jeton *jeton;
        uid_t uid;

        (void)state;
        place_with_page(&place);
        jeton = open_at(place.path);
        sign(&claims, token);
        assert_int_equal(jeton_verify(jeton, token, "https://api.example", &verdict, &got), 0);
        assert_int_equal(verdict, JETON_VALID);
        assert_string_equal(jeton_claims_issuer(got), TEST_ISSUER);
        assert_string_equal(jeton_claims_subject(got), "7");
        assert_string_equal(jeton_claims_username(got), "alice");
        assert_string_equal(jeton_claims_client_id(got), "local");
        assert_string_equal(jeton_claims_scope(got), "read write");
        assert_string_equal(jeton_claims_amr(got), "pwd");
        assert_string_equal(jeton_claims_token_id(got), claims.jti);
        assert_string_equal(jeton_claims_session_id(got), claims.sid);
        assert_int_equal(jeton_claims_expires_at(got), claims.exp);
        assert_int_equal(jeton_claims_issued_at(got), claims.iat);
        assert_int_equal(jeton_claims_login_at(got), claims.auth_time);
        assert_true(jeton_claims_uid(got, &uid) && uid == 1000);
        assert_true(jeton_claims_has_scope(got, "write"));
        assert_false(jeton_claims_has_scope(got, "writ"));
        assert_true(jeton_claims_has_role(got, "admin"));
        assert_false(jeton_claims_has_role(got, ""));
        assert_true(jeton_claims_has_audience(got, "https://api.example"));
        jeton_claims_free(got);
        jeton_close(jeton);
        place_remove(&place);
}

static void each_fault_of_a_token_has_its_verdict(void **state) {
        struct claims claims = good_claims(), other;
        struct fake_server place;
        struct jeton *jeton;

        (void)state;
        place_with_page(&place);
        jeton = open_at(place.path);
        assert_int_equal(verdict_on(jeton, &claims, NULL), JETON_VALID);
        assert_int_equal(verdict_on(jeton, &claims, JETON_ANY_AUDIENCE), JETON_VALID);
        assert_int_equal(verdict_on(jeton, &claims, "https://api.exampl"), JETON_WRONG_AUDIENCE);
        assert_int_equal(verdict_on(jeton, &claims, ""), JETON_WRONG_AUDIENCE);
        other = claims;
        strcpy(other.aud, "https://api.example");
        assert_int_equal(verdict_on(jeton, &other, NULL), JETON_WRONG_AUDIENCE);
        other = claims;
        other.exp = clock_wall_s() - 120;
        other.iat = other.exp - 60;
        assert_int_equal(verdict_on(jeton, &other, NULL), JETON_EXPIRED);
        other = claims;
        other.iat = clock_wall_s() + 300;
        assert_int_equal(verdict_on(jeton, &other, NULL), JETON_NOT_YET);
        other = claims;
        strcpy(other.iss, "https://other.example");
        assert_int_equal(verdict_on(jeton, &other, NULL), JETON_WRONG_ISSUER);
        jeton_close(jeton);
        place_remove(&place);
}

static void a_changed_byte_makes_a_token_invalid(void **state) {
        struct claims claims = good_claims();
        struct jeton_claims *got = NULL;
        enum jeton_verdict verdict;
        struct fake_server place;
        char token[TOKEN_MAX + 1];
        struct jeton *jeton;
        size_t i, len;

        (void)state;
        place_with_page(&place);
        jeton = open_at(place.path);
        sign(&claims, token);
        len = strlen(token);
        for (i = 0; i < len; i += 7) {
                char kept = token[i];

                token[i] = kept == 'A' ? 'B' : 'A';
                verdict = JETON_VALID;
                assert_int_equal(jeton_verify(jeton, token, NULL, &verdict, &got), 0);
                assert_int_equal(verdict, JETON_INVALID);
                assert_null(got);
                token[i] = kept;
        }
        assert_int_equal(jeton_verify(jeton, "", NULL, &verdict, &got), 0);
        assert_int_equal(verdict, JETON_INVALID);
        jeton_close(jeton);
        place_remove(&place);
}

static void a_revoked_token_is_told_as_such(void **state) {
        struct claims claims = good_claims();
        struct fake_server place;
        struct jeton *jeton;

        (void)state;
        place_with_page(&place);
        jeton = open_at(place.path);
        assert_int_equal(verdict_on(jeton, &claims, NULL), JETON_VALID);
        status_publish(&place, claims.jti, false);
        assert_int_equal(verdict_on(jeton, &claims, NULL), JETON_REVOKED);
        assert_string_equal(jeton_verdict_text(JETON_REVOKED), "revoked");
        status_publish(&place, NULL, false);
        assert_int_equal(verdict_on(jeton, &claims, NULL), JETON_VALID);
        jeton_close(jeton);
        place_remove(&place);
}

static void without_a_whole_list_of_revocations_no_token_is_valid(void **state) {
        enum jeton_verdict verdict = JETON_INVALID;
        struct jeton_claims *got = NULL;
        struct claims claims = good_claims();
        char token[TOKEN_MAX + 1], path[64];
        struct fake_server place;
        struct jeton *jeton;

        (void)state;
        place_with_page(&place);
        sign(&claims, token);
        jeton = open_at(place.path);
        status_publish(&place, NULL, true);
        assert_int_equal(jeton_verify(jeton, token, NULL, &verdict, &got), -EOVERFLOW);
        assert_non_null(strstr(jeton_error(jeton), "/status: has more revocations"));
        snprintf(path, sizeof path, "%s/status", place.dir);
        unlink(path);
        assert_int_equal(jeton_verify(jeton, token, NULL, &verdict, &got), -ENOENT);
        assert_int_equal(verdict, JETON_INVALID);
        assert_null(got);
        jeton_close(jeton);
        place_remove(&place);
}

static void keys_that_change_are_seen(void **state) {
        struct claims claims = good_claims();
        struct fake_server place;
        struct jeton *jeton;

        (void)state;
        place_with_page(&place);
        jeton = open_at(place.path);
        assert_int_equal(verdict_on(jeton, &claims, NULL), JETON_VALID);
        page_publish(&place, false);
        assert_int_equal(verdict_on(jeton, &claims, NULL), JETON_INVALID);
        page_publish(&place, true);
        assert_int_equal(verdict_on(jeton, &claims, NULL), JETON_VALID);
        /* A restart of the host makes the folder anew. */
        page_remove(&place);
        page_create(&place, 0644);
        page_publish(&place, false);
        assert_int_equal(verdict_on(jeton, &claims, NULL), JETON_INVALID);
        jeton_close(jeton);
        place_remove(&place);
}

static void assert_verify_error(const struct fake_server *place, int error, const char *sentence) {
        struct jeton_claims *claims = NULL;
        enum jeton_verdict verdict = JETON_EXPIRED;
        struct jeton *jeton = open_at(place->path);

        assert_int_equal(jeton_verify(jeton, "x", NULL, &verdict, &claims), error);
        assert_int_equal(verdict, JETON_EXPIRED);
        assert_null(claims);
        assert_non_null(strstr(jeton_error(jeton), sentence));
        jeton_close(jeton);
}

static void a_page_that_cannot_be_believed_is_an_error(void **state) {
        struct fake_server place;

        (void)state;
        fake_dir(&place);
        assert_verify_error(&place, -ENOENT, "has jetond ever run here?");
        page_create(&place, 0664);
        assert_verify_error(&place, -EPERM, "written by others");
        page_remove(&place);
        page_create(&place, 0644);
        page_publish(&place, true);
        {
                char path[64];

                snprintf(path, sizeof path, "%s/keys", place.dir);
                assert_int_equal(truncate(path, 100), 0);
        }
        assert_verify_error(&place, -EBADMSG, "can read");
        place_remove(&place);
}

/* ---- a daemon ---- */

static int login_at(const struct script *script, enum jeton_login_outcome *ret_outcome,
                    struct jeton_tokens **ret_tokens, char *ret_sentence) {
        struct jeton_login_request request = JETON_LOGIN_REQUEST_INIT;
        struct fake_server server;
        struct jeton *jeton;
        int r;

        fake_start(&server, script);
        jeton = open_at(server.path);
        request.username = "alice";
        request.password = "p&q\xff";
        request.password_len = 4;
        r = jeton_login(jeton, &request, ret_outcome, ret_tokens);
        if (ret_sentence)
                strcpy(ret_sentence, jeton_error(jeton));
        jeton_close(jeton);
        fake_stop(&server);
        return r;
}

static void a_login_gives_tokens(void **state) {
        char buffer[REPLY_SIZE];
        struct script script = {
                .reply = json_reply(200,
                                    "{\"access_token\":\"a.b.c\",\"token_type\":\"Bearer\","
                                    "\"expires_in\":900,\"scope\":\"read write\"}",
                                    buffer)};
        enum jeton_login_outcome outcome;
        struct jeton_tokens *tokens;

        (void)state;
        assert_int_equal(login_at(&script, &outcome, &tokens, NULL), 0);
        assert_int_equal(outcome, JETON_LOGIN_GRANTED);
        assert_string_equal(jeton_tokens_access(tokens), "a.b.c");
        assert_int_equal(jeton_tokens_expires_in(tokens), 900);
        assert_string_equal(jeton_tokens_scope(tokens), "read write");
        jeton_tokens_free(tokens);
        jeton_tokens_free(NULL);
}

static void each_refusal_of_a_login_has_its_outcome(void **state) {
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

                assert_int_equal(login_at(&script, &outcome, &tokens, NULL), 0);
                assert_int_equal(outcome, refusals[i].outcome);
                assert_null(tokens);
        }
}

static void what_is_no_answer_is_an_error_and_changes_nothing(void **state) {
        char buffer[9][REPLY_SIZE];
        const struct {
                struct text reply;
                int error;
        } cases[] = {
                {error_reply(503, "temporarily_unavailable", buffer[0]), -EAGAIN},
                {error_reply(400, "invalid_request", buffer[1]), -EINVAL},
                {error_reply(500, "server_error", buffer[2]), -EPROTO},
                {error_reply(200, "invalid_grant", buffer[3]), -EBADMSG},
                {json_reply(200, "[]", buffer[4]), -EBADMSG},
                {json_reply(200, "{]", buffer[5]), -EBADMSG},
                {json_reply(200, "{\"access_token\":1,\"expires_in\":900}", buffer[6]), -EBADMSG},
                {json_reply(200, "{\"access_token\":\"\",\"expires_in\":900}", buffer[7]),
                 -EBADMSG},
                {json_reply(200, "{\"access_token\":\"abcd\"}", buffer[8]), -EBADMSG},
                {TEXT("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\n{}"),
                 -EBADMSG},
                {TEXT("HTTP/1.1 200 OK\r\n"), -ECONNRESET},
        };
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(cases); i++) {
                struct script script = {.reply = cases[i].reply};
                enum jeton_login_outcome outcome = JETON_LOGIN_BAD_SCOPE;
                struct jeton_tokens *tokens = NULL;
                char sentence[1024];

                assert_int_equal(login_at(&script, &outcome, &tokens, sentence), cases[i].error);
                assert_int_equal(outcome, JETON_LOGIN_BAD_SCOPE);
                assert_null(tokens);
                assert_true(strlen(sentence) > 10);
                assert_null(strchr(sentence, '\x1b'));
        }
}

static void a_daemon_that_is_away_is_named(void **state) {
        struct jeton_login_request request = JETON_LOGIN_REQUEST_INIT;
        struct jeton *jeton = open_at("/nowhere/jeton.sock");
        enum jeton_login_outcome outcome;
        struct jeton_tokens *tokens;

        (void)state;
        request.size = 0;
        assert_int_equal(jeton_login(jeton, &request, &outcome, &tokens), -EINVAL);
        request.size = sizeof request;
        assert_int_equal(jeton_login(jeton, &request, &outcome, &tokens), -EINVAL);
        request.username = "alice";
        assert_int_equal(jeton_login(jeton, &request, &outcome, &tokens), -EINVAL);
        request.password = "p";
        request.password_len = 1;
        assert_int_equal(jeton_login(jeton, &request, &outcome, &tokens), -ENOENT);
        assert_string_equal(jeton_error(jeton),
                            "cannot reach jetond at /nowhere/jeton.sock: No such file or "
                            "directory; is it running?");
        jeton_close(jeton);
}

static void a_token_has_a_person(void **state) {
        char buffer[REPLY_SIZE];
        struct script script = {
                .reply = json_reply(
                        200, "{\"sub\":\"7\",\"preferred_username\":\"alice\",\"name\":\"Al\"}",
                        buffer)};
        struct jeton_person *person;
        enum jeton_verdict verdict;
        struct fake_server server;
        struct jeton *jeton;

        (void)state;
        fake_start(&server, &script);
        jeton = open_at(server.path);
        assert_int_equal(jeton_userinfo(jeton, "a.b.c", &verdict, &person), 0);
        assert_int_equal(verdict, JETON_VALID);
        assert_string_equal(jeton_person_subject(person), "7");
        assert_string_equal(jeton_person_username(person), "alice");
        assert_string_equal(jeton_person_full_name(person), "Al");
        assert_null(jeton_person_email(person));
        jeton_person_free(person);
        assert_int_equal(jeton_userinfo(jeton, "a\r\nb", &verdict, &person), -EINVAL);
        fake_stop(&server);

        script.reply = error_reply(401, "invalid_token", buffer);
        fake_start(&server, &script);
        jeton_close(jeton);
        jeton = open_at(server.path);
        assert_int_equal(jeton_userinfo(jeton, "a.b.c", &verdict, &person), 0);
        assert_int_equal(verdict, JETON_INVALID);
        assert_null(person);
        jeton_close(jeton);
        fake_stop(&server);
}

/* What the daemon answers, for whom, and what comes of it. */
static const struct {
        const char *body, *audience;
        int error;
        enum jeton_verdict verdict;
} introspections[] = {
        {"{\"active\":false}", NULL, 0, JETON_INVALID},
        {"{\"active\":true,\"iss\":\"i\",\"sub\":\"7\",\"aud\":\"i\",\"exp\":2,\"iat\":1}", NULL, 0,
         JETON_VALID},
        {"{\"active\":true,\"iss\":\"i\",\"sub\":\"7\",\"aud\":[\"a\",\"b\"],\"exp\":2,\"iat\":1}",
         "b", 0, JETON_VALID},
        {"{\"active\":true,\"iss\":\"i\",\"sub\":\"7\",\"aud\":[\"a\",\"b\"],\"exp\":2,\"iat\":1}",
         NULL, 0, JETON_WRONG_AUDIENCE},
        {"{\"active\":true,\"iss\":\"i\",\"sub\":\"7\",\"aud\":\"b\",\"exp\":2,\"iat\":1}", "", 0,
         JETON_WRONG_AUDIENCE},
        {"{\"active\":true,\"iss\":\"i\",\"sub\":\"7\",\"aud\":\"b\",\"exp\":2,\"iat\":1}",
         JETON_ANY_AUDIENCE, 0, JETON_VALID},
        {"{}", NULL, -EBADMSG, 0},
        {"[]", NULL, -EBADMSG, 0},
        {"{\"active\":1}", NULL, -EBADMSG, 0},
        {"{\"active\":\"true\"}", NULL, -EBADMSG, 0},
        {"{\"active\":true}", NULL, -EBADMSG, 0},
        {"{\"active\":true,\"iss\":\"i\",\"sub\":7,\"aud\":\"i\",\"exp\":2,\"iat\":1}", NULL,
         -EBADMSG, 0},
        {"{\"active\":true,\"iss\":\"i\",\"sub\":\"7\",\"aud\":[1],\"exp\":2,\"iat\":1}", NULL,
         -EBADMSG, 0},
        {"{\"active\":true,\"iss\":\"i\",\"sub\":\"7\",\"aud\":\"i\",\"exp\":\"2\",\"iat\":1}",
         NULL, -EBADMSG, 0},
        {"{\"active\":true,\"iss\":\"i\",\"sub\":\"7\",\"aud\":\"i\",\"exp\":2,\"iat\":1,"
         "\"uid\":-1}",
         NULL, -EBADMSG, 0},
        {"{\"active\":true,\"iss\":\"i\",\"sub\":\"7\",\"aud\":\"i\",\"exp\":2,\"iat\":1,"
         "\"uid\":4294967295}",
         NULL, -EBADMSG, 0},
        {"{\"active\":true,\"iss\":\"i\",\"sub\":\"7\",\"aud\":\"i\",\"exp\":2,\"iat\":1,"
         "\"jti\":\"0123456789012345678901234567890123\"}",
         NULL, -EBADMSG, 0},
        {"{\"active\":true,\"iss\":\"i\",\"sub\":\"7\",\"aud\":\"i\",\"exp\":2,\"iat\":1,"
         "\"amr\":[\"0123456789012345678901234567890\",\"012345678901234567890123456789012\"]}",
         NULL, -EBADMSG, 0},
};

static void what_the_daemon_says_of_a_token_is_read_strictly(void **state) {
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(introspections); i++) {
                const enum jeton_verdict before = JETON_EXPIRED;
                enum jeton_verdict verdict = before;
                struct jeton_claims *claims = NULL;
                char buffer[REPLY_SIZE];
                struct script script = {.reply = json_reply(200, introspections[i].body, buffer)};
                struct fake_server server;
                struct jeton *jeton;
                int r;

                fake_start(&server, &script);
                jeton = open_at(server.path);
                r = jeton_introspect(jeton, "a.b.c", introspections[i].audience, &verdict, &claims);
                assert_int_equal(r, introspections[i].error);
                assert_int_equal(verdict, r < 0 ? before : introspections[i].verdict);
                assert_true((claims != NULL) == (verdict == JETON_VALID));
                jeton_claims_free(claims);
                jeton_close(jeton);
                fake_stop(&server);
        }
}

static void every_verdict_has_a_word(void **state) {
        (void)state;
        assert_string_equal(jeton_verdict_text(JETON_VALID), "valid");
        assert_string_equal(jeton_verdict_text(JETON_INVALID), "invalid");
        assert_string_equal(jeton_verdict_text(JETON_WRONG_AUDIENCE), "wrong audience");
        assert_string_equal(jeton_verdict_text((enum jeton_verdict)77), "invalid");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(ten_thousand_handles_leave_no_descriptor_and_no_memory),
                cmocka_unit_test(options_that_cannot_be_are_refused),
                cmocka_unit_test(options_of_an_older_program_are_taken),
                cmocka_unit_test(the_environment_names_another_socket),
                cmocka_unit_test(a_good_token_is_valid_and_says_what_it_says),
                cmocka_unit_test(each_fault_of_a_token_has_its_verdict),
                cmocka_unit_test(a_changed_byte_makes_a_token_invalid),
                cmocka_unit_test(a_revoked_token_is_told_as_such),
                cmocka_unit_test(without_a_whole_list_of_revocations_no_token_is_valid),
                cmocka_unit_test(keys_that_change_are_seen),
                cmocka_unit_test(a_page_that_cannot_be_believed_is_an_error),
                cmocka_unit_test(a_login_gives_tokens),
                cmocka_unit_test(each_refusal_of_a_login_has_its_outcome),
                cmocka_unit_test(what_is_no_answer_is_an_error_and_changes_nothing),
                cmocka_unit_test(a_daemon_that_is_away_is_named),
                cmocka_unit_test(a_token_has_a_person),
                cmocka_unit_test(what_the_daemon_says_of_a_token_is_read_strictly),
                cmocka_unit_test(every_verdict_has_a_word),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
