/* One conversation with Linux-PAM: authenticate, then account. The modules are shown one password,
 * once; whatever else they ask is refused, so a stack that wants a second factor lets nobody in.
 *
 * PAM_SUCCESS alone proves nothing here: a stack that did not ask for the password let in somebody
 * for another reason, and one that ended with another user proved him. */
#include "conversation.h"

#include "../../common/cleanup.h"
#include "../names/account.h"

#include <security/pam_appl.h>
#include <string.h>

/* No account has this name: passwd(5) could, useradd(8) and all others refuse it. */
#define NOBODY "?"

#define QUIET (PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK)

struct script {
        struct text password;
        bool was_asked;
};

/* ---- what the modules ask ---- */

/* Empty ones and those with a NUL are never right. */
static char *password_give(struct script *script) {
        if (script->was_asked || script->password.len == 0 || text_has(script->password, '\0'))
                return NULL;
        script->was_asked = true;
        return strndup(script->password.p, script->password.len);
}

static int message_answer(struct script *script, const struct pam_message *message,
                          struct pam_response *response) {
        switch (message->msg_style) {
        case PAM_TEXT_INFO:
        case PAM_ERROR_MSG:
                return PAM_SUCCESS;
        case PAM_PROMPT_ECHO_OFF:
                response->resp = password_give(script);
                return response->resp ? PAM_SUCCESS : PAM_CONV_ERR;
        default:
                return PAM_CONV_ERR;
        }
}

static void responses_free(struct pam_response *responses, int count) {
        int i;

        for (i = 0; i < count; i++) {
                if (!responses[i].resp)
                        continue;
                explicit_bzero(responses[i].resp, strlen(responses[i].resp));
                free(responses[i].resp);
        }
        free(responses);
}

static int converse(int count, const struct pam_message **messages, struct pam_response **ret,
                    void *context) {
        struct pam_response *responses;
        int i, code = PAM_SUCCESS;

        if (count <= 0 || count > PAM_MAX_NUM_MSG)
                return PAM_CONV_ERR;
        responses = calloc((size_t)count, sizeof *responses);
        if (!responses)
                return PAM_BUF_ERR;
        for (i = 0; i < count && code == PAM_SUCCESS; i++)
                code = message_answer(context, messages[i], &responses[i]);
        if (code != PAM_SUCCESS)
                responses_free(responses, count);
        else
                *ret = responses;
        return code;
}

/* ---- the stack ---- */

/* Refusals wait in the authority, all in the same way. */
static void no_delay(int code, unsigned microseconds, void *context) {
        (void)code;
        (void)microseconds;
        (void)context;
}

static int items_set(pam_handle_t *pam, const char *rhost) {
        void (*delay)(int, unsigned, void *) = no_delay;
        int code;

        code = pam_set_item(pam, PAM_FAIL_DELAY, (const void *)delay);
        if (code == PAM_SUCCESS && *rhost)
                code = pam_set_item(pam, PAM_RHOST, rhost);
        return code;
}

static bool user_is(pam_handle_t *pam, const char *name) {
        const void *user = NULL;

        return pam_get_item(pam, PAM_USER, &user) == PAM_SUCCESS && user && strcmp(user, name) == 0;
}

static int stack_ask(const struct stack *stack, const char *name, const char *rhost,
                     struct script *script) {
        const struct pam_conv conversation = {converse, script};
        pam_handle_t *pam = NULL;
        int code;

        code = pam_start_confdir(stack->service, name, &conversation, stack->directory, &pam);
        if (code != PAM_SUCCESS)
                return code;
        code = items_set(pam, rhost);
        if (code == PAM_SUCCESS)
                code = pam_authenticate(pam, QUIET);
        if (code == PAM_SUCCESS)
                code = pam_acct_mgmt(pam, QUIET);
        if (code == PAM_SUCCESS && (!script->was_asked || !user_is(pam, name)))
                code = PAM_PERM_DENIED;
        pam_end(pam, code | PAM_DATA_SILENT);
        return code;
}

/* Of a code that says no, whether a module could not tell. Those of `unasked` are what some,
 * pam_exec(8) among them, say to a wrong password: once it was shown to them, they are a no. */
static bool is_broken(int code, bool was_asked) {
        static const int codes[] = {
                PAM_OPEN_ERR, PAM_SYMBOL_ERR,       PAM_BUF_ERR,
                PAM_ABORT,    PAM_AUTHINFO_UNAVAIL, PAM_MODULE_UNKNOWN,
        };
        static const int unasked[] = {
                PAM_SERVICE_ERR,
                PAM_SYSTEM_ERR,
                PAM_BAD_ITEM,
                PAM_INCOMPLETE,
        };
        size_t i;

        for (i = 0; i < ELEMENTS(codes); i++)
                if (codes[i] == code)
                        return true;
        for (i = 0; !was_asked && i < ELEMENTS(unasked); i++)
                if (unasked[i] == code)
                        return true;
        return false;
}

static enum conversation outcome_of(int code, bool was_asked) {
        if (code == PAM_SUCCESS)
                return CONVERSATION_PROVED;
        return is_broken(code, was_asked) ? CONVERSATION_BROKEN : CONVERSATION_REFUSED;
}

/* ---- who it is about ---- */

/* Below min-uid nobody is asked about, lest guesses lock root or a service out; the modules see the
 * same as for an unknown name, and take as long. */
static const char *name_to_ask(const struct stack *stack, const char *name, struct account *ret) {
        bool is_there = account_find_name(text_of(name), ret) == 0;

        if (!*name || (is_there && ret->uid < stack->min_uid))
                return NOBODY;
        return name;
}

/* NSS may have changed its mind, or known a name that only looks the same. */
static bool is_the_same(const struct account *before, const char *name) {
        struct account now;

        return account_find_name(text_of(name), &now) == 0 && now.uid == before->uid &&
               strcmp(now.name, name) == 0 && strcmp(before->name, name) == 0;
}

void conversation_hold(const struct stack *stack, const struct msg_check_pam *ask,
                       struct proof *ret) {
        struct script script = {.password = ask->password};
        char name[USER_NAME_MAX + 1], rhost[REMOTE_MAX + 1];
        struct account account = {.uid = 0};
        const char *asked;

        *ret = (struct proof){.outcome = CONVERSATION_BROKEN, .code = PAM_SYSTEM_ERR};
        if (text_copy(ask->username, name, sizeof name) < 0 ||
            text_copy(ask->rhost, rhost, sizeof rhost) < 0)
                return;
        asked = name_to_ask(stack, name, &account);
        ret->code = stack_ask(stack, asked, rhost, &script);
        ret->outcome = outcome_of(ret->code, script.was_asked);
        if (ret->outcome != CONVERSATION_PROVED)
                return;
        if (asked != name || account.uid < stack->min_uid || !is_the_same(&account, name)) {
                ret->outcome = CONVERSATION_REFUSED;
                return;
        }
        ret->uid = account.uid;
        memcpy(ret->name, name, sizeof ret->name);
}
