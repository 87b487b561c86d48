/* jeton passwd: PUT /users/me/password. Logs in with the current password for a token first. */
#include "ask.h"
#include "login.h"
#include "output.h"
#include "user_body.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"
#include "../body.h"

static int fill_body(json_t *body, const struct arguments *arguments,
                     const struct secret *current) {
        json_t *value = json_stringn(current->bytes, current->len);

        if (json_object_set_new(body, "current_password", value) < 0) {
                log_error("the current password is not UTF-8: an admin can set a new one");
                return -EINVAL;
        }
        return user_body_password(body, "new_password", arguments);
}

static int send_body(struct cli *cli, const json_t *body, const struct jeton_tokens *tokens,
                     struct answer *ret) {
        _cleanup_(secret_freep) struct secret *token = NULL;
        const char *access = jeton_tokens_access(tokens);
        int r;

        r = secret_new(access, strlen(access), &token);
        if (r < 0) {
                log_error("out of memory");
                return r;
        }
        return tell_as_bearer(cli, "PUT", "/users/me/password", body, token, ret);
}

static enum status change_password(struct cli *cli, const struct secret *current,
                                   const struct jeton_tokens *tokens) {
        _cleanup_(json_decrefp) json_t *body = json_object();
        _cleanup_(answer_clear) struct answer answer = {0};
        int r;

        r = fill_body(body, &cli->arguments, current);
        if (r == 0)
                r = send_body(cli, body, tokens, &answer);
        json_wipe_string(json_object_get(body, "current_password"));
        json_wipe_string(json_object_get(body, "new_password"));
        if (r < 0)
                return STATUS_REFUSED;
        if (answer.status != 204)
                return refused(cli, &answer);
        if (cli->json)
                puts("{}");
        else
                puts("The password is changed. Whoever was logged in with the old one is no more.");
        return STATUS_DONE;
}

static enum status run(struct cli *cli) {
        _cleanup_(jeton_tokens_freep) struct jeton_tokens *tokens = NULL;
        _cleanup_(secret_freep) struct secret *current = NULL;
        enum status status;

        status = login_keeping(cli, &current, &tokens);
        return status == STATUS_DONE ? change_password(cli, current, tokens) : status;
}

const struct command command_passwd = {
        .words = "passwd",
        .operands = "[NAME]",
        .operands_max = 1,
        .options = OPTION_BIT(OPTION_PASSWORD_STDIN),
        .line = "Change one's own password",
        .more = "NAME is the calling account's own unless told. The current password is asked "
                "for,\n"
                "then the new one twice; or they are two lines of standard input.",
        .run = run,
};
