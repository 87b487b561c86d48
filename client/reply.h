/* The head of an HTTP/1.1 reply (RFC 9112 4, 5), read as strictly as our own server writes it. */
#ifndef JETON_CLIENT_REPLY_H
#define JETON_CLIENT_REPLY_H

#include "../common/text.h"

#define REPLY_TYPE_SIZE 64

struct reply_head {
        unsigned status;                    /* 100 to 599 */
        char content_type[REPLY_TYPE_SIZE]; /* without parameters, in lower case; "" when absent */
        size_t content_length;
};

/* Bytes of the head that `bytes` begins with, its empty line included; 0: it is not complete yet.
 */
size_t reply_head_len(struct text bytes);

/* Reads a whole head. Content-Length must be there once, but for interim replies, 204 and 304,
 * where it is taken as 0; any Transfer-Encoding is refused. 0 or -EBADMSG. */
int reply_head_parse(struct text head, struct reply_head *ret);

#endif
