/* The audit line. */
#include "audit.h"

#include "../../common/log.h"

#include <stdio.h>
#include <string.h>

static const char *const class_words[CLASS_COUNT] = {"privileged", "local", "web"};

void audit(const struct call *call, const char *event, const char *result, struct text user,
           const char *detail) {
        const struct peer *peer = &call->connection->peer;
        char who[64], by[64] = "";

        if (peer->is_known)
                snprintf(who, sizeof who, "peer_uid=%u peer_pid=%d", peer->uid, peer->pid);
        else
                snprintf(who, sizeof who, "peer=proxy");
        if (call->admin)
                snprintf(by, sizeof by, "admin=\"%s\" ", call->admin->name);
        log_notice("audit event=%s result=%s user=\"%s\" %s%s class=%s request=%08x%s%s", event,
                   result, log_escape(user).text, by, who, class_words[call->connection->class],
                   call->serial, detail ? " " : "", detail ? detail : "");
}

void audit_keep_name(struct text name, char ret[LOG_NAME_MAX + 1]) {
        size_t len = name.len < LOG_NAME_MAX ? name.len : LOG_NAME_MAX, i;

        for (i = 0; i < len; i++)
                ret[i] = name.p[i] ? name.p[i] : '?';
        ret[len] = '\0';
}
