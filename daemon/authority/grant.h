/* A login that has proved who it is: its access token, and the session with its refresh token. What
 * the proof was is the business of who calls. */
#ifndef JETON_AUTHORITY_GRANT_H
#define JETON_AUTHORITY_GRANT_H

#include "audit.h"
#include "call.h"
#include "refresh.h"
#include "sessions.h"
#include "store/sessions.h"

struct grant {
        const struct audience_rule *audience; /* borrowed: the call holds its settings */
        char username[LOG_NAME_MAX + 1];      /* as the caller wrote it, for the audit line */
        const char *method;                   /* borrowed for ever: amr */
        char asked_scope[SCOPE_MAX + 1];
        char scope[SCOPE_MAX + 1];
        char sid[SID_LEN + 1];
        char sub[24];
        int64_t began, auth_time;

        struct secret *access_token;
        char jti[JTI_LEN + 1];
        uint32_t expires_in_s;
        struct session session;
        struct sessions_trimmed trimmed;           /* to make room for it */
        char refresh_token[REFRESH_TOKEN_LEN + 1]; /* "": it gets none */
};

/* An empty one, as the call's step. NULL: no memory. */
struct grant *grant_new(struct call *call, struct text username, const char *method);

/* For which audience and scope, by which client. REFUSAL_NONE or why not. */
enum refusal grant_ask(const struct call *call, struct grant *grant, struct text client_id,
                       struct text audience, struct text scope);

/* Whether call->user, who has proved himself, may have that, and which scope. REFUSAL_NONE or why
 * not: for grant_refuse(). */
enum refusal grant_decide(struct call *call);
int grant_refuse(struct call *call, enum refusal refusal);

/* Then: signs and answers. `auth_time`: when he proved himself; 0: now. 0 or -errno. */
int grant_give(struct call *call, int64_t auth_time);

#endif
