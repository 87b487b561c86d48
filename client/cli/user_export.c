/* jeton user export: everybody, with the hashes of their passwords, for another jeton or another
 * program. The database is read beside the daemon, which takes root (or the caller whose daemon it
 * is): no reply on the socket has a hash. The host's log is told. */
#include "command.h"
#include "output.h"
#include "replace.h"
#include "state.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"

#include <string.h>

static const struct {
        const char *format, *word;
} formats[] = {
        {"json", "--export-json"}, /* unless told */
        {"csv", "--export-csv"},
};

static const char *format_word(const char *format) {
        size_t i;

        for (i = 0; i < ELEMENTS(formats); i++)
                if (!format || strcmp(formats[i].format, format) == 0)
                        return formats[i].word;
        return NULL;
}

static int export_to(const char *word, int db, int output) {
        const struct state_task task = {
                .program = "jetond-authority",
                .word = word,
                .about = db,
        };

        state_audit("user-export", "");
        return state_run_to(&task, db, output);
}

static int export_to_file(const char *word, int db, const char *path) {
        _cleanup_(replacement_clear) struct replacement file = REPLACEMENT_NONE;
        int r;

        r = replacement_open(path, &file);
        if (r == 0)
                r = export_to(word, db, file.fd);
        if (r == 0)
                r = replacement_finish(&file);
        if (r < 0)
                replace_complain(path, "nothing was exported", r);
        return r;
}

static int export_to_output(const char *word, int db) {
        int r;

        r = export_to(word, db, STDOUT_FILENO);
        if (r < 0)
                replace_complain("standard output", "not all was exported", r);
        return r;
}

static enum status run(struct cli *cli) {
        const char *word = format_word(option_value(&cli->arguments, OPTION_FORMAT));
        const char *out = option_value(&cli->arguments, OPTION_OUT);
        _cleanup_(closep) int db = -1;
        int r;

        if (!word) {
                log_error("--format is json or csv");
                return STATUS_USAGE;
        }
        r = state_open(&cli->place, "db", &db);
        if (r == 0)
                r = out ? export_to_file(word, db, out) : export_to_output(word, db);
        if (r < 0)
                return STATUS_REFUSED;
        if (out && cli->json)
                output_json_fact("file", out);
        return STATUS_DONE;
}

const struct command command_user_export = {
        .words = "user export",
        .operands = "",
        .options = OPTION_BIT(OPTION_FORMAT) | OPTION_BIT(OPTION_OUT),
        .values = "json csv",
        .line = "Print all users with their passwords' hashes (root)",
        .more = "One JSON object a line, or CSV; `jeton user import` reads both. Whoever has the\n"
                "hashes can guess at the passwords: keep it as you keep the database. The daemon\n"
                "need not run.",
        .run = run,
};
