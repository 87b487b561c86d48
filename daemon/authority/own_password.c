/* PUT /users/me/password: who knows the old one may set a new one.
 *
 *         answer_password_change()   whose is it
 *         own_check_current()        is the current one right
 *         own_store()                the new one is good enough, two workers agree, and the token
 *                                    is still good: commit
 *         own_answer()               it is committed */
#include "answers.h"

#include "../../common/cleanup.h"
#include "audit.h"
#include "bearer.h"
#include "change.h"
#include "guesser.h"
#include "new_hash.h"
#include "password.h"
#include "policy.h"

#include <errno.h>

static int own_answer(struct call *call, enum refusal refusal) {
        /* Not there with that hash any more: it was changed meanwhile. */
        if (refusal)
                return call_refuse_login(call, REFUSAL_CREDENTIALS);
        return call_answer(call, MSG_ANSWER_DONE, NULL);
}

/* The token may have been revoked while the workers were busy. */
static int own_store(struct call *call) {
        const struct text bearer = secret_text(call->change->bearer);
        enum refusal refusal;
        int r;

        if (bearer.len == 0)
                return change_commit(call, own_answer);
        user_free(take(call->user));
        r = bearer_check(call, bearer, &refusal);
        if (r < 0)
                return r;
        return refusal ? call_refuse(call, refusal) : change_commit(call, own_answer);
}

/* The change holds only for him who proved the hash that was read. */
static int own_check_current(struct call *call, enum password_verdict verdict) {
        struct change *change = call->change;
        char reason[PASSWORD_REASON_MAX];
        struct text hash;
        int r;

        if (verdict != PASSWORD_RIGHT) {
                password_reason(call, verdict, reason);
                audit(call, "password-change", "refused", text_of(change->username), reason);
                return call_refuse_login(call, REFUSAL_CREDENTIALS);
        }
        hash = secret_text(call->user->hash);
        r = secret_new(hash.p, hash.len, &change->proven_hash);
        if (r < 0)
                return r;
        secret_free(take(call->password));
        call->new_hash.old_password = take(change->old_password);
        call->password = take(change->new_password);
        return new_hash_ask(call, text_of(call->user->name), own_store, new_hash_refuse);
}

static int own_keep(struct call *call, const struct msg_ask_password_change *ask,
                    const char sid[SID_LEN + 1]) {
        struct change *change;
        int r;

        r = change_new(call, &change);
        if (r < 0)
                return r;
        change->members = USER_PASSWORD;
        memcpy(change->kept_sid, sid, sizeof change->kept_sid);
        audit_keep_name(call->user ? text_of(call->user->name) : ask->username, change->username);
        r = secret_new(ask->bearer.p, ask->bearer.len, &change->bearer);
        if (r == 0)
                r = secret_new(ask->current_password.p, ask->current_password.len,
                               &change->old_password);
        if (r < 0)
                return r;
        return secret_new(ask->new_password.p, ask->new_password.len, &change->new_password);
}

/* By a token, whose session goes on; or by name, where a password may be exchanged for a token: so
 * who gets none before he has changed it can do that. Unknown is no error here: the decoy takes the
 * same steps. */
static int own_find(struct call *call, const struct msg_ask_password_change *ask,
                    struct claims *ret_claims, enum refusal *ret_refusal) {
        int r;

        if (ask->bearer.len > 0)
                return bearer_check_claims(call, ask->bearer, ret_claims, ret_refusal);
        *ret_refusal = policy_password_grant(call);
        if (*ret_refusal || !name_is_user(ask->username))
                return 0;
        r = users_find_name(call->authority->store, ask->username, &call->user);
        return r == -ENOENT ? 0 : r;
}

int answer_password_change(struct call *call, const union message *message) {
        const struct msg_ask_password_change *ask = &message->ask_password_change;
        enum refusal refusal = REFUSAL_NONE;
        struct claims claims = {.sid = ""};
        struct throttle_key guesser;
        int r;

        r = own_find(call, ask, &claims, &refusal);
        if (r < 0)
                return r;
        if (refusal)
                return call_refuse(call, refusal);
        r = own_keep(call, ask, claims.sid);
        if (r == 0)
                r = guesser_of_login(call, call->user ? text_of(call->user->name) : ask->username,
                                     &guesser);
        if (r < 0)
                return r;
        return password_ask(call, &guesser, ask->current_password, own_check_current);
}
