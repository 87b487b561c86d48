/* POST /import/users, part by part. */
#include "batch.h"

#include "../../../common/cleanup.h"
#include "../../../common/clock.h"
#include "../../../common/log.h"
#include "../../../common/wire/wire.h"
#include "../../body.h"
#include "../ask.h"

#include <poll.h>

/* Room for the braces around the users. */
#define BODY_MAX (WIRE_BODY_MAX - 1024)

/* A daemon that is busy is asked again, about fewer at a time, and about one for so long. */
#define BUSY_MS  30000
#define PAUSE_MS 500

/* What no request could hold is refused here. */
static size_t user_len(struct row *row) {
        size_t len = row->kind == ROW_USER ? json_dumpb(row->user, NULL, 0, JSON_COMPACT) + 1 : 0;

        if (len <= BODY_MAX)
                return len;
        row_refuse(row, "is longer than any request can be");
        return 0;
}

int batch_add(struct batch *batch, struct row *row) {
        size_t len = user_len(row);

        if (batch->count == BATCH_ROWS || batch->len + len > BODY_MAX)
                return -ENOBUFS;
        batch->rows[batch->count++] = *row;
        batch->len += len;
        *row = (struct row){0};
        return 0;
}

void batch_clear(struct batch *batch) {
        size_t i;

        for (i = 0; i < batch->count; i++)
                row_clear(&batch->rows[i]);
        batch->count = batch->len = batch->next = 0;
}

static size_t part_end(const struct batch *batch) {
        size_t left = batch->count - batch->next;

        return batch->next + (left < batch->at_a_time ? left : batch->at_a_time);
}

static json_t *body_of(const struct batch *batch) {
        json_t *users = json_array(), *body = json_object();
        size_t i;

        for (i = batch->next; i < part_end(batch); i++)
                if (batch->rows[i].kind == ROW_USER)
                        json_array_append(users, batch->rows[i].user);
        json_object_set_new(body, "users", users);
        json_object_set_new(body, "dry_run", json_boolean(batch->is_dry));
        json_object_set_new(body, "allow_account_names", json_boolean(batch->allow_account_names));
        return body;
}

/* What is left of the rows, or fewer of them. */
static int ask_once(struct cli *cli, const struct batch *batch, struct answer *ret,
                    size_t *ret_count) {
        _cleanup_(json_decrefp) json_t *body = body_of(batch);

        *ret_count = json_array_size(json_object_get(body, "users"));
        return *ret_count > 0 ? ask_as_peer(cli, "POST", "/import/users", body, ret) : 0;
}

static int ask(struct cli *cli, struct batch *batch, struct answer *ret, size_t *ret_count) {
        int64_t until = clock_monotonic_ms() + BUSY_MS;
        int r;

        for (;;) {
                r = ask_once(cli, batch, ret, ret_count);
                if (r < 0 || ret->status != 503)
                        return r;
                if (batch->at_a_time > 1)
                        until = clock_monotonic_ms() + BUSY_MS;
                else if (clock_monotonic_ms() > until)
                        return 0;
                batch->at_a_time -= batch->at_a_time / 2;
                answer_clear(ret);
                if (poll(NULL, 0, PAUSE_MS) < 0)
                        return -EINTR;
        }
}

/* The daemon's own sentence, made printable. */
static void refused_by_daemon(struct report *report, const struct row *row, const json_t *answer) {
        const char *why = json_string_value(json_object_get(answer, "error_description"));

        report_refused(report, row, log_escape(text_of(why ? why : "jetond gave no reason")).text);
}

static void user_report(struct report *report, const struct row *row, const json_t *answer) {
        const char *status = json_string_value(json_object_get(answer, "status"));

        if (status && (strcmp(status, "imported") == 0 || strcmp(status, "importable") == 0))
                report_imported(report, row);
        else if (status && strcmp(status, "exists") == 0)
                report_exists(report, row);
        else
                refused_by_daemon(report, row, answer);
}

/* `answers` has one for each user among the rows of the part, in their order. */
static void part_report(struct batch *batch, const json_t *answers, struct report *report) {
        size_t end = part_end(batch), next = 0;

        for (; batch->next < end; batch->next++) {
                const struct row *row = &batch->rows[batch->next];

                if (row->kind == ROW_USER)
                        user_report(report, row, json_array_get(answers, next++));
                else if (row->kind == ROW_LEFT_OUT)
                        report_left_out(report);
                else
                        report_refused(report, row, row->reason);
        }
        batch->at_a_time += batch->at_a_time < BATCH_ROWS;
}

static enum status part_send(struct cli *cli, struct batch *batch, struct report *report) {
        _cleanup_(answer_clear) struct answer answer = {0};
        size_t count;

        if (ask(cli, batch, &answer, &count) < 0)
                return STATUS_REFUSED;
        if (count > 0 && answer.status != 200)
                return refused(cli, &answer);
        if (json_array_size(answer.json) != count) {
                log_error("jetond's answer is not about these users");
                return STATUS_REFUSED;
        }
        part_report(batch, answer.json, report);
        return STATUS_DONE;
}

enum status batch_send(struct cli *cli, struct batch *batch, struct report *report) {
        enum status status = STATUS_DONE;

        while (status == STATUS_DONE && batch->next < batch->count)
                status = part_send(cli, batch, report);
        if (status == STATUS_DONE)
                batch_clear(batch);
        return status;
}
