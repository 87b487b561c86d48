/* From the authority's fields to claims. The authority decides who gets a token; that what it asks
 * for has the shape and the bounds of a token is decided here, whatever has become of it. */
#include "compose.h"

#include "../../common/cleanup.h"
#include "../../common/jwt/base64url.h"
#include "../../common/secret.h"
#include "../../common/wire/login.h"
#include "../../common/wire/wire.h"

#include <errno.h>
#include <stddef.h>

/* The authority took its time a moment ago, by the same clock; a step between may be this long. */
#define CLOCK_STEP_S 60

#define BIRTH_AHEAD_S 2

#define UID_NONE ((uint32_t)-1) /* chown(2) and setuid(2) take it for "none" */

#define RANDOM_LEN  16
#define NONCE_BYTES 32

/* ---- the grammars that common/name.h has no use for ---- */

static bool is_made_of(struct text text, const char *others) {
        size_t i;

        for (i = 0; i < text.len; i++) {
                char byte = text.p[i];
                bool is_letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');

                if (!is_letter && !(byte >= '0' && byte <= '9') && !text_has(text_of(others), byte))
                        return false;
        }
        return text.len > 0;
}

static bool is_id(struct text text) {
        unsigned long long number;

        return text_number(text, INT64_MAX, &number) == 0;
}

static bool is_uid(struct text text) {
        unsigned long long number;

        return text_number(text, UID_NONE - 1, &number) == 0;
}

static bool is_word(struct text text) {
        return is_made_of(text, "._-");
}

/* A user's id; or what kind of name it is, and the name; and what else stands in the token of such
 * a subject. So a captured authority may invent a service, and cannot have it pass for a person. */
static const struct subject {
        struct text prefix;
        bool (*is_good)(struct text rest);
        bool is_client;      /* its client_id is its own name, and it is no account's */
        bool is_account;     /* of this host, which the uid repeats */
        bool is_person;      /* may have a username, a session and the time of a login */
        const char *methods; /* amr may be one of these words; "": there is none */
} subjects[] = {
        {{"client:", 7}, is_word, true, false, false, ""},
        {{"svc:", 4}, is_word, true, false, false, "peer"},
        {{"uid:", 4}, is_uid, false, true, false, "peer"},
        {{"", 0}, is_id, false, false, true, "pwd otp fed peer"},
};

static const struct subject *subject_find(struct text text, struct text *ret_rest) {
        size_t i, len;

        for (i = 0; i < ELEMENTS(subjects); i++) {
                len = subjects[i].prefix.len;
                if (text.len < len || !text_is((struct text){text.p, len}, subjects[i].prefix))
                        continue;
                *ret_rest = (struct text){text.p + len, text.len - len};
                return &subjects[i];
        }
        return NULL;
}

static bool is_subject(struct text text) {
        struct text rest = TEXT_NONE;
        const struct subject *subject = subject_find(text, &rest);

        return subject && subject->is_good(rest);
}

/* A login ticket and an access token must never be taken for each other. */
static bool is_audience(struct text text) {
        return name_is_audience(text) && !text_is(text, TEXT(WIRE_TICKET_AUDIENCE));
}

/* RFC 8176 2, and what the word of an outside issuer and that of the kernel are called. */
static bool is_method(struct text text) {
        return text_list_has(TEXT("pwd otp fed peer"), text);
}

/* Of a login ticket, which nobody gets for who he is alone. */
static bool is_login_method(struct text text) {
        return text_list_has(TEXT("pwd otp"), text);
}

static bool is_base64url_of(struct text text, size_t bytes) {
        uint8_t value[NONCE_BYTES];
        size_t len;

        return base64url_decode(text, value, sizeof value, &len) == 0 && len == bytes;
}

static bool is_session(struct text text) {
        return is_base64url_of(text, RANDOM_LEN);
}

static bool is_nonce(struct text text) {
        return is_base64url_of(text, NONCE_BYTES);
}

/* Words with exactly one space between them. */
static bool is_list(struct text list, bool (*is_good)(struct text word)) {
        size_t len = list.len, seen = 0;
        struct text word;

        while (text_next_word(&list, &word)) {
                if (!is_good(word))
                        return false;
                seen += word.len + (seen > 0);
        }
        return seen > 0 && seen == len;
}

static bool is_audience_list(struct text list) {
        return is_list(list, is_audience);
}

static bool is_scope_list(struct text list) {
        return is_list(list, name_is_scope);
}

static bool is_role_list(struct text list) {
        return is_list(list, name_is_role);
}

static bool is_method_list(struct text list) {
        return is_list(list, is_method);
}

/* ---- texts, by table ---- */

enum need {
        OPTIONAL,
        REQUIRED,
};

struct text_rule {
        const char *name;
        size_t from; /* in the message: a struct text */
        size_t to;   /* in struct claims: an array of `size` bytes */
        size_t size;
        enum need need;
        bool (*is_good)(struct text text);
};

#define RULE(message, field, claim, need, is_good)                                       \
        {                                                                                \
#field, offsetof(struct message, field), offsetof(struct claims, claim), \
                        sizeof(((struct claims *)NULL)->claim), need, is_good            \
        }

static const struct text_rule access_rules[] = {
        RULE(msg_sign_access, sub, sub, REQUIRED, is_subject),
        RULE(msg_sign_access, client_id, client_id, REQUIRED, is_word),
        RULE(msg_sign_access, audience, aud, REQUIRED, is_audience_list),
        RULE(msg_sign_access, scope, scope, OPTIONAL, is_scope_list),
        RULE(msg_sign_access, roles, roles, OPTIONAL, is_role_list),
        RULE(msg_sign_access, username, username, OPTIONAL, name_is_user),
        RULE(msg_sign_access, sid, sid, OPTIONAL, is_session),
        RULE(msg_sign_access, amr, amr, OPTIONAL, is_method_list),
};

static const struct text_rule ticket_rules[] = {
        RULE(msg_sign_ticket, username, username, REQUIRED, name_is_user),
        RULE(msg_sign_ticket, service, service, REQUIRED, name_is_service),
        RULE(msg_sign_ticket, nonce, nonce, REQUIRED, is_nonce),
        RULE(msg_sign_ticket, role, roles, OPTIONAL, name_is_role),
        RULE(msg_sign_ticket, sid, sid, OPTIONAL, is_session),
        RULE(msg_sign_ticket, amr, amr, OPTIONAL, is_login_method),
};

static int refuse(const char *field, const char **ret_field) {
        *ret_field = field;
        return -EINVAL;
}

static int text_take(const struct text_rule *rule, const void *message, struct claims *claims) {
        const struct text *text = (const void *)((const char *)message + rule->from);

        if (text->len == 0)
                return rule->need == REQUIRED ? -EINVAL : 0;
        if (!rule->is_good(*text))
                return -EINVAL;
        return text_copy(*text, (char *)claims + rule->to, rule->size);
}

static int texts_take(const struct text_rule *rules, size_t count, const void *message,
                      struct claims *claims, const char **ret_field) {
        size_t i;

        for (i = 0; i < count; i++)
                if (text_take(&rules[i], message, claims) < 0)
                        return refuse(rules[i].name, ret_field);
        return 0;
}

/* ---- what is the signer's own to say ---- */

static int stamp(const struct limits *limits, int64_t now, uint32_t lifetime_s,
                 struct claims *claims) {
        uint8_t random[RANDOM_LEN];
        int r;

        r = secret_random(random, sizeof random);
        if (r < 0)
                return r;
        base64url_encode(random, sizeof random, claims->jti);
        memcpy(claims->iss, limits->issuer, sizeof claims->iss);
        claims->iat = now;
        claims->exp = now + lifetime_s;
        return 0;
}

/* The time of issue is ours to say. The authority may ask for the next second, where all that was
 * issued in this one is revoked. */
static int birth_take(int64_t iat_min, int64_t *now, const char **ret_field) {
        if (iat_min < 0 || iat_min > *now + BIRTH_AHEAD_S)
                return refuse("iat_min", ret_field);
        if (iat_min > *now)
                *now = iat_min;
        return 0;
}

static int uid_take(uint32_t uid, struct claims *claims, const char **ret_field) {
        if (uid == UID_NONE)
                return refuse("uid", ret_field);
        claims->has_uid = true;
        claims->uid = uid;
        return 0;
}

/* After each field alone: what they say together. */
static int access_check_subject(const struct msg_sign_access *fields, const char **ret_field) {
        struct text rest = TEXT_NONE, methods = fields->amr, method;
        const struct subject *subject = subject_find(fields->sub, &rest);
        unsigned long long uid = 0;

        if (subject->is_client && !text_is(fields->client_id, rest))
                return refuse("client_id", ret_field);
        if (!subject->is_person && (fields->username.len > 0 || fields->sid.len > 0))
                return refuse(fields->sid.len > 0 ? "sid" : "username", ret_field);
        if (!subject->is_person && fields->auth_time > 0)
                return refuse("auth_time", ret_field);
        if (subject->is_client && fields->has_uid)
                return refuse("uid", ret_field);
        if (subject->is_account &&
            (text_number(rest, UID_NONE - 1, &uid) < 0 || !fields->has_uid || fields->uid != uid))
                return refuse("uid", ret_field);
        if (!subject->is_person && *subject->methods && methods.len == 0)
                return refuse("amr", ret_field);
        while (text_next_word(&methods, &method))
                if (!text_list_has(text_of(subject->methods), method))
                        return refuse("amr", ret_field);
        return 0;
}

static int access_check_numbers(const struct limits *limits, const struct msg_sign_access *fields,
                                int64_t now, const char **ret_field) {
        if (fields->kind != TOKEN_KIND_ACCESS && fields->kind != TOKEN_KIND_PLAIN)
                return refuse("kind", ret_field);
        if (fields->lifetime_s == 0 || fields->lifetime_s > limits->max_lifetime_s)
                return refuse("lifetime", ret_field);
        if (fields->exp_max < 0 || (fields->exp_max > 0 && fields->exp_max <= now))
                return refuse("exp_max", ret_field);
        if (fields->auth_time < 0 || fields->auth_time > now + CLOCK_STEP_S)
                return refuse("auth_time", ret_field);
        return 0;
}

int compose_access(const struct limits *limits, const struct msg_sign_access *fields, int64_t now,
                   struct claims *ret, const char **ret_field) {
        struct claims claims = {.auth_time = fields->auth_time};
        int r;

        r = birth_take(fields->iat_min, &now, ret_field);
        if (r == 0)
                r = access_check_numbers(limits, fields, now, ret_field);
        if (r < 0)
                return r;
        r = texts_take(access_rules, ELEMENTS(access_rules), fields, &claims, ret_field);
        if (r < 0)
                return r;
        if (fields->has_uid) {
                r = uid_take(fields->uid, &claims, ret_field);
                if (r < 0)
                        return r;
        }
        r = access_check_subject(fields, ret_field);
        if (r < 0)
                return r;
        r = stamp(limits, now, fields->lifetime_s, &claims);
        if (r < 0)
                return r;
        /* Made from another token, it does not outlive that one. */
        if (fields->exp_max > 0 && claims.exp > fields->exp_max)
                claims.exp = fields->exp_max;
        *ret = claims;
        return 0;
}

static int ticket_take_words(const struct msg_sign_ticket *fields, struct claims *claims,
                             const char **ret_field) {
        const char *phase = pam_phase_word(fields->phase);
        const char *verdict = login_verdict_word(fields->verdict);

        if (fields->sid.len > 0 && fields->phase != PAM_PHASE_SESSION)
                return refuse("sid", ret_field);
        if (fields->amr.len > 0 &&
            (fields->phase != PAM_PHASE_AUTH || fields->verdict != LOGIN_GRANTED))
                return refuse("amr", ret_field);
        if (fields->at_least > 0 && fields->verdict != LOGIN_SHORT)
                return refuse("at_least", ret_field);
        claims->at_least = fields->at_least;
        if (!phase || text_copy(text_of(phase), claims->phase, sizeof claims->phase) < 0)
                return refuse("phase", ret_field);
        if (!verdict || text_copy(text_of(verdict), claims->verdict, sizeof claims->verdict) < 0)
                return refuse("verdict", ret_field);
        return 0;
}

/* A ticket is about an account of this host, so its subject is the uid, whoever is linked to it. */
int compose_ticket(const struct limits *limits, const struct msg_sign_ticket *fields, int64_t now,
                   struct claims *ret, const char **ret_field) {
        struct claims claims = {.aud = WIRE_TICKET_AUDIENCE};
        int r;

        r = texts_take(ticket_rules, ELEMENTS(ticket_rules), fields, &claims, ret_field);
        if (r < 0)
                return r;
        r = ticket_take_words(fields, &claims, ret_field);
        if (r == 0)
                r = birth_take(fields->iat_min, &now, ret_field);
        if (r < 0)
                return r;
        r = uid_take(fields->uid, &claims, ret_field);
        if (r < 0)
                return r;
        snprintf(claims.sub, sizeof claims.sub, "uid:%u", fields->uid);
        r = stamp(limits, now, WIRE_TICKET_LIFETIME_S, &claims);
        if (r < 0)
                return r;
        *ret = claims;
        return 0;
}
