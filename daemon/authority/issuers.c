/* What the issuer process says is taken for its word and no more: each field is looked at again,
 * and who says what cannot be has broken the rules. Whom it is about is decided elsewhere. */
#include "issuers.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../common/log.h"
#include "authority.h"
#include "call.h"

#include <errno.h>

/* Much longer than a signature takes. */
#define ANSWER_MS 5000

/* Of everybody: less than the slowest machine does before the calls' deadline, and 4 MB. */
#define QUESTIONS_MAX 512

struct outside_question {
        struct fair_entry entry; /* first: an entry of the queue is the question */
        uint64_t charged_to;
        struct call *call; /* borrowed: owns us; NULL once it has ended */
        struct secret *token;
};

int issuers_init(struct issuers *issuers) {
        return budget_init(&issuers->budget, QUESTIONS_MAX);
}

/* ---- the questions ---- */

static void question_free(struct issuers *issuers, struct outside_question *question) {
        budget_return(&issuers->budget, question->charged_to);
        secret_free(question->token);
        free(question);
}

/* 0; -EBUSY: too many of whoever asks; -ENOMEM. */
static int question_new(struct call *call, struct text token) {
        struct issuers *issuers = &call->authority->issuers;
        struct outside_question *question;
        int r = call_charge_job(call, &issuers->budget);

        if (r < 0)
                return r;
        question = calloc(1, sizeof *question);
        if (!question) {
                budget_return(&issuers->budget, call->connection->charged_to);
                return -ENOMEM;
        }
        question->charged_to = call->connection->charged_to;
        question->call = call;
        r = secret_new(token.p, token.len, &question->token);
        if (r < 0)
                question_free(issuers, question);
        else
                call->question = question;
        return r;
}

/* The one that was asked is over. NULL when its call has ended meanwhile. */
static struct call *question_end(struct authority *authority) {
        struct issuers *issuers = &authority->issuers;
        struct outside_question *question = take(issuers->asked);
        struct call *call = question->call;

        loop_timer_unset(authority->loop, &issuers->deadline);
        if (call)
                call->question = NULL;
        question_free(issuers, question);
        return call;
}

/* It is killed: a successor may do better, and goes on with the next. */
static void answer_overdue(void *context) {
        authority_overdue(context, PROCESS_ISSUER, 0);
}

static int question_send(struct authority *authority) {
        struct issuers *issuers = &authority->issuers;
        const struct outside_question *question = issuers->asked;
        struct msg_check_outside message = {
                .token = secret_text(question->token),
                .now = clock_wall_s(),
                .leeway_s = question->call->settings->leeway_s,
        };
        int r;

        r = loop_timer(authority->loop, &issuers->deadline, clock_monotonic_ms() + ANSWER_MS,
                       answer_overdue, authority);
        if (r < 0)
                return r;
        return link_send(&issuers->link, MSG_CHECK_OUTSIDE, question->call->serial, &message, -1);
}

static void issuers_dispatch(struct authority *authority) {
        struct issuers *issuers = &authority->issuers;
        int r;

        while (issuers->link.up && !issuers->asked && issuers->waiting.first) {
                issuers->asked = (struct outside_question *)issuers->waiting.first;
                fair_queue_take(&issuers->waiting, &issuers->asked->entry);
                r = question_send(authority);
                if (r < 0)
                        call_fail(question_end(authority), r);
        }
}

/* ---- the answers ---- */

/* What no token that was judged by the same clock can say. Its login may lie ahead of it as it may
 * of us (issuer/claims.c). */
static bool times_are_good(const struct call *call, const struct msg_outside_checked *said) {
        int64_t now = clock_wall_s(), slack = (int64_t)call->settings->leeway_s + 60;

        return said->issued_at <= now + slack && said->auth_time <= said->issued_at + slack &&
               said->expires_at > now - slack &&
               said->expires_at - said->issued_at <= OUTSIDE_LIFETIME_MAX_S;
}

static bool is_configured(const struct settings *settings, struct text issuer) {
        size_t i;

        for (i = 0; i < settings->outside_count; i++)
                if (text_is(text_of(settings->outside[i]), issuer))
                        return true;
        return false;
}

static bool is_good(const struct call *call, const struct msg_outside_checked *said) {
        return name_is_outside_subject(said->sub) && name_is_issuer(said->issuer) &&
               (said->email.len == 0 || name_is_email(said->email)) && times_are_good(call, said);
}

static bool is_known(uint8_t verdict) {
        return verdict <= OUTSIDE_CLAIMS || verdict == OUTSIDE_VALID;
}

/* An issuer that is none of this call's comes from settings of before or after a reload. */
static void answer_take(struct call *call, const struct msg_outside_checked *said) {
        struct msg_outside_checked refused = {.verdict = OUTSIDE_ISSUER};
        int r;

        if (said->verdict == OUTSIDE_VALID && !is_configured(call->settings, said->issuer))
                said = &refused;
        r = call->vouched(call, said);
        if (r < 0)
                call_fail(call, r);
}

/* Who breaks the rules is lost, and what it was asked with it. */
static int issuers_hear(struct authority *authority, struct link *link, struct frame *frame) {
        const struct outside_question *asked = authority->issuers.asked;
        const struct msg_outside_checked *said = &frame->message.outside_checked;
        struct call *call = asked ? asked->call : NULL;

        (void)link;
        if (!asked || !is_known(said->verdict))
                return -EPROTO;
        if (call && (frame->call != call->serial ||
                     (said->verdict == OUTSIDE_VALID && !is_good(call, said))))
                return -EPROTO;
        question_end(authority);
        if (call)
                answer_take(call, said);
        issuers_dispatch(authority);
        return 0;
}

static void issuers_lost(struct authority *authority, struct link *link) {
        struct call *call = authority->issuers.asked ? question_end(authority) : NULL;

        (void)link;
        if (call)
                call_fail(call, -EPIPE);
}

int issuers_join(struct authority *authority, int fd) {
        int r = link_open(authority, &authority->issuers.link, fd, PROCESS_ISSUER, 0, issuers_hear,
                          issuers_lost);

        if (r == 0)
                issuers_dispatch(authority);
        return r;
}

int issuers_ask(struct call *call, struct text token) {
        struct authority *authority = call->authority;
        int r = question_new(call, token);

        if (r == -EBUSY)
                return call_refuse_busy(call);
        if (r < 0)
                return r;
        fair_queue_add(&authority->issuers.waiting, &call->question->entry,
                       call->question->charged_to);
        issuers_dispatch(authority);
        return 0;
}

void issuers_forget(struct issuers *issuers, struct call *call) {
        struct outside_question *question = take(call->question);

        if (!question)
                return;
        if (question == issuers->asked) {
                question->call = NULL; /* freed when the process is heard or lost */
                return;
        }
        fair_queue_remove(&issuers->waiting, &question->entry);
        question_free(issuers, question);
}
