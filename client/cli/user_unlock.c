/* jeton user unlock: POST /users/NAME/unlock as an admin. */
#include "ask.h"
#include "output.h"

#include "../../common/cleanup.h"

#include <stdio.h>

static enum status run(struct cli *cli) {
        const char *name = operand(&cli->arguments, 0);
        _cleanup_(answer_clear) struct answer answer = {0};
        _cleanup_(freep) char *user = user_path(name), *path = NULL;

        if (!user || asprintf(&path, "%s/unlock", user) < 0 ||
            ask_as_peer(cli, "POST", path, NULL, &answer) < 0)
                return STATUS_REFUSED;
        if (answer.status != 204)
                return refused(cli, &answer);
        if (cli->json) {
                output_json_fact("unlocked", name);
                return STATUS_DONE;
        }
        output_text(text_of(name));
        puts(" may try again at once");
        return STATUS_DONE;
}

const struct command command_user_unlock = {
        .words = "user unlock",
        .operands = "NAME|ID",
        .operands_min = 1,
        .operands_max = 1,
        .line = "Let a user try again who has to wait (admin)",
        .more = "Failed logins make the next one wait, a second first and until the end of the "
                "day\n"
                "(UTC) after a hundred. This forgets them, wherever they came from.",
        .run = run,
};
