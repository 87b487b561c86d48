/* Is a presented token good, here and now? Answered from the public pages alone. The authority is
 * asked only where they cannot tell: its key is not published (HS256), or more is revoked than the
 * page holds. Whom the token is for, and what it opens, is for the asker to look at. */
#ifndef JETON_FRONTEND_JUDGE_H
#define JETON_FRONTEND_JUDGE_H

#include "../../common/jwt/verify.h"

struct request;

/* Goes on with the request once there is a verdict. 0 or -errno: request_fail(). The claims are
 * lent, and count only with VERDICT_VALID. */
typedef int judge_finish(struct request *request, enum verdict verdict,
                         const struct claims *claims);

/* Judges an access token of any audience, whose text is lent by the request until its reply. 0 or
 * -errno. */
int judge_token(struct request *request, struct text token, judge_finish *finish);

#endif
