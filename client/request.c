/* One question to the daemon and its answer in JSON. */
#include "request.h"

#include "../common/cleanup.h"
#include "../common/clock.h"
#include "../common/log.h"

static const struct {
        int error;
        const char *what, *hint;
} troubles[] = {
        {-ENOENT, "cannot reach jetond at", "; is it running?"},
        {-ECONNREFUSED, "cannot reach jetond at", "; is it running?"},
        {-EPERM, "refusing to talk to", ": neither root nor you started what listens there"},
        {-ETIMEDOUT, "no answer from jetond at", " in time; its log may say why"},
        {-ECONNRESET, "cut off by jetond at", " before its answer was complete; try again"},
        {-EBADMSG, "not jetond's protocol at", ": what listens there?"},
};

/* Only for connecting does the errno's own text say more than the hint does. */
static bool has_errno_text(int error) {
        return error == -ENOENT || error == -ECONNREFUSED;
}

static int say_trouble(const struct place *place, int error, struct failure *failure) {
        char buffer[128];
        const char *text = error_text(error, buffer, sizeof buffer);
        size_t i;

        for (i = 0; i < ELEMENTS(troubles); i++)
                if (troubles[i].error == error)
                        return failure_say(failure, error, "%s %s%s%s%s", troubles[i].what,
                                           place->socket_path, has_errno_text(error) ? ": " : "",
                                           has_errno_text(error) ? text : "", troubles[i].hint);
        return failure_say(failure, error, "cannot talk to jetond at %s: %s", place->socket_path,
                           text);
}

/* 204 says all there is to say. Any other empty body is no answer to a question that is asked here.
 */
static int read_json(const struct exchange_reply *reply, json_t **ret) {
        const size_t flags = JSON_REJECT_DUPLICATES;
        json_error_t ignored;
        json_t *json;

        if (reply->status == 204)
                return 0;
        if (strcmp(reply->content_type, "application/json") != 0)
                return -EBADMSG;
        json = json_loadb(reply->body->bytes, reply->body->len, flags, &ignored);
        if (!json)
                return -EBADMSG;
        *ret = json;
        return 0;
}

static int exchange_json(const struct place *place, const struct exchange_request *request,
                         int64_t deadline_ms, struct answer *ret) {
        _cleanup_(exchange_reply_clear) struct exchange_reply reply = {0};
        _cleanup_(closep) int fd = -1;
        json_t *json = NULL;
        int r;

        r = exchange_connect(place->socket_path, place->also_uid, deadline_ms, &fd);
        if (r < 0)
                return r;
        r = exchange(fd, request, deadline_ms, &reply);
        if (r < 0)
                return r;
        r = read_json(&reply, &json);
        if (r < 0)
                return r;
        *ret = (struct answer){.status = reply.status, .json = json};
        return 0;
}

int request_send(const struct place *place, unsigned timeout_ms,
                 const struct exchange_request *request, struct failure *failure,
                 struct answer *ret) {
        int r;

        r = exchange_json(place, request, clock_monotonic_ms() + timeout_ms, ret);
        return r < 0 ? say_trouble(place, r, failure) : 0;
}

const char *answer_string(const struct answer *answer, const char *name) {
        return json_string_value(json_object_get(answer->json, name));
}

const char *answer_error(const struct answer *answer) {
        const char *code = answer->status >= 400 ? answer_string(answer, "error") : NULL;

        return code ? code : "";
}

static const struct {
        unsigned status;
        int error;
} refusals[] = {
        {400, -EINVAL}, {401, -EACCES}, {403, -EACCES}, {408, -EAGAIN}, {503, -EAGAIN},
};

int answer_refusal(const struct answer *answer, struct failure *failure) {
        const char *description = answer_string(answer, "error_description");
        const char *text = description ? description : "no reason was given";
        int error = -EPROTO;
        size_t i;

        for (i = 0; i < ELEMENTS(refusals); i++)
                if (refusals[i].status == answer->status)
                        error = refusals[i].error;
        return failure_say(failure, error, "jetond answered %u %s: %s", answer->status,
                           log_escape(text_of(answer_error(answer))).text,
                           log_escape(text_of(text)).text);
}

void answer_clear(struct answer *answer) {
        json_decref(answer->json);
        *answer = (struct answer){0};
}
