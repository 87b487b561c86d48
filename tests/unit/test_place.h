/* A folder with the two public pages as a daemon leaves them, a handle that looks there, and tokens
 * that the keys page's key has signed: what tests of the library begin with. */
#ifndef JETON_TESTS_TEST_PLACE_H
#define JETON_TESTS_TEST_PLACE_H

#include "../../include/jeton.h"

#include "../../common/clock.h"
#include "../../common/jwt/revocations.h"
#include "fake_server.h"
#include "test_keys.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>

static inline struct jeton *open_at(const char *socket_path) {
        struct jeton_options options = JETON_OPTIONS_INIT;
        struct jeton *jeton;

        options.socket_path = socket_path;
        options.timeout_ms = 2000;
        assert_int_equal(jeton_open(&options, &jeton), 0);
        return jeton;
}

static inline size_t open_descriptors(void) {
        DIR *dir = opendir("/proc/self/fd");
        size_t count = 0;

        assert_non_null(dir);
        while (readdir(dir))
                count++;
        closedir(dir);
        return count;
}

/* ---- a keys page ---- */

static inline void file_create(const struct fake_server *place, const char *name, enum page page,
                               mode_t mode) {
        char path[64];
        int fd;

        snprintf(path, sizeof path, "%s/%s", place->dir, name);
        fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        assert_int_equal(ftruncate(fd, (off_t)page_size(page)), 0);
        assert_int_equal(fchmod(fd, mode), 0);
        close(fd);
}

static inline void *file_map(const struct fake_server *place, const char *name, enum page page) {
        char path[64];
        void *bytes;
        int fd;

        snprintf(path, sizeof path, "%s/%s", place->dir, name);
        fd = open(path, O_RDWR | O_CLOEXEC);
        assert_true(fd >= 0);
        assert_int_equal(page_map(fd, page, &bytes), 0);
        close(fd);
        return bytes;
}

/* What is revoked: nothing, or one jti; or more than the page holds. */
static inline void status_publish(const struct fake_server *place, const char *jti, bool is_full) {
        struct status_page *page = file_map(place, "status", PAGE_STATUS);
        struct status_table *table = status_page_next(page);

        table->revocation_count = jti != NULL;
        table->is_full = is_full;
        table->revocations[0] =
                (struct page_revocation){.kind = REVOKED_TOKEN, .before = REVOKED_WHENEVER};
        if (jti)
                assert_int_equal(revocation_digest(text_of(jti), table->revocations[0].value), 0);
        status_page_publish(page);
        munmap(page, page_size(PAGE_STATUS));
}

static inline void page_create(const struct fake_server *place, mode_t mode) {
        file_create(place, "keys", PAGE_KEYS, mode);
        file_create(place, "status", PAGE_STATUS, 0644);
        status_publish(place, NULL, false);
}

/* Publishes the test's key, or an empty table. */
static inline void page_publish(const struct fake_server *place, bool with_key) {
        struct keys_table *table;
        void *page = file_map(place, "keys", PAGE_KEYS);

        table = keys_page_next(page);
        *table = (struct keys_table){.issuer = TEST_ISSUER, .count = with_key};
        if (with_key) {
                memcpy(table->keys[0].kid, TEST_KEY_THUMBPRINT, KID_LEN);
                table->keys[0].algorithm = KEY_ES256;
                table->keys[0].state = KEY_ACTIVE;
                table->keys[0].public_len = 64;
                test_public(table->keys[0].public_key);
        }
        keys_page_publish(page);
        munmap(page, page_size(PAGE_KEYS));
}

static inline void page_remove(const struct fake_server *place) {
        char path[64];

        snprintf(path, sizeof path, "%s/keys", place->dir);
        unlink(path);
        snprintf(path, sizeof path, "%s/status", place->dir);
        unlink(path);
}

static inline void place_with_page(struct fake_server *place) {
        fake_dir(place);
        page_create(place, 0644);
        page_publish(place, true);
}

static inline void place_remove(struct fake_server *place) {
        page_remove(place);
        fake_stop(place);
}

/* ---- tokens ---- */

static inline struct claims good_claims(void) {
        struct claims claims = {
                .iss = TEST_ISSUER,
                .sub = "7",
                .aud = TEST_ISSUER " https://api.example",
                .iat = clock_wall_s() - 10,
                .exp = clock_wall_s() + 600,
                .jti = "0123456789abcdefghijkl",
                .sid = "abcdefghijkl0123456789",
                .client_id = "local",
                .scope = "read write",
                .roles = "admin",
                .username = "alice",
                .has_uid = true,
                .uid = 1000,
                .auth_time = clock_wall_s() - 20,
                .amr = "pwd",
        };

        return claims;
}

static inline void sign(const struct claims *claims, char ret[TOKEN_MAX + 1]) {
        char header[HEADER_MAX], json[CLAIMS_JSON_MAX];
        size_t len;

        token_header(KEY_ES256, TOKEN_KIND_ACCESS, TEST_KEY_THUMBPRINT, header);
        assert_int_equal(claims_write(claims, json, sizeof json, &len), 0);
        test_token(header, (struct text){json, len}, ret);
}

static inline enum jeton_verdict verdict_on(struct jeton *jeton, const struct claims *claims,
                                            const char *audience) {
        struct jeton_claims *ret_claims = NULL;
        enum jeton_verdict verdict;
        char token[TOKEN_MAX + 1];

        sign(claims, token);
        assert_int_equal(jeton_verify(jeton, token, audience, &verdict, &ret_claims), 0);
        assert_true((ret_claims != NULL) == (verdict == JETON_VALID));
        jeton_claims_free(ret_claims);
        return verdict;
}

#endif
