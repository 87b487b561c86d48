/* What an address says, any process can bind: it counts where the kernel says that the process is
 * of uid 0 and in that very unit, which is where systemd has put its own child by then. */
#include "credential.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "credential_address.h"
#include "grant_peer.h"
#include "units.h"

#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

static const struct issue_kind unit_credential = {CREDENTIAL_EVENT, REFUSAL_NO_RULE};

#define ADDRESS_MAX sizeof(((struct sockaddr_un *)NULL)->sun_path)

/* What is asked for, while units is looking. */
struct unit_wish {
        char unit[ADDRESS_MAX];
        char name[ADDRESS_MAX];
};

/* ---- the address ---- */

static int address_ask(int socket, struct unit_wish *ret) {
        struct sockaddr_un address = {.sun_family = AF_UNSPEC};
        socklen_t len = sizeof address;
        struct text unit, name;
        int r;

        if (getpeername(socket, (struct sockaddr *)&address, &len) < 0)
                return -errno;
        if (len <= offsetof(struct sockaddr_un, sun_path) || len > sizeof address)
                return -EINVAL;
        r = credential_address_read(
                (struct text){address.sun_path, len - offsetof(struct sockaddr_un, sun_path)},
                &unit, &name);
        if (r < 0)
                return r;
        text_copy(unit, ret->unit, sizeof ret->unit);
        text_copy(name, ret->name, sizeof ret->name);
        return 0;
}

/* ---- the decision ---- */

static int refuse(struct call *call, const char *reason, const struct unit_wish *wish) {
        return issue_refuse(call, &unit_credential, TEXT_NONE, REFUSAL_NO_RULE,
                            "%s: unit %s, credential %s", reason, wish->unit, wish->name);
}

/* The address has no room for an audience. */
static struct text first_audience(const struct identity_rule *rule) {
        struct text list = text_of(rule->audiences), word = TEXT_NONE;

        text_next_word(&list, &word);
        return word;
}

static int credential_grant(struct call *call, const struct identity_rule *rule) {
        const struct asked asked = {.audience = first_audience(rule)};
        _cleanup_(decision_clear) struct decision decision = {0};
        int64_t began = clock_wall_s();

        decision_make_of_unit(call, rule, &asked, &decision);
        if (decision.refusal)
                return issue_refuse(call, &unit_credential, text_of(decision.sub), decision.refusal,
                                    "%s", decision.reason);
        return peer_issue(call, &unit_credential, &decision, began);
}

static int credential_placed(struct call *call, struct text unit) {
        _cleanup_(freep) struct unit_wish *wish = take(call->step.unit_wish);
        const struct identity_rule *rule = NULL;
        enum identity_match match;

        if (!text_is(unit, text_of(wish->unit)))
                return refuse(call, "the process is not in the unit of its address", wish);
        match = identity_find_unit(call->settings, unit, text_of(wish->name), &rule);
        if (match == IDENTITY_SEVERAL)
                return refuse(call, "several identities name that unit: name the credential as one",
                              wish);
        if (match != IDENTITY_FOUND)
                return refuse(call, "no identity names that unit", wish);
        return credential_grant(call, rule);
}

static int credential_ask(struct call *call) {
        struct unit_wish *wish = calloc(1, sizeof *wish);
        int r;

        if (!wish)
                return -ENOMEM;
        call->step.unit_wish = wish;
        call->free_step = free;
        r = address_ask(call->connection->fd, wish);
        if (r == -EINVAL)
                return issue_refuse(call, &unit_credential, TEXT_NONE, REFUSAL_NO_RULE,
                                    "not the address of a service's credential");
        return r < 0 ? r : units_ask(call, credential_placed);
}

int credential_begin(struct authority *authority, struct connection *connection) {
        struct call *call;
        int r;

        connection->is_credential = true;
        r = call_new(authority, connection, 0, &call);
        if (r < 0) {
                connections_remove(&authority->connections, connection);
                return r;
        }
        r = call_charge(call);
        if (r == 0)
                r = credential_ask(call);
        return r < 0 ? call_fail(call, r) : 0;
}
