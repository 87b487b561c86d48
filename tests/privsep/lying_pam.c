/* In a PAM worker's place: answers its one question with the lie that the test asks for. It was
 * told a name and a password; it can say yes for that account, and it is root in the system layout,
 * so a yes is believed. What it cannot do is speak of somebody else, or out of turn. */
#include "../../daemon/privsep/servant.h"
#include "liar.h"

#include <signal.h>

static char lie[LIE_MAX];

/* A yes, as a real worker would say it, but for `name` and `uid`. */
static int proof_of(struct channel *authority, const struct frame *question, struct text name,
                    uint32_t uid) {
        struct msg_pam_checked answer = {.outcome = CONVERSATION_PROVED, .uid = uid, .name = name};

        return channel_send(authority, MSG_PAM_CHECKED, question->call, &answer, -1);
}

static int another_name(struct channel *authority, const struct frame *question) {
        return proof_of(authority, question, TEXT("mallory"), 1000);
}

static int root(struct channel *authority, const struct frame *question) {
        return proof_of(authority, question, question->message.check_pam.username, 0);
}

static int nobodys_uid(struct channel *authority, const struct frame *question) {
        return proof_of(authority, question, question->message.check_pam.username, UINT32_MAX);
}

static int unknown_outcome(struct channel *authority, const struct frame *question) {
        struct msg_pam_checked answer = {.outcome = 7, .name = TEXT("x")};

        return channel_send(authority, MSG_PAM_CHECKED, question->call, &answer, -1);
}

static int a_workers_answer(struct channel *authority, const struct frame *question) {
        struct msg_hashed answer = {.hash = TEXT("x")};

        return send_frame(authority->fd, MSG_HASHED, question->call, &answer, -1);
}

/* The second one comes when nobody waits for it. */
static int two_answers(struct channel *authority, const struct frame *question) {
        struct msg_pam_checked no = {.outcome = CONVERSATION_REFUSED, .name = TEXT("x")};
        int r;

        r = channel_send(authority, MSG_PAM_CHECKED, question->call, &no, -1);
        return r < 0 ? r
                     : proof_of(authority, question, question->message.check_pam.username, 1000);
}

static int order_for_the_parent(struct channel *authority, const struct frame *question) {
        (void)authority;
        (void)question;
        send_frame(CONTROL_FD, MSG_PAM_START, 0, &(struct msg_pam_start){0}, -1);
        wait_for_the_end(CONTROL_FD);
        return -ECONNRESET;
}

static int silence(struct channel *authority, const struct frame *question) {
        (void)authority;
        (void)question;
        wait_for_the_end(CONTROL_FD);
        return -ECONNRESET;
}

static int death(struct channel *authority, const struct frame *question) {
        (void)authority;
        (void)question;
        raise(SIGSEGV);
        return -EIO;
}

static const struct lying_answer lies[] = {
        {"another-name", another_name},
        {"root", root},
        {"nobodys-uid", nobodys_uid},
        {"unknown-outcome", unknown_outcome},
        {"garbage-frame", garbage_frame},
        {"a-workers-answer", a_workers_answer},
        {"two-answers", two_answers},
        {"order-for-the-parent", order_for_the_parent},
        {"silence", silence},
        {"channel-closed", cut_off},
        {"death", death},
};

static int pam_answer(struct channel *authority, const struct frame *question) {
        return lie_answer(lies, ELEMENTS(lies), lie, authority, question);
}

static int pam_accept(struct frame *frame) {
        return frame->type == MSG_SETUP_PAM ? 0 : -EPROTO;
}

int main(void) {
        static const struct servant pam = {
                .program = "jetond-pam",
                .self = PROCESS_PAM,
                .keeps_files = true,
                .accept = pam_accept,
                .answer = pam_answer,
        };

        lie_read(lie);
        return servant_run(&pam);
}
