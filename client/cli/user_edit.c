/* jeton user edit, disable, enable, expire, passwd: PATCH /users/NAME as an admin. */
#include "ask.h"
#include "output.h"
#include "user_body.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"
#include "../body.h"

static void print_done(const struct cli *cli, const json_t *person, const char *done) {
        if (cli->json) {
                output_json(person);
                return;
        }
        output_text(member_text(person, "username"));
        printf(" %s\n", done);
}

/* Takes over `change`; NULL: what is wrong has been said. */
static enum status send_change(struct cli *cli, json_t *change, const char *done) {
        _cleanup_(freep) char *path = user_path(operand(&cli->arguments, 0));
        _cleanup_(json_decrefp) json_t *body = change;
        _cleanup_(answer_clear) struct answer answer = {0};
        int r;

        if (!body || !path)
                return STATUS_REFUSED;
        r = ask_as_peer(cli, "PATCH", path, body, &answer);
        json_wipe_string(json_object_get(body, "password"));
        if (r < 0)
                return STATUS_REFUSED;
        if (answer.status != 200)
                return refused(cli, &answer);
        print_done(cli, answer.json, done);
        return STATUS_DONE;
}

static int fill_edit(json_t *change, const struct arguments *arguments) {
        int r;

        r = user_body_text(change, "full_name", option_value(arguments, OPTION_FULL_NAME),
                           "--full-name");
        if (r == 0)
                r = user_body_text(change, "email", option_value(arguments, OPTION_EMAIL),
                                   "--email");
        if (r == 0 &&
            (option_is_given(arguments, OPTION_ROLE) || option_is_given(arguments, OPTION_ADMIN)))
                r = user_body_roles(change, arguments);
        return r;
}

static enum status run_edit(struct cli *cli) {
        json_t *change = json_object();

        if (fill_edit(change, &cli->arguments) < 0) {
                json_decref(change);
                return STATUS_REFUSED;
        }
        if (json_object_size(change) == 0) {
                log_error("nothing to change: name --full-name, --email, --role or --admin");
                json_decref(change);
                return STATUS_USAGE;
        }
        return send_change(cli, change, "is changed");
}

static enum status run_disable(struct cli *cli) {
        return send_change(cli, json_pack("{s:b}", "disabled", 1),
                           "is disabled, and logged out everywhere");
}

static enum status run_enable(struct cli *cli) {
        return send_change(cli, json_pack("{s:b}", "disabled", 0), "is enabled");
}

static enum status run_expire(struct cli *cli) {
        const char *when = operand(&cli->arguments, 1);
        char end[64], done[80];

        if (strcmp(when, "never") == 0)
                return send_change(cli, json_pack("{s:n}", "expires_at"), "has no end");
        if (when[strspn(when, "0123456789-:TZ")] != '\0') {
                log_error("the end is a day (2026-12-31), a time (2026-12-31T12:00:00Z), both in "
                          "UTC, or never");
                return STATUS_USAGE;
        }
        /* A day alone means its beginning. */
        snprintf(end, sizeof end, "%.40s%s", when, strchr(when, 'T') ? "" : "T00:00:00Z");
        snprintf(done, sizeof done, "ends at %s", end);
        return send_change(cli, json_pack("{s:s}", "expires_at", end), done);
}

static enum status run_expire_password(struct cli *cli) {
        return send_change(cli, json_pack("{s:b}", "must_change_password", 1),
                           "must change the password at the next login");
}

static enum status run_passwd(struct cli *cli) {
        json_t *change = json_object();
        int r;

        r = user_body_password(change, "password", &cli->arguments);
        if (r == 0 && option_is_given(&cli->arguments, OPTION_MUST_CHANGE))
                r = json_object_set_new(change, "must_change_password", json_true());
        if (r < 0) {
                json_decref(change);
                return STATUS_REFUSED;
        }
        return send_change(cli, change, "has a new password, and is logged out everywhere");
}

const struct command command_user_edit = {
        .words = "user edit",
        .operands = "NAME|ID",
        .operands_min = 1,
        .operands_max = 1,
        .options = OPTION_BIT(OPTION_FULL_NAME) | OPTION_BIT(OPTION_EMAIL) |
                   OPTION_BIT(OPTION_ROLE) | OPTION_BIT(OPTION_ADMIN),
        .line = "Change a user's name, address or roles (admin)",
        .more = "An empty text removes what was there. --role and --admin name all the roles that\n"
                "the user has afterwards; --role \"\" alone: none.",
        .run = run_edit,
};

const struct command command_user_disable = {
        .words = "user disable",
        .operands = "NAME|ID",
        .operands_min = 1,
        .operands_max = 1,
        .line = "Let a user in no more (admin)",
        .run = run_disable,
};

const struct command command_user_enable = {
        .words = "user enable",
        .operands = "NAME|ID",
        .operands_min = 1,
        .operands_max = 1,
        .line = "Let a disabled user in again (admin)",
        .run = run_enable,
};

const struct command command_user_expire = {
        .words = "user expire",
        .operands = "NAME|ID WHEN",
        .operands_min = 2,
        .operands_max = 2,
        .line = "Set the end of a user's account (admin)",
        .more = "WHEN is a day (2026-12-31), a time (2026-12-31T12:00:00Z), both in UTC, or never.",
        .run = run_expire,
};

const struct command command_user_passwd = {
        .words = "user passwd",
        .operands = "NAME|ID",
        .operands_min = 1,
        .operands_max = 1,
        .options = OPTION_BIT(OPTION_PASSWORD_STDIN) | OPTION_BIT(OPTION_MUST_CHANGE),
        .line = "Set a user's password anew (admin)",
        .run = run_passwd,
};

const struct command command_user_expire_password = {
        .words = "user expire-password",
        .operands = "NAME|ID",
        .operands_min = 1,
        .operands_max = 1,
        .line = "Have a user change the password at the next login (admin)",
        .more = "Who is logged in stays it. A new password that its user sets, or an "
                "administrator\n"
                "without --must-change, ends it.",
        .run = run_expire_password,
};
