/* Who may have a token for what. */
#include "policy.h"

#include "entitlement.h"

#include <string.h>

enum refusal policy_find_audience(const struct settings *settings, struct text asked,
                                  const struct audience_rule **ret) {
        struct text name, more;
        size_t i;

        if (!text_next_word(&asked, &name))
                name = text_of(settings->issuer);
        while (text_next_word(&asked, &more))
                if (!text_is(more, name))
                        return REFUSAL_AUDIENCE_MANY;
        for (i = 0; i < settings->audience_count; i++) {
                if (!text_is(text_of(settings->audiences[i].name), name))
                        continue;
                *ret = &settings->audiences[i];
                return REFUSAL_NONE;
        }
        return REFUSAL_AUDIENCE;
}

/* An empty rule is open to every user. */
static bool roles_meet(const char *rule, struct text roles) {
        struct text role;

        if (rule[0] == '\0')
                return true;
        while (text_next_word(&roles, &role))
                if (text_list_has(text_of(rule), role))
                        return true;
        return false;
}

bool policy_may_use(const struct audience_rule *audience, struct text roles) {
        return roles_meet(audience->roles, roles);
}

static const struct scope_rule *find_scope(const struct audience_rule *audience, struct text name) {
        size_t i;

        for (i = 0; i < audience->scope_count; i++)
                if (text_is(text_of(audience->scopes[i].name), name))
                        return &audience->scopes[i];
        return NULL;
}

bool policy_declares_scope(const struct audience_rule *audience, struct text name) {
        return find_scope(audience, name) != NULL;
}

bool policy_may_have_scope(const struct audience_rule *audience, struct text roles,
                           struct text name) {
        const struct scope_rule *scope = find_scope(audience, name);

        return scope && roles_meet(scope->roles, roles);
}

bool policy_list_add(char list[SCOPE_MAX + 1], struct text word) {
        size_t len = strlen(list);

        if (text_list_has((struct text){list, len}, word))
                return true;
        if (len + 1 + word.len > SCOPE_MAX)
                return false;
        if (len > 0)
                list[len++] = ' ';
        memcpy(list + len, word.p, word.len);
        list[len + word.len] = '\0';
        return true;
}

enum refusal policy_find_scope(const struct audience_rule *audience, struct text roles,
                               struct text asked, char ret[SCOPE_MAX + 1]) {
        struct entitlement person = entitlement_of_person(roles);

        return entitlement_scope(&person, audience, asked, ret);
}

/* Whom a reload has just made an administrator connects anew: the frontend that reads this
 * connection serves others too. */
bool policy_is_admin(const struct call *call) {
        const struct connection *connection = call->connection;

        return connection->class == CLASS_PRIVILEGED && connection->peer.is_known &&
               connection->peer.uid != call->authority->overflow_uid &&
               settings_is_admin(call->settings, connection->peer.uid);
}

static bool scope_narrowed(const struct audience_rule *audience, struct text roles,
                           struct text granted, struct text asked, char list[SCOPE_MAX + 1]) {
        struct text word;

        while (text_next_word(&asked, &word))
                if (!text_list_has(granted, word) ||
                    !policy_may_have_scope(audience, roles, word) || !policy_list_add(list, word))
                        return false;
        return true;
}

static bool scope_kept(const struct audience_rule *audience, struct text roles, struct text granted,
                       char list[SCOPE_MAX + 1]) {
        struct text word;

        while (text_next_word(&granted, &word))
                if (policy_may_have_scope(audience, roles, word) && !policy_list_add(list, word))
                        return false;
        return true;
}

enum refusal policy_narrow_scope(const struct audience_rule *audience, struct text roles,
                                 struct text granted, struct text asked, char ret[SCOPE_MAX + 1]) {
        char list[SCOPE_MAX + 1] = "";
        bool fits;

        if (asked.len > 0)
                fits = scope_narrowed(audience, roles, granted, asked, list);
        else
                fits = scope_kept(audience, roles, granted, list);
        if (!fits)
                return REFUSAL_SCOPE;
        memcpy(ret, list, sizeof list);
        return REFUSAL_NONE;
}

bool policy_may_act_for(const struct call *call) {
        const struct connection *connection = call->connection;

        return connection->class == CLASS_PRIVILEGED &&
               connection->peer.uid != call->authority->overflow_uid &&
               identity_may_act_for(call->settings, &connection->peer);
}

enum refusal policy_admin(const struct call *call, enum credential credential) {
        const struct peer *peer = &call->connection->peer;

        if (credential == CREDENTIAL_NONE)
                return REFUSAL_NO_CREDENTIALS;
        if (credential != CREDENTIAL_PEER)
                return REFUSAL_NOT_ADMIN;
        if (!peer->is_known)
                return REFUSAL_NOT_PEER;
        return policy_is_admin(call) ? REFUSAL_NONE : REFUSAL_NOT_ADMIN;
}

bool policy_may_link(const struct call *call, uint32_t uid) {
        return uid != 0 && uid != UINT32_MAX && uid != call->authority->overflow_uid &&
               uid >= call->settings->min_uid;
}

enum refusal policy_password_grant(const struct call *call) {
        if (call->connection->class == CLASS_WEB && !call->settings->password_grant_web)
                return REFUSAL_GRANT_ON_WEB;
        return REFUSAL_NONE;
}
