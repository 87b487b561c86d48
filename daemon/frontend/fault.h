/* Why a request is refused: what the caller is told and the log repeats. The texts are our own
 * literals, so that nothing a caller wrote can come back in them. */
#ifndef JETON_FRONTEND_FAULT_H
#define JETON_FRONTEND_FAULT_H

#include <errno.h>
#include <stdint.h>

struct fault {
        uint16_t status;         /* HTTP */
        const char *error;       /* RFC 6749 5.2 code; borrowed for ever */
        const char *description; /* ASCII; borrowed for ever */
};

/* Says why, and gives the -EBADMSG to pass up: who answers the request reads the fault then. */
static inline int fault_set(struct fault *fault, uint16_t status, const char *error,
                            const char *description) {
        *fault = (struct fault){status, error, description};
        return -EBADMSG;
}

/* The commonest one. */
static inline int fault_bad_request(struct fault *fault, const char *description) {
        return fault_set(fault, 400, "invalid_request", description);
}

#endif
