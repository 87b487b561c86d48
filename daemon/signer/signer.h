/* The signer's state, and its steps. */
#ifndef JETON_SIGNER_SIGNER_H
#define JETON_SIGNER_SIGNER_H

#include "../privsep/channel.h"
#include "compose.h"
#include "keyring.h"

struct signer {
        struct channel control, authority;
        struct limits limits, new_limits; /* the new ones come into force with GO */
        int keys_dir, keys_page_fd;       /* owned; -1 once they have been used */
        struct keys_page *page;
        struct keyring keyring;
};

/* publish.c: what the page says from now on, made of the keyring and the issuer. */
void keys_publish(struct keys_page *page, const struct keyring *keyring, const char *issuer);

/* sign.c: each answers with MSG_SIGNED or MSG_NOT_SIGNED. 0 or -errno: the authority's channel is
 * broken. */
int answer_sign_access(struct signer *signer, const struct frame *frame);
int answer_sign_ticket(struct signer *signer, const struct frame *frame);

/* setup.c: one message of the parent's, before GO (child_setup) and after it. 0 or -errno. */
int setup_take(void *context, struct frame *frame);

/* GO: the limits that came last are in force. 0 or -errno, logged. */
int setup_done(struct signer *signer);
int reload_done(struct signer *signer);

#endif
