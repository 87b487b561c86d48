/* Counts, the bar, and the words at the end. */
#include "report.h"

#include "../../../common/cleanup.h"
#include "../../../common/clock.h"
#include "../output.h"

#include <stdio.h>
#include <unistd.h>

#define DRAW_MS   100
#define BAR_WIDTH 30

int report_begin(struct report *report, bool is_json, bool is_dry) {
        *report = (struct report){
                .is_json = is_json,
                .is_dry = is_dry,
                .shows_progress = isatty(STDERR_FILENO) == 1,
                .refusals = json_array(),
                .names = json_array(),
        };
        return report->refusals && report->names ? 0 : -ENOMEM;
}

void report_clear(struct report *report) {
        json_decref(report->refusals);
        json_decref(report->names);
        *report = (struct report){0};
}

/* ---- the bar: behind it the cursor is at its beginning, so that what is said meanwhile is ---- */

void report_progress(struct report *report, uint64_t offset, uint64_t size) {
        unsigned long users = report->imported + report->exists;
        int64_t now = clock_monotonic_ms();
        int filled;

        if (!report->shows_progress || (report->drawn_ms && now < report->drawn_ms + DRAW_MS))
                return;
        report->drawn_ms = now;
        if (size == 0) {
                fprintf(stderr, "\r%lu users\033[K\r", users);
                return;
        }
        offset = offset < size ? offset : size;
        filled = (int)(offset * BAR_WIDTH / size);
        fprintf(stderr, "\r[%.*s%*s] %3d%%  %lu users\033[K\r", filled,
                "##############################", BAR_WIDTH - filled, "",
                (int)(offset * 100 / size), users);
}

void report_progress_end(struct report *report) {
        if (report->drawn_ms)
                fputs("\r\033[K", stderr);
        report->drawn_ms = 0;
}

/* ---- row by row ---- */

static bool is_admin(const struct row *row) {
        const json_t *roles = json_object_get(row->user, "roles"), *role;
        size_t i;

        json_array_foreach(roles, i, role) {
                if (strcmp(json_string_value(role), "admin") == 0)
                        return true;
        }
        return false;
}

void report_imported(struct report *report, const struct row *row) {
        report->imported++;
        report->admins += is_admin(row);
        report->without_password += !json_object_get(row->user, "password_hash");
}

void report_exists(struct report *report, const struct row *row) {
        report->exists++;
        if (json_array_size(report->names) < REPORT_NAMES_MAX)
                json_array_append(report->names, json_object_get(row->user, "username"));
}

void report_left_out(struct report *report) {
        report->left_out++;
}

static void refusal_keep(struct report *report, const struct row *row, const char *reason) {
        const struct text name = row_name(row);
        json_t *refusal = json_object();

        json_object_set_new(refusal, report->unit, json_integer((json_int_t)row->line));
        json_object_set_new(refusal, "username",
                            name.len > 0 ? json_stringn(name.p, name.len) : json_null());
        json_object_set_new(refusal, "reason", json_string(reason));
        json_array_append_new(report->refusals, refusal);
}

static void refusal_print(struct report *report, const struct row *row, const char *reason) {
        report_progress_end(report);
        printf("%s %lu", report->unit, row->line);
        if (row_name(row).len > 0) {
                fputs(", ", stdout);
                output_text(row_name(row));
        }
        printf(": %s\n", reason);
        /* In the order in which it came about, also where it goes to a pipe with the errors. */
        fflush(stdout);
}

void report_refused(struct report *report, const struct row *row, const char *reason) {
        report->refused++;
        if (report->is_json)
                refusal_keep(report, row, reason);
        else
                refusal_print(report, row, reason);
}

/* ---- the end ---- */

static void print_names(const struct report *report) {
        const json_t *name;
        size_t i;

        if (report->exists == 0)
                return;
        fputs("  already there: ", stdout);
        json_array_foreach(report->names, i, name) {
                fputs(i > 0 ? ", " : "", stdout);
                output_text((struct text){json_string_value(name), json_string_length(name)});
        }
        if (report->exists > json_array_size(report->names))
                printf(" and %lu more", report->exists - json_array_size(report->names));
        putchar('\n');
}

static void print_ignored(const json_t *ignored) {
        const char *name, *between = "";
        json_t *value;

        if (json_object_size(ignored) == 0)
                return;
        fputs("  columns that jeton has no use for: ", stdout);
        json_object_foreach((json_t *)(uintptr_t)ignored, name, value) {
                fputs(between, stdout);
                output_text(text_of(name));
                between = ", ";
        }
        putchar('\n');
}

static void print_text(const struct report *report, const json_t *ignored, bool is_whole) {
        printf("%lu %s, %lu already there, %lu left out, %lu refused%s\n", report->imported,
               report->is_dry ? "would be imported" : "imported", report->exists, report->left_out,
               report->refused, report->is_dry ? "; nothing is changed" : "");
        print_names(report);
        if (report->left_out > 0)
                puts("  left out: accounts without the hash of a password");
        if (report->without_password > 0)
                printf("  without a password, until `jeton user passwd NAME` gives one: %lu\n",
                       report->without_password);
        if (report->admins > 0)
                printf("  with the role admin, so administrators of jeton: %lu\n", report->admins);
        if (report->more_lines > 0)
                printf("  lines that go on within a quote, as part of the one above: %lu\n",
                       report->more_lines);
        print_ignored(ignored);
        if (!is_whole && report->imported + report->exists > 0 && !report->is_dry)
                puts("  what is imported stays: the same command again goes on with the others");
}

static json_t *names_of(const json_t *ignored) {
        json_t *names = json_array(), *value;
        const char *name;

        json_object_foreach((json_t *)(uintptr_t)ignored, name, value) {
                json_array_append_new(names, json_string(name));
        }
        return names;
}

static void print_json(const struct report *report, const json_t *ignored, bool is_whole) {
        json_t *all = json_object();

        json_object_set_new(all, "dry_run", json_boolean(report->is_dry));
        json_object_set_new(all, "complete", json_boolean(is_whole));
        json_object_set_new(all, report->is_dry ? "importable" : "imported",
                            json_integer((json_int_t)report->imported));
        json_object_set_new(all, "exists", json_integer((json_int_t)report->exists));
        json_object_set_new(all, "left_out", json_integer((json_int_t)report->left_out));
        json_object_set_new(all, "admins", json_integer((json_int_t)report->admins));
        json_object_set_new(all, "without_password",
                            json_integer((json_int_t)report->without_password));
        json_object_set_new(all, "continuation_lines",
                            json_integer((json_int_t)report->more_lines));
        json_object_set(all, "refused", report->refusals);
        json_object_set_new(all, "ignored_columns", names_of(ignored));
        output_json(all);
        json_decref(all);
}

void report_print(struct report *report, const json_t *ignored, bool is_whole) {
        report_progress_end(report);
        if (report->is_json)
                print_json(report, ignored, is_whole);
        else
                print_text(report, ignored, is_whole);
}
