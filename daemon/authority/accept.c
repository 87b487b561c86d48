/* Accepting connections. The parent called listen(2), so that callers see uid 0 as the server's;
 * this process accepts, and no weaker one ever hands a socket up. */
#include "accept.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../common/log.h"
#include "../../common/secret.h"
#include "credential.h"
#include "frontends.h"
#include "identity.h"
#include "peer_process.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define ACCEPTS_A_TURN 64

#define GROUPS_MAX 256

_Static_assert(sizeof(gid_t) == sizeof(uint32_t), "the kernel's gids are kept as they come");

/* Out of descriptors or memory: the backlog keeps the callers while we wait. */
#define PAUSE_MS 100

/* unix(7): the credentials of the moment of connect(2). A caller who is gone keeps them; on any
 * error nobody is known and the connection is refused. */
static int peer_of(int fd, struct peer *ret) {
        struct ucred credentials = {.pid = 0, .uid = (uid_t)-1, .gid = (gid_t)-1};
        socklen_t len = sizeof credentials;

        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &len) < 0)
                return -errno;
        if (len != sizeof credentials || credentials.uid == (uid_t)-1)
                return -EPERM;
        *ret = (struct peer){
                .uid = credentials.uid,
                .gid = credentials.gid,
                .pid = credentials.pid,
                .is_known = true,
        };
        return 0;
}

/* The groups of the same moment. Who has more than we keep has none here: rules only ever give, so
 * that what is not known denies. */
static int groups_ask(int fd, const struct peer *peer, gid_t groups[GROUPS_MAX],
                      size_t *ret_count) {
        socklen_t len = GROUPS_MAX * sizeof *groups;

        if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) < 0) {
                if (errno != ERANGE)
                        return -errno;
                log_warning("uid %u has more than %d groups: none of them counts here", peer->uid,
                            GROUPS_MAX);
                len = 0;
        }
        *ret_count = len / sizeof *groups;
        return 0;
}

static void group_add(struct peer *peer, uint32_t gid, uint32_t overflow_gid) {
        if (gid != overflow_gid)
                peer->groups[peer->group_count++] = gid;
}

static int groups_of(int fd, uint32_t overflow_gid, struct peer *peer) {
        gid_t groups[GROUPS_MAX];
        size_t i, count = 0;
        int r;

        r = groups_ask(fd, peer, groups, &count);
        if (r < 0)
                return r;
        peer->groups = malloc((count + 1) * sizeof *peer->groups);
        if (!peer->groups)
                return -ENOMEM;
        group_add(peer, peer->gid, overflow_gid);
        for (i = 0; i < count; i++)
                group_add(peer, groups[i], overflow_gid);
        return 0;
}

static enum caller_class class_of(const struct authority *authority, const struct peer *peer) {
        if (!peer->is_known)
                return CLASS_WEB;
        if (peer->uid == 0 || settings_is_admin(authority->settings, peer->uid) ||
            identity_may_act_for(authority->settings, peer))
                return CLASS_PRIVILEGED;
        return CLASS_LOCAL;
}

/* Who is at the other end. -ELOOP: a PAM worker; -EPERM: not root, on credentials.sock. */
static int peer_find(const struct authority *authority, const struct listener *listener, int socket,
                     struct peer *ret) {
        struct peer peer = {.uid = (uint32_t)-1, .is_known = false};
        int r;

        if (listener->kind != LISTENER_WEB) {
                r = peer_of(socket, &peer);
                if (r < 0)
                        return r;
                if (conversations_is_worker(&authority->conversations, peer.pid))
                        return -ELOOP;
                if (listener->kind == LISTENER_CREDENTIALS && peer.uid != 0)
                        return -EPERM;
                r = groups_of(socket, authority->overflow_gid, &peer);
                if (r < 0)
                        return r;
        }
        *ret = peer;
        return 0;
}

/* Takes over `fd`. */
static int connection_begin(struct authority *authority, const struct listener *listener, int fd) {
        _cleanup_(closep) int socket = fd;
        struct budget_limits limits = {
                .total = authority->settings->max_connections,
                .per_uid = authority->settings->max_connections_per_uid,
        };
        struct connection *connection;
        struct peer peer;
        int r;

        r = peer_find(authority, listener, socket, &peer);
        if (r < 0)
                return r;
        r = connections_add(&authority->connections, &limits, class_of(authority, &peer), &peer,
                            peers_share(&authority->peers, &peer), &connection);
        peers_ask_name(authority, &peer);
        if (r < 0) {
                authority->counts[COUNT_OVER_BUDGET + COUNTED_CONNECTIONS]++;
                free(peer.groups);
                return r;
        }
        authority->counts[COUNT_ACCEPTED + connection->class]++;
        if ((connection->class == CLASS_PRIVILEGED ||
             identity_asks_unit(authority->settings, &connection->peer)) &&
            peer_process_open(socket, peer.pid, &connection->process) < 0)
                connection->process = -1; /* it opens no session, and is in no unit, then */
        connection->fd = take_fd(&socket);
        r = secret_random(&connection->id, sizeof connection->id);
        if (r < 0) {
                connections_remove(&authority->connections, connection);
                return r;
        }
        if (listener->kind == LISTENER_CREDENTIALS)
                return credential_begin(authority, connection);
        peers_ask_process(authority, connection);
        return frontends_hand_over(authority, connection);
}

static void listener_resume(void *context) {
        struct listener *listener = context;

        if (loop_rewatch(listener->authority->loop, &listener->watch, EPOLLIN) < 0)
                authority_give_up(listener->authority);
}

static void listener_pause(struct listener *listener, int error) {
        struct authority *authority = listener->authority;

        log_warning("no connection can be accepted just now: %s", strerror(-error));
        if (loop_rewatch(authority->loop, &listener->watch, 0) < 0 ||
            loop_timer(authority->loop, &listener->pause, clock_monotonic_ms() + PAUSE_MS,
                       listener_resume, listener) < 0)
                authority_give_up(authority);
}

static const char *refusal_reason(int error) {
        if (error == -EDQUOT)
                return "its uid, or everybody, has too many open";
        if (error == -ELOOP)
                return "it is a PAM worker's, which must not ask jetond again";
        return strerror(-error);
}

static const char *const listener_names[] = {
        [LISTENER_LOCAL] = "jeton.sock",
        [LISTENER_WEB] = "web.sock",
        [LISTENER_CREDENTIALS] = "credentials.sock",
};

static void connection_refused(const struct listener *listener, int error) {
        static int64_t quiet_until_ms;
        int64_t now = clock_monotonic_ms();

        if (now < quiet_until_ms)
                return;
        quiet_until_ms = now + 1000;
        log_warning("a connection on %s was closed unread: %s", listener_names[listener->kind],
                    refusal_reason(error));
}

static void listener_ready(void *context, uint32_t events) {
        struct listener *listener = context;
        int i, fd, r;

        (void)events;
        for (i = 0; i < ACCEPTS_A_TURN; i++) {
                fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
                if (fd < 0 && (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED))
                        return;
                if (fd < 0) {
                        listener_pause(listener, -errno);
                        return;
                }
                r = connection_begin(listener->authority, listener, fd);
                if (r < 0)
                        connection_refused(listener, r);
        }
}

int accept_start(struct authority *authority) {
        size_t i;
        int r;

        for (i = 0; i < ELEMENTS(authority->listeners); i++) {
                struct listener *listener = &authority->listeners[i];

                if (listener->fd < 0)
                        continue;
                r = loop_watch(authority->loop, &listener->watch, listener->fd, EPOLLIN,
                               listener_ready, listener);
                if (r < 0)
                        return r;
        }
        return 0;
}

void accept_stop(struct authority *authority) {
        size_t i;

        for (i = 0; i < ELEMENTS(authority->listeners); i++) {
                struct listener *listener = &authority->listeners[i];

                loop_timer_unset(authority->loop, &listener->pause);
                loop_unwatch(authority->loop, &listener->watch);
                closep(&listener->fd);
        }
}
