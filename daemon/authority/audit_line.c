/* Words of a line. */
#include "audit_line.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

/* jetond(8) has the same rows; a test compares them. */
static const struct audit_key keys[] = {
        {"event", "JETON_EVENT"},
        {"result", "JETON_RESULT"},
        {"reason", "JETON_REASON"},
        {"request", "JETON_REQUEST"},
        {"class", "JETON_CLASS"},
        {"peer_uid", "JETON_PEER_UID"},
        {"peer_gid", "JETON_PEER_GID"},
        {"peer_pid", "JETON_PEER_PID"},
        {"peer_user", "JETON_PEER_USER"},
        {"peer_comm", "JETON_PEER_COMM"},
        {"peer_unit", "JETON_PEER_UNIT"},
        {"remote", "JETON_REMOTE"},
        {"user", "JETON_USER"},
        {"admin", "JETON_ADMIN"},
        {"client", "JETON_CLIENT"},
        {"jti", "JETON_JTI"},
        {"sid", "JETON_SID"},
        {"kid", "JETON_KID"},
        {"service", "JETON_SERVICE"},
        {"rhost", "JETON_RHOST"},
        {"source", "JETON_SOURCE"},
        {"error", "JETON_ERROR"},
        {"suppressed", "JETON_SUPPRESSED"},
};

const struct audit_key *audit_keys(size_t *ret_count) {
        *ret_count = ELEMENTS(keys);
        return keys;
}

static bool is_plain(char byte) {
        return byte >= 0x20 && byte < 0x7f;
}

/* The last wall: no byte of a line can end it or steer a terminal, whoever made the word. */
void audit_line_words(struct audit_line *line, struct text words) {
        size_t i, blank = line->len > 0;

        if (words.len == 0 || line->len + blank + words.len > AUDIT_LINE_MAX)
                return;
        if (blank)
                line->text[line->len++] = ' ';
        for (i = 0; i < words.len; i++)
                line->text[line->len++] = '?';
        line->text[line->len] = '\0';
        for (i = 0; i < words.len; i++)
                if (is_plain(words.p[i]))
                        line->text[line->len - words.len + i] = words.p[i];
}

static void audit_line_put(struct audit_line *line, const char *key, const char *quote,
                           const char *value) {
        char word[LOG_ESCAPED_MAX + 64];
        int n = snprintf(word, sizeof word, "%s=%s%s%s", key, quote, value, quote);

        if (n > 0 && (size_t)n < sizeof word)
                audit_line_words(line, (struct text){word, (size_t)n});
}

void audit_line_word(struct audit_line *line, const char *key, const char *value) {
        audit_line_put(line, key, "", value);
}

void audit_line_quoted(struct audit_line *line, const char *key, struct text value) {
        if (value.len > 0)
                audit_line_put(line, key, "\"", log_escape(value).text);
}

void audit_line_number(struct audit_line *line, const char *key, uint64_t value) {
        char digits[24];

        snprintf(digits, sizeof digits, "%" PRIu64, value);
        audit_line_word(line, key, digits);
}

void audit_line_time(struct audit_line *line, int64_t wall_ms) {
        time_t seconds = (time_t)(wall_ms / 1000);
        char date[32], stamp[48];
        struct tm parts;

        if (!gmtime_r(&seconds, &parts) ||
            strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts) == 0)
                return;
        snprintf(stamp, sizeof stamp, "%s.%03dZ", date, (int)(wall_ms % 1000));
        audit_line_word(line, "time", stamp);
}

bool audit_line_has(const struct audit_line *line, const char *key) {
        struct text rest = {line->text, line->len}, found, value;

        while (audit_line_next(&rest, &found, &value))
                if (text_is(found, text_of(key)))
                        return true;
        return false;
}

/* ---- apart again ---- */

static struct text cut(struct text *rest, size_t len, size_t skip) {
        struct text part = {rest->p, len};

        if (len + skip > rest->len)
                skip = rest->len - len;
        rest->p += len + skip;
        rest->len -= len + skip;
        return part;
}

static size_t length_until(struct text text, char byte) {
        const char *end = text.len > 0 ? memchr(text.p, byte, text.len) : NULL;

        return end ? (size_t)(end - text.p) : text.len;
}

/* An escaped text has neither quote nor backslash of its own. */
bool audit_line_next(struct text *rest, struct text *ret_key, struct text *ret_value) {
        while (rest->len > 0 && *rest->p == ' ')
                cut(rest, 0, 1);
        if (rest->len == 0)
                return false;
        *ret_key = cut(rest, length_until(*rest, '='), 1);
        if (rest->len > 0 && *rest->p == '"') {
                cut(rest, 0, 1);
                *ret_value = cut(rest, length_until(*rest, '"'), 1);
        } else {
                *ret_value = cut(rest, length_until(*rest, ' '), 1);
        }
        return true;
}
