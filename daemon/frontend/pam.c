/* POST /pam/...: what the PAM module asks. The answer is a login ticket,
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

/* The token that a session asks for, and the ticket by which it says how the person came in. */
static int read_token_wish(struct request *request, const struct params *params,
                           struct msg_ask_pam *ask) {
        ask->audience = params_get(params, "audience");
        ask->scope = params_get(params, "scope");
        ask->proof = params_get(params, "proof");
        if (ask->audience.len > AUDIENCE_MAX || ask->scope.len > SCOPE_MAX)
                return bad(request, "audience or scope is too long");
        if (ask->proof.len > TOKEN_MAX)
                return bad(request, "proof is no login ticket");
        return 0;
}

static int read_sid(struct request *request, const struct params *params, struct msg_ask_pam *ask) {
        ask->sid = params_get(params, "sid");
        return ask->sid.len == SID_LEN ? 0 : bad(request, "sid must be that of a session");
}

static int read_password(struct request *request, const struct params *params,
                         struct msg_ask_pam *ask) {
        if (!params_has(params, "password"))
                return bad(request, "password is needed");
        ask->password = password_as_asked(params_get(params, "password"));
        return 0;
}

/* Without one it is by root's right, which is the authority's to judge. */
static int read_present(struct request *request, const struct params *params,
                        struct msg_ask_pam *ask) {
        if (params_has(params, "password"))
                return read_password(request, params, ask);
        ask->by_root = 1;
        return 0;
}

/* The proof is a token of the session that is to go on. */
static int read_new_password(struct request *request, const struct params *params,
                             struct msg_ask_pam *ask) {
        ask->new_password = params_get(params, "new_password");
        ask->proof = params_get(params, "proof");
        if (ask->new_password.len > PASSWORD_MAX)
                return bad(request, "new_password is longer than 511 bytes");
        if (ask->proof.len > TOKEN_MAX)
                return bad(request, "proof is no token");
        return read_present(request, params, ask);
}

/* What a phase asks besides; account has nothing. */
static int (*const readers[])(struct request *request, const struct params *params,
                              struct msg_ask_pam *ask) = {
        [PAM_PHASE_AUTH] = read_password,      [PAM_PHASE_ACCOUNT] = NULL,
        [PAM_PHASE_SESSION] = read_token_wish, [PAM_PHASE_CLOSE] = read_sid,
        [PAM_PHASE_CHECK] = read_present,      [PAM_PHASE_PASSWORD] = read_new_password,
};

static int pam_begin(struct request *request, enum pam_phase phase) {
        struct msg_ask_pam ask = {
                .connection = request->number,
                .phase = (uint8_t)phase,
                .as_peer = request->authorization.scheme == SCHEME_PEER,
        };
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
        if (r == 0 && readers[phase])
                r = readers[phase](request, &params, &ask);
        return r < 0 ? r : call_ask(request, &pam, &ask);
}

int pam_auth_begin(struct request *request) {
        return pam_begin(request, PAM_PHASE_AUTH);
}

int pam_account_begin(struct request *request) {
        return pam_begin(request, PAM_PHASE_ACCOUNT);
}

int pam_session_begin(struct request *request) {
        return pam_begin(request, PAM_PHASE_SESSION);
}

int pam_close_begin(struct request *request) {
        return pam_begin(request, PAM_PHASE_CLOSE);
}

int pam_check_begin(struct request *request) {
        return pam_begin(request, PAM_PHASE_CHECK);
}

int pam_password_begin(struct request *request) {
        return pam_begin(request, PAM_PHASE_PASSWORD);
}
