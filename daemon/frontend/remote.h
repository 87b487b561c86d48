/* Who stands behind the proxy: the address that it saw itself. */
#ifndef JETON_FRONTEND_REMOTE_H
#define JETON_FRONTEND_REMOTE_H

#include "../../common/text.h"

#define REMOTE_SIZE 46 /* INET6_ADDRSTRLEN */

/* The last hop of an X-Forwarded-For field, as inet_ntop(3) writes it: what stands before it came
 * from the caller and may be anything. A port behind it is dropped. TEXT_NONE when it is no
 * address. */
struct text remote_parse(struct text forwarded_for, char place[REMOTE_SIZE]);

#endif
