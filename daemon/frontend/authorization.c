/* The Authorization field (RFC 9110 11.6.2): a scheme, and what belongs to it. */
#include "authorization.h"

#include "../../common/cleanup.h"
#include "../../common/name.h"
#include "http.h"

/* RFC 9110 11.2, token68: the signs at its end are padding. */
static bool is_token68(struct text text) {
        size_t i = 0;

        while (i < text.len && text.p[i] &&
               (strchr("-._~+/", text.p[i]) || (text.p[i] >= '0' && text.p[i] <= '9') ||
                (text.p[i] >= 'A' && text.p[i] <= 'Z') || (text.p[i] >= 'a' && text.p[i] <= 'z')))
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

/* RFC 7617 2: the Base64 of id, colon, secret; "Og==" is the colon alone. */
static int read_basic(struct text rest, struct authorization *ret, struct fault *fault) {
        (void)fault;
        ret->scheme = text_is(rest, TEXT("Og==")) ? SCHEME_BASIC_EMPTY : SCHEME_BASIC;
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
        struct text scheme = value, rest = TEXT_NONE;
        const char *space = value.len > 0 ? memchr(value.p, ' ', value.len) : NULL;
        size_t i;
        int r = 0;

        if (value.len == 0)
                authorization.scheme = SCHEME_NONE;
        if (space) {
                scheme.len = (size_t)(space - value.p);
                rest = (struct text){space + 1, value.len - scheme.len - 1};
        }
        for (i = 0; i < ELEMENTS(schemes) && r == 0; i++)
                if (http_is_word(scheme, schemes[i].name))
                        r = schemes[i].read(rest, &authorization, fault);
        if (r < 0)
                return r;
        *ret = authorization;
        return 0;
}
