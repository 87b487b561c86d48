/* jeton policy test: POST /policy/test as an admin, in words. */
#include "account.h"
#include "ask.h"
#include "output.h"
#include "user_body.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"
#include "../../common/name.h"

#define GROUPS_MAX 64 /* the daemon takes no more */

/* ---- what is asked ---- */

static int add_group(json_t *groups, gid_t gid) {
        char text[16];

        snprintf(text, sizeof text, "%u", (unsigned)gid);
        return json_array_append_new(groups, json_string(text));
}

static int add_named_groups(json_t *groups, const struct arguments *arguments) {
        const char *word;
        size_t at = 0;
        gid_t gid;
        int r = 0;

        while (r == 0 && (word = option_next(arguments, OPTION_GROUP, &at))) {
                r = account_gid(word, &gid);
                if (r == 0)
                        r = add_group(groups, gid);
        }
        return r;
}

/* Those that a login of the account would have. A uid without an account has none. */
static int add_account_groups(json_t *groups, uid_t uid) {
        gid_t gids[GROUPS_MAX];
        int count = GROUPS_MAX, i, r = 0;

        if (account_groups(uid, gids, &count) < 0) {
                log_error("that account is in more than %d groups: name those that matter with "
                          "--group",
                          GROUPS_MAX);
                return -E2BIG;
        }
        for (i = 0; r == 0 && i < count; i++)
                r = add_group(groups, gids[i]);
        return r;
}

static int fill_process(json_t *body, const struct arguments *arguments) {
        json_t *groups = json_array();
        uid_t uid;
        int r;

        json_object_set_new(body, "groups", groups);
        r = account_uid(option_value(arguments, OPTION_UID), &uid);
        if (r < 0)
                return r;
        json_object_set_new(body, "uid", json_integer((json_int_t)uid));
        return option_is_given(arguments, OPTION_GROUP) ? add_named_groups(groups, arguments)
                                                        : add_account_groups(groups, uid);
}

static int fill(json_t *body, const struct arguments *arguments) {
        char audience[AUDIENCE_MAX + 1];
        int r;

        r = option_join(arguments, OPTION_AUDIENCE, audience, sizeof audience);
        if (r == 0)
                r = fill_process(body, arguments);
        if (r == 0 && *audience)
                r = user_body_text(body, "audience", audience, "--audience");
        if (r == 0)
                r = user_body_text(body, "scope", option_value(arguments, OPTION_SCOPE), "--scope");
        if (r == 0)
                r = user_body_text(body, "unit", option_value(arguments, OPTION_UNIT), "--unit");
        if (r == 0)
                r = user_body_text(body, "client_id", option_value(arguments, OPTION_CLIENT_ID),
                                   "--client-id");
        return r;
}

/* ---- what is answered ---- */

static void print_process(const json_t *body) {
        printf("  %-11s %lld\n", "uid",
               (long long)json_integer_value(json_object_get(body, "uid")));
        output_field_words("groups", json_object_get(body, "groups"));
        output_field("unit", member_text(body, "unit"));
}

static void print_decision(const json_t *body, const json_t *decision) {
        bool granted = json_is_true(json_object_get(decision, "granted"));

        fputs(granted ? "granted: " : "refused: ", stdout);
        output_text(member_text(decision, "reason"));
        putchar('\n');
        print_process(body);
        output_field("error", member_text(decision, "error"));
        output_field("client_id", member_text(decision, "client_id"));
        output_field("sub", member_text(decision, "sub"));
        output_field("audience", member_text(decision, "audience"));
        output_field("scope", member_text(decision, "scope"));
        output_field_words("roles", json_object_get(decision, "roles"));
        if (granted)
                printf("  %-11s %lld s\n", "lives",
                       (long long)json_integer_value(json_object_get(decision, "expires_in")));
}

static enum status run(struct cli *cli) {
        _cleanup_(json_decrefp) json_t *body = json_object();
        _cleanup_(answer_clear) struct answer answer = {0};

        if (!option_is_given(&cli->arguments, OPTION_UID)) {
                log_error("whose? --uid is missing");
                return STATUS_USAGE;
        }
        if (fill(body, &cli->arguments) < 0 ||
            ask_as_peer(cli, "POST", "/policy/test", body, &answer) < 0)
                return STATUS_REFUSED;
        if (answer.status != 200)
                return refused(cli, &answer);
        if (cli->json)
                output_json(answer.json);
        else
                print_decision(body, answer.json);
        return json_is_true(json_object_get(answer.json, "granted")) ? STATUS_DONE : STATUS_REFUSED;
}

const struct command command_policy_test = {
        .words = "policy test",
        .operands = "",
        .options = OPTION_BIT(OPTION_UID) | OPTION_BIT(OPTION_GROUP) | OPTION_BIT(OPTION_AUDIENCE) |
                   OPTION_BIT(OPTION_SCOPE) | OPTION_BIT(OPTION_CLIENT_ID) |
                   OPTION_BIT(OPTION_UNIT),
        .line = "Tell what a process would be given by its uid, and why (admin)",
        .more = "Nothing is issued. The status is 0 for a token and 1 for a refusal. The groups "
                "are\n"
                "those of the uid's account unless --group is there; the issuer is the audience\n"
                "unless told.",
        .run = run,
};
