/* jeton user links: GET /users/NAME/links as an admin. */
#include "ask.h"
#include "output.h"

#include "../../common/cleanup.h"

#include <stdio.h>

static void print_link(const json_t *link) {
        output_text(member_text(link, "issuer"));
        puts("");
        output_field("subject", member_text(link, "sub"));
        output_field("made by", member_text(link, "by"));
        output_field("made at", member_text(link, "created_at"));
}

static enum status run(struct cli *cli) {
        _cleanup_(freep) char *path = item_path("users", operand(&cli->arguments, 0), "/links");
        _cleanup_(answer_clear) struct answer answer = {0};

        if (!path || ask_as_peer(cli, "GET", path, NULL, &answer) < 0)
                return STATUS_REFUSED;
        if (answer.status != 200)
                return refused(cli, &answer);
        if (!cli->json && json_array_size(answer.json) == 0) {
                output_text(text_of(operand(&cli->arguments, 0)));
                puts(" is linked to nobody at an outside issuer");
        }
        output_list(answer.json, print_link, cli->json);
        return STATUS_DONE;
}

const struct command command_user_links = {
        .words = "user links",
        .operands = "NAME|ID",
        .operands_min = 1,
        .operands_max = 1,
        .line = "List who a user is at outside issuers (admin)",
        .more = "\"email\" has made a link: the first login from there, whose verified e-mail an\n"
                "administrator had set for the user.",
        .run = run,
};
