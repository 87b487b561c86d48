/* The life of a call, and the ways it can end. */
#include "call.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../common/log.h"
#include "audit.h"
#include "change.h"
#include "sources.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* However busy the workers are: after this the caller is told to try again. */
#define CALL_DEADLINE_MS 15000

/* What Retry-After promises. */
#define BUSY_MS 1000

static void call_overdue(void *context) {
        call_fail(context, -ETIMEDOUT);
}

int call_new(struct authority *authority, struct connection *connection, uint64_t number,
             struct call **ret) {
        struct call *call = calloc(1, sizeof *call);
        int r;

        if (!call)
                return -ENOMEM;
        call->authority = authority;
        call->connection = connection;
        call->number = number;
        call->serial = connection_new_serial(&authority->connections, connection);
        call->arrived_ms = clock_monotonic_ms();
        call->revoked_serial = authority->revoked_serial;
        r = loop_timer(authority->loop, &call->deadline, call->arrived_ms + CALL_DEADLINE_MS,
                       call_overdue, call);
        if (r < 0) {
                free(call);
                return r;
        }
        call->settings = settings_ref(authority->settings);
        connection->questions++;
        connection->call = call;
        *ret = call;
        return 0;
}

int call_charge(struct call *call) {
        struct authority *authority = call->authority;
        struct budget_limits limits = {
                .total = authority->calls.size,
                .per_uid = call->settings->max_calls_per_uid,
        };

        call->charged_to = call->connection->charged_to;
        if (budget_charge(&authority->calls, &limits, call->charged_to) < 0) {
                authority->counts[COUNT_OVER_BUDGET + COUNTED_CALLS]++;
                return -EBUSY;
        }
        call->is_charged = true;
        return 0;
}

int call_charge_job(const struct call *call, struct budget *budget) {
        const struct budget_limits limits = {
                .total = budget->size,
                .per_uid = call->settings->max_hashes_per_uid,
        };

        if (budget_charge(budget, &limits, call->connection->charged_to) == 0)
                return 0;
        call->authority->counts[COUNT_OVER_BUDGET + COUNTED_HASHES]++;
        return -EBUSY;
}

static void call_discharge(struct call *call) {
        if (!call->is_charged)
                return;
        call->is_charged = false;
        budget_return(&call->authority->calls, call->charged_to);
}

void call_free(struct call *call) {
        if (!call)
                return;
        call_discharge(call);
        workers_forget(&call->authority->workers, call);
        conversations_forget(call);
        issuers_forget(&call->authority->issuers, call);
        gate_forget(call);
        commit_forget(call->authority, &call->commit);
        loop_timer_unset(call->authority->loop, &call->deadline);
        loop_timer_unset(call->authority->loop, &call->release);
        connection_return_caller(&call->authority->connections, call->connection);
        if (call->connection->call == call)
                call->connection->call = NULL;
        if (call->free_step)
                call->free_step(call->step.grant);
        change_free(call->change);
        source_walk_free(call->walk);
        free(call->outside);
        settings_unref(call->settings);
        user_free(call->admin);
        secret_free(call->admin_token);
        user_free(call->user);
        secret_free(call->password);
        secret_free(call->ticket);
        secret_free(call->hash);
        secret_free(call->new_hash.old_password);
        free(call);
}

/* ---- what is to last ---- */

static int call_run_write(void *context, struct transaction *transaction) {
        struct call *call = context;

        return call->write(call, transaction);
}

static void call_go_on(void *context, int r) {
        struct call *call = context;

        r = r < 0 ? call->not_committed(call, r) : call->committed(call);
        if (r < 0)
                call_fail(call, r);
}

int call_commit(struct call *call, call_write *write, call_step *then,
                call_not_committed *otherwise) {
        call->write = write;
        call->committed = then;
        call->not_committed = otherwise;
        return commit_ask(call->authority, &call->commit, call_run_write, call_go_on, call);
}

/* ---- the answer ---- */

/* A unit's credential is the token or nothing: its protocol knows no refusal. What fits in a frame
 * fits in an empty socket. */
static int credential_write(const struct connection *connection, enum message_type type,
                            const void *message) {
        const struct msg_answer_token *token = message;

        if (type == MSG_ANSWER_TOKEN &&
            write(connection->fd, token->access_token.p, token->access_token.len) !=
                    (ssize_t)token->access_token.len)
                log_warning("systemd did not take the credential that it asked for");
        return 0;
}

/* What waits for its commit can be refused, and is not written then. Nothing else can be said of it
 * yet, whatever a step may think. */
int call_send(struct call *call, enum message_type type, const void *message) {
        struct link *frontend = &call->authority->frontends[call->connection->class];

        if (call->connection->is_credential)
                return credential_write(call->connection, type, message);
        if (call->commit.waits && type != MSG_ANSWER_REFUSED)
                return -EPERM;
        return link_send(frontend, type, call->number, message, -1);
}

bool call_is_crowded(const struct call *call) {
        return channel_is_crowded(&call->authority->frontends[call->connection->class].channel);
}

static enum counted_grant grant_of(const struct call *call) {
        static const enum counted_grant grants[MSG_COUNT] = {
                [MSG_ASK_PASSWORD_GRANT] = COUNTED_PASSWORD,
                [MSG_ASK_REFRESH_GRANT] = COUNTED_REFRESH_TOKEN,
                [MSG_ASK_CLIENT_GRANT] = COUNTED_CLIENT_CREDENTIALS,
                [MSG_ASK_PEER_GRANT] = COUNTED_PEER,
                [MSG_ASK_EXCHANGE] = COUNTED_TOKEN_EXCHANGE,
                [MSG_ASK_OUTSIDE_GRANT] = COUNTED_ID_TOKEN,
        };

        return call->connection->is_credential ? COUNTED_CREDENTIAL : grants[call->asked];
}

static void call_count(const struct call *call, enum message_type type, const void *message) {
        const struct msg_answer_refused *refused = message;
        uint64_t *counts = call->authority->counts;

        if (type == MSG_ANSWER_TOKEN)
                counts[COUNT_ISSUED + grant_of(call)]++;
        else if (type == MSG_ANSWER_REFUSED)
                counts[COUNT_REFUSED + counted_error(refused->error)]++;
}

/* A frontend that is gone has taken its callers along: then nobody is left to be told. */
int call_answer(struct call *call, enum message_type type, const void *message) {
        struct connection *connection = call->connection;
        struct connections *connections = &call->authority->connections;
        int r = call_send(call, type, message);

        if ((r == -EMSGSIZE || r == -EPERM) && type != MSG_ANSWER_REFUSED)
                return call_fail(call, r);
        call_count(call, type, message);
        call_free(call);
        if (connection->is_credential)
                connections_remove(connections, connection);
        return 0;
}

int call_refuse(struct call *call, enum refusal refusal) {
        const struct msg_answer_refused *row = refusal_get(refusal);

        audit_refusal(call, row);
        return call_answer(call, MSG_ANSWER_REFUSED, row);
}

int call_refuse_short(struct call *call, uint32_t at_least) {
        struct msg_answer_refused row = *refusal_get(REFUSAL_PASSWORD_SHORT);
        char sentence[96];

        snprintf(sentence, sizeof sentence, "the password is too short: at least %u characters",
                 at_least);
        row.description = text_of(sentence);
        audit_refusal(call, &row);
        return call_answer(call, MSG_ANSWER_REFUSED, &row);
}

/* Sets the timer for a no: on the grid, wherever the attempt came to its end. */
static int call_release_on_grid(struct call *call, void (*release)(void *context)) {
        struct grid *grid = &call->authority->grid;
        int64_t now_ms = clock_monotonic_ms(), at_ms;
        uint32_t random;
        int r;

        r = secret_random(&random, sizeof random);
        if (r < 0)
                return r;
        if (call->pass.is_locked)
                at_ms = grid_unjudged_ms(grid, call->arrived_ms, now_ms, random);
        else
                at_ms = grid_judged_ms(grid, call->arrived_ms, now_ms, random);
        return loop_timer(call->authority->loop, &call->release, at_ms, release, call);
}

static void call_release_busy(void *context) {
        call_refuse(context, REFUSAL_BUSY);
}

int call_refuse_busy(struct call *call) {
        int r;

        gate_leave(call, THROTTLE_UNJUDGED);
        secret_free(take(call->password));
        call_discharge(call);
        audit_budget(call);
        r = loop_timer(call->authority->loop, &call->release, call->arrived_ms + BUSY_MS,
                       call_release_busy, call);
        return r < 0 ? call_fail(call, r) : 0;
}

static void call_release_refusal(void *context) {
        call_refuse(context, REFUSAL_CREDENTIALS);
}

int call_refuse_login(struct call *call, enum refusal refusal) {
        int r;

        if (refusal != REFUSAL_CREDENTIALS)
                return call_refuse(call, refusal);
        r = call_release_on_grid(call, call_release_refusal);
        return r < 0 ? call_fail(call, r) : 0;
}

static void call_release_ticket(void *context) {
        struct call *call = context;
        struct msg_answer_ticket answer = {.ticket = secret_text(call->ticket)};

        call_answer(call, MSG_ANSWER_TICKET, &answer);
}

int call_answer_ticket_late(struct call *call, struct text ticket) {
        int r;

        secret_free(take(call->password));
        r = secret_new(ticket.p, ticket.len, &call->ticket);
        if (r == 0)
                r = call_release_on_grid(call, call_release_ticket);
        return r < 0 ? call_fail(call, r) : 0;
}

int call_fail(struct call *call, int error) {
        enum refusal refusal = refusal_of_errno(error);

        gate_leave(call, THROTTLE_UNJUDGED);
        audit_failure(call, error);
        return call_refuse(call, refusal);
}

void calls_each(struct authority *authority, call_step *step) {
        struct connections *connections = &authority->connections;
        uint32_t i;
        int r;

        for (i = 0; i < connections->size; i++) {
                struct call *call = connections->slots[i].call;

                r = call ? step(call) : 0;
                if (r < 0)
                        call_fail(call, r);
        }
}
