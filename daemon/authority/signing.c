/* The signer's other end. What may be signed is decided by the callers of this and again by the
 * signer; here only questions and answers are matched. */
#include "signing.h"

#include "../../common/log.h"
#include "sessions.h"

#include <errno.h>
#include <string.h>

static int signed_take(struct call *call, const struct frame *frame) {
        call_signed *then = call->signed_;

        call->signed_ = NULL;
        if (frame->type == MSG_SIGNED)
                return then(call, &frame->message.signed_token);
        log_error("the signer refused a token: %s",
                  frame->message.not_signed.reason == NOT_SIGNED_LIMIT ? "beyond its limits"
                                                                       : "it could not sign");
        return -EIO;
}

static int signer_take(struct authority *authority, struct link *link, struct frame *frame) {
        struct call *call = connections_find_call(&authority->connections, frame->call);
        int r;

        (void)link;
        if (!call)
                return 0; /* its connection was closed meanwhile */
        if (!call->signed_)
                return -EPROTO;
        r = signed_take(call, frame);
        if (r < 0)
                call_fail(call, r);
        return 0;
}

/* Without the signer there is nothing to decide for. The parent starts both anew. */
static void signer_lost(struct authority *authority, struct link *link) {
        (void)link;
        authority_give_up(authority);
}

int signing_join(struct authority *authority, int fd) {
        return link_open(authority, &authority->signer, fd, PROCESS_SIGNER, 0, signer_take,
                         signer_lost);
}

/* What a token is about, as far as revocations go. */
static int subject_fill(const struct msg_sign_access *fields, struct claims *ret) {
        memset(ret, 0, sizeof *ret);
        if (text_copy(fields->sub, ret->sub, sizeof ret->sub) < 0 ||
            text_copy(fields->sid, ret->sid, sizeof ret->sid) < 0 ||
            text_copy(fields->client_id, ret->client_id, sizeof ret->client_id) < 0)
                return -EMSGSIZE;
        return 0;
}

int sign_ask_access(struct call *call, const struct msg_sign_access *fields, call_signed *then) {
        struct msg_sign_access message = *fields;
        struct claims claims;
        int r;

        r = subject_fill(fields, &claims);
        if (r == 0)
                r = sessions_birth(call->authority, &claims, &message.iat_min);
        if (r < 0)
                return r;
        call->signed_ = then;
        return link_send(&call->authority->signer, MSG_SIGN_ACCESS, call->serial, &message, -1);
}

/* A ticket is of no session and no client, and its subject is an account. */
int sign_ask_ticket(struct call *call, const struct msg_sign_ticket *fields, call_signed *then) {
        const struct claims nobody = {.sub = ""};
        struct msg_sign_ticket message = *fields;
        int r;

        r = sessions_birth(call->authority, &nobody, &message.iat_min);
        if (r < 0)
                return r;
        call->signed_ = then;
        return link_send(&call->authority->signer, MSG_SIGN_TICKET, call->serial, &message, -1);
}
