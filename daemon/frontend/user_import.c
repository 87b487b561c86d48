/* POST /import/users: root brings users that another system had.
 *
 *         user_import_begin()      may the caller do it: the authority is asked with no rows, and
 *                                  until it has said so the body is bytes that nobody reads
 *         import_allowed()         the body becomes rows
 *         import_go_on()           as many as a message holds go to the authority; what becomes of
 *                                  each is listed in their order
 *
 * A row that cannot be read is refused here, and takes no other along. */
#include "routes.h"

#include "../../common/cleanup.h"
#include "../privsep/import_row.h"
#include "call.h"
#include "request.h"
#include "user_import.h"

struct user_import {
        struct json_values body;
        struct msg_ask_user_import ask; /* but for its rows */
        size_t next, count;             /* of the rows in the body */
        size_t waiting;                 /* answers that are to come */
        struct import_rows rows;
};

void user_import_free(struct user_import *import) {
        if (!import)
                return;
        json_values_clear(&import->body);
        explicit_bzero(&import->rows, sizeof import->rows);
        free(import);
}

/* ---- the body ---- */

enum member {
        MEMBER_USERS,
        MEMBER_DRY_RUN,
        MEMBER_ALLOW_ACCOUNT_NAMES,
        MEMBER_COUNT,
};

/* clang-format off */
_Static_assert(JSON_OBJECTS_MAX == 1000, "as the text says");

static const struct json_member members[MEMBER_COUNT] = {
        [MEMBER_USERS] =   {"users", JSON_KIND_OBJECTS, true, false,
                            "users must be an array of at most 1000 objects"},
        [MEMBER_DRY_RUN] = {"dry_run", JSON_KIND_FLAG, false, false,
                            "dry_run must be true or false"},
        [MEMBER_ALLOW_ACCOUNT_NAMES] =
                           {"allow_account_names", JSON_KIND_FLAG, false, false,
                            "allow_account_names must be true or false"},
};

enum row_member {
        ROW_USERNAME,
        ROW_PASSWORD_HASH,
        ROW_FULL_NAME,
        ROW_EMAIL,
        ROW_ROLES,
        ROW_DISABLED,
        ROW_MUST_CHANGE,
        ROW_CREATED_AT,
        ROW_PASSWORD_CHANGED_AT,
        ROW_EXPIRES_AT,
        ROW_COUNT,
};

static const struct json_member row_members[ROW_COUNT] = {
        [ROW_USERNAME] =      {"username", JSON_KIND_STRING, true, false,
                               "username must be a text without NUL"},
        [ROW_PASSWORD_HASH] = {"password_hash", JSON_KIND_STRING, false, true,
                               "password_hash must be a text without NUL, or null"},
        [ROW_FULL_NAME] =     {"full_name", JSON_KIND_STRING, false, true,
                               "full_name must be a text without NUL, or null"},
        [ROW_EMAIL] =         {"email", JSON_KIND_STRING, false, true,
                               "email must be a text without NUL, or null"},
        [ROW_ROLES] =         {"roles", JSON_KIND_WORDS, false, false,
                               "roles must be an array of texts without spaces"},
        [ROW_DISABLED] =      {"disabled", JSON_KIND_FLAG, false, false,
                               "disabled must be true or false"},
        [ROW_MUST_CHANGE] =   {"must_change_password", JSON_KIND_FLAG, false, false,
                               "must_change_password must be true or false"},
        [ROW_CREATED_AT] =    {"created_at", JSON_KIND_TIME, false, true,
                               "created_at must be a time like 2026-01-31T12:00:00Z, or null"},
        [ROW_PASSWORD_CHANGED_AT] =
                              {"password_changed_at", JSON_KIND_TIME, false, true,
                               "password_changed_at must be a time like 2026-01-31T12:00:00Z, or "
                               "null"},
        [ROW_EXPIRES_AT] =    {"expires_at", JSON_KIND_TIME, false, true,
                               "expires_at must be a time like 2026-01-31T12:00:00Z, or null"},
};
/* clang-format on */

static void row_fill(const struct json_values *values, struct import_row *ret) {
        *ret = (struct import_row){
                .username = values->at[ROW_USERNAME].text,
                .password_hash = values->at[ROW_PASSWORD_HASH].text,
                .full_name = values->at[ROW_FULL_NAME].text,
                .email = values->at[ROW_EMAIL].text,
                .roles = values->at[ROW_ROLES].text,
                .disabled = values->at[ROW_DISABLED].flag,
                .must_change = values->at[ROW_MUST_CHANGE].flag,
                .created_at = values->at[ROW_CREATED_AT].time,
                .password_changed_at = values->at[ROW_PASSWORD_CHANGED_AT].time,
                .expires_at = values->at[ROW_EXPIRES_AT].time,
        };
}

_Static_assert(FULL_NAME_MAX == 256 && EMAIL_MAX == 254 && ROLES_MAX == 1024 &&
                       PASSWORD_HASH_MAX == 383,
               "as the text says");

static const char too_long[] = "username or full_name is longer than 256 bytes, email than 254, "
                               "password_hash than 383, or roles together than 1024";

/* Adds the next row to those that are to be asked about. 0; -ENOBUFS: it is for another message;
 * -EBADMSG with a fault: it is no row. */
static int row_add(struct request *request, struct user_import *import) {
        _cleanup_(json_values_clear) struct json_values values = {0};
        struct import_row row;
        int r;

        r = json_read_element(&import->body, "users", import->next, row_members, ROW_COUNT, &values,
                              &request->fault);
        if (r < 0)
                return r;
        row_fill(&values, &row);
        r = import_rows_add(&import->rows, &row);
        return r == -EMSGSIZE ? fault_bad_request(&request->fault, too_long) : r;
}

/* ---- what has become of the rows ---- */

static const char *const outcomes[IMPORT_OUTCOME_COUNT] = {
        [IMPORT_REFUSED] = "refused",
        [IMPORT_DONE] = "imported",
        [IMPORT_FINE] = "importable",
        [IMPORT_EXISTS] = "exists",
};

static void outcome_append(struct request *request, const struct msg_answer_imported *imported) {
        _cleanup_(json_clear) struct json row;

        json_begin_object(&row);
        json_add_text(&row, "status", text_of(outcomes[imported->outcome]));
        if (imported->id > 0)
                json_add_number(&row, "id", (long long)imported->id);
        json_add_text_if_any(&row, "error", imported->error);
        json_add_text_if_any(&row, "error_description", imported->description);
        json_append(&request->list, &row);
}

static void fault_append(struct request *request) {
        const struct msg_answer_imported refused = {
                .outcome = IMPORT_REFUSED,
                .error = text_of(request->fault.error),
                .description = text_of(request->fault.description),
        };

        outcome_append(request, &refused);
        request->fault = (struct fault){0};
}

static int imported_part(struct request *request, const union message *answer) {
        struct user_import *import = request->import;

        if (import->waiting == 0)
                return -EPROTO;
        import->waiting--;
        outcome_append(request, &answer->answer_imported);
        return 0;
}

/* ---- one question after the other ---- */

/* As many rows as fit. A broken one ends them, unless it is the first: its answer has its place. */
static int rows_gather(struct request *request, struct user_import *import) {
        int r = 0;

        while (import->next < import->count) {
                r = row_add(request, import);
                if (r == -EBADMSG && import->rows.count == 0)
                        fault_append(request);
                else if (r < 0)
                        break;
                import->next++;
        }
        if (r == -EBADMSG)
                request->fault = (struct fault){0};
        return r == -EBADMSG || r == -ENOBUFS ? 0 : r;
}

static int import_go_on(struct request *request);

static int import_finish(struct request *request, const union message *answer) {
        (void)answer;
        return request->import->waiting > 0 ? -EPROTO : import_go_on(request);
}

static int import_ask(struct request *request, struct user_import *import) {
        static const struct exchange asking = {
                .ask = MSG_ASK_USER_IMPORT,
                .answer = MSG_ANSWER_USERS_END,
                .finish = import_finish,
                .part = MSG_ANSWER_IMPORTED,
                .take_part = imported_part,
        };

        import->ask.rows = (struct text){import->rows.bytes, import->rows.len};
        import->waiting = import->rows.count;
        return call_ask(request, &asking, &import->ask);
}

static int import_go_on(struct request *request) {
        const struct reply reply = {.status = 200, .cache = CACHE_NEVER};
        struct user_import *import = request->import;
        int r;

        explicit_bzero(&import->rows, sizeof import->rows);
        r = rows_gather(request, import);
        if (r < 0)
                return r;
        if (import->rows.count > 0)
                return import_ask(request, import);
        return request_reply_json(request, &reply, &request->list);
}

static int read_body(struct request *request, struct user_import *import) {
        struct text body = {request->body, request->body_len};
        int r;

        r = json_read(body, members, MEMBER_COUNT, &import->body, &request->fault);
        if (r < 0)
                return r;
        import->count = import->body.at[MEMBER_USERS].count;
        import->ask = (struct msg_ask_user_import){
                .connection = request->number,
                .credential = CREDENTIAL_PEER,
                .dry_run = import->body.at[MEMBER_DRY_RUN].flag,
                .allow_account_names = import->body.at[MEMBER_ALLOW_ACCOUNT_NAMES].flag,
        };
        return 0;
}

static int import_allowed(struct request *request, const union message *answer) {
        int r;

        (void)answer;
        request->import = calloc(1, sizeof *request->import);
        if (!request->import)
                return -ENOMEM;
        r = read_body(request, request->import);
        if (r < 0)
                return r;
        json_begin_array(&request->list);
        return import_go_on(request);
}

int user_import_begin(struct request *request) {
        static const struct exchange allowing = {
                .ask = MSG_ASK_USER_IMPORT,
                .answer = MSG_ANSWER_USERS_END,
                .finish = import_allowed,
        };
        const struct msg_ask_user_import nobody = {
                .connection = request->number,
                .credential = CREDENTIAL_PEER,
                .dry_run = true,
        };

        if (request->authorization.scheme != SCHEME_PEER)
                return request_refuse(
                        request, 401, "invalid_token",
                        "users are imported with Authorization: Peer, not with a token");
        return call_ask(request, &allowing, &nobody);
}
