/* Scope attributes and ownership: what a function opens it closes on every way out.
 *
 *         _cleanup_(closep) int fd = -1;
 *         ...
 *         *ret_fd = take_fd(&fd);
 */
#ifndef JETON_CLEANUP_H
#define JETON_CLEANUP_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(function) __attribute__((cleanup(function)))

/* Moves a pointer out of a variable, which is NULL afterwards. */
#define take(pointer)                                     \
        ({                                                \
                __typeof__(pointer) *_place = &(pointer); \
                __typeof__(pointer) _value = *_place;     \
                *_place = NULL;                           \
                _value;                                   \
        })

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

static inline int take_fd(int *fd) {
        int value = *fd;

        *fd = -1;
        return value;
}

/* Closes *fd if it is open and leaves errno alone. */
static inline void closep(int *fd) {
        int saved = errno;

        if (*fd >= 0)
                close(*fd);
        *fd = -1;
        errno = saved;
}

static inline void freep(void *place) {
        void **pointer = place;

        free(*pointer);
        *pointer = NULL;
}

static inline void fclosep(FILE **file) {
        if (*file)
                fclose(*file);
        *file = NULL;
}

#endif
