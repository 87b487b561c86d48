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

/* By the pages, and for what they do not tell by the authority's yes. */
static int judge_checked(const struct request *request, enum verdict *verdict,
                         struct claims *claims) {
        static const struct revocations none; /* the authority has looked through all of them */
        const struct expectation expectation = any_audience(request);
        const struct frontend *frontend = request->frontend;
        const struct revocations *revocations =
                frontend->revocations.is_full ? &none : &frontend->revocations;
        int r;

        r = token_verify(frontend->keys.keyset, revocations, request->asked_token, &expectation,
                         verdict, claims);
        if (r == 0 && *verdict == VERDICT_ASK)
                r = token_judge_checked(frontend->keys.keyset, revocations, request->asked_token,
                                        &expectation, verdict, claims);
        return r;
}

static int check_finish(struct request *request, const union message *message) {
        enum verdict verdict = VERDICT_INVALID;
        struct claims claims = {0};
        int r;

        r = pages_refresh(request->frontend);
        if (r == 0 && message->answer_token_check.good)
                r = judge_checked(request, &verdict, &claims);
        return r < 0 ? r : request->judged(request, verdict, &claims);
}

/* Of an HS256 key nothing is published: who could check its tokens could make them. */
static int ask_authority(struct request *request) {
        static const struct exchange check = {
                .ask = MSG_ASK_TOKEN_CHECK,
                .answer = MSG_ANSWER_TOKEN_CHECK,
                .finish = check_finish,
        };
        const struct msg_ask_token_check ask = {
                .connection = request->number,
                .token = request->asked_token,
        };

        return call_ask(request, &check, &ask);
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
        if (r == -EOVERFLOW || (r == 0 && verdict == VERDICT_ASK))
                return ask_authority(request);
        return r < 0 ? r : finish(request, verdict, &claims);
}
