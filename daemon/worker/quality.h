/* Is a new password good enough by the rules of the host, pwquality.conf(5)? */
#ifndef JETON_WORKER_QUALITY_H
#define JETON_WORKER_QUALITY_H

#include "../privsep/message.h"

struct quality_wrong {
        unsigned line; /* from 1; 0: it is not about a line */
        char what[160];
};

/* Takes the rules from a text as pwquality.conf(5) describes it, or from a descriptor with such a
 * text. 0; -EINVAL with what is wrong in it; other -errno. On failure those so far stay. Once it
 * must have succeeded before anything is judged. */
int quality_set(struct text text, struct quality_wrong *ret_wrong);
int quality_read(int fd, struct quality_wrong *ret_wrong);

/* `old` is empty where nobody knows it. *ret_at_least is told with COMPLAINT_SHORT. A password that
 * cannot be judged (no memory) is COMPLAINT_SIMPLE. */
enum complaint quality_judge(struct text password, struct text old, struct text username,
                             uint32_t *ret_at_least);

#endif
