/* A worker's one step: the hash is crypt(3)'s, and nothing of the password stays.
 *
 * links: daemon/worker/hash.c daemon/worker/derive.c
 * needs: libcrypt libargon2 libcrypto */
#include "../../daemon/worker/hash.h"

#include "../../common/cleanup.h"
#include "../../common/secret.h"

#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define YESCRYPT "$y$j7T$......................"

static void the_hash_is_that_of_crypt(void **state) {
        static const char *const settings[] = {YESCRYPT,
                                               "$2b$04$UuBwONnieiYKop/zJAi.IO",
                                               "$6$rounds=1000$salt",
                                               "$1$salt",
                                               "_J9..fkUU",
                                               "ab"};
        char hash[CRYPT_OUTPUT_SIZE];

        (void)state;
        for (size_t i = 0; i < ELEMENTS(settings); i++) {
                assert_int_equal(hash_compute(TEXT("p\xc3\xa4ss w:rd"), text_of(settings[i]), hash),
                                 0);
                assert_string_equal(hash, crypt("p\xc3\xa4ss w:rd", settings[i]));
        }
}

/* Of the tests of Argon2's reference implementation, of RFC 7914 section 11, and of passlib's
 * documentation. */
static void the_hashes_that_crypt_does_not_know_are_those_of_their_specifications(void **state) {
        static const struct {
                const char *password, *setting, *digest;
        } rows[] = {
                {"password", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$32",
                 "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"},
                {"password", "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$32",
                 "bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc"},
                {"differentpassword", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$32",
                 "C4TWUs9rDEvq7w3+J4umqA32aWKB1+DSiRuBfYxFj94"},
                {"password", "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$32",
                 "wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA"},
                {"password", "$argon2i$v=19$m=256,t=2,p=2$c29tZXNhbHQ$32",
                 "T/XOJ2mh1/TIpJHfCdQan76Q5esCFVoT5MAeIM1Oq2E"},
                {"passwd", "$pbkdf2-sha256$1$c2FsdA$64",
                 "VawEblbjCJ/sFpHCJUS2BflBhSFt3gRl5oudV8INrLxJypzM8Xm2RZkWZLOdd.8xfHG4RbHjC9UJESBB"
                 "06GXgw"},
                {"password", "$pbkdf2-sha256$6400$.6UI/S.nXIk8jcbdHx3Fhg$32",
                 "98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44"},
        };
        char hash[CRYPT_OUTPUT_SIZE];

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                size_t kept = (size_t)(strrchr(rows[i].setting, '$') + 1 - rows[i].setting);

                assert_int_equal(
                        hash_compute(text_of(rows[i].password), text_of(rows[i].setting), hash), 0);
                assert_memory_equal(hash, rows[i].setting, kept);
                assert_string_equal(hash + kept, rows[i].digest);
        }
}

static void what_is_over_a_ceiling_is_not_computed_here_either(void **state) {
        static const char *const settings[] = {"$argon2id$v=19$m=131073,t=1,p=1$c29tZXNhbHQ$32",
                                               "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$15",
                                               "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$65",
                                               "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ",
                                               "$argon2id$",
                                               "$argon2i$$",
                                               "$pbkdf2-sha256$700001$c2FsdA$32",
                                               "$pbkdf2-sha512$1$c2FsdA$"};
        char hash[CRYPT_OUTPUT_SIZE] = "untouched";

        (void)state;
        for (size_t i = 0; i < ELEMENTS(settings); i++)
                assert_int_equal(hash_compute(TEXT("pw"), text_of(settings[i]), hash), -EINVAL);
        assert_string_equal(hash, "untouched");
}

static void what_crypt_refuses_is_refused(void **state) {
        static const char *const settings[] = {
                "", "*0", "*1", "x", "$y$", "$9$", "$6$rounds=1$x", "a:", "$2b$99$x"};
        char hash[CRYPT_OUTPUT_SIZE] = "untouched";

        (void)state;
        for (size_t i = 0; i < ELEMENTS(settings); i++)
                assert_int_equal(hash_compute(TEXT("pw"), text_of(settings[i]), hash), -EINVAL);
        assert_string_equal(hash, "untouched");
}

static void a_password_is_taken_whole_or_refused(void **state) {
        static const size_t fits = CRYPT_MAX_PASSPHRASE_SIZE - 1;
        char hash[CRYPT_OUTPUT_SIZE], other[CRYPT_OUTPUT_SIZE];
        char password[4096];

        (void)state;
        memset(password, 'x', sizeof password);
        assert_int_equal(hash_compute((struct text){password, fits}, TEXT("$1$salt"), hash), 0);
        password[fits - 1] = 'y';
        assert_int_equal(hash_compute((struct text){password, fits}, TEXT("$1$salt"), other), 0);
        assert_string_not_equal(hash, other);
        for (size_t len = fits + 1; len <= sizeof password; len *= 2)
                assert_int_equal(hash_compute((struct text){password, len}, TEXT("$1$salt"), hash),
                                 -EINVAL);
        assert_int_equal(hash_compute(TEXT("pass\0word"), TEXT("$1$salt"), hash), -EINVAL);
}

static void a_setting_is_taken_whole_or_refused(void **state) {
        const struct text prefix = TEXT("$1$");
        char setting[4096], hash[CRYPT_OUTPUT_SIZE];

        (void)state;
        memset(setting, 'a', sizeof setting);
        memcpy(setting, prefix.p, prefix.len);
        assert_int_equal(hash_compute(TEXT("pw"), (struct text){setting, sizeof setting}, hash),
                         -EINVAL);
        assert_int_equal(hash_compute(TEXT("pw"), TEXT("$1$salt\0$x"), hash), -EINVAL);
}

/* ---- what is left in memory ---- */

/* The password, kept so that looking for it does not find it here. */
static unsigned char inverted[24];
static unsigned char window[1 << 16];

static bool window_holds_it(size_t len) {
        for (size_t i = 0; i + sizeof inverted <= len; i++) {
                size_t k = 0;

                while (k < sizeof inverted && (window[i + k] ^ 0xff) == inverted[k])
                        k++;
                if (k == sizeof inverted)
                        return true;
        }
        return false;
}

/* Reads by way of the kernel: sanitizers poison memory that is no variable's. */
static bool mapping_holds_it(int memory, uint64_t from, uint64_t to) {
        const uint64_t step = sizeof window - sizeof inverted;
        bool found = false;

        for (uint64_t at = from; at < to && !found; at += step) {
                size_t len = to - at < sizeof window ? (size_t)(to - at) : sizeof window;
                ssize_t n = pread(memory, window, len, (off_t)at);

                if (n <= 0)
                        break;
                found = window_holds_it((size_t)n);
                explicit_bzero(window, sizeof window);
        }
        return found;
}

static bool memory_holds_it(void) {
        _cleanup_(fclosep) FILE *maps = fopen("/proc/self/maps", "re");
        _cleanup_(closep) int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
        unsigned long from, to;
        char line[512], rights[5];

        assert_non_null(maps);
        assert_true(memory >= 0);
        while (fgets(line, sizeof line, maps)) {
                assert_int_equal(sscanf(line, "%lx-%lx %4s", &from, &to, rights), 3);
                /* A sanitizer's shadow, of terabytes, is no place for copies. */
                if (rights[1] != 'w' || to - from > (1ul << 32))
                        continue;
                if (mapping_holds_it(memory, from, to))
                        return true;
        }
        return false;
}

/* A job on a stack of its own, which nobody uses after it: what it leaves there stays to be found.
 */
struct job {
        const char *setting;
        char password[sizeof inverted];
        int result;
        sem_t done, may_end;
};

static void *job_run(void *context) {
        struct job *job = context;
        char hash[CRYPT_OUTPUT_SIZE];

        job->result = hash_compute((struct text){job->password, sizeof job->password},
                                   text_of(job->setting), hash);
        explicit_bzero(job->password, sizeof job->password);
        sem_post(&job->done);
        sem_wait(&job->may_end);
        return NULL;
}

static void password_make(char ret[sizeof inverted]) {
        assert_int_equal(secret_random(inverted, sizeof inverted), 0);
        for (size_t i = 0; i < sizeof inverted; i++) {
                inverted[i] &= 0xfe; /* no NUL in what it is the inverse of */
                ret[i] = (char)(inverted[i] ^ 0xff);
        }
}

static bool job_leaves_it(const char *setting) {
        struct job job = {.setting = setting};
        pthread_t thread;
        bool left;

        password_make(job.password);
        assert_true(memory_holds_it()); /* the search finds what is there */
        assert_int_equal(sem_init(&job.done, 0, 0), 0);
        assert_int_equal(sem_init(&job.may_end, 0, 0), 0);
        assert_int_equal(pthread_create(&thread, NULL, job_run, &job), 0);
        while (sem_wait(&job.done) < 0)
                assert_int_equal(errno, EINTR);
        left = memory_holds_it();
        sem_post(&job.may_end);
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_int_equal(job.result, 0);
        return left;
}

static void no_copy_of_the_password_stays_in_memory(void **state) {
        static const char *const settings[] = {YESCRYPT,
                                               "$7$6U..../....salt",
                                               "$6$rounds=1000$salt",
                                               "$1$salt",
                                               "$2b$04$UuBwONnieiYKop/zJAi.IO",
                                               "$5$rounds=1000$salt",
                                               "ab",
                                               "$sha1$24$salt",
                                               "_J9..fkUU",
                                               "$argon2id$v=19$m=64,t=2,p=4$c29tZXNhbHQ$32",
                                               "$argon2i$v=19$m=64,t=2,p=4$c29tZXNhbHQ$32",
                                               "$pbkdf2-sha256$10$c29tZXNhbHQ$32",
                                               "$pbkdf2-sha512$10$c29tZXNhbHQ$64"};

        (void)state;
        for (size_t i = 0; i < ELEMENTS(settings); i++)
                if (job_leaves_it(settings[i]))
                        fail_msg("left by %s", settings[i]);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_hash_is_that_of_crypt),
                cmocka_unit_test(
                        the_hashes_that_crypt_does_not_know_are_those_of_their_specifications),
                cmocka_unit_test(what_is_over_a_ceiling_is_not_computed_here_either),
                cmocka_unit_test(what_crypt_refuses_is_refused),
                cmocka_unit_test(a_password_is_taken_whole_or_refused),
                cmocka_unit_test(a_setting_is_taken_whole_or_refused),
                cmocka_unit_test(no_copy_of_the_password_stays_in_memory),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
