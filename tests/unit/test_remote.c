/* The address behind the proxy.
 *
 * links: daemon/frontend/remote.c */
#include "../../daemon/frontend/remote.h"

#include "../../common/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void the_last_hop_is_read_and_nothing_else(void **state) {
        static const char *const pairs[][2] = {
                {"192.0.2.1", "192.0.2.1"},
                {"192.0.2.1:4711", "192.0.2.1"},
                {"2001:DB8:0::1", "2001:db8::1"},
                {"[2001:db8::1]:4711", "2001:db8::1"},
                {"[2001:db8::1]", "2001:db8::1"},
                {"203.0.113.7, 198.51.100.2,\t192.0.2.1", "192.0.2.1"},
                {"192.0.2.1,2001:db8::1", "2001:db8::1"},
                {"192.0.2.1, unknown", ""},
                {"192.0.2.1,", ""},
                {"", ""},
                {"1.2.3", ""},
                {"01.2.3.4", ""},
                {"fe80::1%eth0", ""},
                {"[2001:db8::1", "2001:db8::1"},
                {"evil;uid=0", ""},
                {"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa", ""},
        };
        char place[REMOTE_SIZE];
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(pairs); i++) {
                struct text remote = remote_parse(text_of(pairs[i][0]), place);

                if (!text_is(remote, text_of(pairs[i][1])))
                        fail_msg("%s gives %.*s", pairs[i][0], TEXT_ARGS(remote));
        }
        assert_int_equal(remote_parse(TEXT_NONE, place).len, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_last_hop_is_read_and_nothing_else),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
