/* Asking the daemon about a token's owner: GET /userinfo. */
#include "body.h"
#include "handle.h"
#include "request.h"

#include "../common/cleanup.h"

struct jeton_person {
        char *subject, *username, *full_name, *email; /* all but the first may be NULL */
};

static int ask(struct jeton *jeton, const char *token, struct answer *ret) {
        _cleanup_(secret_freep) struct secret *bearer = NULL;
        struct exchange_request request = {.method = "GET", .path = "/userinfo"};
        int r;

        if (!*token)
                return failure_say(handle_failure(jeton), -EINVAL,
                                   "there is no token to ask about");
        r = body_bearer(text_of(token), &bearer);
        if (r < 0)
                return failure_say(handle_failure(jeton), r, "out of memory");
        request.authorization = secret_text(bearer);
        return request_send(&jeton->place, jeton->timeout_ms, &request, handle_failure(jeton), ret);
}

static int string_read(const struct answer *answer, const char *name, char **ret) {
        const char *value = answer_string(answer, name);

        if (!value)
                return 0;
        if (!text_is_printable_utf8(text_of(value)))
                return -EBADMSG;
        *ret = strdup(value);
        return *ret ? 0 : -ENOMEM;
}

static int person_read(const struct answer *answer, struct jeton_person *ret) {
        const struct {
                const char *name;
                char **place;
        } members[] = {
                {"sub", &ret->subject},
                {"preferred_username", &ret->username},
                {"name", &ret->full_name},
                {"email", &ret->email},
        };
        size_t i;
        int r;

        for (i = 0; i < ELEMENTS(members); i++) {
                r = string_read(answer, members[i].name, members[i].place);
                if (r < 0)
                        return r;
        }
        return ret->subject ? 0 : -EBADMSG;
}

static int person_new(const struct answer *answer, struct jeton_person **ret) {
        struct jeton_person *person = calloc(1, sizeof *person);
        int r;

        if (!person)
                return -ENOMEM;
        r = person_read(answer, person);
        if (r < 0) {
                jeton_person_free(person);
                return r;
        }
        *ret = person;
        return 0;
}

/* A token is refused by 401 and nothing else (RFC 6750 3.1). */
int jeton_userinfo(struct jeton *jeton, const char *token, enum jeton_verdict *ret_verdict,
                   struct jeton_person **ret_person) {
        _cleanup_(answer_clear) struct answer answer = {0};
        struct jeton_person *person = NULL;
        int r;

        r = arguments_check(jeton, jeton && token && ret_verdict && ret_person);
        if (r == 0)
                r = ask(jeton, token, &answer);
        if (r < 0)
                return r;
        if (answer.status != 200 && answer.status != 401)
                return answer_refusal(&answer, handle_failure(jeton));
        if (answer.status == 200) {
                r = person_new(&answer, &person);
                if (r < 0)
                        return failure_say(handle_failure(jeton), r,
                                           "jetond's answer does not describe a person");
        }
        *ret_verdict = person ? JETON_VALID : JETON_INVALID;
        *ret_person = person;
        return 0;
}

const char *jeton_person_subject(const struct jeton_person *person) {
        return person ? person->subject : "";
}

const char *jeton_person_username(const struct jeton_person *person) {
        return person ? person->username : NULL;
}

const char *jeton_person_full_name(const struct jeton_person *person) {
        return person ? person->full_name : NULL;
}

const char *jeton_person_email(const struct jeton_person *person) {
        return person ? person->email : NULL;
}

void jeton_person_free(struct jeton_person *person) {
        if (!person)
                return;
        free(person->subject);
        free(person->username);
        free(person->full_name);
        free(person->email);
        free(person);
}
