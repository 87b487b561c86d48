/* jeton status: is the daemon there, whose is it, is it well, and which keys did it publish? */
#include "ask.h"
#include "local.h"
#include "output.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../common/jwt/signature.h"
#include "../../common/log.h"

#include <sys/socket.h>

static const char *const state_words[] = {
        [KEY_PREPARED] = "prepared",
        [KEY_ACTIVE] = "active",
        [KEY_RETIRED] = "retired",
};

struct report {
        bool has_server, is_well, has_keys;
        uid_t server_uid;
        struct keys_table keys;
};

/* exchange_connect() has already refused a server that is neither root's nor ours. */
static void look_at_server(const struct cli *cli, struct report *report) {
        _cleanup_(closep) int fd = -1;
        struct ucred server;
        socklen_t len = sizeof server;

        if (exchange_connect(cli->place.socket_path, cli->place.also_uid,
                             clock_monotonic_ms() + CLI_TIMEOUT_MS, &fd) < 0)
                return;
        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &server, &len) < 0)
                return;
        report->has_server = true;
        report->server_uid = server.uid;
}

static void look_at_health(struct cli *cli, struct report *report) {
        _cleanup_(answer_clear) struct answer answer = {0};

        if (ask_anonymously(cli, "/health", &answer) < 0)
                return;
        report->is_well = answer.status == 200;
        if (!report->is_well && answer_refusal(&answer, &cli->failure) < 0)
                log_error("%s", cli->failure.text);
}

static void look_at_keys(const struct cli *cli, struct report *report) {
        int r;

        r = local_keys(&cli->place, &report->keys);
        report->has_keys = r == 0;
        if (r < 0)
                log_error("cannot read the published keys in %s/keys: %s", cli->place.dir,
                          strerror(-r));
}

static const char *state_word(uint32_t state) {
        const char *word = state < ELEMENTS(state_words) ? state_words[state] : NULL;

        return word ? word : "?";
}

static const char *algorithm_word(uint32_t algorithm) {
        const char *word = algorithm_name((enum key_algorithm)algorithm);

        return word ? word : "?";
}

static void print_report(const struct cli *cli, const struct report *report) {
        uint32_t i;

        output_field("socket", text_of(cli->place.socket_path));
        printf("  %-11s %s\n", "daemon", report->has_server ? "reachable" : "not reachable");
        if (report->has_server)
                printf("  %-11s %u\n", "started by", (unsigned)report->server_uid);
        printf("  %-11s %s\n", "health", report->is_well ? "ok" : "not ok");
        if (!report->has_keys)
                return;
        output_field("issuer", text_of(report->keys.issuer));
        for (i = 0; i < report->keys.count; i++) {
                printf("  %-11s %s %s ", "key", algorithm_word(report->keys.keys[i].algorithm),
                       state_word(report->keys.keys[i].state));
                output_text(text_of(report->keys.keys[i].kid));
                putchar('\n');
        }
}

static json_t *keys_json(const struct keys_table *table) {
        json_t *list = json_array();
        uint32_t i;

        for (i = 0; i < table->count; i++)
                json_array_append_new(list,
                                      json_pack("{s:s, s:s, s:s}", "kid", table->keys[i].kid, "alg",
                                                algorithm_word(table->keys[i].algorithm), "state",
                                                state_word(table->keys[i].state)));
        return list;
}

static void print_report_json(const struct cli *cli, const struct report *report) {
        json_t *object = json_pack("{s:s, s:b, s:b}", "socket", cli->place.socket_path, "reachable",
                                   report->has_server, "healthy", report->is_well);

        if (report->has_server)
                json_object_set_new(object, "server_uid", json_integer(report->server_uid));
        if (report->has_keys) {
                json_object_set_new(object, "issuer", json_string(report->keys.issuer));
                json_object_set_new(object, "keys", keys_json(&report->keys));
        }
        output_json(object);
        json_decref(object);
}

static enum status run(struct cli *cli) {
        _cleanup_(freep) struct report *report = calloc(1, sizeof *report);

        if (!report)
                return STATUS_REFUSED;
        look_at_server(cli, report);
        look_at_health(cli, report);
        look_at_keys(cli, report);
        if (cli->json)
                print_report_json(cli, report);
        else
                print_report(cli, report);
        return report->is_well && report->has_keys ? STATUS_DONE : STATUS_REFUSED;
}

const struct command command_status = {
        .words = "status",
        .operands = "",
        .line = "Tell whether the daemon is there and well, and its keys",
        .run = run,
};
