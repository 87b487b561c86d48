/* What one subject may have. */
#include "entitlement.h"

#include "policy.h"

struct entitlement entitlement_of_person(struct text roles) {
        return (struct entitlement){.by_roles = true, .roles = roles};
}

struct entitlement entitlement_of_guest(struct text roles) {
        return (struct entitlement){.by_roles = true, .roles = roles, .is_guest = true};
}

struct entitlement entitlement_of_service(const struct identity_rule *rule) {
        return (struct entitlement){
                .by_lists = true,
                .roles = text_of(rule->roles),
                .audiences = text_of(rule->audiences),
                .scopes = text_of(rule->scopes),
                .lifetime_s = rule->lifetime_s,
        };
}

struct entitlement entitlement_of_account(const struct identity_rule *self, struct text roles) {
        struct entitlement entitlement = entitlement_of_service(self);

        entitlement.by_roles = true;
        entitlement.roles = roles;
        return entitlement;
}

struct entitlement entitlement_of_client(const struct client *client) {
        return (struct entitlement){
                .by_lists = true,
                .audiences = text_of(client->audiences),
                .scopes = text_of(client->scopes),
        };
}

bool entitlement_has(const struct entitlement *entitlement, const struct audience_rule *audience) {
        if (entitlement->by_roles && !policy_may_use(audience, entitlement->roles))
                return false;
        return !entitlement->by_lists ||
               text_list_has(entitlement->audiences, text_of(audience->name));
}

static bool has_scope(const struct entitlement *entitlement, const struct audience_rule *audience,
                      struct text scope) {
        if (!policy_declares_scope(audience, scope))
                return false;
        if (entitlement->is_guest && text_is(scope, TEXT(ADMIN_SCOPE)))
                return false;
        if (entitlement->by_roles && !policy_may_have_scope(audience, entitlement->roles, scope))
                return false;
        return !entitlement->by_lists || text_list_has(entitlement->scopes, scope);
}

static enum refusal scope_asked(const struct entitlement *entitlement,
                                const struct audience_rule *audience, struct text asked,
                                char list[SCOPE_MAX + 1]) {
        struct text word;

        while (text_next_word(&asked, &word))
                if (!has_scope(entitlement, audience, word) || !policy_list_add(list, word))
                        return REFUSAL_SCOPE;
        return REFUSAL_NONE;
}

static enum refusal scope_all(const struct entitlement *entitlement,
                              const struct audience_rule *audience, char list[SCOPE_MAX + 1]) {
        size_t i;

        for (i = 0; i < audience->scope_count; i++) {
                struct text scope = text_of(audience->scopes[i].name);

                if (has_scope(entitlement, audience, scope) && !policy_list_add(list, scope))
                        return REFUSAL_SCOPE;
        }
        return REFUSAL_NONE;
}

enum refusal entitlement_scope(const struct entitlement *entitlement,
                               const struct audience_rule *audience, struct text asked,
                               char ret[SCOPE_MAX + 1]) {
        char list[SCOPE_MAX + 1] = "";
        enum refusal refusal;

        if (asked.len > 0)
                refusal = scope_asked(entitlement, audience, asked, list);
        else
                refusal = scope_all(entitlement, audience, list);
        if (refusal == REFUSAL_NONE)
                memcpy(ret, list, sizeof list);
        return refusal;
}

void list_intersect(struct text list, struct text bound, char *ret) {
        struct text word;
        size_t len = 0;

        while (text_next_word(&list, &word)) {
                if (!text_list_has(bound, word))
                        continue;
                if (len > 0)
                        ret[len++] = ' ';
                memmove(ret + len, word.p, word.len);
                len += word.len;
        }
        ret[len] = '\0';
}

uint32_t entitlement_lifetime(const struct entitlement *entitlement,
                              const struct audience_rule *audience) {
        return entitlement->lifetime_s ? entitlement->lifetime_s : audience->lifetime_s;
}
