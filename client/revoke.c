/* Ending a token before its time: POST /revoke (RFC 7009). */
#include "body.h"
#include "handle.h"
#include "request.h"

#include "../common/cleanup.h"

int jeton_revoke(struct jeton *jeton, const char *token) {
        const struct field field = {TEXT("token"), text_of(token)};
        _cleanup_(secret_freep) struct secret *body = NULL;
        _cleanup_(answer_clear) struct answer answer = {0};
        struct exchange_request request = {
                .method = "POST", .path = "/revoke", .content_type = BODY_FORM};
        int r;

        r = arguments_check(jeton, jeton && token);
        if (r < 0)
                return r;
        if (!*token)
                return failure_say(handle_failure(jeton), -EINVAL, "there is no token to revoke");
        r = body_form(&field, 1, &body);
        if (r < 0)
                return failure_say(handle_failure(jeton), r, "out of memory");
        request.body = secret_text(body);
        r = request_send(&jeton->place, jeton->timeout_ms, &request, handle_failure(jeton),
                         &answer);
        if (r < 0)
                return r;
        return answer.status == 200 ? 0 : answer_refusal(&answer, handle_failure(jeton));
}
