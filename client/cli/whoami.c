/* jeton whoami: whose token this is, by GET /users/me; without a token, what the kernel says. */
#include "account.h"
#include "ask.h"
#include "local.h"
#include "output.h"
#include "person.h"
#include "token_at_hand.h"

#include "../../common/cleanup.h"

static void print_account_json(const char *name, const bool *linked) {
        json_t *account = json_pack("{s:I, s:s?, s:b}", "uid", (json_int_t)geteuid(), "account",
                                    name, "token", 0);

        if (linked)
                json_object_set_new(account, "linked", json_boolean(*linked));
        output_json(account);
        json_decref(account);
}

static enum status print_account(const struct cli *cli) {
        const char *name = account_name(geteuid());
        bool is_linked, is_known = local_is_linked(&cli->place, geteuid(), &is_linked) == 0;

        if (cli->json) {
                print_account_json(name, is_known ? &is_linked : NULL);
                return STATUS_DONE;
        }
        printf("  %-11s %u\n", "uid", (unsigned)geteuid());
        output_field("account", text_of(name));
        if (is_known)
                printf("  %-11s %s\n", "linked", is_linked ? "to a user of jeton" : "to no user");
        puts("  token       none at hand: jeton login --save makes one");
        return STATUS_DONE;
}

static enum status run(struct cli *cli) {
        _cleanup_(held_clear) struct held held = {.token = NULL};
        _cleanup_(answer_clear) struct answer answer = {0};
        int r;

        r = token_at_hand(cli, 0, &held);
        if (r == -ENODATA)
                return print_account(cli);
        if (r < 0 || ask_as_bearer(cli, "/users/me", held.token, &answer) < 0)
                return STATUS_REFUSED;
        if (answer.status != 200)
                return refused(cli, &answer);
        if (cli->json)
                output_json(answer.json);
        else
                person_print(answer.json);
        return STATUS_DONE;
}

const struct command command_whoami = {
        .words = "whoami",
        .operands = "",
        .options = OPTION_BIT(OPTION_TOKEN_FILE),
        .line = "Tell whose token one has, or which account one is",
        .more = "The token is that of --token-file, BEARER_TOKEN, BEARER_TOKEN_FILE,\n"
                "$XDG_RUNTIME_DIR/bt_uUID or /tmp/bt_uUID, whichever comes first; otherwise\n"
                "that of the saved login.",
        .run = run,
};
