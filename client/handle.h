/* A handle of the library, seen from inside. */
#ifndef JETON_CLIENT_HANDLE_H
#define JETON_CLIENT_HANDLE_H

#include "../include/jeton.h"

#include "failure.h"
#include "keys.h"
#include "place.h"

struct jeton {
        struct place place;
        unsigned timeout_ms;
        struct key_source keys;
        struct status_source status;
        struct failure failure; /* of the last call that failed */
};

/* Copies a struct of the caller's that begins with its size. An older caller's is shorter: the rest
 * is zero. A newer one's is longer: taken when what we do not know of it is zero. 0 or -EINVAL. */
int argument_take(const void *given, size_t known, void *ret);

#endif
