/* How many refusals of one uid are written: a flood must not fill the disk. What is left out is
 * counted, and the count is told. */
#ifndef JETON_AUTHORITY_AUDIT_LIMIT_H
#define JETON_AUTHORITY_AUDIT_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#define AUDIT_BURST   100  /* lines at once, and then ... */
#define AUDIT_EACH_MS 1000 /* ... one in this time */

#define AUDIT_SHARES 509

struct audit_limit {
        struct audit_share {
                uint32_t uid;
                int64_t paid_until_ms; /* each line written moves it by AUDIT_EACH_MS */
                uint64_t suppressed;
        } shares[AUDIT_SHARES]; /* by uid; those that meet have one bucket, the last its name */
        uint64_t orphans;       /* suppressed of uids that lost their name there */
};

/* Whether one more of that uid's is written. true: with *ret_suppressed, how many were not since
 * the last that was. */
bool audit_limit_admit(struct audit_limit *limit, uint32_t uid, int64_t now_ms,
                       uint64_t *ret_suppressed);

struct audit_suppressed {
        bool is_of_uid; /* false: of several that are not known any more */
        uint32_t uid;
        uint64_t count;
};

/* One count that was not told yet; it is then told. false: none is left. */
bool audit_limit_next(struct audit_limit *limit, struct audit_suppressed *ret);

#endif
