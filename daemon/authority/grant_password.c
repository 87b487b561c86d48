/* POST /token, the password grant (RFC 6749 4.3): a user name and a password become an access
 * token.
 *
 *         answer_password_grant()   may the grant be used, for which audience, whom is it about
 *         grant_check_password()    does it match
 *         grant.c                   its tokens */
#include "answers.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "grant.h"
#include "guesser.h"
#include "password.h"
#include "policy.h"
#include "sources.h"

/* Unknown is no error here: the decoy takes the same steps. */
static int grant_load_user(struct call *call, struct text username) {
        int r;

        if (!name_is_user(username))
                return 0;
        r = users_find_name(call->authority->store, username, &call->user);
        return r == -ENOENT ? 0 : r;
}

static int grant_check_password(struct call *call, enum password_verdict verdict) {
        struct grant *grant = call->step.grant;
        char reason[PASSWORD_REASON_MAX];
        enum refusal refusal;

        if (verdict != PASSWORD_RIGHT) {
                password_reason(call, verdict, reason);
                audit(call, "login", "refused", text_of(grant->username), reason);
                return call_refuse_login(call, REFUSAL_CREDENTIALS);
        }
        /* Proved elsewhere, it is changed there: ours may be one that he has never known. */
        if (source_is_database(call) &&
            user_must_change(call->user, call->settings->password_max_age_s, clock_wall_s())) {
                audit(call, "login", "refused", text_of(grant->username), "reason=must-change");
                return call_refuse(call, REFUSAL_MUST_CHANGE);
        }
        refusal = grant_decide(call);
        return refusal ? grant_refuse(call, refusal) : grant_give(call, 0);
}

int answer_password_grant(struct call *call, const union message *message) {
        const struct msg_ask_password_grant *ask = &message->ask_password_grant;
        struct grant *grant = grant_new(call, ask->username, "pwd");
        struct throttle_key guesser;
        enum refusal refusal;
        int r;

        if (!grant)
                return -ENOMEM;
        audit_keep_client(call, ask->client_id);
        refusal = policy_password_grant(call);
        if (!refusal)
                refusal = grant_ask(call, grant, ask->client_id, ask->audience, ask->scope);
        if (refusal)
                return call_refuse(call, refusal);
        r = grant_load_user(call, ask->username);
        if (r == 0)
                r = guesser_of_login(call, ask->username, &guesser);
        if (r < 0)
                return r;
        return sources_ask(call, &guesser, ask->username, ask->password, grant_check_password);
}
