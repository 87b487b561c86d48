/* GET /health: do the parts that every answer needs still answer? */
#include "answers.h"

int answer_health(struct call *call, const union message *message) {
        struct msg_answer_health answer = {.ok = 1};

        (void)message;
        if (!call->authority->signer.up || store_check(call->authority->store) < 0)
                return call_refuse(call, REFUSAL_BUSY);
        return call_answer(call, MSG_ANSWER_HEALTH, &answer);
}
