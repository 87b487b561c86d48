/* jeton verify: is this token of this host, and good here and now? In this process, by the library.
 * With a key that is given, the question is another: verify_foreign.c. */
#include "output.h"
#include "token_source.h"
#include "verify_foreign.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"

static void jeton_claims_freep(struct jeton_claims **claims) {
        jeton_claims_free(*claims);
        *claims = NULL;
}

static const struct {
        const char *label, *member;
        const char *(*get)(const struct jeton_claims *claims);
        bool is_list;
} strings[] = {
        {"issuer", "iss", jeton_claims_issuer, false},
        {"subject", "sub", jeton_claims_subject, false},
        {"username", "username", jeton_claims_username, false},
        {"audience", "aud", jeton_claims_audience, true},
        {"client", "client_id", jeton_claims_client_id, false},
        {"scope", "scope", jeton_claims_scope, false},
        {"roles", "roles", jeton_claims_roles, true},
        {"by", "amr", jeton_claims_amr, true},
        {"token id", "jti", jeton_claims_token_id, false},
        {"session", "sid", jeton_claims_session_id, false},
};

static const struct {
        const char *label, *member;
        int64_t (*get)(const struct jeton_claims *claims);
} times[] = {
        {"login", "auth_time", jeton_claims_login_at},
        {"issued", "iat", jeton_claims_issued_at},
        {"expires", "exp", jeton_claims_expires_at},
};

static void print_claims(const struct jeton_claims *claims) {
        uid_t uid;
        size_t i;

        for (i = 0; i < ELEMENTS(strings); i++)
                output_field(strings[i].label, text_of(strings[i].get(claims)));
        if (jeton_claims_uid(claims, &uid))
                printf("  %-11s %u\n", "uid", (unsigned)uid);
        for (i = 0; i < ELEMENTS(times); i++)
                if (times[i].get(claims) != 0)
                        output_time(times[i].label, times[i].get(claims));
}

static json_t *words_json(struct text list) {
        json_t *words = json_array();
        struct text word;

        while (text_next_word(&list, &word))
                json_array_append_new(words, json_stringn(word.p, word.len));
        return words;
}

/* The members' own names and types (RFC 7519, RFC 9068), but aud is always an array. */
static json_t *claims_json(const struct jeton_claims *claims) {
        json_t *object = json_object();
        uid_t uid;
        size_t i;

        for (i = 0; i < ELEMENTS(strings); i++) {
                const char *value = strings[i].get(claims);

                if (*value)
                        json_object_set_new(object, strings[i].member,
                                            strings[i].is_list ? words_json(text_of(value))
                                                               : json_string(value));
        }
        if (jeton_claims_uid(claims, &uid))
                json_object_set_new(object, "uid", json_integer(uid));
        for (i = 0; i < ELEMENTS(times); i++)
                if (times[i].get(claims) != 0)
                        json_object_set_new(object, times[i].member,
                                            json_integer(times[i].get(claims)));
        return object;
}

static void print_verdict(const struct cli *cli, enum jeton_verdict verdict,
                          const struct jeton_claims *claims) {
        json_t *object;

        if (!cli->json) {
                puts(jeton_verdict_text(verdict));
                if (claims)
                        print_claims(claims);
                return;
        }
        object = json_pack("{s:s}", "verdict", jeton_verdict_text(verdict));
        if (claims)
                json_object_set_new(object, "claims", claims_json(claims));
        output_json(object);
        json_decref(object);
}

static const struct {
        enum jeton_verdict verdict;
        const char *reason;
} reasons[] = {
        {JETON_INVALID, "its form, its key or its signature is not of this host"},
        {JETON_EXPIRED, "its time is over: log in again"},
        {JETON_NOT_YET, "it was issued in the future: compare the clocks"},
        {JETON_WRONG_ISSUER, "it is of another issuer"},
        {JETON_REVOKED, "it was revoked: log in again"},
        {JETON_WRONG_AUDIENCE, "it is meant for somebody else: see --audience"},
        {JETON_ASK_DAEMON, "its key is not published (HS256): ask the daemon, POST /introspect"},
};

static enum status say_reason(enum jeton_verdict verdict) {
        size_t i;

        if (verdict == JETON_VALID)
                return STATUS_DONE;
        for (i = 0; i < ELEMENTS(reasons); i++)
                if (reasons[i].verdict == verdict)
                        log_error("not valid: %s", reasons[i].reason);
        return STATUS_REFUSED;
}

static enum status run(struct cli *cli) {
        _cleanup_(jeton_claims_freep) struct jeton_claims *claims = NULL;
        _cleanup_(secret_freep) struct secret *token = NULL;
        enum jeton_verdict verdict;

        if (is_foreign(cli))
                return verify_foreign(cli);
        if (token_given(cli, &token) < 0)
                return STATUS_REFUSED;
        if (jeton_verify(cli->jeton, token->bytes, option_value(&cli->arguments, OPTION_AUDIENCE),
                         &verdict, &claims) < 0) {
                log_error("%s", jeton_error(cli->jeton));
                return STATUS_REFUSED;
        }
        print_verdict(cli, verdict, claims);
        return say_reason(verdict);
}

const struct command command_verify = {
        .words = "verify",
        .operands = "[TOKEN|-]",
        .operands_max = 1,
        .options = OPTION_BIT(OPTION_AUDIENCE) | OPTION_BIT(OPTION_TOKEN_FILE) | FOREIGN_OPTIONS,
        .line = "Verify an access token by the published keys, or any JWS by a given key",
        .more = "Without TOKEN it is read from standard input, which is better: arguments are\n"
                "visible to every process of the host. The daemon need not be running.\n"
                "--audience '*' takes any audience.\n"
                "\n"
                "With --jwk or --jwks it is a token of others, whatever claims it has; with --raw\n"
                "any JWS in compact form. --type, --issuer, --leeway, --at and --raw go with them\n"
                "alone. The exit status tells the outcomes apart: jeton(1) lists them.",
        .run = run,
};
