/* jeton token: a fresh access token and nothing else, for $(...) and curl. */
#include "login.h"

#include "../../common/cleanup.h"

static enum status run(struct cli *cli) {
        _cleanup_(jeton_tokens_freep) struct jeton_tokens *tokens = NULL;
        bool header = option_is_given(&cli->arguments, OPTION_HEADER);
        enum status status;

        status = login_now(cli, &tokens);
        if (status != STATUS_DONE)
                return status;
        if (cli->json)
                login_print_json(tokens);
        else
                printf("%s%s\n", header ? "Authorization: Bearer " : "",
                       jeton_tokens_access(tokens));
        return STATUS_DONE;
}

const struct command command_token = {
        .words = "token",
        .operands = "[NAME]",
        .operands_max = 1,
        .options = LOGIN_OPTIONS | OPTION_BIT(OPTION_HEADER),
        .line = "Log in and print a bare access token, for scripts",
        .more = LOGIN_MORE "\n\n  curl -H \"$(jeton token --header)\" https://api.example.org/",
        .run = run,
};
