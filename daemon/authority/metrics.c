/* GET /metrics: what was counted, and what is so at the moment. Numbers alone: the frontend has
 * their names. Pages of other processes are handed through unread. */
#include "answers.h"

#include "../../common/clock.h"
#include "admin.h"
#include "identity.h"
#include "login_session.h"
#include "signing.h"
#include "store/sessions.h"

#include <errno.h>
#include <string.h>

/* ---- what is so at the moment ---- */

static void count_connections(const struct authority *authority, uint64_t *counts) {
        const struct connections *connections = &authority->connections;
        uint32_t i;

        for (i = 0; i < connections->size; i++) {
                const struct connection *connection = &connections->slots[i];

                if (!connection->number)
                        continue;
                counts[COUNT_CONNECTIONS + connection->class]++;
                counts[COUNT_CALLS] += connection->call != NULL;
        }
}

static int count_sessions(const struct call *call, uint64_t *counts) {
        const struct session_filter all = {
                .now = clock_wall_s(),
                .idle_s = call->settings->refresh_idle_s,
        };
        const struct login_session *session;

        for (session = call->authority->logins.first; session; session = session->next)
                counts[COUNT_SESSIONS + COUNTED_LOGIN_SESSIONS]++;
        return sessions_list(call->authority->store, &all, NULL, NULL,
                             &counts[COUNT_SESSIONS + COUNTED_REFRESH_SESSIONS]);
}

static int count_present(const struct call *call, uint64_t *counts) {
        const struct authority *authority = call->authority;

        count_connections(authority, counts);
        workers_count(&authority->workers, counts);
        counts[COUNT_LOCKED] = gate_count_locked(authority);
        counts[COUNT_REVOCATIONS] = authority->revocations.count;
        counts[COUNT_REVOCATIONS_MAX] = STATUS_REVOCATIONS_MAX;
        return count_sessions(call, counts);
}

static int count_key(const struct msg_key *key, uint64_t *counts) {
        if (key->algorithm >= KEY_ALGORITHM_COUNT || key->state >= COUNTED_STATES)
                return -EPROTO;
        counts[COUNT_KEYS + key->algorithm * COUNTED_STATES + key->state]++;
        if (key->state == KEY_ACTIVE)
                counts[COUNT_KEY_ACTIVE_AT + key->algorithm] = (uint64_t)key->since;
        return 0;
}

/* ---- what is told ---- */

static int send_page(struct call *call, enum counts_page page, const uint64_t *words,
                     size_t count) {
        struct msg_answer_counts answer = {.page = (uint8_t)page};
        uint8_t bytes[COUNTS_BYTES_MAX];
        size_t part, first;
        int r = 0;

        for (first = 0; r == 0 && first < count; first += part) {
                part = count - first < COUNTS_A_FRAME ? count - first : COUNTS_A_FRAME;
                counts_pack(words + first, part, bytes);
                answer.first = (uint16_t)first;
                answer.words = (struct text){(char *)bytes, part * sizeof *words};
                r = call_send(call, MSG_ANSWER_COUNTS, &answer);
        }
        return r;
}

/* A page ends with its last word that is not 0: the frontend's copy begins with nothing else. */
static size_t page_len(const uint64_t *words) {
        size_t len = COUNTS_WORDS;

        while (len > 0 && counts_read(&words[len - 1]) == 0)
                len--;
        return len;
}

/* The signer's answers come in bursts, and so do these. */
static int send_all(struct call *call) {
        const uint64_t *words;
        unsigned page;
        int r;

        if (call_is_crowded(call))
                return call_refuse(call, REFUSAL_BUSY);
        r = send_page(call, COUNTS_AUTHORITY, call->step.counts, COUNTS_OF_AUTHORITY);
        for (page = 0; r == 0 && page < COUNTS_SHARED; page++) {
                words = call->authority->counts_pages[page];
                r = send_page(call, page, words, page_len(words));
        }
        return r < 0 ? r : call_answer(call, MSG_ANSWER_DONE, NULL);
}

/* The signer tells of each key, and closes the list. */
static int keys_take(struct call *call, const struct frame *frame) {
        int r;

        if (frame->type == MSG_KEY)
                return count_key(&frame->message.key, call->step.counts);
        r = count_present(call, call->step.counts);
        return r < 0 ? r : send_all(call);
}

/* ---- who may ---- */

/* By the kernel's word, which must be asked for here as well: so no URL makes a program of that
 * group fetch these. */
static bool is_in_group(const struct call *call, uint8_t credential) {
        const struct peer *peer = &call->connection->peer;
        uint32_t gid = call->settings->metrics_gid;

        return credential == CREDENTIAL_PEER && peer->is_known && gid != UINT32_MAX &&
               peer_is_in(peer, gid);
}

int answer_metrics(struct call *call, const union message *message) {
        const struct msg_ask_metrics *ask = &message->ask_metrics;
        enum refusal refusal = REFUSAL_NONE;
        int r = 0;

        if (!is_in_group(call, ask->credential))
                r = admin_check(call, ask->credential, ask->bearer, &refusal);
        if (r < 0)
                return r;
        refusal = call_list_refusal(call, refusal);
        if (refusal)
                return call_refuse(call, refusal);
        call->free_step = free;
        call->step.counts = malloc(sizeof call->authority->counts);
        if (!call->step.counts)
                return -ENOMEM;
        memcpy(call->step.counts, call->authority->counts, sizeof call->authority->counts);
        return sign_ask_keys(call, MSG_KEYS_LIST, ask, keys_take);
}
