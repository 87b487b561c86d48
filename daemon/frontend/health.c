/* GET /health: whether the processes behind us answer. */
#include "routes.h"

#include "../../common/cleanup.h"
#include "call.h"
#include "request.h"

static int health_finish(struct request *request, const union message *answer) {
        const struct reply reply = {.status = 200, .cache = CACHE_NEVER};
        _cleanup_(json_clear) struct json body = {0};

        if (!answer->answer_health.ok)
                return request_refuse(request, 503, "temporarily_unavailable",
                                      "not everything behind this socket answers");
        json_begin_object(&body);
        json_add_text(&body, "status", TEXT("ok"));
        return request_reply_json(request, &reply, &body);
}

int health_begin(struct request *request) {
        static const struct exchange health = {
                .ask = MSG_ASK_HEALTH,
                .answer = MSG_ANSWER_HEALTH,
                .finish = health_finish,
        };
        const struct msg_ask_health ask = {.connection = request->number};

        return call_ask(request, &health, &ask);
}
