/* In the issuer process's place: answers every question about an outside token with the lie that
 * the test asks for. */
#include "../../daemon/privsep/servant.h"
#include "liar.h"

#include "../../common/clock.h"

#define ISSUER "https://outside.example"

static char lie[LIE_MAX];

/* What an honest one says of a good token of alice's. */
static struct msg_outside_checked good(void) {
        return (struct msg_outside_checked){
                .verdict = OUTSIDE_VALID,
                .issuer = TEXT(ISSUER),
                .sub = TEXT("a"),
                .issued_at = clock_wall_s(),
                .expires_at = clock_wall_s() + 300,
        };
}

static int say(struct channel *authority, const struct frame *question,
               const struct msg_outside_checked *answer) {
        return send_frame(authority->fd, MSG_OUTSIDE_CHECKED, question->call, answer, -1);
}

static int yes(struct channel *authority, const struct frame *question) {
        const struct msg_outside_checked answer = good();

        return say(authority, question, &answer);
}

static int unlinked(struct channel *authority, const struct frame *question) {
        struct msg_outside_checked answer = good();

        answer.sub = TEXT("b");
        return say(authority, question, &answer);
}

static int other_issuer(struct channel *authority, const struct frame *question) {
        struct msg_outside_checked answer = good();

        answer.issuer = TEXT("https://unknown.example");
        return say(authority, question, &answer);
}

static int no_subject(struct channel *authority, const struct frame *question) {
        struct msg_outside_checked answer = good();

        answer.sub = TEXT_NONE;
        return say(authority, question, &answer);
}

static int unprintable_subject(struct channel *authority, const struct frame *question) {
        struct msg_outside_checked answer = good();

        answer.sub = TEXT("a\n\x01\xff");
        return say(authority, question, &answer);
}

static int no_address(struct channel *authority, const struct frame *question) {
        struct msg_outside_checked answer = good();

        answer.email = TEXT("@");
        return say(authority, question, &answer);
}

static int for_ever(struct channel *authority, const struct frame *question) {
        struct msg_outside_checked answer = good();

        answer.expires_at = CLOCK_LAST_S;
        return say(authority, question, &answer);
}

static int of_the_future(struct channel *authority, const struct frame *question) {
        struct msg_outside_checked answer = good();

        answer.auth_time = clock_wall_s() + 100000;
        return say(authority, question, &answer);
}

static int unknown_verdict(struct channel *authority, const struct frame *question) {
        struct msg_outside_checked answer = good();

        answer.verdict = 0x55;
        return say(authority, question, &answer);
}

static int two_answers(struct channel *authority, const struct frame *question) {
        int r = yes(authority, question);

        return r < 0 ? r : yes(authority, question);
}

static int another_call(struct channel *authority, const struct frame *question) {
        const struct msg_outside_checked answer = good();

        return send_frame(authority->fd, MSG_OUTSIDE_CHECKED, question->call + 1, &answer, -1);
}

static int silence(struct channel *authority, const struct frame *question) {
        (void)authority;
        (void)question;
        return 0;
}

static int death(struct channel *authority, const struct frame *question) {
        (void)authority;
        (void)question;
        return -EIO;
}

static const struct lying_answer lies[] = {
        {"yes", yes},
        {"unlinked", unlinked},
        {"other-issuer", other_issuer},
        {"no-subject", no_subject},
        {"unprintable-subject", unprintable_subject},
        {"no-address", no_address},
        {"for-ever", for_ever},
        {"of-the-future", of_the_future},
        {"unknown-verdict", unknown_verdict},
        {"two-answers", two_answers},
        {"another-call", another_call},
        {"answer-of-the-authority", answer_of_the_authority},
        {"garbage-frame", garbage_frame},
        {"channel-closed", cut_off},
        {"silence", silence},
        {"death", death},
};

static int issuer_answer(struct channel *authority, const struct frame *question) {
        return lie_answer(lies, ELEMENTS(lies), lie, authority, question);
}

static int settings_accept(struct frame *frame) {
        (void)frame;
        return 0;
}

int main(void) {
        static const struct servant issuer = {
                .program = "jetond-issuer",
                .self = PROCESS_ISSUER,
                .keeps_files = true,
                .accept = settings_accept,
                .answer = issuer_answer,
        };

        lie_read(lie);
        return servant_run(&issuer);
}
