/* The names process's other end. It may be slow or hang with NSS: then the call's own deadline ends
 * the wait. */
#include "naming.h"

#include <errno.h>

static int names_take(struct authority *authority, struct link *link, struct frame *frame) {
        struct call *call = connections_find_call(&authority->connections, frame->call);
        call_account *then;
        int r;

        (void)link;
        if (frame->call == 0)
                return peers_take_name(authority, frame);
        if (!call || !call->account)
                return 0; /* its connection was closed meanwhile */
        then = call->account;
        call->account = NULL;
        r = then(call, &frame->message.account);
        return r < 0 ? call_fail(call, r) : 0;
}

static int account_drop(struct call *call) {
        return call->account ? -EPIPE : 0;
}

static void names_lost(struct authority *authority, struct link *link) {
        (void)link;
        authority->peers.pending_names = 0;
        calls_each(authority, account_drop);
}

int naming_join(struct authority *authority, int fd) {
        return link_open(authority, &authority->names, fd, PROCESS_NAMES, 0, names_take,
                         names_lost);
}

int naming_ask_account(struct call *call, struct text name, call_account *then) {
        struct msg_find_account message = {.name = name};

        call->account = then;
        return link_send(&call->authority->names, MSG_FIND_ACCOUNT, call->serial, &message, -1);
}
