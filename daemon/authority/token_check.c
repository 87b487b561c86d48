/* POST /introspect and GET /auth, where a frontend cannot tell from the public pages whether a
 * token is good: its key is not published, so that the signer has to be asked, or more is revoked
 * than the status page holds. Here all of it is known. */
#include "answers.h"
#include "bearer.h"
#include "signing.h"
#include "status.h"

#include "../../common/clock.h"
#include "../../common/secret.h"

static int answer_good(struct call *call, bool good) {
        const struct msg_answer_token_check answer = {.good = good};

        return call_answer(call, MSG_ANSWER_TOKEN_CHECK, &answer);
}

static struct expectation any_audience(const struct call *call) {
        return (struct expectation){.now = clock_wall_s(), .leeway = call->settings->leeway_s};
}

static void token_free(void *token) {
        secret_free(token);
}

/* The signer has told whether it is its own. */
static int token_checked(struct call *call, bool good) {
        const struct expectation expect = any_audience(call);
        const struct authority *authority = call->authority;
        enum verdict verdict = VERDICT_INVALID;
        struct claims claims;
        int r = 0;

        if (good)
                r = token_judge_checked(authority->keyset, &authority->revocations,
                                        secret_text(call->step.presented), &expect, &verdict,
                                        &claims);
        return r < 0 ? r : answer_good(call, verdict == VERDICT_VALID);
}

static int ask_signer(struct call *call, struct text token, const struct expectation *expect) {
        struct mac_question question;
        int r;

        if (token_mac_question(call->authority->keyset, token, expect, &question) < 0)
                return answer_good(call, false);
        r = secret_new(token.p, token.len, &call->step.presented);
        if (r < 0)
                return r;
        call->free_step = token_free;
        return sign_ask_mac(call, &question, token_checked);
}

int answer_token_check(struct call *call, const union message *message) {
        const struct text token = message->ask_token_check.token;
        const struct expectation expect = any_audience(call);
        struct authority *authority = call->authority;
        enum verdict verdict = VERDICT_INVALID;
        struct claims claims;
        int r;

        r = bearer_load_keys(authority);
        if (r == 0)
                r = token_verify(authority->keyset, &authority->revocations, token, &expect,
                                 &verdict, &claims);
        if (r < 0)
                return r;
        status_note_question(authority);
        if (verdict == VERDICT_ASK)
                return ask_signer(call, token, &expect);
        return answer_good(call, verdict == VERDICT_VALID);
}
