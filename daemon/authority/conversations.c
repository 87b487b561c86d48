/* The queue before the PAM workers, and each conversation:
 *
 *         conversation_ask()           a free slot: the parent is asked for a worker
 *         conversations_join()         its channel
 *         conversations_take_state()   it runs: the question is sent
 *         slot_take()                  its answer, the only one
 *         conversations_take_state()   it is gone: the slot is free
 *
 * Knows nothing of users. */
#include "conversations.h"

#include "../../common/cleanup.h"
#include "authority.h"
#include "call.h"

#include <errno.h>

/* Of everybody: what waits longer than the calls' deadline is in vain. */
#define JOBS_MAX 128

struct conversation_job {
        struct fair_entry entry; /* first: an entry of the queue is the job */
        uint64_t charged_to;
        struct call *call;                   /* borrowed: owns us; NULL once it has ended */
        struct conversations *conversations; /* borrowed */
        uint32_t source;
        bool has_slot;
        char username[USER_NAME_MAX + 1];
        char rhost[REMOTE_MAX + 1];
};

int conversations_init(struct conversations *conversations) {
        return budget_init(&conversations->budget, JOBS_MAX);
}

static uint32_t slot_index(const struct authority *authority,
                           const struct conversation_slot *slot) {
        return (uint32_t)(slot - authority->conversations.slots);
}

bool conversations_is_worker(const struct conversations *conversations, int32_t pid) {
        size_t i;

        for (i = 0; i < CONVERSATIONS_AT_ONCE; i++)
                if (conversations->slots[i].pid && conversations->slots[i].pid == (uint32_t)pid)
                        return true;
        return false;
}

/* ---- the jobs ---- */

static int job_new(struct call *call, struct conversation_job **ret) {
        struct conversations *conversations = &call->authority->conversations;
        struct conversation_job *job;
        int r = call_charge_job(call, &conversations->budget);

        if (r < 0)
                return r;
        job = calloc(1, sizeof *job);
        if (!job) {
                budget_return(&conversations->budget, call->connection->charged_to);
                return -ENOMEM;
        }
        job->charged_to = call->connection->charged_to;
        job->call = call;
        job->conversations = conversations;
        *ret = job;
        return 0;
}

static void job_free(struct conversation_job *job) {
        budget_return(&job->conversations->budget, job->charged_to);
        free(job);
}

/* The job is done, for whoever still waits for it. `said` NULL: nobody could be asked. */
static void job_end(struct conversation_job *job, const struct msg_pam_checked *said) {
        struct call *call = job->call;
        int r;

        job_free(job);
        if (!call)
                return;
        call->talk = NULL;
        r = call->conversed(call, said);
        if (r < 0)
                call_fail(call, r);
}

void conversations_forget(struct call *call) {
        struct conversation_job *job = take(call->talk);

        if (!job)
                return;
        if (job->has_slot) {
                job->call = NULL; /* freed when the worker is heard or lost */
                return;
        }
        fair_queue_remove(&job->conversations->waiting, &job->entry);
        job_free(job);
}

/* ---- a worker ---- */

static void slot_start(struct authority *authority, struct conversation_slot *slot,
                       struct conversation_job *job) {
        struct msg_pam_start message = {.instance = (uint8_t)slot_index(authority, slot),
                                        .source = (uint8_t)job->source};

        slot->is_taken = true;
        slot->job = job;
        job->has_slot = true;
        authority_tell_parent(authority, MSG_PAM_START, &message);
}

static void conversations_dispatch(struct authority *authority) {
        struct conversations *conversations = &authority->conversations;
        struct conversation_job *job;
        uint32_t i;

        for (i = 0; i < authority->settings->pam_workers && i < CONVERSATIONS_AT_ONCE; i++) {
                job = (struct conversation_job *)conversations->waiting.first;
                if (!job)
                        return;
                if (conversations->slots[i].is_taken)
                        continue;
                fair_queue_take(&conversations->waiting, &job->entry);
                slot_start(authority, &conversations->slots[i], job);
        }
}

/* It has the answer, or never will; the slot stays taken until the parent has reaped the process.
 */
static void slot_end(struct conversation_slot *slot, const struct msg_pam_checked *said) {
        struct conversation_job *job = take(slot->job);

        if (job)
                job_end(job, said);
}

static int slot_take(struct authority *authority, struct link *link, struct frame *frame) {
        struct conversation_slot *slot = (struct conversation_slot *)link;
        const struct msg_pam_checked *said = &frame->message.pam_checked;

        (void)authority;
        if (!slot->job)
                return -EPROTO; /* a second answer, or one to no question */
        if (said->outcome == CONVERSATION_PROVED) {
                if (!text_is(said->name, text_of(slot->job->username)))
                        return -EPROTO; /* somebody else's proof */
        } else if (said->outcome > CONVERSATION_REFUSED) {
                return -EPROTO;
        }
        slot_end(slot, said);
        link_close(&slot->link); /* it is about to end */
        return 0;
}

static void slot_lost(struct authority *authority, struct link *link) {
        (void)authority;
        slot_end((struct conversation_slot *)link, NULL);
}

int conversations_join(struct authority *authority, uint32_t instance, int fd) {
        if (instance >= CONVERSATIONS_AT_ONCE)
                return -EPROTO;
        return link_open(authority, &authority->conversations.slots[instance].link, fd, PROCESS_PAM,
                         instance, slot_take, slot_lost);
}

/* Its caller may have gone: then the worker is told nothing, and ends on the EOF. */
static void slot_ask(struct conversation_slot *slot) {
        const struct conversation_job *job = slot->job;
        struct msg_check_pam message;

        if (!job || !job->call) {
                slot_end(slot, NULL);
                link_close(&slot->link);
                return;
        }
        job->call->pass.was_judged = true;
        message = (struct msg_check_pam){
                .username = text_of(job->username),
                .password = secret_text(job->call->password),
                .rhost = text_of(job->rhost),
        };
        if (link_send(&slot->link, MSG_CHECK_PAM, job->call->serial, &message, -1) < 0)
                slot_end(slot, NULL);
}

int conversations_take_state(struct authority *authority, const struct msg_pam_state *state) {
        struct conversation_slot *slot;

        if (state->instance >= CONVERSATIONS_AT_ONCE)
                return -EPROTO;
        slot = &authority->conversations.slots[state->instance];
        if (!slot->is_taken)
                return -EPROTO;
        slot->pid = state->pid;
        if (state->pid) {
                slot_ask(slot);
                return 0;
        }
        /* Its answer came before the news of its end, over another channel. */
        link_hear_last(&slot->link);
        slot_end(slot, NULL);
        link_close(&slot->link);
        loop_timer_unset(authority->loop, &slot->link.away);
        slot->is_taken = false;
        conversations_dispatch(authority);
        return 0;
}

int conversation_ask(struct call *call, uint32_t source, struct text username, struct text rhost) {
        struct authority *authority = call->authority;
        struct conversation_job *job;
        int r;

        r = job_new(call, &job);
        if (r == -EBUSY)
                return call_refuse_busy(call);
        if (r < 0)
                return r;
        call->talk = job;
        job->source = source;
        if (text_copy(username, job->username, sizeof job->username) < 0 ||
            text_copy(rhost, job->rhost, sizeof job->rhost) < 0)
                return -EINVAL;
        fair_queue_add(&authority->conversations.waiting, &job->entry, job->charged_to);
        conversations_dispatch(authority);
        return 0;
}
