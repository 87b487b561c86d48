/* Asking the daemon whether a token is good: POST /introspect (RFC 7662). */
#include "claims.h"
#include "handle.h"
#include "introspection.h"
#include "tokens.h"

#include "../common/cleanup.h"

static bool is_for(const struct claims *claims, const char *audience) {
        if (audience && strcmp(audience, JETON_ANY_AUDIENCE) == 0)
                return true;
        return text_list_has(text_of(claims->aud), text_of(audience ? audience : claims->iss));
}

static int verdict_read(const struct answer *answer, const char *audience,
                        enum jeton_verdict *ret_verdict, struct claims *ret_claims) {
        bool is_active = false;
        int r;

        r = introspection_read(answer->json, &is_active, ret_claims);
        if (r < 0)
                return r;
        *ret_verdict = JETON_INVALID;
        if (is_active)
                *ret_verdict = is_for(ret_claims, audience) ? JETON_VALID : JETON_WRONG_AUDIENCE;
        return 0;
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
        enum jeton_verdict verdict = JETON_INVALID;
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
