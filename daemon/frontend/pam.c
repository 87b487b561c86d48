/* POST /pam/auth and POST /pam/account: what the PAM module asks. The answer is a login ticket,
 * which the module checks itself: nothing here can make or change one. */
#include "routes.h"

#include "../../common/wire/bytes.h"
#include "call.h"
#include "params.h"
#include "password.h"
#include "request.h"

static int ticket_finish(struct request *request, const union message *answer) {
        const struct reply reply = {
                .status = 200,
                .cache = CACHE_NEVER,
                .media_type = "application/jwt",
        };

        return request_reply_text(request, &reply, answer->answer_ticket.ticket);
}

static const struct exchange pam = {
        .ask = MSG_ASK_PAM,
        .answer = MSG_ANSWER_TICKET,
        .finish = ticket_finish,
};

static int bad(struct request *request, const char *description) {
        return request_refuse(request, 400, "invalid_request", description);
}

static bool is_nonce(struct text text) {
        size_t i;

        for (i = 0; i < text.len; i++)
                if (!is_letter_or_digit(text.p[i]) && text.p[i] != '-' && text.p[i] != '_')
                        return false;
        return text.len == NONCE_LEN;
}

/* (uid_t)-1 is nobody's. */
static int read_uid(struct request *request, const struct params *params, uint32_t *ret) {
        unsigned long long uid;

        if (text_number(params_get(params, "uid"), UINT32_MAX - 1, &uid) < 0)
                return bad(request, "uid must be a number");
        *ret = (uint32_t)uid;
        return 0;
}

/* A remote host stands in the log: one that could break a line is left out of it all. */
static int read_rhost(struct request *request, const struct params *params, struct text *ret) {
        struct text rhost = params_get(params, "rhost");

        if (rhost.len > RHOST_MAX || !text_is_printable_utf8(rhost))
                return bad(request, "rhost must be printable, of 255 bytes at most");
        *ret = rhost;
        return 0;
}

static int read_login(struct request *request, const struct params *params,
                      struct msg_ask_pam *ask) {
        ask->username = name_as_asked(params_get(params, "username"));
        ask->service = params_get(params, "service");
        ask->nonce = params_get(params, "nonce");
        if (params_get(params, "username").len == 0)
                return bad(request, "username is needed");
        if (!name_is_service(ask->service))
                return bad(request, "service must be the name of a PAM service");
        if (!is_nonce(ask->nonce))
                return bad(request, "nonce must be 43 characters of base64url");
        return 0;
}

/* A login that needs a role must not go on without. */
static int read_role(struct request *request, const struct params *params, struct text *ret) {
        struct text role = params_get(params, "role");

        if (role.len > 0 && !name_is_role(role))
                return bad(request, "role must be the name of a role");
        *ret = role;
        return 0;
}

static int read_password(struct request *request, const struct params *params, struct text *ret) {
        if (!params_has(params, "password"))
                return bad(request, "password is needed");
        *ret = password_as_asked(params_get(params, "password"));
        return 0;
}

static int pam_begin(struct request *request, enum pam_phase phase) {
        struct msg_ask_pam ask = {.connection = request->number, .phase = (uint8_t)phase};
        struct params params;
        int r;

        r = params_parse(request->body, request->body_len, &params, &request->fault);
        if (r == 0)
                r = read_login(request, &params, &ask);
        if (r == 0)
                r = read_uid(request, &params, &ask.uid);
        if (r == 0)
                r = read_rhost(request, &params, &ask.rhost);
        if (r == 0)
                r = read_role(request, &params, &ask.role);
        if (r == 0 && phase == PAM_PHASE_AUTH)
                r = read_password(request, &params, &ask.password);
        return r < 0 ? r : call_ask(request, &pam, &ask);
}

int pam_auth_begin(struct request *request) {
        return pam_begin(request, PAM_PHASE_AUTH);
}

int pam_account_begin(struct request *request) {
        return pam_begin(request, PAM_PHASE_ACCOUNT);
}
