/* A body in chunks: one place at a time, one byte at a time, but for the data itself. */
#include "chunked.h"

#include "../../common/wire/bytes.h"

#include <string.h>

#define DIGITS_MAX 8    /* leading zeros included */
#define THROWN_MAX 4096 /* bytes of all extensions and trailers of a body */

static int take_size_end(struct chunked *chunked, char byte, size_t size, struct fault *fault) {
        if (chunked->digits == 0 || (byte != '\r' && byte != ';'))
                return fault_bad_request(fault, "a chunk without a size");
        if (chunked->chunk > size - chunked->body_len)
                return fault_set(fault, 413, "invalid_request", "the body is longer than 64 KiB");
        chunked->place = byte == ';' ? CHUNKED_EXTENSION : CHUNKED_SIZE_LF;
        return 0;
}

static int take_size(struct chunked *chunked, char byte, size_t size, struct fault *fault) {
        int value = hex_value(byte);

        if (value < 0)
                return take_size_end(chunked, byte, size, fault);
        if (++chunked->digits > DIGITS_MAX)
                return fault_bad_request(fault, "the size of a chunk has too many digits");
        chunked->chunk = chunked->chunk << 4 | (size_t)value;
        return 0;
}

/* Bytes that nobody reads; `after` follows their carriage return. */
static int throw_away(struct chunked *chunked, char byte, enum chunked_place after,
                      struct fault *fault) {
        if (byte == '\r') {
                chunked->place = after;
                return 0;
        }
        if (is_control(byte) && byte != '\t')
                return fault_bad_request(fault, "a control character between the chunks");
        if (++chunked->thrown > THROWN_MAX)
                return fault_bad_request(fault, "the chunks' extensions and trailers are too long");
        return 0;
}

/* A line feed, or a carriage return before one: the only byte that may stand here. */
static int take_exactly(struct chunked *chunked, char byte, char wanted, enum chunked_place after,
                        struct fault *fault) {
        if (byte != wanted)
                return fault_bad_request(fault, "a chunk does not end where its size says");
        chunked->place = after;
        return 0;
}

static int begin_chunk(struct chunked *chunked) {
        chunked->digits = 0;
        chunked->chunk = 0;
        return 0;
}

static int begin_trailer(struct chunked *chunked, char byte, struct fault *fault) {
        if (byte == '\r') {
                chunked->place = CHUNKED_LAST_LF;
                return 0;
        }
        chunked->place = CHUNKED_TRAILER;
        return throw_away(chunked, byte, CHUNKED_TRAILER_LF, fault);
}

static int take_byte(struct chunked *chunked, char byte, size_t size, struct fault *fault) {
        switch (chunked->place) {
        case CHUNKED_SIZE:
                return take_size(chunked, byte, size, fault);
        case CHUNKED_EXTENSION:
                return throw_away(chunked, byte, CHUNKED_SIZE_LF, fault);
        case CHUNKED_SIZE_LF:
                return take_exactly(chunked, byte, '\n',
                                    chunked->chunk > 0 ? CHUNKED_DATA : CHUNKED_LINE, fault);
        case CHUNKED_DATA_CR:
                return take_exactly(chunked, byte, '\r', CHUNKED_DATA_LF, fault);
        case CHUNKED_DATA_LF:
                begin_chunk(chunked);
                return take_exactly(chunked, byte, '\n', CHUNKED_SIZE, fault);
        case CHUNKED_LINE:
                return begin_trailer(chunked, byte, fault);
        case CHUNKED_TRAILER:
                return throw_away(chunked, byte, CHUNKED_TRAILER_LF, fault);
        case CHUNKED_TRAILER_LF:
                return take_exactly(chunked, byte, '\n', CHUNKED_LINE, fault);
        case CHUNKED_LAST_LF:
                return take_exactly(chunked, byte, '\n', CHUNKED_DONE, fault);
        case CHUNKED_DATA:
        case CHUNKED_DONE:
                break;
        }
        return fault_bad_request(fault, "a chunk out of place");
}

/* take_size_end() has seen that the chunk fits. */
static size_t take_data(struct chunked *chunked, const char *bytes, size_t len, char *body) {
        size_t part = len < chunked->chunk ? len : chunked->chunk;

        memcpy(body + chunked->body_len, bytes, part);
        chunked->body_len += part;
        chunked->chunk -= part;
        if (chunked->chunk == 0)
                chunked->place = CHUNKED_DATA_CR;
        return part;
}

int chunked_decode(struct chunked *chunked, const char *bytes, size_t len, char *body, size_t size,
                   size_t *ret_used, struct fault *fault) {
        size_t used = 0;
        int r;

        while (used < len && chunked->place != CHUNKED_DONE) {
                if (chunked->place == CHUNKED_DATA) {
                        used += take_data(chunked, bytes + used, len - used, body);
                        continue;
                }
                r = take_byte(chunked, bytes[used++], size, fault);
                if (r < 0)
                        return r;
        }
        if (chunked->place != CHUNKED_DONE)
                return -EAGAIN;
        *ret_used = used;
        return 0;
}
