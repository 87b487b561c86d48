/* In a worker's place: answers every question with the lie that the test asks for. It is told one
 * password and one setting at a time, so that is all it can lie about. */
#include "../../daemon/privsep/servant.h"
#include "liar.h"

#define HASH_MAX 384

static char lie[LIE_MAX];

static int answer_with(struct channel *authority, uint64_t call, const char *hash) {
        struct msg_hashed answer = {.hash = text_of(hash)};

        return channel_send(authority, MSG_HASHED, call, &answer, -1);
}

/* The setting with a digest of that number: well-formed, and not the password's. */
static int digest_of(struct channel *authority, const struct frame *question, int number) {
        char hash[HASH_MAX];

        snprintf(hash, sizeof(hash), "%.*s$%043d", TEXT_ARGS(question->message.hash.setting),
                 number);
        return answer_with(authority, question->call, hash);
}

static int same_digest(struct channel *authority, const struct frame *question) {
        return digest_of(authority, question, 0);
}

/* No two workers agree. */
static int digest_of_my_own(struct channel *authority, const struct frame *question) {
        return digest_of(authority, question, getpid());
}

static int another_setting(struct channel *authority, const struct frame *question) {
        return answer_with(authority, question->call,
                           "$y$j9T$aaaaaaaaaaaaaaaaaaaaaa$"
                           "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
}

static int setting_alone(struct channel *authority, const struct frame *question) {
        struct msg_hashed answer = {.hash = question->message.hash.setting};

        return channel_send(authority, MSG_HASHED, question->call, &answer, -1);
}

static int empty_hash(struct channel *authority, const struct frame *question) {
        return answer_with(authority, question->call, "");
}

/* Of a login nobody asked. */
static int complaint(struct channel *authority, const struct frame *question) {
        struct msg_hashed answer = {.hash = question->message.hash.setting,
                                    .complaint = COMPLAINT_SHORT,
                                    .at_least = UINT32_MAX};

        return channel_send(authority, MSG_HASHED, question->call, &answer, -1);
}

static int garbage_hash(struct channel *authority, const struct frame *question) {
        return answer_with(authority, question->call, "\x01\xff'; drop table users; --\n%n%s");
}

static int another_call(struct channel *authority, const struct frame *question) {
        return answer_with(authority, question->call + 1, "");
}

static int two_answers(struct channel *authority, const struct frame *question) {
        int r = same_digest(authority, question);

        return r < 0 ? r : same_digest(authority, question);
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
        {"same-digest", same_digest},
        {"digest-of-my-own", digest_of_my_own},
        {"another-setting", another_setting},
        {"setting-alone", setting_alone},
        {"empty-hash", empty_hash},
        {"complaint", complaint},
        {"garbage-hash", garbage_hash},
        {"garbage-frame", garbage_frame},
        {"answer-of-the-authority", answer_of_the_authority},
        {"another-call", another_call},
        {"two-answers", two_answers},
        {"channel-closed", cut_off},
        {"silence", silence},
        {"death", death},
};

static int worker_answer(struct channel *authority, const struct frame *question) {
        return lie_answer(lies, ELEMENTS(lies), lie, authority, question);
}

/* Whatever new passwords are to be judged by. */
static int rules_accept(struct frame *frame) {
        (void)frame;
        return 0;
}

/* With an argument it is asked whether those are good, and has nothing to say against them. */
int main(int argc, char **argv) {
        static const struct servant worker = {
                .program = "jetond-worker",
                .self = PROCESS_WORKER,
                .keeps_files = true,
                .accept = rules_accept,
                .answer = worker_answer,
        };

        (void)argv;
        if (argc > 1)
                return EXIT_SUCCESS;
        lie_read(lie);
        /* The liar is not confined: what it may not do must be refused by the others. */
        return servant_run(&worker);
}
