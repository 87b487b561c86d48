/* Logging in with a password, and again with a refresh token: POST /token (RFC 6749 4.3, 6). */
#include "body.h"
#include "handle.h"
#include "request.h"

#include "../common/cleanup.h"
#include "../common/name.h"

#define AUDIENCES_MAX 16
#define FIELDS_MAX    (4 + AUDIENCES_MAX)

struct jeton_tokens {
        struct secret *access, *refresh; /* refresh: NULL when there is none */
        char *scope;
        int64_t expires_in;
};

struct login_form {
        struct field fields[FIELDS_MAX];
        size_t count;
};

static void add_field(struct login_form *form, struct text name, struct text value) {
        form->fields[form->count++] = (struct field){name, value};
}

static int add_audiences(struct login_form *form, struct text list) {
        struct text audience;

        while (text_next_word(&list, &audience)) {
                if (form->count == FIELDS_MAX)
                        return -EINVAL;
                add_field(form, TEXT("audience"), audience);
        }
        return 0;
}

static int fill_form(const struct jeton_login_request *request, struct login_form *form) {
        add_field(form, TEXT("grant_type"), TEXT("password"));
        add_field(form, TEXT("username"), text_of(request->username));
        add_field(form, TEXT("password"), (struct text){request->password, request->password_len});
        add_field(form, TEXT("scope"), text_of(request->scope));
        return add_audiences(form, text_of(request->audience));
}

static int check_request(struct jeton *jeton, const struct jeton_login_request *request) {
        if (!request->username || !*request->username)
                return failure_say(&jeton->failure, -EINVAL, "a login needs a user name");
        if (!request->password || request->password_len == 0)
                return failure_say(&jeton->failure, -EINVAL, "a login needs a password");
        if (request->password_len > PASSWORD_MAX)
                return failure_say(&jeton->failure, -EINVAL, "the password is longer than %d bytes",
                                   PASSWORD_MAX);
        return 0;
}

static int ask(struct jeton *jeton, const struct login_form *form, struct answer *ret) {
        _cleanup_(secret_freep) struct secret *body = NULL;
        struct exchange_request request = {
                .method = "POST", .path = "/token", .content_type = BODY_FORM};
        int r;

        r = body_form(form->fields, form->count, &body);
        if (r < 0)
                return failure_say(&jeton->failure, r, "out of memory");
        request.body = secret_text(body);
        return request_send(&jeton->place, jeton->timeout_ms, &request, &jeton->failure, ret);
}

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
        {"invalid_grant", JETON_LOGIN_REFUSED},
        {"invalid_scope", JETON_LOGIN_BAD_SCOPE},
        {"invalid_target", JETON_LOGIN_BAD_AUDIENCE},
        {"unauthorized_client", JETON_LOGIN_NOT_ALLOWED},
        {"unsupported_grant_type", JETON_LOGIN_NOT_ALLOWED},
};

static int refusal_read(const struct answer *answer, struct failure *failure,
                        enum jeton_login_outcome *ret) {
        size_t i;

        for (i = 0; i < ELEMENTS(refusals); i++)
                if (strcmp(answer_error(answer), refusals[i].error) == 0) {
                        *ret = refusals[i].outcome;
                        return 0;
                }
        return answer_refusal(answer, failure);
}

static int answer_read(struct jeton *jeton, const struct answer *answer,
                       enum jeton_login_outcome *ret_outcome, struct jeton_tokens **ret_tokens) {
        struct jeton_tokens *tokens = NULL;
        int r;

        if (answer->status != 200) {
                r = refusal_read(answer, &jeton->failure, ret_outcome);
                if (r < 0)
                        return r;
                *ret_tokens = NULL;
                return 0;
        }
        r = tokens_read(answer, &tokens);
        if (r < 0)
                return failure_say(&jeton->failure, r, "jetond's answer holds no usable token");
        *ret_outcome = JETON_LOGIN_GRANTED;
        *ret_tokens = tokens;
        return 0;
}

static int tokens_ask(struct jeton *jeton, const struct login_form *form,
                      enum jeton_login_outcome *ret_outcome, struct jeton_tokens **ret_tokens) {
        _cleanup_(answer_clear) struct answer answer = {0};
        int r;

        r = ask(jeton, form, &answer);
        if (r < 0)
                return r;
        r = answer_read(jeton, &answer, ret_outcome, ret_tokens);
        json_wipe_string(json_object_get(answer.json, "access_token"));
        json_wipe_string(json_object_get(answer.json, "refresh_token"));
        return r;
}

int jeton_refresh(struct jeton *jeton, const char *refresh_token, const char *scope,
                  enum jeton_login_outcome *ret_outcome, struct jeton_tokens **ret_tokens) {
        struct login_form form = {.count = 0};

        if (!refresh_token || !*refresh_token)
                return failure_say(&jeton->failure, -EINVAL, "there is no token to refresh with");
        add_field(&form, TEXT("grant_type"), TEXT("refresh_token"));
        add_field(&form, TEXT("refresh_token"), text_of(refresh_token));
        add_field(&form, TEXT("scope"), text_of(scope));
        return tokens_ask(jeton, &form, ret_outcome, ret_tokens);
}

int jeton_login(struct jeton *jeton, const struct jeton_login_request *request,
                enum jeton_login_outcome *ret_outcome, struct jeton_tokens **ret_tokens) {
        struct jeton_login_request known;
        struct login_form form = {.count = 0};
        int r;

        r = argument_take(request, sizeof known, &known);
        if (r < 0)
                return failure_say(&jeton->failure, r,
                                   "the login request is of a newer libjeton, or has no size");
        r = check_request(jeton, &known);
        if (r < 0)
                return r;
        r = fill_form(&known, &form);
        if (r < 0)
                return failure_say(&jeton->failure, r, "more than %d audiences", AUDIENCES_MAX);
        return tokens_ask(jeton, &form, ret_outcome, ret_tokens);
}

const char *jeton_tokens_access(const struct jeton_tokens *tokens) {
        return tokens->access->bytes;
}

const char *jeton_tokens_refresh(const struct jeton_tokens *tokens) {
        return tokens->refresh ? tokens->refresh->bytes : NULL;
}

int64_t jeton_tokens_expires_in(const struct jeton_tokens *tokens) {
        return tokens->expires_in;
}

const char *jeton_tokens_scope(const struct jeton_tokens *tokens) {
        return tokens->scope;
}

void jeton_tokens_free(struct jeton_tokens *tokens) {
        if (!tokens)
                return;
        secret_free(tokens->access);
        secret_free(tokens->refresh);
        free(tokens->scope);
        free(tokens);
}
