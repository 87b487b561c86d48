/* GET /keys, POST /keys/rotate, DELETE /keys/{kid}: an administrator's word to the signer, which
 * has rules of its own. */
#include "answers.h"

#include "../../common/jwt/base64url.h"
#include "../../common/jwt/signature.h"
#include "admin.h"
#include "audit.h"
#include "signing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* What is asked of the signer, for the audit line. */
struct key_change {
        const char *event;
        char detail[KID_LEN + 32];
};

static enum refusal refusal_of_outcome(uint8_t outcome) {
        static const enum refusal refusals[] = {
                [0] = REFUSAL_BROKEN,
                [KEYS_DONE] = REFUSAL_NONE,
                [KEYS_UNKNOWN] = REFUSAL_NO_KEY,
                [KEYS_FULL] = REFUSAL_KEYS_FULL,
                [KEYS_FAILED] = REFUSAL_BROKEN,
        };

        return refusals[outcome];
}

static int keys_relay(struct call *call, const struct frame *frame) {
        const struct key_change *change = call->step.key_change;
        struct msg_keys_end end = {.outcome = KEYS_DONE};
        enum refusal refusal;

        if (frame->type == MSG_KEY)
                return call_send(call, MSG_ANSWER_KEY, &frame->message.key);
        refusal = refusal_of_outcome(frame->message.keys_end.outcome);
        if (change)
                audit(call, change->event, refusal ? "refused" : "done", TEXT_NONE, change->detail);
        return refusal ? call_refuse(call, refusal) : call_answer(call, MSG_ANSWER_KEYS_END, &end);
}

static int change_new(struct call *call, const char *event, struct key_change **ret) {
        struct key_change *change = calloc(1, sizeof *change);

        if (!change)
                return -ENOMEM;
        change->event = event;
        call->step.key_change = change;
        call->free_step = free;
        *ret = change;
        return 0;
}

int answer_key_list(struct call *call, const union message *message) {
        const struct msg_ask_key_list *ask = &message->ask_key_list;
        enum refusal refusal;
        int r;

        r = admin_check(call, ask->credential, ask->bearer, &refusal);
        if (r < 0)
                return r;
        if (refusal)
                return call_refuse(call, refusal);
        return sign_ask_keys(call, MSG_KEYS_LIST, ask, keys_relay);
}

int answer_key_rotate(struct call *call, const union message *message) {
        const struct msg_ask_key_rotate *ask = &message->ask_key_rotate;
        struct msg_key_rotate fields = {.algorithm = ask->algorithm, .now = ask->now};
        const char *name = algorithm_name(ask->algorithm);
        struct key_change *change;
        enum refusal refusal;
        int r;

        r = admin_check(call, ask->credential, ask->bearer, &refusal);
        if (r < 0)
                return r;
        if (refusal)
                return call_refuse(call, refusal);
        r = change_new(call, "key-rotate", &change);
        if (r < 0)
                return r;
        snprintf(change->detail, sizeof change->detail, "alg=%s now=%d", name ? name : "all",
                 ask->now);
        return sign_ask_keys(call, MSG_KEY_ROTATE, &fields, keys_relay);
}

static bool is_kid(struct text text) {
        uint8_t bytes[32];
        size_t len;

        return base64url_decode(text, bytes, sizeof bytes, &len) == 0 && len == sizeof bytes;
}

int answer_key_drop(struct call *call, const union message *message) {
        const struct msg_ask_key_drop *ask = &message->ask_key_drop;
        struct msg_key_drop fields = {.kid = ask->kid};
        struct key_change *change;
        enum refusal refusal;
        int r;

        r = admin_check(call, ask->credential, ask->bearer, &refusal);
        if (r < 0)
                return r;
        if (!refusal && !is_kid(ask->kid))
                refusal = REFUSAL_NO_KEY;
        if (refusal)
                return call_refuse(call, refusal);
        r = change_new(call, "key-drop", &change);
        if (r < 0)
                return r;
        snprintf(change->detail, sizeof change->detail, "kid=%.*s", TEXT_ARGS(ask->kid));
        return sign_ask_keys(call, MSG_KEY_DROP, &fields, keys_relay);
}
