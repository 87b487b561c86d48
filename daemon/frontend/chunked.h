/* A body in chunks (RFC 9112 7.1): decoded as it arrives, extensions and trailers bounded and
 * thrown away. Pure: no I/O, no allocation. */
#ifndef JETON_FRONTEND_CHUNKED_H
#define JETON_FRONTEND_CHUNKED_H

#include "fault.h"

#include <stddef.h>

enum chunked_place {
        CHUNKED_SIZE = 0, /* zeroed: at the first digit of the first chunk */
        CHUNKED_EXTENSION,
        CHUNKED_SIZE_LF,
        CHUNKED_DATA,
        CHUNKED_DATA_CR,
        CHUNKED_DATA_LF,
        CHUNKED_LINE, /* the beginning of a trailer line, or of the empty line */
        CHUNKED_TRAILER,
        CHUNKED_TRAILER_LF,
        CHUNKED_LAST_LF,
        CHUNKED_DONE,
};

struct chunked {
        enum chunked_place place;
        unsigned digits; /* of the size that is being read */
        size_t chunk;    /* its size; then what is missing of its data */
        size_t thrown;   /* bytes of extensions and trailers so far */
        size_t body_len; /* bytes decoded so far */
};

/* Decodes `len` bytes, appending to body, which has `size` bytes. 0: the body is complete,
 * *ret_used bytes belonged to it; -EAGAIN: all were used, more are needed; -EBADMSG with a fault.
 */
int chunked_decode(struct chunked *chunked, const char *bytes, size_t len, char *body, size_t size,
                   size_t *ret_used, struct fault *fault);

#endif
