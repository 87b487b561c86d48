/* A change and the sessions that it ends, in one commit; then the log and the answer. */
#include "change.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "admin.h"
#include "answers.h"
#include "audit.h"
#include "login_session.h"
#include "sessions.h"

#include <stdio.h>

void change_free(struct change *change) {
        if (!change)
                return;
        secret_free(change->old_password);
        secret_free(change->new_password);
        secret_free(change->proven_hash);
        secret_free(change->bearer);
        user_free(change->after);
        free(change);
}

int change_new(struct call *call, struct change **ret) {
        struct change *change = calloc(1, sizeof *change);

        if (!change)
                return -ENOMEM;
        call->change = change;
        *ret = change;
        return 0;
}

static int user_write(struct call *call, struct transaction *transaction) {
        struct change *change = call->change;
        struct user_change fields = {
                .members = change->members,
                .full_name = text_of(change->full_name),
                .email = text_of(change->email),
                .email_of_admin = change->email_of_admin,
                .roles = text_of(change->roles),
                .disabled = change->disabled,
                .must_change = change->must_change,
                .expires_at = change->expires_at,
                .has_uid = change->has_uid,
                .uid = change->uid,
                .hash = secret_text(call->hash),
                .proven_hash = secret_text(change->proven_hash),
                .is_of_account = change->is_of_account,
                .account = change->account,
                .now = clock_wall_s(),
        };

        return users_change(transaction, call->user->id, &fields, &change->conflict,
                            &change->after);
}

static const struct {
        enum user_member member;
        const char *word;
} words[] = {
        {USER_FULL_NAME, "full_name"}, {USER_EMAIL, "email"},
        {USER_ROLES, "roles"},         {USER_DISABLED, "disabled"},
        {USER_EXPIRY, "end"},          {USER_UID, "link"},
        {USER_PASSWORD, "password"},   {USER_MUST_CHANGE, "must-change"},
};

/* passwd(1) is uid 0 for everybody: only what was proved tells a reset from a change. */
static bool is_reset(const struct change *change) {
        return (change->members & USER_PASSWORD) && !change->proven_hash;
}

/* Which members were named, and of those that give rights what they are now. */
static void change_audit(const struct call *call) {
        const struct user *user = call->user;
        char named[96] = "", link[16] = "none", detail[ROLES_MAX + 256];
        size_t i, len = 0;

        for (i = 0; i < ELEMENTS(words); i++)
                if (call->change->members & words[i].member)
                        len += (size_t)snprintf(named + len, sizeof named - len, "%s%s",
                                                len > 0 ? "," : "", words[i].word);
        if (user->has_uid)
                snprintf(link, sizeof link, "%u", user->uid);
        snprintf(detail, sizeof detail,
                 "changed=%s roles=\"%s\" uid=%s disabled=%d expires_at=%lld%s", named, user->roles,
                 link, user->disabled, (long long)user->expires_at,
                 is_reset(call->change) ? " reset=1" : "");
        audit(call, "user-change", "done", text_of(user->name), detail);
}

static bool ends_sessions(const struct change *change, int64_t now) {
        return (change->members & USER_PASSWORD) ||
               ((change->members & USER_DISABLED) && change->disabled) ||
               ((change->members & USER_EXPIRY) && change->expires_at != 0 &&
                change->expires_at <= now);
}

static bool has_moved(const struct user *before, const struct user *after) {
        return before->has_uid != after->has_uid || before->uid != after->uid;
}

/* Both or nothing: no session goes on with a password that is gone. */
static int change_write(struct call *call, struct transaction *transaction) {
        const struct change *change = call->change;
        struct revoked revoked = revoked_user(call->user->id, 0);
        int r;

        memcpy(revoked.kept_sid, change->kept_sid, sizeof revoked.kept_sid);

        r = user_write(call, transaction);
        if (r == 0 && !change->conflict)
                r = admin_check_left(call, transaction);
        if (r < 0 || change->conflict)
                return r;
        if (has_moved(call->user, change->after))
                call->authority->status_is_old = true;
        if (!ends_sessions(change, clock_wall_s()))
                return 0;
        return sessions_revoke(call->authority, transaction, &revoked);
}

static int change_committed(struct call *call) {
        struct change *change = call->change;

        if (change->conflict)
                return change->done(call, REFUSAL_UID_TAKEN);
        user_free(call->user);
        call->user = take(change->after);
        change_audit(call);
        if (change->kept_sid[0])
                login_session_keep(call->authority, text_of(change->kept_sid));
        return change->done(call, REFUSAL_NONE);
}

static int change_not_committed(struct call *call, int error) {
        if (error == -ENOENT)
                return call->change->done(call, REFUSAL_NO_USER);
        if (error == -ECANCELED)
                return call->change->done(call, REFUSAL_LAST_ADMIN);
        return call_fail(call, error);
}

int change_commit(struct call *call, change_done *then) {
        call->change->done = then;
        return call_commit(call, change_write, change_committed, change_not_committed);
}

static int answer_changed(struct call *call, enum refusal refusal) {
        return refusal ? call_refuse(call, refusal) : answer_with_user(call, call->user);
}

int change_answer(struct call *call) {
        enum refusal refusal;
        int r;

        r = admin_check_again(call, &refusal);
        if (r < 0)
                return r;
        return refusal ? call_refuse(call, refusal) : change_commit(call, answer_changed);
}
