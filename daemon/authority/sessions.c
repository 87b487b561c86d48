/* The end of sessions and tokens: commit, memory, page; the reply is the caller's. */
#include "sessions.h"

#include "../../common/clock.h"
#include "../../common/log.h"
#include "status.h"
#include "store/sessions.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SWEEP_EVERY_S 60

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
        if (revocation->entry.drop_at == 0)
                revocation->entry.drop_at = revocation->horizon;
        r = revocations_store(authority->store, revocation, &collapsed);
        if (r < 0) {
                log_error("a revocation could not be stored: %s", store_error(authority->store));
                return r;
        }
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

        revocation.entry.drop_at = exp + authority->settings->leeway_s + VERIFIER_LEEWAY_S;
        r = revocation_name(&revocation, REVOKED_TOKEN, jti, sub);
        return r < 0 ? r : revocation_make(authority, &revocation);
}

int sessions_revoke_user(struct authority *authority, uint64_t user_id, int64_t before) {
        struct revocation revocation = {
                .entry.before = before, .user_id = user_id, .now = clock_wall_s()};
        char sub[24];
        int r;

        snprintf(sub, sizeof sub, "%llu", (unsigned long long)user_id);
        r = revocation_name(&revocation, REVOKED_SUBJECT, text_of(sub), TEXT_NONE);
        return r < 0 ? r : revocation_make(authority, &revocation);
}

/* Times are whole seconds: what was issued in this one is revoked too. */
int sessions_end_user(struct authority *authority, uint64_t user_id, int64_t now) {
        return sessions_revoke_user(authority, user_id, now + 1);
}

int sessions_revoke_client(struct authority *authority, struct text client_id, int64_t before) {
        struct revocation revocation = {
                .entry.before = before, .client_id = client_id, .now = clock_wall_s()};
        int r;

        r = revocation_name(&revocation, REVOKED_CLIENT, client_id, TEXT_NONE);
        return r < 0 ? r : revocation_make(authority, &revocation);
}

int sessions_revoke_all(struct authority *authority, int64_t before) {
        struct revocation revocation = {.entry.before = before, .all = true, .now = clock_wall_s()};
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
        if (before > now + 1) {
                log_error("the clock was set back behind a revocation: no tokens until %lld",
                          (long long)before);
                return -EBUSY;
        }
        *ret_iat_min = before > now ? before : 0;
        return 0;
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
