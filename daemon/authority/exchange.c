/* POST /token, token exchange (RFC 8693): whoever has a token of ours gets a narrower one of the
 * same subject. Never wider in audience, scope, roles or time, whatever the policy says by now; and
 * never more than the policy still allows.
 *
 *         answer_exchange()   is the token good, and the client its own
 *         load_subject()      what may its subject have now
 *         narrow()            each part that is asked for
 *         exchange_issue()    all else as it was; the signer caps the time once more
 *
 * Only a token for the issuer itself becomes one for another audience: a service that was shown a
 * token meant for it cannot turn it into one for a third. A token of an HS256 key becomes none at
 * all: who shares that key could have made it himself, for anybody. */
#include "answers.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "audit.h"
#include "bearer.h"
#include "client_auth.h"
#include "entitlement.h"
#include "issue.h"
#include "policy.h"

static const struct issue_kind exchange = {"exchange", REFUSAL_SUBJECT_TOKEN};

struct narrowing {
        const struct msg_ask_exchange *ask; /* lent */
        const struct settings *settings;    /* borrowed from the call */
        int64_t began;
        struct claims claims;           /* of the subject token */
        struct client *client;          /* whose token it is, where that is a client */
        struct entitlement entitlement; /* what the subject may have now */
        const struct audience_rule *audience;
        char roles[ROLES_MAX + 1];
        char scope[SCOPE_MAX + 1];
        int64_t lifetime_s;
};

static void narrowing_clear(struct narrowing *narrowing) {
        client_free(narrowing->client);
        explicit_bzero(narrowing, sizeof *narrowing);
}

/* ---- whose token is it, and what may he have now ---- */

static const struct identity_rule *self_rule(const struct settings *settings) {
        const struct identity_rule *rule = identity_named(settings, TEXT("local"));

        return rule && rule->is_self ? rule : NULL;
}

static int load_service(struct call *call, struct text name, struct narrowing *narrowing,
                        enum refusal *ret_refusal) {
        const struct identity_rule *rule = identity_named(call->settings, name);

        if (!rule || rule->is_self)
                return 0;
        narrowing->entitlement = entitlement_of_service(rule);
        list_intersect(text_of(narrowing->claims.roles), text_of(rule->roles), narrowing->roles);
        *ret_refusal = REFUSAL_NONE;
        return 0;
}

/* A confidential client proves itself at every request to the token endpoint (RFC 6749 3.2.1). Its
 * tokens have no roles. */
static int load_client(struct call *call, struct text id, struct narrowing *narrowing,
                       enum refusal *ret_refusal) {
        int r;

        r = client_authenticate(call, id, narrowing->ask->secret, &narrowing->client, ret_refusal);
        if (r == 0 && *ret_refusal == REFUSAL_NONE)
                narrowing->entitlement = entitlement_of_client(narrowing->client);
        return r;
}

static int load_account(struct call *call, struct text uid, struct narrowing *narrowing,
                        enum refusal *ret_refusal) {
        const struct identity_rule *self = self_rule(call->settings);

        (void)uid;
        if (!self)
                return 0;
        narrowing->entitlement = entitlement_of_account(self, TEXT_NONE);
        *ret_refusal = REFUSAL_NONE;
        return 0;
}

/* By a password, or the word of an outside issuer, he has what his roles open; by anything else no
 * more than self lists. */
static enum refusal entitle_person(struct narrowing *narrowing) {
        const struct identity_rule *self = self_rule(narrowing->settings);

        if (text_is(text_of(narrowing->claims.amr), TEXT("pwd"))) {
                narrowing->entitlement = entitlement_of_person(text_of(narrowing->roles));
                return REFUSAL_NONE;
        }
        if (text_is(text_of(narrowing->claims.amr), TEXT(METHOD_OUTSIDE))) {
                narrowing->entitlement = entitlement_of_guest(text_of(narrowing->roles));
                return REFUSAL_NONE;
        }
        if (!self)
                return REFUSAL_SUBJECT_TOKEN;
        list_intersect(text_of(narrowing->roles), text_of(self->roles), narrowing->roles);
        narrowing->entitlement = entitlement_of_account(self, text_of(narrowing->roles));
        return REFUSAL_NONE;
}

/* The account that the token says he has is still his. */
static bool is_linked(const struct claims *claims, const struct user *user) {
        return !claims->has_uid || (user->has_uid && user->uid == claims->uid);
}

static int load_person(struct call *call, struct text id, struct narrowing *narrowing,
                       enum refusal *ret_refusal) {
        int r;

        (void)id;
        r = bearer_find_user(call, &narrowing->claims, &call->user);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        if (!user_is_active(call->user, narrowing->began) ||
            !is_linked(&narrowing->claims, call->user))
                return 0;
        list_intersect(text_of(narrowing->claims.roles), text_of(call->user->roles),
                       narrowing->roles);
        *ret_refusal = entitle_person(narrowing);
        return 0;
}

static const struct {
        struct text prefix;
        int (*load)(struct call *call, struct text rest, struct narrowing *narrowing,
                    enum refusal *ret_refusal);
} subjects[] = {
        {{"svc:", 4}, load_service},
        {{"client:", 7}, load_client},
        {{"uid:", 4}, load_account},
        {{"", 0}, load_person},
};

static int load_subject(struct call *call, struct narrowing *narrowing, enum refusal *ret_refusal) {
        struct text sub = text_of(narrowing->claims.sub);
        size_t i = 0, len;

        *ret_refusal = REFUSAL_SUBJECT_TOKEN;
        while (!text_begins(sub, subjects[i].prefix))
                i++; /* the last has none */
        len = subjects[i].prefix.len;
        return subjects[i].load(call, (struct text){sub.p + len, sub.len - len}, narrowing,
                                ret_refusal);
}

/* ---- each part, never wider ---- */

/* Who names a client names the token's; and a secret is a client's, not a person's or a service's.
 */
static enum refusal check_client(const struct narrowing *narrowing) {
        struct text named = narrowing->ask->client_id;

        if (named.len > 0 && !text_is(named, text_of(narrowing->claims.client_id)))
                return REFUSAL_OTHER_CLIENT;
        if (narrowing->ask->secret.len > 0 &&
            !text_begins(text_of(narrowing->claims.sub), TEXT("client:")))
                return REFUSAL_CLIENT;
        return REFUSAL_NONE;
}

static bool is_same_audience(const struct narrowing *narrowing) {
        return text_is(text_of(narrowing->claims.aud), text_of(narrowing->audience->name));
}

static enum refusal narrow_audience(struct narrowing *narrowing) {
        const struct settings *settings = narrowing->settings;
        struct text held = text_of(narrowing->claims.aud), asked = narrowing->ask->audience;
        enum refusal refusal;

        refusal =
                policy_find_audience(settings, asked.len > 0 ? asked : held, &narrowing->audience);
        if (refusal)
                return refusal;
        if (!is_same_audience(narrowing) && !text_is(held, text_of(settings->issuer)))
                return REFUSAL_OTHER_AUDIENCE;
        return entitlement_has(&narrowing->entitlement, narrowing->audience) ? REFUSAL_NONE
                                                                             : REFUSAL_AUDIENCE;
}

/* What he asked for must be his; "-" is no role at all, which no role is called. */
static enum refusal narrow_roles(struct narrowing *narrowing) {
        struct text asked = narrowing->ask->roles, held = text_of(narrowing->roles), word;

        if (asked.len == 0)
                return REFUSAL_NONE;
        while (!text_is(narrowing->ask->roles, TEXT("-")) && text_next_word(&asked, &word))
                if (!text_list_has(held, word))
                        return REFUSAL_EXCHANGE_ROLES;
        list_intersect(held, narrowing->ask->roles, narrowing->roles);
        narrowing->entitlement.roles = text_of(narrowing->roles);
        return REFUSAL_NONE;
}

static enum refusal narrow_scope(struct narrowing *narrowing) {
        struct text held = text_of(narrowing->claims.scope), asked = narrowing->ask->scope, word;
        char most[SCOPE_MAX + 1];
        enum refusal refusal;

        refusal = entitlement_scope(&narrowing->entitlement, narrowing->audience, asked, most);
        if (refusal)
                return refusal;
        while (is_same_audience(narrowing) && text_next_word(&asked, &word))
                if (!text_list_has(held, word))
                        return REFUSAL_SCOPE;
        list_intersect(text_of(most), is_same_audience(narrowing) ? held : text_of(most),
                       narrowing->scope);
        return REFUSAL_NONE;
}

static void shorten(int64_t *lifetime_s, int64_t most_s) {
        if (*lifetime_s > most_s)
                *lifetime_s = most_s;
}

/* The subject token may be over by the leeway alone: nothing is left of it then. */
static enum refusal narrow_time(struct narrowing *narrowing) {
        narrowing->lifetime_s = entitlement_lifetime(&narrowing->entitlement, narrowing->audience);
        shorten(&narrowing->lifetime_s, narrowing->claims.exp - narrowing->began);
        if (narrowing->ask->lifetime_s > 0)
                shorten(&narrowing->lifetime_s, narrowing->ask->lifetime_s);
        return narrowing->lifetime_s > 0 ? REFUSAL_NONE : REFUSAL_SUBJECT_TOKEN;
}

static enum refusal (*const parts[])(struct narrowing *narrowing) = {
        narrow_roles, /* first: they bound audience and scope */
        narrow_audience,
        narrow_scope,
        narrow_time,
};

static enum refusal narrow(struct narrowing *narrowing) {
        enum refusal refusal = REFUSAL_NONE;
        size_t i;

        for (i = 0; refusal == REFUSAL_NONE && i < ELEMENTS(parts); i++)
                refusal = parts[i](narrowing);
        return refusal;
}

/* ---- the call ---- */

static int exchange_issue(struct call *call, const struct narrowing *narrowing) {
        const struct claims *claims = &narrowing->claims;
        struct msg_sign_access fields = {
                .kind = (uint8_t)narrowing->audience->kind,
                .algorithm = (uint8_t)narrowing->audience->algorithm,
                .sub = text_of(claims->sub),
                .client_id = text_of(claims->client_id),
                .audience = text_of(narrowing->audience->name),
                .scope = text_of(narrowing->scope),
                .roles = text_of(narrowing->roles),
                .username = text_of(claims->username),
                .has_uid = claims->has_uid,
                .uid = claims->uid,
                .sid = text_of(claims->sid),
                .auth_time = claims->auth_time,
                .amr = text_of(claims->amr),
                .lifetime_s = (uint32_t)narrowing->lifetime_s,
                .exp_max = claims->exp,
        };

        return issue_token(call, &exchange, narrowing->began, text_of(claims->jti), &fields);
}

/* The sentence of the refusal, and what was asked, for the log. */
static int exchange_refuse(struct call *call, const struct narrowing *narrowing,
                           enum refusal refusal) {
        const struct msg_ask_exchange *ask = narrowing->ask;

        return issue_refuse(call, &exchange, text_of(narrowing->claims.sub), refusal,
                            "%.*s; audience %.*s, scope %.*s, roles %.*s",
                            TEXT_ARGS(refusal_get(refusal)->description), TEXT_ARGS(ask->audience),
                            TEXT_ARGS(ask->scope), TEXT_ARGS(ask->roles));
}

int answer_exchange(struct call *call, const union message *message) {
        _cleanup_(narrowing_clear) struct narrowing narrowing = {
                .ask = &message->ask_exchange,
                .settings = call->settings,
                .began = clock_wall_s(),
        };
        enum refusal refusal;
        int r;

        audit_keep_client(call, message->ask_exchange.client_id);
        r = bearer_read(call, message->ask_exchange.subject_token, NULL, &narrowing.claims,
                        &refusal);
        if (r == 0 && refusal)
                refusal = REFUSAL_SUBJECT_TOKEN;
        if (r == 0 && !refusal)
                audit_keep_client(call, text_of(narrowing.claims.client_id));
        if (r == 0 && !refusal)
                refusal = check_client(&narrowing);
        if (r == 0 && !refusal)
                r = load_subject(call, &narrowing, &refusal);
        if (r < 0)
                return r;
        if (!refusal)
                refusal = narrow(&narrowing);
        if (refusal)
                return exchange_refuse(call, &narrowing, refusal);
        return exchange_issue(call, &narrowing);
}
