/* jeton client add, edit, rotate-secret, disable, enable, delete: /clients as an admin. */
#include "client.h"
#include "output.h"
#include "user_body.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"

#define AUDIENCES_SIZE 2049 /* the daemon keeps a byte less */

/* ---- what it may have, from the command line ---- */

static int add_words(json_t *client, const char *member, struct text list) {
        json_t *words = json_array();
        struct text word;
        int r = 0;

        while (r == 0 && text_next_word(&list, &word))
                r = json_array_append_new(words, json_stringn(word.p, word.len));
        if (json_object_set_new(client, member, words) == 0 && r == 0)
                return 0;
        log_error("%s are not UTF-8", member);
        return -EINVAL;
}

/* Only what is named. */
static int fill(json_t *client, const struct arguments *arguments) {
        char audiences[AUDIENCES_SIZE];
        int r;

        r = user_body_text(client, "name", option_value(arguments, OPTION_NAME), "--name");
        if (r == 0)
                r = option_join(arguments, OPTION_AUDIENCE, audiences, sizeof audiences);
        if (r == 0 && option_is_given(arguments, OPTION_AUDIENCE))
                r = add_words(client, "audiences", text_of(audiences));
        if (r == 0 && option_is_given(arguments, OPTION_SCOPE))
                r = add_words(client, "scopes", text_of(option_value(arguments, OPTION_SCOPE)));
        return r;
}

#define FILL_OPTIONS \
        (OPTION_BIT(OPTION_NAME) | OPTION_BIT(OPTION_AUDIENCE) | OPTION_BIT(OPTION_SCOPE))

/* ---- add, rotate-secret ---- */

static enum status run_add(struct cli *cli) {
        _cleanup_(json_decrefp) json_t *client = json_object();
        _cleanup_(answer_clear) struct answer answer = {0};

        if (!option_is_given(&cli->arguments, OPTION_AUDIENCE)) {
                log_error("a client needs --audience: whom its tokens may be for");
                return STATUS_USAGE;
        }
        if (user_body_text(client, "id", operand(&cli->arguments, 0), "ID") < 0 ||
            fill(client, &cli->arguments) < 0 ||
            ask_as_peer(cli, "POST", "/clients", client, &answer) < 0)
                return STATUS_REFUSED;
        if (answer.status != 201)
                return refused(cli, &answer);
        return client_print_secret(cli, answer.json);
}

static enum status run_rotate_secret(struct cli *cli) {
        _cleanup_(answer_clear) struct answer answer = {0};
        _cleanup_(freep) char *path = client_path(cli, "/secret");

        if (!path || ask_as_peer(cli, "POST", path, NULL, &answer) < 0)
                return STATUS_REFUSED;
        if (answer.status != 200)
                return refused(cli, &answer);
        return client_print_secret(cli, answer.json);
}

/* ---- edit, disable, enable ---- */

static enum status change(struct cli *cli, const json_t *body) {
        _cleanup_(answer_clear) struct answer answer = {0};
        _cleanup_(freep) char *path = client_path(cli, "");

        if (!path || ask_as_peer(cli, "PATCH", path, body, &answer) < 0)
                return STATUS_REFUSED;
        if (answer.status != 200)
                return refused(cli, &answer);
        client_print(cli, answer.json);
        return STATUS_DONE;
}

static enum status run_edit(struct cli *cli) {
        _cleanup_(json_decrefp) json_t *client = json_object();

        if (fill(client, &cli->arguments) < 0)
                return STATUS_REFUSED;
        if (json_object_size(client) == 0) {
                log_error("nothing to change: name --audience, --scope or --name");
                return STATUS_USAGE;
        }
        return change(cli, client);
}

static enum status run_disable(struct cli *cli) {
        _cleanup_(json_decrefp) json_t *client = json_pack("{s:b}", "enabled", 0);

        return change(cli, client);
}

static enum status run_enable(struct cli *cli) {
        _cleanup_(json_decrefp) json_t *client = json_pack("{s:b}", "enabled", 1);

        return change(cli, client);
}

/* ---- delete ---- */

static enum status run_delete(struct cli *cli) {
        const char *id = operand(&cli->arguments, 0);
        _cleanup_(answer_clear) struct answer answer = {0};
        _cleanup_(freep) char *path = client_path(cli, "");

        if (!path || ask_as_peer(cli, "DELETE", path, NULL, &answer) < 0)
                return STATUS_REFUSED;
        if (answer.status != 204)
                return refused(cli, &answer);
        if (cli->json) {
                output_json_fact("deleted", id);
                return STATUS_DONE;
        }
        output_text(text_of(id));
        puts(" is deleted, and what it was issued is revoked");
        return STATUS_DONE;
}

const struct command command_client_add = {
        .words = "client add",
        .operands = "ID",
        .operands_min = 1,
        .operands_max = 1,
        .options = FILL_OPTIONS,
        .line = "Add a confidential client and print its secret (admin)",
        .more = "For a service of another host, or behind a proxy: it gets tokens for the "
                "audiences\n"
                "and scopes that are named, with its ID and the secret, which is shown this once.\n"
                "A service of this host needs none: see identity in jetond.conf(5).",
        .run = run_add,
};

const struct command command_client_edit = {
        .words = "client edit",
        .operands = "ID",
        .operands_min = 1,
        .operands_max = 1,
        .options = FILL_OPTIONS,
        .line = "Change what a client may have, or its name (admin)",
        .more = "--audience and --scope name all that it may have afterwards, from the next token "
                "on.",
        .run = run_edit,
};

const struct command command_client_rotate_secret = {
        .words = "client rotate-secret",
        .operands = "ID",
        .operands_min = 1,
        .operands_max = 1,
        .line = "Give a client a new secret and print it (admin)",
        .more = "The old one proves nothing from then on. Tokens that it was issued go on.",
        .run = run_rotate_secret,
};

const struct command command_client_disable = {
        .words = "client disable",
        .operands = "ID",
        .operands_min = 1,
        .operands_max = 1,
        .line = "Let a client have no tokens, and revoke those it has (admin)",
        .run = run_disable,
};

const struct command command_client_enable = {
        .words = "client enable",
        .operands = "ID",
        .operands_min = 1,
        .operands_max = 1,
        .line = "Let a disabled client have tokens again (admin)",
        .run = run_enable,
};

const struct command command_client_delete = {
        .words = "client delete",
        .operands = "ID",
        .operands_min = 1,
        .operands_max = 1,
        .line = "Delete a client and revoke what it was issued (admin)",
        .run = run_delete,
};
