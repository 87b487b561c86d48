/* Replacing an outdated hash, beside the calls.
 *
 *         renewal_begin()   a copy of all that is needed, one idle worker
 *         heard_first()     another idle worker computes it once more
 *         heard_second()    both agree
 *         renewal_write()   is the old hash still there? */
#include "renewal.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"

#include <errno.h>

struct renewal {
        struct spare_job job;        /* first: a job of a renewal is the renewal */
        struct authority *authority; /* borrowed: outlives it */
        struct commit commit;
        uint64_t user_id;
        struct secret *password, *old_hash, *new_hash;
        char setting[SETTING_MAX];
};

static void renewal_free(struct renewal *renewal) {
        secret_free(renewal->password);
        secret_free(renewal->old_hash);
        secret_free(renewal->new_hash);
        free(renewal);
}

static void renewal_freep(struct renewal **renewal) {
        if (*renewal)
                renewal_free(*renewal);
}

static void renewal_end(void *context, int r) {
        struct renewal *renewal = context;
        unsigned long long id = renewal->user_id;

        if (r == 0)
                log_notice("the password hash of user %llu is of the current scheme now", id);
        else
                log_info("the password hash of user %llu stays as it is for now: %s", id,
                         strerror(-r));
        renewal_free(renewal);
}

static int renewal_write(void *context, struct transaction *transaction) {
        struct renewal *renewal = context;

        return users_set_hash(transaction, renewal->user_id, secret_text(renewal->old_hash),
                              secret_text(renewal->new_hash));
}

static void heard_second(struct spare_job *job, int r, struct text hash) {
        struct renewal *renewal = (struct renewal *)job;

        if (r == 0 && !secret_equal(hash, secret_text(renewal->new_hash)))
                r = -EIO;
        if (r == 0)
                r = commit_ask(renewal->authority, &renewal->commit, renewal_write, renewal_end,
                               renewal);
        if (r < 0)
                renewal_end(renewal, r);
}

static int renewal_ask_again(struct renewal *renewal, struct text hash) {
        char setting[SETTING_MAX];
        struct text digest;
        int r;

        if (setting_of_hash(hash, setting, &digest) < 0 ||
            !text_is(text_of(setting), text_of(renewal->setting)))
                return -EIO;
        r = secret_new(hash.p, hash.len, &renewal->new_hash);
        if (r < 0)
                return r;
        renewal->job.heard = heard_second;
        return workers_hash_spare(renewal->authority, &renewal->job);
}

static void heard_first(struct spare_job *job, int r, struct text hash) {
        struct renewal *renewal = (struct renewal *)job;

        if (r == 0)
                r = renewal_ask_again(renewal, hash);
        if (r < 0)
                renewal_end(renewal, r);
}

static int renewal_new(const struct call *call, struct renewal **ret) {
        _cleanup_(renewal_freep) struct renewal *renewal = calloc(1, sizeof *renewal);
        int r;

        if (!renewal)
                return -ENOMEM;
        renewal->authority = call->authority;
        renewal->user_id = call->user->id;
        r = secret_new(call->password->bytes, call->password->len, &renewal->password);
        if (r == 0)
                r = secret_new(call->user->hash->bytes, call->user->hash->len, &renewal->old_hash);
        if (r == 0)
                r = setting_new(renewal->setting);
        if (r < 0)
                return r;
        renewal->job = (struct spare_job){
                .password = renewal->password,
                .setting = renewal->setting,
                .done_by = SPARE_JOB_NEW,
                .heard = heard_first,
        };
        *ret = take(renewal);
        return 0;
}

void renewal_begin(const struct call *call) {
        struct renewal *renewal;
        int r;

        /* Proved elsewhere: that password is not the one of the hash. */
        if (!call->password || !call->user->hash)
                return;
        if (!setting_is_outdated(secret_text(call->user->hash)))
                return;
        r = renewal_new(call, &renewal);
        if (r < 0)
                return;
        r = workers_hash_spare(renewal->authority, &renewal->job);
        if (r < 0)
                renewal_end(renewal, r);
}
