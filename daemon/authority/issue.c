/* From what was decided to the answer. */
#include "issue.h"

#include "../../common/log.h"
#include "audit.h"
#include "sessions.h"
#include "signing.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

struct issue {
        const struct issue_kind *kind;
        int64_t began;
        char from_jti[JTI_LEN + 1];
        char sub[SUB_MAX + 1];
        char sid[SID_LEN + 1];
        char client_id[CLIENT_MAX + 1];
        char audience[AUDIENCE_MAX + 1];
        char scope[SCOPE_MAX + 1];
};

#define DETAIL_MAX (sizeof(struct issue) + sizeof(struct log_escaped))

/* Of these words our own grammars have seen all. */
static void issue_audit(const struct call *call) {
        const struct issue *issue = call->step.issue;
        char detail[DETAIL_MAX];

        snprintf(detail, sizeof detail, "audience=\"%s\"%s%s", issue->audience,
                 issue->from_jti[0] ? " from_jti=" : "", issue->from_jti);
        audit(call, issue->kind->event, "granted", text_of(issue->sub), detail);
}

static int issue_answer(struct call *call, const struct msg_signed *token) {
        const struct issue *issue = call->step.issue;
        const struct holder holder = {text_of(issue->sub), text_of(issue->sid),
                                      text_of(issue->client_id)};
        struct msg_answer_token answer = {
                .access_token = token->token,
                .expires_in_s = (uint32_t)(token->expires_at - token->issued_at),
                .scope = text_of(issue->scope),
        };
        bool ended;
        int r;

        r = sessions_were_ended(call, &holder, issue->began, &ended);
        if (r < 0)
                return r;
        if (ended)
                return issue_refuse(call, issue->kind, text_of(issue->sub), issue->kind->ended,
                                    "revoked while it was made");
        issue_audit(call);
        return call_answer(call, MSG_ANSWER_TOKEN, &answer);
}

static int issue_keep(struct issue *issue, struct text from_jti,
                      const struct msg_sign_access *fields) {
        if (text_copy(from_jti, issue->from_jti, sizeof issue->from_jti) < 0 ||
            text_copy(fields->sub, issue->sub, sizeof issue->sub) < 0 ||
            text_copy(fields->sid, issue->sid, sizeof issue->sid) < 0 ||
            text_copy(fields->client_id, issue->client_id, sizeof issue->client_id) < 0 ||
            text_copy(fields->audience, issue->audience, sizeof issue->audience) < 0 ||
            text_copy(fields->scope, issue->scope, sizeof issue->scope) < 0)
                return -EINVAL;
        return 0;
}

int issue_token(struct call *call, const struct issue_kind *kind, int64_t began,
                struct text from_jti, const struct msg_sign_access *fields) {
        struct issue *issue = calloc(1, sizeof *issue);
        int r;

        if (!issue)
                return -ENOMEM;
        call->step.issue = issue;
        call->free_step = free;
        issue->kind = kind;
        issue->began = began;
        r = issue_keep(issue, from_jti, fields);
        return r < 0 ? r : sign_ask_access(call, fields, issue_answer);
}

int issue_refuse(struct call *call, const struct issue_kind *kind, struct text who,
                 enum refusal refusal, const char *reason, ...) {
        char said[REASON_MAX + 1], detail[DETAIL_MAX], name[LOG_NAME_MAX + 1];
        va_list args;

        va_start(args, reason);
        vsnprintf(said, sizeof said, reason, args);
        va_end(args);
        snprintf(detail, sizeof detail, "error=%.*s reason=\"%s\"",
                 TEXT_ARGS(refusal_get(refusal)->error), log_escape(text_of(said)).text);
        audit_keep_name(who, name);
        audit(call, kind->event, "refused", text_of(name), detail);
        return call_refuse(call, refusal);
}
