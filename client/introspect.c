/* Asking the daemon whether a token is good: POST /introspect (RFC 7662). */
#include "claims.h"
#include "handle.h"
#include "tokens.h"

#include "../common/cleanup.h"

#include <stddef.h>

/* ---- the members of the answer ---- */

static int text_read(const json_t *value, char *ret, size_t size) {
        struct text text = {json_string_value(value), json_string_length(value)};

        if (!json_is_string(value) || !text_is_printable_utf8(text))
                return -EBADMSG;
        return text_copy(text, ret, size) < 0 ? -EBADMSG : 0;
}

static int words_read(const json_t *array, char *ret, size_t size) {
        size_t i, used = 0;

        for (i = 0; i < json_array_size(array); i++) {
                if (i > 0 && used + 1 < size)
                        ret[used++] = ' ';
                if (text_read(json_array_get(array, i), ret + used, size - used) < 0)
                        return -EBADMSG;
                used += strlen(ret + used);
        }
        return 0;
}

static int number_read(const json_t *value, int64_t *ret) {
        if (!json_is_integer(value))
                return -EBADMSG;
        *ret = json_integer_value(value);
        return 0;
}

#define MEMBER(name, field) \
        { name, offsetof(struct claims, field), sizeof(((struct claims *)0)->field) }

static const struct {
        const char *name;
        size_t offset, size;
} texts[] =
        {
                MEMBER("iss", iss),     MEMBER("sub", sub),     MEMBER("aud", aud),
                MEMBER("jti", jti),     MEMBER("sid", sid),     MEMBER("client_id", client_id),
                MEMBER("scope", scope), MEMBER("roles", roles), MEMBER("username", username),
                MEMBER("amr", amr),
},
  times[] = {
          MEMBER("exp", exp),
          MEMBER("iat", iat),
          MEMBER("auth_time", auth_time),
};

/* A list is a text of words, or an array of them (RFC 7519 4.1.3). */
static int texts_read(const struct answer *answer, struct claims *ret) {
        size_t i;

        for (i = 0; i < ELEMENTS(texts); i++) {
                const json_t *value = json_object_get(answer->json, texts[i].name);
                char *place = (char *)ret + texts[i].offset;
                int r = 0;

                if (json_is_array(value))
                        r = words_read(value, place, texts[i].size);
                else if (value)
                        r = text_read(value, place, texts[i].size);
                if (r < 0)
                        return r;
        }
        return *ret->iss && *ret->sub && *ret->aud ? 0 : -EBADMSG;
}

static int times_read(const struct answer *answer, struct claims *ret) {
        size_t i;
        int r;

        for (i = 0; i < ELEMENTS(times); i++) {
                const json_t *value = json_object_get(answer->json, times[i].name);

                r = value ? number_read(value, (int64_t *)((char *)ret + times[i].offset)) : 0;
                if (r < 0)
                        return r;
        }
        return ret->exp > 0 && ret->iat > 0 ? 0 : -EBADMSG;
}

static int uid_read(const struct answer *answer, struct claims *ret) {
        const json_t *value = json_object_get(answer->json, "uid");
        int64_t uid = 0;

        if (!value)
                return 0;
        if (number_read(value, &uid) < 0 || uid < 0 || uid >= UINT32_MAX)
                return -EBADMSG;
        ret->uid = (uint32_t)uid;
        ret->has_uid = true;
        return 0;
}

static int claims_read_answer(const struct answer *answer, struct claims *ret) {
        int r;

        r = texts_read(answer, ret);
        if (r == 0)
                r = times_read(answer, ret);
        return r < 0 ? r : uid_read(answer, ret);
}

/* ---- the verdict ---- */

static bool is_for(const struct claims *claims, const char *audience) {
        if (audience && strcmp(audience, JETON_ANY_AUDIENCE) == 0)
                return true;
        return text_list_has(text_of(claims->aud), text_of(audience ? audience : claims->iss));
}

/* RFC 7662 2.2: of a token that is not active nothing else is said. */
static int verdict_read(const struct answer *answer, const char *audience,
                        enum jeton_verdict *ret_verdict, struct claims *ret_claims) {
        const json_t *active = json_object_get(answer->json, "active");
        int r;

        if (!json_is_boolean(active))
                return -EBADMSG;
        *ret_verdict = JETON_INVALID;
        if (json_is_false(active))
                return 0;
        r = claims_read_answer(answer, ret_claims);
        if (r == 0)
                *ret_verdict = is_for(ret_claims, audience) ? JETON_VALID : JETON_WRONG_AUDIENCE;
        return r;
}

static int introspect(struct jeton *jeton, const char *token, const char *audience,
                      enum jeton_verdict *ret_verdict, struct claims *ret_claims) {
        const struct field field = {TEXT("token"), text_of(token)};
        _cleanup_(answer_clear) struct answer answer = {0};
        int r;

        if (!*token)
                return failure_say(handle_failure(jeton), -EINVAL,
                                   "there is no token to ask about");
        r = form_ask(jeton, "/introspect", &field, 1, &answer);
        if (r < 0)
                return r;
        if (answer.status != 200)
                return answer_refusal(&answer, handle_failure(jeton));
        r = verdict_read(&answer, audience, ret_verdict, ret_claims);
        return r < 0 ? failure_say(handle_failure(jeton), r,
                                   "jetond's answer does not describe a token")
                     : 0;
}

int jeton_introspect(struct jeton *jeton, const char *token, const char *audience,
                     enum jeton_verdict *ret_verdict, struct jeton_claims **ret_claims) {
        _cleanup_(jeton_claims_freep) struct jeton_claims *claims = calloc(1, sizeof *claims);
        enum jeton_verdict verdict;
        int r;

        r = arguments_check(jeton, jeton && token && ret_verdict && ret_claims);
        if (r < 0)
                return r;
        if (!claims)
                return failure_say(handle_failure(jeton), -ENOMEM, "out of memory");
        r = introspect(jeton, token, audience, &verdict, &claims->claims);
        if (r < 0)
                return r;
        *ret_verdict = verdict;
        *ret_claims = verdict == JETON_VALID ? take(claims) : NULL;
        return 0;
}
