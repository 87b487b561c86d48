/* jeton passwd: PUT /users/me/password, by name: who must change his password gets no token before
 * that. */
#include "ask.h"
#include "login.h"
#include "output.h"
#include "password.h"
#include "user_body.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"
#include "../body.h"

static int ask_current(json_t *body, const struct arguments *arguments, const char *name) {
        bool line_only = option_is_given(arguments, OPTION_PASSWORD_STDIN);
        _cleanup_(secret_freep) struct secret *current = NULL;
        char prompt[128];
        int r;

        snprintf(prompt, sizeof prompt,
                 "Current password of %.90s: ", log_escape(text_of(name)).text);
        r = password_get(prompt, false, line_only, &current);
        if (r < 0)
                return r;
        if (json_object_set_new(body, "current_password",
                                json_stringn(current->bytes, current->len)) == 0)
                return 0;
        log_error("the current password is not UTF-8: an admin can set a new one");
        return -EINVAL;
}

static int fill_body(json_t *body, const struct arguments *arguments, const char *name) {
        int r;

        r = user_body_text(body, "username", name, "the name");
        if (r == 0)
                r = ask_current(body, arguments, name);
        return r < 0 ? r : user_body_password(body, "new_password", arguments);
}

static enum status say_done(const struct cli *cli) {
        if (cli->json)
                puts("{}");
        else
                puts("The password is changed. Whoever was logged in with the old one is no more.");
        return STATUS_DONE;
}

static enum status run(struct cli *cli) {
        const char *name = login_name(&cli->arguments);
        _cleanup_(json_decrefp) json_t *body = json_object();
        _cleanup_(answer_clear) struct answer answer = {0};
        int r;

        if (!name)
                return STATUS_USAGE;
        r = fill_body(body, &cli->arguments, name);
        if (r == 0)
                r = tell_anonymously(cli, "PUT", "/users/me/password", body, &answer);
        json_wipe_string(json_object_get(body, "current_password"));
        json_wipe_string(json_object_get(body, "new_password"));
        if (r < 0)
                return STATUS_REFUSED;
        return answer.status == 204 ? say_done(cli) : refused(cli, &answer);
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
