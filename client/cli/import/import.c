/* jeton user import: users whom another system had, with their hashes, out of a file.
 *
 * A line that is wrong is told by its number and takes no other along. What is imported stays, so
 * the same command again goes on where one was interrupted. */
#include "batch.h"
#include "report.h"
#include "source.h"

#include "../../../common/cleanup.h"
#include "../../../common/log.h"
#include "../../../common/name.h"
#include "../../body.h"

#include <signal.h>
#include <stdlib.h>

struct import {
        struct source source;
        struct batch batch;
        struct report report;
        json_t *lines; /* of each name the line, or row, where it was; an object */
        bool forgets_passwords;
};

static void import_clear(struct import *import) {
        source_close(&import->source);
        batch_clear(&import->batch);
        report_clear(&import->report);
        json_decref(import->lines);
}

static void import_freep(struct import **import) {
        if (*import)
                import_clear(*import);
        free(*import);
}

/* ---- Ctrl-C ends it between two parts; a second one at once ---- */

static volatile sig_atomic_t interrupted;

static void interrupt(int signal_number) {
        interrupted = signal_number;
}

static void listen_for_interrupt(void) {
        const struct sigaction action = {.sa_handler = interrupt, .sa_flags = (int)SA_RESETHAND};

        sigaction(SIGINT, &action, NULL);
        sigaction(SIGTERM, &action, NULL);
}

/* The shell learns from the status that it was a signal. */
static void end_as_interrupted(void) {
        fflush(stdout);
        signal(interrupted, SIG_DFL);
        raise(interrupted);
}

/* ---- one row ---- */

/* A name that stands twice is most likely a mistake in the file: the first one counts. */
static void refuse_double(struct import *import, struct row *row) {
        const char *name = row_name(row).p;
        const json_t *first = json_object_get(import->lines, name);

        if (first)
                row_refuse(row, "%s %lld has this name already", import->report.unit,
                           (long long)json_integer_value(first));
        else
                json_object_set_new(import->lines, name, json_integer((json_int_t)row->line));
}

static enum status row_take(struct cli *cli, struct import *import, struct row *row) {
        enum status status = STATUS_DONE;

        if (row->kind == ROW_USER)
                refuse_double(import, row);
        if (batch_add(&import->batch, row) == 0)
                return STATUS_DONE;
        status = batch_send(cli, &import->batch, &import->report);
        if (status == STATUS_DONE)
                batch_add(&import->batch, row);
        return status;
}

/* ---- all of them ---- */

/* STATUS_DONE where there was a row. */
static enum status import_row(struct cli *cli, struct import *import, bool *ret_at_end) {
        _cleanup_(row_clear) struct row row = {0};
        int r = source_next(&import->source, &row);

        *ret_at_end = r == -ENOENT;
        if (r < 0)
                return *ret_at_end || r == -EINTR ? STATUS_DONE : STATUS_REFUSED;
        if (import->forgets_passwords)
                row_forget_password(&row);
        return row_take(cli, import, &row);
}

/* Until the end of the file, or of patience. What was gathered is sent in any case. */
static enum status import_rows(struct cli *cli, struct import *import, bool *ret_is_whole) {
        enum status status = STATUS_DONE;
        bool at_end = false;

        while (status == STATUS_DONE && !at_end && !interrupted) {
                status = import_row(cli, import, &at_end);
                report_progress(&import->report, import->source.lines.at.offset,
                                import->source.size);
        }
        if (status == STATUS_DONE)
                status = batch_send(cli, &import->batch, &import->report);
        if (at_end && source_finish(&import->source) < 0)
                status = STATUS_REFUSED;
        *ret_is_whole = at_end && status == STATUS_DONE && !interrupted;
        return status;
}

static enum status import_run(struct cli *cli, struct import *import) {
        bool is_whole = false;
        enum status status;

        listen_for_interrupt();
        status = import_rows(cli, import, &is_whole);
        report_progress_end(&import->report);
        if (interrupted)
                log_error("interrupted");
        import->report.more_lines = import->source.record.more;
        report_print(&import->report, import->source.table.ignored, is_whole);
        if (interrupted)
                end_as_interrupted();
        return import->report.refused > 0 ? STATUS_REFUSED : status;
}

/* "FROM=TO": a FROM may be anything, a TO is what a role is here, or nothing. */
static int role_name_read(const char *value, json_t *role_names) {
        _cleanup_(freep) char *from = strdup(value);
        char *sign = from ? strrchr(from, '=') : NULL;

        if (!sign || sign == from || (sign[1] && !name_is_role(text_of(sign + 1)))) {
                log_error("--map-role is FROM=TO: TO is a-z and then a-z 0-9 _ . : -, or nothing");
                return -EINVAL;
        }
        *sign = '\0';
        return json_object_set_new(role_names, from, json_string(sign + 1));
}

static int role_names_read(const struct arguments *arguments, json_t **ret) {
        _cleanup_(json_decrefp) json_t *role_names = json_object();
        const char *value;
        size_t at = 0;

        while ((value = option_next(arguments, OPTION_MAP_ROLE, &at)))
                if (role_name_read(value, role_names) < 0)
                        return -EINVAL;
        *ret = take(role_names);
        return 0;
}

/* Of the options that take one of some words. */
static bool words_are_known(const struct arguments *arguments) {
        const char *format = option_value(arguments, OPTION_FORMAT);
        const char *from = option_value(arguments, OPTION_NAME_FROM);

        if (format && format_named(format) == FORMAT_UNKNOWN)
                log_error("--format is one of: %s", FORMATS);
        else if (from && strcmp(from, "email") != 0)
                log_error("--name-from is one of: email");
        else
                return true;
        return false;
}

static enum status import_source(const struct arguments *arguments, struct source *source) {
        const char *passwd = option_value(arguments, OPTION_PASSWD);
        struct table table = {
                .may_lack_hashes = option_is_given(arguments, OPTION_WITHOUT_PASSWORDS),
                .names_from_email = option_is_given(arguments, OPTION_NAME_FROM),
        };

        if (!words_are_known(arguments) || role_names_read(arguments, &table.role_names) < 0)
                return STATUS_USAGE;
        if (source_open(operand(arguments, 0), option_value(arguments, OPTION_FORMAT), &table,
                        source) < 0)
                return STATUS_REFUSED;
        if (passwd && source->format != FORMAT_SHADOW) {
                log_error("--passwd goes with lines of shadow(5)");
                return STATUS_USAGE;
        }
        return passwd && source_read_passwd(source, passwd) < 0 ? STATUS_REFUSED : STATUS_DONE;
}

static enum status import_open(struct cli *cli, struct import *import) {
        const struct arguments *arguments = &cli->arguments;
        bool is_dry = option_is_given(arguments, OPTION_DRY_RUN);
        enum status status = import_source(arguments, &import->source);

        if (status != STATUS_DONE)
                return status;
        import->forgets_passwords = option_is_given(arguments, OPTION_WITHOUT_PASSWORDS);
        import->batch.at_a_time = BATCH_ROWS;
        import->batch.is_dry = is_dry;
        import->batch.allow_account_names = option_is_given(arguments, OPTION_ALLOW_ACCOUNT_NAME);
        import->lines = json_object();
        if (!import->lines || report_begin(&import->report, cli->json, is_dry) < 0) {
                log_error("out of memory");
                return STATUS_REFUSED;
        }
        import->report.unit = import->source.format == FORMAT_SQLITE ? "row" : "line";
        cli->timeout_ms = BATCH_TIMEOUT_MS;
        cli->json = false; /* the report is the one document, also after a refusal */
        return STATUS_DONE;
}

static enum status run(struct cli *cli) {
        _cleanup_(import_freep) struct import *import = calloc(1, sizeof *import);
        enum status status;

        if (!import)
                return STATUS_REFUSED;
        import->source.lines.fd = -1;
        status = import_open(cli, import);
        return status == STATUS_DONE ? import_run(cli, import) : status;
}

const struct command command_user_import = {
        .words = "user import",
        .operands = "FILE",
        .operands_min = 1,
        .operands_max = 1,
        .options = OPTION_BIT(OPTION_FORMAT) | OPTION_BIT(OPTION_DRY_RUN) |
                   OPTION_BIT(OPTION_PASSWD) | OPTION_BIT(OPTION_ALLOW_ACCOUNT_NAME) |
                   OPTION_BIT(OPTION_WITHOUT_PASSWORDS) | OPTION_BIT(OPTION_NAME_FROM) |
                   OPTION_BIT(OPTION_MAP_ROLE),
        .values = FORMATS,
        .line = "Import users with their password hashes (admin)",
        .more = "FILE is lines of shadow(5), CSV whose first line names the columns, JSON lines "
                "as\n"
                "`jeton user export` writes them, or a SQLite database with a table users; \"-\" "
                "is\n"
                "standard input. Which of them it is, its first bytes say.\n"
                "Who is there already stays as he is: the same command again goes on where it was\n"
                "interrupted. The status is 0 when no line or row was refused.",
        .run = run,
};
