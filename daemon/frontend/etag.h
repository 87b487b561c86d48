/* Entity tags (RFC 9110 8.8.3): whether a caller has a document already. */
#ifndef JETON_FRONTEND_ETAG_H
#define JETON_FRONTEND_ETAG_H

#include "../../common/text.h"

#define ETAG_MAX 48 /* with its quotes and a NUL */

/* A strong tag of these bytes. 0 or -ENOMEM. */
int etag_make(struct text bytes, char ret[ETAG_MAX]);

/* Whether one of the field's tags is ours (RFC 9110 13.1.2: weakly compared), or it is "*". */
bool etag_matches(struct text if_none_match, struct text tag);

#endif
