/* The audit line: what is known of a call, in words. */
#include "audit.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../common/jwt/signature.h"
#include "../../common/log.h"
#include "../../common/wire/wire.h"
#include "../privsep/request_id.h"
#include "credential.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SWEEP_MS 10000

_Static_assert(LOG_NAME_MAX <= CLIENT_MAX, "a client is kept where what is signed of it is");

static const char *const class_words[CLASS_COUNT] = {"privileged", "local", "web"};

int audit_new(struct audit **ret) {
        struct audit *audit = calloc(1, sizeof *audit);

        if (!audit)
                return -ENOMEM;
        audit->out.journal = -1;
        audit->out.file = -1;
        *ret = audit;
        return 0;
}

void audit_free(struct audit *audit) {
        if (!audit)
                return;
        closep(&audit->out.journal);
        closep(&audit->out.file);
        free(audit);
}

int audit_take_descriptor(struct audit *audit, enum descriptor what, int fd) {
        int *place = what == DESCRIPTOR_JOURNAL ? &audit->out.journal : &audit->out.file;

        closep(place);
        *place = fd;
        return 0;
}

/* ---- refusals that are too many ---- */

static void suppressed_write(struct audit *audit, const struct audit_suppressed *suppressed) {
        struct audit_line line = {.len = 0};

        audit_line_time(&line, clock_wall_ms());
        audit_line_word(&line, "event", "suppressed");
        audit_line_word(&line, "result", "refused");
        if (suppressed->is_of_uid && suppressed->uid < BUDGET_STRANGERS)
                audit_line_number(&line, "peer_uid", suppressed->uid);
        audit_line_number(&line, "suppressed", suppressed->count);
        audit_out_write(&audit->out, LOG_WARNING, &line);
}

static void suppressed_sweep(void *context) {
        struct audit_suppressed suppressed;
        struct audit *audit = context;

        while (audit_limit_next(&audit->limit, &suppressed))
                suppressed_write(audit, &suppressed);
}

static void suppressed_expect(struct authority *authority) {
        struct audit *audit = authority->audit;

        if (audit->sweep.heap_index == 0 &&
            loop_timer(authority->loop, &audit->sweep, clock_monotonic_ms() + SWEEP_MS,
                       suppressed_sweep, audit) < 0)
                log_warning("counts of refusals will be told late: no memory");
}

static bool is_refusal(const char *result) {
        return strcmp(result, "granted") != 0 && strcmp(result, "done") != 0;
}

static bool may_write(const struct call *call, const char *result, uint64_t *ret_suppressed) {
        struct authority *authority = call->authority;

        *ret_suppressed = 0;
        if (!is_refusal(result) ||
            audit_limit_admit(&authority->audit->limit, budget_owner(call->connection->charged_to),
                              clock_monotonic_ms(), ret_suppressed))
                return true;
        suppressed_expect(authority);
        return false;
}

/* ---- the line ---- */

static void add_peer(struct audit_line *line, const struct peers *peers,
                     const struct connection *connection) {
        const struct peer *peer = &connection->peer;

        if (!peer->is_known) {
                audit_line_word(line, "peer", "proxy");
                audit_line_quoted(line, "remote", text_of(connection->remote));
                return;
        }
        audit_line_number(line, "peer_uid", peer->uid);
        audit_line_number(line, "peer_gid", peer->gid);
        audit_line_number(line, "peer_pid", (uint32_t)peer->pid);
        audit_line_quoted(line, "peer_user", text_of(peers_name(peers, peer->uid)));
        audit_line_quoted(line, "peer_comm", text_of(connection->comm));
        audit_line_quoted(line, "peer_unit", text_of(connection->unit));
}

static void add_request(struct audit_line *line, const struct connection *connection) {
        char id[REQUEST_ID_SIZE];

        request_id_write(connection->id, connection->questions, id);
        audit_line_word(line, "class", class_words[connection->class]);
        audit_line_word(line, "request", id);
}

/* What a token is of, where the step has not said it itself. */
static void add_token(struct audit_line *line, const struct call *call) {
        const struct {
                const char *key, *value;
        } words[] = {
                {"client", call->client},
                {"sid", call->sid},
                {"jti", call->jti},
                {"kid", call->kid},
        };
        size_t i;

        for (i = 0; i < ELEMENTS(words); i++)
                if (words[i].value[0] && !audit_line_has(line, words[i].key))
                        audit_line_quoted(line, words[i].key, text_of(words[i].value));
}

/* All but the token, which is left to the caller. */
static void line_begin(struct audit_line *line, const struct call *call, const char *event,
                       const char *result, struct text user) {
        audit_line_time(line, clock_wall_ms());
        audit_line_word(line, "event", event);
        audit_line_word(line, "result", result);
        audit_line_quoted(line, "user", user);
        if (call->admin)
                audit_line_quoted(line, "admin", text_of(call->admin->name));
        add_peer(line, &call->authority->peers, call->connection);
        add_request(line, call->connection);
}

void audit(const struct call *call, const char *event, const char *result, struct text user,
           const char *detail) {
        struct connection *connection = call->connection;
        struct audit_line line = {.len = 0};
        uint64_t suppressed;

        connection->audited = connection->questions;
        if (!may_write(call, result, &suppressed))
                return;
        line_begin(&line, call, event, result, user);
        audit_line_words(&line, text_of(detail));
        add_token(&line, call);
        if (suppressed)
                audit_line_number(&line, "suppressed", suppressed);
        audit_out_write(&call->authority->audit->out, LOG_NOTICE, &line);
}

void audit_beside(const struct call *call, const char *event, struct text user,
                  const char *detail) {
        struct audit_line line = {.len = 0};

        line_begin(&line, call, event, "done", user);
        audit_line_words(&line, text_of(detail));
        audit_out_write(&call->authority->audit->out, LOG_NOTICE, &line);
}

/* ---- of the signer ---- */

static const char *const key_events[] = {
        [KEY_STATE_NONE] = "key-dropped",
        [KEY_PREPARED] = "key-prepared",
        [KEY_ACTIVE] = "key-active",
        [KEY_RETIRED] = "key-retired",
};

int audit_key(struct authority *authority, const struct msg_key_changed *change) {
        const char *algorithm = algorithm_name(change->algorithm);
        struct audit_line line = {.len = 0};

        if (!algorithm || change->cause < KEY_CAUSE_DUE)
                return -EPROTO;
        audit_line_time(&line, clock_wall_ms());
        audit_line_word(&line, "event", key_events[change->state]);
        audit_line_word(&line, "result", "done");
        audit_line_word(&line, "reason", change->cause == KEY_CAUSE_ASKED ? "asked" : "due");
        audit_line_quoted(&line, "kid", change->kid);
        audit_line_word(&line, "alg", algorithm);
        audit_out_write(&authority->audit->out, LOG_NOTICE, &line);
        return 0;
}

/* ---- of steps that do not speak for themselves ---- */

/* "ask-user-add" asks for "user-add". */
static const char *event_of(const struct call *call) {
        const char *name = message_name(call->asked);

        if (call->connection->is_credential)
                return CREDENTIAL_EVENT;
        return strncmp(name, "ask-", 4) == 0 ? name + 4 : name;
}

static void audit_unsaid(const struct call *call, const char *result, const char *detail) {
        const struct connection *connection = call->connection;
        struct text user = text_of(call->user ? call->user->name : NULL);

        if (connection->audited != connection->questions)
                audit(call, event_of(call), result, user, detail);
}

void audit_refusal(const struct call *call, const struct msg_answer_refused *refused) {
        char detail[400];

        snprintf(detail, sizeof detail, "error=%.*s reason=\"%s\"", TEXT_ARGS(refused->error),
                 log_escape(refused->description).text);
        audit_unsaid(call, "refused", detail);
}

void audit_budget(const struct call *call) {
        audit_unsaid(call, "refused", "reason=budget");
}

void audit_failure(const struct call *call, int error) {
        char detail[300];

        snprintf(detail, sizeof detail, "reason=\"%s\"",
                 log_escape(text_of(strerror(-error))).text);
        audit_unsaid(call, "failed", detail);
}

void audit_keep_name(struct text name, char ret[LOG_NAME_MAX + 1]) {
        size_t len = name.len < LOG_NAME_MAX ? name.len : LOG_NAME_MAX, i;

        for (i = 0; i < len; i++)
                ret[i] = name.p[i] ? name.p[i] : '?';
        ret[len] = '\0';
}

void audit_keep_client(struct call *call, struct text client_id) {
        char name[LOG_NAME_MAX + 1];

        audit_keep_name(client_id.len > 0 ? client_id : TEXT(WIRE_CLIENT_LOCAL), name);
        memcpy(call->client, name, sizeof name);
}
