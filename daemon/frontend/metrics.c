/* GET /metrics: the authority decides who may see the numbers and sends all of them; here they get
 * their names. */
#include "routes.h"

#include "../../common/cleanup.h"
#include "call.h"
#include "exposition.h"
#include "request.h"

static int counts_part(struct request *request, const union message *answer) {
        return counts_unpack(&answer->answer_counts, request->sheets->pages);
}

static int metrics_finish(struct request *request, const union message *answer) {
        const struct reply reply = {
                .status = 200,
                .media_type = EXPOSITION_MEDIA_TYPE,
                .cache = CACHE_NEVER,
        };
        _cleanup_(freep) char *text = NULL;
        size_t len;
        int r;

        (void)answer;
        r = exposition_write(request->sheets, &text, &len);
        return r < 0 ? r : request_reply_text(request, &reply, (struct text){text, len});
}

int metrics_begin(struct request *request) {
        static const struct exchange metrics = {
                .ask = MSG_ASK_METRICS,
                .answer = MSG_ANSWER_DONE,
                .finish = metrics_finish,
                .part = MSG_ANSWER_COUNTS,
                .take_part = counts_part,
        };
        struct msg_ask_metrics ask = {.connection = request->number};
        int r;

        r = request_admin_credential(request, &ask.credential, &ask.bearer);
        if (r < 0)
                return r;
        request->sheets = calloc(1, sizeof *request->sheets);
        return request->sheets ? call_ask(request, &metrics, &ask) : -ENOMEM;
}
