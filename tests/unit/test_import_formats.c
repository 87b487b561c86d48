/* Lines of shadow(5), CSV records and JSON lines as `jeton user import` reads them, what their
 * columns are called, and other programs' spellings of hashes and times.
 *
 * links: client/cli/import/shadow.c client/cli/import/csv.c client/cli/import/json_line.c
 * links: client/cli/import/member.c client/cli/import/hash.c client/cli/import/moment.c
 * links: client/cli/import/row.c client/cli/import/lines.c client/cli/import/csv_record.c
 * links: client/body.c
 * needs: jansson */
#include "../../client/cli/import/csv_record.h"
#include "../../client/cli/import/hash.h"
#include "../../client/cli/import/moment.h"
#include "../../common/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define HASH "$6$saltsalt$digest"

/* The row as JSON with sorted members, or why it is none. */
static char *said(const struct row *row) {
        char *text;

        if (row->kind == ROW_LEFT_OUT)
                return strdup("left out");
        if (row->kind == ROW_REFUSED)
                return strdup(row->reason);
        text = json_dumps(row->user, JSON_SORT_KEYS | JSON_COMPACT);
        assert_non_null(text);
        return text;
}

static void assert_row(const struct row *row, const char *expected) {
        char *text = said(row);

        if (strncmp(text, expected, strlen(expected)) != 0)
                fail_msg("%s\n  is not\n%s", text, expected);
        free(text);
}

/* ---- shadow ---- */

static void assert_shadow(const char *line, struct table *table, const char *expected) {
        struct row row;

        assert_int_equal(row_begin(&row, 1), 0);
        assert_int_equal(shadow_read(text_of(line), table, &row), 0);
        assert_row(&row, expected);
        row_clear(&row);
}

static void a_shadow_line_is_a_user(void **state) {
        struct table table = {.ignored = NULL};

        (void)state;
        assert_shadow("anna:" HASH "::::::"
                      ":",
                      &table, "{\"password_hash\":\"" HASH "\",\"username\":\"anna\"}");
        assert_shadow("anna:" HASH ":19000:0:99999:7:::", &table,
                      "{\"password_changed_at\":\"2022-01-08T00:00:00Z\",\"password_hash\":"
                      "\"" HASH "\",\"username\":\"anna\"}");
        assert_shadow("anna:" HASH ":0:0:99999:7::20000:", &table,
                      "{\"expires_at\":\"2024-10-04T00:00:00Z\",\"must_change_password\":true,"
                      "\"password_hash\":\"" HASH "\",\"username\":\"anna\"}");
        assert_shadow("old:abJnggxhB/yWI:::::::", &table,
                      "{\"password_hash\":\"abJnggxhB/yWI\",\"username\":\"old\"}");
}

static void a_locked_hash_comes_disabled_and_whole(void **state) {
        struct table table = {.ignored = NULL};

        (void)state;
        assert_shadow("anna:!" HASH ":::::::", &table,
                      "{\"disabled\":true,\"password_hash\":\"" HASH "\",\"username\":\"anna\"}");
        assert_shadow("anna:!!" HASH ":::::::", &table, "{\"disabled\":true,");
}

static void an_account_without_a_hash_is_left_out(void **state) {
        static const char *const fields[] = {"*", "!", "!!", "!*", "*LK*", "x", "NP", "*NP*"};
        struct table table = {.ignored = NULL};
        char line[64];
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(fields); i++) {
                snprintf(line, sizeof line, "anna:%s:19000:0:99999:7:::", fields[i]);
                assert_shadow(line, &table, "left out");
        }
}

static void an_empty_password_is_refused(void **state) {
        struct table table = {.ignored = NULL};

        (void)state;
        assert_shadow("anna::19000:0:99999:7:::", &table, "has an empty password");
}

static void what_is_no_shadow_line_is_refused(void **state) {
        static const char *const lines[] = {"",
                                            "anna",
                                            "anna:" HASH,
                                            "anna:x:1000:1000:Anna:/home/anna:/bin/sh",
                                            ":" HASH ":::::::",
                                            "anna:" HASH "::::::::"};
        struct table table = {.ignored = NULL};
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(lines); i++)
                assert_shadow(lines[i], &table, "is no line of shadow(5)");
        assert_shadow("anna:" HASH ":soon::::::", &table, "the day of the last change");
        assert_shadow("anna:" HASH "::::::-1:", &table, "the day of expiry");
        assert_shadow("anna:" HASH "::::::3000001:", &table, "the day of expiry");
        assert_shadow("anna:" HASH "::::::2999999:", &table, "expires_at is no day");
}

static void a_full_name_is_the_first_part_of_gecos(void **state) {
        struct table table = {.ignored = NULL};

        (void)state;
        assert_int_equal(passwd_read(TEXT("anna:x:1:1:Anna A,room,,:/:/bin/sh"), &table), 0);
        assert_int_equal(passwd_read(TEXT("bert:x:1:1:,,,:/:/bin/sh"), &table), 0);
        assert_int_equal(passwd_read(TEXT("no line of passwd"), &table), 0);
        assert_shadow("anna:" HASH ":::::::", &table, "{\"full_name\":\"Anna A\",");
        assert_shadow("bert:" HASH ":::::::", &table, "{\"password_hash\"");
        table_clear(&table);
}

/* ---- CSV ---- */

static void assert_csv(const char *header, const char *record, const char *expected) {
        struct table table = {.may_lack_hashes = true};
        struct row row;

        assert_int_equal(csv_read_header(text_of(header), &table), 0);
        assert_int_equal(row_begin(&row, 2), 0);
        assert_int_equal(csv_read(text_of(record), &table, &row), 0);
        assert_row(&row, expected);
        row_clear(&row);
        table_clear(&table);
}

static void fields_are_quoted_as_rfc_4180_has_it(void **state) {
        (void)state;
        assert_csv("username,full_name", "anna,Anna",
                   "{\"full_name\":\"Anna\",\"username\":\"anna\"}");
        assert_csv("username,full_name", "anna,\"A, \"\"B\"\" C\"",
                   "{\"full_name\":\"A, \\\"B\\\" C\",");
        assert_csv("\"username\",full_name", "\"anna\",", "{\"username\":\"anna\"}");
        assert_csv("username,full_name", "anna,\"\"", "{\"username\":\"anna\"}");
        assert_csv("bio,username", "\"two\nlines\",anna", "{\"username\":\"anna\"}");
        assert_csv("username", "anna", "{\"username\":\"anna\"}");
}

static void a_record_that_is_not_like_the_header_is_refused(void **state) {
        (void)state;
        assert_csv("username,email", "anna", "has 1 fields, and the header 2");
        assert_csv("username,email", "anna,,", "has 3 fields, and the header 2");
        assert_csv("username,email", "", "has 1 fields, and the header 2");
        assert_csv("username,email", ",a@example.org", "there is no user name");
        assert_csv("username,email", "an\"na,", "a quote stands where none may");
        assert_csv("username,email", "\"anna\"x,", "a quote stands where none may");
        assert_csv("username,email", "\"anna,", "a quote stands where none may");
        assert_csv("username,email", "\"an\"na\",", "a quote stands where none may");
        assert_csv("username,email", "\xff,", "is not UTF-8");
        assert_csv("full_name,username", "\"two\nlines\",anna", "a quoted field that jeton has");
}

static void a_header_names_the_user_and_its_strangers_are_noted(void **state) {
        struct table table = {.ignored = NULL};

        (void)state;
        assert_int_equal(csv_read_header(TEXT("email,salt,login,id,\"x y\",hash"), &table), 0);
        assert_int_equal(json_object_size(table.ignored), 2);
        assert_non_null(json_object_get(table.ignored, "salt"));
        assert_non_null(json_object_get(table.ignored, "x y"));
        table_clear(&table);
        assert_int_equal(csv_read_header(TEXT("email,hashed_password"), &table), -EINVAL);
        table_clear(&table);
        assert_int_equal(csv_read_header(TEXT("user\"name"), &table), -EBADMSG);
        table_clear(&table);
}

static void assert_header(const char *header, struct table table, int expected) {
        assert_int_equal(csv_read_header(text_of(header), &table), expected);
        table_clear(&table);
}

static void a_table_without_hashes_is_refused_unless_that_is_meant(void **state) {
        const struct table strict = {.may_lack_hashes = false}, lax = {.may_lack_hashes = true};

        (void)state;
        assert_header("username,pwd_hash", strict, -ENODATA);
        assert_header("username,pwd_hash", lax, 0);
        assert_header("username,Hashed_Password", strict, 0);
        assert_header("email,hash", strict, -EINVAL);
}

static void a_quote_is_open_until_it_is_closed(void **state) {
        (void)state;
        assert_false(csv_is_open(TEXT_NONE));
        assert_false(csv_is_open(TEXT("a,\"b\"\"c\"")));
        assert_true(csv_is_open(TEXT("a,\"b")));
        assert_true(csv_is_open(TEXT("a,\"b\"\"")));
}

/* ---- JSON lines and columns ---- */

static void assert_json(const char *line, const char *expected) {
        struct table table = {.may_lack_hashes = true};
        struct row row;

        assert_int_equal(row_begin(&row, 1), 0);
        assert_int_equal(json_line_read(text_of(line), &table, &row), 0);
        assert_row(&row, expected);
        row_clear(&row);
        table_clear(&table);
}

static void columns_have_the_names_that_programs_give_them(void **state) {
        (void)state;
        assert_json("{\"Username\": \"a\", \"hashed_password\": \"h\", \"is_active\": false}",
                    "{\"disabled\":true,\"password_hash\":\"h\",\"username\":\"a\"}");
        assert_json("{\"user_name\": \"a\", \"password\": \"h\", \"active\": 1}",
                    "{\"disabled\":false,\"password_hash\":\"h\",\"username\":\"a\"}");
        assert_json("{\"login\": \"a\", \"disabled\": \"TRUE\", \"enabled\": true}",
                    "{\"disabled\":true,\"username\":\"a\"}");
        assert_json("{\"username\": \"a\", \"first_name\": \"A\", \"last_name\": \"B\"}",
                    "{\"full_name\":\"A B\",\"username\":\"a\"}");
        assert_json("{\"username\": \"a\", \"last_name\": \"B\", \"name\": \"C\"}",
                    "{\"full_name\":\"C\",\"username\":\"a\"}");
        assert_json("{\"username\": \"a\", \"date_joined\": 1700000000}",
                    "{\"created_at\":\"2023-11-14T22:13:20Z\",\"username\":\"a\"}");
        assert_json("{\"username\": \"a\", \"email\": null, \"full_name\": \"\", \"id\": 5}",
                    "{\"username\":\"a\"}");
}

/* What each of the lines gives in a table that begins as `table`. */
static int read_objects(struct table table, const char *const *lines, struct row *row) {
        int r = 0;

        for (; r == 0 && *lines; lines++) {
                row_clear(row);
                assert_int_equal(row_begin(row, 1), 0);
                r = json_line_read(text_of(*lines), &table, row);
        }
        table_clear(&table);
        return r;
}

static void objects_without_hashes_are_refused_unless_that_is_meant(void **state) {
        static const char with[] = "{\"username\":\"a\",\"hash\":\"h\"}",
                          none[] = "{\"username\":\"a\",\"password_hash\":null}",
                          without[] = "{\"username\":\"a\",\"pwd_hash\":\"h\"}";
        const struct table strict = {.may_lack_hashes = false}, lax = {.may_lack_hashes = true};
        struct row row = {.line = 0};

        (void)state;
        assert_int_equal(read_objects(strict, (const char *[]){without, NULL}, &row), -ENODATA);
        assert_int_equal(read_objects(strict, (const char *[]){"{}", NULL}, &row), -ENODATA);
        assert_int_equal(read_objects(strict, (const char *[]){with, without, NULL}, &row), 0);
        assert_row(&row, "has no member for the hash of a password");
        assert_int_equal(read_objects(strict, (const char *[]){none, NULL}, &row), 0);
        assert_row(&row, "{\"username\":\"a\"}");
        assert_int_equal(read_objects(lax, (const char *[]){without, NULL}, &row), 0);
        assert_row(&row, "{\"username\":\"a\"}");
        row_clear(&row);
}

static void who_has_no_password_there_has_none_here(void **state) {
        (void)state;
        assert_json("{\"login\":\"a\",\"password\":\"!\"}", "{\"username\":\"a\"}");
        assert_json("{\"login\":\"a\",\"password\":\"*LK*\"}", "{\"username\":\"a\"}");
        assert_json("{\"login\":\"a\",\"password\":"
                    "\"!0123456789abcdefghijABCDEFGHIJ0123456789\"}",
                    "{\"username\":\"a\"}");
        assert_json("{\"login\":\"a\",\"password\":\"!$6$a$b\"}",
                    "{\"password_hash\":\"!$6$a$b\",");
        assert_json("{\"login\":\"a\",\"password\":\"!hunter2\"}",
                    "{\"password_hash\":\"!hunter2\",");
}

static void a_password_is_forgotten_with_its_time(void **state) {
        struct table table = {.ignored = NULL};
        struct row row;

        (void)state;
        assert_int_equal(row_begin(&row, 1), 0);
        assert_int_equal(shadow_read(TEXT("a:" HASH ":19000::::::"), &table, &row), 0);
        row_forget_password(&row);
        assert_row(&row, "{\"username\":\"a\"}");
        row_clear(&row);
}

static void assert_name_of(const char *line, const char *expected) {
        const struct table table = {.may_lack_hashes = true, .names_from_email = true};
        struct row row = {.line = 0};

        assert_int_equal(read_objects(table, (const char *[]){line, NULL}, &row), 0);
        if (expected)
                assert_true(text_is(row_name(&row), text_of(expected)));
        else
                assert_row(&row, "there is neither a user name nor an e-mail");
        row_clear(&row);
}

static void who_has_no_name_can_be_called_as_his_address_begins(void **state) {
        const struct table by_email = {.names_from_email = true};

        (void)state;
        assert_name_of("{\"email\":\"Anna.A@example.org\"}", "anna.a");
        assert_name_of("{\"email\":\"a@b@example.org\"}", "a@b");
        assert_name_of("{\"email\":\"anna@example.org\",\"login\":\"bert\"}", "bert");
        assert_name_of("{\"email\":\"@example.org\"}", NULL);
        assert_name_of("{\"email\":\"anna\"}", NULL);
        assert_name_of("{}", NULL);
        assert_header("email,hash", by_email, 0);
        assert_header("mail,hash", by_email, 0);
        assert_header("hash", by_email, -EINVAL);
        assert_json(
                "{\"email\":\"a@example.org\"}",
                "there is no user name (username, user_name, login or user): --name-from email");
}

static void who_is_disabled_by_one_column_is_enabled_by_no_other(void **state) {
        static const char *const off[] = {
                "disabled\":true",   "is_disabled\":1", "locked\":\"yes\"", "is_locked\":true",
                "is_active\":false", "active\":0",      "enabled\":\"no\"", "is_enabled\":false"};
        static const char *const on[] = {"disabled\":false",  "is_disabled\":0",  "locked\":\"no\"",
                                         "is_locked\":false", "is_active\":true", "active\":1",
                                         "enabled\":\"yes\"", "is_enabled\":true"};
        char line[128];
        size_t i, j;

        (void)state;
        for (i = 0; i < ELEMENTS(off); i++) {
                for (j = 0; j < ELEMENTS(on); j++) {
                        if (i == j)
                                continue; /* one column is not there twice */
                        snprintf(line, sizeof line, "{\"%s,\"%s,\"login\":\"a\"}", off[i], on[j]);
                        assert_json(line, "{\"disabled\":true,");
                        snprintf(line, sizeof line, "{\"%s,\"%s,\"login\":\"a\"}", on[j], off[i]);
                        assert_json(line, "{\"disabled\":true,");
                }
        }
        assert_json("{\"is_active\":true,\"locked\":false,\"login\":\"a\"}",
                    "{\"disabled\":false,");
        assert_json("{\"is_active\":null,\"locked\":false,\"login\":\"a\"}", "{\"disabled\":true,");
        assert_json("{\"locked\":null,\"enabled\":\"\",\"login\":\"a\"}", "{\"disabled\":true,");
        assert_json("{\"locked\":null,\"login\":\"a\"}", "{\"username\":\"a\"}");
        assert_json("{\"must_change\":true,\"must_change_password\":false,\"login\":\"a\"}",
                    "{\"must_change_password\":true,");
}

static void roles_come_as_arrays_lists_and_arrays_in_texts(void **state) {
        (void)state;
        assert_json("{\"username\":\"a\",\"roles\":[\"x\",\"y\"]}", "{\"roles\":[\"x\",\"y\"],");
        assert_json("{\"username\":\"a\",\"role\":\"x\"}", "{\"roles\":[\"x\"],");
        assert_json("{\"username\":\"a\",\"role\":\"x, y;z\"}", "{\"roles\":[\"x\",\"y\",\"z\"],");
        assert_json("{\"username\":\"a\",\"roles\":\"[\\\"x\\\"]\"}", "{\"roles\":[\"x\"],");
        assert_json("{\"username\":\"a\",\"roles\":\"[1]\"}", "roles is not a list of texts");
        assert_json("{\"username\":\"a\",\"roles\":\"[\"}", "roles is not a list of texts");
        assert_json("{\"username\":\"a\",\"roles\":{}}", "roles is not a list of texts");
        assert_json("{\"username\":\"a\",\"roles\":[\"\"]}", "roles is not a list of texts");
        assert_json("{\"username\":\"a\",\"roles\":5}", "roles is not a list of texts");
}

static void assert_role(const char *value, const char *expected) {
        json_t *names = json_pack("{s:s, s:s, s:s, s:s}", "ADMIN", "admin", "UserRole.USER", "user",
                                  "super user", "super", "GUEST", "");
        struct table table = {.may_lack_hashes = true};
        char line[128];
        struct row row;

        snprintf(line, sizeof line, "{\"login\":\"a\",\"role\":%s}", value);
        assert_int_equal(row_begin(&row, 1), 0);
        row.role_names = names;
        assert_int_equal(json_line_read(text_of(line), &table, &row), 0);
        assert_row(&row, expected);
        row_clear(&row);
        table_clear(&table);
        json_decref(names);
}

static void roles_are_what_they_are_said_to_be_here(void **state) {
        (void)state;
        assert_role("\"ADMIN\"", "{\"roles\":[\"admin\"],");
        assert_role("[\"x\",\"UserRole.USER\"]", "{\"roles\":[\"x\",\"user\"],");
        assert_role("\"x, ADMIN\"", "{\"roles\":[\"x\",\"admin\"],");
        assert_role("\"super user\"", "{\"roles\":[\"super\"],");
        assert_role("[\"super user\"]", "{\"roles\":[\"super\"],");
        assert_role("\"GUEST\"", "{\"roles\":[],");
        assert_role("[\"GUEST\",\"ADMIN\"]", "{\"roles\":[\"admin\"],");
}

static void a_role_that_none_can_be_is_refused_with_what_to_say(void **state) {
        (void)state;
        assert_role("\"Admin\"", "\"Admin\" can be no role, which is a-z and then a-z 0-9 _ . : -: "
                                 "--map-role \"Admin=NAME\" says what it is here");
        assert_role("[\"big boss\"]", "\"big boss\" can be no role");
        assert_role("[\"\\u001b[2J\"]", "\"\\x1b[2J\" can be no role");
        assert_json("{\"username\":\"a\",\"role\":\"ADMIN\"}", "\"ADMIN\" can be no role");
}

static void assert_twins(const char *header, int expected, const char *complaint) {
        struct table table = {.may_lack_hashes = true};

        assert_int_equal(csv_read_header(text_of(header), &table), expected);
        assert_string_equal(table.complaint, complaint);
        table_clear(&table);
}

static void columns_that_mean_the_same_are_refused_by_name(void **state) {
        (void)state;
        assert_twins("username,email,Login", -ENOTUNIQ,
                     "username and Login mean the same here: rename or leave out the one that is "
                     "not meant");
        assert_twins("username,hash,hash", -ENOTUNIQ,
                     "hash and hash mean the same here: rename or leave out the one that is not "
                     "meant");
        assert_twins("username,active,locked,is_active,first_name,full_name,bio,bio", 0, "");
}

/* The first object speaks for all, as the rows of a database do. */
static void members_that_mean_the_same_are_refused_by_name(void **state) {
        static const char twins[] = "{\"login\":\"a\",\"user\":\"b\",\"hash\":null}";
        static const char one[] = "{\"login\":\"a\",\"hash\":null}";
        struct table table = {.ignored = NULL};
        struct row row;

        (void)state;
        assert_int_equal(row_begin(&row, 1), 0);
        assert_int_equal(json_line_read(text_of(twins), &table, &row), -ENOTUNIQ);
        row_clear(&row);
        assert_int_equal(row_begin(&row, 2), 0);
        assert_int_equal(json_line_read(text_of(one), &table, &row), 0);
        assert_row(&row, "{\"username\":\"a\"}");
        row_clear(&row);
        assert_int_equal(row_begin(&row, 3), 0);
        assert_int_equal(json_line_read(text_of(twins), &table, &row), 0);
        assert_row(&row, "login and user mean the same here: ");
        row_clear(&row);
        table_clear(&table);
}

static void a_value_of_another_kind_is_refused(void **state) {
        (void)state;
        assert_json("{\"username\": 5}", "username is not a text");
        assert_json("{\"username\": \"a\", \"disabled\": 2}", "disabled is not true or false");
        assert_json("{\"username\": \"a\", \"disabled\": \"maybe\"}", "disabled is not true or");
        assert_json("{\"username\": \"a\", \"is_active\": []}",
                    "what says whether he is active is not true");
        assert_json("{\"username\": \"a\", \"created_at\": \"soon\"}", "created_at is not a time");
        assert_json("{\"username\": \"a\", \"created_at\": 1e9}", "created_at is not a time");
        assert_json("{\"username\": \"a\", \"password_hash\": 5}", "password_hash is not a text");
        assert_json("{}", "there is no user name");
        assert_json("[{}]", "is an array");
        assert_json("5", "is no JSON object");
        assert_json("{\"username\": \"a\"", "is no JSON object, or has a member twice (byte");
        assert_json("{\"username\": \"a\", \"username\": \"b\"}", "is no JSON object, or has a");
}

/* ---- spellings ---- */

static void assert_hash(const char *given, const char *expected) {
        char hash[HASH_SPELLING_MAX] = "?";

        assert_int_equal(hash_respell(text_of(given), hash), expected ? 0 : -EINVAL);
        if (expected)
                assert_string_equal(hash, expected);
}

static void djangos_hashes_are_spelled_as_everybody_elses(void **state) {
        (void)state;
        assert_hash("pbkdf2_sha256$260000$salt$+/ab=", "$pbkdf2-sha256$260000$c2FsdA$./ab");
        assert_hash("pbkdf2_sha256$1$sal$ab", "$pbkdf2-sha256$1$c2Fs$ab");
        assert_hash("pbkdf2_sha256$1$sa$ab", "$pbkdf2-sha256$1$c2E$ab");
        assert_hash("pbkdf2_sha256$1$s$ab", "$pbkdf2-sha256$1$cw$ab");
        assert_hash("argon2$argon2id$v=19$m=1,t=1,p=1$a$b", "$argon2id$v=19$m=1,t=1,p=1$a$b");
        assert_hash("bcrypt$$2b$12$abc", "$2b$12$abc");
        assert_hash("$6$salt$digest", "$6$salt$digest");
        assert_hash("pbkdf2_sha256$1$$ab", NULL);
        assert_hash("pbkdf2_sha256$1", NULL);
        assert_hash("bcrypt_sha256$$2b$12$abc", "bcrypt_sha256$$2b$12$abc");
}

static void a_hash_longer_than_any_is_refused(void **state) {
        char hash[HASH_SPELLING_MAX + 1], ret[HASH_SPELLING_MAX];

        (void)state;
        memset(hash, 'a', sizeof hash);
        assert_int_equal(hash_respell((struct text){hash, sizeof hash}, ret), -EINVAL);
        memcpy(hash, "pbkdf2_sha256$1$s$", 18);
        assert_int_equal(hash_respell((struct text){hash, sizeof hash}, ret), -EINVAL);
}

static void a_salt_is_respelled_as_far_as_there_is_room_for_it(void **state) {
        static const char hash[] = "pbkdf2_sha256$1$"
                                   "0123456789abcdef0123456789abcdef"
                                   "0123456789abcdef0123456789abcdefx$ab";
        char longest[sizeof hash], ret[HASH_SPELLING_MAX];

        (void)state;
        memcpy(longest, hash, sizeof hash);
        strcpy(strchr(longest, 'x'), "$ab");
        assert_int_equal(hash_respell(text_of(longest), ret), 0);
        assert_string_equal(strrchr(ret, 'M'), "MzQ1Njc4OWFiY2RlZg$ab");
        assert_int_equal(hash_respell(text_of(hash), ret), -EINVAL);
}

static void times_are_in_utc_to_the_second(void **state) {
        static const struct {
                const char *given, *read;
        } times[] = {
                {"2024-02-29T01:02:03Z", "2024-02-29T01:02:03Z"},
                {"2024-02-29 01:02:03", "2024-02-29T01:02:03Z"},
                {"2024-02-29 01:02:03.123456", "2024-02-29T01:02:03Z"},
                {"2024-02-29T01:02:03.1+02:00", "2024-02-28T23:02:03Z"},
                {"2024-02-29T01:02:03-05:30", "2024-02-29T06:32:03Z"},
                {"2024-02-29", "2024-02-29T00:00:00Z"},
                {"2023-02-29", NULL},
                {"2024-13-01", NULL},
                {"2024-01-01T24:00:00Z", NULL},
                {"2024-01-01T23:59:60Z", NULL},
                {"2024-01-01T00:00:00 ", NULL},
                {"2024-01-01T00:00:00.Z", NULL},
                {"2024-01-01T00:00:00+2:00", NULL},
                {"2024-01-01T00:00", NULL},
                {"1969-12-31T23:59:59Z", NULL},
                {"0000-00-00", NULL},
                {"", NULL},
        };
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(times); i++) {
                char moment[MOMENT_SIZE] = "?";

                if (moment_read(text_of(times[i].given), moment) < 0)
                        strcpy(moment, "?");
                assert_string_equal(moment, times[i].read ? times[i].read : "?");
        }
}

/* ---- lines ---- */

static struct lines *lines_of(const char *bytes, size_t len) {
        struct lines *lines = calloc(1, sizeof *lines);

        assert_non_null(lines);
        lines->fd = memfd_create("lines", MFD_CLOEXEC);
        assert_true(write(lines->fd, bytes, len) == (ssize_t)len);
        assert_int_equal(lseek(lines->fd, 0, SEEK_SET), 0);
        return lines;
}

static void lines_close(struct lines *lines) {
        close(lines->fd);
        lines_clear(lines);
        free(lines);
}

static void assert_line(struct lines *lines, enum line_fault fault, const char *expected) {
        enum line_fault said_fault;
        struct text line;

        assert_int_equal(lines_next(lines, &line, &said_fault), 0);
        assert_int_equal(said_fault, fault);
        assert_true(text_is(line, text_of(expected)));
}

static void assert_no_line(struct lines *lines) {
        enum line_fault fault;
        struct text line;

        assert_int_equal(lines_next(lines, &line, &fault), -ENOENT);
}

static void lines_lose_their_ends_and_the_first_its_mark(void **state) {
        static const char bytes[] = "\xef\xbb\xbf"
                                    "a\r\nb\n\n\xef\xbb\xbf"
                                    "c";
        struct lines *lines = lines_of(bytes, sizeof bytes - 1);

        (void)state;
        assert_line(lines, LINE_FINE, "a");
        assert_line(lines, LINE_FINE, "b");
        assert_line(lines, LINE_FINE, "");
        assert_line(lines, LINE_FINE,
                    "\xef\xbb\xbf"
                    "c");
        assert_no_line(lines);
        assert_int_equal(lines->at.number, 4);
        assert_int_equal(lines->at.offset, sizeof bytes - 1);
        lines_close(lines);
}

static void a_line_with_a_fault_is_counted_and_the_next_one_read(void **state) {
        static const char bytes[] = "a\0b\nc\xff\nd\x01\ne\tf\n";
        struct lines *lines = lines_of(bytes, sizeof bytes - 1);

        (void)state;
        assert_line(lines, LINE_NUL, "");
        assert_line(lines, LINE_NO_UTF8, "");
        assert_line(lines, LINE_NO_UTF8, "");
        assert_line(lines, LINE_FINE, "e\tf");
        assert_no_line(lines);
        lines_close(lines);
}

/* Of each length around the bounds of a line and of what is read at a time. */
static void a_line_may_be_of_any_length(void **state) {
        static const size_t lengths[] = {LINE_BYTES_MAX - 1,  LINE_BYTES_MAX,  LINE_BYTES_MAX + 1,
                                         LINES_AT_A_TIME - 1, LINES_AT_A_TIME, LINES_AT_A_TIME + 1,
                                         3 * LINES_AT_A_TIME, 200000};
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(lengths); i++) {
                size_t len = lengths[i];
                char *bytes = malloc(len + 6);
                enum line_fault fault;
                struct lines *lines;
                struct text line;

                memset(bytes, 'x', len);
                memcpy(bytes + len, "\nnext\n", 6);
                lines = lines_of(bytes, len + 6);
                assert_int_equal(lines_next(lines, &line, &fault), 0);
                assert_int_equal(fault, len <= LINE_BYTES_MAX ? LINE_FINE : LINE_LONG);
                assert_int_equal(line.len, len <= LINE_BYTES_MAX ? len : 0);
                assert_line(lines, LINE_FINE, "next");
                assert_int_equal(lines->at.number, 2);
                assert_no_line(lines);
                lines_close(lines);
                free(bytes);
        }
}

static void marked_lines_are_read_again(void **state) {
        struct lines *lines = lines_of("a\nb\nc\n", 6);

        (void)state;
        assert_line(lines, LINE_FINE, "a");
        lines_mark(lines, true);
        assert_line(lines, LINE_FINE, "b");
        assert_line(lines, LINE_FINE, "c");
        assert_no_line(lines);
        lines_rewind(lines);
        assert_int_equal(lines->at.number, 1);
        assert_int_equal(lines->at.offset, 2);
        assert_line(lines, LINE_FINE, "b");
        assert_line(lines, LINE_FINE, "c");
        assert_no_line(lines);
        lines_close(lines);
}

static void no_more_is_kept_than_there_is_room_for(void **state) {
        size_t len = LINES_AT_A_TIME + 100, i;
        char *bytes = malloc(len);
        enum line_fault fault;
        struct lines *lines;
        struct text line;
        int r;

        (void)state;
        memset(bytes, 'x', len);
        for (i = 99; i < len; i += 100)
                bytes[i] = '\n';
        lines = lines_of(bytes, len);
        lines_mark(lines, true);
        while ((r = lines_next(lines, &line, &fault)) == 0)
                assert_int_equal(line.len, 99);
        assert_int_equal(r, -ENOBUFS);
        lines_rewind(lines);
        for (i = 0; lines_next(lines, &line, &fault) == 0; i++)
                assert_int_equal(fault, LINE_FINE);
        assert_int_equal(i, (len + 99) / 100);
        lines_close(lines);
        free(bytes);
}

/* ---- CSV records of several lines ---- */

struct told {
        unsigned long users, refused, lines, more;
};

/* Reads all of it below a header; each line is a user, is refused or belongs to the one above. */
static struct told read_records(const char *text) {
        struct lines *lines = lines_of(text, strlen(text));
        struct csv_record record = {.bytes = NULL};
        struct told told = {.users = 0};
        struct table table = {.may_lack_hashes = true};
        enum line_fault fault;
        struct text line;

        assert_int_equal(csv_read_header(TEXT("username,full_name,bio"), &table), 0);
        while (lines_next(lines, &line, &fault) == 0) {
                struct row row;

                assert_int_equal(row_begin(&row, lines->at.number), 0);
                if (fault)
                        row_refuse(&row, "fault");
                else
                        assert_int_equal(csv_record_read(&record, lines, line, &table, &row), 0);
                told.users += row.kind == ROW_USER;
                told.refused += row.kind == ROW_REFUSED;
                row_clear(&row);
        }
        told.lines = lines->at.number;
        told.more = record.more;
        assert_int_equal(told.lines, told.users + told.refused + told.more);
        csv_record_clear(&record);
        table_clear(&table);
        lines_close(lines);
        return told;
}

static void assert_records(const char *text, unsigned long users, unsigned long refused) {
        struct told told = read_records(text);

        if (told.users != users || told.refused != refused)
                fail_msg("%lu users and %lu refused of %s", told.users, told.refused, text);
}

static void a_record_may_go_on_in_the_next_lines(void **state) {
        (void)state;
        assert_records("a,A,\"one\ntwo\r\n\nthree\"\nb,B,\n", 2, 0);
        assert_records("a,A,\"one\ntwo, \"\"three\"\"\"\nb,B,", 2, 0);
}

static void a_stray_quote_costs_its_own_line_alone(void **state) {
        (void)state;
        assert_records("a,A,\nb,\"B,\nc,C,\nd,D,\n", 3, 1);
        assert_records("a,A\",\nc,C,\nd,D,\n", 2, 1);
        assert_records("a,\"A,\nb,\"B, of b\",\nc,C,\nd,\"D\",\n", 3, 1);
        assert_records("a,\"A,\nb,B,\nc,\"C,\nd,D,\n", 2, 2);
        assert_records("a,\"A,x\nb,B,\nc,C\",\nd,D,\n", 2, 2);
        assert_records("a,\"A\nb,B\xff,\nc,C,\n", 1, 2);
        assert_records("a,A,\"", 0, 1);
}

static void a_stray_quote_in_a_long_file_costs_its_own_line_alone(void **state) {
        size_t size = 3000 * 32 + 1, len = 0, i;
        char *text = malloc(size);

        (void)state;
        for (i = 0; i < 3000; i++)
                len += (size_t)snprintf(text + len, size - len, "u%zu,%sU %zu,some words\n", i,
                                        i == 17 ? "\"" : "", i);
        assert_records(text, 2999, 1);
        free(text);
}

static void nothing_has_no_lines(void **state) {
        struct lines *lines = lines_of("", 0);

        (void)state;
        assert_no_line(lines);
        lines_close(lines);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_shadow_line_is_a_user),
                cmocka_unit_test(a_locked_hash_comes_disabled_and_whole),
                cmocka_unit_test(an_account_without_a_hash_is_left_out),
                cmocka_unit_test(an_empty_password_is_refused),
                cmocka_unit_test(what_is_no_shadow_line_is_refused),
                cmocka_unit_test(a_full_name_is_the_first_part_of_gecos),
                cmocka_unit_test(fields_are_quoted_as_rfc_4180_has_it),
                cmocka_unit_test(a_record_that_is_not_like_the_header_is_refused),
                cmocka_unit_test(a_header_names_the_user_and_its_strangers_are_noted),
                cmocka_unit_test(a_table_without_hashes_is_refused_unless_that_is_meant),
                cmocka_unit_test(a_quote_is_open_until_it_is_closed),
                cmocka_unit_test(columns_have_the_names_that_programs_give_them),
                cmocka_unit_test(objects_without_hashes_are_refused_unless_that_is_meant),
                cmocka_unit_test(who_has_no_password_there_has_none_here),
                cmocka_unit_test(a_password_is_forgotten_with_its_time),
                cmocka_unit_test(who_has_no_name_can_be_called_as_his_address_begins),
                cmocka_unit_test(who_is_disabled_by_one_column_is_enabled_by_no_other),
                cmocka_unit_test(roles_come_as_arrays_lists_and_arrays_in_texts),
                cmocka_unit_test(roles_are_what_they_are_said_to_be_here),
                cmocka_unit_test(a_role_that_none_can_be_is_refused_with_what_to_say),
                cmocka_unit_test(columns_that_mean_the_same_are_refused_by_name),
                cmocka_unit_test(members_that_mean_the_same_are_refused_by_name),
                cmocka_unit_test(a_value_of_another_kind_is_refused),
                cmocka_unit_test(djangos_hashes_are_spelled_as_everybody_elses),
                cmocka_unit_test(a_hash_longer_than_any_is_refused),
                cmocka_unit_test(a_salt_is_respelled_as_far_as_there_is_room_for_it),
                cmocka_unit_test(times_are_in_utc_to_the_second),
                cmocka_unit_test(lines_lose_their_ends_and_the_first_its_mark),
                cmocka_unit_test(a_line_with_a_fault_is_counted_and_the_next_one_read),
                cmocka_unit_test(a_line_may_be_of_any_length),
                cmocka_unit_test(marked_lines_are_read_again),
                cmocka_unit_test(no_more_is_kept_than_there_is_room_for),
                cmocka_unit_test(a_record_may_go_on_in_the_next_lines),
                cmocka_unit_test(a_stray_quote_costs_its_own_line_alone),
                cmocka_unit_test(a_stray_quote_in_a_long_file_costs_its_own_line_alone),
                cmocka_unit_test(nothing_has_no_lines),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
