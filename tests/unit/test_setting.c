/* Settings against the library that computes with them: what is cut off a hash computes the same
 * hash, and holds nothing of its digest.
 *
 * links: daemon/authority/setting.c daemon/authority/scheme.c
 * needs: libcrypt */
#include "../../daemon/authority/setting.h"

#include "../../common/cleanup.h"
#include "../../common/secret.h"

#include <crypt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* Each scheme that verifies, at its least cost, and how often to try it. */
static const struct {
        const char *prefix;
        unsigned long count;
        int tries;
} schemes[] = {
        {"$y$", 1, 20},  {"$gy$", 1, 20},   {"$7$", 6, 3},     {"$2a$", 4, 20}, {"$2b$", 4, 20},
        {"$2y$", 4, 20}, {"$6$", 0, 20},    {"$6$", 1000, 20}, {"$5$", 0, 20},  {"$5$", 1000, 20},
        {"$sha1", 0, 2}, {"$sha1", 24, 20}, {"$1$", 0, 20},    {"_", 0, 20},    {"", 0, 50},
        {"$md5", 0, 2},  {"$3$", 0, 20},
};

static void random_password(char ret[32]) {
        unsigned char bytes[31];

        assert_int_equal(secret_random(bytes, sizeof bytes), 0);
        for (size_t i = 0; i < sizeof bytes; i++)
                ret[i] = (char)(bytes[i] ? bytes[i] : 1);
        ret[1 + bytes[0] % 31] = '\0';
}

static void hash_of(const char *password, const char *setting, char ret[CRYPT_OUTPUT_SIZE]) {
        static struct crypt_data data;
        const char *hash = crypt_rn(password, setting, &data, sizeof data);

        if (!hash)
                fail_msg("crypt(3) refuses %s", setting);
        else
                assert_int_equal(text_copy(text_of(hash), ret, CRYPT_OUTPUT_SIZE), 0);
}

static void new_hash(size_t scheme, const char *password, char ret[CRYPT_OUTPUT_SIZE]) {
        char setting[CRYPT_GENSALT_OUTPUT_SIZE];

        assert_non_null(crypt_gensalt_rn(schemes[scheme].prefix, schemes[scheme].count, NULL, 0,
                                         setting, sizeof setting));
        hash_of(password, setting, ret);
}

static void check_hash(const char *password, const char *hash) {
        char setting[SETTING_MAX], again[CRYPT_OUTPUT_SIZE];
        struct text digest;

        assert_int_equal(setting_of_hash(text_of(hash), setting, &digest), 0);
        assert_true(digest.len >= 11);
        assert_ptr_equal(digest.p + digest.len, hash + strlen(hash));
        assert_null(memmem(setting, strlen(setting), digest.p, digest.len));
        assert_int_equal(strncmp(hash, setting, strlen(setting)), 0);
        assert_true(strlen(setting) + digest.len <= strlen(hash));
        hash_of(password, setting, again);
        assert_string_equal(again, hash);
        assert_true(setting_digest_equal(text_of(hash), text_of(again)));
}

static void a_cut_setting_computes_the_whole_hash(void **state) {
        char password[32], hash[CRYPT_OUTPUT_SIZE];

        (void)state;
        for (size_t i = 0; i < ELEMENTS(schemes); i++)
                for (int k = 0; k < schemes[i].tries; k++) {
                        random_password(password);
                        new_hash(i, password, hash);
                        check_hash(password, hash);
                }
}

static void another_digest_is_not_equal(void **state) {
        char hash[CRYPT_OUTPUT_SIZE], other[CRYPT_OUTPUT_SIZE];
        size_t len;

        (void)state;
        for (size_t i = 0; i < ELEMENTS(schemes); i++) {
                new_hash(i, "password", hash);
                len = strlen(hash);
                for (size_t at = len - 11; at < len; at++) {
                        memcpy(other, hash, len + 1);
                        other[at] = other[at] == 'x' ? 'y' : 'x';
                        assert_false(setting_digest_equal(text_of(hash), text_of(other)));
                }
                new_hash(i, "passwore", other);
                assert_false(setting_digest_equal(text_of(hash), text_of(other)));
        }
}

/* The same digest text behind another scheme's prefix is another hash. */
static void digests_of_different_schemes_are_not_equal(void **state) {
        const struct text a = TEXT("$2b$04$UuBwONnieiYKop/zJAi.IO431Uyk1kpE7CzY9/PbZpxspPE26/pAu");
        const struct text b = TEXT("$2a$04$UuBwONnieiYKop/zJAi.IO431Uyk1kpE7CzY9/PbZpxspPE26/pAu");

        (void)state;
        assert_true(setting_digest_equal(a, a));
        assert_false(setting_digest_equal(a, b));
}

/* The 22nd salt digit of bcrypt carries two bits: crypt(3) clears the others in what it returns. */
static void a_bcrypt_salt_that_is_not_normal_verifies(void **state) {
        char hash[CRYPT_OUTPUT_SIZE], stored[CRYPT_OUTPUT_SIZE], setting[SETTING_MAX];
        struct text digest;

        (void)state;
        hash_of("password", "$2b$04$UuBwONnieiYKop/zJAi.IO", stored);
        stored[28] = 'P';
        assert_int_equal(setting_of_hash(text_of(stored), setting, &digest), 0);
        hash_of("password", setting, hash);
        assert_string_not_equal(hash, stored);
        assert_true(setting_digest_equal(text_of(stored), text_of(hash)));
}

static void a_refusal_of_a_worker_equals_nothing(void **state) {
        static const char *const refusals[] = {"", "*0", "*1", "x", "!", "$y$j9T$", "$y$j9T$$"};
        char hash[CRYPT_OUTPUT_SIZE];

        (void)state;
        new_hash(0, "password", hash);
        for (size_t i = 0; i < ELEMENTS(refusals); i++) {
                assert_false(setting_digest_equal(text_of(hash), text_of(refusals[i])));
                assert_false(setting_digest_equal(text_of(refusals[i]), text_of(refusals[i])));
        }
}

#define X11 "xxxxxxxxxxx"
#define X22 X11 X11
#define X31 X22 "xxxxxxxxx"
#define X43 X22 X11 "xxxxxxxxxx"
#define X86 X43 X43
#define S22 "......................"
#define A42 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define A43 A42 "A"
#define A86 A43 A43

static void what_is_no_hash_is_refused(void **state) {
        static const char *const hashes[] = {"",
                                             "*",
                                             "*0",
                                             "!",
                                             "!!",
                                             "x",
                                             "$",
                                             "$$",
                                             "$y$",
                                             "$y$j9T$" X43,
                                             "$y$j9T",
                                             "locked",
                                             "$y$j9T$" S22 "$" X43 "x",
                                             "$y$j9T$" S22 "$" X22,
                                             "$y$j9T$" S22 X43,
                                             "$y$j9T$a:b$" X43,
                                             "$y$j9T$a b$" X43,
                                             "$y$j9T$a\n$" X43,
                                             "$y$!9T$a$" X43,
                                             "$y$j9T$" S22 "$" X31 ":xxxxxxxxxxx",
                                             "$2b$04$" S22 X31 "x",
                                             "$2b$04$" S22 X22,
                                             "$2x$04$" S22 X31,
                                             "$2b$aa$" S22 X31,
                                             "$2b$044" S22 X31,
                                             "$2b$$$$" S22 X31,
                                             "$md5x$salt$" X22,
                                             "$md5,rounds=$salt$$" X22,
                                             "$md5,rounds=05000$salt$$" X22,
                                             "$md5$salt$" X22 "x",
                                             "$3$8846f7eaee8fb117ad06bdd830b7586c",
                                             "$3$a$8846f7eaee8fb117ad06bdd830b7586c",
                                             "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$" X43,
                                             "$pbkdf2-sha256$29000$salt$" X43,
                                             "$6$rounds=$" X86,
                                             "$6$rounds=x$salt$" X86,
                                             "$6$rounds=05000$salt$" X86,
                                             "$6$rounds=5000" X86,
                                             "$sha1$$salt$" X22 "xxxxxx",
                                             "$sha1$x$salt$" X22 "xxxxxx",
                                             "_J9..fkUU" X11 "x",
                                             "_J9:.fkUU" X11,
                                             "ab" X11 "x",
                                             "a:" X11,
                                             "ab" X22,
                                             "ab",
                                             "$7$CU...$" X43,
                                             "$7$.U..../....salt$" X43,
                                             "$7$C...../....salt$" X43};
        char setting[SETTING_MAX] = "untouched";
        struct text digest = TEXT_NONE;

        (void)state;
        for (size_t i = 0; i < ELEMENTS(hashes); i++) {
                if (setting_of_hash(text_of(hashes[i]), setting, &digest) != -EINVAL)
                        fail_msg("%s", hashes[i]);
                assert_true(setting_is_outdated(text_of(hashes[i])));
        }
        assert_string_equal(setting, "untouched");
        assert_null(digest.p);
}

/* A salt of any length before a good digest. */
static void a_setting_that_is_too_long_is_refused(void **state) {
        const struct text prefix = TEXT("$6$");
        char hash[1024], setting[SETTING_MAX];
        struct text digest;

        (void)state;
        memset(hash, 'x', sizeof hash);
        memcpy(hash, prefix.p, prefix.len);
        for (size_t len = 4; len + 87 < sizeof hash; len++) {
                hash[len] = '$';
                assert_int_equal(setting_of_hash((struct text){hash, len + 87}, setting, &digest),
                                 len < SETTING_MAX ? 0 : -EINVAL);
                hash[len] = 'x';
        }
}

static void cost_has_a_ceiling(void **state) {
        static const struct {
                const char *hash;
                int expected;
        } rows[] = {
                {"$y$j9T$" S22 "$" X43, 0},
                {"$y$jBT$" S22 "$" X43, 0},           /* 64 MiB */
                {"$y$jCT$" S22 "$" X43, -ERANGE},     /* 128 MiB */
                {"$y$jFT$" S22 "$" X43, -ERANGE},     /* 1 GiB, 3.5 s */
                {"$y$jF.$" S22 "$" X43, 0},           /* N = 2^18, r = 1: 32 MiB */
                {"$y$jzT$" S22 "$" X43, -ERANGE},     /* N of several digits */
                {"$y$jDzzzzz$" S22 "$" X43, -ERANGE}, /* r of several digits */
                {"$y$j9T..$" S22 "$" X43, -ERANGE},   /* p */
                {"$y$j9T//$" S22 "$" X43, -ERANGE},   /* t */
                {"$gy$jBT$" S22 "$" X43, 0},
                {"$gy$jCT$" S22 "$" X43, -ERANGE},
                {"$7$CU..../....salt$" X43, 0}, /* 64 MiB: crypt_gensalt(3)'s default */
                {"$7$DU..../....salt$" X43, -ERANGE},
                {"$7$KU..../....salt$" X43, -ERANGE}, /* over 20 s */
                {"$7$CU....0....salt$" X43, -ERANGE}, /* p = 2 */
                {"$7$zU..../....salt$" X43, -ERANGE},
                {"$7$/zzzzz/....salt$" X43, -ERANGE},
                {"$7$//....zzzzzsalt$" X43, -ERANGE},
                {"$7$/zzzzzzzzzzsalt$" X43, -ERANGE},
                {"$2b$13$" S22 X31, 0},
                {"$2b$04$" S22 X31, 0},
                {"$2b$14$" S22 X31, -ERANGE},
                {"$2a$31$" S22 X31, -ERANGE},
                {"$2y$99$" S22 X31, -ERANGE},
                {"$6$salt$" X86, 0},
                {"$6$rounds=656000$salt$" X86, 0}, /* passlib's default */
                {"$6$rounds=700001$salt$" X86, -ERANGE},
                {"$6$rounds=999999999$salt$" X86, -ERANGE},
                {"$6$rounds=99999999999999999999$salt$" X86, -EINVAL},
                {"$5$rounds=535000$salt$" X43, 0},
                {"$5$rounds=999999999$salt$" X43, -ERANGE},
                {"$sha1$480000$salt$" X22 "xxxxxx", 0},
                {"$sha1$4294967295$salt$" X22 "xxxxxx", -ERANGE},
                {"$1$salt$" X22, 0},
                {"$3$$8846f7eaee8fb117ad06bdd830b7586c", 0},
                {"$md5$salt$" X22, 0},
                {"$md5$salt$$" X22, 0},
                {"$md5,rounds=300000$salt$$" X22, 0},
                {"$md5,rounds=300001$salt$$" X22, -ERANGE},
                {"$md5,rounds=4294967295$salt$$" X22, -ERANGE},
                {"_J9..fkUU" X11, 0},
                {"_zzzzfkUU" X11, -ERANGE},
                {"ab" X11, 0},
        };
        char setting[SETTING_MAX];
        struct text digest;

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++)
                if (setting_of_hash(text_of(rows[i].hash), setting, &digest) != rows[i].expected)
                        fail_msg("%s", rows[i].hash);
}

/* Argon2 and PBKDF2: the setting is the hash up to its digest, and the digest's length. */
static void a_worker_is_told_the_length_of_a_digest_that_is_not_of_crypt(void **state) {
        static const struct {
                const char *hash, *setting, *digest;
        } rows[] = {
                {"$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/"
                 "5U52iv1cDc",
                 "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$32",
                 "bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc"},
                {"$argon2i$v=19$m=8,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
                 "$argon2i$v=19$m=8,t=1,p=1$c29tZXNhbHQ$16", "AAAAAAAAAAAAAAAAAAAAAA"},
                {"$pbkdf2-sha256$6400$.6UI/S.nXIk8jcbdHx3Fhg$"
                 "98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44",
                 "$pbkdf2-sha256$6400$.6UI/S.nXIk8jcbdHx3Fhg$32",
                 "98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44"},
                {"$pbkdf2-sha512$1$c2FsdA$" A86, "$pbkdf2-sha512$1$c2FsdA$64", A86},
        };
        char setting[SETTING_MAX];
        struct text digest;

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct text hash = text_of(rows[i].hash);

                assert_int_equal(setting_of_hash(hash, setting, &digest), 0);
                assert_string_equal(setting, rows[i].setting);
                assert_true(text_is(digest, text_of(rows[i].digest)));
                assert_true(setting_digest_equal(hash, hash));
                assert_true(setting_is_outdated(hash));
        }
}

#define ARGON2(parameters) "$argon2id$" parameters "$c29tZXNhbHQ$" A43
#define PBKDF2(rounds)     "$pbkdf2-sha256$" rounds "$c2FsdA$" A43

static void what_argon2_and_pbkdf2_ask_has_a_ceiling_and_one_spelling(void **state) {
        static const struct {
                const char *hash;
                int expected;
        } rows[] = {
                {ARGON2("v=19$m=65536,t=3,p=4"), 0},
                {ARGON2("v=19$m=102400,t=2,p=8"), 0},
                {ARGON2("v=19$m=131072,t=3,p=1"), 0},
                {ARGON2("v=19$m=8,t=49152,p=1"), 0},
                {ARGON2("v=19$m=512,t=1,p=64"), 0},
                {ARGON2("v=19$m=131073,t=1,p=1"), -ERANGE},
                {ARGON2("v=19$m=131072,t=4,p=1"), -ERANGE},
                {ARGON2("v=19$m=8,t=49153,p=1"), -ERANGE},
                {ARGON2("v=19$m=520,t=1,p=65"), -ERANGE},
                {ARGON2("v=19$m=4294967295,t=4294967295,p=1"), -ERANGE},
                {ARGON2("v=19$m=65536,t=18446744073709551615,p=1"), -ERANGE},
                {ARGON2("v=19$m=18446744073709551616,t=1,p=1"), -EINVAL},
                {ARGON2("v=19$m=7,t=1,p=1"), -EINVAL},
                {ARGON2("v=19$m=15,t=1,p=2"), -EINVAL},
                {ARGON2("v=19$m=0,t=1,p=1"), -EINVAL},
                {ARGON2("v=19$m=8,t=0,p=1"), -EINVAL},
                {ARGON2("v=19$m=8,t=1,p=0"), -EINVAL},
                {ARGON2("v=19$m=08,t=1,p=1"), -EINVAL},
                {ARGON2("v=19$m=8,t=+1,p=1"), -EINVAL},
                {ARGON2("v=19$m=8,t=-1,p=1"), -EINVAL},
                {ARGON2("v=19$m=,t=1,p=1"), -EINVAL},
                {ARGON2("v=19$m=8,t=1"), -EINVAL},
                {ARGON2("v=19$t=1,m=8,p=1"), -EINVAL},
                {ARGON2("v=19$m=8,m=8,t=1,p=1"), -EINVAL},
                {ARGON2("v=19$m=8,t=1,p=1,p=1"), -EINVAL},
                {ARGON2("v=19$m=8,t=1,p=1,keyid=AA"), -EINVAL},
                {ARGON2("v=19$m=8,t=1,p=1,"), -EINVAL},
                {ARGON2("v=16$m=8,t=1,p=1"), -EINVAL},
                {ARGON2("v=019$m=8,t=1,p=1"), -EINVAL},
                {ARGON2("m=8,t=1,p=1"), -EINVAL},
                {"$argon2d$v=19$m=8,t=1,p=1$c29tZXNhbHQ$" A43, -EINVAL},
                {"$argon2id$v=19$m=8,t=1,p=1$" A43, -EINVAL},
                {"$argon2id$v=19$m=8,t=1,p=1$$" A43, -EINVAL},
                {"$argon2id$v=19$m=8,t=1,p=1$c2FsdA$" A43, -EINVAL},       /* 4 bytes of salt */
                {"$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHR$" A43, -EINVAL},  /* stray bits */
                {"$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ=$" A43, -EINVAL}, /* padding */
                {"$argon2id$v=19$m=8,t=1,p=1$c29tZXNhb-Q$" A43, -EINVAL},  /* base64url */
                {"$argon2id$v=19$m=8,t=1,p=1$c29tZXNhb.Q$" A43, -EINVAL},  /* passlib's */
                {"$argon2id$v=19$m=8,t=1,p=1$" A86 "A$" A43, -EINVAL},     /* 65 bytes */
                {"$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$", -EINVAL},      /* no digest */
                {"$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ", -EINVAL},       /* nor a salt */
                {"$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAA", -EINVAL},
                {"$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$" A86 "A", -EINVAL},
                {"$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$" A43 "=", -EINVAL},
                {"$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$" A43 "$32", -EINVAL},
                {"$argon2id$", -EINVAL},
                {PBKDF2("1"), 0},
                {PBKDF2("29000"), 0},
                {PBKDF2("600000"), 0},
                {PBKDF2("700001"), -ERANGE},
                {PBKDF2("4294967296"), -ERANGE},
                {PBKDF2("99999999999999999999"), -EINVAL},
                {PBKDF2("0"), -EINVAL},
                {PBKDF2("01"), -EINVAL},
                {PBKDF2(""), -EINVAL},
                {PBKDF2("x"), -EINVAL},
                {PBKDF2("1$1"), -EINVAL},
                {"$pbkdf2-sha256$1$c2FsdA$" A86, -EINVAL}, /* of another digest */
                {"$pbkdf2-sha512$1$c2FsdA$" A43, -EINVAL},
                {"$pbkdf2-sha256$1$c2FsdA$" A42 "+", -EINVAL},
                {"$pbkdf2-sha256$1$" A43, -EINVAL},
                {"$pbkdf2$1$c2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAA", -EINVAL},
        };
        char setting[SETTING_MAX];
        struct text digest;

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++)
                if (setting_of_hash(text_of(rows[i].hash), setting, &digest) != rows[i].expected)
                        fail_msg("%s", rows[i].hash);
}

static void a_scheme_has_a_name_for_the_log(void **state) {
        static const struct {
                const char *hash, *name;
        } rows[] = {
                {"$6$rounds=999999999$salt$" X86, "sha512crypt"},
                {"$argon2id$v=19$m=4294967295,t=1,p=1$c29tZXNhbHQ$" A43, "argon2id"},
                {"$pbkdf2-sha256$", "pbkdf2-sha256"},
                {"ab" X11, "descrypt"},
                {"secret of somebody", "unknown"},
                {"$9$x", "unknown"},
                {"", "unknown"},
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++)
                assert_string_equal(setting_scheme_name(text_of(rows[i].hash)), rows[i].name);
}

static void a_new_setting_is_what_crypt_takes(void **state) {
        char setting[SETTING_MAX], hash[CRYPT_OUTPUT_SIZE];

        (void)state;
        for (int i = 0; i < 20; i++) {
                assert_int_equal(setting_new(setting), 0);
                assert_int_equal(strlen(setting), strlen("$y$j9T$") + 22);
                assert_int_equal(crypt_checksalt(setting), CRYPT_SALT_OK);
                hash_of("password", setting, hash);
                check_hash("password", hash);
                assert_false(setting_is_outdated(text_of(hash)));
        }
}

static void new_settings_do_not_repeat(void **state) {
        static char seen[2000][SETTING_MAX];
        bool last_digits[4] = {false};

        (void)state;
        for (size_t i = 0; i < ELEMENTS(seen); i++) {
                const char *last;

                assert_int_equal(setting_new(seen[i]), 0);
                last = strchr("./01", seen[i][strlen(seen[i]) - 1]);
                assert_non_null(last);
                last_digits[last - strchr("./01", '.')] = true;
                for (size_t k = 0; k < i; k++)
                        assert_string_not_equal(seen[i], seen[k]);
        }
        for (size_t i = 0; i < ELEMENTS(last_digits); i++)
                assert_true(last_digits[i]);
}

static void the_decoy_stays_and_costs_the_same(void **state) {
        char decoy[SETTING_MAX], again[SETTING_MAX], fresh[SETTING_MAX];

        (void)state;
        assert_int_equal(setting_decoy(decoy), 0);
        assert_int_equal(setting_decoy(again), 0);
        assert_int_equal(setting_new(fresh), 0);
        assert_string_equal(decoy, again);
        assert_int_equal(strlen(decoy), strlen(fresh));
        assert_int_equal(strncmp(decoy, fresh, strlen("$y$j9T$")), 0);
        assert_string_not_equal(decoy, fresh);
        assert_int_equal(crypt_checksalt(decoy), CRYPT_SALT_OK);
}

static void weaker_hashes_are_outdated(void **state) {
        static const char *const outdated[] = {"$y$j8T$" S22 "$" X43,
                                               "$y$j9S$" S22 "$" X43,
                                               "$y$.9T$" S22 "$" X43,
                                               "$gy$j9T$" S22 "$" X43,
                                               "$7$CU..../....salt$" X43,
                                               "$2b$12$" S22 X31,
                                               "$6$rounds=656000$salt$" X86,
                                               "$1$salt$" X22,
                                               ("ab" X11)};
        static const char *const current[] = {"$y$j9T$" S22 "$" X43, "$y$jAT$" S22 "$" X43,
                                              "$y$jBT$" S22 "$" X43};

        (void)state;
        for (size_t i = 0; i < ELEMENTS(outdated); i++)
                assert_true(setting_is_outdated(text_of(outdated[i])));
        for (size_t i = 0; i < ELEMENTS(current); i++)
                assert_false(setting_is_outdated(text_of(current[i])));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_cut_setting_computes_the_whole_hash),
                cmocka_unit_test(another_digest_is_not_equal),
                cmocka_unit_test(digests_of_different_schemes_are_not_equal),
                cmocka_unit_test(a_bcrypt_salt_that_is_not_normal_verifies),
                cmocka_unit_test(a_refusal_of_a_worker_equals_nothing),
                cmocka_unit_test(what_is_no_hash_is_refused),
                cmocka_unit_test(a_setting_that_is_too_long_is_refused),
                cmocka_unit_test(cost_has_a_ceiling),
                cmocka_unit_test(a_worker_is_told_the_length_of_a_digest_that_is_not_of_crypt),
                cmocka_unit_test(what_argon2_and_pbkdf2_ask_has_a_ceiling_and_one_spelling),
                cmocka_unit_test(a_scheme_has_a_name_for_the_log),
                cmocka_unit_test(a_new_setting_is_what_crypt_takes),
                cmocka_unit_test(new_settings_do_not_repeat),
                cmocka_unit_test(the_decoy_stays_and_costs_the_same),
                cmocka_unit_test(weaker_hashes_are_outdated),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
