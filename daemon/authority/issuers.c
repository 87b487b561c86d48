/* What the issuer process says is taken for its word and no more: each field is looked at again,
 * and who says what cannot be has broken the rules. Whom it is about is decided elsewhere. */
#include "issuers.h"

#include "../../common/clock.h"
#include "../../common/log.h"

#include <errno.h>

/* Much longer than a signature takes; who has answered nobody for so long hangs. */
#define ANSWER_MS 5000

/* What no token that was judged by the same clock can say. */
static bool times_are_good(const struct call *call, const struct msg_outside_checked *said) {
        int64_t now = clock_wall_s(), slack = (int64_t)call->settings->leeway_s + 60;

        return said->issued_at <= now + slack && said->auth_time <= now + slack &&
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
static int answer_take(struct call *call, const struct msg_outside_checked *said) {
        struct msg_outside_checked refused = {.verdict = OUTSIDE_ISSUER};
        call_vouched *then = call->vouched;
        int r;

        call->vouched = NULL;
        loop_timer_unset(call->authority->loop, &call->release);
        if (said->verdict == OUTSIDE_VALID && !is_configured(call->settings, said->issuer))
                said = &refused;
        r = then(call, said);
        return r < 0 ? call_fail(call, r) : 0;
}

static int issuers_hear(struct authority *authority, struct link *link, struct frame *frame) {
        struct call *call = connections_find_call(&authority->connections, frame->call);
        const struct msg_outside_checked *said = &frame->message.outside_checked;

        (void)link;
        if (!is_known(said->verdict))
                return -EPROTO;
        authority->issuers_heard_ms = clock_monotonic_ms();
        if (!call || !call->vouched)
                return 0; /* its connection was closed meanwhile */
        if (said->verdict == OUTSIDE_VALID && !is_good(call, said))
                return -EPROTO;
        return answer_take(call, said);
}

static int call_drop(struct call *call) {
        return call->vouched ? -EPIPE : 0; /* and with the call goes its timer */
}

static void issuers_lost(struct authority *authority, struct link *link) {
        (void)link;
        calls_each(authority, call_drop);
}

int issuers_join(struct authority *authority, int fd) {
        return link_open(authority, &authority->issuers, fd, PROCESS_ISSUER, 0, issuers_hear,
                         issuers_lost);
}

/* Who hangs is killed: a successor may do better. Who has answered others meanwhile has much to do,
 * and anybody may have sent it. */
static void call_overdue(void *context) {
        struct call *call = context;

        call->vouched = NULL;
        if (clock_monotonic_ms() - call->authority->issuers_heard_ms >= ANSWER_MS)
                authority_overdue(call->authority, PROCESS_ISSUER, 0);
        call_fail(call, -ETIMEDOUT);
}

int issuers_ask(struct call *call, struct text token, call_vouched *then) {
        struct msg_check_outside message = {
                .token = token,
                .now = clock_wall_s(),
                .leeway_s = call->settings->leeway_s,
        };

        int r = loop_timer(call->authority->loop, &call->release, clock_monotonic_ms() + ANSWER_MS,
                           call_overdue, call);

        if (r < 0)
                return r;
        call->vouched = then;
        return link_send(&call->authority->issuers, MSG_CHECK_OUTSIDE, call->serial, &message, -1);
}
