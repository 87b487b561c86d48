/* The hash of a new password, computed twice. */
#include "new_hash.h"

#include "../../common/log.h"

#include <errno.h>

static int take_second(struct call *call, struct text hash) {
        if (secret_equal(hash, secret_text(call->hash)))
                return call->hash_made(call);
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

static int take_first(struct call *call, struct text hash) {
        int r;

        if (!is_of_setting(hash, call->setting))
                return -EIO;
        r = secret_new(hash.p, hash.len, &call->hash);
        if (r < 0)
                return r;
        call->hashed = take_second;
        return workers_hash(call, call->setting, true);
}

int new_hash_ask(struct call *call, call_step *then) {
        int r;

        r = setting_new(call->setting);
        if (r < 0)
                return r;
        call->hash_made = then;
        call->hashed = take_first;
        return workers_hash(call, call->setting, false);
}
