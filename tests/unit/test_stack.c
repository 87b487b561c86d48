/* Reading PAM stacks, and what they come to: libpam itself is the judge, on stacks of pam_debug.so,
 * which says what its argument tells it to. */
/* links: client/stack/line.c client/stack/stack.c client/stack/walk.c client/stack/root.c */
/* needs: pam */
#include "../../client/stack/walk.h"
#include "../../common/cleanup.h"
#include "../../common/text.h"
#include "own_folder.h"

#include <security/pam_appl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <cmocka.h>

static char root[] = "/tmp/jeton-stack.XXXXXX";

static void path_to(const char *name, char ret[256]) {
        snprintf(ret, 256, "%s/etc/pam.d/%s", root, name);
}

static void file_put(const char *name, const char *text) {
        char path[256];
        FILE *file;

        path_to(name, path);
        file = fopen(path, "we");
        assert_non_null(file);
        assert_true(fputs(text, file) >= 0);
        assert_int_equal(fclose(file), 0);
}

static struct stack *stack_of(const char *name) {
        struct stack *stack = NULL;

        assert_int_equal(stack_read(root, name, &stack), 0);
        return stack;
}

static int root_make(void **state) {
        char path[256];

        (void)state;
        if (!mkdtemp(root))
                return -1;
        snprintf(path, sizeof path, "%s/etc", root);
        if (mkdir(path, 0755) < 0)
                return -1;
        snprintf(path, sizeof path, "%s/etc/pam.d", root);
        return mkdir(path, 0755);
}

static int root_remove(void **state) {
        (void)state;
        return own_folder_remove(root);
}

/* ---- reading ---- */

static void lines_are_read_as_pam_conf_tells(void **state) {
        _cleanup_(stack_freep) struct stack *stack = NULL;

        (void)state;
        file_put("plain", "# a comment\n\n"
                          "auth required pam_unix.so nullok # behind\n"
                          "-Account [success=ok default=bad] /lib/x/pam_jeton.so [a b] c\\\n d\n");
        stack = stack_of("plain");
        assert_int_equal(stack->count, 2);
        assert_null(stack->problem);
        assert_string_equal(stack->entries[0].line.module, "pam_unix.so");
        assert_int_equal(stack->entries[0].line.argument_count, 1);
        assert_int_equal(stack->entries[0].number, 3);
        assert_int_equal(stack->entries[1].line.group, GROUP_ACCOUNT);
        assert_true(stack->entries[1].line.is_silent);
        assert_string_equal(stack_module_name(&stack->entries[1]), "pam_jeton.so");
        assert_int_equal(stack->entries[1].line.argument_count, 3);
        assert_string_equal(stack->entries[1].line.arguments[0], "a b");
        assert_string_equal(stack->entries[1].line.arguments[2], "d");
}

static void includes_are_followed_group_by_group(void **state) {
        _cleanup_(stack_freep) struct stack *stack = NULL;

        (void)state;
        file_put("common", "auth required pam_unix.so\naccount required pam_unix.so\n");
        file_put("all", "@include common\n");
        file_put("one", "account include common\nauth substack common\n");
        stack = stack_of("all");
        assert_int_equal(stack->count, 2);
        assert_int_equal(stack->file_count, 2);
        stack_free(stack);
        stack = stack_of("one");
        assert_int_equal(stack->count, 3);
        assert_int_equal(stack->entries[0].line.group, GROUP_ACCOUNT);
        assert_true(stack->entries[1].is_substack);
        assert_int_equal(stack->entries[2].depth, 1);
}

static void what_libpam_refuses_is_the_stacks_problem(void **state) {
        static const char *const texts[] = {
                "auth required\n",    "frob required pam_unix.so\n", "auth [success=1 pam_x.so",
                "@include nowhere\n", "auth include circle\n",
        };
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(texts); i++) {
                _cleanup_(stack_freep) struct stack *stack = NULL;

                file_put("circle", texts[i]);
                stack = stack_of("circle");
                assert_non_null(stack->problem);
                assert_non_null(strstr(stack->problem, "circle:1: "));
        }
}

static void files_that_include_each_other_many_times_end(void **state) {
        _cleanup_(stack_freep) struct stack *stack = NULL;
        time_t began = time(NULL);

        (void)state;
        file_put("many", "@include many\n@include many\n@include many\n@include many\n"
                         "auth required pam_unix.so\n");
        stack = stack_of("many");
        assert_non_null(stack->problem);
        assert_non_null(strstr(stack->problem, "include each other"));
        assert_true(time(NULL) - began < 5);
}

static void a_service_that_is_not_there_is_told(void **state) {
        struct stack *stack = NULL;

        (void)state;
        assert_int_equal(stack_read(root, "nobody", &stack), -ENOENT);
        assert_null(stack);
}

static void links_of_another_root_stay_in_it(void **state) {
        _cleanup_(stack_freep) struct stack *stack = NULL;
        char path[256];

        (void)state;
        file_put("target", "auth required pam_permit.so\n");
        path_to("linked", path);
        assert_int_equal(symlink("/etc/pam.d/target", path), 0);
        stack = stack_of("linked");
        assert_int_equal(stack->count, 1);
}

/* ---- what stacks come to ---- */

static enum stack_code as_told(const struct stack_entry *entry, const void *context) {
        const char *equals = strchr(entry->line.arguments[0], '=');
        int code;

        (void)context;
        for (code = 0; code < CODE_COUNT; code++)
                if (strcmp(equals + 1, stack_code_names[code]) == 0)
                        return (enum stack_code)code;
        fail_msg("no such code: %s", equals + 1);
        return CODE_IGNORE;
}

static int silent(int count, const struct pam_message **messages, struct pam_response **ret,
                  void *context) {
        (void)messages;
        (void)context;
        *ret = calloc((size_t)count, sizeof **ret);
        return *ret ? PAM_SUCCESS : PAM_BUF_ERR;
}

static bool libpam_succeeds(const char *service) {
        const struct pam_conv conversation = {.conv = silent};
        pam_handle_t *pamh = NULL;
        char folder[256];
        int code;

        path_to("", folder);
        assert_int_equal(pam_start_confdir(service, "root", &conversation, folder, &pamh),
                         PAM_SUCCESS);
        code = pam_authenticate(pamh, 0);
        pam_end(pamh, code);
        return code == PAM_SUCCESS;
}

static uint64_t seed = 20261121;

static unsigned below(unsigned n) {
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return (unsigned)(seed >> 33) % n;
}

static void control_put(FILE *to) {
        static const char *const words[] = {"required", "requisite", "sufficient", "optional"};
        static const char *const actions[] = {"ok",     "done",  "bad", "die",
                                              "ignore", "reset", "1",   "2"};
        unsigned i, count = below(4);

        if (below(3) == 0) {
                fputs(words[below(ELEMENTS(words))], to);
                return;
        }
        fputc('[', to);
        for (i = 0; i < count; i++)
                fprintf(to, "%s=%s ", stack_code_names[below(CODE_COUNT)],
                        actions[below(ELEMENTS(actions))]);
        fprintf(to, "default=%s]", actions[below(ELEMENTS(actions))]);
}

/* libpam looks for what is included in /etc/pam.d, wherever the service is from. */
static void include_put(FILE *to, const char *name) {
        char path[256];

        path_to(name, path);
        fprintf(to, "auth %s %s\n", below(2) ? "substack" : "include", path);
}

static void stack_put(const char *name, const char *inner) {
        unsigned i, count = 1 + below(6);
        char *text = NULL;
        size_t len;
        FILE *to = open_memstream(&text, &len);

        for (i = 0; i < count; i++) {
                if (inner && below(4) == 0) {
                        include_put(to, inner);
                        continue;
                }
                fputs("auth ", to);
                control_put(to);
                /* Half of them grant, or hardly any stack would. */
                fprintf(to, " pam_debug.so auth=%s\n",
                        stack_code_names[below(2) ? CODE_SUCCESS : below(CODE_COUNT)]);
        }
        fclose(to);
        file_put(name, text);
        free(text);
}

static void walks_come_to_what_libpam_comes_to(void **state) {
        unsigned i, granted = 0;
        char path[256];

        (void)state;
        path_to("first", path);
        file_put("other", "auth required pam_deny.so\n");
        for (i = 0; i < 400; i++) {
                _cleanup_(stack_freep) struct stack *stack = NULL;
                bool expected, walked;

                stack_put("third", NULL);
                stack_put("second", "third");
                stack_put("first", "second");
                assert_int_equal(stack_read(NULL, path, &stack), 0);
                expected = libpam_succeeds("first");
                walked = stack_succeeds(stack, GROUP_AUTH, as_told, NULL);
                granted += expected;
                if (walked != expected)
                        fail_msg("stack %u in %s: libpam says %d", i, root, expected);
        }
        assert_in_range(granted, 40, 360);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(lines_are_read_as_pam_conf_tells),
                cmocka_unit_test(includes_are_followed_group_by_group),
                cmocka_unit_test(what_libpam_refuses_is_the_stacks_problem),
                cmocka_unit_test(files_that_include_each_other_many_times_end),
                cmocka_unit_test(a_service_that_is_not_there_is_told),
                cmocka_unit_test(links_of_another_root_stay_in_it),
                cmocka_unit_test(walks_come_to_what_libpam_comes_to),
        };

        return cmocka_run_group_tests(tests, root_make, root_remove);
}
