/* jetond-worker: computes password hashes, and nothing else.
 *
 * Runs as      jeton-worker, one process for each core, at nice 10.
 * Holds        one password and one setting (crypt(3)'s, Argon2's, PBKDF2's) at a time; no file, no
 * key, no stored hash. Trusts       the authority's settings and their cost. If captured  the
 * passwords it is given from then on and their hashes, and a yes for exactly those users. It is
 * replaced after a number of jobs, and a new hash is stored only when a second worker has computed
 * the same and has had no complaint about the password either. */
#include "blocklist.h"
#include "derive.h"
#include "hash.h"
#include "quality.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"
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

static int blocklist_fd = -1;

static int worker_take(struct frame *frame) {
        if (frame->message.descriptor.what != DESCRIPTOR_BLOCKLIST || blocklist_fd >= 0)
                return -EPROTO;
        blocklist_fd = take_fd(&frame->fd);
        return 0;
}

/* What a new password is judged by is read while files can be opened. */
static int rules_read(void) {
        int r;

        r = quality_prepare();
        if (r == 0 && blocklist_fd >= 0)
                r = blocklist_read(blocklist_fd);
        closep(&blocklist_fd);
        if (r < 0)
                log_error("the rules for new passwords cannot be read: %s", strerror(-r));
        return r;
}

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
        return r < 0 ? r : rules_read();
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

int main(void) {
        static const struct servant worker = {
                .program = "jetond-worker",
                .self = PROCESS_WORKER,
                .accept = worker_take,
                .prepare = worker_prepare,
                .answer = worker_answer,
        };

        return servant_run(&worker);
}
