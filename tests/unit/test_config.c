/* The settings: what a file may say, what each mistake is called and where it is, and that the
 * printed settings are the settings. */
/* links: daemon/parent/audiences.c daemon/parent/comments.c daemon/parent/config.c
 * daemon/parent/fragments.c daemon/parent/guarded.c daemon/parent/identities.c links:
 * daemon/parent/issuer_word.c daemon/parent/keys.c daemon/parent/outside.c links:
 * daemon/parent/rate.c daemon/parent/pam_stack.c daemon/parent/sections.c links:
 * daemon/parent/settings.c daemon/parent/services.c daemon/parent/sources.c links:
 * daemon/parent/values.c */
/* needs: libconfuse */
#include "../../common/cleanup.h"
#include "../../daemon/parent/kernel.h"
#include "../../daemon/parent/rate.h"

#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "settings_folder.h"

static void write_file(const struct folder *folder, const char *name, const char *text) {
        _cleanup_(fclosep) FILE *file = NULL;
        char path[160];

        snprintf(path, sizeof path, "%s/%s", folder->dir, name);
        file = fopen(path, "w");
        assert_non_null(file);
        assert_true(fputs(text, file) >= 0);
        assert_int_equal(fchmod(fileno(file), 0644), 0);
}

static int load(struct folder *folder, bool single_uid) {
        const struct settings_source source = {folder->file, true, single_uid};

        settings_freep(&folder->settings);
        return settings_load(&source, &folder->settings, folder->error);
}

static const struct settings *good(struct folder *folder, const char *text) {
        write_file(folder, "jetond.conf", text);
        if (load(folder, false))
                fail_msg("refused: %s", folder->error);
        return folder->settings;
}

static void bad(struct folder *folder, const char *text, int line, const char *what) {
        char wanted[SETTINGS_ERROR_MAX];

        write_file(folder, "jetond.conf", text);
        assert_true(load(folder, false) < 0);
        snprintf(wanted, sizeof wanted, "%s:%d: %s", folder->file, line, what);
        assert_string_equal(folder->error, wanted);
}

static void an_empty_file_means_the_defaults(void **state) {
        const struct settings *settings = good(*state, "");

        assert_string_equal(settings->admin, "root");
        assert_int_equal(settings->min_uid, 1000);
        assert_int_equal(settings->access_lifetime_s, 15 * 60);
        assert_int_equal(settings->max_lifetime_s, 7 * 86400);
        assert_int_equal(settings->leeway_s, 10);
        assert_in_range(settings->workers, 2, 64);
        assert_int_equal(settings->max_connections, 4096);
        assert_int_equal(settings->max_connections_per_uid, 256);
        assert_int_equal(settings->max_calls_per_uid, 128);
        assert_int_equal(settings->max_hashes_per_uid, 32);
        assert_int_equal(settings->max_registered_per_uid, 64);
        assert_int_equal(settings->max_registered_shared, 4096);
        assert_int_equal(settings->request_s, 10);
        assert_int_equal(settings->idle_s, 60);
        assert_int_equal(settings->password_min, 8);
        assert_int_equal(settings->password_grant, PASSWORD_GRANT_LOCAL);
        assert_int_equal(settings_log_level(settings), 6);
        assert_string_equal(settings->login_code, "login sshd");
        assert_int_equal(settings->login_code_s, 60);
        assert_null(settings->issuer);
        assert_false(settings->has_web);
        assert_int_equal(settings->audience_count, 0);
}

static void a_missing_file_means_the_defaults_unless_it_was_named(void **state) {
        struct folder *folder = *state;
        struct settings_source source = {folder->file, false, false};

        assert_int_equal(settings_load(&source, &folder->settings, folder->error), 0);
        source.must_exist = true;
        settings_freep(&folder->settings);
        assert_int_equal(settings_load(&source, &folder->settings, folder->error), -ENOENT);
        assert_non_null(strstr(folder->error, folder->file));
}

static void root_is_no_admin_of_a_private_state(void **state) {
        struct folder *folder = *state;

        write_file(folder, "jetond.conf", "");
        assert_int_equal(load(folder, true), 0);
        assert_string_equal(folder->settings->admin, "");
        assert_string_equal(folder->settings->login_code, "login sshd");
        write_file(folder, "jetond.conf", "admin = {\"daemon\"}\n");
        assert_int_equal(load(folder, true), 0);
        assert_string_equal(folder->settings->admin, "daemon");
}

static void durations_have_a_unit(void **state) {
        assert_int_equal(good(*state, "leeway = 0s")->leeway_s, 0);
        assert_int_equal(good(*state, "access-lifetime = 90m")->access_lifetime_s, 5400);
        assert_int_equal(good(*state, "access-lifetime = \"2h\"")->access_lifetime_s, 7200);
        assert_int_equal(good(*state, "max-lifetime = 1d")->max_lifetime_s, 86400);
}

static void a_list_grows_with_plus_equals(void **state) {
        assert_string_equal(good(*state, "admin += {\"daemon\", \"4000000000\"}")->admin,
                            "root daemon 4000000000");
        assert_string_equal(good(*state, "admin = {}\n")->admin, "");
        assert_string_equal(good(*state, "admin = {\"bin\"}\nadmin += {\"daemon\"}")->admin,
                            "bin daemon");
        assert_string_equal(good(*state, "login-code += {\"sudo\"}")->login_code,
                            "login sshd sudo");
        assert_string_equal(good(*state, "login-code = {}")->login_code, "");
}

static const struct mistake {
        const char *text;
        int line;
        const char *what;
} mistakes[] = {
        {"\n\nnonsense = 1\n", 3, "no such option 'nonsense'"},
        {"audience \"a\" {\n issuer = \"https://h\"\n}", 2, "no such option 'issuer'"},
        {"workers = 1", 1, "workers must be a number from 2 to 64, not '1'"},
        {"workers = 65", 1, "workers must be a number from 2 to 64, not '65'"},
        {"workers = 4.5", 1, "workers must be a number from 2 to 64, not '4.5'"},
        {"min-uid = 0", 1, "min-uid must be a number from 1 to 4294967293, not '0'"},
        {"min-uid = -1", 1, "min-uid must be a number from 1 to 4294967293, not '-1'"},
        {"leeway = 10", 1,
         "leeway must be a duration: a number and s, m, h or d, as in 15m, not '10'"},
        {"leeway = 10w", 1,
         "leeway must be a duration: a number and s, m, h or d, as in 15m, not '10w'"},
        {"leeway = m", 1,
         "leeway must be a duration: a number and s, m, h or d, as in 15m, not 'm'"},
        {"max-lifetime = 99999999999999999999d", 1,
         "max-lifetime must be a duration: a number and s, m, h or d, as in 15m, "
         "not '99999999999999999999d'"},
        {"\nmax-lifetime = 8d", 2, "max-lifetime must be from 30s to 7d, not '8d'"},
        {"login-code = {\"../su\"}", 1, "login-code must be a PAM service, not '../su'"},
        {"login-code-lifetime = 61s", 1, "login-code-lifetime must be from 1s to 1m, not '61s'"},
        {"leeway = 6m", 1, "leeway must be from 0s to 5m, not '6m'"},
        {"password-grant = all", 1, "password-grant must be one of local web, not 'all'"},
        {"issuer = \"http://h\"", 1,
         "issuer must be https://, a host and no query or fragment, not 'http://h'"},
        {"admin = {\"root\",\n\"no-such-user\"}", 2,
         "admin must be a user of this host or a uid, not 'no-such-user'"},
        {"admin = {\"4294967295\"}", 1,
         "admin must be a user of this host or a uid, not '4294967295'"},
        {"web {\n group = \"no-such-group\"\n}", 2,
         "group must be a group of this host or a gid, not 'no-such-group'"},
        {"web {\n group = 0\n socket = \"web.sock\"\n}", 3,
         "socket must be an absolute path, not 'web.sock'"},
        {"web { group = 0 }\nweb { group = 0 }", 2, "section web is there already"},
        {"audience \"two words\" { }", 1, "'two words' is no name for a section audience"},
        {"audience \"a\" { }\naudience \"a\" { }", 2, "found duplicate title 'a'"},
        {"audience \"a\" {\n scope \"x\" { }\n scope \"x\" { }\n}", 3, "found duplicate title 'x'"},
        {"audience \"a\" {\n scope \"x y\" { }\n}", 2, "'x y' is no name for a section scope"},
        {"audience \"a\" {\n typ = \"jwt\"\n}", 2, "typ must be one of at+jwt JWT, not 'jwt'"},
        {"audience \"a\" {\n role = {\"Two Words\"}\n}", 2, "role must be a role, not 'Two Words'"},
        {"audience \"a\" {\n lifetime = 1s\n}", 2, "lifetime must be from 10s to 7d, not '1s'"},
        {"access-lifetime = 2h\nmax-lifetime = 1h", 1,
         "access-lifetime is longer than max-lifetime"},
        {"audience \"a\" {\n lifetime = 2h\n}\nmax-lifetime = 1h", 2,
         "lifetime is longer than max-lifetime"},
        {"# one\n// two\n/* three\n four */ leeway = 5s # five\nnope = 1", 5,
         "no such option 'nope'"},
        {"admin = {\"root\"} /* \" */ # '\nnope = 1 // \"", 2, "no such option 'nope'"},
        {"issuer = \"https://a.example/#b\"", 1,
         "issuer must be https://, a host and no query or fragment, not 'https://a.example/#b'"},
        {"audience 'https://a.example//b' {\n}\nnope = 1", 3, "no such option 'nope'"},
        {"audience \"jeton:login\" {\n}", 2, "this audience is that of login tickets"},
        {"issuer = \"https://a.example\"\naudience \"https://a.example\" {\n}", 3,
         "the issuer is an audience already, and needs no section"},
        {"\nmax-connections-per-uid = 100\nmax-connections = 50", 2,
         "max-connections-per-uid is more than max-connections"},
        {"password-grant = web", 1, "password-grant is web, and there is no section web"},
        {"web {\n", 3, "the file ends within section web"},
        {"audience \"a\" {\n scope \"x\" {\n}", 4, "the file ends within section audience"},
        {"workers = 3\nissuer = \"https://h\nleeway = 5s\n", 2,
         "this quotation mark is closed nowhere"},
        {"issuer = 'https://h\\'", 1, "this quotation mark is closed nowhere"},
        {"workers", 2, "missing equal sign after option 'workers'"},
        {"workers = {4}", 1, "unexpected token '{'"},
        {"}", 1, "unexpected closing brace"},
};

static void every_mistake_is_told_with_file_and_line(void **state) {
        size_t i;

        for (i = 0; i < ELEMENTS(mistakes); i++)
                bad(*state, mistakes[i].text, mistakes[i].line, mistakes[i].what);
}

static void a_key_is_set_once(void **state) {
        struct folder *folder = *state;
        char what[160];

        snprintf(what, sizeof what, "leeway is set already, at %s:1", folder->file);
        bad(folder, "leeway = 1s\n\nleeway = 1s\n", 3, what);
        snprintf(what, sizeof what, "admin is set already, at %s:1", folder->file);
        bad(folder, "admin = {\"bin\"}\nadmin = {\"daemon\"}\n", 2, what);
        snprintf(what, sizeof what, "typ is set already, at %s:2", folder->file);
        bad(folder, "audience \"a\" {\n typ = JWT\n typ = JWT\n}", 3, what);
        bad(folder, "admin = {\"bin\"}\nadmin = {}\n", 1,
            "this list is set again, to nothing, further on");
        good(folder, "audience \"a\" {\n typ = JWT\n}\naudience \"b\" {\n typ = JWT\n}\n");
}

static void conf_d_follows_in_the_order_of_names(void **state) {
        struct folder *folder = *state;
        char conf_d[96], wanted[256];

        snprintf(conf_d, sizeof conf_d, "%s/conf.d", folder->dir);
        assert_int_equal(mkdir(conf_d, 0755), 0);
        write_file(folder, "conf.d/20.conf", "leeway = 20s\n");
        write_file(folder, "conf.d/ignored", "nonsense\n");
        write_file(folder, "conf.d/.hidden.conf", "nonsense\n");
        assert_int_equal(good(folder, "workers = 3")->leeway_s, 20);
        assert_int_equal(folder->settings->workers, 3);

        write_file(folder, "conf.d/10.conf", "\nleeway = 10s\n");
        assert_true(load(folder, false) < 0);
        snprintf(wanted, sizeof wanted, "%s/20.conf:1: leeway is set already, at %s/10.conf:2",
                 conf_d, conf_d);
        assert_string_equal(folder->error, wanted);
}

static void a_file_that_others_can_write_is_refused(void **state) {
        struct folder *folder = *state;

        write_file(folder, "jetond.conf", "workers = 3");
        assert_int_equal(chmod(folder->file, 0664), 0);
        assert_int_equal(load(folder, false), -EPERM);
        assert_non_null(strstr(folder->error, "writable by others"));
}

static void what_is_printed_is_what_was_read(void **state) {
        static const char text[] = "issuer = \"https://h.example/a\"\n"
                                   "admin = {\"root\", \"12\"}\n"
                                   "access-lifetime = 90s\nidle-timeout = 1h\nlog-level = debug\n"
                                   "password-grant = web\n"
                                   "web {\n socket = \"/run/x/\\$y\"\n group = \"0\"\n}\n"
                                   "audience \"https://m.example/\\$HOME\" {\n"
                                   " lifetime = 5m\n typ = \"JWT\"\n role = {\"a\", \"b:c\"}\n"
                                   " scope \"m:'r\" {\n  role = {\"d\"}\n }\n scope \"w\" { }\n}\n"
                                   "audience \"word\" { }\n";
        _cleanup_(freep) char *first = NULL;
        _cleanup_(freep) char *second = NULL;
        struct folder *folder = *state;
        size_t size;
        FILE *to;

        to = open_memstream(&first, &size);
        settings_print(good(folder, text), to);
        fclose(to);
        assert_string_equal(folder->settings->audiences[0].name, "https://m.example/$HOME");
        assert_string_equal(folder->settings->audiences[0].roles, "a b:c");
        assert_string_equal(folder->settings->audiences[0].scopes[0].name, "m:'r");
        assert_int_equal(folder->settings->audiences[1].scope_count, 0);

        to = open_memstream(&second, &size);
        settings_print(good(folder, first), to);
        fclose(to);
        assert_string_equal(first, second);
        assert_non_null(strstr(first, "access-lifetime = \"90s\""));
        assert_non_null(strstr(first, "idle-timeout = \"1h\""));
        assert_non_null(strstr(first, "role = {\"a\", \"b:c\"}"));
}

static unsigned differences;

static void count_difference(const char *key) {
        assert_true(strcmp(key, "workers") == 0 || strcmp(key, "web") == 0);
        differences++;
}

static void a_reload_keeps_what_only_a_restart_changes(void **state) {
        _cleanup_(settings_freep) struct settings *running = NULL;
        struct folder *folder = *state;

        good(folder, "workers = 3\nleeway = 1s");
        running = take(folder->settings);
        good(folder, "workers = 4\nleeway = 2s\nweb { group = 0 }");
        differences = 0;
        assert_int_equal(settings_keep_fixed(running, folder->settings, count_difference), 0);
        assert_int_equal(differences, 2);
        assert_int_equal(folder->settings->workers, 3);
        assert_int_equal(folder->settings->leeway_s, 2);
        assert_false(folder->settings->has_web);
}

static void a_child_that_ends_again_and_again_is_started_ever_later(void **state) {
        struct rate rate = {0};
        int64_t now = 1000000, wait = 0;
        int i;

        (void)state;
        for (i = 0; i < RATE_STARTS; i++)
                assert_int_equal(rate_charge(&rate, now), 0);
        for (i = 0; i < 10; i++) {
                int64_t next = rate_charge(&rate, now);

                assert_true(next > 0 && next >= wait && next <= RATE_LONGEST_MS);
                wait = next;
                now += next;
        }
        assert_int_equal(wait, RATE_LONGEST_MS);
        assert_int_equal(rate_charge(&rate, now + RATE_WINDOW_MS), 0);
}

#define METRICS  "audience \"https://m.example\" { scope \"read\" { } }\n"
#define AUDIENCE "audience = {\"https://m.example\"} "

static void identities_and_self_are_read(void **state) {
        const struct settings *settings =
                good(*state,
                     METRICS "identity grafana { user = {root, \"17\"} group = \"root\" " AUDIENCE
                             "scope = {read} role = {machine} lifetime = 5m }\n"
                             "identity door { user = root act-for = true }\n"
                             "self { " AUDIENCE "}\n");
        const struct service *grafana = &settings->services[0], *self = &settings->services[2];

        assert_int_equal(settings->service_count, 3);
        assert_string_equal(grafana->name, "grafana");
        assert_string_equal(grafana->user, "root 17");
        assert_string_equal(grafana->group, "root");
        assert_string_equal(grafana->scope, "read");
        assert_string_equal(grafana->role, "machine");
        assert_int_equal(grafana->lifetime_s, 300);
        assert_int_equal(grafana->act_for, 0);
        assert_int_equal(settings->services[1].act_for, 1);
        assert_true(self->is_self);
        assert_string_equal(self->name, "local");
        assert_string_equal(self->audience, "https://m.example");
}

static void an_identity_that_opens_nothing_or_too_much_is_refused(void **state) {
        bad(*state, METRICS "identity a { " AUDIENCE "}", 2,
            "this identity is nobody's: it needs user or group");
        bad(*state, "identity a { user = root }", 1,
            "this section opens nothing: it needs an audience");
        bad(*state, "self { }", 1, "this section opens nothing: it needs an audience");
        bad(*state, "identity a { user = root audience = {\"https://m.example\"} }", 1,
            "the audience 'https://m.example' is declared by no section audience, and is not the "
            "issuer");
        bad(*state, METRICS "self { audience = {\"https://m.example\", \"https://n.example\"} }", 2,
            "the audience 'https://n.example' is declared by no section audience, and is not the "
            "issuer");
        bad(*state, METRICS "self { " AUDIENCE "scope = {write} }", 2,
            "the scope 'write' is declared by none of these audiences");
        bad(*state,
            METRICS "max-lifetime = 1h\naccess-lifetime = 1m\nself { " AUDIENCE "lifetime = 2h }",
            4, "lifetime is longer than max-lifetime");
        bad(*state, METRICS "identity local { user = root " AUDIENCE "}", 2,
            "'local' is no name for a section identity");
        bad(*state, "identity a { user = nobody-of-that-name }", 1,
            "user must be a user of this host or a uid, not 'nobody-of-that-name'");
        bad(*state, "identity a { group = nobody-of-that-name }", 1,
            "group must be a group of this host or a gid, not 'nobody-of-that-name'");
        bad(*state, METRICS "self { " AUDIENCE "}\nself { " AUDIENCE "}", 3,
            "section self is there already");
}

/* In the place of kernel.c: what this host can do is not asked here. */
static bool tells_peers = true, has_cgroups = true;

bool kernel_tells_peers(void) {
        return tells_peers;
}

bool kernel_has_cgroups(void) {
        return has_cgroups;
}

#define IN_UNIT METRICS "identity a { user = root unit = \"a@b.service\" " AUDIENCE "}"

static void a_unit_stands_beside_user_or_group(void **state) {
        const struct settings *settings = good(*state, IN_UNIT);

        assert_string_equal(settings->services[0].unit, "a@b.service");
        bad(*state, METRICS "identity a { unit = \"a.service\" " AUDIENCE "}", 2,
            "this identity is nobody's: it needs user or group");
        bad(*state, METRICS "identity a { user = root unit = \"a.socket\" " AUDIENCE "}", 2,
            "unit must be a unit of systemd: NAME.service or NAME.scope, not 'a.socket'");
        bad(*state, "identity a { user = root unit = \"a.service\" act-for = true }", 1,
            "unit and act-for do not go together: act-for goes by ids alone");
        bad(*state, METRICS "self { unit = \"a.service\" " AUDIENCE "}", 2,
            "no such option 'unit'");
}

static void where_units_cannot_be_told_a_rule_by_unit_is_an_error_and_not_ignored(void **state) {
        tells_peers = false;
        bad(*state, IN_UNIT, 2,
            "unit: this kernel does not tell which process is at the other end of a socket "
            "(SO_PEERPIDFD, Linux 6.5)");
        good(*state, METRICS "identity a { user = root " AUDIENCE "}");
        tells_peers = true;
        has_cgroups = false;
        bad(*state, IN_UNIT, 2, "unit: this host has no cgroups of version 2 to find units in");
        has_cgroups = true;
}

static void the_issuer_is_an_audience_of_identities_where_it_is_set(void **state) {
        const struct settings *settings =
                good(*state,
                     "issuer = \"https://h.example\"\nself { audience = {\"https://h.example\"} }");

        assert_string_equal(settings->services[0].audience, "https://h.example");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_make, folder_remove)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(an_empty_file_means_the_defaults),
                TEST(a_missing_file_means_the_defaults_unless_it_was_named),
                TEST(root_is_no_admin_of_a_private_state),
                TEST(durations_have_a_unit),
                TEST(a_list_grows_with_plus_equals),
                TEST(every_mistake_is_told_with_file_and_line),
                TEST(identities_and_self_are_read),
                TEST(a_unit_stands_beside_user_or_group),
                TEST(where_units_cannot_be_told_a_rule_by_unit_is_an_error_and_not_ignored),
                TEST(an_identity_that_opens_nothing_or_too_much_is_refused),
                TEST(where_units_cannot_be_told_a_rule_by_unit_is_an_error_and_not_ignored),
                TEST(a_unit_stands_beside_user_or_group),
                TEST(the_issuer_is_an_audience_of_identities_where_it_is_set),
                TEST(a_key_is_set_once),
                TEST(conf_d_follows_in_the_order_of_names),
                TEST(a_file_that_others_can_write_is_refused),
                TEST(what_is_printed_is_what_was_read),
                TEST(a_reload_keeps_what_only_a_restart_changes),
                TEST(a_child_that_ends_again_and_again_is_started_ever_later),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
