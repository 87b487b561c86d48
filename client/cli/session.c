/* jeton session list, jeton session end: with a token one's own, otherwise as an admin. */
#include "ask.h"
#include "output.h"
#include "token_at_hand.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../common/log.h"
#include "../../common/wire/form.h"

#define MIN_VALID_S 10

static int ask_about_sessions(struct cli *cli, const char *method, const char *path, bool as_admin,
                              struct answer *ret) {
        _cleanup_(held_clear) struct held held = {.token = NULL};
        int r = -ENODATA;

        if (!as_admin)
                r = token_at_hand(cli, MIN_VALID_S, &held);
        if (r == -ENODATA)
                return ask_as_peer(cli, method, path, NULL, ret);
        return r < 0 ? r : tell_as_bearer(cli, method, path, NULL, held.token, ret);
}

/* ---- list ---- */

static void print_session(const json_t *session) {
        static const char *const members[] = {"username", "client_id", "audience", "scope"};
        size_t i;

        output_text(member_text(session, "sid"));
        puts(json_is_true(json_object_get(session, "current")) ? "  (this one)" : "");
        for (i = 0; i < ELEMENTS(members); i++)
                output_field(members[i], member_text(session, members[i]));
        output_time("login", json_integer_value(json_object_get(session, "auth_time")));
        output_time("used", json_integer_value(json_object_get(session, "used_at")));
        output_time("ends", json_integer_value(json_object_get(session, "expires_at")));
}

static char *list_path(const char *user) {
        struct text text = text_of(user);
        _cleanup_(freep) char *encoded = calloc(1, form_encoded_len(text) + 1);
        char *path;

        if (!encoded)
                return NULL;
        form_encode(text, encoded);
        if (asprintf(&path, "/sessions?limit=1000%s%s", user ? "&user=" : "", encoded) < 0)
                return NULL;
        return path;
}

static enum status list_run(struct cli *cli) {
        const char *user = operand(&cli->arguments, 0);
        bool as_admin = user || option_is_given(&cli->arguments, OPTION_ALL);
        _cleanup_(answer_clear) struct answer answer = {0};
        _cleanup_(freep) char *path = list_path(user);

        if (!path || ask_about_sessions(cli, "GET", path, as_admin, &answer) < 0)
                return STATUS_REFUSED;
        if (answer.status != 200)
                return refused(cli, &answer);
        output_list(answer.json, print_session, cli->json);
        return STATUS_DONE;
}

const struct command command_session_list = {
        .words = "session list",
        .operands = "[USER]",
        .operands_max = 1,
        .options = OPTION_BIT(OPTION_ALL) | OPTION_BIT(OPTION_TOKEN_FILE),
        .line = "List one's own sessions, or those of a user (admin)",
        .more = "One's own are those of the token at hand, as `whoami` finds it. With USER or\n"
                "--all, and without a token, an admin asks by the kernel's word.",
        .run = list_run,
};

/* ---- end ---- */

static enum status end_run(struct cli *cli) {
        bool as_admin = option_is_given(&cli->arguments, OPTION_ALL);
        _cleanup_(answer_clear) struct answer answer = {0};
        char path[128];
        int n;

        n = snprintf(path, sizeof path, "/sessions/%s", operand(&cli->arguments, 0));
        if (n < 0 || (size_t)n >= sizeof path || strchr(operand(&cli->arguments, 0), '/')) {
                log_error("that is no session");
                return STATUS_USAGE;
        }
        if (ask_about_sessions(cli, "DELETE", path, as_admin, &answer) < 0)
                return STATUS_REFUSED;
        if (answer.status != 204)
                return refused(cli, &answer);
        if (cli->json)
                output_json_fact("ended", operand(&cli->arguments, 0));
        return STATUS_DONE;
}

const struct command command_session_end = {
        .words = "session end",
        .operands = "SID",
        .operands_min = 1,
        .operands_max = 1,
        .options = OPTION_BIT(OPTION_ALL) | OPTION_BIT(OPTION_TOKEN_FILE),
        .line = "End a session and all its tokens",
        .more = "One's own with a token at hand or the saved login; any with --all, as an admin.",
        .run = end_run,
};
