/* Checking a password. Every login takes the same steps: whoever is unknown, disabled or has no
 * usable hash is given a decoy setting of the cost that new passwords have. */
#include "password.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../common/log.h"
#include "sources.h"

#include <errno.h>
#include <stdio.h>

static bool has_usable_hash(const struct user *user, char setting[SETTING_MAX]) {
        struct text digest;
        int r;

        if (!user || !user_is_active(user, clock_wall_s()) || !user->hash)
                return false;
        r = setting_of_hash(secret_text(user->hash), setting, &digest);
        if (r == 0)
                return true;
        log_warning("the password of user %llu cannot be verified: the hash (%s) is %s",
                    (unsigned long long)user->id, setting_scheme_name(secret_text(user->hash)),
                    r == -ERANGE ? "over the ceiling of cost" : "none that is known here");
        return false;
}

static bool holds(const struct call *call, struct text computed) {
        const struct user *user = call->user;

        if (!user || !user_is_active(user, clock_wall_s()) || !user->hash ||
            call->password->len == 0)
                return false;
        return setting_digest_equal(secret_text(user->hash), computed);
}

/* What he was when he was asked for is over: since then he may have been disabled or removed, or
 * have another password. */
static int user_reload(struct call *call) {
        struct user *now = NULL;
        int r = 0;

        if (call->user)
                r = users_find_id(call->authority->store, call->user->id, &now);
        if (r == -ENOENT)
                call->user->disabled = true;
        if (!now)
                return r == -ENOENT ? 0 : r;
        user_free(call->user);
        call->user = now;
        return 0;
}

static int compare(struct call *call, const struct msg_hashed *answer) {
        int r;

        r = user_reload(call);
        return r < 0 ? r : call->matched(call, holds(call, answer->hash));
}

int password_match(struct call *call, call_matched *then) {
        int r = 0;

        if (!has_usable_hash(call->user, call->setting))
                r = setting_decoy(call->setting);
        if (r < 0)
                return r;
        call->matched = then;
        call->hashed = compare;
        return workers_hash(call, call->setting, false);
}

static enum counted_attempt attempt_of(enum password_verdict verdict) {
        switch (verdict) {
        case PASSWORD_RIGHT:
                return COUNTED_RIGHT;
        case PASSWORD_REPLACED:
                return COUNTED_LOGIN_CODE;
        case PASSWORD_THROTTLED:
                return COUNTED_THROTTLED;
        default:
                return COUNTED_WRONG;
        }
}

/* Only a hash that renewal.c replaces needs the password any more. */
int password_judged(struct call *call, enum password_verdict verdict) {
        call->authority->counts[COUNT_ATTEMPTS + attempt_of(verdict)]++;
        if (verdict != PASSWORD_RIGHT || !call->user->hash ||
            !setting_is_outdated(secret_text(call->user->hash)))
                secret_free(take(call->password));
        return call->judged(call, verdict);
}

static int judge(struct call *call, bool is_right) {
        gate_leave(call, is_right ? THROTTLE_SUCCEEDED : THROTTLE_FAILED);
        return password_judged(call, is_right ? PASSWORD_RIGHT : PASSWORD_WRONG);
}

static int replacement_judge(struct call *call, bool *ret_proven) {
        int r;

        if (!call->replacement)
                return 0;
        r = user_reload(call);
        return r < 0 ? r : call->replacement(call, ret_proven);
}

static int take_turn(struct call *call, bool may_try) {
        bool is_replaced = false;
        int r;

        if (!may_try)
                return password_judged(call, PASSWORD_THROTTLED);
        r = replacement_judge(call, &is_replaced);
        if (r < 0)
                return r;
        if (is_replaced) {
                gate_leave(call, THROTTLE_SUCCEEDED);
                return password_judged(call, PASSWORD_REPLACED);
        }
        return password_match(call, judge);
}

int password_ask(struct call *call, const struct throttle_key *key, struct text password,
                 call_judged *then) {
        int r;

        r = secret_new(password.p, password.len, &call->password);
        if (r < 0)
                return r;
        call->judged = then;
        return gate_enter(call, key, take_turn);
}

int password_ask_unless(struct call *call, const struct throttle_key *key, struct text password,
                        call_proof *replacement, call_judged *then) {
        call->replacement = replacement;
        return password_ask(call, key, password, then);
}

void password_reason(const struct call *call, enum password_verdict verdict,
                     char ret[PASSWORD_REASON_MAX]) {
        if (verdict == PASSWORD_THROTTLED)
                snprintf(ret, PASSWORD_REASON_MAX, "reason=throttled until=%lld",
                         (long long)call->pass.locked_until);
        else
                snprintf(ret, PASSWORD_REASON_MAX, "reason=credentials%s", source_detail(call));
}
