/* Clients as administrators see them. */
#include "client_admin.h"

#include "../../common/cleanup.h"
#include "admin.h"
#include "audit.h"
#include "policy.h"
#include "sessions.h"

#include <stdio.h>

static void work_free(void *step) {
        struct client_work *work = step;

        client_free(work->client);
        explicit_bzero(work, sizeof *work);
        free(work);
}

int client_admin_check(struct call *call, uint8_t credential, struct text bearer, struct text id,
                       enum refusal *ret_refusal) {
        int r;

        r = admin_check(call, credential, bearer, ret_refusal);
        if (r == 0 && !*ret_refusal && !name_is_client(id))
                *ret_refusal = REFUSAL_NO_CLIENT;
        return r;
}

int client_work_new(struct call *call, struct text id, struct client_work **ret) {
        struct client_work *work = calloc(1, sizeof *work);

        if (!work)
                return -ENOMEM;
        call->step.client_work = work;
        call->free_step = work_free;
        *ret = work;
        audit_keep_client(call, id);
        return text_copy(id, work->id, sizeof work->id);
}

int client_work_draw(struct client_work *work) {
        return client_secret_draw(work->secret, work->digest);
}

void client_work_apply(const struct client_work *work, struct client_row *row) {
        if (work->members & CLIENT_NAME)
                row->name = text_of(work->name);
        if (work->members & CLIENT_AUDIENCES)
                row->audiences = text_of(work->audiences);
        if (work->members & CLIENT_SCOPES)
                row->scopes = text_of(work->scopes);
        if (work->members & CLIENT_ENABLED)
                row->enabled = work->enabled;
        if (work->secret[0])
                memcpy(row->digest, work->digest, sizeof row->digest);
}

/* ---- what may be ---- */

static bool audiences_are_declared(const struct settings *settings, struct text list) {
        const struct audience_rule *audience;
        struct text word;
        bool any = false;

        while (text_next_word(&list, &word)) {
                any = true;
                if (policy_find_audience(settings, word, &audience))
                        return false;
        }
        return any;
}

static bool scope_is_declared(const struct settings *settings, struct text audiences,
                              struct text scope) {
        const struct audience_rule *audience;
        struct text word;

        while (text_next_word(&audiences, &word))
                if (policy_find_audience(settings, word, &audience) == REFUSAL_NONE &&
                    policy_declares_scope(audience, scope))
                        return true;
        return false;
}

static bool scopes_are_declared(const struct settings *settings, struct text audiences,
                                struct text list) {
        struct text word;

        while (text_next_word(&list, &word))
                if (!scope_is_declared(settings, audiences, word))
                        return false;
        return true;
}

/* What is not named is not judged: a client can be switched off whatever the configuration has
 * become. */
enum refusal client_work_check(const struct settings *settings, const struct client_work *work,
                               const struct client_row *row) {
        if ((work->members & CLIENT_NAME) && !text_is_printable_utf8(row->name))
                return REFUSAL_CLIENT_NAME;
        if ((work->members & CLIENT_AUDIENCES) && !audiences_are_declared(settings, row->audiences))
                return REFUSAL_CLIENT_AUDIENCES;
        if ((work->members & (CLIENT_AUDIENCES | CLIENT_SCOPES)) &&
            !scopes_are_declared(settings, row->audiences, row->scopes))
                return REFUSAL_CLIENT_SCOPES;
        return REFUSAL_NONE;
}

int client_work_failed(struct call *call, int error) {
        const struct client_work *work = call->step.client_work;

        if (work->refusal)
                return call_refuse(call, work->refusal);
        if (error == -ENOENT)
                return call_refuse(call, REFUSAL_NO_CLIENT);
        return error == -EEXIST ? call_refuse(call, REFUSAL_CLIENT_TAKEN) : call_fail(call, error);
}

int client_revoke(struct call *call, struct transaction *transaction) {
        struct revoked revoked = {.kind = REVOKED_CLIENT};

        snprintf(revoked.claim, sizeof revoked.claim, "%s", call->step.client_work->id);
        return sessions_revoke(call->authority, transaction, &revoked);
}

/* ---- from one shape to the next ---- */

struct client_row client_row(const struct client *client) {
        struct client_row row = {
                .id = text_of(client->id),
                .name = text_of(client->name),
                .audiences = text_of(client->audiences),
                .scopes = text_of(client->scopes),
                .enabled = client->enabled,
        };

        memcpy(row.digest, client->digest, sizeof row.digest);
        return row;
}

struct msg_answer_client client_message(const struct client *client) {
        return (struct msg_answer_client){
                .id = text_of(client->id),
                .name = text_of(client->name),
                .audiences = text_of(client->audiences),
                .scopes = text_of(client->scopes),
                .enabled = client->enabled,
                .created_at = client->created_at,
        };
}
