/* jeton revoke: what a user, a client or everybody was given ends, as an admin (POST /revocations);
 * or one token, by who holds it (POST /revoke). */
#include "ask.h"
#include "import/moment.h"
#include "output.h"
#include "token_source.h"
#include "user_body.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"

static const struct {
        enum option_id option;
        const char *member, *whose;
} targets[] = {
        {OPTION_USER, "user", NULL},
        {OPTION_CLIENT_ID, "client_id", NULL},
        {OPTION_ALL, "all", "everybody"},
};

/* Whose tokens, or, behind the last row, one of them. -EINVAL having said why. */
static int target_find(const struct arguments *arguments, size_t *ret) {
        size_t i, count = 0;

        *ret = ELEMENTS(targets);
        for (i = 0; i < ELEMENTS(targets); i++) {
                if (!option_is_given(arguments, targets[i].option))
                        continue;
                count++;
                *ret = i;
        }
        if (option_is_given(arguments, OPTION_TOKEN_FILE))
                count++;
        if (count == 1)
                return 0;
        log_error("one of --user, --client-id, --all and --token-file is needed");
        return -EINVAL;
}

/* ---- by whom it was given to ---- */

static int before_fill(json_t *body, const char *before) {
        int64_t seconds;

        if (!before)
                return 0;
        if (moment_seconds(text_of(before), &seconds) == 0)
                return json_object_set_new(body, "before", json_integer(seconds));
        log_error("--before is a day (2026-12-31) or a time (2026-12-31T12:00:00Z), both in UTC");
        return -EINVAL;
}

static int body_fill(json_t *body, const struct arguments *arguments, size_t target) {
        const char *member = targets[target].member;
        const char *value = option_value(arguments, targets[target].option);
        int r;

        r = value ? user_body_text(body, member, value, member)
                  : json_object_set_new(body, member, json_true());
        return r < 0 ? r : before_fill(body, option_value(arguments, OPTION_BEFORE));
}

static void print_ended(const struct cli *cli, const json_t *body, size_t target) {
        const char *value = option_value(&cli->arguments, targets[target].option);
        const char *before = option_value(&cli->arguments, OPTION_BEFORE);

        if (cli->json) {
                output_json(body);
                return;
        }
        output_text(text_of(value ? value : targets[target].whose));
        printf(": every token and session %s%s has ended\n", before ? "from before " : "until now",
               before ? before : "");
}

static enum status revoke_all_of(struct cli *cli, size_t target) {
        _cleanup_(json_decrefp) json_t *body = json_object();
        _cleanup_(answer_clear) struct answer answer = {0};

        if (body_fill(body, &cli->arguments, target) < 0)
                return STATUS_USAGE;
        if (ask_as_peer(cli, "POST", "/revocations", body, &answer) < 0)
                return STATUS_REFUSED;
        if (answer.status != 204)
                return refused(cli, &answer);
        print_ended(cli, body, target);
        return STATUS_DONE;
}

/* ---- a token ---- */

static enum status revoke_token(struct cli *cli) {
        _cleanup_(secret_freep) struct secret *token = NULL;

        if (option_is_given(&cli->arguments, OPTION_BEFORE)) {
                log_error("a token has no --before");
                return STATUS_USAGE;
        }
        if (token_given(cli, &token) < 0)
                return STATUS_REFUSED;
        if (jeton_revoke(cli->jeton, token->bytes) < 0) {
                log_error("%s", jeton_error(cli->jeton));
                return STATUS_REFUSED;
        }
        puts(cli->json ? "{}" : "the token is good for nothing here");
        return STATUS_DONE;
}

static enum status run(struct cli *cli) {
        size_t target;

        if (target_find(&cli->arguments, &target) < 0)
                return STATUS_USAGE;
        return target < ELEMENTS(targets) ? revoke_all_of(cli, target) : revoke_token(cli);
}

const struct command command_revoke = {
        .words = "revoke",
        .operands = "",
        .options = OPTION_BIT(OPTION_USER) | OPTION_BIT(OPTION_CLIENT_ID) | OPTION_BIT(OPTION_ALL) |
                   OPTION_BIT(OPTION_BEFORE) | OPTION_BIT(OPTION_TOKEN_FILE),
        .line = "End all tokens of a user, a client or everybody (admin), or one token",
        .more = "With the tokens of before WHEN the sessions end that began before it; without it\n"
                "all until now. WHEN is a day (2026-12-31) or a time (2026-12-31T12:00:00Z), both\n"
                "in UTC. Whoever holds a token may end it, unless it is a confidential client's;\n"
                "a refresh token takes its session along.",
        .run = run,
};
