/* POST /pam/password/check and /pam/password: passwd(1) changes a password.
 *
 *         login_check_present()     is the present one right; nothing is changed yet
 *         login_change_password()   the same question, as nothing is kept between the two
 *         change_judged()           whose session goes on, is the new one good enough
 *         change_made()             two workers agree: commit, then the ticket */
#include "pam.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../common/jwt/verify.h"
#include "bearer.h"
#include "change.h"
#include "new_hash.h"

#include <inttypes.h>
#include <stdio.h>

/* Of who need not know the present one, for the audit line. */
#define BY_ROOT "reason=by-root"

static int refused(struct call *call, enum password_verdict verdict) {
        char reason[PASSWORD_REASON_MAX];

        password_reason(call, verdict, reason);
        return login_sign(call, LOGIN_DENIED, reason);
}

static int check_judged(struct call *call, enum password_verdict verdict) {
        if (verdict == PASSWORD_RIGHT && login_is_linked(call))
                return login_sign(call, LOGIN_GRANTED, "");
        return refused(call, verdict);
}

/* Only who need not know the password is told that there is no user. */
static int by_root(struct call *call, call_step *then) {
        return call->user ? then(call) : login_sign(call, LOGIN_UNKNOWN, "");
}

static int check_granted(struct call *call) {
        return login_sign(call, LOGIN_GRANTED, BY_ROOT);
}

int login_check_present(struct call *call, const struct msg_ask_pam *ask) {
        if (ask->by_root)
                return by_root(call, check_granted);
        return login_ask_password(call, ask, check_judged);
}

/* ---- the change ---- */

static int change_told(struct call *call, enum refusal refusal) {
        if (refusal)
                return login_sign(call, LOGIN_DENIED, "reason=changed-meanwhile");
        return login_sign(call, LOGIN_GRANTED, call->change->proven_hash ? "" : BY_ROOT);
}

static int change_made(struct call *call) {
        return change_commit(call, change_told);
}

static int change_unfit(struct call *call, enum complaint complaint, uint32_t at_least) {
        static const enum login_verdict verdicts[COMPLAINT_COUNT] = {
                [COMPLAINT_SHORT] = LOGIN_SHORT,     [COMPLAINT_LONG] = LOGIN_LONG,
                [COMPLAINT_COMMON] = LOGIN_COMMON,   [COMPLAINT_NAME] = LOGIN_NAME,
                [COMPLAINT_SIMILAR] = LOGIN_SIMILAR, [COMPLAINT_SIMPLE] = LOGIN_SIMPLE,
        };

        call->step.login->at_least = at_least;
        return login_sign(call, verdicts[complaint], "");
}

static int new_password_ask(struct call *call) {
        secret_free(take(call->password));
        call->password = take(call->change->new_password);
        return new_hash_ask(call, text_of(call->user->name), change_made, change_unfit);
}

static int change_judged(struct call *call, enum password_verdict verdict) {
        const struct text hash = secret_text(call->user ? call->user->hash : NULL);
        int r;

        if (verdict != PASSWORD_RIGHT || !login_is_linked(call))
                return refused(call, verdict);
        r = secret_new(hash.p, hash.len, &call->change->proven_hash);
        if (r < 0)
                return r;
        call->new_hash.old_password = take(call->change->old_password);
        return new_password_ask(call);
}

/* The session that asks, when a token of it is shown: any that is good, and this user's. */
static int session_find(struct call *call, struct text token) {
        struct expectation expect = {
                .now = clock_wall_s(),
                .leeway = call->settings->leeway_s,
        };
        enum verdict verdict = VERDICT_INVALID;
        struct claims claims;
        char sub[24];
        int r;

        if (!call->user || token.len == 0)
                return 0;
        r = bearer_load_keys(call->authority);
        if (r == 0)
                r = token_verify(call->authority->keyset, &call->authority->revocations, token,
                                 &expect, &verdict, &claims);
        if (r < 0 || verdict != VERDICT_VALID)
                return r;
        snprintf(sub, sizeof sub, "%" PRIu64, call->user->id);
        if (text_is(text_of(claims.sub), text_of(sub)))
                memcpy(call->change->kept_sid, claims.sid, sizeof call->change->kept_sid);
        return 0;
}

int login_change_password(struct call *call, const struct msg_ask_pam *ask) {
        struct change *change;
        int r;

        r = change_new(call, &change);
        if (r < 0)
                return r;
        change->members = USER_PASSWORD;
        change->is_of_account = true;
        change->account = ask->uid;
        r = secret_new(ask->new_password.p, ask->new_password.len, &change->new_password);
        if (r == 0)
                r = secret_new(ask->password.p, ask->password.len, &change->old_password);
        if (r == 0 && !ask->by_root) /* a reset ends them all, also the one it is made in */
                r = session_find(call, ask->proof);
        if (r < 0)
                return r;
        if (ask->by_root)
                return by_root(call, new_password_ask);
        return login_ask_password(call, ask, change_judged);
}
