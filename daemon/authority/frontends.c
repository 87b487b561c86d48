/* The frontends' other end. A frontend speaks only for connections of its own class, for one call
 * at a time on each: anything else is a broken rule. Who is at the other end of a connection is
 * ours to know. */
#include "frontends.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"
#include "../privsep/import_row.h"
#include "answers.h"
#include "audit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

typedef int answer(struct call *call, const union message *ask);

/* Every message of a frontend begins with the connection it is about. */
static const struct inbox_row {
        enum message_type type;
        answer *answer;
} inbox[] = {
        {MSG_ASK_PASSWORD_GRANT, answer_password_grant},
        {MSG_ASK_REFRESH_GRANT, answer_refresh_grant},
        {MSG_ASK_REVOKE, answer_revoke},
        {MSG_ASK_REVOCATION, answer_revocation},
        {MSG_ASK_SESSIONS, answer_sessions},
        {MSG_ASK_SESSION_END, answer_session_end},
        {MSG_ASK_ME, answer_me},
        {MSG_ASK_USER_ADD, answer_user_add},
        {MSG_ASK_USER_IMPORT, answer_user_import},
        {MSG_ASK_USER_LIST, answer_user_list},
        {MSG_ASK_USER_SHOW, answer_user_show},
        {MSG_ASK_USER_CHANGE, answer_user_change},
        {MSG_ASK_USER_REMOVE, answer_user_remove},
        {MSG_ASK_USER_UNLOCK, answer_user_unlock},
        {MSG_ASK_PROFILE_CHANGE, answer_profile_change},
        {MSG_ASK_PASSWORD_CHANGE, answer_password_change},
        {MSG_ASK_PAM, answer_pam},
        {MSG_ASK_PEER_GRANT, answer_peer_grant},
        {MSG_ASK_CLIENT_GRANT, answer_client_grant},
        {MSG_ASK_EXCHANGE, answer_exchange},
        {MSG_ASK_OUTSIDE_GRANT, answer_outside_grant},
        {MSG_ASK_LINK_LIST, answer_link_list},
        {MSG_ASK_LINK_ADD, answer_link_add},
        {MSG_ASK_LINK_REMOVE, answer_link_remove},
        {MSG_ASK_CLIENT_CHECK, answer_client_check},
        {MSG_ASK_CLIENT_ADD, answer_client_add},
        {MSG_ASK_CLIENT_LIST, answer_client_list},
        {MSG_ASK_CLIENT_SHOW, answer_client_show},
        {MSG_ASK_CLIENT_CHANGE, answer_client_change},
        {MSG_ASK_CLIENT_SECRET, answer_client_secret},
        {MSG_ASK_CLIENT_DELETE, answer_client_delete},
        {MSG_ASK_POLICY_TEST, answer_policy_test},
        {MSG_ASK_LOGIN_CODE, answer_login_code},
        {MSG_ASK_HEALTH, answer_health},
        {MSG_ASK_KEY_LIST, answer_key_list},
        {MSG_ASK_KEY_ROTATE, answer_key_rotate},
        {MSG_ASK_KEY_DROP, answer_key_drop},
        {MSG_ASK_TOKEN_CHECK, answer_token_check},
        {MSG_ASK_METRICS, answer_metrics},
};

_Static_assert(offsetof(struct msg_connection_closed, connection) == 0 &&
                       offsetof(struct msg_caller, connection) == 0 &&
                       offsetof(struct msg_ask_password_grant, connection) == 0 &&
                       offsetof(struct msg_ask_refresh_grant, connection) == 0 &&
                       offsetof(struct msg_ask_revoke, connection) == 0 &&
                       offsetof(struct msg_ask_revocation, connection) == 0 &&
                       offsetof(struct msg_ask_sessions, connection) == 0 &&
                       offsetof(struct msg_ask_session_end, connection) == 0 &&
                       offsetof(struct msg_ask_me, connection) == 0 &&
                       offsetof(struct msg_ask_user_add, connection) == 0 &&
                       offsetof(struct msg_ask_user_import, connection) == 0 &&
                       offsetof(struct msg_ask_user_list, connection) == 0 &&
                       offsetof(struct msg_ask_user_show, connection) == 0 &&
                       offsetof(struct msg_ask_user_change, connection) == 0 &&
                       offsetof(struct msg_ask_user_remove, connection) == 0 &&
                       offsetof(struct msg_ask_user_unlock, connection) == 0 &&
                       offsetof(struct msg_ask_profile_change, connection) == 0 &&
                       offsetof(struct msg_ask_password_change, connection) == 0 &&
                       offsetof(struct msg_ask_pam, connection) == 0 &&
                       offsetof(struct msg_ask_peer_grant, connection) == 0 &&
                       offsetof(struct msg_ask_client_grant, connection) == 0 &&
                       offsetof(struct msg_ask_exchange, connection) == 0 &&
                       offsetof(struct msg_ask_outside_grant, connection) == 0 &&
                       offsetof(struct msg_ask_link_list, connection) == 0 &&
                       offsetof(struct msg_ask_link, connection) == 0 &&
                       offsetof(struct msg_ask_client_check, connection) == 0 &&
                       offsetof(struct msg_ask_client_add, connection) == 0 &&
                       offsetof(struct msg_ask_client_list, connection) == 0 &&
                       offsetof(struct msg_ask_client_change, connection) == 0 &&
                       offsetof(struct msg_ask_client, connection) == 0 &&
                       offsetof(struct msg_ask_policy_test, connection) == 0 &&
                       offsetof(struct msg_ask_login_code, connection) == 0 &&
                       offsetof(struct msg_ask_health, connection) == 0 &&
                       offsetof(struct msg_ask_key_list, connection) == 0 &&
                       offsetof(struct msg_ask_key_rotate, connection) == 0 &&
                       offsetof(struct msg_ask_key_drop, connection) == 0 &&
                       offsetof(struct msg_ask_token_check, connection) == 0 &&
                       offsetof(struct msg_ask_metrics, connection) == 0,
               "the connection comes first in everything that a frontend says");

static answer *inbox_find(enum message_type type) {
        size_t i;

        for (i = 0; i < ELEMENTS(inbox); i++)
                if (inbox[i].type == type)
                        return inbox[i].answer;
        return NULL;
}

/* The connection a frame is about, if it is one of that frontend's. */
static struct connection *connection_of(struct authority *authority, const struct link *link,
                                        const struct frame *frame) {
        struct connection *connection;

        connection = connections_find(&authority->connections,
                                      frame->message.connection_closed.connection);
        if (!connection || connection->class != link->channel.instance || connection->fd >= 0)
                return NULL;
        return connection;
}

/* A change that was asked for is made, although nobody waits for the answer any more. */
static void connection_end(struct authority *authority, struct connection *connection) {
        if (connection->call && connection->call->commit.waits)
                commit_all(authority);
        call_free(connection->call);
        connections_remove(&authority->connections, connection);
}

static bool is_address(const char *text) {
        struct in6_addr address;

        return inet_pton(strchr(text, ':') ? AF_INET6 : AF_INET, text, &address) == 1;
}

/* Where the kernel knows the peer nobody else names him, and a call stays its caller's. */
static int connection_name_caller(struct connection *connection, struct text remote) {
        char address[REMOTE_MAX + 1];

        if (connection->peer.is_known || connection->call ||
            text_copy(remote, address, sizeof address) < 0 || (address[0] && !is_address(address)))
                return -EPROTO;
        memcpy(connection->remote, address, sizeof address);
        connection->share = budget_share_of_address(address);
        return 0;
}

/* The connection of a caller who has too many belongs to nobody else either: it is given back by an
 * answer at once, not a second late. */
static bool caller_has_room(struct authority *authority, struct connection *connection) {
        struct budget_limits limits = {
                .total = authority->settings->max_connections,
                .per_uid = authority->settings->max_connections_per_uid,
        };

        if (connection_charge_caller(&authority->connections, &limits, connection) == 0)
                return true;
        authority->counts[COUNT_OVER_BUDGET + COUNTED_CONNECTIONS]++;
        return false;
}

/* What a message has within a text is not what its decoder looks at. */
static bool is_well_formed(const struct frame *frame) {
        return frame->type != MSG_ASK_USER_IMPORT ||
               import_rows_are_whole(frame->message.ask_user_import.rows);
}

static int call_take(struct authority *authority, struct connection *connection,
                     struct frame *frame) {
        struct call *call;
        int r;

        if (connection->call || !is_well_formed(frame))
                return -EPROTO;
        r = call_new(authority, connection, frame->call, &call);
        if (r < 0)
                return r;
        call->asked = frame->type;
        if (!caller_has_room(authority, connection)) {
                audit_budget(call);
                return call_refuse(call, REFUSAL_BUSY);
        }
        r = call_charge(call);
        if (r < 0)
                return call_refuse_busy(call);
        r = inbox_find(frame->type)(call, &frame->message);
        if (r < 0)
                call_fail(call, r);
        return 0;
}

static int frontend_take(struct authority *authority, struct link *link, struct frame *frame) {
        struct connection *connection = connection_of(authority, link, frame);

        if (!connection)
                return -EPROTO;
        if (frame->type == MSG_CALLER)
                return connection_name_caller(connection, frame->message.caller.remote);
        if (frame->type != MSG_CONNECTION_CLOSED)
                return call_take(authority, connection, frame);
        connection_end(authority, connection);
        return 0;
}

/* The sockets went with the frontend: its callers see a closed connection. */
static void frontend_lost(struct authority *authority, struct link *link) {
        struct connections *connections = &authority->connections;
        uint32_t i;

        for (i = 0; i < connections->size; i++) {
                struct connection *connection = &connections->slots[i];

                if (connection->number && connection->fd < 0 &&
                    connection->class == link->channel.instance)
                        connection_end(authority, connection);
        }
        if (authority->draining && !frontends_any_up(authority))
                loop_stop(authority->loop);
}

bool frontends_any_up(const struct authority *authority) {
        int i;

        for (i = 0; i < CLASS_COUNT; i++)
                if (authority->frontends[i].up)
                        return true;
        return false;
}

int frontends_hand_over(struct authority *authority, struct connection *connection) {
        struct msg_connection message = {.connection = connection->number, .id = connection->id};
        struct link *frontend = &authority->frontends[connection->class];
        int r;

        r = link_send(frontend, MSG_CONNECTION, 0, &message, connection->fd);
        if (r == 0)
                closep(&connection->fd);
        if (r == 0 || r == -EPIPE)
                return 0;
        connection_end(authority, connection);
        return r;
}

/* Who waited for a frontend of that class. */
static void waiting_hand_over(struct authority *authority, uint32_t class) {
        struct connections *connections = &authority->connections;
        uint32_t i;
        int r;

        for (i = 0; i < connections->size; i++) {
                struct connection *connection = &connections->slots[i];

                if (!connection->number || connection->fd < 0 || connection->is_credential ||
                    connection->class != class)
                        continue;
                r = frontends_hand_over(authority, connection);
                if (r < 0)
                        log_warning("a connection was closed unread: %s", strerror(-r));
        }
}

int frontends_join(struct authority *authority, uint32_t class, int fd) {
        int r;

        if (class >= CLASS_COUNT)
                return -EPROTO;
        r = link_open(authority, &authority->frontends[class], fd, PROCESS_FRONTEND, class,
                      frontend_take, frontend_lost);
        if (r == 0)
                waiting_hand_over(authority, class);
        return r;
}
