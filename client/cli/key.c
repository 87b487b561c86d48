/* jeton key list, rotate, drop: the signing keys, as an admin. Each prints the keys as they are
 * then. */
#include "ask.h"
#include "output.h"

#include "../../common/cleanup.h"
#include "../../common/jwt/pages.h"
#include "../../common/log.h"

static void print_member(const json_t *key, const char *name, const char *before) {
        if (!json_object_get(key, name))
                return;
        fputs(before, stdout);
        output_text(member_text(key, name));
}

static void print_key(const json_t *key) {
        print_member(key, "kid", "");
        print_member(key, "alg", "  ");
        print_member(key, "state", "  ");
        print_member(key, "since", " since ");
        print_member(key, "active_at", ", active ");
        print_member(key, "dropped_at", ", dropped ");
        putchar('\n');
}

static enum status ask_keys(struct cli *cli, const char *method, const char *path,
                            const json_t *body) {
        _cleanup_(answer_clear) struct answer answer = {0};

        if (ask_as_peer(cli, method, path, body, &answer) < 0)
                return STATUS_REFUSED;
        if (answer.status != 200)
                return refused(cli, &answer);
        output_list(answer.json, print_key, cli->json);
        return STATUS_DONE;
}

/* ---- list ---- */

static enum status list_run(struct cli *cli) {
        return ask_keys(cli, "GET", "/keys", NULL);
}

const struct command command_key_list = {
        .words = "key list",
        .operands = "",
        .line = "List the signing keys and what becomes of them (admin)",
        .run = list_run,
};

/* ---- rotate ---- */

static enum status rotate_run(struct cli *cli) {
        const char *algorithm = option_value(&cli->arguments, OPTION_ALG);
        json_t *body = json_object();
        enum status status;

        if (algorithm)
                json_object_set_new(body, "alg", json_string(algorithm));
        if (option_is_given(&cli->arguments, OPTION_NOW))
                json_object_set_new(body, "now", json_true());
        status = ask_keys(cli, "POST", "/keys/rotate", body);
        json_decref(body);
        return status;
}

const struct command command_key_rotate = {
        .words = "key rotate",
        .operands = "",
        .options = OPTION_BIT(OPTION_ALG) | OPTION_BIT(OPTION_NOW),
        .line = "Replace the signing keys, or that of one algorithm (admin)",
        .more = "The successor is published at once and signs when verifiers had the time to see\n"
                "it (key-prepare). The old key verifies until its last token has ended.",
        .run = rotate_run,
};

/* ---- drop ---- */

static enum status drop_run(struct cli *cli) {
        const char *kid = operand(&cli->arguments, 0);
        char path[sizeof "/keys/" + KID_LEN];

        if (strlen(kid) != KID_LEN || strspn(kid, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
                                                  "uvwxyz0123456789_-") != KID_LEN) {
                log_error("a kid has %d characters; `jeton key list` shows them", KID_LEN);
                return STATUS_USAGE;
        }
        snprintf(path, sizeof path, "/keys/%s", kid);
        return ask_keys(cli, "DELETE", path, NULL);
}

const struct command command_key_drop = {
        .words = "key drop",
        .operands = "KID",
        .operands_min = 1,
        .operands_max = 1,
        .line = "Drop a key at once: its tokens are good no more (admin)",
        .more = "For a key that others may have. An active key gets a successor in the same step.\n"
                "Verifiers that cached the JWKS take the old tokens until they fetch it anew.",
        .run = drop_run,
};
