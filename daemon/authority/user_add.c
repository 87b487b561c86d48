/* POST /users: a new user, and perhaps his link to a local account.
 *
 *         answer_user_add()      may the caller do it, are the fields good, is the name free
 *         add_ask_hash()         names has said whether a local account has that name
 *         add_ask_again()        the first worker's hash; another one computes it once more
 *         add_store()            both agree: commit, publish the link, answer
 *
 * A worker that lies about a hash would plant a password of its own: therefore two. */
#include "answers.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "admin.h"
#include "audit.h"
#include "naming.h"
#include "policy.h"
#include "status.h"

#include <string.h>

struct new_account {
        char username[USER_NAME_MAX + 1];
        char full_name[FULL_NAME_MAX + 1];
        char email[EMAIL_MAX + 1];
        char roles[ROLES_MAX + 1];
        bool has_uid;
        uint32_t uid;
};

/* ---- are the fields good? ---- */

/* Enough to be of use and no more: mail servers know the rest (RFC 5321 4.1.2). */
static bool is_email(struct text email) {
        const char *at = email.len > 0 ? memchr(email.p, '@', email.len) : NULL;

        return email.len == 0 || (at && at > email.p && at < email.p + email.len - 1 &&
                                  !text_has(email, ' ') && text_is_printable_utf8(email));
}

static bool are_roles(struct text roles) {
        struct text role;

        while (text_next_word(&roles, &role))
                if (!name_is_role(role))
                        return false;
        return true;
}

/* Characters, not bytes: every byte but the continuations of UTF-8. */
static size_t characters(struct text text) {
        size_t i, count = 0;

        for (i = 0; i < text.len; i++)
                count += ((unsigned char)text.p[i] & 0xc0) != 0x80;
        return count;
}

static enum refusal password_check(const struct call *call, const struct msg_ask_user_add *ask) {
        if (ask->password.len > PASSWORD_MAX || text_has(ask->password, '\0'))
                return REFUSAL_PASSWORD_LONG;
        if (characters(ask->password) < call->settings->password_min || ask->password.len == 0)
                return REFUSAL_PASSWORD_SHORT;
        return text_is(ask->password, ask->username) ? REFUSAL_PASSWORD_NAME : REFUSAL_NONE;
}

static enum refusal fields_check(const struct call *call, const struct msg_ask_user_add *ask) {
        if (!name_is_user(ask->username))
                return REFUSAL_USER_NAME;
        if (name_is_reserved(ask->username) && !ask->allow_account_name)
                return REFUSAL_RESERVED_NAME;
        if (!text_is_printable_utf8(ask->full_name))
                return REFUSAL_FULL_NAME;
        if (!is_email(ask->email))
                return REFUSAL_EMAIL;
        if (!are_roles(ask->roles))
                return REFUSAL_ROLES;
        if (ask->has_uid && !policy_may_link(call, ask->uid))
                return REFUSAL_UID;
        return password_check(call, ask);
}

static int fields_keep(struct call *call, const struct msg_ask_user_add *ask) {
        struct new_account *new = calloc(1, sizeof *new);

        if (!new)
                return -ENOMEM;
        call->step.added = new;
        call->free_step = free;
        new->has_uid = ask->has_uid;
        new->uid = ask->uid;
        if (text_copy(ask->username, new->username, sizeof new->username) < 0 ||
            text_copy(ask->full_name, new->full_name, sizeof new->full_name) < 0 ||
            text_copy(ask->email, new->email, sizeof new->email) < 0 ||
            text_copy(ask->roles, new->roles, sizeof new->roles) < 0)
                return -EINVAL;
        return secret_new(ask->password.p, ask->password.len, &call->password);
}

/* ---- the steps, last one first ---- */

static int add_commit(struct call *call, enum users_conflict *ret_conflict) {
        const struct new_account *new = call->step.added;
        struct new_user user = {
                .name = text_of(new->username),
                .full_name = text_of(new->full_name),
                .email = text_of(new->email),
                .roles = text_of(new->roles),
                .hash = secret_text(call->hash),
                .has_uid = new->has_uid,
                .uid = new->uid,
                .now = clock_wall_s(),
        };

        return users_add(call->authority->store, &user, ret_conflict, &call->user);
}

static int add_store(struct call *call, struct text hash) {
        enum users_conflict conflict = USERS_FINE;
        int r;

        if (!secret_equal(hash, secret_text(call->hash))) {
                audit(call, "user-add", "failed", text_of(call->step.added->username),
                      "reason=workers-disagree");
                return -EIO;
        }
        r = add_commit(call, &conflict);
        if (r < 0)
                return r;
        if (conflict)
                return call_refuse(call, conflict == USERS_UID_TAKEN ? REFUSAL_UID_TAKEN
                                                                     : REFUSAL_NAME_TAKEN);
        if (call->user->has_uid) {
                r = status_publish(call->authority);
                if (r < 0)
                        return r;
        }
        audit(call, "user-add", "done", text_of(call->user->name), NULL);
        return answer_with_user(call, call->user);
}

/* A hash that is stored is one of our own setting, whatever the worker says. */
static bool is_of_setting(struct text hash, const char *setting) {
        char found[SETTING_MAX];
        struct text digest;

        return setting_of_hash(hash, found, &digest) == 0 &&
               text_is(text_of(found), text_of(setting));
}

static int add_ask_again(struct call *call, struct text hash) {
        int r;

        if (!is_of_setting(hash, call->setting))
                return -EIO;
        r = secret_new(hash.p, hash.len, &call->hash);
        if (r < 0)
                return r;
        call->hashed = add_store;
        return workers_hash(call, call->setting, true);
}

static int add_ask_hash(struct call *call) {
        int r;

        r = setting_new(call->setting);
        if (r < 0)
                return r;
        call->hashed = add_ask_again;
        return workers_hash(call, call->setting, false);
}

static int add_heard_of_account(struct call *call, const struct msg_account *account) {
        if (account->known)
                return call_refuse(call, REFUSAL_ACCOUNT_NAME);
        return add_ask_hash(call);
}

/* POST /users */
int answer_user_add(struct call *call, const union message *message) {
        const struct msg_ask_user_add *ask = &message->ask_user_add;
        enum refusal refusal;
        int r;

        r = admin_check(call, ask->credential, ask->bearer, &refusal);
        if (r < 0)
                return r;
        if (!refusal)
                refusal = fields_check(call, ask);
        if (refusal)
                return call_refuse(call, refusal);
        r = users_find_name(call->authority->store, ask->username, &call->user);
        if (r == 0)
                return call_refuse(call, REFUSAL_NAME_TAKEN);
        if (r != -ENOENT)
                return r;
        r = fields_keep(call, ask);
        if (r < 0)
                return r;
        if (ask->has_uid || ask->allow_account_name)
                return add_ask_hash(call);
        return naming_ask_account(call, ask->username, add_heard_of_account);
}
