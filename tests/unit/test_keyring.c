/* links: daemon/signer/keyring.c daemon/signer/keyfile.c daemon/signer/keymake.c
 * links: daemon/signer/states.c daemon/signer/life.c
 * needs: libcrypto */
#include "../../daemon/signer/life.h"

#include "../../common/cleanup.h"
#include "../../common/jwt/signature.h"
#include "../../common/log.h"

#include <dirent.h>
#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/pem.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>
#include <sys/stat.h>

static char path[] = "/tmp/jeton-keys-XXXXXX";
static int dir = -1, said = -1, stderr_copy = -1;

static void dir_empty(void) {
        DIR *entries = opendir(path);
        struct dirent *entry;

        while ((entry = readdir(entries)))
                if (unlinkat(dir, entry->d_name, 0) < 0)
                        unlinkat(dir, entry->d_name, AT_REMOVEDIR);
        closedir(entries);
}

/* What is logged goes to a file, so that a test can ask whether the fault was named. */
static int group_setup(void **state) {
        (void)state;
        said = open("/tmp", O_TMPFILE | O_RDWR | O_APPEND | O_CLOEXEC, 0600);
        stderr_copy = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
        if (said < 0 || stderr_copy < 0 || !mkdtemp(path))
                return -1;
        log_init("test", LOG_DEBUG);
        dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return dir < 0 ? -1 : 0;
}

static int group_teardown(void **state) {
        (void)state;
        close(dir);
        close(said);
        return rmdir(path);
}

static int test_setup(void **state) {
        (void)state;
        dir_empty();
        if (chmod(path, 0700) < 0 || ftruncate(said, 0) < 0 || lseek(said, 0, SEEK_SET) < 0)
                return -1;
        return dup2(said, STDERR_FILENO) < 0 ? -1 : 0;
}

static int test_teardown(void **state) {
        (void)state;
        dir_empty();
        return dup2(stderr_copy, STDERR_FILENO) < 0 ? -1 : 0;
}

static bool was_said(const char *words) {
        static char text[65536];
        ssize_t len = pread(said, text, sizeof text - 1, 0);

        text[len > 0 ? len : 0] = '\0';
        return strstr(text, words) != NULL;
}

#define NOW  INT64_C(1800000000)
#define KEEP 1000

static const struct key_rules es256_only = {
        .wanted = ALGORITHM_BIT(KEY_ES256),
        .keep_s = KEEP,
};

static struct keyring published; /* as publish() saw it last */

static void publish(void *context) {
        published = *(struct keyring *)context;
}

static void load_good(struct keyring *keyring, size_t count) {
        assert_int_equal(keyring_load(dir, NOW, KEEP, keyring), 0);
        assert_int_equal(keyring->count, count);
        assert_int_equal(keyring_try(keyring), 0);
}

/* What the signer does with what is due. */
static bool turn(struct keyring *keyring, const struct key_rules *rules, int64_t now) {
        struct keyring next = *keyring;
        bool changed;

        assert_int_equal(life_turn(&next, rules, dir, now, &changed), 0);
        if (changed)
                assert_int_equal(keyring_replace(dir, keyring, &next, publish, keyring), 0);
        return changed;
}

static void file_name(const char *kid, char ret[64]) {
        snprintf(ret, 64, "%s.pem", kid);
}

/* Makes the first key and gives its file's name. */
static void key_make_first(char ret[64]) {
        struct keyring keyring;

        assert_int_equal(keyring_load(dir, NOW, KEEP, &keyring), 0);
        turn(&keyring, &es256_only, NOW);
        assert_int_equal(keyring.count, 1);
        file_name(keyring.keys[0].kid, ret);
        keyring_clear(&keyring);
}

/* A folder as it was before there was a file `states`. */
static void states_remove(void) {
        unlinkat(dir, STATES_FILE, 0);
}

static void assert_load_refused(const char *named, const char *reason) {
        struct keyring keyring;

        assert_true(keyring_load(dir, NOW, KEEP, &keyring) < 0);
        assert_int_equal(keyring.count, 0);
        if (!was_said(named) || !was_said(reason))
                fail_msg("the log does not say \"%s\" and \"%s\"", named, reason);
}

static void the_first_start_makes_a_key(void **state) {
        struct keyring keyring;
        char name[64];
        struct stat st;

        (void)state;
        key_make_first(name);
        assert_int_equal(fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW), 0);
        assert_true(S_ISREG(st.st_mode));
        assert_int_equal(st.st_mode & 07777, 0400);
        load_good(&keyring, 1);
        file_name(keyring.keys[0].kid, name);
        assert_int_equal(fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW), 0);
        assert_int_equal(keyring.keys[0].state, KEY_ACTIVE);
        keyring_clear(&keyring);
}

static void no_passphrase_and_pkcs8_in_the_file(void **state) {
        char name[64], text[64] = {0};
        int fd;

        (void)state;
        key_make_first(name);
        fd = openat(dir, name, O_RDONLY);
        assert_true(read(fd, text, 27) == 27);
        assert_string_equal(text, "-----BEGIN PRIVATE KEY-----");
        close(fd);
}

static void the_newest_of_several_is_active(void **state) {
        struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
        struct keyring keyring;
        char name[64], second[KID_LEN + 1];
        uint8_t bytes[PAGE_PUBLIC_MAX];
        EVP_PKEY *key = EVP_EC_gen("P-256");
        size_t len;

        (void)state;
        key_make_first(name);
        assert_int_equal(utimensat(dir, name, times, 0), 0);
        assert_int_equal(public_key_encode(KEY_ES256, key, bytes, &len), 0);
        assert_int_equal(public_key_thumbprint(KEY_ES256, bytes, len, second), 0);
        assert_int_equal(keyfile_write(dir, KEY_ES256, second, key), 0);
        states_remove();
        EVP_PKEY_free(key);
        load_good(&keyring, 2);
        assert_string_equal(keyring.keys[0].kid, second);
        assert_int_equal(keyring.keys[0].state, KEY_ACTIVE);
        assert_int_equal(keyring.keys[1].state, KEY_RETIRED);
        keyring_clear(&keyring);
}

static void a_leftover_of_a_crash_is_removed(void **state) {
        struct keyring keyring;
        char name[64];
        int fd;

        (void)state;
        key_make_first(name);
        fd = openat(dir, ".new-half", O_CREAT | O_WRONLY, 0400);
        assert_true(fd >= 0);
        close(fd);
        load_good(&keyring, 1);
        keyring_clear(&keyring);
        assert_int_equal(faccessat(dir, ".new-half", F_OK, 0), -1);
}

/* It may be the only copy of a key that an administrator has put there. */
static void a_key_that_states_does_not_name_is_set_aside(void **state) {
        char name[64], other[KID_LEN + 1], other_name[64], aside[80];
        EVP_PKEY *key = EVP_EC_gen("P-256");
        uint8_t bytes[PAGE_PUBLIC_MAX];
        struct keyring keyring;
        size_t len;

        (void)state;
        key_make_first(name);
        assert_int_equal(public_key_encode(KEY_ES256, key, bytes, &len), 0);
        assert_int_equal(public_key_thumbprint(KEY_ES256, bytes, len, other), 0);
        assert_int_equal(keyfile_write(dir, KEY_ES256, other, key), 0);
        EVP_PKEY_free(key);
        file_name(other, other_name);
        snprintf(aside, sizeof aside, "%s.aside", other_name);
        load_good(&keyring, 1);
        keyring_clear(&keyring);
        assert_int_equal(faccessat(dir, other_name, F_OK, 0), -1);
        assert_int_equal(faccessat(dir, aside, F_OK, 0), 0);
        assert_true(was_said("set aside"));
        load_good(&keyring, 1);
        keyring_clear(&keyring);
        assert_int_equal(faccessat(dir, aside, F_OK, 0), 0);
}

static void a_key_that_others_may_read_is_refused_by_name(void **state) {
        static const mode_t modes[] = {0440, 0420, 0410, 0404, 0402, 0401, 0640, 0644, 0666};
        char name[64];
        size_t i;

        (void)state;
        key_make_first(name);
        for (i = 0; i < ELEMENTS(modes); i++) {
                assert_int_equal(ftruncate(said, 0), 0);
                assert_int_equal(fchmodat(dir, name, modes[i], 0), 0);
                assert_load_refused(name, "chmod 0400");
        }
        assert_int_equal(fchmodat(dir, name, 0600, 0), 0);
        key_make_first(name);
}

static void a_symlink_is_refused_by_name(void **state) {
        char name[64];

        (void)state;
        key_make_first(name);
        assert_int_equal(renameat(dir, name, dir, "elsewhere"), 0);
        assert_int_equal(symlinkat("elsewhere", dir, name), 0);
        assert_load_refused(name, "symbolic link");
}

static void a_second_name_is_refused(void **state) {
        char name[64];

        (void)state;
        key_make_first(name);
        assert_int_equal(linkat(dir, name, dir, "other", 0), 0);
        assert_load_refused(name, "second name");
}

static void a_key_of_another_user_is_refused(void **state) {
        char name[64];

        (void)state;
        if (geteuid() != 0)
                skip();
        key_make_first(name);
        assert_int_equal(fchownat(dir, name, 65534, (gid_t)-1, 0), 0);
        assert_load_refused(name, "another user");
}

static void a_folder_that_others_may_write_is_refused(void **state) {
        static const mode_t modes[] = {0770, 0720, 0702, 0777, 01777};
        char name[64];
        size_t i;

        (void)state;
        key_make_first(name);
        for (i = 0; i < ELEMENTS(modes); i++) {
                assert_int_equal(ftruncate(said, 0), 0);
                assert_int_equal(chmod(path, modes[i]), 0);
                assert_load_refused("keys: ", "others may write");
        }
}

static void a_folder_of_another_user_is_refused(void **state) {
        (void)state;
        if (geteuid() != 0)
                skip();
        assert_int_equal(chown(path, 65534, (gid_t)-1), 0);
        assert_load_refused("keys: ", "belongs to uid 65534");
        assert_int_equal(chown(path, 0, (gid_t)-1), 0);
}

static void what_is_no_file_is_refused_without_waiting(void **state) {
        (void)state;
        assert_int_equal(mkfifoat(dir, "a.pem", 0400), 0);
        assert_load_refused("keys/a.pem", "no regular file");
        dir_empty();
        assert_int_equal(mkdirat(dir, "b.pem", 0700), 0);
        assert_load_refused("keys/b.pem", "no regular file");
}

static void a_file_named_after_another_key_is_refused(void **state) {
        static const char other[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.pem";
        char name[64];

        (void)state;
        key_make_first(name);
        states_remove();
        assert_int_equal(renameat(dir, name, dir, other), 0);
        assert_load_refused(other, name);
        assert_int_equal(renameat(dir, other, dir, "\n<0>x.pem"), 0);
        assert_load_refused("keys/\\x0a<0>x.pem", name);
}

static void put(const char *name, const char *bytes, size_t len) {
        int fd = openat(dir, name, O_CREAT | O_WRONLY | O_TRUNC, 0400);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, bytes, len), len);
        close(fd);
}

static void a_state_of_another_algorithm_than_the_key_is_refused_by_name(void **state) {
        char name[64], line[256];

        (void)state;
        key_make_first(name);
        states_remove();
        snprintf(line, sizeof line, "%.43s EdDSA active 1 0\n", name);
        put("states", line, strlen(line));
        assert_load_refused("keys/states", "holds an ES256 key");
}

static void what_is_no_key_is_refused_by_name(void **state) {
        static const char *const texts[] = {
                "x",
                "-----BEGIN PRIVATE KEY-----\n",
                "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        };
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(texts); i++) {
                dir_empty();
                put("a.pem", texts[i], strlen(texts[i]));
                assert_load_refused("keys/a.pem", "no private key");
        }
        dir_empty();
        put("b.pem", "", 0);
        assert_load_refused("keys/b.pem", "empty");
}

static void put_key(EVP_PKEY *key, bool public_only, const EVP_CIPHER *cipher) {
        BIO *bio = BIO_new(BIO_s_mem());
        char *bytes;
        long len;

        if (public_only)
                PEM_write_bio_PUBKEY(bio, key);
        else
                PEM_write_bio_PKCS8PrivateKey(bio, key, cipher, "pass", cipher ? 4 : 0, NULL, NULL);
        len = BIO_get_mem_data(bio, &bytes);
        dir_empty();
        put("a.pem", bytes, (size_t)len);
        BIO_free(bio);
}

static void keys_of_another_kind_are_refused_by_name(void **state) {
        EVP_PKEY *p256 = EVP_EC_gen("P-256"), *p384 = EVP_EC_gen("P-384"), *rsa = EVP_RSA_gen(1024);

        (void)state;
        put_key(p384, false, NULL);
        assert_load_refused("keys/a.pem", "no ES256, EdDSA or RS256 key");
        put_key(rsa, false, NULL);
        assert_load_refused("keys/a.pem", "no ES256, EdDSA or RS256 key");
        put_key(p256, true, NULL);
        assert_load_refused("keys/a.pem", "no private key");
        /* Nobody is asked for a passphrase. */
        put_key(p256, false, EVP_aes_128_cbc());
        assert_load_refused("keys/a.pem", "no private key");
        EVP_PKEY_free(p256);
        EVP_PKEY_free(p384);
        EVP_PKEY_free(rsa);
}

static void other_files_are_left_alone(void **state) {
        char name[64];

        (void)state;
        put("README", "x", 1);
        key_make_first(name);
        assert_int_equal(faccessat(dir, "README", F_OK, 0), 0);
        assert_true(was_said("keys/README"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, test_setup, test_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(the_first_start_makes_a_key),
                TEST(no_passphrase_and_pkcs8_in_the_file),
                TEST(the_newest_of_several_is_active),
                TEST(a_leftover_of_a_crash_is_removed),
                TEST(a_key_that_states_does_not_name_is_set_aside),
                TEST(a_state_of_another_algorithm_than_the_key_is_refused_by_name),
                TEST(a_key_that_others_may_read_is_refused_by_name),
                TEST(a_symlink_is_refused_by_name),
                TEST(a_second_name_is_refused),
                TEST(a_key_of_another_user_is_refused),
                TEST(a_folder_that_others_may_write_is_refused),
                TEST(a_folder_of_another_user_is_refused),
                TEST(what_is_no_file_is_refused_without_waiting),
                TEST(a_file_named_after_another_key_is_refused),
                TEST(what_is_no_key_is_refused_by_name),
                TEST(keys_of_another_kind_are_refused_by_name),
                TEST(other_files_are_left_alone),
        };

        return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
