/* jeton client list, client show: GET /clients as an admin. */
#include "client.h"
#include "output.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"
#include "../body.h"

#define PAGE 1000

char *client_path(const struct cli *cli, const char *rest) {
        return item_path("clients", operand(&cli->arguments, 0), rest);
}

/* ---- printing ---- */

void client_print(const struct cli *cli, const json_t *client) {
        if (cli->json) {
                output_json(client);
                return;
        }
        output_field("id", member_text(client, "id"));
        output_field("name", member_text(client, "name"));
        output_field_words("audiences", json_object_get(client, "audiences"));
        output_field_words("scopes", json_object_get(client, "scopes"));
        printf("  %-11s %s\n", "enabled",
               json_is_true(json_object_get(client, "enabled")) ? "yes" : "no");
        output_field("created", member_text(client, "created_at"));
}

enum status client_print_secret(const struct cli *cli, json_t *client) {
        json_t *secret = json_object_get(client, "secret");

        if (!json_is_string(secret)) {
                log_error("jetond's answer holds no secret");
                return STATUS_REFUSED;
        }
        if (cli->json)
                output_json(client);
        else
                puts(json_string_value(secret));
        json_wipe_string(secret);
        fputs("This secret is shown once: jetond keeps only a digest of it.\n", stderr);
        return STATUS_DONE;
}

/* ---- list ---- */

static enum status read_page(struct cli *cli, size_t skip, json_t *list, size_t *ret_count) {
        _cleanup_(answer_clear) struct answer answer = {0};
        char path[64];

        snprintf(path, sizeof path, "/clients?skip=%zu&limit=%d", skip, PAGE);
        if (ask_as_peer(cli, "GET", path, NULL, &answer) < 0)
                return STATUS_REFUSED;
        if (answer.status != 200)
                return refused(cli, &answer);
        if (!json_is_array(answer.json) || json_array_extend(list, answer.json) < 0) {
                log_error("jetond's answer is no list of clients");
                return STATUS_REFUSED;
        }
        *ret_count = json_array_size(answer.json);
        return STATUS_DONE;
}

static void print_row(const json_t *client) {
        struct text id = member_text(client, "id");

        output_text(id);
        printf("%*s  %-8s  ", id.len < 24 ? (int)(24 - id.len) : 0, "",
               json_is_true(json_object_get(client, "enabled")) ? "active" : "disabled");
        output_words(json_object_get(client, "audiences"));
        putchar('\n');
}

static enum status list_run(struct cli *cli) {
        _cleanup_(json_decrefp) json_t *list = json_array();
        enum status status;
        size_t count = 0;

        do {
                status = read_page(cli, json_array_size(list), list, &count);
                if (status != STATUS_DONE)
                        return status;
        } while (count == PAGE);
        if (!cli->json)
                printf("%-24s  %-8s  %s\n", "ID", "STATE", "AUDIENCES");
        output_list(list, print_row, cli->json);
        return STATUS_DONE;
}

const struct command command_client_list = {
        .words = "client list",
        .operands = "",
        .line = "List the confidential clients (admin)",
        .run = list_run,
};

/* ---- show ---- */

static enum status show_run(struct cli *cli) {
        _cleanup_(answer_clear) struct answer answer = {0};
        _cleanup_(freep) char *path = client_path(cli, "");

        if (!path || ask_as_peer(cli, "GET", path, NULL, &answer) < 0)
                return STATUS_REFUSED;
        if (answer.status != 200)
                return refused(cli, &answer);
        client_print(cli, answer.json);
        return STATUS_DONE;
}

const struct command command_client_show = {
        .words = "client show",
        .operands = "ID",
        .operands_min = 1,
        .operands_max = 1,
        .line = "Show a confidential client (admin)",
        .run = show_run,
};
