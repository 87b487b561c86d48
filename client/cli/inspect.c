/* jeton inspect: what a token says of itself, whoever wrote it. Believes nothing and verifies
 * nothing; works on tokens of any issuer. */
#include "output.h"
#include "token_source.h"

#include "../../common/cleanup.h"
#include "../../common/jwt/base64url.h"
#include "../../common/log.h"

/* Cuts off what stands before the next dot; without a dot, all. */
static struct text next_part(struct text *rest) {
        const char *dot = rest->len > 0 ? memchr(rest->p, '.', rest->len) : NULL;
        struct text part = {rest->p, dot ? (size_t)(dot - rest->p) : rest->len};

        rest->p += part.len + (dot != NULL);
        rest->len -= part.len + (dot != NULL);
        return part;
}

/* NULL when it is no base64url of a JSON object. */
static json_t *decode_part(struct text part) {
        _cleanup_(freep) char *bytes = malloc(part.len + 1);
        json_error_t ignored;
        json_t *json;
        size_t len;

        if (!bytes || base64url_decode(part, bytes, part.len, &len) < 0)
                return NULL;
        json = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &ignored);
        if (json && !json_is_object(json)) {
                json_decref(json);
                return NULL;
        }
        return json;
}

static void print_times(const json_t *payload) {
        static const char *const members[] = {"auth_time", "iat", "nbf", "exp"};
        const json_t *value;
        size_t i;

        for (i = 0; i < ELEMENTS(members); i++) {
                value = json_object_get(payload, members[i]);
                if (json_is_integer(value))
                        output_time(members[i], json_integer_value(value));
        }
}

static void print_token(const struct cli *cli, json_t *header, json_t *payload) {
        json_t *whole;

        if (!cli->json) {
                output_json(header);
                output_json(payload);
                print_times(payload);
                return;
        }
        whole = json_pack("{s:b, s:O, s:O}", "verified", 0, "header", header, "payload", payload);
        output_json(whole);
        json_decref(whole);
}

static enum status inspect(const struct cli *cli, struct text token) {
        json_t *header = decode_part(next_part(&token));
        json_t *payload = decode_part(next_part(&token));
        enum status status = STATUS_REFUSED;

        if (header && payload) {
                print_token(cli, header, payload);
                fputs("NOT VERIFIED: anyone could have written this. `jeton verify` checks it.\n",
                      stderr);
                status = STATUS_DONE;
        } else if (header) {
                log_error("only the header can be read: encrypted, or no JWT with claims");
        } else {
                log_error("this is no JWT: three parts in base64url with dots between them");
        }
        json_decref(header);
        json_decref(payload);
        return status;
}

static enum status run(struct cli *cli) {
        _cleanup_(secret_freep) struct secret *token = NULL;

        if (token_given(cli, &token) < 0)
                return STATUS_REFUSED;
        return inspect(cli, secret_text(token));
}

const struct command command_inspect = {
        .words = "inspect",
        .operands = "[TOKEN|-]",
        .operands_max = 1,
        .options = OPTION_BIT(OPTION_TOKEN_FILE),
        .line = "Decode any token without verifying it",
        .more = "Without TOKEN it is read from standard input, which is better: arguments are\n"
                "visible to every process of the host.",
        .run = run,
};
