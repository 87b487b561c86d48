/* A handle of the library, seen from inside. */
#ifndef JETON_CLIENT_HANDLE_H
#define JETON_CLIENT_HANDLE_H

#include "../include/jeton.h"

#include "failure.h"
#include "keys.h"
#include "place.h"

#include <pthread.h>

struct jeton {
        uint64_t number; /* no other handle of the process had it: never 0 */
        struct place place;
        unsigned timeout_ms;

        /* Everything above is for any thread, for it never changes. */
        pthread_mutex_t lock;
        struct key_source keys;
        struct status_source status;
};

/* Where the calling thread keeps the sentence of its last call on this handle; NULL: of a call
 * that had none. */
struct failure *handle_failure(const struct jeton *jeton);

/* 0; -EINVAL, having said so, unless every argument that must be there is there. */
int arguments_check(const struct jeton *jeton, bool all_there);

/* Copies a struct of the caller's that begins with its size. An older caller's is shorter: the rest
 * is zero. A newer one's is longer: taken when what we do not know of it is zero. 0; -EINVAL,
 * having said so: it is not, or has no size that a struct of ours will ever have. */
int argument_take(const struct jeton *jeton, const void *given, size_t known, void *ret);

#endif
