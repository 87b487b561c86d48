/* The head of a request, by the strict subset of RFC 9112 that http.h describes. */
#include "http.h"

#include "../../common/wire/bytes.h"
#include "../../common/wire/wire.h"
#include "target.h"

#include <stdint.h>
#include <strings.h>

#define FIELDS_MAX 100
#define BLANKS     " \t" /* RFC 9110 5.6.3 */

/* RFC 9110 5.6.2. */
static bool is_token_byte(char byte) {
        return is_letter_or_digit(byte) || (byte && strchr("!#$%&'*+-.^_`|~", byte));
}

static bool is_token(struct text text) {
        size_t i;

        for (i = 0; i < text.len; i++)
                if (!is_token_byte(text.p[i]))
                        return false;
        return text.len > 0;
}

bool http_is_word(struct text text, const char *word) {
        return text.len == strlen(word) && strncasecmp(text.p, word, text.len) == 0;
}

static int check_byte(const char *bytes, size_t at, struct fault *fault) {
        char byte = bytes[at];

        if (at > 0 && bytes[at - 1] == '\r' && byte != '\n')
                return fault_bad_request(fault, "a carriage return without a line feed");
        if (byte == '\n' && (at == 0 || bytes[at - 1] != '\r'))
                return fault_bad_request(fault, "a line feed without a carriage return");
        if (is_control(byte) && byte != '\r' && byte != '\n' && byte != '\t')
                return fault_bad_request(fault, "a control character in the head");
        return 0;
}

int http_scan(struct http_scan *scan, const char *bytes, size_t len, size_t *ret_len,
              struct fault *fault) {
        size_t at;
        int r;

        for (at = scan->seen; at < len && at < WIRE_HEAD_MAX; at++) {
                r = check_byte(bytes, at, fault);
                if (r < 0)
                        return r;
                if (bytes[at] != '\n')
                        continue;
                /* RFC 9112 2.2: one empty line before the request line is passed over. */
                if (at == scan->line_start + 1 && at > 1) {
                        *ret_len = at + 1;
                        return 0;
                }
                scan->line_start = at + 1;
        }
        scan->seen = at;
        if (at == WIRE_HEAD_MAX)
                return fault_set(fault, 431, "invalid_request", "the head is longer than 16 KiB");
        return -EAGAIN;
}

static int parse_version(struct text version, struct http_head *head, struct fault *fault) {
        if (!text_is(version, TEXT("HTTP/1.1")) && !text_is(version, TEXT("HTTP/1.0")))
                return fault_bad_request(fault,
                                         "the request line must end in HTTP/1.1 or HTTP/1.0");
        head->is_version_1_0 = version.p[version.len - 1] == '0';
        head->keeps_alive = !head->is_version_1_0;
        return 0;
}

/* RFC 9112 3: method SP request-target SP HTTP-version. */
static int parse_request_line(char *line, size_t len, struct http_head *head, struct fault *fault) {
        struct text rest = {line, len}, target;
        int r;

        head->method = cut_at(&rest, ' ');
        target = cut_at(&rest, ' ');
        if (!is_token(head->method))
                return fault_bad_request(fault, "the method is no token");
        r = parse_version(rest, head, fault);
        if (r < 0)
                return r;
        return target_parse(line + head->method.len + 1, target.len, &head->path, &head->query,
                            fault);
}

/* RFC 9110 7.2: a host and a port. Empty is right for a client that has no host to name. */
static int take_host(struct http_head *head, struct text value, struct fault *fault) {
        size_t i;

        (void)head;
        for (i = 0; i < value.len; i++)
                if (!is_unreserved(value.p[i]) && !strchr(":[]%!$&'()*+;=", value.p[i]))
                        return fault_bad_request(fault, "the Host field names no host");
        return 0;
}

static int take_content_length(struct http_head *head, struct text value, struct fault *fault) {
        unsigned long long length;

        if (text_number(value, INT64_MAX, &length) < 0)
                return fault_bad_request(fault, "the Content-Length field is no number");
        if (length > WIRE_BODY_MAX)
                return fault_set(fault, 413, "invalid_request", "the body is longer than 64 KiB");
        head->content_length = (size_t)length;
        return 0;
}

static int take_transfer_encoding(struct http_head *head, struct text value, struct fault *fault) {
        if (head->is_version_1_0)
                return fault_bad_request(fault, "HTTP/1.0 knows no Transfer-Encoding");
        if (!http_is_word(value, "chunked"))
                return fault_bad_request(fault, "the only Transfer-Encoding taken is chunked");
        head->is_chunked = true;
        return 0;
}

static int take_connection(struct http_head *head, struct text value, struct fault *fault) {
        (void)fault;
        while (value.len > 0)
                if (http_is_word(text_trim(cut_at(&value, ','), TEXT(BLANKS)), "close"))
                        head->keeps_alive = false;
        return 0;
}

/* RFC 9110 10.1.1: an expectation in HTTP/1.0 is ignored. */
static int take_expect(struct http_head *head, struct text value, struct fault *fault) {
        if (head->is_version_1_0)
                return 0;
        if (!http_is_word(value, "100-continue"))
                return fault_set(fault, 417, "invalid_request",
                                 "the only expectation met is 100-continue");
        head->expects_continue = true;
        return 0;
}

static int take_content_type(struct http_head *head, struct text value, struct fault *fault) {
        (void)fault;
        head->content_type = value;
        return 0;
}

static int take_authorization(struct http_head *head, struct text value, struct fault *fault) {
        (void)fault;
        head->authorization = value;
        return 0;
}

static int take_if_none_match(struct http_head *head, struct text value, struct fault *fault) {
        (void)fault;
        head->if_none_match = value;
        return 0;
}

static int take_forwarding(struct http_head *head, struct text value, struct fault *fault) {
        (void)value;
        (void)fault;
        head->was_forwarded = true;
        return 0;
}

static int take_forwarded_for(struct http_head *head, struct text value, struct fault *fault) {
        head->forwarded_for = value;
        return take_forwarding(head, value, fault);
}

enum field {
        FIELD_HOST,
        FIELD_CONTENT_LENGTH,
        FIELD_TRANSFER_ENCODING,
        FIELD_CONTENT_TYPE,
        FIELD_AUTHORIZATION,
        FIELD_IF_NONE_MATCH,
        FIELD_EXPECT,
        FIELD_CONNECTION,
        FIELD_FORWARDED,
        FIELD_X_FORWARDED_FOR,
        FIELD_X_REAL_IP,
        FIELD_VIA,
        FIELD_COUNT,
};

/* Every field that means anything here. Upgrade is not among them: it is ignored. */
static const struct known_field {
        const char *name;
        bool may_repeat;
        int (*read)(struct http_head *head, struct text value, struct fault *fault);
} known_fields[FIELD_COUNT] = {
        [FIELD_HOST] = {"Host", false, take_host},
        [FIELD_CONTENT_LENGTH] = {"Content-Length", false, take_content_length},
        [FIELD_TRANSFER_ENCODING] = {"Transfer-Encoding", false, take_transfer_encoding},
        [FIELD_CONTENT_TYPE] = {"Content-Type", false, take_content_type},
        [FIELD_AUTHORIZATION] = {"Authorization", false, take_authorization},
        [FIELD_IF_NONE_MATCH] = {"If-None-Match", true, take_if_none_match},
        [FIELD_EXPECT] = {"Expect", false, take_expect},
        [FIELD_CONNECTION] = {"Connection", true, take_connection},
        [FIELD_FORWARDED] = {"Forwarded", true, take_forwarding},
        [FIELD_X_FORWARDED_FOR] = {"X-Forwarded-For", true, take_forwarded_for},
        [FIELD_X_REAL_IP] = {"X-Real-IP", true, take_forwarding},
        [FIELD_VIA] = {"Via", true, take_forwarding},
};

static bool has_seen(const struct http_head *head, enum field field) {
        return head->seen & 1u << field;
}

static int take_field(struct http_head *head, struct text name, struct text value,
                      struct fault *fault) {
        enum field field = 0;

        while (field < FIELD_COUNT && !http_is_word(name, known_fields[field].name))
                field++;
        if (field == FIELD_COUNT)
                return 0;
        if (has_seen(head, field) && !known_fields[field].may_repeat)
                return fault_bad_request(fault, "a field that must be single stands there twice");
        head->seen |= 1u << field;
        return known_fields[field].read(head, value, fault);
}

/* RFC 9112 5: no blank before the colon, no line that continues the one before. */
static int parse_field(struct text line, struct http_head *head, struct fault *fault) {
        struct text name, rest = line;

        if (!text_has(line, ':'))
                return fault_bad_request(fault, "a field without a colon");
        name = cut_at(&rest, ':');
        if (!is_token(name))
                return fault_bad_request(fault, "the name of a field is no token");
        return take_field(head, name, text_trim(rest, TEXT(BLANKS)), fault);
}

/* RFC 9112 3.2 and 6.3: two answers to "where does it end" are none. */
static int check_framing(const struct http_head *head, struct fault *fault) {
        if (!has_seen(head, FIELD_HOST) && !head->is_version_1_0)
                return fault_bad_request(fault, "HTTP/1.1 needs a Host field");
        if (has_seen(head, FIELD_CONTENT_LENGTH) && has_seen(head, FIELD_TRANSFER_ENCODING))
                return fault_bad_request(fault,
                                         "Content-Length and Transfer-Encoding exclude each other");
        return 0;
}

/* The line at *at, without its end; *at moves behind it. http_scan() has seen that every line has
 * its CR LF and no other control; a caller who skipped that gets a refusal, not an overrun. */
static int next_line(char *bytes, size_t len, size_t *at, struct text *ret, struct fault *fault) {
        char *line = bytes + *at;
        char *end = memchr(line, '\n', len - *at);
        size_t i, line_len;

        if (!end || end == line || end[-1] != '\r')
                return fault_bad_request(fault, "a line without its end");
        line_len = (size_t)(end - line) - 1;
        for (i = 0; i < line_len; i++)
                if (is_control(line[i]) && line[i] != '\t')
                        return fault_bad_request(fault, "a control character in the head");
        *ret = (struct text){line, line_len};
        *at += line_len + 2;
        return 0;
}

static int parse_fields(char *bytes, size_t len, size_t at, struct http_head *head,
                        struct fault *fault) {
        unsigned count = 0;
        struct text line;
        int r;

        for (;;) {
                r = next_line(bytes, len, &at, &line, fault);
                if (r < 0)
                        return r;
                if (line.len == 0)
                        return 0;
                if (++count > FIELDS_MAX)
                        return fault_set(fault, 431, "invalid_request", "too many fields");
                r = parse_field(line, head, fault);
                if (r < 0)
                        return r;
        }
}

int http_parse(char *bytes, size_t len, struct http_head *ret, struct fault *fault) {
        struct http_head head = {0};
        struct text line;
        size_t at = 0;
        int r;

        if (len >= 2 && bytes[0] == '\r' && bytes[1] == '\n')
                at = 2;
        if (at == len)
                return fault_bad_request(fault, "a line without its end");
        r = next_line(bytes, len, &at, &line, fault);
        if (r == 0)
                r = parse_request_line(bytes + (line.p - bytes), line.len, &head, fault);
        if (r == 0)
                r = parse_fields(bytes, len, at, &head, fault);
        if (r == 0)
                r = check_framing(&head, fault);
        if (r < 0)
                return r;
        *ret = head;
        return 0;
}
