/* Judges presented tokens by the pages. Knows no route. */
#include "judge.h"

#include "../../common/clock.h"
#include "call.h"
#include "frontend.h"
#include "request.h"

/* A login ticket is no token for this. */
static struct expectation any_audience(const struct request *request) {
        return (struct expectation){
                .now = clock_wall_s(),
                .leeway = request->frontend->settings.leeway_s,
        };
}

static int pages_refresh(struct frontend *frontend) {
        int r;

        r = keys_refresh(&frontend->keys);
        return r < 0 ? r : revocations_refresh(&frontend->revocations, frontend->status_page_fd);
}

/* The signer's yes is about the signature; what the token says is judged here, as ever. */
static int mac_finish(struct request *request, const union message *answer) {
        const struct expectation expectation = any_audience(request);
        struct frontend *frontend = request->frontend;
        enum verdict verdict = VERDICT_INVALID;
        struct claims claims = {0};
        int r;

        r = pages_refresh(frontend);
        if (r == 0 && answer->mac_checked.good)
                r = token_judge_checked(frontend->keys.keyset, &frontend->revocations,
                                        request->asked_token, &expectation, &verdict, &claims);
        return r < 0 ? r : request->judged(request, verdict, &claims);
}

/* Of an HS256 key nothing is published: who could check its tokens could make them. */
static int ask_mac(struct request *request) {
        static const struct exchange mac = {
                .ask = MSG_ASK_MAC,
                .answer = MSG_ANSWER_MAC,
                .finish = mac_finish,
        };
        const struct msg_ask_mac ask = {
                .connection = request->number,
                .token = request->asked_token,
        };

        return call_ask(request, &mac, &ask);
}

int judge_token(struct request *request, struct text token, judge_finish *finish) {
        const struct expectation expectation = any_audience(request);
        struct frontend *frontend = request->frontend;
        enum verdict verdict = VERDICT_INVALID;
        struct claims claims;
        int r;

        request->asked_token = token;
        request->judged = finish;
        r = pages_refresh(frontend);
        if (r == 0)
                r = token_verify(frontend->keys.keyset, &frontend->revocations, token, &expectation,
                                 &verdict, &claims);
        if (r < 0)
                return r;
        return verdict == VERDICT_ASK ? ask_mac(request) : finish(request, verdict, &claims);
}
