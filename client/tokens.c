/* A request for tokens, and what it gave: POST /token, whatever the grant (RFC 6749 5). */
#include "tokens.h"

#include "../common/cleanup.h"

struct jeton_tokens {
        struct secret *access, *refresh; /* refresh: NULL when there is none */
        char *scope;
        int64_t expires_in;
};

/* ---- what is asked ---- */

void grant_add(struct grant *grant, struct text name, struct text value) {
        grant->fields[grant->count++] = (struct field){name, value};
}

int grant_add_audiences(struct jeton *jeton, struct grant *grant, const char *list) {
        struct text rest = text_of(list), audience;
        size_t count = 0;

        while (text_next_word(&rest, &audience)) {
                if (++count > AUDIENCES_MAX)
                        return failure_say(handle_failure(jeton), -EINVAL, "more than %d audiences",
                                           AUDIENCES_MAX);
                grant_add(grant, TEXT("audience"), audience);
        }
        return 0;
}

int form_ask(struct jeton *jeton, const char *path, const struct field *fields, size_t count,
             struct answer *ret) {
        _cleanup_(secret_freep) struct secret *body = NULL;
        struct exchange_request request = {
                .method = "POST", .path = path, .content_type = BODY_FORM};
        int r;

        r = body_form(fields, count, &body);
        if (r < 0)
                return failure_say(handle_failure(jeton), r, "out of memory");
        request.body = secret_text(body);
        return request_send(&jeton->place, jeton->timeout_ms, &request, handle_failure(jeton), ret);
}

/* ---- what is answered ---- */

static int tokens_read(const struct answer *answer, struct jeton_tokens **ret) {
        const char *access = answer_string(answer, "access_token");
        const char *refresh = answer_string(answer, "refresh_token");
        const char *scope = answer_string(answer, "scope");
        const json_t *expires_in = json_object_get(answer->json, "expires_in");
        struct jeton_tokens *tokens;
        int r;

        if (!access || !*access || !json_is_integer(expires_in))
                return -EBADMSG;
        tokens = calloc(1, sizeof *tokens);
        if (!tokens)
                return -ENOMEM;
        tokens->expires_in = json_integer_value(expires_in);
        tokens->scope = strdup(scope ? scope : "");
        r = tokens->scope ? secret_new(access, strlen(access), &tokens->access) : -ENOMEM;
        if (r == 0 && refresh)
                r = secret_new(refresh, strlen(refresh), &tokens->refresh);
        if (r < 0) {
                jeton_tokens_free(tokens);
                return r;
        }
        *ret = tokens;
        return 0;
}

static const struct {
        const char *error;
        enum jeton_login_outcome outcome;
} refusals[] = {
        {"invalid_scope", JETON_LOGIN_BAD_SCOPE},
        {"invalid_target", JETON_LOGIN_BAD_AUDIENCE},
        {"unauthorized_client", JETON_LOGIN_NOT_ALLOWED},
        {"invalid_client", JETON_LOGIN_NOT_ALLOWED},
        {"unsupported_grant_type", JETON_LOGIN_NOT_ALLOWED},
};

static bool outcome_find(const struct grant *grant, const char *error,
                         enum jeton_login_outcome *ret) {
        size_t i;

        if (strcmp(error, grant->refused_as) == 0) {
                *ret = JETON_LOGIN_REFUSED;
                return true;
        }
        for (i = 0; i < ELEMENTS(refusals); i++)
                if (strcmp(error, refusals[i].error) == 0) {
                        *ret = refusals[i].outcome;
                        return true;
                }
        return false;
}

/* The sentence is the daemon's also where the outcome says enough for a program. */
static int refusal_read(const struct grant *grant, const struct answer *answer,
                        struct failure *failure, enum jeton_login_outcome *ret) {
        int r = answer_refusal(answer, failure);

        return outcome_find(grant, answer_error(answer), ret) ? 0 : r;
}

static int answer_read(struct jeton *jeton, const struct grant *grant, const struct answer *answer,
                       enum jeton_login_outcome *ret_outcome, struct jeton_tokens **ret_tokens) {
        struct jeton_tokens *tokens = NULL;
        int r;

        if (answer->status != 200) {
                r = refusal_read(grant, answer, handle_failure(jeton), ret_outcome);
                if (r < 0)
                        return r;
                *ret_tokens = NULL;
                return 0;
        }
        r = tokens_read(answer, &tokens);
        if (r < 0)
                return failure_say(handle_failure(jeton), r,
                                   "jetond's answer holds no usable token");
        *ret_outcome = JETON_LOGIN_GRANTED;
        *ret_tokens = tokens;
        return 0;
}

int grant_ask(struct jeton *jeton, const struct grant *grant, enum jeton_login_outcome *ret_outcome,
              struct jeton_tokens **ret_tokens) {
        _cleanup_(answer_clear) struct answer answer = {0};
        int r;

        r = form_ask(jeton, "/token", grant->fields, grant->count, &answer);
        if (r < 0)
                return r;
        r = answer_read(jeton, grant, &answer, ret_outcome, ret_tokens);
        json_wipe_string(json_object_get(answer.json, "access_token"));
        json_wipe_string(json_object_get(answer.json, "refresh_token"));
        return r;
}

/* ---- what the caller sees ---- */

const char *jeton_tokens_access(const struct jeton_tokens *tokens) {
        return tokens ? tokens->access->bytes : "";
}

const char *jeton_tokens_refresh(const struct jeton_tokens *tokens) {
        return tokens && tokens->refresh ? tokens->refresh->bytes : NULL;
}

int64_t jeton_tokens_expires_in(const struct jeton_tokens *tokens) {
        return tokens ? tokens->expires_in : 0;
}

const char *jeton_tokens_scope(const struct jeton_tokens *tokens) {
        return tokens ? tokens->scope : "";
}

void jeton_tokens_free(struct jeton_tokens *tokens) {
        if (!tokens)
                return;
        secret_free(tokens->access);
        secret_free(tokens->refresh);
        free(tokens->scope);
        free(tokens);
}
