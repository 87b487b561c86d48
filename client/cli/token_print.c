/* An access token on its way out. */
#include "token_print.h"

#include "output.h"
#include "replace.h"

#include "../../common/cleanup.h"
#include "../../common/secret.h"

/* What is said of a token beside the token itself. */
static json_t *about(int64_t expires_in, const char *scope) {
        json_t *json = json_object();

        if (expires_in > 0)
                json_object_set_new(json, "expires_in", json_integer(expires_in));
        if (scope && *scope)
                json_object_set_new(json, "scope", json_string(scope));
        return json;
}

void token_print_json(const char *token, int64_t expires_in, const char *scope) {
        json_t *answer = json_pack("{s:s, s:s}", "access_token", token, "token_type", "Bearer");
        json_t *rest = about(expires_in, scope);

        json_object_update(answer, rest);
        output_json(answer);
        json_decref(rest);
        json_decref(answer);
}

/* In a file the token is alone, so --json tells the rest on standard output. */
static void print_written(const char *path, int64_t expires_in, const char *scope) {
        json_t *answer = about(expires_in, scope);

        json_object_set_new(answer, "out", json_string(path));
        output_json(answer);
        json_decref(answer);
}

static int line_of(const char *lead, const char *token, struct secret **ret) {
        size_t size = strlen(lead) + strlen(token) + 1;
        struct secret *line;
        int r;

        r = secret_reserve(size, &line);
        if (r < 0)
                return r;
        snprintf(line->bytes, size + 1, "%s%s\n", lead, token);
        *ret = line;
        return 0;
}

static int write_out(const char *path, const char *lead, const char *token) {
        _cleanup_(secret_freep) struct secret *line = NULL;
        int r;

        r = line_of(lead, token, &line);
        if (r == 0)
                r = path_replace(path, secret_text(line));
        if (r < 0)
                replace_complain(path, "no token was written", r);
        return r;
}

enum status token_print(const struct cli *cli, const char *token, int64_t expires_in,
                        const char *scope) {
        bool header = option_is_given(&cli->arguments, OPTION_HEADER);
        const char *path = option_value(&cli->arguments, OPTION_OUT);
        const char *lead = header ? "Authorization: Bearer " : "";

        if (path && write_out(path, lead, token) < 0)
                return STATUS_REFUSED;
        if (path && cli->json)
                print_written(path, expires_in, scope);
        else if (!path && cli->json)
                token_print_json(token, expires_in, scope);
        else if (!path)
                printf("%s%s\n", lead, token);
        return STATUS_DONE;
}
