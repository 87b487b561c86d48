/* jeton user delete: DELETE /users/NAME as an admin. */
#include "ask.h"
#include "output.h"

#include "../../common/cleanup.h"

static void print_deleted(const struct cli *cli, const char *name) {
        if (cli->json) {
                output_json_fact("deleted", name);
                return;
        }
        output_text(text_of(name));
        puts(" is deleted");
}

static enum status run(struct cli *cli) {
        const char *name = operand(&cli->arguments, 0);
        _cleanup_(freep) char *path = user_path(name);
        _cleanup_(answer_clear) struct answer answer = {0};

        if (!path || ask_as_peer(cli, "DELETE", path, NULL, &answer) < 0)
                return STATUS_REFUSED;
        if (answer.status != 204)
                return refused(cli, &answer);
        print_deleted(cli, name);
        return STATUS_DONE;
}

const struct command command_user_delete = {
        .words = "user delete",
        .operands = "NAME|ID",
        .operands_min = 1,
        .operands_max = 1,
        .line = "Delete a user for ever (admin)",
        .run = run,
};
