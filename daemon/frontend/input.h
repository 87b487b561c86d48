/* What a caller has sent and nobody has answered yet: bytes gathered to a head and a body, and the
 * beginning of the next request behind them. Reads the socket; decides nothing. */
#ifndef JETON_FRONTEND_INPUT_H
#define JETON_FRONTEND_INPUT_H

#include "chunked.h"
#include "http.h"

struct input {
        char *bytes; /* owned, INPUT_SIZE; NULL while there is nothing */
        size_t len;  /* received */
        size_t used; /* of these, what belongs to the present request */
        struct http_scan scan;

        char *body; /* owned; NULL without a body */
        size_t body_len, body_size;
        bool is_chunked;
        struct chunked chunked;
};

/* Reads once what is there. 0, with *ret_is_empty when the socket has no more for now; -EAGAIN: it
 * had nothing; -ECONNRESET: the caller sends no more; other -errno. */
int input_receive(struct input *input, int fd, bool *ret_is_empty);

/* The head, when all of it is there; makes room for the body. 0; -EAGAIN; -EBADMSG with a fault;
 * -ENOMEM. The head's texts are lent until input_next(). */
int input_head(struct input *input, struct http_head *ret, struct fault *fault);

/* Whether the whole body is there. 0; -EAGAIN; -EBADMSG with a fault. */
int input_body(struct input *input, struct fault *fault);

/* Wipes the present request; what was received behind it is the next one's beginning. */
void input_next(struct input *input);

/* Wipes and frees everything. */
void input_clear(struct input *input);

#endif
