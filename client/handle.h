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
        struct failure failure; /* of the last call that failed */
};

#endif
