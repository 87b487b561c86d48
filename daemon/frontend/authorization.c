/* The Authorization field (RFC 9110 11.6.2): a scheme, and what belongs to it. */
#include "authorization.h"

#include "../../common/cleanup.h"
#include "../../common/name.h"
#include "../../common/wire/bytes.h"
#include "http.h"

/* RFC 9110 11.2, token68: the signs at its end are padding. */
static bool is_token68(struct text text) {
        size_t i = 0;

        while (i < text.len && (is_unreserved(text.p[i]) || text.p[i] == '+' || text.p[i] == '/'))
                i++;
        if (i == 0)
                return false;
        while (i < text.len && text.p[i] == '=')
                i++;
        return i == text.len;
}

static int read_peer(struct text rest, struct authorization *ret, struct fault *fault) {
        if (rest.len > 0)
                return fault_bad_request(fault, "nothing may follow Peer");
        ret->scheme = SCHEME_PEER;
        return 0;
}

static int read_bearer(struct text rest, struct authorization *ret, struct fault *fault) {
        (void)fault;
        ret->scheme = SCHEME_BEARER_BROKEN;
        if (rest.len > TOKEN_MAX || !is_token68(rest))
                return 0;
        ret->scheme = SCHEME_BEARER;
        ret->bearer = rest;
        return 0;
}

/* RFC 7617 2: the Base64 of id, colon, secret. What stands for the public client is ":" alone, or
 * "local:", since RFC 6749 2.3.1 lets a client without a secret leave that empty. */
static bool is_public_client(struct text credentials) {
        return text_is(credentials, TEXT("Og==")) || text_is(credentials, TEXT("bG9jYWw6"));
}

static int read_basic(struct text rest, struct authorization *ret, struct fault *fault) {
        (void)fault;
        ret->scheme = is_public_client(rest) ? SCHEME_BASIC_EMPTY : SCHEME_BASIC;
        if (ret->scheme == SCHEME_BASIC)
                ret->basic = rest;
        return 0;
}

static const struct {
        const char *name;
        int (*read)(struct text rest, struct authorization *ret, struct fault *fault);
} schemes[] = {
        {"Peer", read_peer},
        {"Bearer", read_bearer},
        {"Basic", read_basic},
};

int authorization_parse(struct text value, struct authorization *ret, struct fault *fault) {
        struct authorization authorization = {.scheme = SCHEME_OTHER};
        struct text rest = value, scheme = cut_at(&rest, ' ');
        size_t i;
        int r = 0;

        if (value.len == 0)
                authorization.scheme = SCHEME_NONE;
        for (i = 0; i < ELEMENTS(schemes) && r == 0; i++)
                if (http_is_word(scheme, schemes[i].name))
                        r = schemes[i].read(rest, &authorization, fault);
        if (r < 0)
                return r;
        *ret = authorization;
        return 0;
}
