/* The hash of a new password, judged first and computed twice. */
#include "new_hash.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"
#include "user_rules.h"

#include <errno.h>

/* Nobody needs the passwords any more. */
static int take_second(struct call *call, const struct msg_hashed *answer) {
        secret_free(take(call->password));
        secret_free(take(call->new_hash.old_password));
        if (answer->complaint)
                return call->new_hash.unfit(call, answer->complaint, answer->at_least);
        if (secret_equal(answer->hash, secret_text(call->hash)))
                return call->new_hash.made(call);
        log_error("two workers disagree about the hash of a new password: it is not stored");
        return -EIO;
}

/* A hash that is stored is one of our own setting, whatever the worker says. */
static bool is_of_setting(struct text hash, const char *setting) {
        char found[SETTING_MAX];
        struct text digest;

        return setting_of_hash(hash, found, &digest) == 0 &&
               text_is(text_of(found), text_of(setting));
}

static int take_first(struct call *call, const struct msg_hashed *answer) {
        int r;

        if (answer->complaint)
                return call->new_hash.unfit(call, answer->complaint, answer->at_least);
        if (!is_of_setting(answer->hash, call->setting))
                return -EIO;
        r = secret_new(answer->hash.p, answer->hash.len, &call->hash);
        if (r < 0)
                return r;
        call->hashed = take_second;
        return workers_hash(call, call->setting, true);
}

int new_hash_ask(struct call *call, struct text username, call_step *then, call_unfit *unfit) {
        enum complaint complaint =
                rule_password(call->settings, username, secret_text(call->password));
        int r;

        if (complaint)
                return unfit(call, complaint, call->settings->password_min);
        r = text_copy(username, call->new_hash.username, sizeof call->new_hash.username);
        if (r == 0)
                r = setting_new(call->setting);
        if (r < 0)
                return r;
        call->new_hash.made = then;
        call->new_hash.unfit = unfit;
        call->hashed = take_first;
        return workers_hash(call, call->setting, false);
}

static const enum refusal refusals[COMPLAINT_COUNT] = {
        [COMPLAINT_LONG] = REFUSAL_PASSWORD_LONG,
        [COMPLAINT_COMMON] = REFUSAL_PASSWORD_COMMON,
        [COMPLAINT_NAME] = REFUSAL_PASSWORD_NAME,
        [COMPLAINT_SIMILAR] = REFUSAL_PASSWORD_SIMILAR,
        [COMPLAINT_SIMPLE] = REFUSAL_PASSWORD_SIMPLE,
};

int new_hash_refuse(struct call *call, enum complaint complaint, uint32_t at_least) {
        if (complaint == COMPLAINT_SHORT)
                return call_refuse_short(call, at_least);
        return call_refuse(call, refusals[complaint]);
}
