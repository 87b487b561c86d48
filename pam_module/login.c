/* Asks the daemon: one request, one reply, one deadline. What the reply says is the business of
 * ticket.c; here a reply is good when it claims to be a ticket at all. */
#include "attempt.h"

#include "../client/exchange.h"
#include "../common/cleanup.h"
#include "../common/clock.h"
#include "../common/jwt/base64url.h"
#include "../common/wire/form.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#define NONCE_BYTES 32

/* The longest values, each byte as %XX (but of those that are never encoded), and their names. */
#define FORM_MAX                                                                                   \
        (3 * (USER_NAME_MAX + SERVICE_MAX + NONCE_LEN + RHOST_MAX + PASSWORD_MAX + ROLE_NAME_MAX + \
              AUDIENCE_MAX + SCOPE_MAX + PASSWORD_MAX) +                                           \
         TOKEN_MAX + SID_LEN + 10 + 128)

struct form {
        char bytes[FORM_MAX];
        size_t len;
};

static void form_wipe(struct form *form) {
        explicit_bzero(form, sizeof *form);
}

/* A name of ours, which needs no encoding. 0 or -EMSGSIZE. */
static int form_add(struct form *form, struct text name, struct text value) {
        char *at = form->bytes + form->len;

        if (name.len + 2 + form_encoded_len(value) > sizeof form->bytes - form->len)
                return -EMSGSIZE;
        if (form->len > 0)
                *at++ = '&';
        memcpy(at, name.p, name.len);
        at += name.len;
        *at++ = '=';
        form->len = (size_t)(form_encode(value, at) - form->bytes);
        return 0;
}

static struct text item_text(const struct attempt *attempt, int type) {
        const void *item = NULL;

        if (!pam_succeeded(pam_get_item(attempt->pamh, type, &item)))
                return TEXT_NONE;
        return text_of(item);
}

/* The remote host helps to throttle guessing, and is left out where it can be none. */
static struct text rhost_text(const struct attempt *attempt) {
        struct text rhost = item_text(attempt, PAM_RHOST);

        return rhost.len <= RHOST_MAX && text_is_printable_utf8(rhost) ? rhost : TEXT_NONE;
}

static int form_fill(struct form *form, const struct attempt *attempt) {
        char uid[16];
        const struct field fields[] = {
                {TEXT("username"), text_of(attempt->user)},
                {TEXT("uid"), {uid, (size_t)snprintf(uid, sizeof uid, "%u", attempt->uid)}},
                {TEXT("service"), attempt->service},
                {TEXT("nonce"), text_of(attempt->nonce)},
                {TEXT("rhost"), rhost_text(attempt)},
                {TEXT("role"), attempt->options.require_role},
                {TEXT("password"), attempt->password}, /* account and session have none */
                {TEXT("new_password"), attempt->new_password},
                {TEXT("audience"), attempt->options.audience},
                {TEXT("scope"), attempt->options.scope},
                {TEXT("proof"), attempt->proof},
                {TEXT("sid"), text_of(attempt->sid)}, /* of the session to be closed */
        };
        size_t i;
        int r;

        for (i = 0; i < ELEMENTS(fields); i++) {
                if (fields[i].value.len == 0)
                        continue;
                r = form_add(form, fields[i].name, fields[i].value);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int nonce_make(char ret[NONCE_LEN + 1]) {
        unsigned char bytes[NONCE_BYTES];
        int r;

        r = secret_random(bytes, sizeof bytes);
        if (r < 0)
                return r;
        base64url_encode(bytes, sizeof bytes, ret);
        return 0;
}

static const char *const paths[] = {
        [PAM_PHASE_AUTH] = "/pam/auth",
        [PAM_PHASE_ACCOUNT] = "/pam/account",
        [PAM_PHASE_SESSION] = "/pam/session",
        [PAM_PHASE_CLOSE] = "/pam/session/close",
        [PAM_PHASE_CHECK] = "/pam/password/check",
        [PAM_PHASE_PASSWORD] = "/pam/password",
};

static int send_form(const struct attempt *attempt, const struct form *form,
                     struct exchange_reply *ret) {
        int64_t deadline_ms = clock_monotonic_ms() + attempt->options.timeout_ms;
        _cleanup_(closep) int fd = -1;
        struct exchange_request request = {
                .method = "POST",
                .path = paths[attempt->phase],
                .authorization = TEXT("Peer"),
                .content_type = TEXT("application/x-www-form-urlencoded"),
                .body = {form->bytes, form->len},
                .reply_max = TOKEN_MAX,
        };
        int r;

        r = exchange_connect(attempt->options.socket, attempt_trusted_uid(attempt), deadline_ms,
                             &fd);
        if (r < 0)
                return r;
        return exchange(fd, &request, deadline_ms, ret);
}

static int ask(struct attempt *attempt, struct exchange_reply *ret) {
        _cleanup_(form_wipe) struct form form = {.len = 0};
        int r;

        r = nonce_make(attempt->nonce);
        if (r < 0)
                return r;
        r = form_fill(&form, attempt);
        if (r < 0)
                return r;
        return send_form(attempt, &form, ret);
}

static bool is_ticket(const struct exchange_reply *reply) {
        return reply->status == 200 &&
               text_is(text_of(reply->content_type), TEXT("application/jwt"));
}

enum situation login_ask(struct attempt *attempt) {
        _cleanup_(exchange_reply_clear) struct exchange_reply reply = {0};
        int r;

        attempt->service = item_text(attempt, PAM_SERVICE);
        if (!name_is_service(attempt->service)) {
                attempt_log(attempt, LOG_ERR, "this service's name cannot be in a ticket");
                return SITUATION_UNAVAILABLE;
        }
        r = ask(attempt, &reply);
        if (r < 0) {
                attempt_log(attempt, LOG_ERR, "%s gives no answer: %s", attempt->options.socket,
                            strerror(-r));
                return SITUATION_UNAVAILABLE;
        }
        if (!is_ticket(&reply)) {
                attempt_log(attempt, LOG_ERR, "%s refuses: status %u, no ticket",
                            attempt->options.socket, reply.status);
                return SITUATION_UNAVAILABLE;
        }
        attempt->ticket = take(reply.body);
        return SITUATION_OPEN;
}
