/* jetond-worker: computes password hashes, and nothing else.
 *
 * Runs as      jeton-worker, one process for each core, at nice 10.
 * Holds        one password and one setting (crypt(3)'s, Argon2's, PBKDF2's) at a time; the rules
 *              and the list of common passwords; no file of its own, no key, no stored hash.
 * Trusts       the authority's settings and their cost.
 * If captured  the passwords it is given from then on and their hashes, and a yes for exactly those
 *              users. It is replaced after a number of jobs, and a new hash is stored only when a
 *              second worker has computed the same and has had no complaint about the password
 *              either. */
#include "blocklist.h"
#include "derive.h"
#include "hash.h"
#include "quality.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"
#include "../privsep/child.h"
#include "../privsep/kdf.h"
#include "../privsep/servant.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>

#define NICE 10

/* The dearest setting that the authority lets pass, Argon2's; program and libraries need the rest.
 * Whatever asks for more is refused by the kernel here. */
#define ADDRESS_SPACE_MAX ((rlim_t)(ARGON2_MEMORY_MAX / 1024 + 96) * 1024 * 1024)

#ifdef JETON_SANITIZED

/* The sanitizers' shadow memory is terabytes of address space. */
static int memory_limit(void) {
        return 0;
}

#else

static int memory_limit(void) {
        const struct rlimit limit = {ADDRESS_SPACE_MAX, ADDRESS_SPACE_MAX};

        return setrlimit(RLIMIT_AS, &limit) < 0 ? -errno : 0;
}

#endif

/* ---- the rules for new passwords ---- */

static bool has_rules;

static int quality_take(int fd) {
        struct quality_wrong wrong = {0};
        int r = quality_read(fd, &wrong);

        has_rules |= r == 0;
        return r;
}

static int (*const takes[DESCRIPTOR_COUNT])(int fd) = {
        [DESCRIPTOR_QUALITY] = quality_take,
        [DESCRIPTOR_BLOCKLIST] = blocklist_read,
};

/* In the set-up, and again when the parent has read them anew. */
static int worker_take(struct frame *frame) {
        enum descriptor what = frame->message.descriptor.what;
        int r;

        if (frame->type != MSG_DESCRIPTOR || !takes[what])
                return -EPROTO;
        r = takes[what](frame->fd);
        if (r < 0)
                log_error("the rules for new passwords cannot be read: %s", strerror(-r));
        return r;
}

/* Started with this argument it tells the parent what is wrong with the rules in descriptor 3. */
static int rules_check(void) {
        struct quality_wrong wrong = {0};
        int r;

        r = child_close_up(PROCESS_WORKER);
        if (r == 0)
                r = child_confine_within(NULL, 0);
        if (r == 0)
                r = quality_read(CONTROL_FD, &wrong);
        if (r == 0)
                return EXIT_SUCCESS;
        printf("%u %s\n", wrong.line, wrong.line > 0 ? wrong.what : strerror(-r));
        return EXIT_FAILURE;
}

/* ---- hashes ---- */

/* Loads and opens on the first calls what the libraries ever will: later ones only map memory. */
static int libraries_warm_up(void) {
        char hash[CRYPT_OUTPUT_SIZE];
        int r;

        r = derive_prepare();
        return r < 0 ? r
                     : hash_compute(TEXT("warm-up"), TEXT("$y$j9T$......................"), hash);
}

static int worker_prepare(void) {
        int r;

        /* A storm of logins must not slow the verification of tokens. */
        r = setpriority(PRIO_PROCESS, 0, NICE) < 0 ? -errno : 0;
        if (r == 0)
                r = memory_limit();
        if (r < 0) {
                log_error("cannot limit this process: %s", strerror(-r));
                return r;
        }
        r = libraries_warm_up();
        if (r < 0)
                log_error("the libraries cannot compute yescrypt, Argon2 and PBKDF2 hashes here");
        if (r == 0 && !has_rules) {
                log_error("the set-up had no rules for new passwords");
                return -EPROTO;
        }
        return r;
}

static enum complaint password_judge(const struct msg_hash *job, uint32_t *ret_at_least) {
        enum complaint complaint;

        if (job->username.len == 0)
                return COMPLAINT_NONE;
        complaint = quality_judge(job->password, job->old_password, job->username, ret_at_least);
        if (complaint == COMPLAINT_NONE && blocklist_has(job->password))
                complaint = COMPLAINT_COMMON;
        return complaint;
}

/* MSG_HASH is the only message that the table lets in. A refusal of a library is an answer. */
static int worker_answer(struct channel *authority, const struct frame *question) {
        const struct msg_hash *job = &question->message.hash;
        char hash[CRYPT_OUTPUT_SIZE];
        struct msg_hashed answer = {.hash = TEXT_NONE};
        int r;

        answer.complaint = (uint8_t)password_judge(job, &answer.at_least);
        if (!answer.complaint && hash_compute(job->password, job->setting, hash) == 0)
                answer.hash = text_of(hash);
        r = channel_send(authority, MSG_HASHED, question->call, &answer, -1);
        explicit_bzero(hash, sizeof hash);
        return r;
}

int main(int argc, char **argv) {
        static const struct servant worker = {
                .program = "jetond-worker",
                .self = PROCESS_WORKER,
                .accept = worker_take,
                .prepare = worker_prepare,
                .answer = worker_answer,
        };

        if (argc == 2 && strcmp(argv[1], "--check-rules") == 0)
                return rules_check();
        return servant_run(&worker);
}
