/* Users as JSON lines and as CSV, one at a time: however many there are, one is in memory. */
#include "user_export.h"

#include "../../common/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#define TIME_LEN 32

/* Empty where there is none. */
static const char *time_print(int64_t when, char text[TIME_LEN]) {
        time_t seconds = (time_t)when;
        struct tm parts;

        text[0] = '\0';
        if (when > 0 && when <= CLOCK_LAST_S && gmtime_r(&seconds, &parts))
                strftime(text, TIME_LEN, "%Y-%m-%dT%H:%M:%SZ", &parts);
        return text;
}

/* ---- JSON ---- */

/* What the store has is UTF-8 without control characters; a byte that is not would make no JSON. */
static void json_text(FILE *out, struct text text) {
        size_t i;

        putc('"', out);
        for (i = 0; i < text.len; i++) {
                unsigned char byte = (unsigned char)text.p[i];

                if (byte == '"' || byte == '\\')
                        putc('\\', out);
                if (byte < 0x20 || byte == 0x7f)
                        fprintf(out, "\\u%04x", byte);
                else
                        putc(byte, out);
        }
        putc('"', out);
}

static void json_text_or_null(FILE *out, const char *member, struct text text) {
        fprintf(out, ", \"%s\": ", member);
        if (text.len > 0)
                json_text(out, text);
        else
                fputs("null", out);
}

static void json_time(FILE *out, const char *member, int64_t when) {
        char text[TIME_LEN];

        json_text_or_null(out, member, text_of(time_print(when, text)));
}

static void json_bool(FILE *out, const char *member, bool value) {
        fprintf(out, ", \"%s\": %s", member, value ? "true" : "false");
}

static void json_roles(FILE *out, const char *roles) {
        struct text list = text_of(roles), role;
        const char *before = "";

        fputs(", \"roles\": [", out);
        while (text_next_word(&list, &role)) {
                fputs(before, out);
                json_text(out, role);
                before = ", ";
        }
        putc(']', out);
}

void user_write_json(FILE *out, const struct user *user) {
        if (!user)
                return;
        fprintf(out, "{\"id\": %" PRIu64 ", \"username\": ", user->id);
        json_text(out, text_of(user->name));
        json_text_or_null(out, "full_name", text_of(user->full_name));
        json_text_or_null(out, "email", text_of(user->email));
        json_roles(out, user->roles);
        if (user->has_uid)
                fprintf(out, ", \"uid\": %" PRIu32, user->uid);
        else
                fputs(", \"uid\": null", out);
        json_bool(out, "disabled", user->disabled);
        json_bool(out, "must_change_password", user->must_change);
        json_text_or_null(out, "password_hash", secret_text(user->hash));
        json_time(out, "password_changed_at", user->password_changed_at);
        json_time(out, "created_at", user->created_at);
        json_time(out, "expires_at", user->expires_at);
        fputs("}\n", out);
}

/* ---- CSV ---- */

/* Always in quotation marks: a comma, a mark or a line's end needs them, and the rest has no harm
 * of them. */
static void csv_text(FILE *out, struct text text) {
        size_t i;

        putc('"', out);
        for (i = 0; i < text.len; i++) {
                if (text.p[i] == '"')
                        putc('"', out);
                putc(text.p[i], out);
        }
        putc('"', out);
}

static void csv_field(FILE *out, struct text text) {
        putc(',', out);
        csv_text(out, text);
}

static void csv_time(FILE *out, int64_t when) {
        char text[TIME_LEN];

        fprintf(out, ",%s", time_print(when, text));
}

static void csv_bool(FILE *out, bool value) {
        fprintf(out, ",%s", value ? "true" : "false");
}

void user_write_csv(FILE *out, const struct user *user) {
        if (!user) {
                fputs("id,username,full_name,email,roles,uid,disabled,must_change_password,"
                      "password_hash,password_changed_at,created_at,expires_at\r\n",
                      out);
                return;
        }
        fprintf(out, "%" PRIu64, user->id);
        csv_field(out, text_of(user->name));
        csv_field(out, text_of(user->full_name));
        csv_field(out, text_of(user->email));
        csv_field(out, text_of(user->roles));
        putc(',', out);
        if (user->has_uid)
                fprintf(out, "%" PRIu32, user->uid);
        csv_bool(out, user->disabled);
        csv_bool(out, user->must_change);
        csv_field(out, secret_text(user->hash));
        csv_time(out, user->password_changed_at);
        csv_time(out, user->created_at);
        csv_time(out, user->expires_at);
        fputs("\r\n", out);
}

/* ---- all of them ---- */

struct export {
        FILE *out;
        user_writer *write;
};

static int export_one(void *context, const struct user *user) {
        const struct export *export = context;

        errno = 0;
        export->write(export->out, user);
        if (!ferror(export->out))
                return 0;
        return errno ? -errno : -EIO;
}

int users_export(struct store *store, user_writer *write, FILE *out) {
        struct export export = {out, write};
        uint64_t total;
        int r;

        write(out, NULL);
        r = users_list(store, 0, UINT32_MAX, TEXT_NONE, export_one, &export, &total);
        if (r == 0 && fflush(out) != 0)
                r = -errno;
        return r;
}
