/* GET /clients, GET and DELETE /clients/{id}, for administrators. */
#include "answers.h"

#include "../../common/cleanup.h"
#include "admin.h"
#include "audit.h"
#include "client_admin.h"

#define LIST_LIMIT_MAX 1000

static int list_each(void *context, const struct client *client) {
        struct msg_answer_client answer = client_message(client);

        return call_send(context, MSG_ANSWER_CLIENT, &answer);
}

int answer_client_list(struct call *call, const union message *message) {
        const struct msg_ask_client_list *ask = &message->ask_client_list;
        uint32_t limit = ask->limit < LIST_LIMIT_MAX ? ask->limit : LIST_LIMIT_MAX;
        struct msg_answer_clients_end end;
        enum refusal refusal;
        int r;

        r = admin_check(call, ask->credential, ask->bearer, &refusal);
        if (r < 0)
                return r;
        refusal = call_list_refusal(call, refusal);
        if (refusal)
                return call_refuse(call, refusal);
        r = clients_list(call->authority->store, ask->skip, limit, list_each, call, &end.total);
        return r < 0 ? r : call_answer(call, MSG_ANSWER_CLIENTS_END, &end);
}

int answer_client_show(struct call *call, const union message *message) {
        const struct msg_ask_client *ask = &message->ask_client;
        _cleanup_(client_freep) struct client *client = NULL;
        struct msg_answer_client answer;
        enum refusal refusal;
        int r;

        r = admin_check(call, ask->credential, ask->bearer, &refusal);
        if (r == 0 && refusal)
                return call_refuse(call, refusal);
        if (r == 0)
                r = clients_find(call->authority->store, ask->id, &client);
        if (r == -ENOENT)
                return call_refuse(call, REFUSAL_NO_CLIENT);
        if (r < 0)
                return r;
        answer = client_message(client);
        return call_answer(call, MSG_ANSWER_CLIENT, &answer);
}

/* ---- DELETE, last step first ---- */

static int delete_answer(struct call *call) {
        audit(call, "client-delete", "done", TEXT_NONE, NULL);
        return call_answer(call, MSG_ANSWER_DONE, NULL);
}

/* A later client of that id has nothing of this one's. */
static int delete_write(struct call *call, struct transaction *transaction) {
        int r;

        r = clients_delete(transaction, text_of(call->step.client_work->id));
        return r < 0 ? r : client_revoke(call, transaction);
}

int answer_client_delete(struct call *call, const union message *message) {
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
        return r < 0 ? r : call_commit(call, delete_write, delete_answer, client_work_failed);
}
