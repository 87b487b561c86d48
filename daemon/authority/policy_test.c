/* POST /policy/test: an administrator asks what a process with these ids would be given, and which
 * rule says so. Nothing is issued. */
#include "answers.h"

#include "../../common/cleanup.h"
#include "admin.h"
#include "decision.h"

#define GROUPS_MAX 64

/* As accept.c would have them: the primary one counts no more than the others. */
static int groups_read(struct text list, uint32_t overflow_gid, struct peer *peer) {
        unsigned long long gid;
        struct text word;

        while (text_next_word(&list, &word)) {
                if (peer->group_count == GROUPS_MAX || text_number(word, UINT32_MAX - 1, &gid) < 0)
                        return -EINVAL;
                if (gid != overflow_gid)
                        peer->groups[peer->group_count++] = (uint32_t)gid;
        }
        return 0;
}

static int policy_answer(struct call *call, const struct decision *decision) {
        bool granted = decision->refusal == REFUSAL_NONE;
        struct msg_answer_policy answer = {
                .granted = granted,
                .reason = text_of(decision->reason),
                .error = granted ? TEXT_NONE : refusal_get(decision->refusal)->error,
        };

        if (granted) {
                answer.client_id = text_of(decision->rule->name);
                answer.sub = text_of(decision->sub);
                answer.audience = text_of(decision->audience->name);
                answer.scope = text_of(decision->scope);
                answer.roles = text_of(decision->roles);
                answer.lifetime_s = decision->lifetime_s;
        }
        return call_answer(call, MSG_ANSWER_POLICY, &answer);
}

int answer_policy_test(struct call *call, const union message *message) {
        const struct msg_ask_policy_test *ask = &message->ask_policy_test;
        const struct asked asked = {ask->client_id, ask->audience, ask->scope};
        _cleanup_(decision_clear) struct decision decision = {0};
        uint32_t groups[GROUPS_MAX];
        struct peer peer = {
                .uid = ask->uid,
                .gid = (uint32_t)-1,
                .is_known = true,
                .groups = groups,
                .unit = ask->unit,
        };
        enum refusal refusal;
        int r;

        r = admin_check(call, ask->credential, ask->bearer, &refusal);
        if (r < 0)
                return r;
        if (!refusal && groups_read(ask->groups, call->authority->overflow_gid, &peer) < 0)
                refusal = REFUSAL_GROUPS;
        if (refusal)
                return call_refuse(call, refusal);
        r = decision_make(call, &peer, &asked, &decision);
        return r < 0 ? r : policy_answer(call, &decision);
}
