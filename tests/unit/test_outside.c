/* The outside issuers of the configuration: what a section may say, what each mistake is called,
 * and whose folder of keys is opened. */
/* links: daemon/parent/audiences.c daemon/parent/comments.c daemon/parent/config.c
 * daemon/parent/fragments.c daemon/parent/guarded.c daemon/parent/identities.c links:
 * daemon/parent/issuer_word.c daemon/parent/keys.c daemon/parent/outside.c links:
 * daemon/parent/pam_stack.c daemon/parent/sections.c daemon/parent/settings.c links:
 * daemon/parent/sources.c daemon/parent/kernel.c daemon/parent/services.c links:
 * daemon/parent/values.c */
/* needs: libconfuse */
#include "../../common/cleanup.h"
#include "../../daemon/parent/guarded.h"
#include "../../daemon/parent/outside.h"

#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "settings_folder.h"

static int load(struct folder *folder, const char *text) {
        struct settings_source source = {.file = folder->file, .must_exist = true};
        FILE *file = fopen(folder->file, "we");

        assert_non_null(file);
        fputs(text, file);
        fclose(file);
        assert_int_equal(chmod(folder->file, 0644), 0);
        settings_freep(&folder->settings);
        return settings_load(&source, &folder->settings, folder->error);
}

static const struct settings *good(struct folder *folder, const char *text) {
        if (load(folder, text))
                fail_msg("refused: %s", folder->error);
        return folder->settings;
}

static void bad(struct folder *folder, const char *text, int line, const char *what) {
        char wanted[SETTINGS_ERROR_MAX];

        assert_true(load(folder, text) < 0);
        snprintf(wanted, sizeof wanted, "%s:%d: %s", folder->file, line, what);
        assert_string_equal(folder->error, wanted);
}

#define GOOGLE "https://accounts.google.com"
#define FILE_  "jwks = \"/var/lib/jeton-issuers/google.json\"\n"
#define REST   FILE_ "audience = \"app\"\n}\n"

/* ---- what is read ---- */

static void a_section_says_whose_tokens_are_believed(void **state) {
        const struct settings *settings =
                good(*state, "issuer \"" GOOGLE "\" {\n" FILE_
                             "jwks-uri = \"https://www.googleapis.com/oauth2/v3/certs?a=b\"\n"
                             "audience = {\"1-a.apps.googleusercontent.com\", \"b\"}\n"
                             "alg = ES256\n}\n");
        const struct outside_issuer *outside = &settings->outside[0];

        assert_int_equal(settings->outside_count, 1);
        assert_string_equal(outside->url, GOOGLE);
        assert_string_equal(outside->jwks, "/var/lib/jeton-issuers/google.json");
        assert_string_equal(outside_file_name(outside), "google.json");
        assert_string_equal(outside->jwks_uri, "https://www.googleapis.com/oauth2/v3/certs?a=b");
        assert_string_equal(outside->audience, "1-a.apps.googleusercontent.com b");
        assert_int_equal(outside_algorithm(outside), KEY_ES256);
}

static void the_algorithm_is_rs256_where_none_is_said(void **state) {
        const struct settings *settings = good(*state, "issuer \"" GOOGLE "\" {\n" REST);

        assert_int_equal(outside_algorithm(&settings->outside[0]), KEY_RS256);
        assert_null(settings->outside[0].jwks_uri);
}

/* The word is a key and a section. */
static void our_own_issuer_stands_beside_the_sections(void **state) {
        static const char *const ways[] = {
                "issuer = \"https://h.test\"\nissuer \"" GOOGLE "\" {\n" REST,
                "issuer \"" GOOGLE "\" {\n" REST "issuer = https://h.test",
                "issuer=\"https://h.test\" issuer\"" GOOGLE "\"{" REST,
                "issuer='https://h.test' issuer'" GOOGLE "'{" REST,
                "issuer\n= \"https://h.test\"\nissuer\n'" GOOGLE "'\n{\n" REST,
                "issuer = https://h.test\n/* issuer \"x\" */ issuer " GOOGLE " {\n" REST,
                "audience \"issuer \\\" issuer 'x'\" { }\n",
        };

        for (size_t i = 0; i + 1 < ELEMENTS(ways); i++) {
                const struct settings *settings = good(*state, ways[i]);

                assert_string_equal(settings->issuer, "https://h.test");
                assert_int_equal(settings->outside_count, 1);
                assert_string_equal(settings->outside[0].url, GOOGLE);
        }
        assert_true(load(*state, ways[ELEMENTS(ways) - 1]) < 0);
        assert_null(strchr(((struct folder *)*state)->error, '\x01'));
}

/* The unit that fetches a file writes in one folder. */
static void a_file_that_is_fetched_to_elsewhere_is_doubted(void **state) {
        struct folder *folder = *state;
        char wanted[SETTINGS_ERROR_MAX];

        good(folder, "issuer \"" GOOGLE "\" {\n jwks-uri = \"https://h.test/1\"\n" REST
                     "issuer \"https://b.test\" {\n jwks = /etc/keys.json\n audience = a\n}\n");
        assert_string_equal(folder->error, "");
        good(folder, "issuer \"https://b.test\" {\n audience = a\n jwks = /etc/keys.json\n"
                     " jwks-uri = \"https://h.test/1\"\n}\n");
        snprintf(
                wanted, sizeof wanted,
                "%s:3: warning: jwks is not in /var/lib/jeton-issuers/, and jeton-issuers.service, "
                "which is to fetch it, writes nowhere else",
                folder->file);
        assert_string_equal(folder->error, wanted);
}

static void the_word_may_be_a_value(void **state) {
        const struct settings *settings =
                good(*state, "identity issuer { user = root audience = {issuer} }\n"
                             "audience issuer { role = issuer }\nissuer = \"https://h.test\"");

        assert_string_equal(settings->services[0].name, "issuer");
        assert_string_equal(settings->audiences[0].roles, "issuer");
        assert_int_equal(settings->outside_count, 0);
}

static const struct mistake {
        const char *text;
        int line;
        const char *what;
} mistakes[] = {
        {"issuer \"" GOOGLE "\" {\n}", 2,
         "jwks is missing: the file with this issuer's public keys"},
        {"issuer \"" GOOGLE "\" {\n" FILE_ "}", 3,
         "audience is missing: what this issuer's tokens for us say in aud, as the id that it gave "
         "the application"},
        {"issuer \"http://h.test\" {\n" REST, 4,
         "'http://h.test' is no name for a section issuer: it must be https://, a host and no "
         "query or fragment, as in iss of its tokens"},
        {"issuer \"accounts.google.com\" {\n" REST, 4,
         "'accounts.google.com' is no name for a section issuer: it must be https://, a host and "
         "no query or fragment, as in iss of its tokens"},
        {"issuer \"https://h.test/?a\" {\n" REST, 4,
         "'https://h.test/?a' is no name for a section issuer: it must be https://, a host and no "
         "query or fragment, as in iss of its tokens"},
        {"issuer = \"" GOOGLE "\"\nissuer \"" GOOGLE "\" {\n" REST, 5,
         "this is our own issuer: its tokens need no section"},
        {"issuer \"" GOOGLE "\" {\n" REST "issuer \"" GOOGLE "\" {\n" REST, 5,
         "found duplicate title '" GOOGLE "'"},
        {"issuer \"" GOOGLE "\" {\n alg = HS256\n" REST, 2,
         "alg must be one of ES256 RS256, not 'HS256'"},
        {"issuer \"" GOOGLE "\" {\n alg = none\n" REST, 2,
         "alg must be one of ES256 RS256, not 'none'"},
        {"issuer \"" GOOGLE "\" {\n jwks = \"google.json\"\n}", 2,
         "jwks must be the absolute path of a file, not 'google.json'"},
        {"issuer \"" GOOGLE "\" {\n jwks = \"/var/lib/\"\n}", 2,
         "jwks must be the absolute path of a file, not '/var/lib/'"},
        {"issuer \"" GOOGLE "\" {\n jwks = \"/var/lib/..\"\n}", 2,
         "jwks must be the absolute path of a file, not '/var/lib/..'"},
        {"issuer \"" GOOGLE "\" {\n jwks-uri = \"http://h.test/jwks\"\n}", 2,
         "jwks-uri must be https://, a host and no fragment, not 'http://h.test/jwks'"},
        {"issuer \"" GOOGLE "\" {\n jwks-uri = \"file:///etc/passwd\"\n}", 2,
         "jwks-uri must be https://, a host and no fragment, not 'file:///etc/passwd'"},
        {"issuer \"" GOOGLE "\" {\n audience = \"a b\"\n}", 2,
         "audience must be printable ASCII without spaces, quotes and backslashes, not 'a b'"},
        {"issuer \"" GOOGLE "\" {\n" FILE_ "jwks-uri = \"https://h.test/1\"\naudience = a\n}\n"
         "issuer \"https://b.test\" {\n" FILE_ "jwks-uri = \"https://h.test/2\"\naudience = a\n}\n",
         8, "the same file has another jwks-uri further up"},
        {"issuer \"" GOOGLE "\" {\n nonsense = 1\n}", 2, "no such option 'nonsense'"},
        {"issuer \"" GOOGLE "\" {\n", 3, "the file ends within section issuer"},
        {"issuer \"" GOOGLE "\"\n", 3, "missing opening brace for section 'issuer'"},
};

static void every_mistake_is_told_with_file_and_line(void **state) {
        for (size_t i = 0; i < ELEMENTS(mistakes); i++)
                bad(*state, mistakes[i].text, mistakes[i].line, mistakes[i].what);
}

static void there_are_sixteen_at_most(void **state) {
        char text[OUTSIDE_ISSUERS_MAX * 160 + 160] = "";
        unsigned i;

        for (i = 0; i <= OUTSIDE_ISSUERS_MAX; i++) {
                char *end = text + strlen(text);

                sprintf(end, "issuer \"https://h.test/%u\" {\njwks = /a\naudience = a }\n", i);
                if (i + 1 == OUTSIDE_ISSUERS_MAX)
                        assert_int_equal(good(*state, text)->outside_count, OUTSIDE_ISSUERS_MAX);
        }
        bad(*state, text, 3 * OUTSIDE_ISSUERS_MAX + 3, "there are 16 outside issuers already");
}

static void the_own_issuer_of_a_start_is_none_of_them(void **state) {
        const struct settings *settings = good(*state, "issuer \"" GOOGLE "\" {\n" REST);

        assert_int_equal(outside_check_own(settings, "https://h.test"), 0);
        assert_int_equal(outside_check_own(settings, GOOGLE), -EINVAL);
}

/* ---- and back ---- */

static char *printed(const struct settings *settings,
                     void (*print)(const struct settings *settings, FILE *to)) {
        char *text = NULL;
        size_t size;
        FILE *to = open_memstream(&text, &size);

        assert_non_null(to);
        print(settings, to);
        fclose(to);
        return text;
}

static void what_is_printed_is_what_was_read(void **state) {
        _cleanup_(freep) char *first = NULL, *second = NULL;

        first = printed(good(*state, "issuer \"https://a.test/\\$x\" {\njwks = \"/a\\$/b'\"\n"
                                     "audience = {\"a\\$\", b}\nalg = ES256\n}\n"),
                        settings_print);
        second = printed(good(*state, first), settings_print);
        assert_string_equal(first, second);
        assert_non_null(strstr(first, "issuer \"https://a.test/\\$x\" {\n"
                                      "        jwks = \"/a\\$/b'\"\n"
                                      "        audience = {\"a\\$\", \"b\"}\n"
                                      "        alg = \"ES256\"\n}\n"));
}

/* What jeton-issuers.service fetches. */
static void each_file_that_is_fetched_has_one_line(void **state) {
        _cleanup_(freep) char *lines =
                printed(good(*state, "issuer https://a.test {\njwks = /a\naudience = a\n}\n"
                                     "issuer https://b.test {\njwks = /b\njwks-uri = "
                                     "https://b.test/k\naudience = b\n}\n"
                                     "issuer https://c.test {\njwks = /b\njwks-uri = "
                                     "https://b.test/k\naudience = c\n}\n"
                                     "issuer https://d.test {\njwks = /d\njwks-uri = "
                                     "https://b.test/k\naudience = d\n}\n"),
                        outside_print_sources);

        assert_string_equal(lines, "https://b.test/k\t/b\tRS256\nhttps://b.test/k\t/d\tRS256\n");
}

/* ---- the folder ---- */

static int folder_open(struct folder *folder, const char *name, mode_t mode, char *ret_wrong) {
        _cleanup_(freep) char *path = NULL, *jwks = NULL;
        struct outside_issuer outside = {0};
        _cleanup_(closep) int fd = -1;
        int r;

        assert_true(asprintf(&path, "%s/%s", folder->dir, name) > 0);
        assert_true(asprintf(&jwks, "%s/keys.json", path) > 0);
        outside.jwks = jwks;
        if (mode) {
                mkdir(path, mode);
                assert_int_equal(chmod(path, mode), 0);
        }
        r = outside_folder_open(&outside, &fd, ret_wrong);
        assert_int_equal(r == 0, fd >= 0);
        return r;
}

static void the_folder_of_the_keys_is_opened(void **state) {
        char wrong[GUARDED_WRONG_MAX];

        assert_int_equal(folder_open(*state, "keys", 0755, wrong), 0);
        assert_string_equal(wrong, "");
}

static void a_folder_that_others_can_write_is_opened_and_told(void **state) {
        static const mode_t modes[] = {0775, 0757, 01777};
        char wrong[GUARDED_WRONG_MAX];

        for (size_t i = 0; i < ELEMENTS(modes); i++) {
                assert_int_equal(folder_open(*state, "keys", modes[i], wrong), 0);
                assert_non_null(strstr(wrong, "/keys: writable by others than its owner"));
        }
}

static void a_folder_in_one_that_others_can_write_is_not_opened(void **state) {
        struct folder *folder = *state;
        char wrong[GUARDED_WRONG_MAX];

        assert_int_equal(chmod(folder->dir, 0777), 0);
        assert_int_equal(folder_open(folder, "keys", 0755, wrong), -EINVAL);
        assert_non_null(strstr(wrong, "writable by others than its owner"));
}

static void a_missing_folder_is_told(void **state) {
        char wrong[GUARDED_WRONG_MAX];

        assert_int_equal(folder_open(*state, "keys", 0, wrong), -EINVAL);
        assert_non_null(strstr(wrong, "/keys: No such file or directory"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_make, folder_remove)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(a_section_says_whose_tokens_are_believed),
                TEST(the_algorithm_is_rs256_where_none_is_said),
                TEST(our_own_issuer_stands_beside_the_sections),
                TEST(a_file_that_is_fetched_to_elsewhere_is_doubted),
                TEST(the_word_may_be_a_value),
                TEST(every_mistake_is_told_with_file_and_line),
                TEST(there_are_sixteen_at_most),
                TEST(the_own_issuer_of_a_start_is_none_of_them),
                TEST(what_is_printed_is_what_was_read),
                TEST(each_file_that_is_fetched_has_one_line),
                TEST(the_folder_of_the_keys_is_opened),
                TEST(a_folder_that_others_can_write_is_opened_and_told),
                TEST(a_folder_in_one_that_others_can_write_is_not_opened),
                TEST(a_missing_folder_is_told),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
