/* The end of sessions and tokens: commit, memory, page; the reply is the caller's. */
#include "sessions.h"

#include "../../common/clock.h"
#include "../../common/log.h"
#include "../../common/wire/wire.h"
#include "status.h"
#include "store/sessions.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SWEEP_EVERY_S 60

/* How far ahead of its time a token may be dated, as the signer has it too. More is asked for when
 * the clock was set back, or one subject is revoked several times in a second. */
#define BIRTH_AHEAD_S 2

/* Set back by more, the clock was far off before. */
#define SET_BACK_MAX_S 3600

/* What verifiers may grant a token beyond its time: libjeton's own leeway is the longest. */
#define VERIFIER_LEEWAY_S 60

/* ---- what is in memory ---- */

static int entry_take(void *context, const struct page_revocation *entry) {
        return revocations_add(context, entry);
}

static int revocations_reload(struct authority *authority) {
        struct revocations fresh = {.entries = NULL};
        int r;

        r = revocations_list(authority->store, clock_wall_s(), entry_take, &fresh);
        if (r < 0) {
                revocations_clear(&fresh);
                return r;
        }
        revocations_clear(&authority->revocations);
        authority->revocations = fresh;
        return 0;
}

/* ---- revoking ---- */

/* When the last token that was issued until now has expired everywhere. */
static int64_t horizon(const struct authority *authority, int64_t now) {
        int64_t usual = now + settings_longest_lifetime(authority->settings);
        int64_t latest = usual > authority->horizon ? usual : authority->horizon;

        return latest + authority->settings->leeway_s + VERIFIER_LEEWAY_S;
}

static int revocation_make(struct authority *authority, struct revocation *revocation) {
        bool collapsed;
        int r;

        revocation->horizon = horizon(authority, revocation->now);
        revocation->until = sessions_until_now(authority);
        if (revocation->entry.drop_at == 0)
                revocation->entry.drop_at = revocation->horizon;
        r = revocations_store(authority->store, revocation, &collapsed);
        if (r < 0) {
                log_error("a revocation could not be stored: %s", store_error(authority->store));
                return r;
        }
        authority->revoked_serial++;
        if (collapsed)
                log_notice("a subject has too many revoked tokens: all of his until now are");
        r = collapsed ? revocations_reload(authority)
                      : revocations_add(&authority->revocations, &revocation->entry);
        return r < 0 ? r : status_publish(authority);
}

static int revocation_name(struct revocation *revocation, enum revocation_kind kind,
                           struct text claim, struct text sub) {
        int r;

        revocation->entry.kind = kind;
        r = revocation_digest(claim, revocation->entry.value);
        if (r < 0 || sub.len == 0)
                return r;
        revocation->has_subject = true;
        return revocation_digest(sub, revocation->subject);
}

int sessions_end(struct authority *authority, struct text sid, struct text sub, int64_t now) {
        struct revocation revocation = {.entry.before = REVOKED_WHENEVER, .sid = sid, .now = now};
        int r;

        r = revocation_name(&revocation, REVOKED_SESSION, sid, sub);
        return r < 0 ? r : revocation_make(authority, &revocation);
}

int sessions_revoke_token(struct authority *authority, struct text jti, struct text sub,
                          int64_t exp, int64_t now) {
        struct revocation revocation = {.entry.before = REVOKED_WHENEVER, .now = now};
        int r;

        if (exp > 0)
                revocation.entry.drop_at = exp + authority->settings->leeway_s + VERIFIER_LEEWAY_S;
        r = revocation_name(&revocation, REVOKED_TOKEN, jti, sub);
        return r < 0 ? r : revocation_make(authority, &revocation);
}

/* "Until now" is every session there is, also where the clock has been set back since its login. */
static int64_t logins_before(int64_t before, int64_t now) {
        return before > now ? INT64_MAX : before;
}

int sessions_revoke_user(struct authority *authority, uint64_t user_id, int64_t before) {
        int64_t now = clock_wall_s();
        struct revocation revocation = {
                .entry.before = before,
                .user_id = user_id,
                .login_before = logins_before(before, now),
                .now = now,
        };
        char sub[24];
        int r;

        snprintf(sub, sizeof sub, "%llu", (unsigned long long)user_id);
        r = revocation_name(&revocation, REVOKED_SUBJECT, text_of(sub), TEXT_NONE);
        return r < 0 ? r : revocation_make(authority, &revocation);
}

void sessions_note_birth(struct authority *authority, int64_t iat) {
        if (authority->latest_birth < iat)
                authority->latest_birth = iat;
}

int64_t sessions_until_now(const struct authority *authority) {
        int64_t now = clock_wall_s(), latest = authority->latest_birth;

        if (latest > now + SET_BACK_MAX_S) {
                log_warning("the clock was set back by %lld s: what was issued since is not "
                            "revoked, and good again when it is that late",
                            (long long)(latest - now));
                latest = now;
        }
        return (now > latest ? now : latest) + 1;
}

int sessions_end_user(struct authority *authority, uint64_t user_id, int64_t now) {
        int64_t before = sessions_until_now(authority);

        return sessions_revoke_user(authority, user_id, before > now ? before : now + 1);
}

int sessions_revoke_client(struct authority *authority, struct text client_id, int64_t before) {
        int64_t now = clock_wall_s();
        struct revocation revocation = {
                .entry.before = before,
                .client_id = client_id,
                .login_before = logins_before(before, now),
                .now = now,
        };
        int r;

        r = revocation_name(&revocation, REVOKED_CLIENT, client_id, TEXT_NONE);
        return r < 0 ? r : revocation_make(authority, &revocation);
}

int sessions_revoke_all(struct authority *authority, int64_t before) {
        int64_t now = clock_wall_s();
        struct revocation revocation = {
                .entry.before = before,
                .login_before = logins_before(before, now),
                .now = now,
        };
        int r;

        r = revocation_name(&revocation, REVOKED_ALL, TEXT_NONE, TEXT_NONE);
        return r < 0 ? r : revocation_make(authority, &revocation);
}

int sessions_birth(struct authority *authority, const struct claims *claims, int64_t *ret_iat_min) {
        int64_t before, now = clock_wall_s();
        int r;

        r = revocations_before(&authority->revocations, claims, &before);
        if (r < 0)
                return r;
        if (before == REVOKED_WHENEVER)
                return -ESTALE;
        if (before > now + BIRTH_AHEAD_S) {
                log_warning("no token yet: all that is issued before %lld is revoked",
                            (long long)before);
                return -EBUSY;
        }
        *ret_iat_min = before > now ? before : 0;
        sessions_note_birth(authority, *ret_iat_min);
        return 0;
}

/* The count tells a revocation of this very second that came first from one that came meanwhile. */
int sessions_were_ended(const struct call *call, struct text sub, struct text sid, int64_t since,
                        bool *ret) {
        const struct authority *authority = call->authority;
        struct claims claims = {.client_id = WIRE_CLIENT_LOCAL};
        int64_t before = 0;
        int r = 0;

        if (text_copy(sub, claims.sub, sizeof claims.sub) < 0 ||
            text_copy(sid, claims.sid, sizeof claims.sid) < 0)
                return -EMSGSIZE;
        if (call->revoked_serial != authority->revoked_serial)
                r = revocations_before(&authority->revocations, &claims, &before);
        if (r == 0)
                *ret = before > since;
        return r;
}

/* ---- what is over ---- */

static void sweep_due(void *context);

/* The next round: when a grace ends, at the latest in a minute. */
static void sweep_set(struct authority *authority, int64_t next_grace) {
        int64_t now = clock_wall_s(), in_s = SWEEP_EVERY_S;

        if (next_grace < now + in_s)
                in_s = next_grace > now ? next_grace - now : 1;
        if (loop_timer(authority->loop, &authority->sweep, clock_monotonic_ms() + in_s * 1000,
                       sweep_due, authority) < 0)
                log_error("what is over will not be removed: out of memory");
}

static int sweep(struct authority *authority, int64_t *next_grace) {
        uint64_t entries;
        int r;

        r = sessions_sweep(authority->store, clock_wall_s(), authority->settings->refresh_idle_s,
                           &entries, next_grace);
        if (r < 0) {
                log_warning("what is over could not be removed: %s", store_error(authority->store));
                return r;
        }
        if (entries == 0)
                return 0;
        r = revocations_reload(authority);
        return r < 0 ? r : status_publish(authority);
}

static void sweep_due(void *context) {
        int64_t next_grace = INT64_MAX;

        sweep(context, &next_grace);
        sweep_set(context, next_grace);
}

int sessions_take_settings(struct authority *authority) {
        int r;

        r = lifetimes_store(authority->store, clock_wall_s(),
                            settings_longest_lifetime(authority->settings), &authority->horizon);
        if (r < 0)
                log_error("the lifetimes could not be stored: %s", store_error(authority->store));
        return r;
}

int sessions_start(struct authority *authority) {
        int r;

        r = sessions_take_settings(authority);
        if (r == 0)
                r = revocations_reload(authority);
        if (r == 0)
                r = status_publish(authority);
        if (r == 0)
                sweep_set(authority, 0);
        return r;
}
