/* POST /users: a new user, and perhaps his link to a local account.
 *
 *         answer_user_add()        may the caller do it, are the fields good, is the name free
 *         add_heard_of_account()   names has said whether a local account has that name
 *         add_password()           it is hashed, unless a hash was brought
 *         add_store()              it is written
 *         add_answer()             it is committed */
#include "answers.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "admin.h"
#include "audit.h"
#include "naming.h"
#include "new_hash.h"
#include "policy.h"
#include "user_rules.h"

struct new_account {
        char username[USER_NAME_MAX + 1];
        char full_name[FULL_NAME_MAX + 1];
        char email[EMAIL_MAX + 1];
        char roles[ROLES_MAX + 1];
        bool has_uid;
        uint32_t uid;
        int64_t expires_at;
        bool brings_hash, registers;
        enum users_conflict conflict;
};

/* ---- are the fields good? ---- */

/* The password itself is judged when it is hashed. */
static enum refusal password_check(const struct msg_ask_user_add *ask) {
        if (ask->password_hash.len == 0)
                return REFUSAL_NONE;
        return ask->password.len > 0 ? REFUSAL_PASSWORD_HASH
                                     : rule_password_hash(ask->password_hash);
}

static enum refusal fields_check(const struct call *call, const struct msg_ask_user_add *ask) {
        enum refusal refusal;

        if (!name_is_user(ask->username))
                return REFUSAL_USER_NAME;
        if (name_is_reserved(ask->username) && !ask->allow_account_name)
                return REFUSAL_RESERVED_NAME;
        if (ask->has_uid && !policy_may_link(call, ask->uid))
                return REFUSAL_UID;
        refusal = rule_profile(ask->full_name, ask->email, ask->roles);
        return refusal ? refusal : password_check(ask);
}

/* The password, or the hash that stands for it. */
static int password_keep(struct call *call, const struct msg_ask_user_add *ask) {
        const struct text hash = ask->password_hash;

        if (hash.len > 0)
                return secret_new(hash.p, hash.len, &call->hash);
        return secret_new(ask->password.p, ask->password.len, &call->password);
}

static int fields_keep(struct call *call, const struct msg_ask_user_add *ask) {
        struct new_account *new = calloc(1, sizeof *new);

        if (!new)
                return -ENOMEM;
        call->step.added = new;
        call->free_step = free;
        new->has_uid = ask->has_uid;
        new->uid = ask->uid;
        new->expires_at = ask->expires_at;
        new->registers = ask->credential == CREDENTIAL_NONE;
        new->brings_hash = ask->password_hash.len > 0;
        if (text_copy(ask->username, new->username, sizeof new->username) < 0 ||
            text_copy(ask->full_name, new->full_name, sizeof new->full_name) < 0 ||
            text_copy(ask->email, new->email, sizeof new->email) < 0 ||
            text_copy(ask->roles, new->roles, sizeof new->roles) < 0)
                return -EINVAL;
        return password_keep(call, ask);
}

/* ---- the steps, last one first ---- */

/* How many users may have registered themselves on one uid's share, and on one that many have
 * together: the uids without an account, and the callers behind web.sock. Who is removed gives his
 * place back. */
static uint32_t share_max(const struct call *call) {
        uint32_t share = budget_owner(call->connection->charged_to);

        return share == BUDGET_WEB || share == BUDGET_STRANGERS
                       ? call->settings->max_registered_shared
                       : call->settings->max_registered_per_uid;
}

static int add_write(struct call *call, struct transaction *transaction) {
        struct new_account *new = call->step.added;
        struct new_user user = {
                .name = text_of(new->username),
                .full_name = text_of(new->full_name),
                .email = text_of(new->email),
                .roles = text_of(new->roles),
                .hash = secret_text(call->hash),
                .has_uid = new->has_uid,
                .uid = new->uid,
                .expires_at = new->expires_at,
                .email_of_admin = !new->registers,
                .now = clock_wall_s(),
                .is_charged = new->registers,
                .charged_to = budget_owner(call->connection->charged_to),
                .share_max = share_max(call),
        };

        if (new->has_uid)
                call->authority->status_is_old = true;
        return users_add(transaction, &user, &new->conflict, &call->user);
}

/* Of a hash that was brought: its scheme, never itself. */
static void audit_added(const struct call *call) {
        char detail[64];

        snprintf(detail, sizeof detail, "hash=%s", setting_scheme_name(secret_text(call->hash)));
        audit(call, "user-add", "done", text_of(call->user->name),
              call->step.added->brings_hash ? detail : NULL);
}

static int add_answer(struct call *call) {
        static const enum refusal refusals[] = {
                [USERS_NAME_TAKEN] = REFUSAL_NAME_TAKEN,
                [USERS_UID_TAKEN] = REFUSAL_UID_TAKEN,
                [USERS_SHARE_FULL] = REFUSAL_REGISTRATION_SHARE,
        };
        enum users_conflict conflict = call->step.added->conflict;

        if (conflict)
                return call_refuse(call, refusals[conflict]);
        audit_added(call);
        return answer_with_user(call, call->user);
}

static int add_store(struct call *call) {
        enum refusal refusal;
        int r;

        r = admin_check_again(call, &refusal);
        if (r < 0)
                return r;
        if (refusal)
                return call_refuse(call, refusal);
        return call_commit(call, add_write, add_answer, call_fail);
}

static int add_password(struct call *call) {
        const char *name = call->step.added->username;

        if (!call->password)
                return add_store(call);
        return new_hash_ask(call, text_of(name), add_store, new_hash_refuse);
}

static int add_heard_of_account(struct call *call, const struct msg_account *account) {
        if (account->known)
                return call_refuse(call, REFUSAL_ACCOUNT_NAME);
        return add_password(call);
}

/* Without credentials one may add oneself, where the configuration lets anybody: with a name and a
 * profile, and no right that an administrator gives. */
static enum refusal may_register(const struct call *call, const struct msg_ask_user_add *ask) {
        if (!call->settings->registration_open)
                return REFUSAL_REGISTRATION_CLOSED;
        if (ask->password_hash.len > 0 || ask->roles.len > 0 || ask->has_uid ||
            ask->allow_account_name || ask->expires_at)
                return REFUSAL_REGISTRATION_RIGHTS;
        return REFUSAL_NONE;
}

/* Before anything is hashed; and once more where it is written. */
static int share_check(const struct call *call, enum refusal *ret) {
        uint32_t count = 0;
        int r;

        r = users_count_share(call->authority->store, budget_owner(call->connection->charged_to),
                              &count);
        if (r == 0 && count >= share_max(call))
                *ret = REFUSAL_REGISTRATION_SHARE;
        return r;
}

static int may_add(struct call *call, const struct msg_ask_user_add *ask, enum refusal *ret) {
        if (ask->credential != CREDENTIAL_NONE)
                return admin_check(call, ask->credential, ask->bearer, ret);
        *ret = may_register(call, ask);
        return *ret ? 0 : share_check(call, ret);
}

/* POST /users */
int answer_user_add(struct call *call, const union message *message) {
        const struct msg_ask_user_add *ask = &message->ask_user_add;
        enum refusal refusal;
        int r;

        r = may_add(call, ask, &refusal);
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
                return add_password(call);
        return naming_ask_account(call, ask->username, add_heard_of_account);
}
