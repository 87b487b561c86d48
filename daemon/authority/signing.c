/* The signer's other end. What may be signed is decided by the callers of this and again by the
 * signer; here only questions and answers are matched. */
#include "signing.h"

#include "../../common/log.h"
#include "audit.h"
#include "sessions.h"

#include <errno.h>
#include <string.h>

_Static_assert(SIGNING_OWN >> 32 == UINT16_MAX, "connections have at most 65,535 slots");

static const struct {
        int error;
        const char *says;
} reasons[] = {
        [NOT_SIGNED_LIMIT] = {-EIO, "beyond its limits"},
        [NOT_SIGNED_FAILED] = {-EIO, "it could not sign"},
        [NOT_SIGNED_NO_KEY] = {-EBUSY, "no key of that algorithm is active"},
};

/* What the next step runs into is the call's trouble. Only a take's own -EPROTO is the signer's. */
static int gone_on(struct call *call, int r) {
        if (r < 0)
                call_fail(call, r);
        return 0;
}

static int signed_go_on(struct call *call, call_signed *then, const struct msg_signed *token) {
        if (text_copy(token->kid, call->kid, sizeof call->kid) < 0 ||
            text_copy(token->jti, call->jti, sizeof call->jti) < 0)
                return -EPROTO;
        sessions_note_birth(call->authority, token->issued_at);
        return gone_on(call, then(call, token));
}

static int signed_take(struct call *call, const struct frame *frame) {
        call_signed *then = call->signed_;
        uint8_t reason;

        if (!then)
                return -EPROTO;
        call->signed_ = NULL;
        if (frame->type == MSG_SIGNED)
                return signed_go_on(call, then, &frame->message.signed_token);
        reason = frame->message.not_signed.reason;
        if (reason < NOT_SIGNED_LIMIT)
                return -EPROTO;
        log_error("the signer refused a token: %s", reasons[reason].says);
        return gone_on(call, reasons[reason].error);
}

static int keys_take(struct call *call, const struct frame *frame) {
        call_keys *then = call->keys;

        if (!then)
                return -EPROTO;
        if (frame->type == MSG_KEYS_END)
                call->keys = NULL;
        return gone_on(call, then(call, frame));
}

static int checked_take(struct call *call, const struct frame *frame) {
        call_checked *then = call->checked;

        if (!then)
                return -EPROTO;
        call->checked = NULL;
        return gone_on(call, then(call, frame->message.mac_checked.good));
}

static int (*const takes[MSG_COUNT])(struct call *call, const struct frame *frame) = {
        [MSG_SIGNED] = signed_take, [MSG_NOT_SIGNED] = signed_take,   [MSG_KEY] = keys_take,
        [MSG_KEYS_END] = keys_take, [MSG_MAC_CHECKED] = checked_take,
};

static int signer_take(struct authority *authority, struct link *link, struct frame *frame) {
        struct call *call;

        (void)link;
        if (frame->type == MSG_KEY_CHANGED)
                return audit_key(authority, &frame->message.key_changed);
        if (frame->call >= SIGNING_OWN)
                return login_sessions_take_signed(authority, frame);
        if (!takes[frame->type])
                return -EPROTO;
        call = connections_find_call(&authority->connections, frame->call);
        return call ? takes[frame->type](call, frame) : 0; /* 0: its connection was closed */
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

int sign_ask_own(struct authority *authority, uint64_t serial,
                 const struct msg_sign_access *fields) {
        struct msg_sign_access message = *fields;
        struct claims claims;
        int r;

        r = subject_fill(fields, &claims);
        if (r == 0)
                r = sessions_birth(authority, &claims, &message.iat_min);
        return r < 0 ? r : link_send(&authority->signer, MSG_SIGN_ACCESS, serial, &message, -1);
}

/* For the audit line. */
static int subject_keep(struct call *call, const struct msg_sign_access *fields) {
        if (text_copy(fields->sid, call->sid, sizeof call->sid) < 0 ||
            text_copy(fields->client_id, call->client, sizeof call->client) < 0)
                return -EMSGSIZE;
        return 0;
}

int sign_ask_access(struct call *call, const struct msg_sign_access *fields, call_signed *then) {
        int r;

        r = subject_keep(call, fields);
        if (r == 0)
                r = sign_ask_own(call->authority, call->serial, fields);
        if (r == 0)
                call->signed_ = then;
        return r;
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

int sign_ask_keys(struct call *call, enum message_type type, const void *fields, call_keys *then) {
        call->keys = then;
        return link_send(&call->authority->signer, type, call->serial, fields, -1);
}

int sign_ask_mac(struct call *call, const struct mac_question *question, call_checked *then) {
        struct msg_check_mac message = {
                .kid = text_of(question->kid),
                .signed_bytes = question->signed_bytes,
                .mac = {(const char *)question->mac, sizeof question->mac},
        };

        call->checked = then;
        return link_send(&call->authority->signer, MSG_CHECK_MAC, call->serial, &message, -1);
}
