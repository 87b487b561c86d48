/* One request: who may not ask at all, which route it takes, how it is answered when it fails. */
#include "request.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"
#include "../../common/wire/bytes.h"
#include "../../common/wire/wire.h"
#include "etag.h"
#include "frontend.h"
#include "routes.h"
#include "user_import.h"

int request_refuse(struct request *request, uint16_t status, const char *error,
                   const char *description) {
        return fault_set(&request->fault, status, error, description);
}

/* ---- before the route's function ---- */

/* The kernel's word is about the process at the other end. Behind a proxy that would be the proxy:
 * on jeton.sock such a request is refused, on web.sock such a credential. */
static int check_caller(struct request *request) {
        bool is_web = request->class == CLASS_WEB;

        if (!is_web && request->head.was_forwarded)
                return fault_bad_request(&request->fault,
                                         "this came through a proxy: proxies use web.sock");
        if (is_web && request->authorization.scheme == SCHEME_PEER)
                return request_refuse(request, 401, "invalid_token",
                                      "Authorization: Peer works on jeton.sock only");
        return 0;
}

/* The type without its parameters (RFC 9110 8.3.1). */
static struct text media_type(struct text value) {
        const char *end = value.len > 0 ? memchr(value.p, ';', value.len) : NULL;

        if (end)
                value.len = (size_t)(end - value.p);
        return text_trim(value, TEXT(" \t"));
}

static const struct {
        const char *type;
        const char *complaint;
} media[] = {
        [MEDIA_FORM] =
                {"application/x-www-form-urlencoded",
                 "the body must be application/x-www-form-urlencoded: no JSON, no multipart"},
        [MEDIA_JSON] = {"application/json", "the body must be application/json"},
};

static int check_media(struct request *request, enum media wanted) {
        struct text type = media_type(request->head.content_type);

        if (wanted == MEDIA_NONE || http_is_word(type, media[wanted].type))
                return 0;
        return request_refuse(request, 415, "invalid_request", media[wanted].complaint);
}

/* RFC 6750 2.3, RFC 9700 4.3.2. Also where a good one stands in the header: it is known to all who
 * wrote the address down. GET /auth may say 401 and 403 alone, and has a rule for its query. */
static int check_query(struct request *request) {
        struct text query = request->head.query;

        while (request->route->begin != auth_begin && query.len > 0)
                if (text_begins(cut_at(&query, '&'), TEXT("access_token=")))
                        return request_refuse(request, 400, "invalid_request",
                                              "a token in the address is in every log on the way: "
                                              "send it as Authorization: Bearer, and revoke this "
                                              "one");
        return 0;
}

static int run(struct request *request) {
        int r;

        r = authorization_parse(request->head.authorization, &request->authorization,
                                &request->fault);
        if (r == 0)
                r = check_caller(request);
        if (r == 0)
                r = route_find(request->head.method, request->head.path, request->class,
                               &request->route, &request->parameter, &request->fault);
        if (r == 0)
                r = check_query(request);
        if (r == 0)
                r = check_media(request, request->route->media);
        return r == 0 ? request->route->begin(request) : r;
}

void request_run(struct request *request) {
        int r;

        if (!request->head.keeps_alive)
                request->closes = true;
        r = run(request);
        if (r < 0)
                request_fail(request, r);
}

/* ---- who is asking ---- */

int request_bearer(struct request *request, struct text *ret) {
        if (request->authorization.scheme == SCHEME_BEARER_BROKEN)
                return request_refuse(request, 401, "invalid_token", "that is no token");
        if (request->authorization.scheme != SCHEME_BEARER)
                return request_refuse(request, 401, "invalid_token",
                                      "this needs Authorization: Bearer with an access token");
        *ret = request->authorization.bearer;
        return 0;
}

int request_admin_credential(struct request *request, uint8_t *ret_credential,
                             struct text *ret_bearer) {
        if (request->authorization.scheme == SCHEME_PEER) {
                *ret_credential = CREDENTIAL_PEER;
                return 0;
        }
        if (request->authorization.scheme == SCHEME_BEARER ||
            request->authorization.scheme == SCHEME_BEARER_BROKEN) {
                *ret_credential = CREDENTIAL_BEARER;
                return request_bearer(request, ret_bearer);
        }
        return request_refuse(request, 401, "invalid_token",
                              request->class == CLASS_WEB
                                      ? "this is for admins: it needs Authorization: Bearer"
                                      : "this is for admins: it needs Authorization: Peer or "
                                        "Bearer");
}

/* ---- the reply ---- */

/* What the authority was asked can be found in its audit lines by this name. */
static int response_begin_named(struct request *request, const struct reply *reply, size_t body_len,
                                char **ret_place) {
        struct reply named = *reply;

        if (request->is_asked)
                request_id_write(request->id, request->questions, named.request_id);
        return response_begin(&request->response, &named, request->closes, body_len, ret_place);
}

int request_reply_text(struct request *request, const struct reply *reply, struct text body) {
        char *place;
        int r;

        r = response_begin_named(request, reply, body.len, &place);
        if (r < 0)
                return r;
        if (body.len > 0)
                memcpy(place, body.p, body.len);
        if (text_is(request->head.method, TEXT("HEAD")))
                response_drop_body(&request->response, body.len);
        return 0;
}

int request_reply_json(struct request *request, const struct reply *reply,
                       const struct json *body) {
        size_t len = json_len(body);
        char *place;
        int r;

        if (len == 0)
                return -EINVAL;
        r = response_begin_named(request, reply, len, &place);
        if (r < 0)
                return r;
        json_write(body, place, len);
        if (text_is(request->head.method, TEXT("HEAD")))
                response_drop_body(&request->response, len);
        return 0;
}

int request_reply_done(struct request *request, const union message *answer) {
        const struct reply reply = {.status = 204, .cache = CACHE_NEVER};

        (void)answer;
        return request_reply_text(request, &reply, TEXT_NONE);
}

int request_reply_tagged_text(struct request *request, const struct reply *plain,
                              struct text body) {
        struct reply reply = *plain;
        char tag[ETAG_MAX];
        int r;

        r = etag_make(body, tag);
        if (r < 0)
                return r;
        reply.etag = text_of(tag);
        if (etag_matches(request->head.if_none_match, reply.etag)) {
                reply.status = 304;
                body = TEXT_NONE;
        }
        return request_reply_text(request, &reply, body);
}

int request_reply_tagged(struct request *request, const struct reply *reply,
                         const struct json *body) {
        _cleanup_(freep) char *bytes = NULL;
        size_t len = json_len(body);

        if (len == 0)
                return -EINVAL;
        bytes = malloc(len);
        if (!bytes)
                return -ENOMEM;
        json_write(body, bytes, len);
        return request_reply_tagged_text(request, reply, (struct text){bytes, len});
}

#define DIGITS_OF(number) #number
#define DIGITS(number)    DIGITS_OF(number)

/* RFC 9110 15.5.2: a 401 names a scheme, for a client that used the form too.
 *
 * RFC 6750 3.1: without a token in the request there is nothing to say but which scheme is wanted.
 * RFC 9470 3: a good token of a login that is too old is told how young it must be.
 */
static const char *challenge_of(const struct request *request, uint16_t status, struct text error) {
        bool has_token = request->authorization.scheme == SCHEME_BEARER ||
                         request->authorization.scheme == SCHEME_BEARER_BROKEN;

        if (text_is(error, TEXT("insufficient_scope")) && has_token)
                return "Bearer realm=\"jeton\", error=\"insufficient_scope\"";
        if (status != 401)
                return NULL;
        if (text_is(error, TEXT("insufficient_user_authentication")))
                return "Bearer realm=\"jeton\", error=\"insufficient_user_authentication\", "
                       "max_age=\"" DIGITS(WIRE_LOGIN_CODE_MAX_AGE_S) "\"";
        if (text_is(error, TEXT("invalid_client")))
                return "Basic realm=\"jeton\"";
        return has_token ? "Bearer realm=\"jeton\", error=\"invalid_token\""
                         : "Bearer realm=\"jeton\"";
}

static int reply_error(struct request *request, uint16_t status, struct text error,
                       struct text description) {
        struct reply reply = {
                .status = status,
                .cache = CACHE_NEVER,
                .challenge = challenge_of(request, status, error),
        };
        _cleanup_(json_clear) struct json body;

        if (status == 405)
                route_allow(request->head.path, request->class, reply.allow);
        json_begin_object(&body);
        json_add_text(&body, "error", error);
        json_add_text(&body, "error_description", description);
        return request_reply_json(request, &reply, &body);
}

/* What the frontend itself has to say when something is wrong on our side. */
static void set_own_fault(struct request *request, int error) {
        switch (error) {
        case -EMSGSIZE:
                fault_bad_request(&request->fault, "a value is too long");
                return;
        case -ENOMEM:
        case -EAGAIN:
        case -EPIPE: /* the authority is gone: we are about to hear of it */
        case -ECONNRESET:
                request_refuse(request, 503, "temporarily_unavailable", "try again");
                return;
        default:
                if (frontend_may_log(request->frontend))
                        log_error("a request failed: %s", strerror(-error));
                request_refuse(request, 500, "server_error", "the log has the reason");
        }
}

void request_fail(struct request *request, int error) {
        int r;

        /* Where the request is wrong, its fault is told; a page of ours can be, too. */
        if (error != -EBADMSG || request->fault.status == 0)
                set_own_fault(request, error);
        if (request->fault.status < 500)
                frontend_log_fault(request->frontend, request);
        r = reply_error(request, request->fault.status, text_of(request->fault.error),
                        text_of(request->fault.description));
        if (r < 0) {
                /* Not even that: the connection closes without a word. */
                log_error("a reply could not be made: %s", strerror(-r));
                request->closes = true;
        }
}

int request_reply_refused(struct request *request, const struct msg_answer_refused *refused) {
        return reply_error(request, refused->status, refused->error, refused->description);
}

void request_clear(struct request *request) {
        response_clear(&request->response);
        json_clear(&request->list);
        request->head = (struct http_head){0};
        request->body = NULL;
        request->body_len = 0;
        request->authorization = (struct authorization){0};
        request->route = NULL;
        request->began_us = 0;
        request->parameter = TEXT_NONE;
        request->is_asked = false;
        request->asked_token = TEXT_NONE;
        request->judged = NULL;
        request->rule = (struct auth_rule){0};
        request->asker[0] = '\0';
        freep(&request->asker_audiences);
        user_import_free(take(request->import));
        free(take(request->sheets));
        request->fault = (struct fault){0};
}
