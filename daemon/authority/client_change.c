/* PATCH /clients/{id} and POST /clients/{id}/secret: an administrator changes a client, or gives it
 * a new secret. The row is read where it is written: changes that share a commit add up. */
#include "answers.h"

#include "../../common/cleanup.h"
#include "audit.h"
#include "client_admin.h"

#include <stdio.h>

static const struct {
        enum client_member member;
        const char *word;
} words[] = {
        {CLIENT_NAME, "name"},
        {CLIENT_AUDIENCES, "audiences"},
        {CLIENT_SCOPES, "scopes"},
        {CLIENT_ENABLED, "enabled"},
};

/* Which members were named, and whether it is still one. */
static void change_audit(const struct call *call) {
        const struct client_work *work = call->step.client_work;
        char named[64] = "", detail[128];
        size_t i, len = 0;

        for (i = 0; i < ELEMENTS(words); i++)
                if (work->members & words[i].member)
                        len += (size_t)snprintf(named + len, sizeof named - len, "%s%s",
                                                len > 0 ? "," : "", words[i].word);
        snprintf(detail, sizeof detail, "changed=%s enabled=%d", named, work->client->enabled);
        audit(call, "client-change", "done", TEXT_NONE, detail);
}

/* ---- the steps, last one first ---- */

static int change_answer(struct call *call) {
        const struct client_work *work = call->step.client_work;
        struct msg_answer_client answer = client_message(work->client);

        answer.secret = text_of(work->secret);
        if (work->secret[0])
                audit(call, "client-secret", "done", TEXT_NONE, NULL);
        else
                change_audit(call);
        return call_answer(call, MSG_ANSWER_CLIENT, &answer);
}

/* Who is switched off holds nothing that is good. */
static int change_row(struct call *call, struct transaction *transaction,
                      const struct client *before) {
        struct client_work *work = call->step.client_work;
        struct client_row row = client_row(before);
        int r;

        client_work_apply(work, &row);
        work->refusal = client_work_check(call->settings, work, &row);
        if (work->refusal)
                return -EINVAL;
        r = clients_change(transaction, &row);
        if (r == 0)
                r = clients_find(transaction_store(transaction), row.id, &work->client);
        if (r == 0 && before->enabled && !row.enabled)
                r = client_revoke(call, transaction);
        return r;
}

static int change_write(struct call *call, struct transaction *transaction) {
        _cleanup_(client_freep) struct client *before = NULL;
        int r;

        r = clients_find(transaction_store(transaction), text_of(call->step.client_work->id),
                         &before);
        return r < 0 ? r : change_row(call, transaction, before);
}

static int fields_keep(struct call *call, const struct msg_ask_client_change *ask) {
        struct client_work *work;
        int r;

        r = client_work_new(call, ask->id, &work);
        if (r < 0)
                return r;
        work->members = ask->members;
        work->enabled = ask->enabled;
        if (text_copy(ask->name, work->name, sizeof work->name) < 0 ||
            text_copy(ask->audiences, work->audiences, sizeof work->audiences) < 0 ||
            text_copy(ask->scopes, work->scopes, sizeof work->scopes) < 0)
                return -EINVAL;
        return 0;
}

int answer_client_change(struct call *call, const union message *message) {
        const struct msg_ask_client_change *ask = &message->ask_client_change;
        enum refusal refusal;
        int r;

        r = client_admin_check(call, ask->credential, ask->bearer, ask->id, &refusal);
        if (r < 0)
                return r;
        if (refusal)
                return call_refuse(call, refusal);
        r = fields_keep(call, ask);
        return r < 0 ? r : call_commit(call, change_write, change_answer, client_work_failed);
}

/* The old one is good for nothing from here on; what it got goes on until it is over. */
int answer_client_secret(struct call *call, const union message *message) {
        const struct msg_ask_client *ask = &message->ask_client;
        struct client_work *work;
        enum refusal refusal;
        int r;

        r = client_admin_check(call, ask->credential, ask->bearer, ask->id, &refusal);
        if (r < 0)
                return r;
        if (refusal)
                return call_refuse(call, refusal);
        r = client_work_new(call, ask->id, &work);
        if (r == 0)
                r = client_work_draw(work);
        return r < 0 ? r : call_commit(call, change_write, change_answer, client_work_failed);
}
