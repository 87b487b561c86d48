/* jeton user link: PATCH /users/NAME as an admin. */
#include "account.h"
#include "ask.h"
#include "output.h"
#include "person.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"

static int link_of(const struct arguments *arguments, json_t **ret) {
        const char *name = operand(arguments, 0), *account = operand(arguments, 1);
        uid_t uid;
        int r;

        if (option_is_given(arguments, OPTION_REMOVE)) {
                *ret = json_pack("{s:n}", "uid");
                return 0;
        }
        r = account_uid(account ? account : name, &uid);
        if (r < 0)
                return r;
        *ret = json_pack("{s:I}", "uid", (json_int_t)uid);
        return 0;
}

static void print_link(const struct cli *cli, const json_t *person) {
        const json_t *uid = json_object_get(person, "uid");

        if (cli->json) {
                output_json(person);
                return;
        }
        output_text(person_text(person, "username"));
        if (json_is_integer(uid))
                printf(" is linked to uid %lld\n", (long long)json_integer_value(uid));
        else
                puts(" is linked to no account");
}

static enum status send_link(struct cli *cli, const char *path, const json_t *link) {
        _cleanup_(answer_clear) struct answer answer = {0};

        if (ask_as_peer(cli, "PATCH", path, link, &answer) < 0)
                return STATUS_REFUSED;
        if (answer.status != 200)
                return refused(cli, &answer);
        print_link(cli, answer.json);
        return STATUS_DONE;
}

static enum status run(struct cli *cli) {
        _cleanup_(freep) char *path = user_path(operand(&cli->arguments, 0));
        enum status status;
        json_t *link;

        if (operand(&cli->arguments, 1) && option_is_given(&cli->arguments, OPTION_REMOVE)) {
                log_error("either an account or --remove");
                return STATUS_USAGE;
        }
        if (!path || link_of(&cli->arguments, &link) < 0)
                return STATUS_REFUSED;
        status = send_link(cli, path, link);
        json_decref(link);
        return status;
}

const struct command command_user_link = {
        .words = "user link",
        .operands = "NAME [ACCOUNT|UID]",
        .operands_min = 1,
        .operands_max = 2,
        .options = OPTION_BIT(OPTION_REMOVE),
        .line = "Link a user to a local account, or unlink (admin)",
        .more = "Without ACCOUNT it is the local account of the same name. A linked user logs in\n"
                "to that account through PAM; one account has at most one user.",
        .run = run,
};
