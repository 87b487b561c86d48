/* The file `states`: one line a key, "KID ALG STATE SINCE UNTIL". Written whole and renamed into
 * place, so that a change of several keys is one change. */
#include "keyring.h"

#include "../../common/cleanup.h"
#include "../../common/jwt/base64url.h"
#include "../../common/jwt/signature.h"
#include "../../common/log.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#define LINE_MAX_LEN 128
#define FILE_MAX     (PAGE_KEYS_MAX * LINE_MAX_LEN)

static const char *const words[] = {
        [KEY_PREPARED] = "prepared",
        [KEY_ACTIVE] = "active",
        [KEY_RETIRED] = "retired",
};

static int refuse(const char *says) {
        log_error("keys/" STATES_FILE ": %s", says);
        return -EBADMSG;
}

/* ---- read ---- */

static enum key_state state_of_word(struct text word) {
        enum key_state state;

        for (state = KEY_PREPARED; state <= KEY_RETIRED; state++)
                if (text_is(word, text_of(words[state])))
                        return state;
        return KEY_STATE_NONE;
}

static int kid_read(struct text word, char ret[KID_LEN + 1]) {
        uint8_t bytes[32];
        size_t len;

        if (base64url_decode(word, bytes, sizeof bytes, &len) < 0 || len != sizeof bytes)
                return -EBADMSG;
        return text_copy(word, ret, KID_LEN + 1);
}

static int time_read(struct text word, int64_t *ret) {
        unsigned long long number;

        if (text_number(word, INT64_MAX, &number) < 0)
                return -EBADMSG;
        *ret = (int64_t)number;
        return 0;
}

enum {
        WORD_KID,
        WORD_ALGORITHM,
        WORD_STATE,
        WORD_SINCE,
        WORD_UNTIL,
        WORD_COUNT,
};

static int row_read(struct text line, struct key_row *ret) {
        struct text at[WORD_COUNT], more;
        size_t i;

        for (i = 0; i < WORD_COUNT; i++)
                if (!text_next_word(&line, &at[i]))
                        return -EBADMSG;
        if (text_next_word(&line, &more))
                return -EBADMSG;
        ret->algorithm = algorithm_of_name(at[WORD_ALGORITHM]);
        ret->state = state_of_word(at[WORD_STATE]);
        if (ret->algorithm == KEY_NONE || ret->state == KEY_STATE_NONE ||
            kid_read(at[WORD_KID], ret->kid) < 0 || time_read(at[WORD_SINCE], &ret->since) < 0 ||
            time_read(at[WORD_UNTIL], &ret->until) < 0)
                return -EBADMSG;
        return 0;
}

/* One key signs: two active ones of an algorithm were written by no version of ours. */
static bool contradicts(const struct key_row *rows, size_t count, const struct key_row *row) {
        size_t i;

        for (i = 0; i < count; i++)
                if (strcmp(rows[i].kid, row->kid) == 0 ||
                    (row->state != KEY_RETIRED && rows[i].state == row->state &&
                     rows[i].algorithm == row->algorithm))
                        return true;
        return false;
}

static int rows_read(struct text text, struct key_row rows[PAGE_KEYS_MAX], size_t *ret_count) {
        size_t count = 0;

        while (text.len > 0) {
                const char *end = memchr(text.p, '\n', text.len);
                struct key_row row;

                if (!end || count == PAGE_KEYS_MAX)
                        return refuse("has a broken end: restore it from a copy");
                if (row_read((struct text){text.p, (size_t)(end - text.p)}, &row) < 0)
                        return refuse("has a line that says no key: restore it from a copy");
                if (contradicts(rows, count, &row))
                        return refuse("names two keys where one can be: restore it from a copy");
                rows[count++] = row;
                text.len -= (size_t)(end - text.p) + 1;
                text.p = end + 1;
        }
        *ret_count = count;
        return 0;
}

int states_read(int dir, struct key_row ret[PAGE_KEYS_MAX], size_t *ret_count) {
        _cleanup_(closep) int fd = -1;
        struct timespec written;
        char bytes[FILE_MAX];
        size_t size;
        ssize_t got;
        int r;

        if (faccessat(dir, STATES_FILE, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
                return -ENOENT;
        r = keyfile_open(dir, STATES_FILE, &fd, &size, &written);
        if (r < 0)
                return r;
        got = read(fd, bytes, sizeof bytes);
        if (got < 0 || (size_t)got != size)
                return refuse("cannot be read whole: restore it from a copy");
        return rows_read((struct text){bytes, size}, ret, ret_count);
}

/* ---- write ---- */

int states_write(int dir, const struct keyring *keyring) {
        const struct signing_key *key;
        char bytes[FILE_MAX];
        size_t len = 0;

        for (key = keyring->keys; key < keyring->keys + keyring->count; key++)
                len += (size_t)snprintf(bytes + len, sizeof bytes - len,
                                        "%s %s %s %" PRId64 " %" PRId64 "\n", key->kid,
                                        algorithm_name(key->algorithm), words[key->state],
                                        key->since, key->until);
        return keyfile_put(dir, STATES_FILE, (struct text){bytes, len});
}
