/* Requests that the library does not have. */
#include "ask.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"
#include "../body.h"
#include "output.h"

static int ask(struct cli *cli, const struct exchange_request *request, struct answer *ret) {
        int r;

        r = request_send(&cli->place, cli->timeout_ms, request, &cli->failure, ret);
        if (r < 0)
                log_error("%s", cli->failure.text);
        return r;
}

/* `body` may be NULL. */
static int ask_with_body(struct cli *cli, struct exchange_request *request, const json_t *body,
                         struct answer *ret) {
        _cleanup_(secret_freep) struct secret *bytes = NULL;
        int r;

        if (body) {
                r = body_json(body, &bytes);
                if (r < 0) {
                        log_error("out of memory");
                        return r;
                }
                request->content_type = BODY_JSON;
                request->body = secret_text(bytes);
        }
        return ask(cli, request, ret);
}

int ask_as_peer(struct cli *cli, const char *method, const char *path, const json_t *body,
                struct answer *ret) {
        struct exchange_request request = {
                .method = method, .path = path, .authorization = TEXT("Peer")};

        return ask_with_body(cli, &request, body, ret);
}

int tell_as_bearer(struct cli *cli, const char *method, const char *path, const json_t *body,
                   const struct secret *token, struct answer *ret) {
        _cleanup_(secret_freep) struct secret *bearer = NULL;
        struct exchange_request request = {.method = method, .path = path};
        int r;

        r = body_bearer(secret_text(token), &bearer);
        if (r < 0) {
                log_error("out of memory");
                return r;
        }
        request.authorization = secret_text(bearer);
        return ask_with_body(cli, &request, body, ret);
}

int ask_as_bearer(struct cli *cli, const char *path, const struct secret *token,
                  struct answer *ret) {
        return tell_as_bearer(cli, "GET", path, NULL, token, ret);
}

int tell_anonymously(struct cli *cli, const char *method, const char *path, const json_t *body,
                     struct answer *ret) {
        struct exchange_request request = {.method = method, .path = path};

        return ask_with_body(cli, &request, body, ret);
}

int ask_anonymously(struct cli *cli, const char *path, struct answer *ret) {
        struct exchange_request request = {.method = "GET", .path = path};

        return ask(cli, &request, ret);
}

/* The first that fits is given. */
static const struct {
        unsigned status;
        const char *error; /* NULL: any */
        const char *advice;
} advices[] = {
        {401, "insufficient_user_authentication", "`jeton login --save`, then this again"},
        {401, NULL, "the token is not, or no longer, good: `jeton login` gives a new one"},
        {403, NULL,
         "run it as root, or as an account that jetond.conf names as admin; who has the role admin "
         "asks over HTTP, with his token"},
        {503, NULL, "try again in a moment"},
};

/* NULL: there is nothing to say. */
static const char *advice_for(const struct answer *answer) {
        size_t i;

        for (i = 0; i < ELEMENTS(advices); i++)
                if (advices[i].status == answer->status &&
                    (!advices[i].error || strcmp(advices[i].error, answer_error(answer)) == 0))
                        return advices[i].advice;
        return NULL;
}

/* Each family of commands has a list of what there is, and each user one of his links. */
static void advise_list(const struct cli *cli) {
        const char *words = cli->command->words, *space = strchr(words, ' ');

        if (option_is_given(&cli->arguments, OPTION_SUBJECT) &&
            option_is_given(&cli->arguments, OPTION_REMOVE))
                log_error("`jeton user links %s` shows what there is",
                          log_escape(text_of(operand(&cli->arguments, 0))).text);
        else if (space)
                log_error("`jeton %.*s list` shows what there is", (int)(space - words), words);
}

enum status refused(struct cli *cli, const struct answer *answer) {
        const char *advice = advice_for(answer);

        if (cli->json)
                output_json(answer->json);
        answer_refusal(answer, &cli->failure);
        log_error("%s", cli->failure.text);
        if (advice)
                log_error("%s", advice);
        if (answer->status == 404)
                advise_list(cli);
        return STATUS_REFUSED;
}

char *item_path(const char *collection, const char *name, const char *rest) {
        struct text text = text_of(name);
        _cleanup_(freep) char *encoded = calloc(1, form_encoded_len(text) + 1);
        char *path;

        if (!encoded)
                return NULL;
        form_encode(text, encoded);
        return asprintf(&path, "/%s/%s%s", collection, encoded, rest) < 0 ? NULL : path;
}

char *user_path(const char *name) {
        return item_path("users", name, "");
}
