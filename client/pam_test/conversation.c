/* What the modules say to a person, and what he answers. */
#include "trial.h"

#include "../../common/cleanup.h"
#include "../../common/secret.h"
#include "../../common/text.h"
#include "../cli/output.h"
#include "../cli/password.h"

#include <string.h>

#define PROMPT_MAX 256

/* A prompt is of a module's making, and need not be fit for a terminal. */
static void prompt_copy(const char *from, char ret[PROMPT_MAX]) {
        size_t i;

        for (i = 0; i < PROMPT_MAX - 1 && from[i]; i++)
                ret[i] = (char)((unsigned char)from[i] < 0x20 || from[i] == 0x7f ? '?' : from[i]);
        ret[i] = '\0';
}

/* libpam's modules free the answer; pam_jeton and libpam wipe it first. */
static int answer_get(const struct pam_message *message, char **ret) {
        bool is_shown = message->msg_style == PAM_PROMPT_ECHO_ON;
        _cleanup_(secret_freep) struct secret *answer = NULL;
        char prompt[PROMPT_MAX];

        prompt_copy(message->msg, prompt);
        if (is_shown)
                fputs(prompt, stderr);
        if (password_get(prompt, false, is_shown, &answer) < 0)
                return PAM_CONV_ERR;
        *ret = strndup(secret_text(answer).p, secret_text(answer).len);
        return *ret ? PAM_SUCCESS : PAM_BUF_ERR;
}

static void say(const char *message) {
        char line[PROMPT_MAX];

        prompt_copy(message, line);
        fprintf(stderr, "%s\n", line);
}

static void answers_free(struct pam_response *answers, int count) {
        int i;

        for (i = 0; i < count; i++) {
                if (answers[i].resp)
                        explicit_bzero(answers[i].resp, strlen(answers[i].resp));
                free(answers[i].resp);
        }
        free(answers);
}

static int converse(int count, const struct pam_message **messages, struct pam_response **ret,
                    void *context) {
        struct pam_response *answers;
        int i, code = PAM_SUCCESS;

        (void)context;
        if (count <= 0 || count > PAM_MAX_NUM_MSG)
                return PAM_CONV_ERR;
        answers = calloc((size_t)count, sizeof *answers);
        if (!answers)
                return PAM_BUF_ERR;
        for (i = 0; code == PAM_SUCCESS && i < count; i++) {
                int style = messages[i]->msg_style;

                if (style == PAM_PROMPT_ECHO_OFF || style == PAM_PROMPT_ECHO_ON)
                        code = answer_get(messages[i], &answers[i].resp);
                else
                        say(messages[i]->msg);
        }
        if (code == PAM_SUCCESS)
                *ret = answers;
        else
                answers_free(answers, count);
        return code;
}

const struct pam_conv conversation = {.conv = converse};
