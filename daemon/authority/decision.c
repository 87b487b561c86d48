/* Default deny: every step either goes on or says what is missing. */
#include "decision.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "entitlement.h"
#include "policy.h"

#include <stdarg.h>
#include <stdio.h>

void decision_clear(struct decision *decision) {
        user_free(decision->user);
        *decision = (struct decision){0};
}

__attribute__((format(printf, 3, 4))) static void refuse(struct decision *decision,
                                                         enum refusal refusal, const char *reason,
                                                         ...) {
        va_list args;

        decision->refusal = refusal;
        va_start(args, reason);
        vsnprintf(decision->reason, sizeof decision->reason, reason, args);
        va_end(args);
}

/* "uid 7, groups 7 4 20, unit a.service" */
static void peer_describe(const struct peer *peer, char *ret, size_t size) {
        size_t i, len = (size_t)snprintf(ret, size, "uid %u", peer->uid);

        for (i = 0; i < peer->group_count && len + 24 < size; i++)
                len += (size_t)snprintf(ret + len, size - len, "%s%u", i ? " " : ", groups ",
                                        peer->groups[i]);
        if (peer->unit.len > 0 && len < size)
                snprintf(ret + len, size - len, ", unit %.*s", TEXT_ARGS(peer->unit));
}

static void refuse_unmatched(struct decision *decision, enum identity_match match,
                             const struct peer *peer, struct text client_id) {
        bool is_name = name_is_service(client_id);
        char who[256 + UNIT_MAX];

        peer_describe(peer, who, sizeof who);
        if (match == IDENTITY_SEVERAL)
                refuse(decision, REFUSAL_SEVERAL_RULES,
                       "several identities have %s: client_id must name one", who);
        else if (match == IDENTITY_NOT_NAMED)
                refuse(decision, REFUSAL_NO_RULE, "no identity \"%.*s\" has %s",
                       is_name ? (int)client_id.len : 1, is_name ? client_id.p : "?", who);
        else
                refuse(decision, REFUSAL_NO_RULE,
                       "no identity has %s, and there is no section self", who);
}

static void find_rule(const struct call *call, const struct peer *peer, const struct asked *asked,
                      struct decision *decision) {
        enum identity_match match;

        if (peer->uid == call->authority->overflow_uid || peer->uid == (uint32_t)-1) {
                refuse(decision, REFUSAL_NO_RULE,
                       "uid %u stands for all that this host does not know, and is always refused",
                       peer->uid);
                return;
        }
        match = identity_find(call->settings, peer, asked->client_id, &decision->rule);
        if (match != IDENTITY_FOUND)
                refuse_unmatched(decision, match, peer, asked->client_id);
}

/* Whom an account is linked to. For a service nobody: it is not a person's, whatever its uid. */
static int find_user(const struct call *call, const struct peer *peer, struct decision *decision) {
        int r;

        if (!decision->rule->is_self)
                return 0;
        r = users_find_uid(call->authority->store, peer->uid, &decision->user);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        if (!user_is_active(decision->user, clock_wall_s()))
                refuse(decision, REFUSAL_NO_RULE,
                       "uid %u is linked to user %s, who is disabled or expired", peer->uid,
                       decision->user->name);
        return 0;
}

static void name_subject(const struct peer *peer, struct decision *decision) {
        if (decision->user)
                snprintf(decision->sub, sizeof decision->sub, "%llu",
                         (unsigned long long)decision->user->id);
        else if (decision->rule->is_self)
                snprintf(decision->sub, sizeof decision->sub, "uid:%u", peer->uid);
        else
                snprintf(decision->sub, sizeof decision->sub, "svc:%s", decision->rule->name);
}

/* self gives no role that the user has not; a block's are its own. What a token says its roles are
 * is also what opened its audience and scope. */
static struct entitlement entitle(struct decision *decision) {
        const struct identity_rule *rule = decision->rule;
        const char *most = rule->roles;

        if (rule->is_self)
                most = decision->user ? decision->user->roles : "";
        list_intersect(text_of(rule->roles), text_of(most), decision->roles);
        return rule->is_self ? entitlement_of_account(rule, text_of(decision->roles))
                             : entitlement_of_service(rule);
}

static const char *kind_of(const struct identity_rule *rule) {
        return rule->is_self ? "section" : "identity";
}

static const char *title_of(const struct identity_rule *rule) {
        return rule->is_self ? "self" : rule->name;
}

static void judge(const struct settings *settings, const struct asked *asked,
                  struct decision *decision) {
        const struct entitlement entitlement = entitle(decision);
        const struct identity_rule *rule = decision->rule;
        enum refusal refusal;

        refusal = policy_find_audience(settings, asked->audience, &decision->audience);
        if (refusal) {
                refuse(decision, refusal, "%s %s matches; the audience is not declared, or is two",
                       kind_of(rule), title_of(rule));
                return;
        }
        if (!entitlement_has(&entitlement, decision->audience)) {
                refuse(decision, REFUSAL_AUDIENCE,
                       "%s %s matches, and does not open the audience %s to it", kind_of(rule),
                       title_of(rule), decision->audience->name);
                return;
        }
        refusal =
                entitlement_scope(&entitlement, decision->audience, asked->scope, decision->scope);
        if (refusal) {
                refuse(decision, refusal,
                       "%s %s matches, and does not open a scope that was asked for at %s",
                       kind_of(rule), title_of(rule), decision->audience->name);
                return;
        }
        decision->lifetime_s = entitlement_lifetime(&entitlement, decision->audience);
        snprintf(decision->reason, sizeof decision->reason, "%s %s matches", kind_of(rule),
                 title_of(rule));
}

int decision_make(const struct call *call, const struct peer *peer, const struct asked *asked,
                  struct decision *ret) {
        struct decision decision = {0};
        int r;

        find_rule(call, peer, asked, &decision);
        if (!decision.refusal) {
                r = find_user(call, peer, &decision);
                if (r < 0)
                        return r;
                name_subject(peer, &decision);
        }
        *ret = decision;
        if (!ret->refusal)
                judge(call->settings, asked, ret);
        return 0;
}

void decision_make_of_unit(const struct call *call, const struct identity_rule *rule,
                           const struct asked *asked, struct decision *ret) {
        *ret = (struct decision){.rule = rule};
        name_subject(&call->connection->peer, ret);
        judge(call->settings, asked, ret);
}
