/* The life of a key: prepared -> active -> retired -> dropped. What is due at a time, and what the
 * administrator asks for; each function changes a copy of the keyring that is not in force yet. */
#ifndef JETON_SIGNER_LIFE_H
#define JETON_SIGNER_LIFE_H

#include "../privsep/message.h"
#include "keyring.h"

#define ALGORITHM_BIT(algorithm) (1u << (algorithm))

struct key_rules {
        uint32_t wanted;    /* ALGORITHM_BIT()s: of each of these one key is active */
        uint32_t rotate_s;  /* age at which an active key is replaced; 0: only by command */
        uint32_t prepare_s; /* how long a key is published before it signs */
        uint32_t keep_s;    /* how long a retired key verifies: as long as its last token lives */
};

/* Everything that is due: missing keys made, those whose time has come moved on, those of
 * algorithms that are not wanted any more retired. *ret_changed says whether there was anything. 0
 * or -errno, logged. */
int life_turn(struct keyring *next, const struct key_rules *rules, int dir, int64_t now,
              bool *ret_changed);

/* Seconds until something is due; INT32_MAX when nothing is. */
int32_t life_due_in(const struct keyring *keyring, const struct key_rules *rules, int64_t now);

/* A successor for the active key of that algorithm, or of all that are wanted (KEY_NONE): published
 * now, active after prepare_s, or at once. KEYS_DONE or why not. */
enum keys_outcome life_rotate(struct keyring *next, const struct key_rules *rules, int dir,
                              enum key_algorithm algorithm, bool at_once, int64_t now);

/* The key verifies nothing any more. An active one has a successor first. */
enum keys_outcome life_drop(struct keyring *next, const struct key_rules *rules, int dir,
                            struct text kid, int64_t now);

#endif
