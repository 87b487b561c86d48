/* POST /clients: an administrator makes a confidential client. Its secret is told in the answer and
 * never again. */
#include "answers.h"

#include "../../common/clock.h"
#include "admin.h"
#include "audit.h"
#include "client_admin.h"
#include "identity.h"

#include <errno.h>

static enum refusal id_check(const struct settings *settings, struct text id) {
        if (!name_is_client(id))
                return REFUSAL_CLIENT_ID;
        return identity_named(settings, id) ? REFUSAL_CLIENT_TAKEN : REFUSAL_NONE;
}

/* ---- the steps, last one first ---- */

static int add_answer(struct call *call) {
        const struct client_work *work = call->step.client_work;
        struct msg_answer_client answer = client_message(work->client);

        answer.secret = text_of(work->secret);
        audit(call, "client-add", "done", TEXT_NONE, NULL);
        return call_answer(call, MSG_ANSWER_CLIENT, &answer);
}

static int add_write(struct call *call, struct transaction *transaction) {
        struct client_work *work = call->step.client_work;
        struct client_row row = {.id = text_of(work->id)};
        int r;

        client_work_apply(work, &row);
        r = clients_add(transaction, &row, clock_wall_s());
        return r < 0 ? r : clients_find(transaction_store(transaction), row.id, &work->client);
}

static int add_check(struct call *call) {
        struct client_work *work = call->step.client_work;
        struct client_row row = {.id = text_of(work->id)};
        enum refusal refusal;
        int r;

        client_work_apply(work, &row);
        refusal = client_work_check(call->settings, work, &row);
        if (refusal)
                return call_refuse(call, refusal);
        r = client_work_draw(work);
        return r < 0 ? r : call_commit(call, add_write, add_answer, client_work_failed);
}

static int fields_keep(struct call *call, const struct msg_ask_client_add *ask) {
        struct client_work *work;
        int r;

        r = client_work_new(call, ask->id, &work);
        if (r < 0)
                return r;
        work->members = CLIENT_MEMBERS;
        work->enabled = true;
        if (text_copy(ask->name, work->name, sizeof work->name) < 0 ||
            text_copy(ask->audiences, work->audiences, sizeof work->audiences) < 0 ||
            text_copy(ask->scopes, work->scopes, sizeof work->scopes) < 0)
                return -EINVAL;
        return 0;
}

int answer_client_add(struct call *call, const union message *message) {
        const struct msg_ask_client_add *ask = &message->ask_client_add;
        enum refusal refusal;
        int r;

        r = admin_check(call, ask->credential, ask->bearer, &refusal);
        if (r < 0)
                return r;
        if (!refusal)
                refusal = id_check(call->settings, ask->id);
        if (refusal)
                return call_refuse(call, refusal);
        r = fields_keep(call, ask);
        return r < 0 ? r : add_check(call);
}
