/* jetond-pam: whether a stack of the host's PAM takes one password, for one account.
 *
 * Runs as      root (with --state: the caller's uid), because modules read /etc/shadow; with the
 *              capabilities that they need, for one conversation, within the parent's deadline.
 * Holds        one name and one password; no key, no database, no descriptor but its two channels.
 * Trusts       pam.d(5), the modules that it names, NSS. The authority for the name and password.
 * If captured  root. So it is a program of its own that hears one message, and no byte of a caller
 *              but a name, a password and an address, each of a bounded length. */
#include "confine.h"
#include "conversation.h"

#include "../../common/log.h"
#include "../privsep/servant.h"

#include <errno.h>
#include <string.h>

static struct stack stack;

static int pam_accept(struct frame *frame) {
        const struct msg_setup_pam *setup = &frame->message.setup_pam;

        if (frame->type != MSG_SETUP_PAM || stack.service[0])
                return -EPROTO;
        stack.min_uid = setup->min_uid;
        if (text_copy(setup->service, stack.service, sizeof stack.service) < 0 ||
            text_copy(setup->directory, stack.directory, sizeof stack.directory) < 0)
                return -EPROTO;
        return 0;
}

static int pam_prepare(void) {
        int r;

        r = stack.service[0] ? confine() : -EPROTO;
        if (r < 0)
                log_error("cannot confine this process: %s", strerror(-r));
        return r;
}

static int pam_answer(struct channel *authority, const struct frame *question) {
        struct proof proof;
        struct msg_pam_checked answer;
        int r;

        r = silence();
        if (r < 0)
                return r;
        conversation_hold(&stack, &question->message.check_pam, &proof);
        answer = (struct msg_pam_checked){
                .outcome = (uint8_t)proof.outcome,
                .code = (uint32_t)proof.code,
                .uid = proof.uid,
                .name = text_of(proof.name),
        };
        return channel_send(authority, MSG_PAM_CHECKED, question->call, &answer, -1);
}

int main(void) {
        static const struct servant pam = {
                .program = "jetond-pam",
                .self = PROCESS_PAM,
                .keeps_files = true,
                .is_for_one = true,
                .accept = pam_accept,
                .prepare = pam_prepare,
                .answer = pam_answer,
        };

        return servant_run(&pam);
}
