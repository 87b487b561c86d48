/* The columns that the tutorials, SQLModel, Django, passlib's users and jeton itself write, and
 * what each is for POST /import/users. */
#include "member.h"

#include "../../../common/cleanup.h"
#include "../../../common/log.h"
#include "../../../common/name.h"
#include "hash.h"
#include "moment.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>

typedef int setter(const struct member *member, const json_t *value, struct row *row);

struct member {
        const char *columns; /* space-separated */
        const char *name;    /* of the request; NULL: a part of the full name */
        setter *set;
};

static struct text string_of(const json_t *value) {
        return (struct text){json_string_value(value), json_string_length(value)};
}

static bool says_nothing(const json_t *value) {
        return json_is_null(value) || (json_is_string(value) && json_string_length(value) == 0);
}

static int put(const struct member *member, json_t *value, struct row *row) {
        return json_object_set_new(row->user, member->name, value) < 0 ? -ENOMEM : 0;
}

static int refuse_kind(const struct member *member, struct row *row, const char *what) {
        row_refuse(row, "%s is not %s", member->name, what);
        return 0;
}

/* ---- one setter for each kind of value ---- */

static int set_text(const struct member *member, const json_t *value, struct row *row) {
        if (!json_is_string(value) || text_has(string_of(value), '\0'))
                return refuse_kind(member, row, "a text");
        return put(member, json_copy((json_t *)(uintptr_t)value), row);
}

/* The marks of shadow(5), and Django's for those who log in elsewhere: "!" and 40 random letters.
 */
#define MARK_MAX        4
#define DJANGO_MARK_LEN 41

static bool is_no_password(struct text hash) {
        if (hash.len == 0 || !strchr("!*", hash.p[0]) || text_has(hash, '$'))
                return false;
        return hash.len <= MARK_MAX || (hash.len == DJANGO_MARK_LEN && hash.p[0] == '!');
}

static int set_hash(const struct member *member, const json_t *value, struct row *row) {
        char hash[HASH_SPELLING_MAX];
        int r;

        if (!json_is_string(value) || text_has(string_of(value), '\0'))
                return refuse_kind(member, row, "a text");
        if (is_no_password(string_of(value)))
                return 0;
        if (hash_respell(string_of(value), hash) < 0)
                return refuse_kind(member, row, "the hash of a password");
        r = put(member, json_string(hash), row);
        explicit_bzero(hash, sizeof hash);
        return r;
}

static const struct {
        const char *word;
        bool flag;
} words[] = {{"true", true}, {"false", false}, {"t", true},      {"f", false},
             {"1", true},    {"0", false},     {"yes", true},    {"no", false},
             {"y", true},    {"n", false},     {"enabled", true}};

/* 0 or -EINVAL. */
static int flag_of(const json_t *value, bool *ret) {
        const char *string = json_string_value(value);
        size_t i;

        if (json_is_boolean(value))
                *ret = json_is_true(value);
        else if (json_is_integer(value) && (json_integer_value(value) & ~1) == 0)
                *ret = json_integer_value(value) == 1;
        else {
                for (i = 0; string && i < ELEMENTS(words); i++)
                        if (strcasecmp(words[i].word, string) == 0)
                                break;
                if (!string || i == ELEMENTS(words))
                        return -EINVAL;
                *ret = words[i].flag;
        }
        return 0;
}

/* Of several columns that mean the same, one that says so is not taken back by another: somebody
 * who is not active is disabled, though he is not locked. */
static int put_flag(const struct member *member, bool flag, struct row *row) {
        if (json_is_true(json_object_get(row->user, member->name)))
                return 0;
        return put(member, json_boolean(flag), row);
}

static int set_flag(const struct member *member, const json_t *value, struct row *row) {
        bool flag;

        if (flag_of(value, &flag) < 0)
                return refuse_kind(member, row, "true or false");
        return put_flag(member, flag, row);
}

/* "is_active" and the like. */
static int set_not(const struct member *member, const json_t *value, struct row *row) {
        bool flag;

        if (flag_of(value, &flag) < 0) {
                row_refuse(row, "what says whether he is active is not true or false");
                return 0;
        }
        return put_flag(member, !flag, row);
}

static int set_moment(const struct member *member, const json_t *value, struct row *row) {
        char moment[MOMENT_SIZE];
        int r;

        if (json_is_integer(value))
                r = moment_write(json_integer_value(value), moment);
        else
                r = moment_read(string_of(value), moment);
        if (r < 0)
                return refuse_kind(member, row, "a time like 2026-01-31T12:00:00Z");
        return put(member, json_string(moment), row);
}

/* "a b", "a,b" and "a;b". */
static json_t *roles_of_list(struct text list) {
        json_t *roles = json_array();
        size_t i, start = 0;

        for (i = 0; i <= list.len; i++) {
                if (i < list.len && !strchr(" ,;", list.p[i]))
                        continue;
                if (i > start)
                        json_array_append_new(roles, json_stringn(list.p + start, i - start));
                start = i + 1;
        }
        return roles;
}

/* An array within a text is what SQLAlchemy's JSON columns are. */
static json_t *roles_of_text(struct text text) {
        json_error_t ignored;

        if (text.len > 0 && text.p[0] == '[')
                return json_loadb(text.p, text.len, JSON_REJECT_DUPLICATES, &ignored);
        return roles_of_list(text);
}

/* What the caller calls a role of the file; NULL: he has not said. */
static const char *role_here(const struct row *row, const json_t *role) {
        return json_string_value(json_object_get(row->role_names, json_string_value(role)));
}

/* A text that has a name here as a whole is one role, blanks or not. */
static json_t *roles_given(const json_t *value, const struct row *row) {
        if (!json_is_string(value))
                return json_incref((json_t *)(uintptr_t)value);
        if (role_here(row, value))
                return json_pack("[O]", value);
        return roles_of_text(string_of(value));
}

static void refuse_role(const json_t *role, struct row *row) {
        const struct log_escaped said = log_escape(string_of(role));

        row_refuse(row,
                   "\"%.40s\" can be no role, which is a-z and then a-z 0-9 _ . : -: --map-role "
                   "\"%.40s=NAME\" says what it is here",
                   said.text, said.text);
}

static void role_add(const struct member *member, const json_t *role, json_t *roles,
                     struct row *row) {
        const char *here = json_is_string(role) ? role_here(row, role) : NULL;

        if (!json_is_string(role) || json_string_length(role) == 0)
                refuse_kind(member, row, "a list of texts");
        else if (here && *here)
                json_array_append_new(roles, json_string(here));
        else if (!here && !name_is_role(string_of(role)))
                refuse_role(role, row);
        else if (!here)
                json_array_append(roles, (json_t *)(uintptr_t)role);
}

static int set_roles(const struct member *member, const json_t *value, struct row *row) {
        json_t *given = roles_given(value, row), *roles = json_array();
        const json_t *role;
        size_t i;

        if (!json_is_array(given))
                refuse_kind(member, row, "a list of texts");
        json_array_foreach(given, i, role) {
                role_add(member, role, roles, row);
        }
        json_decref(given);
        return put(member, roles, row);
}

/* ---- the table ---- */

static const struct member members[] = {
        {"username user_name login user", "username", set_text},
        {"password_hash hashed_password passwordhash pass_hash hash password passwd",
         "password_hash", set_hash},
        {"full_name fullname display_name displayname name gecos", "full_name", set_text},
        {"first_name firstname", "first_name", set_text},
        {"last_name lastname surname", "last_name", set_text},
        {"email mail e_mail email_address", "email", set_text},
        {"roles role", "roles", set_roles},
        {"disabled is_disabled locked is_locked", "disabled", set_flag},
        {"is_active active enabled is_enabled", "disabled", set_not},
        {"must_change_password must_change force_password_change", "must_change_password",
         set_flag},
        {"created_at created created_on date_joined registered_at", "created_at", set_moment},
        {"password_changed_at password_changed", "password_changed_at", set_moment},
        {"expires_at expires valid_until", "expires_at", set_moment},
};

_Static_assert(ELEMENTS(members) == MEMBER_COUNT, "each is noted in its own place");

const struct member *member_find(struct text column) {
        char name[32];
        size_t i;

        if (text_copy(column, name, sizeof name) < 0 || strchr(name, ' '))
                return NULL;
        for (i = 0; name[i]; i++)
                name[i] = (char)tolower((unsigned char)name[i]);
        for (i = 0; i < ELEMENTS(members); i++)
                if (text_list_has(text_of(members[i].columns), text_of(name)))
                        return &members[i];
        return NULL;
}

static bool is_called(const struct member *member, const char *name) {
        return member && member->name && strcmp(member->name, name) == 0;
}

bool member_is_name(const struct member *member) {
        return is_called(member, "username");
}

bool member_is_hash(const struct member *member) {
        return is_called(member, "password_hash");
}

bool member_is_email(const struct member *member) {
        return is_called(member, "email");
}

const char *member_note(struct members_seen *seen, const struct member *member,
                        const char *column) {
        const char **place = &seen->columns[member - members], *before = *place;

        *place = column;
        return member->set == set_flag || member->set == set_not ? NULL : before;
}

/* Nobody is active who is not said to be: so ask the programs that keep it. */
int member_set(const struct member *member, const json_t *value, struct row *row) {
        if (!says_nothing(value))
                return member->set(member, value, row);
        return member->set == set_not ? put_flag(member, true, row) : 0;
}

/* ---- together ---- */

static int join_names(struct row *row) {
        const char *first = json_string_value(json_object_get(row->user, "first_name"));
        const char *last = json_string_value(json_object_get(row->user, "last_name"));
        _cleanup_(freep) char *joined = NULL;

        if ((!first && !last) || json_object_get(row->user, "full_name"))
                return 0;
        if (asprintf(&joined, "%s%s%s", first ? first : "", first && last ? " " : "",
                     last ? last : "") < 0)
                return -ENOMEM;
        return json_object_set_new(row->user, "full_name", json_string(joined)) < 0 ? -ENOMEM : 0;
}

/* "Anna.A@example.org" is anna.a: where letters of both cases are the same to the mail, they are
 * no two users here. */
static int name_by_email(struct row *row) {
        const char *email = json_string_value(json_object_get(row->user, "email"));
        const char *at = email ? strrchr(email, '@') : NULL;
        json_t *value;
        char *name;
        size_t i;

        if (!at || at == email || row_name(row).len > 0)
                return 0;
        name = strndup(email, (size_t)(at - email));
        if (!name)
                return -ENOMEM;
        for (i = 0; name[i]; i++)
                name[i] = (char)tolower((unsigned char)name[i]);
        value = json_string(name);
        free(name);
        return json_object_set_new(row->user, "username", value) < 0 ? -ENOMEM : 0;
}

static void refuse_nameless(struct row *row, bool names_from_email) {
        if (names_from_email)
                row_refuse(row, "there is neither a user name nor an e-mail address with one");
        else if (json_object_get(row->user, "email"))
                row_refuse(row, "there is no user name (username, user_name, login or user): "
                                "--name-from email takes what is before the @ of the address");
        else
                row_refuse(row, "there is no user name (username, user_name, login or user)");
}

int members_finish(struct row *row, bool names_from_email) {
        int r = join_names(row);

        json_object_del(row->user, "first_name");
        json_object_del(row->user, "last_name");
        if (r == 0 && names_from_email)
                r = name_by_email(row);
        if (r == 0 && row_name(row).len == 0)
                refuse_nameless(row, names_from_email);
        return r;
}
