/* jeton user links: GET /users/NAME/links as an admin. */
#include "ask.h"
#include "output.h"

#include "../../common/cleanup.h"

#include <stdio.h>

static struct text member(const json_t *link, const char *name) {
        return text_of(json_string_value(json_object_get(link, name)));
}

static void print_link(const json_t *link) {
        output_text(member(link, "issuer"));
        puts("");
        output_field("subject", member(link, "sub"));
        output_field("made by", member(link, "by"));
        output_field("made at", member(link, "created_at"));
}

static enum status run(struct cli *cli) {
        _cleanup_(freep) char *path = item_path("users", operand(&cli->arguments, 0), "/links");
        _cleanup_(answer_clear) struct answer answer = {0};
        const json_t *link;
        size_t i;

        if (!path || ask_as_peer(cli, "GET", path, NULL, &answer) < 0)
                return STATUS_REFUSED;
        if (answer.status != 200)
                return refused(cli, &answer);
        if (cli->json) {
                output_json(answer.json);
                return STATUS_DONE;
        }
        if (json_array_size(answer.json) == 0) {
                output_text(text_of(operand(&cli->arguments, 0)));
                puts(" is linked to nobody at an outside issuer");
        }
        json_array_foreach(answer.json, i, link) {
                print_link(link);
        }
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
