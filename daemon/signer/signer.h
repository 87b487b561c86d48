/* The signer's state, and its steps. */
#ifndef JETON_SIGNER_SIGNER_H
#define JETON_SIGNER_SIGNER_H

#include "../privsep/channel.h"
#include "compose.h"
#include "keyring.h"
#include "life.h"

struct signer {
        struct channel control, authority;
        struct limits limits, new_limits; /* the new ones come into force with GO */
        struct key_rules rules, new_rules;
        enum key_algorithm algorithm, new_algorithm; /* of tickets, and where none is named */
        int keys_dir;                                /* owned */
        int keys_page_fd;                            /* owned; -1 once it has been used */
        struct keys_page *page;
        struct keyring keyring;
        int64_t turn_ms; /* when to look for what is due; clock_monotonic_ms() */
};

/* publish.c: what the page says from now on, made of the keyring and the issuer. */
void keys_publish(struct keys_page *page, const struct keyring *keyring, const char *issuer);

/* changes.c: what has become of which key, to the log and to the authority, for the audit line.
 * After the change is true: `before` is the keyring that was in force. */
void changes_tell(struct signer *signer, const struct keyring *before, enum key_cause cause);

/* keys.c: the keys as the disk has them, with everything done that is due. 0 or -errno, logged. */
int keys_open(struct signer *signer);
/* Whatever is due now, written and published. A failure is logged and tried again later. */
void keys_turn(struct signer *signer);
/* Each answers with MSG_KEY for every key and MSG_KEYS_END. 0 or -errno: the authority's channel is
 * broken. */
int answer_keys_list(struct signer *signer, const struct frame *frame);
int answer_key_rotate(struct signer *signer, const struct frame *frame);
int answer_key_drop(struct signer *signer, const struct frame *frame);

/* sign.c: each answers with MSG_SIGNED or MSG_NOT_SIGNED. 0 or -errno: the authority's channel is
 * broken. */
int answer_sign_access(struct signer *signer, const struct frame *frame);
int answer_sign_ticket(struct signer *signer, const struct frame *frame);

/* mac.c: whether that is the MAC of those bytes, and nothing else: there is no "sign these bytes".
 */
int answer_check_mac(struct signer *signer, const struct frame *frame);

/* setup.c: one message of the parent's, before GO (child_setup) and after it. 0 or -errno. */
int setup_take(void *context, struct frame *frame);

/* GO: the limits that came last are in force. 0 or -errno, logged. */
int setup_done(struct signer *signer);
int reload_done(struct signer *signer);

#endif
