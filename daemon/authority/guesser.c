/* The two halves of a pair. A source is a short text, of which the throttle sees a digest: one
 * length for all, and no remote host in the database. */
#include "guesser.h"

#include "../../common/cleanup.h"
#include "policy.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <stdio.h>

#define SOURCE_MAX (sizeof "pam  " + SERVICE_MAX + RHOST_MAX)

void guesser_user(const struct user *user, char ret[THROTTLE_USER_MAX + 1]) {
        snprintf(ret, THROTTLE_USER_MAX + 1, "%llu", (unsigned long long)user->id);
}

/* An id is no name, and neither is what stands for every name that no user can have. */
static void user_write(const struct call *call, struct text name, char ret[THROTTLE_USER_MAX + 1]) {
        if (call->user)
                guesser_user(call->user, ret);
        else if (!name_is_user(name) || text_copy(name, ret, THROTTLE_USER_MAX + 1) < 0)
                snprintf(ret, THROTTLE_USER_MAX + 1, "?");
}

static int source_write(struct text source, uint8_t ret[THROTTLE_SOURCE_LEN]) {
        uint8_t digest[EVP_MAX_MD_SIZE];

        if (EVP_Digest(source.p, source.len, digest, NULL, EVP_sha256(), NULL) != 1)
                return -ENOMEM;
        memcpy(ret, digest, THROTTLE_SOURCE_LEN);
        return 0;
}

/* An IPv6 host has a whole /64 to guess from (RFC 6177), and an IPv4 one may come as a mapped
 * address. What is no address stays as it is. */
static void address_write(struct text address, char *ret, size_t size) {
        char copy[INET6_ADDRSTRLEN];
        struct in6_addr in6;

        snprintf(ret, size, "%.*s", TEXT_ARGS(address));
        if (text_copy(address, copy, sizeof copy) < 0 || inet_pton(AF_INET6, copy, &in6) != 1)
                return;
        if (IN6_IS_ADDR_V4MAPPED(&in6)) {
                inet_ntop(AF_INET, in6.s6_addr + 12, ret, (socklen_t)size);
                return;
        }
        memset(in6.s6_addr + 8, 0, 8);
        inet_ntop(AF_INET6, &in6, ret, (socklen_t)size);
}

int guesser_of_login(const struct call *call, struct text name, struct throttle_key *ret) {
        const struct peer *peer = &call->connection->peer;
        char source[SOURCE_MAX], address[RHOST_MAX + 1];

        user_write(call, name, ret->user);
        if (peer->is_known) {
                snprintf(source, sizeof source, "uid %u", peer->uid);
        } else {
                address_write(text_of(call->connection->remote), address, sizeof address);
                snprintf(source, sizeof source, "web %s", address);
        }
        return source_write(text_of(source), ret->source);
}

static void account_write(const struct call *call, uint32_t uid, char ret[THROTTLE_USER_MAX + 1]) {
        if (call->user)
                guesser_user(call->user, ret);
        else
                snprintf(ret, THROTTLE_USER_MAX + 1, "uid:%u", uid);
}

/* As in pam.c, whose right it is must be said. */
static bool is_for_another(const struct call *call, const struct msg_ask_pam *ask) {
        return ask->as_peer && (call->connection->peer.uid == 0 || policy_is_admin(call) ||
                                policy_may_act_for(call));
}

int guesser_of_pam(const struct call *call, const struct msg_ask_pam *ask,
                   struct throttle_key *ret) {
        char source[SOURCE_MAX], address[RHOST_MAX + 1];

        if (is_for_another(call, ask)) {
                address_write(ask->rhost, address, sizeof address);
                snprintf(source, sizeof source, "pam %.*s %s", TEXT_ARGS(ask->service), address);
        } else {
                snprintf(source, sizeof source, "uid %u", call->connection->peer.uid);
        }
        account_write(call, ask->uid, ret->user);
        return source_write(text_of(source), ret->source);
}
