/* jeton user add: POST /users as an admin. */
#include "account.h"
#include "ask.h"
#include "output.h"
#include "user_body.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"
#include "../body.h"

static int add_link(json_t *user, const struct arguments *arguments) {
        const char *account = option_value(arguments, OPTION_LINK);
        uid_t uid;
        int r;

        if (!option_is_given(arguments, OPTION_LINK))
                return 0;
        r = account_uid(account ? account : operand(arguments, 0), &uid);
        if (r < 0)
                return r;
        return json_object_set_new(user, "uid", json_integer(uid));
}

/* The password last: nobody should type it for a request that cannot be made. */
static int fill_user(json_t *user, const struct arguments *arguments) {
        int r;

        r = user_body_text(user, "username", operand(arguments, 0), "the name");
        if (r == 0)
                r = user_body_text(user, "full_name", option_value(arguments, OPTION_FULL_NAME),
                                   "--full-name");
        if (r == 0)
                r = user_body_text(user, "email", option_value(arguments, OPTION_EMAIL), "--email");
        if (r == 0)
                r = user_body_roles(user, arguments);
        if (r == 0)
                r = add_link(user, arguments);
        if (r == 0 && option_is_given(arguments, OPTION_ALLOW_ACCOUNT_NAME))
                r = json_object_set_new(user, "allow_account_name", json_true());
        if (r < 0)
                return r;
        if (option_is_given(arguments, OPTION_HASH_STDIN))
                return user_body_password_hash(user);
        return user_body_password(user, "password", arguments);
}

static void print_added(const struct cli *cli, const json_t *person) {
        const json_t *uid = json_object_get(person, "uid");

        if (cli->json) {
                output_json(person);
                return;
        }
        output_text(member_text(person, "username"));
        printf(" is added, id %lld", (long long)json_integer_value(json_object_get(person, "id")));
        if (json_is_integer(uid))
                printf(", linked to uid %lld", (long long)json_integer_value(uid));
        putchar('\n');
}

static enum status run(struct cli *cli) {
        _cleanup_(json_decrefp) json_t *user = json_object();
        _cleanup_(answer_clear) struct answer answer = {0};
        int r;

        if (option_is_given(&cli->arguments, OPTION_PASSWORD_STDIN) &&
            option_is_given(&cli->arguments, OPTION_HASH_STDIN)) {
                log_error("either --password-stdin or --hash-stdin");
                return STATUS_USAGE;
        }
        r = fill_user(user, &cli->arguments);
        if (r == 0)
                r = ask_as_peer(cli, "POST", "/users", user, &answer);
        json_wipe_string(json_object_get(user, "password"));
        json_wipe_string(json_object_get(user, "password_hash"));
        if (r < 0)
                return STATUS_REFUSED;
        if (answer.status != 201)
                return refused(cli, &answer);
        print_added(cli, answer.json);
        return STATUS_DONE;
}

const struct command command_user_add = {
        .words = "user add",
        .operands = "NAME",
        .operands_min = 1,
        .operands_max = 1,
        .options = OPTION_BIT(OPTION_FULL_NAME) | OPTION_BIT(OPTION_EMAIL) |
                   OPTION_BIT(OPTION_ROLE) | OPTION_BIT(OPTION_ADMIN) | OPTION_BIT(OPTION_LINK) |
                   OPTION_BIT(OPTION_ALLOW_ACCOUNT_NAME) | OPTION_BIT(OPTION_PASSWORD_STDIN) |
                   OPTION_BIT(OPTION_HASH_STDIN),
        .line = "Add a user (admin)",
        .more = "The password is asked for twice on a terminal, or is one line of standard input.\n"
                "With --hash-stdin it is a hash: a field of /etc/shadow, or what another program\n"
                "stored (crypt(3), Argon2, passlib's PBKDF2).\n"
                "Someone who shall log in through PAM needs --link.",
        .run = run,
};
