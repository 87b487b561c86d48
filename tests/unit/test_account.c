/* Local accounts by name and uid, and this host's name: as NSS has them.
 *
 * links: daemon/names/account.c daemon/names/host.c */
#include "../../daemon/names/account.h"
#include "../../daemon/names/host.h"

#include "../../common/cleanup.h"

#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void root_is_found_by_name_and_uid(void **state) {
        struct account account = {.uid = 77};

        (void)state;
        assert_int_equal(account_find_name(TEXT("root"), &account), 0);
        assert_int_equal(account.uid, 0);
        assert_string_equal(account.name, "root");
        memset(&account, 0xff, sizeof account);
        assert_int_equal(account_find_uid(0, &account), 0);
        assert_int_equal(account.uid, 0);
        assert_string_equal(account.name, "root");
}

static void every_account_of_the_system_is_found(void **state) {
        struct account account;
        struct passwd *entry;

        (void)state;
        setpwent();
        while ((entry = getpwent())) {
                assert_int_equal(account_find_name(text_of(entry->pw_name), &account), 0);
                assert_int_equal(account.uid, entry->pw_uid);
        }
        endpwent();
}

static void what_is_no_account_is_unknown(void **state) {
        static const struct text names[] = {TEXT("no-such-account"), TEXT(""),      TEXT("root\0"),
                                            TEXT("root\0x"),         TEXT("root "), TEXT("root:x"),
                                            TEXT("root\n"),          TEXT("0"),     TEXT("../x")};
        struct account account = {.uid = 77};
        char long_name[4096];

        (void)state;
        for (size_t i = 0; i < ELEMENTS(names); i++)
                assert_int_equal(account_find_name(names[i], &account), -ENOENT);
        memset(long_name, 'a', sizeof long_name);
        assert_int_equal(account_find_name((struct text){long_name, sizeof long_name}, &account),
                         -ENOENT);
        assert_int_equal(account_find_uid(4000000000, &account), -ENOENT);
        assert_int_equal(account_find_uid((uid_t)-1, &account), -ENOENT);
        assert_int_equal(account.uid, 77);
}

static void the_host_has_a_name(void **state) {
        char name[HOST_NAME_SIZE] = "";

        (void)state;
        assert_int_equal(host_canonical_name(name), 0);
        assert_true(strlen(name) > 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(root_is_found_by_name_and_uid),
                cmocka_unit_test(every_account_of_the_system_is_found),
                cmocka_unit_test(what_is_no_account_is_unknown),
                cmocka_unit_test(the_host_has_a_name),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
