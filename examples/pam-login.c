/* A login through PAM in its shortest form: pam-login CONFDIR SERVICE USER, the password on
 * standard input. It reads CONFDIR/SERVICE as the stack, so no file of the system is touched and no
 * right is needed. Answers with PAM's own words; exit status 0 for a login, 1 for a refusal. */
/* needs: pam */
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PASSWORD_SIZE 514

/* libpam frees the answers with free(3). */
static int answer_with_password(int count, const struct pam_message **messages,
                                struct pam_response **ret_answers, void *password) {
        struct pam_response *answers = calloc((size_t)count, sizeof *answers);

        if (!answers)
                return PAM_BUF_ERR;
        for (int i = 0; i < count; i++)
                if (messages[i]->msg_style == PAM_PROMPT_ECHO_OFF)
                        answers[i].resp = strdup(password);
        *ret_answers = answers;
        return PAM_SUCCESS;
}

/* The two questions that every program has to ask: who is it, and may he come in now. */
static int log_in(pam_handle_t *pam) {
        int status = pam_authenticate(pam, 0);

        if (status == PAM_SUCCESS)
                status = pam_acct_mgmt(pam, 0);
        return status;
}

int main(int argc, char **argv) {
        char password[PASSWORD_SIZE] = "";
        const struct pam_conv conversation = {answer_with_password, password};
        pam_handle_t *pam;
        int status;

        if (argc != 4) {
                fprintf(stderr, "usage: pam-login CONFDIR SERVICE USER\n");
                return 2;
        }
        if (!fgets(password, sizeof password, stdin))
                return 2;
        password[strcspn(password, "\n")] = '\0';

        status = pam_start_confdir(argv[2], argv[3], &conversation, argv[1], &pam);
        if (status == PAM_SUCCESS)
                status = log_in(pam);
        explicit_bzero(password, sizeof password);
        printf("%s\n", pam_strerror(pam, status));
        pam_end(pam, status);
        return status != PAM_SUCCESS;
}
