/* The sources of passwords: which may be configured, and which PAM stacks are refused before
 * anybody is asked by them. */
/* links: daemon/parent/audiences.c daemon/parent/comments.c daemon/parent/config.c
 * daemon/parent/fragments.c daemon/parent/guarded.c daemon/parent/identities.c links:
 * daemon/parent/issuer_word.c daemon/parent/keys.c daemon/parent/outside.c links:
 * daemon/parent/pam_stack.c daemon/parent/sections.c daemon/parent/settings.c links:
 * daemon/parent/sources.c daemon/parent/kernel.c daemon/parent/services.c links:
 * daemon/parent/values.c */
/* needs: libconfuse */
#include "../../common/cleanup.h"
#include "../../daemon/parent/pam_stack.h"
#include "../../daemon/parent/sources.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "settings_folder.h"

static char found[PAM_STACK_WRONG_MAX];

/* HERE stands for the folder. */
static char *text_here(const struct folder *folder, const char *format) {
        char *text = strdup(format), *whole, *at;

        while ((at = strstr(text, "HERE"))) {
                *at = '\0';
                assert_true(asprintf(&whole, "%s%s%s", text, folder->dir, at + 4) > 0);
                free(text);
                text = whole;
        }
        return text;
}

static void write_file(const struct folder *folder, const char *name, const char *format) {
        _cleanup_(freep) char *path = NULL, *text = text_here(folder, format);
        FILE *file;

        assert_true(asprintf(&path, "%s/%s", folder->dir, name) > 0);
        file = fopen(path, "we");
        assert_non_null(file);
        fputs(text, file);
        fclose(file);
        assert_int_equal(chmod(path, 0644), 0);
}

static int check(struct folder *folder, const char *service) {
        return pam_stack_check(folder->dir, service, found);
}

#define GOOD "auth required pam_unix.so\naccount required pam_unix.so\n"

/* ---- stacks ---- */

static void a_stack_of_its_own_is_good(void **state) {
        static const char *const good[] = {
                GOOD,
                "# local accounts\n\n-auth [success=1 default=ignore] pam_unix.so nullok\n"
                "auth requisite pam_deny.so # nobody else\nACCOUNT\trequired\tpam_unix.so\n",
                "auth required \\\n pam_unix.so\naccount required pam_permit.so",
                GOOD "session optional pam_jeton.so\npassword required pam_jeton.so\n",
                GOOD "# auth required pam_jeton.so\n",
        };

        for (size_t i = 0; i < ELEMENTS(good); i++) {
                write_file(*state, "local", good[i]);
                assert_int_equal(check(*state, "local"), 0);
        }
}

static void what_is_included_counts(void **state) {
        write_file(*state, "common-auth", "auth required pam_unix.so\n");
        write_file(*state, "common-account", "account required pam_unix.so\n");
        write_file(*state, "local",
                   "@include HERE/common-auth\naccount include HERE/common-account\n");
        assert_int_equal(check(*state, "local"), 0);
        write_file(*state, "local",
                   "auth substack HERE/common-auth\n@include HERE/common-account\n");
        assert_int_equal(check(*state, "local"), 0);
        write_file(*state, "local",
                   "auth include HERE/common-account\n@include HERE/common-account\n");
        assert_int_equal(check(*state, "local"), -EINVAL);
        assert_non_null(strstr(found, "has no line for auth"));
}

/* libpam looks for it in /etc/pam.d, wherever the service is from: the file beside the service
 * would be looked at, and another one would count. */
static void what_is_included_without_a_path_is_refused(void **state) {
        static const char *const stacks[] = {
                GOOD "@include more\n",
                GOOD "auth include more\n",
                GOOD "account substack more\n",
        };
        struct folder *folder = *state;

        write_file(folder, "more", "auth required pam_unix.so\n");
        for (size_t i = 0; i < ELEMENTS(stacks); i++) {
                write_file(folder, "local", stacks[i]);
                assert_int_equal(check(folder, "local"), -EINVAL);
                assert_non_null(strstr(found, "more: Linux-PAM looks for it in /etc/pam.d"));
        }
}

/* Wherever it stands, and however it is reached. */
static void a_stack_that_asks_jetond_again_is_refused(void **state) {
        static const char *const stacks[] = {
                GOOD "auth optional pam_jeton.so\n",
                GOOD "-account [default=ignore] /lib/security/pam_jeton.so timeout=1s\n",
                GOOD "@include HERE/loop\n",
                GOOD "auth include HERE/loop\n",
                GOOD "auth substack HERE/loop\n",
                "auth required \\\n pam_jeton.so\naccount required pam_unix.so\n",
        };
        struct folder *folder = *state;

        write_file(folder, "loop", "auth sufficient pam_jeton.so\n");
        for (size_t i = 0; i < ELEMENTS(stacks); i++) {
                write_file(folder, "local", stacks[i]);
                assert_int_equal(check(folder, "local"), -EINVAL);
                assert_non_null(strstr(found, "pam_jeton.so must not be asked"));
        }
        write_file(folder, "local", GOOD "auth sufficient pam_rootok.so\n");
        assert_int_equal(check(folder, "local"), -EINVAL);
        assert_non_null(strstr(found, "pam_rootok.so"));
}

static void a_stack_that_falls_back_on_another_is_refused(void **state) {
        struct folder *folder = *state;

        write_file(folder, "local", "auth required pam_unix.so\n");
        assert_int_equal(check(folder, "local"), -EINVAL);
        assert_non_null(strstr(found, "has no line for account"));
        write_file(folder, "local", "account required pam_unix.so\n");
        assert_int_equal(check(folder, "local"), -EINVAL);
        assert_non_null(strstr(found, "has no line for auth"));
        write_file(folder, "local", "");
        assert_int_equal(check(folder, "local"), -EINVAL);
}

static void a_file_that_cannot_be_believed_is_refused(void **state) {
        struct folder *folder = *state;
        _cleanup_(freep) char *path = NULL;

        assert_true(asprintf(&path, "%s/local", folder->dir) > 0);
        assert_int_equal(check(folder, "local"), -EINVAL);
        assert_non_null(strstr(found, "local: No such file"));
        write_file(folder, "local", GOOD);
        assert_int_equal(chmod(path, 0664), 0);
        assert_int_equal(check(folder, "local"), -EINVAL);
        assert_non_null(strstr(found, "writable by others"));
        assert_int_equal(chmod(path, 0644), 0);
        assert_int_equal(chmod(folder->dir, 0777), 0);
        assert_int_equal(check(folder, "local"), -EINVAL);
        assert_int_equal(chmod(folder->dir, 0700), 0);
        if (geteuid() == 0) {
                assert_int_equal(chown(path, 1, 1), 0);
                assert_int_equal(check(folder, "local"), -EINVAL);
                assert_non_null(strstr(found, "owned by another user"));
        }
        assert_int_equal(unlink(path), 0);
        assert_int_equal(mkdir(path, 0755), 0);
        assert_int_equal(check(folder, "local"), -EINVAL);
        assert_non_null(strstr(found, "not a regular file"));
}

/* ---- the folders above ---- */

/* folder->dir/above/pam.d, with a good stack in it, and how they are called. */
struct nested {
        char above[80], dir[96];
};

static struct nested nested_make(struct folder *folder) {
        struct nested nested;

        snprintf(nested.above, sizeof nested.above, "%s/above", folder->dir);
        snprintf(nested.dir, sizeof nested.dir, "%s/pam.d", nested.above);
        assert_int_equal(mkdir(nested.above, 0755), 0);
        assert_int_equal(mkdir(nested.dir, 0755), 0);
        write_file(folder, "above/pam.d/local", GOOD);
        return nested;
}

static int check_in(const char *dir) {
        return pam_stack_check(dir, "local", found);
}

static void a_folder_above_that_others_may_write_is_refused_by_name(void **state) {
        struct folder *folder = *state;
        struct nested nested = nested_make(folder);
        _cleanup_(freep) char *words = NULL;

        assert_int_equal(check_in(nested.dir), 0);
        assert_int_equal(chmod(nested.above, 0775), 0);
        assert_int_equal(check_in(nested.dir), -EINVAL);
        assert_true(asprintf(&words, "%s: %s, on the way to it: writable by others", nested.dir,
                             nested.above) > 0);
        assert_non_null(strstr(found, words));
        assert_int_equal(chmod(nested.above, 0757), 0);
        assert_int_equal(check_in(nested.dir), -EINVAL);
        if (geteuid() == 0) {
                assert_int_equal(chmod(nested.above, 0755), 0);
                assert_int_equal(chown(nested.above, 1, 1), 0);
                assert_int_equal(check_in(nested.dir), -EINVAL);
                assert_non_null(strstr(found, "above, on the way to it: owned by another"));
        }
}

/* /tmp is one: others make files there, and take none of ours away. */
static void a_sticky_folder_above_is_good_and_the_stacks_own_is_not(void **state) {
        struct folder *folder = *state;
        struct nested nested = nested_make(folder);

        assert_int_equal(chmod(nested.above, 01777), 0);
        assert_int_equal(check_in(nested.dir), 0);
        assert_int_equal(chmod(nested.dir, 01777), 0);
        assert_int_equal(check_in(nested.dir), -EINVAL);
}

static void where_a_symlink_leads_counts(void **state) {
        struct folder *folder = *state;
        struct nested nested = nested_make(folder);
        _cleanup_(freep) char *link = NULL, *round = NULL;

        assert_true(asprintf(&link, "%s/link", folder->dir) > 0);
        assert_true(asprintf(&round, "%s/round", folder->dir) > 0);
        assert_int_equal(symlink("above/../above//pam.d/", link), 0);
        assert_int_equal(check_in(link), 0);
        assert_int_equal(chmod(nested.above, 0777), 0);
        assert_int_equal(check_in(link), -EINVAL);
        assert_int_equal(chmod(nested.above, 0755), 0);
        assert_int_equal(unlink(link), 0);
        assert_int_equal(symlink(nested.dir, link), 0);
        assert_int_equal(check_in(link), 0);
        assert_int_equal(chmod(nested.above, 0777), 0);
        assert_int_equal(check_in(link), -EINVAL);
        assert_int_equal(symlink("round", round), 0);
        assert_int_equal(check_in(round), -EINVAL);
}

static void a_folder_above_an_included_file_counts(void **state) {
        struct folder *folder = *state;
        struct nested nested = nested_make(folder);

        write_file(folder, "local", "@include HERE/above/pam.d/local\n");
        assert_int_equal(check(folder, "local"), 0);
        assert_int_equal(chmod(nested.above, 0777), 0);
        assert_int_equal(check(folder, "local"), -EINVAL);
        assert_non_null(strstr(found, "above, on the way to it: writable by others"));
}

/* An included file that others may write is as bad. */
static void so_is_a_file_that_it_includes(void **state) {
        struct folder *folder = *state;
        _cleanup_(freep) char *path = NULL;

        assert_true(asprintf(&path, "%s/more", folder->dir) > 0);
        write_file(folder, "local", GOOD "@include HERE/more\n");
        assert_int_equal(check(folder, "local"), -EINVAL);
        write_file(folder, "more", "auth required pam_unix.so\n");
        assert_int_equal(check(folder, "local"), 0);
        assert_int_equal(chmod(path, 0646), 0);
        assert_int_equal(check(folder, "local"), -EINVAL);
        write_file(folder, "local", GOOD "@include HERE/local\n");
        assert_int_equal(check(folder, "local"), -EINVAL);
        assert_non_null(strstr(found, "includes itself"));
}

static void nonsense_is_read_to_its_end(void **state) {
        static const char *const texts[] = {
                "auth", "auth [", "auth [default=",    "@include",        "\\\n", "auth required",
                "\\",   "[",      "auth \\\n\\\n\\\n", "account include",
        };

        for (size_t i = 0; i < ELEMENTS(texts); i++) {
                write_file(*state, "local", texts[i]);
                assert_int_equal(check(*state, "local"), -EINVAL);
        }
}

/* ---- the configuration ---- */

static int load(struct folder *folder, const char *text) {
        _cleanup_(freep) char *path = NULL;
        struct settings_source source = {.must_exist = true};

        assert_true(asprintf(&path, "%s/jetond.conf", folder->dir) > 0);
        write_file(folder, "jetond.conf", text);
        source.file = path;
        settings_freep(&folder->settings);
        return settings_load(&source, &folder->settings, folder->error);
}

static void without_a_section_the_database_is_asked(void **state) {
        struct folder *folder = *state;

        assert_int_equal(load(folder, ""), 0);
        assert_int_equal(folder->settings->source_count, 1);
        assert_int_equal(source_kind(&folder->settings->sources[0]), SOURCE_DATABASE);
        assert_false(sources_have_pam(folder->settings));
}

static void sources_keep_their_order_and_their_settings(void **state) {
        struct folder *folder = *state;
        const struct source *source;

        write_file(folder, "local", GOOD);
        write_file(folder, "ldap", GOOD);
        assert_int_equal(load(folder, "min-uid = 500\n"
                                      "source \"pam:ldap\" {\n directory = \"HERE\"\n"
                                      " min-uid = 2000\n create = true\n timeout = 3s\n}\n"
                                      "source \"database\" { }\n"
                                      "source \"pam:local\" { directory = \"HERE\" }\n"),
                         0);
        assert_int_equal(folder->settings->source_count, 3);
        assert_true(sources_have_pam(folder->settings));
        source = folder->settings->sources;
        assert_string_equal(source_service(source), "ldap");
        assert_string_equal(source_directory(source), folder->dir);
        assert_int_equal(source_min_uid(folder->settings, source), 2000);
        assert_int_equal(source->create, 1);
        assert_int_equal(source->timeout_s, 3);
        assert_int_equal(source_kind(&source[1]), SOURCE_DATABASE);
        assert_int_equal(source_min_uid(folder->settings, &source[2]), 500);
        assert_int_equal(source[2].create, 0);
        assert_int_equal(source[2].timeout_s, 5);
}

static void what_is_wrong_is_told_with_its_place(void **state) {
        static const struct {
                const char *text;
                const char *error;
        } wrong[] = {
                {"source \"pam:\" { }", "'pam:' is no name for a section source"},
                {"source \"pam:../su\" { }", "is no name for a section source"},
                {"source \"ldap\" { }", "'ldap' is no name for a section source"},
                {"source \"database\" { }\nsource \"database\" { }", "jetond.conf:2:"},
                {"source \"database\" {\n create = true\n}", "the database has no such setting"},
                {"source \"pam:gone\" {\n directory = \"HERE\"\n}", "gone: No such file"},
                {"source \"pam:local\" {\n directory = \"HERE\"\n min-uid = 0\n}",
                 "min-uid must be a number from 1"},
                {"source \"pam:local\" {\n directory = \"HERE\"\n timeout = 1m\n}",
                 "timeout must be from 1s to 10s"},
                {"source \"pam:local\" {\n directory = \"pam.d\"\n}",
                 "directory must be an absolute path"},
                {"source \"pam:local\" {\n directory = \"HERE\"\n min-uid = 5\n create = true\n}",
                 "min-uid is below that of users"},
                {"source \"pam:loop\" {\n directory = \"HERE\"\n}",
                 "loop: pam_jeton.so must not be asked"},
                {"pam-workers = 33", "pam-workers must be a number from 1 to 32"},
        };
        struct folder *folder = *state;

        write_file(folder, "local", GOOD);
        write_file(folder, "loop", GOOD "auth optional pam_jeton.so");
        for (size_t i = 0; i < ELEMENTS(wrong); i++) {
                assert_true(load(folder, wrong[i].text) < 0);
                if (!strstr(folder->error, wrong[i].error))
                        fail_msg("%s: %s", wrong[i].text, folder->error);
        }
}

static void what_is_printed_is_what_was_read(void **state) {
        _cleanup_(freep) char *first = NULL;
        _cleanup_(freep) char *second = NULL;
        struct folder *folder = *state;
        size_t size;
        FILE *to;

        write_file(folder, "local", GOOD);
        assert_int_equal(load(folder, "source \"pam:local\" {\n directory = \"HERE\"\n"
                                      " create = true\n}\nsource \"database\" { }\n"),
                         0);
        to = open_memstream(&first, &size);
        settings_print(folder->settings, to);
        fclose(to);
        assert_int_equal(load(folder, first), 0);
        to = open_memstream(&second, &size);
        settings_print(folder->settings, to);
        fclose(to);
        assert_string_equal(first, second);
        assert_non_null(strstr(first, "create = \"true\""));
        assert_null(strstr(first, "min-uid = 0"));
}

static unsigned differences;

static void count_difference(const char *key) {
        assert_string_equal(key, "source");
        differences++;
}

static void a_reload_leaves_them_as_they_are(void **state) {
        _cleanup_(settings_freep) struct settings *running = NULL;
        struct folder *folder = *state;

        write_file(folder, "local", GOOD);
        assert_int_equal(load(folder, "source \"pam:local\" {\n directory = \"HERE\"\n}"), 0);
        running = take(folder->settings);
        assert_int_equal(load(folder, "source \"pam:local\" {\n directory = \"HERE\"\n}"), 0);
        differences = 0;
        assert_int_equal(settings_keep_fixed(running, folder->settings, count_difference), 0);
        assert_int_equal(differences, 0);
        assert_int_equal(load(folder, "source \"database\" { }\nsource \"pam:local\" {\n"
                                      " directory = \"HERE\"\n create = true\n}"),
                         0);
        assert_int_equal(settings_keep_fixed(running, folder->settings, count_difference), 0);
        assert_int_equal(differences, 1);
        assert_int_equal(folder->settings->source_count, 1);
        assert_string_equal(folder->settings->sources[0].name, "pam:local");
        assert_string_equal(source_directory(folder->settings->sources), folder->dir);
        assert_int_equal(folder->settings->sources[0].create, 0);
        assert_int_equal(folder->settings->sources[0].timeout_s, 5);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, folder_make, folder_remove)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(a_stack_of_its_own_is_good),
                TEST(what_is_included_counts),
                TEST(what_is_included_without_a_path_is_refused),
                TEST(a_stack_that_asks_jetond_again_is_refused),
                TEST(a_stack_that_falls_back_on_another_is_refused),
                TEST(a_file_that_cannot_be_believed_is_refused),
                TEST(a_folder_above_that_others_may_write_is_refused_by_name),
                TEST(a_sticky_folder_above_is_good_and_the_stacks_own_is_not),
                TEST(where_a_symlink_leads_counts),
                TEST(a_folder_above_an_included_file_counts),
                TEST(so_is_a_file_that_it_includes),
                TEST(nonsense_is_read_to_its_end),
                TEST(without_a_section_the_database_is_asked),
                TEST(sources_keep_their_order_and_their_settings),
                TEST(what_is_wrong_is_told_with_its_place),
                TEST(what_is_printed_is_what_was_read),
                TEST(a_reload_leaves_them_as_they_are),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
