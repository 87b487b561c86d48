/* Bytes gathered to requests. The head stays where it was received until the request is answered; a
 * body of known length is received into a place of its own, one in chunks is decoded into it. */
#include "input.h"

#include "../../common/cleanup.h"
#include "../../common/wire/wire.h"

#include <sys/socket.h>

/* The longest head, and room behind it where chunks are received. */
#define INPUT_SIZE (WIRE_HEAD_MAX + 4096)

static bool receives_body(const struct input *input) {
        return input->body && !input->is_chunked;
}

/* Where the next bytes go, and how many may come. */
static int find_room(struct input *input, char **ret_place, size_t *ret_room) {
        if (receives_body(input)) {
                *ret_place = input->body + input->body_len;
                *ret_room = input->body_size - input->body_len;
                return 0;
        }
        if (!input->bytes)
                input->bytes = malloc(INPUT_SIZE);
        if (!input->bytes)
                return -ENOMEM;
        *ret_place = input->bytes + input->len;
        *ret_room = INPUT_SIZE - input->len;
        return 0;
}

int input_receive(struct input *input, int fd, bool *ret_is_empty) {
        char *place;
        size_t room;
        ssize_t n;
        int r;

        r = find_room(input, &place, &room);
        if (r < 0)
                return r;
        do
                n = recv(fd, place, room, MSG_DONTWAIT);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return errno == EWOULDBLOCK ? -EAGAIN : -errno;
        if (n == 0)
                return -ECONNRESET;
        *(receives_body(input) ? &input->body_len : &input->len) += (size_t)n;
        *ret_is_empty = (size_t)n < room;
        return 0;
}

/* What came behind the head in the same read. */
static void move_to_body(struct input *input) {
        size_t part = input->len - input->used;

        if (part > input->body_size)
                part = input->body_size;
        memcpy(input->body, input->bytes + input->used, part);
        input->body_len = part;
        input->used += part;
}

/* The length is the caller's word, and within WIRE_BODY_MAX: http.c has seen to it. */
static int prepare_body(struct input *input, const struct http_head *head) {
        input->is_chunked = head->is_chunked;
        input->body_size = head->is_chunked ? WIRE_BODY_MAX : head->content_length;
        if (input->body_size == 0)
                return 0;
        input->body = malloc(input->body_size);
        if (!input->body)
                return -ENOMEM;
        if (!input->is_chunked)
                move_to_body(input);
        return 0;
}

int input_head(struct input *input, struct http_head *ret, struct fault *fault) {
        size_t len;
        int r;

        r = http_scan(&input->scan, input->bytes, input->len, &len, fault);
        if (r == 0)
                r = http_parse(input->bytes, len, ret, fault);
        if (r < 0)
                return r;
        input->used = len;
        return prepare_body(input, ret);
}

static int decode_chunks(struct input *input, struct fault *fault) {
        size_t used;
        int r;

        r = chunked_decode(&input->chunked, input->bytes + input->used, input->len - input->used,
                           input->body, input->body_size, &used, fault);
        input->body_len = input->chunked.body_len;
        if (r == 0)
                input->used += used;
        else if (r == -EAGAIN)
                input->len = input->used; /* all of it was decoded: the room is free again */
        return r;
}

int input_body(struct input *input, struct fault *fault) {
        if (input->is_chunked)
                return decode_chunks(input, fault);
        return input->body_len < input->body_size ? -EAGAIN : 0;
}

static void clear_body(struct input *input) {
        if (input->body)
                explicit_bzero(input->body, input->body_size);
        freep(&input->body);
        input->body_len = 0;
        input->body_size = 0;
        input->is_chunked = false;
        input->chunked = (struct chunked){0};
}

void input_next(struct input *input) {
        size_t left = input->len - input->used;

        clear_body(input);
        if (left == 0) {
                input_clear(input);
                return;
        }
        memmove(input->bytes, input->bytes + input->used, left);
        explicit_bzero(input->bytes + left, INPUT_SIZE - left);
        input->len = left;
        input->used = 0;
        input->scan = (struct http_scan){0};
}

void input_clear(struct input *input) {
        clear_body(input);
        if (input->bytes)
                explicit_bzero(input->bytes, INPUT_SIZE);
        freep(&input->bytes);
        *input = (struct input){0};
}
