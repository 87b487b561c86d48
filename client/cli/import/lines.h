/* The lines of a file of any size, each within a bound. */
#ifndef JETON_CLI_IMPORT_LINES_H
#define JETON_CLI_IMPORT_LINES_H

#include "../../../common/text.h"

#include <stdint.h>

#define LINE_BYTES_MAX  32768
#define LINES_AT_A_TIME 65536

enum line_fault {
        LINE_FINE = 0,
        LINE_LONG,
        LINE_NUL,
        LINE_NO_UTF8,
};

struct line_place {
        size_t start;         /* bytes[start..] are not handed out yet */
        unsigned long number; /* of the line last handed out, from 1 */
        uint64_t offset;      /* bytes that were handed out */
};

struct lines {
        int fd; /* borrowed */
        struct line_place at, mark;
        bool is_marked;
        size_t len;     /* bytes[..len] are read */
        bool is_at_end; /* of the file; bytes may be left */
        char bytes[LINES_AT_A_TIME];
};

/* Zeroed, and `fd` in it. Reads ahead: the first bytes of the file, for who must know what it is.
 * 0 or -errno of read(2), -EINTR too. */
int lines_peek(struct lines *lines, struct text *ret);

/* The next line, without its end (LF or CR LF), without the byte order mark of the first; lent
 * until the next call. Of a line with a fault the text is empty. 0; -ENOENT behind the last one;
 * -ENOBUFS: with a mark set, there is no room for it; other -errno of read(2). */
int lines_next(struct lines *lines, struct text *ret, enum line_fault *ret_fault);

/* Whether the lines from here on are to be kept, for lines_rewind(), which reads them again. */
void lines_mark(struct lines *lines, bool is_marked);
void lines_rewind(struct lines *lines);

/* Wipes what is left. */
void lines_clear(struct lines *lines);

#endif
