/* jeton token: a fresh access token and nothing else, for $(...) and curl. */
#include "login.h"
#include "output.h"
#include "saved.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../common/log.h"

#define MIN_VALID_S 60

static int min_valid(const struct cli *cli, unsigned long long *ret) {
        const char *value = option_value(&cli->arguments, OPTION_MIN_VALID);

        *ret = MIN_VALID_S;
        if (!value || text_number(text_of(value), 7 * 86400, ret) == 0)
                return 0;
        log_error("--min-valid takes a number of seconds, a week at most");
        return -EINVAL;
}

static void print_token(const struct cli *cli, const char *token) {
        bool header = option_is_given(&cli->arguments, OPTION_HEADER);

        printf("%s%s\n", header ? "Authorization: Bearer " : "", token);
}

/* Whoever says whose, what for or with which password means a login of its own. */
static bool wants_login(const struct cli *cli) {
        return operand(&cli->arguments, 0) ||
               option_is_given(&cli->arguments, OPTION_PASSWORD_STDIN) ||
               option_is_given(&cli->arguments, OPTION_AUDIENCE) ||
               option_is_given(&cli->arguments, OPTION_SCOPE);
}

static void print_saved(const struct cli *cli, const char *token, int64_t expires_at) {
        json_t *answer;

        if (!cli->json) {
                print_token(cli, token);
                return;
        }
        answer = json_pack("{s:s, s:s, s:I}", "access_token", token, "token_type", "Bearer",
                           "expires_in", (json_int_t)(expires_at - clock_wall_s()));
        output_json(answer);
        json_decref(answer);
}

/* -ENOENT: no login is saved. */
static int token_of_saved(struct cli *cli) {
        _cleanup_(secret_freep) struct secret *token = NULL;
        unsigned long long seconds;
        int64_t expires_at;
        int r;

        r = min_valid(cli, &seconds);
        if (r == 0)
                r = saved_token(cli, (int64_t)seconds, &expires_at, &token);
        if (r == 0)
                print_saved(cli, token->bytes, expires_at);
        return r;
}

static enum status run(struct cli *cli) {
        _cleanup_(jeton_tokens_freep) struct jeton_tokens *tokens = NULL;
        enum status status;
        int r;

        r = wants_login(cli) ? -ENOENT : token_of_saved(cli);
        if (r != -ENOENT)
                return r < 0 ? STATUS_REFUSED : STATUS_DONE;
        status = login_now(cli, &tokens);
        if (status != STATUS_DONE)
                return status;
        if (cli->json)
                login_print_json(tokens);
        else
                print_token(cli, jeton_tokens_access(tokens));
        return STATUS_DONE;
}

const struct command command_token = {
        .words = "token",
        .operands = "[NAME]",
        .operands_max = 1,
        .options = LOGIN_OPTIONS | OPTION_BIT(OPTION_HEADER) | OPTION_BIT(OPTION_MIN_VALID),
        .line = "Print a bare access token: of the saved login, or of a new one",
        .more = LOGIN_MORE "\n\n  curl -H \"$(jeton token --header)\" https://api.example.org/",
        .run = run,
};
