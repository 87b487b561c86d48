/* Lists that are given in parts: ?skip=&limit=, and how many there are in all. */
#ifndef JETON_FRONTEND_LIST_H
#define JETON_FRONTEND_LIST_H

#include "params.h"
#include "request.h"

/* Reads the query, in place, for nobody reads it a second time: its parameters, which the caller
 * may look at for more, and the part that is asked for. 0, or -EBADMSG with a fault. */
int list_read_query(struct request *request, struct params *ret, uint32_t *ret_skip,
                    uint32_t *ret_limit);

/* Room for one more of the answers? 0; -EPROTO: more than anybody may ask for is a broken rule. */
int list_has_room(const struct request *request);

/* The whole list, `total` being how many there would be without limits. 0 or -errno. */
int list_reply(struct request *request, uint64_t total);

#endif
