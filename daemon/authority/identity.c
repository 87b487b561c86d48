/* Which rule speaks of a process. */
#include "identity.h"

bool peer_is_in(const struct peer *peer, uint32_t gid) {
        size_t i;

        for (i = 0; i < peer->group_count; i++)
                if (peer->groups[i] == gid)
                        return true;
        return false;
}

static bool has_member(const struct identity_rule *rule, const struct peer *peer) {
        size_t i;

        for (i = 0; i < rule->member_count; i++) {
                const struct member *member = &rule->members[i];

                if (member->is_group ? peer_is_in(peer, member->id) : peer->uid == member->id)
                        return true;
        }
        return false;
}

static bool has_unit(const struct identity_rule *rule, const struct peer *peer) {
        return rule->unit[0] == '\0' || text_is(peer->unit, text_of(rule->unit));
}

bool identity_has(const struct identity_rule *rule, const struct peer *peer) {
        if (!peer->is_known)
                return false;
        return rule->is_self || (has_member(rule, peer) && has_unit(rule, peer));
}

bool identity_asks_unit(const struct settings *settings, const struct peer *peer) {
        size_t i;

        for (i = 0; peer->is_known && i < settings->identity_count; i++)
                if (settings->identities[i].unit[0] != '\0' &&
                    has_member(&settings->identities[i], peer))
                        return true;
        return false;
}

const struct identity_rule *identity_named(const struct settings *settings, struct text name) {
        size_t i;

        for (i = 0; i < settings->identity_count; i++)
                if (text_is(text_of(settings->identities[i].name), name))
                        return &settings->identities[i];
        return NULL;
}

static enum identity_match find_named(const struct settings *settings, const struct peer *peer,
                                      struct text name, const struct identity_rule **ret) {
        const struct identity_rule *rule = identity_named(settings, name);

        if (!rule || !identity_has(rule, peer))
                return IDENTITY_NOT_NAMED;
        *ret = rule;
        return IDENTITY_FOUND;
}

/* A block that gives rights over others and no token is none to choose. */
static bool is_choice(const struct identity_rule *rule, const struct peer *peer) {
        return !rule->is_self && rule->audiences[0] != '\0' && identity_has(rule, peer);
}

enum identity_match identity_find(const struct settings *settings, const struct peer *peer,
                                  struct text name, const struct identity_rule **ret) {
        const struct identity_rule *found = NULL, *self = NULL;
        size_t i;

        if (name.len > 0)
                return find_named(settings, peer, name, ret);
        for (i = 0; i < settings->identity_count; i++) {
                const struct identity_rule *rule = &settings->identities[i];

                if (rule->is_self && identity_has(rule, peer))
                        self = rule;
                if (!is_choice(rule, peer))
                        continue;
                if (found)
                        return IDENTITY_SEVERAL;
                found = rule;
        }
        if (!found && !self)
                return IDENTITY_NONE;
        *ret = found ? found : self;
        return IDENTITY_FOUND;
}

static bool is_of_unit(const struct identity_rule *rule, struct text unit) {
        return rule->unit[0] != '\0' && rule->audiences[0] != '\0' &&
               text_is(unit, text_of(rule->unit));
}

enum identity_match identity_find_unit(const struct settings *settings, struct text unit,
                                       struct text name, const struct identity_rule **ret) {
        const struct identity_rule *found = NULL, *named = identity_named(settings, name);
        size_t i, count = 0;

        if (named && is_of_unit(named, unit)) {
                *ret = named;
                return IDENTITY_FOUND;
        }
        for (i = 0; i < settings->identity_count; i++) {
                if (!is_of_unit(&settings->identities[i], unit))
                        continue;
                found = &settings->identities[i];
                count++;
        }
        if (count != 1)
                return count ? IDENTITY_SEVERAL : IDENTITY_NONE;
        *ret = found;
        return IDENTITY_FOUND;
}

bool identity_may_act_for(const struct settings *settings, const struct peer *peer) {
        size_t i;

        for (i = 0; i < settings->identity_count; i++)
                if (settings->identities[i].act_for && identity_has(&settings->identities[i], peer))
                        return true;
        return false;
}
