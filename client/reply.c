/* The head of an HTTP/1.1 reply. Pure: bytes in, a struct out. */
#include "reply.h"

#include <errno.h>
#include <stdint.h>
#include <strings.h>

#include "../common/cleanup.h"

struct head_state {
        struct reply_head head;
        bool has_length, has_type;
};

size_t reply_head_len(struct text bytes) {
        const char *end;

        if (bytes.len < 4)
                return 0;
        end = memmem(bytes.p, bytes.len, "\r\n\r\n", 4);
        return end ? (size_t)(end - bytes.p) + 4 : 0;
}

/* Cuts the next line off, without its CRLF. false when there is no whole line. */
static bool next_line(struct text *rest, struct text *ret_line) {
        const char *end = rest->len < 2 ? NULL : memmem(rest->p, rest->len, "\r\n", 2);
        size_t len;

        if (!end)
                return false;
        len = (size_t)(end - rest->p);
        *ret_line = (struct text){rest->p, len};
        rest->p += len + 2;
        rest->len -= len + 2;
        return true;
}

/* RFC 9110 5.5: no controls but the tab. A bare CR or LF ends here too. */
static bool is_field_text(struct text text) {
        size_t i;

        for (i = 0; i < text.len; i++) {
                unsigned char byte = (unsigned char)text.p[i];

                if ((byte < 0x20 && byte != '\t') || byte == 0x7f)
                        return false;
        }
        return true;
}

/* RFC 9110 5.6.2: tchar. */
static bool is_token(struct text text) {
        static const char others[] = "!#$%&'*+-.^_`|~";
        size_t i;

        for (i = 0; i < text.len; i++) {
                char byte = text.p[i];
                bool is_alnum = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                                (byte >= 'A' && byte <= 'Z');

                if (!is_alnum && (byte == '\0' || !strchr(others, byte)))
                        return false;
        }
        return text.len > 0;
}

static bool is_name(struct text text, const char *name) {
        return text.len == strlen(name) && strncasecmp(text.p, name, text.len) == 0;
}

/* "HTTP/1.1 200 OK"; the reason may be empty, its space may not (RFC 9112 4). */
static int read_status_line(struct text line, unsigned *ret_status) {
        static const struct text version = TEXT("HTTP/1.1 ");
        unsigned long long status;

        if (line.len < version.len + 4 || memcmp(line.p, version.p, version.len) != 0)
                return -EBADMSG;
        if (line.p[version.len + 3] != ' ' || !is_field_text(line))
                return -EBADMSG;
        if (text_number((struct text){line.p + version.len, 3}, 599, &status) || status < 100)
                return -EBADMSG;
        *ret_status = (unsigned)status;
        return 0;
}

static int read_length(struct head_state *state, struct text value) {
        unsigned long long length;

        if (state->has_length || text_number(value, SIZE_MAX / 2, &length))
                return -EBADMSG;
        state->has_length = true;
        state->head.content_length = (size_t)length;
        return 0;
}

static int read_type(struct head_state *state, struct text value) {
        const char *parameters = value.len > 0 ? memchr(value.p, ';', value.len) : NULL;
        char *at;

        if (state->has_type)
                return -EBADMSG;
        state->has_type = true;
        if (parameters)
                value = text_trim((struct text){value.p, (size_t)(parameters - value.p)},
                                  TEXT(" \t"));
        if (text_copy(value, state->head.content_type, sizeof state->head.content_type))
                return -EBADMSG;
        for (at = state->head.content_type; *at; at++)
                if (*at >= 'A' && *at <= 'Z')
                        *at = (char)(*at - 'A' + 'a');
        return 0;
}

/* Our server always knows the length of what it sends. */
static int refuse_field(struct head_state *state, struct text value) {
        (void)state;
        (void)value;
        return -EBADMSG;
}

static const struct {
        const char *name;
        int (*read)(struct head_state *state, struct text value);
} fields[] = {
        {"Content-Length", read_length},
        {"Content-Type", read_type},
        {"Transfer-Encoding", refuse_field},
};

static int read_field(struct head_state *state, struct text line) {
        const char *colon = line.len > 0 ? memchr(line.p, ':', line.len) : NULL;
        struct text name, value;
        size_t i;

        if (!colon)
                return -EBADMSG;
        name = (struct text){line.p, (size_t)(colon - line.p)};
        value = text_trim((struct text){colon + 1, line.len - name.len - 1}, TEXT(" \t"));
        if (!is_token(name) || !is_field_text(value))
                return -EBADMSG;
        for (i = 0; i < ELEMENTS(fields); i++)
                if (is_name(name, fields[i].name))
                        return fields[i].read(state, value);
        return 0;
}

/* RFC 9112 6.3: these never have a body, whatever their fields say. */
static bool is_bodiless(unsigned status) {
        return status < 200 || status == 204 || status == 304;
}

int reply_head_parse(struct text head, struct reply_head *ret) {
        struct head_state state = {0};
        struct text line;
        int r;

        if (!next_line(&head, &line) || read_status_line(line, &state.head.status))
                return -EBADMSG;
        while (next_line(&head, &line) && line.len > 0) {
                r = read_field(&state, line);
                if (r < 0)
                        return r;
        }
        if (head.len > 0 || line.len > 0)
                return -EBADMSG;
        if (is_bodiless(state.head.status))
                state.head.content_length = 0;
        else if (!state.has_length)
                return -EBADMSG;
        *ret = state.head;
        return 0;
}
