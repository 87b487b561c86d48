/* Ending a token before its time: POST /revoke (RFC 7009). */
#include "tokens.h"

#include "../common/cleanup.h"

int jeton_revoke(struct jeton *jeton, const char *token) {
        const struct field field = {TEXT("token"), text_of(token)};
        _cleanup_(answer_clear) struct answer answer = {0};
        int r;

        r = arguments_check(jeton, jeton && token);
        if (r < 0)
                return r;
        if (!*token)
                return failure_say(handle_failure(jeton), -EINVAL, "there is no token to revoke");
        r = form_ask(jeton, "/revoke", &field, 1, &answer);
        if (r < 0)
                return r;
        return answer.status == 200 ? 0 : answer_refusal(&answer, handle_failure(jeton));
}
