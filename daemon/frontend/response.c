/* A reply's bytes. Knows the spelling of HTTP and no request. */
#include "response.h"

#include "../../common/cleanup.h"
#include "../../common/wire/bytes.h"

#include <inttypes.h>
#include <stdarg.h>
#include <sys/socket.h>

#define NO_CONTENT   204
#define NOT_MODIFIED 304

#define HEAD_ROOM 1024 /* every field at its longest takes less, but for those of reply->fields */

static const struct {
        uint16_t status;
        const char *phrase;
} phrases[RESPONSE_STATUSES] = {
        {200, "OK"},
        {201, "Created"},
        {204, "No Content"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {413, "Content Too Large"},
        {415, "Unsupported Media Type"},
        {417, "Expectation Failed"},
        {431, "Request Header Fields Too Large"},
        {503, "Service Unavailable"},
        {500, "Internal Server Error"}, /* last: response_status_place() */
};

static const char *phrase_of(uint16_t status) {
        size_t i;

        for (i = 0; i < ELEMENTS(phrases); i++)
                if (phrases[i].status == status)
                        return phrases[i].phrase;
        return "Status";
}

uint16_t response_status(size_t place) {
        return phrases[place].status;
}

size_t response_status_place(uint16_t status) {
        size_t i = 0;

        while (i < RESPONSE_STATUSES - 1 && phrases[i].status != status)
                i++;
        return i;
}

static const char *const cache_fields[] = {
        [CACHE_UNSAID] = "",
        [CACHE_NEVER] = "Cache-Control: no-store\r\nPragma: no-cache\r\n",
        [CACHE_FIVE_MINUTES] = "Cache-Control: public, max-age=300\r\n",
};

/* The head as it grows; what does not fit is left out and makes `len` reach the size. */
struct head {
        char *bytes;
        size_t len, size;
};

static void add(struct head *head, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct head *head, const char *format, ...) {
        size_t room = head->size - head->len;
        va_list args;
        int n;

        va_start(args, format);
        n = vsnprintf(head->bytes + head->len, room, format, args);
        va_end(args);
        head->len = n < 0 || (size_t)n >= room ? head->size : head->len + (size_t)n;
}

/* RFC 9110 15.3.5 and 15.4.5: these end with their head. */
static bool has_content(uint16_t status) {
        return status != NO_CONTENT && status != NOT_MODIFIED;
}

static bool is_field_value(struct text value) {
        size_t i;

        for (i = 0; i < value.len; i++)
                if (is_control(value.p[i]))
                        return false;
        return true;
}

/* Room for all of them, with colon, blank and line end. 0 or -EINVAL. */
static int measure_fields(const struct reply *reply, size_t *ret_len) {
        size_t i, len = 0;

        for (i = 0; i < reply->field_count; i++) {
                if (!is_field_value(reply->fields[i].value))
                        return -EINVAL;
                len += strlen(reply->fields[i].name) + reply->fields[i].value.len + 4;
        }
        *ret_len = len;
        return 0;
}

static void add_fields(struct head *head, const struct reply *reply) {
        size_t i;

        for (i = 0; i < reply->field_count; i++)
                if (reply->fields[i].value.len > 0)
                        add(head, "%s: %.*s\r\n", reply->fields[i].name,
                            TEXT_ARGS(reply->fields[i].value));
}

static void write_head(struct head *head, const struct reply *reply, bool closes, size_t body_len) {
        add(head, "HTTP/1.1 %u %s\r\n", (unsigned)reply->status, phrase_of(reply->status));
        if (has_content(reply->status)) {
                add(head, "Content-Type: %s\r\n",
                    reply->media_type ? reply->media_type : "application/json");
                add(head, "Content-Length: %zu\r\n", body_len);
        }
        add(head, "%s", cache_fields[reply->cache]);
        if (reply->challenge)
                add(head, "WWW-Authenticate: %s\r\n", reply->challenge);
        if (reply->allow[0])
                add(head, "Allow: %s\r\n", reply->allow);
        if (reply->location_user > 0)
                add(head, "Location: /users/%" PRIu64 "\r\n", reply->location_user);
        if (reply->etag.len > 0)
                add(head, "ETag: %.*s\r\n", TEXT_ARGS(reply->etag));
        if (reply->request_id[0])
                add(head, "X-Request-Id: %s\r\n", reply->request_id);
        if (reply->has_total)
                add(head, "X-Total-Count: %" PRIu64 "\r\n", reply->total);
        add_fields(head, reply);
        if (reply->status == 503)
                add(head, "Retry-After: 1\r\n");
        if (closes)
                add(head, "Connection: close\r\n");
        add(head, "\r\n");
}

int response_begin(struct response *response, const struct reply *reply, bool closes,
                   size_t body_len, char **ret_body) {
        _cleanup_(freep) char *bytes = NULL;
        struct head head = {0};
        size_t fields_len;
        int r;

        r = measure_fields(reply, &fields_len);
        if (r < 0)
                return r;
        head.size = HEAD_ROOM + fields_len;
        head.bytes = bytes = malloc(head.size + body_len);
        if (!bytes)
                return -ENOMEM;
        write_head(&head, reply, closes, body_len);
        if (head.len == head.size)
                return -EMSGSIZE;
        response_clear(response);
        *ret_body = bytes + head.len;
        *response = (struct response){
                .status = reply->status,
                .bytes = take(bytes),
                .len = head.len + body_len,
        };
        return 0;
}

void response_drop_body(struct response *response, size_t body_len) {
        explicit_bzero(response->bytes + response->len - body_len, body_len);
        response->len -= body_len;
}

int response_send(struct response *response, int fd) {
        ssize_t n;

        while (response->sent < response->len) {
                n = send(fd, response->bytes + response->sent, response->len - response->sent,
                         MSG_NOSIGNAL | MSG_DONTWAIT);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return errno == EWOULDBLOCK ? -EAGAIN : -errno;
                response->sent += (size_t)n;
        }
        return 0;
}

void response_clear(struct response *response) {
        if (response->bytes)
                explicit_bzero(response->bytes, response->len);
        freep(&response->bytes);
        *response = (struct response){0};
}

struct text response_busy(void) {
        return TEXT("HTTP/1.1 503 Service Unavailable\r\n"
                    "Content-Type: application/json\r\n"
                    "Content-Length: 89\r\n"
                    "Retry-After: 1\r\n"
                    "Connection: close\r\n"
                    "\r\n"
                    "{\"error\":\"temporarily_unavailable\","
                    "\"error_description\":\"too many connections: try again\"}");
}
