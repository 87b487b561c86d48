/* jeton login: a password for a token. */
#include "login.h"

#include "account.h"
#include "output.h"
#include "password.h"
#include "saved.h"
#include "token_print.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"
#include "../../common/name.h"

static const struct {
        enum jeton_login_outcome outcome;
        const char *text;
} refusals[] = {
        {JETON_LOGIN_BAD_SCOPE, "this user may not have that scope there"},
        {JETON_LOGIN_BAD_AUDIENCE, "this host issues no tokens for that audience"},
        {JETON_LOGIN_NOT_ALLOWED, "this daemon gives no tokens for passwords here"},
};

/* Of a name and a password the daemon has more to say. */
static enum status say_refusal(const struct cli *cli, enum jeton_login_outcome outcome) {
        size_t i;

        if (outcome == JETON_LOGIN_REFUSED)
                log_error("%s", jeton_error(cli->jeton));
        for (i = 0; i < ELEMENTS(refusals); i++)
                if (refusals[i].outcome == outcome)
                        log_error("%s", refusals[i].text);
        return STATUS_REFUSED;
}

const char *login_name(const struct arguments *arguments) {
        const char *name = operand(arguments, 0);

        name = name ? name : account_name(getuid());
        if (!name)
                log_error("whose login? this uid has no account, so a NAME is needed");
        return name;
}

static enum status login_with(struct cli *cli, const struct jeton_login_request *request,
                              struct jeton_tokens **ret_tokens) {
        enum jeton_login_outcome outcome;

        if (jeton_login(cli->jeton, request, &outcome, ret_tokens) < 0) {
                log_error("%s", jeton_error(cli->jeton));
                return STATUS_REFUSED;
        }
        return outcome == JETON_LOGIN_GRANTED ? STATUS_DONE : say_refusal(cli, outcome);
}

enum status login_now(struct cli *cli, struct jeton_tokens **ret_tokens) {
        struct jeton_login_request request = JETON_LOGIN_REQUEST_INIT;
        _cleanup_(secret_freep) struct secret *password = NULL;
        bool line_only = option_is_given(&cli->arguments, OPTION_PASSWORD_STDIN);
        char audience[AUDIENCE_MAX + 1], prompt[128];

        request.username = login_name(&cli->arguments);
        if (!request.username)
                return STATUS_USAGE;
        if (option_join(&cli->arguments, OPTION_AUDIENCE, audience, sizeof audience) < 0)
                return STATUS_USAGE;
        snprintf(prompt, sizeof prompt,
                 "Password of %.100s: ", log_escape(text_of(request.username)).text);
        if (password_get(prompt, false, line_only, &password) < 0)
                return STATUS_REFUSED;
        request.password = password->bytes;
        request.password_len = password->len;
        request.audience = audience;
        request.scope = option_value(&cli->arguments, OPTION_SCOPE);
        return login_with(cli, &request, ret_tokens);
}

static enum status login_save(const struct cli *cli, const struct jeton_tokens *tokens) {
        if (saved_write(cli, tokens) < 0)
                return STATUS_REFUSED;
        if (cli->json)
                output_json_fact("saved", cli->place.socket_path);
        return STATUS_DONE;
}

static void say_life(int64_t seconds) {
        bool is_short = seconds < 120;

        fprintf(stderr, "The token is good for %lld %s.\n",
                (long long)(is_short ? seconds : seconds / 60), is_short ? "seconds" : "minutes");
}

static enum status run(struct cli *cli) {
        _cleanup_(jeton_tokens_freep) struct jeton_tokens *tokens = NULL;
        enum status status;

        status = login_now(cli, &tokens);
        if (status != STATUS_DONE)
                return status;
        if (option_is_given(&cli->arguments, OPTION_SAVE))
                return login_save(cli, tokens);
        if (cli->json) {
                token_print_json(jeton_tokens_access(tokens), jeton_tokens_expires_in(tokens),
                                 jeton_tokens_scope(tokens));
                return STATUS_DONE;
        }
        puts(jeton_tokens_access(tokens));
        say_life(jeton_tokens_expires_in(tokens));
        return STATUS_DONE;
}

const struct command command_login = {
        .words = "login",
        .operands = "[NAME]",
        .operands_max = 1,
        .options = LOGIN_OPTIONS | OPTION_BIT(OPTION_SAVE),
        .line = "Log in with a password and print the access token",
        .more = LOGIN_MORE
        "\n\nWith --save nothing is printed: `jeton token` gives the access token then, and\n"
        "refreshes it when it is due; `jeton logout` ends it.",
        .run = run,
};
