/* POST /import/users: users whom another system had, with their hashes, many in one call.
 *
 *         answer_user_import()     may the caller do it; each row is looked at by itself
 *         import_name_next()       names says of one after the other whether it is an account's
 *         import_write()           all that are good are written in one commit, each in its part
 *         import_answer()          and each row is answered
 *
 * A row that is refused takes no other along, and who is there already stays as he is: the same
 * file a second time finishes what the first one has begun. */
#include "answers.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../privsep/import_row.h"
#include "admin.h"
#include "audit.h"
#include "naming.h"
#include "user_rules.h"

#include <stdio.h>
#include <stdlib.h>

struct verdict {
        enum import_outcome outcome; /* IMPORT_FINE: nothing speaks against it so far */
        enum refusal refusal;        /* of IMPORT_REFUSED */
        uint64_t id;                 /* of IMPORT_DONE */
};

struct import {
        bool is_dry;
        size_t count, asked; /* rows, and of how many names has heard or need not hear */
        struct import_row rows[IMPORT_ROWS_MAX]; /* texts are lent by `bytes` */
        struct verdict verdicts[IMPORT_ROWS_MAX];
        struct secret *bytes;
};

static void import_free(void *step) {
        struct import *import = step;

        secret_free(import->bytes);
        free(import);
}

/* ---- the answer ---- */

static void import_audit(const struct call *call) {
        const struct import *import = call->step.import;
        size_t counts[IMPORT_OUTCOME_COUNT] = {0}, i;
        uint64_t first = 0, last = 0;
        char detail[128];

        for (i = 0; i < import->count; i++) {
                counts[import->verdicts[i].outcome]++;
                if (import->verdicts[i].outcome != IMPORT_DONE)
                        continue;
                last = import->verdicts[i].id;
                first = first ? first : last;
        }
        /* The ids of one commit follow each other. */
        snprintf(detail, sizeof detail, "imported=%zu exists=%zu refused=%zu ids=%llu-%llu",
                 counts[IMPORT_DONE], counts[IMPORT_EXISTS], counts[IMPORT_REFUSED],
                 (unsigned long long)first, (unsigned long long)last);
        audit(call, "user-import", "done", TEXT_NONE, detail);
}

static int row_send(struct call *call, const struct verdict *verdict) {
        struct msg_answer_imported answer = {
                .outcome = (uint8_t)verdict->outcome,
                .id = verdict->id,
        };

        if (verdict->outcome == IMPORT_REFUSED) {
                answer.error = refusal_get(verdict->refusal)->error;
                answer.description = refusal_get(verdict->refusal)->description;
        }
        return call_send(call, MSG_ANSWER_IMPORTED, &answer);
}

/* 503 also where they are stored: a second time each is answered that he is there. */
static int rows_answer(struct call *call) {
        const struct import *import = call->step.import;
        const struct msg_answer_users_end end = {.total = import->count};
        size_t i;
        int r;

        if (call_is_crowded(call))
                return call_refuse(call, REFUSAL_BUSY);
        for (i = 0; i < import->count; i++) {
                r = row_send(call, &import->verdicts[i]);
                if (r < 0)
                        return r;
        }
        return call_answer(call, MSG_ANSWER_USERS_END, &end);
}

static int import_answer(struct call *call) {
        import_audit(call);
        return rows_answer(call);
}

/* ---- the commit ---- */

struct part {
        const struct import_row *row;
        struct verdict *verdict;
        int64_t now;
};

/* What lies ahead would keep a password from ever growing old. */
static int64_t not_ahead(int64_t time, int64_t now) {
        return time < now ? time : now;
}

static int part_write(void *context, struct transaction *transaction) {
        const struct part *part = context;
        const struct import_row *row = part->row;
        _cleanup_(user_freep) struct user *user = NULL;
        enum users_conflict conflict = USERS_FINE;
        const struct new_user new_user = {
                .name = row->username,
                .full_name = row->full_name,
                .email = row->email,
                .roles = row->roles,
                .hash = row->password_hash,
                .disabled = row->disabled,
                .must_change = row->must_change,
                .expires_at = row->expires_at,
                .now = part->now,
                .created_at = not_ahead(row->created_at, part->now),
                .password_changed_at = not_ahead(row->password_changed_at, part->now),
        };
        int r;

        r = users_add(transaction, &new_user, &conflict, &user);
        if (r < 0)
                return r;
        part->verdict->outcome = user ? IMPORT_DONE : IMPORT_EXISTS;
        part->verdict->id = user ? user->id : 0;
        return 0;
}

/* What is wrong with one row alone is the schema's complaint. */
static int row_write(struct transaction *transaction, const struct part *part) {
        int r;

        r = transaction_try(transaction, part_write, (void *)(uintptr_t)part);
        if (r != -EINVAL)
                return r;
        *part->verdict = (struct verdict){.refusal = REFUSAL_BROKEN};
        return 0;
}

static int import_write(struct call *call, struct transaction *transaction) {
        struct import *import = call->step.import;
        int64_t now = clock_wall_s();
        size_t i;
        int r;

        for (i = 0; i < import->count; i++) {
                const struct part part = {&import->rows[i], &import->verdicts[i], now};

                if (import->verdicts[i].outcome != IMPORT_FINE)
                        continue;
                r = row_write(transaction, &part);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int import_store(struct call *call) {
        if (call->step.import->is_dry)
                return rows_answer(call);
        return call_commit(call, import_write, import_answer, call_fail);
}

/* ---- names of local accounts ---- */

static int import_name_next(struct call *call);

static int import_heard_of_account(struct call *call, const struct msg_account *account) {
        struct import *import = call->step.import;

        if (account->known)
                import->verdicts[import->asked] =
                        (struct verdict){.refusal = REFUSAL_IMPORT_ACCOUNT};
        import->asked++;
        return import_name_next(call);
}

static int import_name_next(struct call *call) {
        struct import *import = call->step.import;

        while (import->asked < import->count &&
               import->verdicts[import->asked].outcome != IMPORT_FINE)
                import->asked++;
        if (import->asked == import->count)
                return import_store(call);
        return naming_ask_account(call, import->rows[import->asked].username,
                                  import_heard_of_account);
}

/* ---- each row ---- */

/* Names with a meaning of their own are taken one by one, knowingly: POST /users can. */
static enum refusal row_check(const struct import_row *row) {
        enum refusal refusal;

        if (!name_is_user(row->username))
                return REFUSAL_USER_NAME;
        if (name_is_reserved(row->username))
                return REFUSAL_IMPORT_RESERVED;
        refusal = rule_profile(row->full_name, row->email, row->roles);
        if (!refusal && row->password_hash.len > 0)
                refusal = rule_password_hash(row->password_hash);
        return refusal == REFUSAL_PASSWORD_HASH ? REFUSAL_IMPORT_HASH : refusal;
}

static int row_judge(struct store *store, const struct import_row *row, struct verdict *ret) {
        _cleanup_(user_freep) struct user *user = NULL;
        int r;

        *ret = (struct verdict){.refusal = row_check(row)};
        if (ret->refusal)
                return 0;
        r = users_find_name(store, row->username, &user);
        ret->outcome = user ? IMPORT_EXISTS : IMPORT_FINE;
        return r == -ENOENT ? 0 : r;
}

/* The second of two rows with one name finds the first one there, also where nothing is written. */
static void names_compare(struct import *import) {
        size_t i, j;

        for (i = 0; i < import->count; i++)
                for (j = 0; j < i; j++)
                        if (import->verdicts[i].outcome == IMPORT_FINE &&
                            import->verdicts[j].outcome == IMPORT_FINE &&
                            text_is(import->rows[i].username, import->rows[j].username))
                                import->verdicts[i].outcome = IMPORT_EXISTS;
}

/* They are whole: frontends.c has seen to it. */
static void rows_read(struct import *import) {
        struct text rest = secret_text(import->bytes);

        while (import_row_next(&rest, &import->rows[import->count]) == 0)
                import->count++;
}

static int rows_keep(struct call *call, const struct msg_ask_user_import *ask) {
        struct import *import = calloc(1, sizeof *import);
        int r;

        if (!import)
                return -ENOMEM;
        call->step.import = import;
        call->free_step = import_free;
        import->is_dry = ask->dry_run;
        r = secret_new(ask->rows.p, ask->rows.len, &import->bytes);
        if (r == 0)
                rows_read(import);
        return r;
}

static int rows_judge(struct call *call) {
        struct import *import = call->step.import;
        size_t i;
        int r = 0;

        for (i = 0; r == 0 && i < import->count; i++)
                r = row_judge(call->authority->store, &import->rows[i], &import->verdicts[i]);
        names_compare(import);
        return r;
}

int answer_user_import(struct call *call, const union message *message) {
        const struct msg_ask_user_import *ask = &message->ask_user_import;
        enum refusal refusal;
        int r;

        r = admin_check(call, ask->credential, TEXT_NONE, &refusal);
        if (r < 0)
                return r;
        refusal = call_list_refusal(call, refusal);
        if (refusal)
                return call_refuse(call, refusal);
        r = rows_keep(call, ask);
        if (r == 0)
                r = rows_judge(call);
        if (r < 0)
                return r;
        return ask->allow_account_names ? import_store(call) : import_name_next(call);
}
