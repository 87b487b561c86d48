/* links: client/open.c client/login.c client/tokens.c client/verify.c client/claims.c
 * client/revoke.c client/userinfo.c client/keys.c client/place.c client/failure.c client/body.c
 * client/request.c client/exchange.c client/connect.c client/reply.c
 * needs: jansson libcrypto */
/* Eight threads on one handle. What they share without order, ThreadSanitizer sees (tests/run
 * builds this file with it); whose answer and whose sentence each gets, the test sees itself. */
#include "test_place.h"

#include <pthread.h>
#include <stdatomic.h>

#define THREADS 8
#define ROUNDS  200

struct scene {
        struct jeton *jeton;
        char good[TOKEN_MAX + 1], bad[TOKEN_MAX + 1], doomed[TOKEN_MAX + 1];
        atomic_bool is_doomed_revoked; /* the page has said so */
        atomic_int faults;
};

static struct scene scene;

/* cmocka's own asserts may be used by one thread alone. */
static void expect(bool holds) {
        if (!holds)
                atomic_fetch_add(&scene.faults, 1);
}

static enum jeton_verdict verdict_of(const char *token, const char *username) {
        enum jeton_verdict verdict = JETON_INVALID;
        struct jeton_claims *claims = NULL;
        int r;

        do
                r = jeton_verify(scene.jeton, token, NULL, &verdict, &claims);
        while (r == -EBUSY); /* which is not expected, and no fault of threads */
        expect(r == 0);
        if (verdict == JETON_VALID)
                expect(strcmp(jeton_claims_username(claims), username) == 0);
        jeton_claims_free(claims);
        return verdict;
}

static void verify_all(void) {
        bool was_revoked = atomic_load(&scene.is_doomed_revoked);
        enum jeton_verdict doomed = verdict_of(scene.doomed, "bob");

        expect(doomed == JETON_REVOKED || (doomed == JETON_VALID && !was_revoked));
        expect(verdict_of(scene.good, "alice") == JETON_VALID);
        expect(verdict_of(scene.bad, "") == JETON_INVALID);
}

/* Two mistakes with sentences of their own: each thread reads that of its own. */
static void err(bool is_even) {
        enum jeton_login_outcome outcome;
        struct jeton_tokens *tokens;

        if (is_even) {
                expect(jeton_revoke(scene.jeton, "") == -EINVAL);
                expect(strcmp(jeton_error(scene.jeton), "there is no token to revoke") == 0);
        } else {
                expect(jeton_refresh(scene.jeton, "", NULL, &outcome, &tokens) == -EINVAL);
                expect(strcmp(jeton_error(scene.jeton), "there is no token to refresh with") == 0);
        }
}

static void ask(void) {
        struct jeton_person *person = NULL;
        enum jeton_verdict verdict = JETON_INVALID;

        expect(jeton_userinfo(scene.jeton, scene.good, &verdict, &person) == 0);
        expect(verdict == JETON_VALID && strcmp(jeton_person_username(person), "alice") == 0);
        jeton_person_free(person);
}

static void *work(void *argument) {
        const int *number = argument;
        int round;

        for (round = 0; round < ROUNDS; round++) {
                verify_all();
                err(*number % 2 == 0);
                if (round % (ROUNDS / 2) == *number)
                        ask();
        }
        return NULL;
}

/* The pages change under the threads: new keys over and over, and half way a revocation. */
static void *publish(void *argument) {
        const struct fake_server *place = argument;
        int round;

        for (round = 0; round < ROUNDS; round++) {
                page_publish(place, true);
                if (round == ROUNDS / 2) {
                        status_publish(place, "abcdefghijkl0123456789", false);
                        atomic_store(&scene.is_doomed_revoked, true);
                }
                usleep(500);
        }
        return NULL;
}

static void scene_set(void) {
        struct claims claims = good_claims();

        sign(&claims, scene.good);
        strcpy(scene.bad, scene.good);
        memset(strrchr(scene.bad, '.') + 1, 'A', 8);
        strcpy(claims.username, "bob");
        strcpy(claims.jti, "abcdefghijkl0123456789");
        sign(&claims, scene.doomed);
}

static void eight_threads_on_one_handle_get_their_own_answers(void **state) {
        pthread_t threads[THREADS], publisher;
        char buffer[REPLY_SIZE];
        struct script script = {
                .reply = json_reply(200, "{\"sub\":\"7\",\"preferred_username\":\"alice\"}",
                                    buffer)};
        struct jeton_options options = JETON_OPTIONS_INIT;
        struct fake_server server;
        int numbers[THREADS], i;

        (void)state;
        fake_start(&server, &script);
        page_create(&server, 0644);
        page_publish(&server, true);
        options.socket_path = server.path;
        options.timeout_ms = 60000;
        assert_int_equal(jeton_open(&options, &scene.jeton), 0);
        scene_set();

        assert_int_equal(pthread_create(&publisher, NULL, publish, &server), 0);
        for (i = 0; i < THREADS; i++) {
                numbers[i] = i;
                assert_int_equal(pthread_create(&threads[i], NULL, work, &numbers[i]), 0);
        }
        for (i = 0; i < THREADS; i++)
                pthread_join(threads[i], NULL);
        pthread_join(publisher, NULL);

        assert_int_equal(atomic_load(&scene.faults), 0);
        assert_int_equal(verdict_of(scene.doomed, "bob"), JETON_REVOKED);
        jeton_close(scene.jeton);
        page_remove(&server);
        fake_stop(&server);
}

static void *open_and_close(void *argument) {
        const struct jeton_options *options = argument;
        int round;

        for (round = 0; round < ROUNDS; round++) {
                struct jeton *jeton = NULL;

                expect(jeton_open(options, &jeton) == 0 && strcmp(jeton_error(jeton), "") == 0);
                expect(jeton_revoke(jeton, NULL) == -EINVAL && *jeton_error(jeton));
                jeton_close(jeton);
        }
        return NULL;
}

static void handles_are_made_and_ended_by_eight_threads_at_a_time(void **state) {
        struct jeton_options options = JETON_OPTIONS_INIT;
        pthread_t threads[THREADS];
        int i;

        (void)state;
        scene.faults = 0;
        options.socket_path = "/nowhere/jeton.sock";
        for (i = 0; i < THREADS; i++)
                assert_int_equal(pthread_create(&threads[i], NULL, open_and_close, &options), 0);
        for (i = 0; i < THREADS; i++)
                pthread_join(threads[i], NULL);
        assert_int_equal(atomic_load(&scene.faults), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(eight_threads_on_one_handle_get_their_own_answers),
                cmocka_unit_test(handles_are_made_and_ended_by_eight_threads_at_a_time),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
