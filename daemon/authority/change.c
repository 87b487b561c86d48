/* First the sessions that a change ends, then its commit, the status page, the log and the answer.
 */
#include "change.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "admin.h"
#include "answers.h"
#include "audit.h"
#include "sessions.h"
#include "status.h"

#include <stdio.h>

static void change_free(void *step) {
        struct change *change = step;

        secret_free(change->new_password);
        secret_free(change->proven_hash);
        free(change);
}

int change_new(struct call *call, struct change **ret) {
        struct change *change = calloc(1, sizeof *change);

        if (!change)
                return -ENOMEM;
        call->step.change = change;
        call->free_step = change_free;
        *ret = change;
        return 0;
}

static int store_change(struct call *call, struct text hash, enum users_conflict *ret_conflict,
                        struct user **ret) {
        const struct change *change = call->step.change;
        struct user_change fields = {
                .members = change->members,
                .full_name = text_of(change->full_name),
                .email = text_of(change->email),
                .roles = text_of(change->roles),
                .disabled = change->disabled,
                .expires_at = change->expires_at,
                .has_uid = change->has_uid,
                .uid = change->uid,
                .hash = hash,
                .proven_hash = secret_text(change->proven_hash),
                .now = clock_wall_s(),
        };

        return users_change(call->authority->store, call->user->id, &fields, ret_conflict, ret);
}

static const struct {
        enum user_member member;
        const char *word;
} words[] = {
        {USER_FULL_NAME, "full_name"}, {USER_EMAIL, "email"}, {USER_ROLES, "roles"},
        {USER_DISABLED, "disabled"},   {USER_EXPIRY, "end"},  {USER_UID, "link"},
        {USER_PASSWORD, "password"},
};

/* Which members were named, and of those that give rights what they are now. */
static void change_audit(const struct call *call) {
        const struct user *user = call->user;
        char named[80] = "", link[16] = "none", detail[ROLES_MAX + 256];
        size_t i, len = 0;

        for (i = 0; i < ELEMENTS(words); i++)
                if (call->step.change->members & words[i].member)
                        len += (size_t)snprintf(named + len, sizeof named - len, "%s%s",
                                                len > 0 ? "," : "", words[i].word);
        if (user->has_uid)
                snprintf(link, sizeof link, "%u", user->uid);
        snprintf(detail, sizeof detail,
                 "changed=%s roles=\"%s\" uid=%s disabled=%d expires_at=%lld", named, user->roles,
                 link, user->disabled, (long long)user->expires_at);
        audit(call, "user-change", "done", text_of(user->name), detail);
}

static bool ends_sessions(const struct change *change, int64_t now) {
        return (change->members & USER_PASSWORD) ||
               ((change->members & USER_DISABLED) && change->disabled) ||
               ((change->members & USER_EXPIRY) && change->expires_at != 0 &&
                change->expires_at <= now);
}

/* Before the change: should that fail, some have ended for nothing. The other way round they would
 * go on with a password that is gone. */
static int sessions_end_for(struct call *call) {
        int64_t now = clock_wall_s();

        if (!ends_sessions(call->step.change, now))
                return 0;
        return sessions_end_user(call->authority, call->user->id, now);
}

static bool has_moved(const struct user *before, const struct user *after) {
        return before->has_uid != after->has_uid || before->uid != after->uid;
}

static int change_publish(struct call *call, const struct user *before) {
        return has_moved(before, call->user) ? status_publish(call->authority) : 0;
}

int change_commit(struct call *call, struct text hash, enum refusal *ret_refusal) {
        _cleanup_(user_freep) struct user *before = NULL;
        enum users_conflict conflict = USERS_FINE;
        struct user *after = NULL;
        int r;

        r = sessions_end_for(call);
        if (r < 0)
                return r;
        r = store_change(call, hash, &conflict, &after);
        if (r == -ENOENT) {
                *ret_refusal = REFUSAL_NO_USER;
                return 0;
        }
        if (r < 0)
                return r;
        *ret_refusal = conflict ? REFUSAL_UID_TAKEN : REFUSAL_NONE;
        if (conflict)
                return 0;
        before = take(call->user);
        call->user = after;
        r = change_publish(call, before);
        if (r < 0)
                return r;
        change_audit(call);
        return 0;
}

int change_answer(struct call *call, struct text hash) {
        enum refusal refusal;
        int r;

        r = admin_check_again(call, &refusal);
        if (r == 0 && !refusal)
                r = change_commit(call, hash, &refusal);
        if (r < 0)
                return r;
        return refusal ? call_refuse(call, refusal) : answer_with_user(call, call->user);
}
