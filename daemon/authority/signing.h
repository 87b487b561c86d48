/* The signer's other end: questions in, tokens out. */
#ifndef JETON_AUTHORITY_SIGNING_H
#define JETON_AUTHORITY_SIGNING_H

#include "../../common/jwt/verify.h"
#include "call.h"

/* Takes over the channel to the signer. 0 or -errno. */
int signing_join(struct authority *authority, int fd);

/* Ask for a token; the call goes on in `then`. 0 or -errno. */
int sign_ask_access(struct call *call, const struct msg_sign_access *fields, call_signed *then);
int sign_ask_ticket(struct call *call, const struct msg_sign_ticket *fields, call_signed *then);

/* Serials of questions that are of no call: no connection has a slot up there. */
#define SIGNING_OWN UINT64_C(0xffff00000000)

/* The same for a session's renewal: login_sessions_take_signed() is given the answer. -ESTALE: the
 * session is revoked; other -errno. */
int sign_ask_own(struct authority *authority, uint64_t serial,
                 const struct msg_sign_access *fields);

/* MSG_KEYS_LIST, MSG_KEY_ROTATE, MSG_KEY_DROP: `then` is given each MSG_KEY, and MSG_KEYS_END. 0 or
 * -errno. */
int sign_ask_keys(struct call *call, enum message_type type, const void *fields, call_keys *then);

/* Whether that is the MAC of those bytes; the call goes on in `then`. 0 or -errno. */
int sign_ask_mac(struct call *call, const struct mac_question *question, call_checked *then);

#endif
