/* The end of sessions and tokens: what is written of it, and how memory and page follow when it is
 * committed. */
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

/* Where there is more than is removed at once: most of the time is left to others. */
#define SWEEP_MORE_MS 100

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

struct revoked revoked_user(uint64_t user_id, int64_t before) {
        struct revoked revoked = {.kind = REVOKED_SUBJECT, .user_id = user_id, .before = before};

        snprintf(revoked.claim, sizeof revoked.claim, "%llu", (unsigned long long)user_id);
        return revoked;
}

struct revoked revoked_session(const char *sid, const char *sub) {
        struct revoked revoked = {.kind = REVOKED_SESSION};

        snprintf(revoked.claim, sizeof revoked.claim, "%s", sid);
        snprintf(revoked.sub, sizeof revoked.sub, "%s", sub);
        return revoked;
}

/* A jti and a sid are never given twice. */
static int64_t revoked_before(const struct revoked *revoked, int64_t until_now) {
        if (revoked->kind == REVOKED_TOKEN || revoked->kind == REVOKED_SESSION)
                return REVOKED_WHENEVER;
        return revoked->before > 0 ? revoked->before : until_now;
}

/* Everything is the ID tokens of outside issuers, too. */
static int64_t revoked_drop_at(const struct authority *authority, const struct revoked *revoked,
                               int64_t now) {
        int64_t outside = now + OUTSIDE_LIFETIME_MAX_S + LEEWAY_MAX_S + VERIFIER_LEEWAY_S, usual;

        if (revoked->expires_at > 0)
                return revoked->expires_at + authority->settings->leeway_s + VERIFIER_LEEWAY_S;
        usual = horizon(authority, now);
        return revoked->kind == REVOKED_ALL && usual < outside ? outside : usual;
}

static int revocation_name(const struct revoked *revoked, struct revocation *revocation) {
        int r;

        r = revocation_digest(text_of(revoked->claim), revocation->entry.value);
        if (r < 0 || !revoked->sub[0])
                return r;
        revocation->has_subject = true;
        return revocation_digest(text_of(revoked->sub), revocation->subject);
}

/* "Until now" is every session there is, also where the clock has been set back since its login. */
static int64_t logins_before(int64_t before, int64_t now) {
        return before > now ? INT64_MAX : before;
}

/* As the store wants it; lent by `revoked`. */
static int revocation_make(const struct authority *authority, const struct revoked *revoked,
                           struct revocation *ret) {
        int64_t now = clock_wall_s(), until_now = sessions_until_now(authority);
        int64_t before = revoked_before(revoked, until_now);

        *ret = (struct revocation){
                .entry = {.kind = revoked->kind,
                          .before = before,
                          .drop_at = revoked_drop_at(authority, revoked, now)},
                .now = now,
                .until = until_now,
                .horizon = horizon(authority, now),
                .is_crowded = authority->revocations.count + authority->revoking.count >=
                              STATUS_REVOCATIONS_MAX,
                .user_id = revoked->user_id,
                .login_before = logins_before(before, now),
        };
        if (revoked->kind == REVOKED_SESSION)
                ret->sid = text_of(revoked->claim);
        if (revoked->kind == REVOKED_SUBJECT)
                ret->kept_sid = text_of(revoked->kept_sid);
        if (revoked->kind == REVOKED_CLIENT)
                ret->client_id = text_of(revoked->claim);
        return revocation_name(revoked, ret);
}

static int revocation_store(struct authority *authority, struct transaction *transaction,
                            const struct revocation *revocation) {
        bool collapsed = false;
        int r;

        r = revocations_store(transaction, revocation, &collapsed);
        if (r < 0) {
                log_error("a revocation could not be stored: %s", store_error(authority->store));
                return r;
        }
        if (collapsed) {
                log_notice("%s too many revoked tokens: all of %s until now are",
                           revocation->is_crowded ? "there are" : "a subject has",
                           revocation->is_crowded ? "those who have several" : "his");
                authority->revocations_are_old = true;
                authority->logins.is_review_whole = true;
        }
        return 0;
}

static int revocation_note(struct authority *authority, const struct revocation *revocation) {
        authority->revoked_serial++;
        authority->status_is_old = true;
        return revocations_add(&authority->revoking, &revocation->entry);
}

int sessions_revoke_tokens(struct authority *authority, struct transaction *transaction,
                           const struct revoked *revoked) {
        struct revocation revocation;
        int r;

        r = revocation_make(authority, revoked, &revocation);
        if (r == 0)
                r = revocation_store(authority, transaction, &revocation);
        return r < 0 ? r : revocation_note(authority, &revocation);
}

/* A session that began before a time, and ends because of that, may have been given a token since.
 * Of a user these are few. */
static int younger_revoke(struct authority *authority, struct transaction *transaction,
                          const struct revocation *revocation) {
        struct sessions_of_user used = {.count = 0};
        struct revoked revoked;
        size_t i;
        int r = 0;

        if (revocation->entry.kind == REVOKED_SUBJECT &&
            revocation->entry.before <= revocation->now)
                r = revocation_find_used(transaction, revocation,
                                         revocation->entry.before - BIRTH_AHEAD_S, &used);
        for (i = 0; r == 0 && i < used.count; i++) {
                revoked = revoked_session(used.sids[i], "");
                r = sessions_revoke_tokens(authority, transaction, &revoked);
        }
        return r;
}

int sessions_revoke(struct authority *authority, struct transaction *transaction,
                    const struct revoked *revoked) {
        struct revocation revocation;
        int r;

        r = revocation_make(authority, revoked, &revocation);
        if (r == 0)
                r = younger_revoke(authority, transaction, &revocation);
        if (r == 0)
                r = revocation_store(authority, transaction, &revocation);
        if (r == 0)
                r = login_sessions_write_revoked(authority, transaction, revoked, &revocation);
        if (r == 0)
                r = revocation_note(authority, &revocation);
        /* This part of the commit is taken back: so is what was noted of it. */
        if (r < 0)
                authority->revocations_are_old = authority->status_is_old = true;
        return r;
}

/* ---- after the commit ---- */

static int revocations_merge(struct authority *authority) {
        size_t i;
        int r = 0;

        for (i = 0; r == 0 && i < authority->revoking.count; i++)
                r = revocations_add(&authority->revocations, &authority->revoking.entries[i]);
        return r;
}

static int revocations_follow(struct authority *authority) {
        int r;

        r = authority->revocations_are_old ? revocations_reload(authority)
                                           : revocations_merge(authority);
        authority->revocations_are_old = r < 0;
        revocations_clear(&authority->revoking);
        return r;
}

int sessions_follow(struct authority *authority) {
        int r;

        r = revocations_follow(authority);
        if (r < 0 || !authority->status_is_old)
                return r;
        r = status_publish(authority);
        authority->status_is_old = r < 0;
        login_sessions_follow(authority);
        return r;
}

void sessions_drop(struct authority *authority) {
        login_sessions_spare(authority);
        revocations_clear(&authority->revoking);
}

/* ---- is it over? ---- */

/* The count tells a revocation of this very second that came first from one that came meanwhile. */
int sessions_were_ended(const struct call *call, const struct holder *holder, int64_t since,
                        bool *ret) {
        const struct authority *authority = call->authority;
        struct claims claims = {.iss = ""};
        int64_t before = 0, being_written = 0;
        int r = 0;

        if (text_copy(holder->sub, claims.sub, sizeof claims.sub) < 0 ||
            text_copy(holder->sid, claims.sid, sizeof claims.sid) < 0 ||
            text_copy(holder->client_id, claims.client_id, sizeof claims.client_id) < 0)
                return -EMSGSIZE;
        if (call->revoked_serial != authority->revoked_serial)
                r = revocations_before(&authority->revocations, &claims, &before);
        if (r == 0)
                r = revocations_before(&authority->revoking, &claims, &being_written);
        if (r == 0)
                *ret = before > since || being_written > since;
        return r;
}

int sessions_token_ended(const struct authority *authority, const struct claims *claims,
                         bool *ret) {
        int64_t before = 0, being_written = 0;
        int r;

        r = revocations_before(&authority->revocations, claims, &before);
        if (r == 0)
                r = revocations_before(&authority->revoking, claims, &being_written);
        if (r == 0)
                *ret = before > claims->iat || being_written > claims->iat;
        return r;
}

/* ---- what is over ---- */

static void sweep_due(void *context);

/* The next round: when a grace ends, at the latest in a minute. */
static void sweep_set(struct authority *authority, int64_t next_grace) {
        int64_t now = clock_wall_s(), in_ms = SWEEP_EVERY_S * 1000;

        if (next_grace < now + SWEEP_EVERY_S)
                in_ms = next_grace > now ? (next_grace - now) * 1000 : SWEEP_MORE_MS;
        if (loop_timer(authority->loop, &authority->sweep, clock_monotonic_ms() + in_ms, sweep_due,
                       authority) < 0)
                log_error("what is over will not be removed: out of memory");
}

static int sweep_write(void *context, struct transaction *transaction) {
        struct authority *authority = context;
        uint64_t entries = 0;
        int r;

        r = sessions_sweep(transaction, clock_wall_s(), authority->settings->refresh_idle_s,
                           &entries, &authority->next_grace);
        if (r < 0)
                log_warning("what is over could not be removed: %s", store_error(authority->store));
        if (entries > 0)
                authority->revocations_are_old = authority->status_is_old = true;
        return r;
}

static void sweep_done(void *context, int r) {
        struct authority *authority = context;

        sweep_set(authority, r < 0 ? INT64_MAX : authority->next_grace);
}

static void sweep_due(void *context) {
        struct authority *authority = context;

        if (commit_ask(authority, &authority->sweeping, sweep_write, sweep_done, authority) < 0)
                sweep_set(authority, INT64_MAX);
}

static int lifetimes_write(void *context, struct transaction *transaction) {
        struct authority *authority = context;
        int r;

        r = lifetimes_store(transaction, clock_wall_s(),
                            settings_longest_lifetime(authority->settings), &authority->horizon);
        if (r < 0)
                log_error("the lifetimes could not be stored: %s", store_error(authority->store));
        return r;
}

int sessions_take_settings(struct authority *authority) {
        return commit_alone(authority, lifetimes_write, authority);
}

/* The first commit brings memory and page after it, whatever has come before. */
int sessions_start(struct authority *authority) {
        int r;

        authority->revocations_are_old = authority->status_is_old = true;
        r = sessions_take_settings(authority);
        if (r == 0)
                r = sessions_remember_births(authority);
        if (r == 0)
                sweep_set(authority, 0);
        return r;
}
