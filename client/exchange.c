/* One request and its reply. */
#include "exchange.h"

#include "../common/cleanup.h"
#include "../common/wire/wire.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* Head bytes of every reply to one request, interim ones too, with what came of the body. */
struct inbox {
        int fd; /* borrowed */
        int64_t deadline_ms;
        size_t start, len; /* bytes[start..len] are not read yet */
        char bytes[WIRE_REPLY_HEAD_MAX];
};

static void inbox_freep(struct inbox **inbox) {
        if (*inbox)
                explicit_bzero(*inbox, sizeof **inbox);
        free(*inbox);
        *inbox = NULL;
}

/* One line of a request holds no byte that would end it. */
static bool is_line_text(struct text text) {
        size_t i;

        for (i = 0; i < text.len; i++)
                if ((unsigned char)text.p[i] < 0x20 || text.p[i] == 0x7f)
                        return false;
        return true;
}

static bool is_request_fit(const struct exchange_request *request) {
        struct text method = text_of(request->method), path = text_of(request->path);

        if (method.len == 0 || path.len == 0 || path.p[0] != '/')
                return false;
        if (text_has(method, ' ') || text_has(path, ' '))
                return false;
        return is_line_text(method) && is_line_text(path) && is_line_text(request->authorization) &&
               is_line_text(request->content_type);
}

static char *append(char *at, struct text text) {
        return text.len > 0 ? (char *)memcpy(at, text.p, text.len) + text.len : at;
}

/* The head is a secret: it may hold a token. */
static int head_write(const struct exchange_request *request, struct secret **ret) {
        bool has_token = request->authorization.len > 0, has_body = request->content_type.len > 0;
        char length[32];
        const struct text parts[] = {
                text_of(request->method),
                TEXT(" "),
                text_of(request->path),
                TEXT(" HTTP/1.1\r\nHost: jeton\r\n"),
                has_token ? TEXT("Authorization: ") : TEXT_NONE,
                request->authorization,
                has_token ? TEXT("\r\n") : TEXT_NONE,
                has_body ? TEXT("Content-Type: ") : TEXT_NONE,
                request->content_type,
                has_body ? TEXT("\r\nContent-Length: ") : TEXT_NONE,
                has_body ? (struct text){length, (size_t)snprintf(length, sizeof length, "%zu\r\n",
                                                                  request->body.len)}
                         : TEXT_NONE,
                TEXT("\r\n"),
        };
        size_t len = 0, i;
        char *at;
        int r;

        for (i = 0; i < ELEMENTS(parts); i++)
                len += parts[i].len;
        r = secret_reserve(len, ret);
        if (r < 0)
                return r;
        at = (*ret)->bytes;
        for (i = 0; i < ELEMENTS(parts); i++)
                at = append(at, parts[i]);
        return 0;
}

static void advance(struct iovec parts[2], size_t sent) {
        size_t i;

        for (i = 0; i < 2; i++) {
                size_t step = sent < parts[i].iov_len ? sent : parts[i].iov_len;

                parts[i].iov_base = (char *)parts[i].iov_base + step;
                parts[i].iov_len -= step;
                sent -= step;
        }
}

/* A server that closed early may have said why: that is for the reading side to find out. */
static int send_all(int fd, struct iovec parts[2], int64_t deadline_ms) {
        struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
        ssize_t sent;
        int r;

        while (parts[0].iov_len + parts[1].iov_len > 0) {
                r = exchange_wait(fd, POLLOUT, deadline_ms);
                if (r < 0)
                        return r;
                sent = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
                if (sent >= 0)
                        advance(parts, (size_t)sent);
                else if (errno == EPIPE || errno == ECONNRESET)
                        return 0;
                else if (errno != EAGAIN && errno != EINTR)
                        return -errno;
        }
        return 0;
}

static int send_request(int fd, const struct exchange_request *request, int64_t deadline_ms) {
        _cleanup_(secret_freep) struct secret *head = NULL;
        struct iovec parts[2] = {{0}};
        int r;

        if (!is_request_fit(request))
                return -EINVAL;
        r = head_write(request, &head);
        if (r < 0)
                return r;
        parts[0] = (struct iovec){head->bytes, head->len};
        if (request->content_type.len > 0 && request->body.len > 0)
                parts[1] = (struct iovec){(char *)(uintptr_t)request->body.p, request->body.len};
        return send_all(fd, parts, deadline_ms);
}

/* At least one byte, at most `size`. */
static int receive(const struct inbox *in, char *ret, size_t size, size_t *ret_len) {
        ssize_t got;
        int r;

        for (;;) {
                r = exchange_wait(in->fd, POLLIN, in->deadline_ms);
                if (r < 0)
                        return r;
                got = recv(in->fd, ret, size, MSG_DONTWAIT);
                if (got == 0)
                        return -ECONNRESET;
                if (got > 0) {
                        *ret_len = (size_t)got;
                        return 0;
                }
                if (errno != EAGAIN && errno != EINTR)
                        return -errno;
        }
}

static int read_head(struct inbox *in, struct reply_head *ret) {
        size_t head_len, got;
        int r;

        for (;;) {
                const char *at = in->bytes + in->start;

                head_len = reply_head_len((struct text){at, in->len - in->start});
                if (head_len > 0) {
                        in->start += head_len;
                        return reply_head_parse((struct text){at, head_len}, ret);
                }
                if (in->len == sizeof in->bytes)
                        return -EBADMSG;
                r = receive(in, in->bytes + in->len, sizeof in->bytes - in->len, &got);
                if (r < 0)
                        return r;
                in->len += got;
        }
}

/* We never ask for another protocol, so nobody may switch (101). */
static int read_final_head(struct inbox *in, struct reply_head *ret) {
        int r;

        do {
                r = read_head(in, ret);
                if (r < 0)
                        return r;
                if (ret->status == 101)
                        return -EBADMSG;
        } while (ret->status < 200);
        return 0;
}

static int read_body(struct inbox *in, size_t len, struct secret **ret) {
        _cleanup_(secret_freep) struct secret *body = NULL;
        size_t have = in->len - in->start, got;
        int r;

        if (have > len)
                return -EBADMSG;
        r = secret_reserve(len, &body);
        if (r < 0)
                return r;
        memcpy(body->bytes, in->bytes + in->start, have);
        for (; have < len; have += got) {
                r = receive(in, body->bytes + have, len - have, &got);
                if (r < 0)
                        return r;
        }
        *ret = take(body);
        return 0;
}

int exchange(int fd, const struct exchange_request *request, int64_t deadline_ms,
             struct exchange_reply *ret) {
        size_t max = request->reply_max > 0 ? request->reply_max : WIRE_REPLY_BODY_MAX;
        _cleanup_(inbox_freep) struct inbox *in = calloc(1, sizeof *in);
        struct reply_head head;
        struct secret *body;
        int r;

        if (!in)
                return -ENOMEM;
        in->fd = fd;
        in->deadline_ms = deadline_ms;
        r = send_request(fd, request, deadline_ms);
        if (r < 0)
                return r;
        r = read_final_head(in, &head);
        if (r < 0)
                return r;
        if (head.content_length > max)
                return -EBADMSG;
        r = read_body(in, head.content_length, &body);
        if (r < 0)
                return r;
        *ret = (struct exchange_reply){.status = head.status, .body = body};
        memcpy(ret->content_type, head.content_type, sizeof ret->content_type);
        return 0;
}

void exchange_reply_clear(struct exchange_reply *reply) {
        secret_free(reply->body);
        explicit_bzero(reply, sizeof *reply);
}
