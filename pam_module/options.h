/* The module's arguments, as they stand in the PAM configuration. */
#ifndef JETON_PAM_OPTIONS_H
#define JETON_PAM_OPTIONS_H

#include "../common/text.h"
#include "../common/wire/login.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum password_source {
        PASSWORD_ASK = 0,   /* ask for one, whatever an earlier module has */
        PASSWORD_TRY_FIRST, /* take an earlier module's, ask when there is none */
        PASSWORD_USE_FIRST, /* take an earlier module's, never ask */
};

struct options {
        const char *socket;  /* borrowed: libpam's argv, or a literal */
        bool socket_is_ours; /* named by an argument: a server of our own euid is believed too */
        int64_t timeout_ms;  /* the whole exchange */
        uid_t min_uid;       /* accounts below are not ours */
        enum password_source password_source;
        enum password_source new_password_source;
        bool ignore_unknown_user; /* an account that is not ours is no matter of this stack */
        struct text require_role; /* borrowed: libpam's argv; empty: none */
        struct text audience,
                scope; /* borrowed: of the session's token; empty: the daemon's rule */
        bool debug;
};

/* 0; -EINVAL with the index of the first argument that is unknown in that phase, malformed or
 * repeated. Then, too, *ret_options is complete: defaults, and what stands before the bad argument.
 */
int options_read(enum pam_phase phase, int argc, const char **argv, struct options *ret_options,
                 int *ret_bad);

#endif
