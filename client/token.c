/* Tokens without a password: by the kernel's word on who calls (POST /token; RFC 6749 4.4), and a
 * narrower one for one's own (RFC 8693). */
#include "tokens.h"

#include "../common/cleanup.h"
#include "../common/wire/wire.h"

#include <stdio.h>

int jeton_token(struct jeton *jeton, const struct jeton_token_request *request,
                enum jeton_login_outcome *ret_outcome, struct jeton_tokens **ret_tokens) {
        static const struct jeton_token_request nothing = JETON_TOKEN_REQUEST_INIT;
        struct grant grant = {.refused_as = "invalid_grant"};
        struct jeton_token_request known = JETON_TOKEN_REQUEST_INIT;
        int r;

        r = arguments_check(jeton, jeton && ret_outcome && ret_tokens);
        if (r == 0)
                r = argument_take(jeton, request ? request : &nothing, sizeof known, &known);
        if (r < 0)
                return r;
        grant_add(&grant, TEXT("grant_type"), TEXT("client_credentials"));
        grant_add(&grant, TEXT("client_id"), text_of(known.client_id));
        grant_add(&grant, TEXT("scope"), text_of(known.scope));
        r = grant_add_audiences(jeton, &grant, known.audience);
        return r < 0 ? r : grant_ask(jeton, &grant, ret_outcome, ret_tokens);
}

/* No role is called "-", which stands for none: an empty field would be no field. */
static struct text roles_of(const struct jeton_exchange_request *request) {
        return request->roles && !*request->roles ? TEXT("-") : text_of(request->roles);
}

static void add_lifetime(struct grant *grant, unsigned seconds, char buffer[16]) {
        if (seconds == 0)
                return;
        snprintf(buffer, 16, "%u", seconds);
        grant_add(grant, TEXT("requested_lifetime"), text_of(buffer));
}

int jeton_exchange(struct jeton *jeton, const struct jeton_exchange_request *request,
                   enum jeton_login_outcome *ret_outcome, struct jeton_tokens **ret_tokens) {
        /* RFC 8693 2.2.2 */
        struct grant grant = {.refused_as = "invalid_request"};
        struct jeton_exchange_request known = JETON_EXCHANGE_REQUEST_INIT;
        char lifetime[16];
        int r;

        r = arguments_check(jeton, jeton && request && ret_outcome && ret_tokens);
        if (r == 0)
                r = argument_take(jeton, request, sizeof known, &known);
        if (r < 0)
                return r;
        if (!known.token || !*known.token)
                return failure_say(handle_failure(jeton), -EINVAL, "there is no token to exchange");
        grant_add(&grant, TEXT("grant_type"), TEXT(WIRE_GRANT_EXCHANGE));
        grant_add(&grant, TEXT("subject_token"), text_of(known.token));
        grant_add(&grant, TEXT("subject_token_type"), TEXT(WIRE_TOKEN_TYPE_ACCESS));
        grant_add(&grant, TEXT("scope"), text_of(known.scope));
        grant_add(&grant, TEXT("roles"), roles_of(&known));
        add_lifetime(&grant, known.lifetime_s, lifetime);
        r = grant_add_audiences(jeton, &grant, known.audience);
        return r < 0 ? r : grant_ask(jeton, &grant, ret_outcome, ret_tokens);
}
