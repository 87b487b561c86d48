/* jeton user show: GET /users/NAME as an admin. */
#include "ask.h"
#include "output.h"
#include "person.h"

#include "../../common/cleanup.h"

static enum status run(struct cli *cli) {
        _cleanup_(freep) char *path = user_path(operand(&cli->arguments, 0));
        _cleanup_(answer_clear) struct answer answer = {0};

        if (!path || ask_as_peer(cli, "GET", path, NULL, &answer) < 0)
                return STATUS_REFUSED;
        if (answer.status != 200)
                return refused(cli, &answer);
        if (cli->json)
                output_json(answer.json);
        else
                person_print(answer.json);
        return STATUS_DONE;
}

const struct command command_user_show = {
        .words = "user show",
        .operands = "NAME|ID",
        .operands_min = 1,
        .operands_max = 1,
        .line = "Show a user (admin)",
        .run = run,
};
