/* Which client says that it is one, and its proof. */
#include "client_proof.h"

#include "../../common/cleanup.h"
#include "../../common/jwt/base64url.h"
#include "../../common/wire/bytes.h"
#include "../../common/wire/form.h"

void client_proof_clear(struct client_proof *proof) {
        explicit_bzero(proof, sizeof *proof);
}

static char url_letter(char byte) {
        return byte == '+' ? '-' : byte == '/' ? '_' : byte;
}

/* RFC 4648 4 from its other alphabet, in its one canonical spelling. */
static int base64_decode(struct text text, char *ret, size_t size, size_t *ret_len) {
        char url[BASIC_MAX * 4 / 3 + 4];
        size_t i;
        int r;

        if (text.len == 0 || text.len % 4 != 0 || text.len > sizeof url || text_has(text, '-') ||
            text_has(text, '_'))
                return -EINVAL;
        for (i = 0; i < 2 && text.p[text.len - 1] == '='; i++)
                text.len--;
        for (i = 0; i < text.len; i++)
                url[i] = url_letter(text.p[i]);
        r = base64url_decode((struct text){url, text.len}, (uint8_t *)ret, size, ret_len);
        explicit_bzero(url, sizeof url);
        return r;
}

/* RFC 6749 2.3.1: both halves are encoded as in a form. What stands there is decoded in place. */
static int half_decode(struct text half, struct text *ret) {
        struct field field = {0};
        size_t count = 0;
        char *bytes = (char *)(uintptr_t)half.p;

        if (half.len == 0 || text_has(half, '&') || text_has(half, '='))
                return half.len == 0 ? 0 : -EINVAL;
        if (form_parse(bytes, half.len, &field, 1, &count) < 0 || count != 1)
                return -EINVAL;
        *ret = field.name;
        return 0;
}

static int basic_read(struct text basic, struct client_proof *proof, struct fault *fault) {
        struct text rest, id;
        size_t len = 0;
        int r;

        r = base64_decode(basic, proof->basic, sizeof proof->basic, &len);
        rest = (struct text){proof->basic, len};
        if (r == 0 && !text_has(rest, ':'))
                r = -EINVAL;
        if (r == 0) {
                id = cut_at(&rest, ':');
                r = half_decode(id, &proof->id);
        }
        if (r == 0)
                r = half_decode(rest, &proof->secret);
        if (r == 0 && proof->id.len > 0 && proof->secret.len > 0)
                return 0;
        return fault_set(fault, 401, "invalid_client", "Basic holds no id and secret of a client");
}

static int form_read(const struct params *params, struct client_proof *proof, struct fault *fault) {
        proof->id = params_get(params, "client_id");
        proof->secret = params_get(params, "client_secret");
        if (text_is(proof->id, TEXT("None")) && proof->secret.len == 0)
                proof->id = TEXT_NONE;
        if (proof->secret.len > 0 && proof->id.len == 0)
                return fault_bad_request(fault, "a client_secret needs its client_id");
        return 0;
}

static int lengths_check(const struct client_proof *proof, struct fault *fault) {
        if (proof->id.len <= CLIENT_MAX && proof->secret.len <= CLIENT_SECRET_MAX)
                return 0;
        return fault_set(fault, 401, "invalid_client", "no such client");
}

static bool says_otherwise(const struct client_proof *in_form, const struct client_proof *basic) {
        return in_form->secret.len > 0 || (in_form->id.len > 0 && !text_is(in_form->id, basic->id));
}

int client_proof_read(const struct authorization *authorization, const struct params *params,
                      struct client_proof *ret, struct fault *fault) {
        bool has_basic = authorization->scheme == SCHEME_BASIC;
        struct client_proof in_form = {0};
        int r;

        r = form_read(params, has_basic ? &in_form : ret, fault);
        if (r == 0 && has_basic)
                r = basic_read(authorization->basic, ret, fault);
        if (r < 0)
                return r;
        if (has_basic && says_otherwise(&in_form, ret))
                return fault_bad_request(fault, "one client proves itself once: in Authorization, "
                                                "or in the form");
        return lengths_check(ret, fault);
}
