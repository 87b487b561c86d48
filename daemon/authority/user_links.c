/* GET, POST and DELETE /users/{id or name}/links: who a user is at outside issuers, as an
 * administrator says it. What a login has linked by e-mail is here too. */
#include "user_links.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../common/log.h"
#include "admin.h"
#include "answers.h"
#include "audit.h"
#include "sessions.h"

#include <stdio.h>

#define DETAIL_MAX (ISSUER_MAX + sizeof(struct log_escaped) + 64)

static void detail_write(const struct outside_link *link, char ret[DETAIL_MAX]) {
        snprintf(ret, DETAIL_MAX, "issuer=\"%s\" sub=\"%s\" by=%s", link->issuer,
                 log_escape(text_of(link->sub)).text, link->by_email ? "email" : "admin");
}

void audit_link(const struct call *call, const char *event, const struct outside_link *link) {
        char detail[DETAIL_MAX];

        detail_write(link, detail);
        audit_beside(call, event, text_of(call->user->name), detail);
}

/* ---- GET ---- */

static int list_each(void *context, const struct outside_link *link) {
        struct msg_answer_link answer = {
                .issuer = text_of(link->issuer),
                .sub = text_of(link->sub),
                .by_email = link->by_email,
                .created_at = link->created_at,
        };

        return call_send(context, MSG_ANSWER_LINK, &answer);
}

int answer_link_list(struct call *call, const union message *message) {
        const struct msg_ask_link_list *ask = &message->ask_link_list;
        struct msg_answer_links_end end;
        enum refusal refusal;
        int r;

        r = admin_find_user(call, ask->credential, ask->bearer, ask->user, &refusal);
        if (r < 0)
                return r;
        if (refusal)
                return call_refuse(call, refusal);
        r = outside_links_list(call->authority->store, call->user->id, list_each, call, &end.total);
        return r < 0 ? r : call_answer(call, MSG_ANSWER_LINKS_END, &end);
}

/* ---- POST and DELETE ---- */

static int link_keep(struct call *call, const struct msg_ask_link *ask) {
        struct outside_link *link = calloc(1, sizeof *link);

        if (!link)
                return -ENOMEM;
        call->step.link = link;
        call->free_step = free;
        link->user_id = call->user->id;
        link->created_at = clock_wall_s();
        if (text_copy(ask->issuer, link->issuer, sizeof link->issuer) < 0 ||
            text_copy(ask->sub, link->sub, sizeof link->sub) < 0)
                return -EINVAL;
        return 0;
}

static void say(const struct call *call, const char *event) {
        char detail[DETAIL_MAX];

        detail_write(call->step.link, detail);
        audit(call, event, "done", text_of(call->user->name), detail);
}

static int failed(struct call *call, int error) {
        static const struct {
                int error;
                enum refusal refusal;
        } refusals[] = {
                {-EEXIST, REFUSAL_LINK_TAKEN},
                {-EMLINK, REFUSAL_LINKS_FULL},
                {-ESRCH, REFUSAL_NO_LINK},
                {-ENOENT, REFUSAL_NO_USER},
        };
        size_t i;

        for (i = 0; i < ELEMENTS(refusals); i++)
                if (refusals[i].error == error)
                        return call_refuse(call, refusals[i].refusal);
        return call_fail(call, error);
}

static int add_write(struct call *call, struct transaction *transaction) {
        return outside_links_add(transaction, call->step.link);
}

static int added(struct call *call) {
        const struct outside_link *link = call->step.link;
        struct msg_answer_link answer = {
                .issuer = text_of(link->issuer),
                .sub = text_of(link->sub),
                .created_at = link->created_at,
        };

        say(call, "link-add");
        return call_answer(call, MSG_ANSWER_LINK, &answer);
}

/* Whoever came in by it is out: his sessions and tokens go with it, in the same commit. */
static int remove_write(struct call *call, struct transaction *transaction) {
        struct revoked revoked = revoked_user(call->user->id, 0);
        int r = outside_links_remove(transaction, call->step.link);

        if (r < 0)
                return r == -ENOENT ? -ESRCH : r;
        return sessions_revoke(call->authority, transaction, &revoked);
}

static int removed(struct call *call) {
        say(call, "link-remove");
        return call_answer(call, MSG_ANSWER_DONE, NULL);
}

static int find_and_keep(struct call *call, const struct msg_ask_link *ask,
                         enum refusal *ret_refusal) {
        int r = admin_find_user(call, ask->credential, ask->bearer, ask->user, ret_refusal);

        return r < 0 || *ret_refusal ? r : link_keep(call, ask);
}

/* A link to nobody who is configured would be a slip of the pen that nobody notices. */
static enum refusal add_check(const struct call *call, const struct msg_ask_link *ask) {
        const struct settings *settings = call->settings;
        size_t i;

        if (!name_is_outside_subject(ask->sub))
                return REFUSAL_OUTSIDE_SUBJECT;
        for (i = 0; i < settings->outside_count; i++)
                if (text_is(text_of(settings->outside[i]), ask->issuer))
                        return REFUSAL_NONE;
        return REFUSAL_NO_ISSUER;
}

int answer_link_add(struct call *call, const union message *message) {
        const struct msg_ask_link *ask = &message->ask_link;
        enum refusal refusal;
        int r;

        r = find_and_keep(call, ask, &refusal);
        if (r < 0)
                return r;
        if (!refusal)
                refusal = add_check(call, ask);
        if (refusal)
                return call_refuse(call, refusal);
        return call_commit(call, add_write, added, failed);
}

int answer_link_remove(struct call *call, const union message *message) {
        enum refusal refusal;
        int r;

        r = find_and_keep(call, &message->ask_link, &refusal);
        if (r < 0)
                return r;
        if (refusal)
                return call_refuse(call, refusal);
        return call_commit(call, remove_write, removed, failed);
}
