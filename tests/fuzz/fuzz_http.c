/* A connection's bytes: one request after the other, as the frontend cuts them. Cut in two reads at
 * any place they must give the same requests.
 * links: daemon/frontend/http.c daemon/frontend/target.c daemon/frontend/chunked.c */
#include "../../common/wire/wire.h"
#include "../../daemon/frontend/chunked.h"
#include "../../daemon/frontend/http.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char body[WIRE_BODY_MAX];

/* The same head in two reads; the first byte of the input picks the place. */
static int scan_in_two(const char *bytes, size_t len, size_t cut, size_t *ret_len,
                       struct fault *fault) {
        struct http_scan scan = {0};
        int r;

        r = http_scan(&scan, bytes, cut < len ? cut : len, ret_len, fault);
        return r == -EAGAIN ? http_scan(&scan, bytes, len, ret_len, fault) : r;
}

static void check_head(const struct http_head *head) {
        if (head->method.len == 0 || head->path.len == 0 || head->path.p[0] != '/')
                abort();
        if (text_has(head->path, '\0') || head->content_length > WIRE_BODY_MAX)
                abort();
        if (head->is_chunked && head->content_length > 0)
                abort();
}

/* How many bytes the request has, 0 when it is refused or incomplete. */
static size_t take_request(char *bytes, size_t len, size_t cut) {
        struct http_scan scan = {0};
        struct chunked chunked = {0};
        struct http_head head;
        struct fault fault;
        size_t head_len = 0, in_two_len = 0, used;
        int r = http_scan(&scan, bytes, len, &head_len, &fault);

        if (r != scan_in_two(bytes, len, cut, &in_two_len, &fault) || head_len != in_two_len)
                abort();
        if (r < 0 || http_parse(bytes, head_len, &head, &fault) < 0)
                return 0;
        check_head(&head);
        if (!head.is_chunked)
                return head.content_length <= len - head_len ? head_len + head.content_length : 0;
        if (chunked_decode(&chunked, bytes + head_len, len - head_len, body, sizeof body, &used,
                           &fault) < 0)
                return 0;
        if (chunked.body_len > used)
                abort();
        return head_len + used;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        char *bytes;
        size_t at = 1, taken;

        if (size < 2)
                return 0;
        bytes = malloc(size);
        if (!bytes)
                return 0;
        memcpy(bytes, data, size);
        while (at < size && (taken = take_request(bytes + at, size - at, data[0])) > 0)
                at += taken;
        free(bytes);
        return 0;
}
