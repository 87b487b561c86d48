/* One source after the other, in the manner of a PAM stack in which each is sufficient:
 *
 *         sources_ask()      the gate, once for all of them
 *         source_ask()       the next one; behind the last: no
 *         database_matched() the database's word
 *         pam_conversed()    PAM's word, about a local account
 *         account_proved()   which user is that?
 *
 * Whoever is unknown takes the same steps as everybody else. What a source has looked at counts as
 * a guess, whatever becomes of the sources behind it. */
#include "sources.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../common/log.h"
#include "audit.h"
#include "password.h"
#include "policy.h"

#include <errno.h>
#include <stdio.h>

struct source_walk {
        char username[USER_NAME_MAX + 1]; /* empty: no name that a user or an account has here */
        size_t at;                        /* of the source that was asked last, from 1 */
        bool is_away;                     /* one of them could not tell */
        uint32_t uid;                     /* of an account that becomes a user ... */
        struct user *made;                /* ... this one; owned */
        enum users_conflict conflict;
        char detail[SOURCE_NAME_MAX + 48];
};

void source_walk_free(struct source_walk *walk) {
        if (!walk)
                return;
        user_free(walk->made);
        free(walk);
}

const char *source_detail(const struct call *call) {
        return call->walk ? call->walk->detail : "";
}

static const struct source_rule *source_now(const struct call *call) {
        return &call->settings->sources[call->walk->at - 1];
}

bool source_is_database(const struct call *call) {
        return source_now(call)->kind == SOURCE_DATABASE;
}

static int source_ask(struct call *call);

/* The password is not that of the database's hash, and nobody is to take it for that. */
static int sources_say_yes(struct call *call) {
        if (source_now(call)->kind != SOURCE_DATABASE)
                secret_free(take(call->password));
        gate_leave(call, THROTTLE_SUCCEEDED);
        return password_judged(call, PASSWORD_RIGHT);
}

static int sources_say_no(struct call *call) {
        const struct source_walk *walk = call->walk;

        if (walk->is_away)
                return -EPIPE; /* he may be right: he is told to try again */
        gate_leave(call, THROTTLE_FAILED);
        return password_judged(call, PASSWORD_WRONG);
}

static int source_says_no(struct call *call) {
        call->pass.was_judged = true;
        return source_ask(call);
}

/* ---- the database ---- */

static int database_matched(struct call *call, bool is_right) {
        return is_right ? sources_say_yes(call) : source_says_no(call);
}

static int database_ask(struct call *call) {
        return password_match(call, database_matched);
}

/* ---- PAM ---- */

static void detail_set(struct call *call, const char *why, uint32_t code) {
        struct source_walk *walk = call->walk;

        snprintf(walk->detail, sizeof walk->detail, " source=%s%s%s", source_now(call)->name,
                 *why ? " " : "", why);
        if (code > 0)
                snprintf(walk->detail, sizeof walk->detail, " source=%s pam=%u",
                         source_now(call)->name, (unsigned)code);
}

/* Takes over `user`, who is linked to the account. */
static int account_is(struct call *call, struct user *user) {
        if (!user_is_active(user, clock_wall_s())) {
                user_free(user);
                detail_set(call, "why=disabled", 0);
                return source_says_no(call);
        }
        user_free(call->user);
        call->user = user;
        detail_set(call, "", 0);
        return sources_say_yes(call);
}

/* Named like the account, and linked to it: no roles, no password of its own. */
static int account_write(struct call *call, struct transaction *transaction) {
        struct source_walk *walk = call->walk;
        const struct new_user user = {
                .name = text_of(walk->username),
                .has_uid = true,
                .uid = walk->uid,
                .now = clock_wall_s(),
        };

        call->authority->status_is_old = true;
        return users_add(transaction, &user, &walk->conflict, &walk->made);
}

static int account_made(struct call *call) {
        struct source_walk *walk = call->walk;

        if (walk->conflict) {
                detail_set(call, "why=name-taken", 0);
                return source_says_no(call);
        }
        detail_set(call, "", 0);
        audit(call, "user-add", "done", text_of(walk->username), walk->detail + 1);
        return account_is(call, take(walk->made));
}

static int account_add(struct call *call, uint32_t uid) {
        if (!policy_may_link(call, uid) || name_is_reserved(text_of(call->walk->username))) {
                detail_set(call, "why=reserved-name", 0);
                return source_says_no(call);
        }
        call->walk->uid = uid;
        return call_commit(call, account_write, account_made, call_fail);
}

/* What a worker says of the uid is looked at again. */
static bool account_is_allowed(const struct call *call, uint32_t uid) {
        return uid >= source_now(call)->min_uid && uid != 0 && uid != UINT32_MAX &&
               uid != call->authority->overflow_uid;
}

static int account_proved(struct call *call, uint32_t uid) {
        struct user *user = NULL;
        int r;

        if (!account_is_allowed(call, uid)) {
                detail_set(call, "why=min-uid", 0);
                return source_says_no(call);
        }
        r = users_find_uid(call->authority->store, uid, &user);
        if (r == 0)
                return account_is(call, user);
        if (r != -ENOENT)
                return r;
        if (source_now(call)->create)
                return account_add(call, uid);
        detail_set(call, "why=unlinked", 0);
        return source_says_no(call);
}

static int pam_conversed(struct call *call, const struct msg_pam_checked *said) {
        if (!said || said->outcome == CONVERSATION_BROKEN) {
                log_warning("%s could not be asked%s", source_now(call)->name,
                            said ? ": a module of it could not tell" : "");
                call->walk->is_away = true;
                return source_ask(call);
        }
        if (said->outcome == CONVERSATION_PROVED)
                return account_proved(call, said->uid);
        detail_set(call, "", said->code);
        return source_says_no(call);
}

static int pam_ask(struct call *call) {
        const struct source_walk *walk = call->walk;

        call->conversed = pam_conversed;
        return conversation_ask(call, (uint32_t)walk->at - 1, text_of(walk->username),
                                text_of(call->connection->remote));
}

/* ---- all of them ---- */

static int source_ask(struct call *call) {
        if (call->walk->at == call->settings->source_count)
                return sources_say_no(call);
        call->walk->at++;
        return source_now(call)->kind == SOURCE_PAM ? pam_ask(call) : database_ask(call);
}

static int take_turn(struct call *call, bool may_try) {
        return may_try ? source_ask(call) : password_judged(call, PASSWORD_THROTTLED);
}

int sources_ask(struct call *call, const struct throttle_key *key, struct text username,
                struct text password, call_judged *then) {
        struct source_walk *walk = calloc(1, sizeof *walk);
        int r;

        if (!walk)
                return -ENOMEM;
        call->walk = walk;
        call->judged = then;
        if (name_is_user(username) &&
            text_copy(username, walk->username, sizeof walk->username) < 0)
                return -EINVAL;
        r = secret_new(password.p, password.len, &call->password);
        return r < 0 ? r : gate_enter(call, key, take_turn);
}
