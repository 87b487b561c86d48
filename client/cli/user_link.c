/* jeton user link: PATCH /users/NAME as an admin, for a local account; with --issuer
 * POST and DELETE /users/NAME/links, for a subject of an outside issuer. */
#include "account.h"
#include "ask.h"
#include "output.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"
#include "../../common/wire/form.h"

/* ---- to a local account ---- */

static int link_of(const struct arguments *arguments, json_t **ret) {
        const char *name = operand(arguments, 0), *account = operand(arguments, 1);
        uid_t uid;
        int r;

        if (option_is_given(arguments, OPTION_REMOVE)) {
                *ret = json_pack("{s:n}", "uid");
                return 0;
        }
        r = account_uid(account ? account : name, &uid);
        if (r < 0)
                return r;
        *ret = json_pack("{s:I}", "uid", (json_int_t)uid);
        return 0;
}

static void print_link(const struct cli *cli, const json_t *person) {
        const json_t *uid = json_object_get(person, "uid");

        if (cli->json) {
                output_json(person);
                return;
        }
        output_text(member_text(person, "username"));
        if (json_is_integer(uid))
                printf(" is linked to uid %lld\n", (long long)json_integer_value(uid));
        else
                puts(" is linked to no account");
}

static enum status send_link(struct cli *cli, const char *path, const json_t *link) {
        _cleanup_(answer_clear) struct answer answer = {0};

        if (ask_as_peer(cli, "PATCH", path, link, &answer) < 0)
                return STATUS_REFUSED;
        if (answer.status != 200)
                return refused(cli, &answer);
        print_link(cli, answer.json);
        return STATUS_DONE;
}

static enum status link_account(struct cli *cli) {
        _cleanup_(freep) char *path = user_path(operand(&cli->arguments, 0));
        enum status status;
        json_t *link;

        if (!path || link_of(&cli->arguments, &link) < 0)
                return STATUS_REFUSED;
        status = send_link(cli, path, link);
        json_decref(link);
        return status;
}

/* ---- to a subject of an outside issuer ---- */

static void print_subject(const struct cli *cli, const json_t *link) {
        bool is_there = json_is_object(link);

        output_text(text_of(operand(&cli->arguments, 0)));
        fputs(is_there ? " is linked to " : " is no more linked to ", stdout);
        output_text(text_of(option_value(&cli->arguments, OPTION_SUBJECT)));
        fputs(" of ", stdout);
        output_text(text_of(option_value(&cli->arguments, OPTION_ISSUER)));
        puts("");
}

static enum status add_subject(struct cli *cli) {
        _cleanup_(freep) char *path = item_path("users", operand(&cli->arguments, 0), "/links");
        _cleanup_(answer_clear) struct answer answer = {0};
        json_t *link =
                json_pack("{s:s, s:s}", "issuer", option_value(&cli->arguments, OPTION_ISSUER),
                          "sub", option_value(&cli->arguments, OPTION_SUBJECT));
        int r = path && link ? ask_as_peer(cli, "POST", path, link, &answer) : -EINVAL;

        json_decref(link);
        if (r < 0)
                return STATUS_REFUSED;
        if (answer.status != 201)
                return refused(cli, &answer);
        if (cli->json)
                output_json(answer.json);
        else
                print_subject(cli, answer.json);
        return STATUS_DONE;
}

static char *query_of(const struct arguments *arguments) {
        struct text issuer = text_of(option_value(arguments, OPTION_ISSUER));
        struct text sub = text_of(option_value(arguments, OPTION_SUBJECT));
        _cleanup_(freep) char *first = calloc(1, form_encoded_len(issuer) + 1);
        _cleanup_(freep) char *second = calloc(1, form_encoded_len(sub) + 1);
        char *query;

        if (!first || !second)
                return NULL;
        form_encode(issuer, first);
        form_encode(sub, second);
        return asprintf(&query, "/links?issuer=%s&sub=%s", first, second) < 0 ? NULL : query;
}

static enum status remove_subject(struct cli *cli) {
        _cleanup_(freep) char *query = query_of(&cli->arguments), *path = NULL;
        _cleanup_(answer_clear) struct answer answer = {0};

        if (query)
                path = item_path("users", operand(&cli->arguments, 0), query);
        if (!path || ask_as_peer(cli, "DELETE", path, NULL, &answer) < 0)
                return STATUS_REFUSED;
        if (answer.status != 204)
                return refused(cli, &answer);
        if (cli->json)
                output_json_fact("unlinked", option_value(&cli->arguments, OPTION_SUBJECT));
        else
                print_subject(cli, NULL);
        return STATUS_DONE;
}

/* ---- which of them ---- */

static const char *wrong_usage(const struct arguments *arguments) {
        bool has_issuer = option_is_given(arguments, OPTION_ISSUER);

        if (has_issuer != option_is_given(arguments, OPTION_SUBJECT))
                return "--issuer and --subject go together";
        if (has_issuer && operand(arguments, 1))
                return "either an account or --issuer";
        if (operand(arguments, 1) && option_is_given(arguments, OPTION_REMOVE))
                return "either an account or --remove";
        return NULL;
}

static enum status run(struct cli *cli) {
        const char *wrong = wrong_usage(&cli->arguments);

        if (wrong) {
                log_error("%s", wrong);
                return STATUS_USAGE;
        }
        if (!option_is_given(&cli->arguments, OPTION_ISSUER))
                return link_account(cli);
        return option_is_given(&cli->arguments, OPTION_REMOVE) ? remove_subject(cli)
                                                               : add_subject(cli);
}

const struct command command_user_link = {
        .words = "user link",
        .operands = "NAME [ACCOUNT|UID]",
        .operands_min = 1,
        .operands_max = 2,
        .options =
                OPTION_BIT(OPTION_REMOVE) | OPTION_BIT(OPTION_ISSUER) | OPTION_BIT(OPTION_SUBJECT),
        .line = "Link a user to a local account, or unlink (admin)",
        .more = "Without ACCOUNT it is the local account of the same name. A linked user logs in\n"
                "to that account through PAM; one account has at most one user.\n\n"
                "With --issuer and --subject it is who the user is at an outside issuer: whoever\n"
                "brings an ID token from there about that subject logs in as the user. To remove\n"
                "such a link ends all that the user was issued.",
        .run = run,
};
