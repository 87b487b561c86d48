/* A leaky bucket for each uid, in a table that never grows. Whoever has many uids gets no bucket
 * anew by taking turns with two that share a place: what the place owes stays. */
#include "audit_limit.h"

#include <stddef.h>

static struct audit_share *share_of(struct audit_limit *limit, uint32_t uid) {
        struct audit_share *share = &limit->shares[uid % AUDIT_SHARES];

        if (share->uid != uid) {
                limit->orphans += share->suppressed;
                share->suppressed = 0;
                share->uid = uid;
        }
        return share;
}

bool audit_limit_admit(struct audit_limit *limit, uint32_t uid, int64_t now_ms,
                       uint64_t *ret_suppressed) {
        struct audit_share *share = share_of(limit, uid);

        if (share->paid_until_ms < now_ms)
                share->paid_until_ms = now_ms;
        if (share->paid_until_ms - now_ms > (AUDIT_BURST - 1) * AUDIT_EACH_MS) {
                share->suppressed++;
                return false;
        }
        share->paid_until_ms += AUDIT_EACH_MS;
        *ret_suppressed = share->suppressed;
        share->suppressed = 0;
        return true;
}

bool audit_limit_next(struct audit_limit *limit, struct audit_suppressed *ret) {
        struct audit_share *share;
        size_t i;

        for (i = 0; i < AUDIT_SHARES; i++) {
                share = &limit->shares[i];
                if (share->suppressed == 0)
                        continue;
                *ret = (struct audit_suppressed){true, share->uid, share->suppressed};
                share->suppressed = 0;
                return true;
        }
        *ret = (struct audit_suppressed){.count = limit->orphans};
        limit->orphans = 0;
        return ret->count > 0;
}
