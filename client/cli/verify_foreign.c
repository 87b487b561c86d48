/* From the command line to keys and an expectation, and from what was found to text, JSON and an
 * exit status. Asks no daemon and reads none of its pages. */
#include "verify_foreign.h"

#include "../jws/jws.h"
#include "input.h"
#include "output.h"
#include "token_source.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../common/jwt/base64url.h"
#include "../../common/log.h"

#include <fcntl.h>

#define LEEWAY_S     60
#define LEEWAY_MAX_S (10 * 365 * 86400)

bool is_foreign(const struct cli *cli) {
        int i;

        for (i = 0; i < OPTION_COUNT; i++)
                if ((FOREIGN_OPTIONS & OPTION_BIT(i)) &&
                    option_is_given(&cli->arguments, (enum option_id)i))
                        return true;
        return false;
}

/* ---- what is asked for; each says on standard error what cannot be ---- */

/* Claims are not looked at in a --raw one. */
static const enum option_id about_claims[] = {OPTION_AUDIENCE, OPTION_ISSUER, OPTION_LEEWAY,
                                              OPTION_AT};

static bool options_judge(const struct arguments *arguments) {
        bool is_one = option_is_given(arguments, OPTION_JWK);
        size_t i;

        if (is_one == option_is_given(arguments, OPTION_JWKS)) {
                log_error(is_one ? "--jwk and --jwks exclude each other"
                                 : "--raw, --type, --issuer, --leeway and --at go with --jwk or "
                                   "--jwks");
                return false;
        }
        for (i = 0; i < ELEMENTS(about_claims); i++)
                if (option_is_given(arguments, OPTION_RAW) &&
                    option_is_given(arguments, about_claims[i])) {
                        log_error("with --raw no claims are read, so there is no --%s",
                                  option_about(about_claims[i])->name);
                        return false;
                }
        return true;
}

static bool number_take(const struct arguments *arguments, enum option_id option,
                        unsigned long long most, int64_t *number) {
        const char *value = option_value(arguments, option);
        unsigned long long given;

        if (!value)
                return true;
        if (text_number(text_of(value), most, &given) < 0) {
                log_error("--%s takes a number, %llu at most", option_about(option)->name, most);
                return false;
        }
        *number = (int64_t)given;
        return true;
}

static bool audiences_take(const struct arguments *arguments, struct jws_expectation *ret) {
        const char *value;
        size_t at = 0;

        while ((value = option_next(arguments, OPTION_AUDIENCE, &at))) {
                if (ret->audience_count == JWS_AUDIENCES_MAX) {
                        log_error("more than %d audiences", JWS_AUDIENCES_MAX);
                        return false;
                }
                ret->audiences[ret->audience_count++] = value;
        }
        return true;
}

static bool expectation_take(const struct arguments *arguments, struct jws_expectation *ret) {
        *ret = (struct jws_expectation){
                .raw = option_is_given(arguments, OPTION_RAW),
                .type = option_value(arguments, OPTION_TYPE),
                .issuer = option_value(arguments, OPTION_ISSUER),
                .now = clock_wall_s(),
                .leeway = LEEWAY_S,
        };
        return options_judge(arguments) && audiences_take(arguments, ret) &&
               number_take(arguments, OPTION_LEEWAY, LEEWAY_MAX_S, &ret->leeway) &&
               number_take(arguments, OPTION_AT, UINT32_MAX, &ret->now);
}

/* ---- the keys ---- */

static int file_read(const char *path, struct secret **ret) {
        _cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

        return fd < 0 ? -errno : input_read(fd, JWKS_BYTES_MAX, ret);
}

static struct jwks *keys_take(const struct arguments *arguments, struct finding *finding) {
        bool is_set = option_is_given(arguments, OPTION_JWKS);
        const char *path = option_value(arguments, is_set ? OPTION_JWKS : OPTION_JWK);
        _cleanup_(secret_freep) struct secret *bytes = NULL;
        int r;

        r = file_read(path, &bytes);
        if (r == 0)
                return jwks_read(secret_text(bytes), is_set, finding);
        if (r == -EFBIG)
                found(finding, JWS_UNUSABLE_KEY, "it is larger than %d bytes", JWKS_BYTES_MAX);
        else
                found(finding, JWS_UNUSABLE_KEY, "it cannot be read: %s", strerror(-r));
        return NULL;
}

/* ---- what is told ---- */

static const struct {
        enum jws_verdict verdict;
        enum status status;
} statuses[] = {
        {JWS_VALID, STATUS_DONE},
        {JWS_MALFORMED, STATUS_MALFORMED},
        {JWS_WRONG_ALGORITHM, STATUS_WRONG_ALGORITHM},
        {JWS_UNKNOWN_KEY, STATUS_UNKNOWN_KEY},
        {JWS_BAD_SIGNATURE, STATUS_BAD_SIGNATURE},
        {JWS_WRONG_TYPE, STATUS_WRONG_TYPE},
        {JWS_WRONG_ISSUER, STATUS_WRONG_ISSUER},
        {JWS_EXPIRED, STATUS_EXPIRED},
        {JWS_NOT_YET, STATUS_NOT_YET},
        {JWS_WRONG_AUDIENCE, STATUS_WRONG_AUDIENCE},
        {JWS_UNUSABLE_KEY, STATUS_UNUSABLE_KEY},
};

static enum status status_of(enum jws_verdict verdict) {
        size_t i;

        for (i = 0; i < ELEMENTS(statuses); i++)
                if (statuses[i].verdict == verdict)
                        return statuses[i].status;
        return STATUS_REFUSED;
}

/* A payload that is no claims may be any bytes: in JSON as base64url, as it was signed. */
static json_t *payload_json(const struct jws *jws) {
        _cleanup_(freep) char *text = malloc(BASE64URL_LEN(jws->payload_len) + 1);

        if (!text)
                return NULL;
        base64url_encode(jws->payload, jws->payload_len, text);
        return json_string(text);
}

static void print_as_json(const struct jws *jws, const struct finding *finding) {
        json_t *object = json_pack("{s:s}", "verdict", jws_verdict_text(finding->verdict));

        if (finding->verdict != JWS_VALID) {
                json_object_set_new(object, "reason", json_string(finding->reason));
        } else {
                json_object_set(object, "header", jws->header);
                if (jws->claims)
                        json_object_set(object, "claims", jws->claims);
                else
                        json_object_set_new(object, "payload", payload_json(jws));
        }
        output_json(object);
        json_decref(object);
}

static void print_as_text(const struct jws *jws, const struct finding *finding) {
        puts(jws_verdict_text(finding->verdict));
        if (finding->verdict != JWS_VALID)
                return;
        output_json(jws->header);
        if (jws->claims) {
                output_json(jws->claims);
                return;
        }
        output_text((struct text){(const char *)jws->payload, jws->payload_len});
        putchar('\n');
}

static enum status tell(const struct cli *cli, const struct jws *jws,
                        const struct finding *finding) {
        (cli->json ? print_as_json : print_as_text)(jws, finding);
        if (finding->verdict == JWS_UNUSABLE_KEY)
                log_error("the key cannot be used: %s", finding->reason);
        else if (finding->verdict != JWS_VALID)
                log_error("not valid: %s", finding->reason);
        return status_of(finding->verdict);
}

enum status verify_foreign(const struct cli *cli) {
        _cleanup_(jws_clear) struct jws jws = {NULL};
        _cleanup_(jwks_freep) struct jwks *jwks = NULL;
        _cleanup_(secret_freep) struct secret *token = NULL;
        struct finding finding = {.verdict = JWS_MALFORMED};
        struct jws_expectation expect;
        int r;

        if (!expectation_take(&cli->arguments, &expect))
                return STATUS_USAGE;
        jwks = keys_take(&cli->arguments, &finding);
        if (!jwks)
                return tell(cli, &jws, &finding);
        r = token_given(cli, &token);
        if (r == -ENODATA || r == -EBADMSG || r == -EFBIG)
                found(&finding, JWS_MALFORMED, "it is empty, too long, or has a NUL in it");
        if (r < 0)
                return *finding.reason ? tell(cli, &jws, &finding) : STATUS_REFUSED;
        jws_verify(jwks, secret_text(token), &expect, &jws, &finding);
        return tell(cli, &jws, &finding);
}
