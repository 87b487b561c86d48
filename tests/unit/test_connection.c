/* The table of connections: which call an answer belongs to.
 *
 * links: daemon/authority/connection.c daemon/authority/budget.c */
#include "../../daemon/authority/connection.h"

#include "../../daemon/authority/call.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SIZE 65535

static struct connections connections;
static const struct budget_limits limits = {.total = SIZE, .per_uid = SIZE};

void call_free(struct call *call) {
        assert_null(call);
}

static int begin(void **state) {
        (void)state;
        return connections_init(&connections, SIZE);
}

static int end(void **state) {
        (void)state;
        connections_clear(&connections);
        return 0;
}

static struct connection *add(void) {
        const struct peer peer = {.uid = 0, .is_known = true};
        struct connection *connection = NULL;

        assert_int_equal(connections_add(&connections, &limits, CLASS_LOCAL, &peer, 0, &connection),
                         0);
        return connection;
}

static void an_answer_finds_its_call_in_every_slot(void **state) {
        struct call call = {.number = 1};
        unsigned i;

        (void)state;
        for (i = 0; i < SIZE; i++) {
                struct connection *connection = add();

                connection->call = &call;
                call.serial = connection_new_serial(&connections, connection);
                assert_true(call.serial > 0 && call.serial < UINT64_C(1) << 48);
                assert_ptr_equal(connections_find_call(&connections, call.serial), &call);
                assert_null(connections_find_call(&connections, call.serial + 1));
                connection->call = NULL;
        }
}

static void an_answer_that_was_long_on_its_way_finds_no_later_call(void **state) {
        struct connection *connection = add();
        struct call later = {.number = 1};
        uint64_t old = connection_new_serial(&connections, connection);
        unsigned i;

        (void)state;
        connection->call = &later;
        for (i = 0; i < 1000000; i++) {
                later.serial = connection_new_serial(&connections, connection);
                if (connections_find_call(&connections, old))
                        fail_msg("after %u calls", i + 1);
        }
        connection->call = NULL;
}

static void no_number_finds_a_connection_that_is_closed(void **state) {
        struct connection *connection = add();
        uint64_t number = connection->number;

        (void)state;
        assert_ptr_equal(connections_find(&connections, number), connection);
        assert_null(connections_find(&connections, number | UINT64_C(1) << 32));
        assert_null(connections_find(&connections, 0));
        connections_remove(&connections, connection);
        assert_null(connections_find(&connections, number));
        assert_null(connections_find_call(&connections, UINT64_MAX));
}

static void a_connection_that_is_kept_is_not_its_last_callers(void **state) {
        static const struct budget_limits two = {.total = SIZE, .per_uid = 2};
        const struct peer proxy = {.is_known = false};
        struct connection *kept[4];
        int i;

        (void)state;
        for (i = 0; i < 4; i++) {
                assert_int_equal(connections_add(&connections, &limits, CLASS_WEB, &proxy,
                                                 BUDGET_WEB, &kept[i]),
                                 0);
                kept[i]->share = budget_share_of_address("192.0.2.1");
        }
        assert_int_equal(connection_charge_caller(&connections, &two, kept[0]), 0);
        assert_int_equal(connection_charge_caller(&connections, &two, kept[1]), 0);
        assert_int_equal(connection_charge_caller(&connections, &two, kept[2]), -EDQUOT);
        connection_return_caller(&connections, kept[2]); /* refused: nothing of it was his */
        assert_int_equal(connection_charge_caller(&connections, &two, kept[2]), -EDQUOT);
        connection_return_caller(&connections, kept[0]);
        assert_int_equal(connection_charge_caller(&connections, &two, kept[2]), 0);
        assert_int_equal(connection_charge_caller(&connections, &two, kept[3]), -EDQUOT);
        assert_int_equal(connections.budget.used, 4);
}

static void a_connection_of_a_uid_stays_its_own(void **state) {
        struct connection *connection = add();

        (void)state;
        connection_return_caller(&connections, connection);
        assert_int_equal(connection->charged_to, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(an_answer_finds_its_call_in_every_slot, begin, end),
                cmocka_unit_test_setup_teardown(
                        an_answer_that_was_long_on_its_way_finds_no_later_call, begin, end),
                cmocka_unit_test_setup_teardown(no_number_finds_a_connection_that_is_closed, begin,
                                                end),
                cmocka_unit_test_setup_teardown(a_connection_that_is_kept_is_not_its_last_callers,
                                                begin, end),
                cmocka_unit_test_setup_teardown(a_connection_of_a_uid_stays_its_own, begin, end),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
