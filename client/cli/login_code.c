/* jeton login-code: a code that takes the password's place once, at another program's prompt. */
#include "ask.h"
#include "output.h"
#include "saved.h"
#include "token_source.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"

#define MIN_VALID_S 10

/* What ssh(1) logs in to. */
#define SSH_SERVICE "sshd"

/* The saved login before a session's token: that one may come from a login without a password, and
 * `jeton login --save` must help. -ENODATA: there is none. */
static int token_find(struct cli *cli, struct secret **ret) {
        int64_t expires_at;
        int r = -ENOENT;

        if (!option_is_given(&cli->arguments, OPTION_TOKEN_FILE))
                r = saved_token(cli, MIN_VALID_S, &expires_at, ret);
        return r == -ENOENT ? token_discover(cli, ret) : r;
}

/* People say ssh; its PAM service is the daemon's name. */
static const char *service_of(const struct arguments *arguments) {
        const char *service = option_value(arguments, OPTION_SERVICE);

        return !service || strcmp(service, "ssh") == 0 ? SSH_SERVICE : service;
}

static int ask_for_code(struct cli *cli, const char *service, struct answer *ret) {
        _cleanup_(json_decrefp) json_t *body = json_pack("{s:s}", "service", service);
        _cleanup_(secret_freep) struct secret *token = NULL;
        int r;

        if (!body) {
                log_error("the service must be the name of a PAM service");
                return -EINVAL;
        }
        r = token_find(cli, &token);
        if (r == -ENODATA)
                log_error("no login is at hand: `jeton login --save` first");
        return r < 0 ? r : tell_as_bearer(cli, "POST", "/login-codes", body, token, ret);
}

/* The code alone on standard output, so that it can be copied from there. */
static enum status print_code(const struct answer *answer) {
        const char *code = answer_string(answer, "code"),
                   *service = answer_string(answer, "service");
        json_int_t seconds = json_integer_value(json_object_get(answer->json, "expires_in"));

        if (!code || !service) {
                log_error("the daemon's answer has no code in it");
                return STATUS_REFUSED;
        }
        output_text(text_of(code));
        putchar('\n');
        fprintf(stderr,
                "In the password's place, once, within %lld s, for the PAM service %s here.\n",
                (long long)seconds, log_escape(text_of(service)).text);
        return STATUS_DONE;
}

static enum status run(struct cli *cli) {
        _cleanup_(answer_clear) struct answer answer = {0};

        if (ask_for_code(cli, service_of(&cli->arguments), &answer) < 0)
                return STATUS_REFUSED;
        if (answer.status != 200)
                return refused(cli, &answer);
        if (!cli->json)
                return print_code(&answer);
        output_json(answer.json);
        return STATUS_DONE;
}

const struct command command_login_code = {
        .words = "login-code",
        .operands = "",
        .options = OPTION_BIT(OPTION_SERVICE) | OPTION_BIT(OPTION_TOKEN_FILE),
        .line = "Print a code that takes the place of one's password once",
        .more = "For a login to the service `sshd` unless told (`ssh` is the same), at this host,\n"
                "within a minute, with three tries. It takes a login with a password that is\n"
                "younger than 5 minutes: the saved one, or a token as `whoami` finds it.\n"
                "Capitals and dashes do not matter. A newer code for that service ends an older.",
        .run = run,
};
