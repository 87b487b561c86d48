/* The login that `jeton login --save` keeps: one file of the caller's own, 0600, in
 * $XDG_RUNTIME_DIR, else in ~/.local/state/jeton. */
#ifndef JETON_CLI_SAVED_H
#define JETON_CLI_SAVED_H

#include "../../common/secret.h"
#include "command.h"

struct saved {
        struct secret *access, *refresh; /* owned; refresh may be NULL */
        int64_t expires_at;              /* of the access token; clock_wall_s() */
};

/* Puts the login in place of what is saved: whole and on the disk, or not at all. 0, or -errno
 * having said why. */
int saved_write(const struct cli *cli, const struct jeton_tokens *tokens);

/* -ENOENT, in silence: none is saved for this socket; other -errno, having said why. */
int saved_read(const struct cli *cli, struct saved *ret);

/* 0, or -errno having said why. */
int saved_remove(void);

/* A saved access token that is good for `min_valid` seconds more, refreshed when it is not.
 * -ENOENT, in silence: no login is saved; other -errno, having said why. */
int saved_token(struct cli *cli, int64_t min_valid, int64_t *ret_expires_at, struct secret **ret);

void saved_clear(struct saved *saved);

#endif
