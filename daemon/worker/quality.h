/* Is a new password good enough by the rules of the host, pwquality.conf(5)? */
#ifndef JETON_WORKER_QUALITY_H
#define JETON_WORKER_QUALITY_H

#include "../privsep/message.h"

/* Reads the rules: once, while files can be opened. A file that cannot be parsed is told, and its
 * rules do not count. 0 or -errno. */
int quality_prepare(void);

/* `old` is empty where nobody knows it. *ret_at_least is told with COMPLAINT_SHORT. A password that
 * cannot be judged (no memory) is COMPLAINT_SIMPLE. */
enum complaint quality_judge(struct text password, struct text old, struct text username,
                             uint32_t *ret_at_least);

#endif
