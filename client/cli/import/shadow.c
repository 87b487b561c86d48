/* shadow(5): what each field is for a user of jeton.
 *
 * A hash behind "!" is one that passwd -l has locked: that user comes disabled, and enabling him is
 * what passwd -u would be. Without a hash ("*", "!", "!!") nobody logs in with a password: accounts
 * of the system, and those that have keys alone. They are left out. An empty field lets anybody in
 * without a password, which jeton never does: that is refused. */
#include "format.h"

#include "../../../common/cleanup.h"
#include "moment.h"

#define FIELDS 9

enum field {
        FIELD_NAME,
        FIELD_HASH,
        FIELD_CHANGED = 2, /* in days; 0: must be changed at the next login */
        FIELD_EXPIRES = 7,
};

#define DAY_S 86400

/* Cuts a line at its colons; false: there are others than `count` - 1. */
static bool fields_cut(struct text line, struct text *ret, size_t count) {
        size_t i;

        for (i = 0; i + 1 < count; i++) {
                const char *colon = line.len > 0 ? memchr(line.p, ':', line.len) : NULL;

                if (!colon)
                        return false;
                ret[i] = (struct text){line.p, (size_t)(colon - line.p)};
                line.len -= ret[i].len + 1;
                line.p = colon + 1;
        }
        ret[i] = line;
        return !text_has(line, ':');
}

static int put(struct row *row, const char *member, json_t *value) {
        return json_object_set_new(row->user, member, value) < 0 ? -ENOMEM : 0;
}

static int put_text(struct row *row, const char *member, struct text text) {
        return put(row, member, json_stringn(text.len > 0 ? text.p : "", text.len));
}

/* A field without a hash: "*", "!", "!!", "!*", "*LK*", "x" of passwd(5) and whatever else is no
 * more than a mark. */
static bool has_hash(struct text field) {
        return text_has(field, '$') || field.len == 13 || (field.len == 20 && field.p[0] == '_');
}

static int hash_put(struct row *row, struct text field) {
        struct text hash = field;
        int r = 0;

        if (field.len == 0) {
                row_refuse(row, "has an empty password, which lets anybody in: give him one, or "
                                "lock him (passwd -l)");
                return 0;
        }
        while (hash.len > 0 && hash.p[0] == '!') {
                hash.p++;
                hash.len--;
        }
        if (!has_hash(hash)) {
                row->kind = ROW_LEFT_OUT;
                return 0;
        }
        if (hash.len < field.len)
                r = put(row, "disabled", json_true());
        return r < 0 ? r : put_text(row, "password_hash", hash);
}

static int moment_put(struct row *row, const char *member, unsigned long long days) {
        char moment[MOMENT_SIZE];

        if (moment_write((int64_t)days * DAY_S, moment) < 0) {
                row_refuse(row, "%s is no day of this calendar", member);
                return 0;
        }
        return put(row, member, json_string(moment));
}

/* 0 and *ret, or -ENODATA where the field is empty. */
static int days_read(struct row *row, struct text field, const char *what,
                     unsigned long long *ret) {
        if (field.len == 0)
                return -ENODATA;
        if (text_number(field, 3000000, ret) == 0)
                return 0;
        row_refuse(row, "%s is no number of days", what);
        return -ENODATA;
}

static int changed_put(struct row *row, struct text field) {
        unsigned long long days;

        if (days_read(row, field, "the day of the last change", &days) < 0)
                return 0;
        if (days == 0)
                return put(row, "must_change_password", json_true());
        return moment_put(row, "password_changed_at", days);
}

/* On that day he cannot log in any more; 0 is a day that programs disagree about. */
static int expiry_put(struct row *row, struct text field) {
        unsigned long long days;

        if (days_read(row, field, "the day of expiry", &days) < 0)
                return 0;
        return moment_put(row, "expires_at", days > 0 ? days : 1);
}

static int full_name_put(struct row *row, const struct table *table, struct text name) {
        json_t *full_name;
        char key[64];

        if (!table->full_names || text_copy(name, key, sizeof key) < 0)
                return 0;
        full_name = json_object_get(table->full_names, key);
        return full_name ? put(row, "full_name", json_incref(full_name)) : 0;
}

int shadow_read(struct text line, const struct table *table, struct row *row) {
        struct text fields[FIELDS];
        int r;

        if (!fields_cut(line, fields, FIELDS) || fields[FIELD_NAME].len == 0) {
                row_refuse(row, "is no line of shadow(5), which has nine fields and begins with a "
                                "name; passwd(5) has seven, and goes with --passwd");
                return 0;
        }
        r = put_text(row, "username", fields[FIELD_NAME]);
        if (r == 0)
                r = hash_put(row, fields[FIELD_HASH]);
        if (r == 0)
                r = changed_put(row, fields[FIELD_CHANGED]);
        if (r == 0)
                r = expiry_put(row, fields[FIELD_EXPIRES]);
        return r < 0 ? r : full_name_put(row, table, fields[FIELD_NAME]);
}

/* ---- passwd(5) ---- */

#define PASSWD_FIELDS 7
#define FIELD_GECOS   4

/* The first of the parts that finger(1) and chfn(1) know. */
int passwd_read(struct text line, struct table *table) {
        struct text fields[PASSWD_FIELDS], name;
        const char *comma;
        char key[64];

        if (!fields_cut(line, fields, PASSWD_FIELDS) ||
            text_copy(fields[FIELD_NAME], key, sizeof key) < 0)
                return 0;
        name = fields[FIELD_GECOS];
        comma = name.len > 0 ? memchr(name.p, ',', name.len) : NULL;
        name.len = comma ? (size_t)(comma - name.p) : name.len;
        if (name.len == 0)
                return 0;
        if (!table->full_names)
                table->full_names = json_object();
        return json_object_set_new(table->full_names, key, json_stringn(name.p, name.len)) < 0
                       ? -ENOMEM
                       : 0;
}
