/* What calls of the same turn ask to be stored: one commit, no answer before it, and after one that
 * fails everything as it was: in the database, in memory, on the page and in the answers.
 *
 * links: daemon/authority/commit.c daemon/authority/call.c daemon/authority/sessions.c
 *        daemon/authority/births.c daemon/authority/status.c daemon/authority/settings.c
 * daemon/authority/refusal.c daemon/authority/connection.c daemon/authority/budget.c
 * daemon/authority/grid.c daemon/authority/store/store.c daemon/authority/store/database.c
 *        daemon/authority/store/transaction.c daemon/authority/store/migrate.c
 *        daemon/authority/store/user_row.c daemon/authority/store/users.c
 *        daemon/authority/store/users_list.c daemon/authority/store/sessions.c
 *        daemon/authority/store/revocations.c daemon/authority/store/endings.c
 * needs: sqlite3 libcrypto */
#include "../../daemon/authority/audit.h"
#include "../../daemon/authority/change.h"
#include "../../daemon/authority/sessions.h"
#include "../../daemon/authority/sources.h"
#include "../../daemon/authority/store/database.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "own_folder.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>

#include <cmocka.h>

#define CALLS 8

static char directory[sizeof OWN_FOLDER];
static int directory_fd = -1, page_fd = -1;
static struct authority authority;

#include "no_login_sessions.h"
static struct settings settings;
static struct timer end_of_turn;

/* ---- what a frontend hears, and what is on the page when it hears it ---- */

static struct said {
        enum message_type type;
        unsigned status;
        size_t commits;
        uint32_t revocations, uids;
} said[CALLS];

static size_t said_count, commit_count;
static int commit_fails;

static const struct status_table *published(void) {
        const struct status_page *page = authority.status_page;

        return &page->tables[page->head.current % 2];
}

int link_send(struct link *link, enum message_type type, uint64_t number, const void *message,
              int fd) {
        const struct msg_answer_refused *refused = message;

        (void)link;
        (void)fd;
        said_count++;
        said[number] = (struct said){
                .type = type,
                .status = type == MSG_ANSWER_REFUSED ? refused->status : 200,
                .commits = commit_count,
                .revocations = published()->revocation_count,
                .uids = published()->uid_count,
        };
        return 0;
}

static int on_commit(void *context) {
        (void)context;
        commit_count++;
        return commit_fails;
}

/* ---- what calls have beside this ---- */

void audit_refusal(const struct call *call, const struct msg_answer_refused *refused) {
        (void)call;
        (void)refused;
}

void audit_failure(const struct call *call, int error) {
        (void)call;
        (void)error;
}

void audit_budget(const struct call *call) {
        (void)call;
}

void gate_leave(struct call *call, enum throttle_outcome outcome) {
        (void)call;
        (void)outcome;
}

void gate_forget(struct call *call) {
        (void)call;
}

void change_free(struct change *change) {
        assert_null(change);
}

void workers_forget(struct workers *workers, struct call *call) {
        (void)workers;
        (void)call;
}

void conversations_forget(struct call *call) {
        (void)call;
}

void issuers_forget(struct issuers *issuers, struct call *call) {
        (void)issuers;
        (void)call;
}

void source_walk_free(struct source_walk *walk) {
        (void)walk;
}

/* ---- every test has an authority of its own ---- */

static int page_make(void) {
        void *page;
        int r;

        page_fd = memfd_create("status", MFD_CLOEXEC);
        if (page_fd < 0 || ftruncate(page_fd, (off_t)page_size(PAGE_STATUS)) < 0)
                return -errno;
        r = page_map(page_fd, PAGE_STATUS, &page);
        if (r == 0)
                authority.status_page = page;
        return r;
}

static int setup(void **state) {
        bool created;

        (void)state;
        directory_fd = own_folder_make(directory);
        settings = (struct settings){.references = 1, .access_lifetime_s = 900};
        authority = (struct authority){.settings = &settings};
        commits_init(&authority.commits);
        commit_count = said_count = 0;
        commit_fails = 0;
        memset(said, 0, sizeof said);
        if (page_make() < 0 || loop_new(&authority.loop) < 0 ||
            connections_init(&authority.connections, CALLS) < 0 ||
            store_open(directory_fd, &created, &authority.store) < 0 ||
            sessions_start(&authority) < 0)
                return -1;
        loop_timer_unset(authority.loop, &authority.sweep);
        sqlite3_commit_hook(authority.store->db, on_commit, NULL);
        return 0;
}

static int teardown(void **state) {
        uint32_t i;

        (void)state;
        for (i = 0; i < authority.connections.size; i++)
                call_free(authority.connections.slots[i].call);
        connections_clear(&authority.connections);
        revocations_clear(&authority.revocations);
        revocations_clear(&authority.revoking);
        loop_freep(&authority.loop);
        store_freep(&authority.store);
        munmap(authority.status_page, page_size(PAGE_STATUS));
        closep(&page_fd);
        closep(&directory_fd);
        return own_folder_remove(directory);
}

static void turn_end(void *context);

static void turn_end_later(void) {
        assert_int_equal(
                loop_timer(authority.loop, &end_of_turn, clock_monotonic_ms() + 5, turn_end, NULL),
                0);
}

/* A commit may take longer than that, and more may have been asked for meanwhile. */
static void turn_end(void *context) {
        (void)context;
        if (authority.commits.first)
                turn_end_later();
        else
                loop_stop(authority.loop);
}

/* All that is due. */
static void turn(void) {
        turn_end_later();
        assert_int_equal(loop_run(authority.loop), 0);
}

/* ---- calls ---- */

static struct call *call_make(uint32_t number) {
        const struct budget_limits limits = {.total = CALLS, .per_uid = CALLS};
        const struct peer peer = {.is_known = true};
        struct connection *connection;
        struct call *call;

        assert_int_equal(connections_add(&authority.connections, &limits, CLASS_LOCAL, &peer, 0,
                                         &connection),
                         0);
        assert_int_equal(call_new(&authority, connection, number, &call), 0);
        return call;
}

static uint32_t number_of(const struct call *call) {
        return (uint32_t)call->number;
}

static int answer_done(struct call *call) {
        return call_answer(call, MSG_ANSWER_DONE, NULL);
}

/* With a link to an account, which is on the page. */
static int add_write(struct call *call, struct transaction *transaction) {
        enum users_conflict conflict = USERS_FINE;
        struct new_user new_user = {.has_uid = true, .uid = 2000 + number_of(call), .now = 1};
        char name[16];

        snprintf(name, sizeof name, "user%u", number_of(call));
        new_user.name = text_of(name);
        call->authority->status_is_old = true;
        return users_add(transaction, &new_user, &conflict, &call->user);
}

static int revoke_write(struct call *call, struct transaction *transaction) {
        struct revoked revoked = revoked_user(100 + number_of(call), 0);

        return sessions_revoke(call->authority, transaction, &revoked);
}

/* Of which a part is written when it fails. */
static int broken_write(struct call *call, struct transaction *transaction) {
        int r = add_write(call, transaction);

        return r < 0 ? r : -EIO;
}

/* For another's name. */
static int taken_write(struct call *call, struct transaction *transaction) {
        enum users_conflict conflict = USERS_FINE;
        struct new_user new_user = {.name = TEXT("user0"), .now = 1};
        int r;

        (void)call;
        r = users_add(transaction, &new_user, &conflict, &call->user);
        assert_int_equal(conflict, USERS_NAME_TAKEN);
        return r;
}

static int answer_taken(struct call *call) {
        return call_refuse(call, REFUSAL_NAME_TAKEN);
}

static struct call *ask(uint32_t number, call_write *write) {
        struct call *call = call_make(number);

        assert_int_equal(call_commit(call, write, answer_done, call_fail), 0);
        return call;
}

static bool is_there(uint32_t number) {
        _cleanup_(user_freep) struct user *user = NULL;
        char name[16];

        snprintf(name, sizeof name, "user%u", number);
        return users_find_name(authority.store, text_of(name), &user) == 0;
}

/* As a restart would find it. */
static uint64_t rows(const char *table) {
        sqlite3_stmt *statement;
        sqlite3 *beside;
        char sql[64];
        uint64_t count;

        snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", table);
        assert_int_equal(sqlite3_open(STORE_FILE, &beside), SQLITE_OK);
        assert_int_equal(sqlite3_prepare_v2(beside, sql, -1, &statement, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        count = (uint64_t)sqlite3_column_int64(statement, 0);
        sqlite3_finalize(statement);
        sqlite3_close(beside);
        return count;
}

/* ---- together ---- */

static void changes_of_one_turn_share_one_commit(void **state) {
        (void)state;
        for (uint32_t i = 0; i < 5; i++)
                ask(i, add_write);
        turn();
        assert_int_equal(commit_count, 1);
        assert_int_equal(said_count, 5);
        assert_int_equal(rows("users"), 5);
}

static void what_is_asked_for_afterwards_has_a_commit_of_its_own(void **state) {
        (void)state;
        ask(0, add_write);
        turn();
        ask(1, add_write);
        turn();
        assert_int_equal(commit_count, 2);
        assert_int_equal(said_count, 2);
}

static int ask_another(struct call *call) {
        ask(number_of(call) + 1, add_write);
        return answer_done(call);
}

static void who_goes_on_may_ask_for_more(void **state) {
        (void)state;
        assert_int_equal(call_commit(call_make(0), add_write, ask_another, call_fail), 0);
        turn();
        assert_int_equal(commit_count, 2);
        assert_int_equal(said_count, 2);
        assert_true(is_there(1));
}

static void nobody_sees_a_change_before_its_commit(void **state) {
        (void)state;
        ask(0, add_write);
        assert_false(is_there(0));
        assert_int_equal(said_count, 0);
        turn();
        assert_true(is_there(0));
}

/* ---- in order: commit, memory, page, answer ---- */

static void an_answer_comes_after_the_commit_and_the_page(void **state) {
        (void)state;
        ask(0, add_write);
        ask(1, revoke_write);
        ask(2, revoke_write);
        assert_int_equal(authority.revocations.count, 0);
        turn();
        for (uint32_t i = 0; i < 3; i++) {
                assert_int_equal(said[i].type, MSG_ANSWER_DONE);
                assert_int_equal(said[i].commits, 1);
                assert_int_equal(said[i].uids, 1);
                assert_int_equal(said[i].revocations, 2);
        }
        assert_int_equal(authority.revocations.count, 2);
}

/* Whatever a step tries: nothing but a refusal leaves, and then nothing is written. */
static void an_answer_before_the_commit_is_not_sent(void **state) {
        struct call *call = ask(0, add_write);

        (void)state;
        assert_int_equal(call_send(call, MSG_ANSWER_USER, &(struct msg_answer_user){.id = 1}),
                         -EPERM);
        assert_int_equal(said_count, 0);
        call_answer(call, MSG_ANSWER_DONE, NULL);
        assert_int_equal(said_count, 1);
        assert_int_equal(said[0].status, 500);
        turn();
        assert_int_equal(said_count, 1);
        assert_int_equal(rows("users"), 0);
}

static void who_is_gone_has_nothing_written(void **state) {
        struct call *call = ask(0, add_write);

        (void)state;
        ask(1, add_write);
        call_free(call);
        ask(2, add_write);
        turn();
        assert_false(is_there(0));
        assert_true(is_there(1));
        assert_true(is_there(2));
}

/* ---- one fails ---- */

static void a_change_that_fails_takes_back_itself_alone(void **state) {
        (void)state;
        ask(0, add_write);
        ask(1, broken_write);
        ask(2, add_write);
        turn();
        assert_int_equal(commit_count, 1);
        assert_int_equal(said[0].status, 200);
        assert_int_equal(said[1].status, 500);
        assert_int_equal(said[2].status, 200);
        assert_true(is_there(0) && is_there(2));
        assert_false(is_there(1));
}

/* ---- all fail ---- */

static void check_nothing_came_of_it(uint32_t calls) {
        assert_int_equal(said_count, calls);
        for (uint32_t i = 0; i < calls; i++)
                assert_int_equal(said[i].status, 503);
        assert_int_equal(authority.revocations.count, 0);
        assert_int_equal(authority.revoking.count, 0);
        assert_int_equal(published()->revocation_count, 0);
        assert_int_equal(published()->uid_count, 0);
        assert_int_equal(rows("users"), 0);
        assert_int_equal(rows("revocations"), 0);
        for (uint32_t i = 0; i < calls; i++)
                assert_false(is_there(i));
}

static void after_a_failed_commit_everything_is_as_before(void **state) {
        (void)state;
        ask(0, add_write);
        ask(1, revoke_write);
        ask(2, broken_write);
        commit_fails = 1;
        turn();
        check_nothing_came_of_it(3);
        commit_fails = 0;
        ask(3, add_write);
        turn();
        assert_int_equal(said[3].status, 200);
        assert_int_equal(said[3].uids, 1);
        assert_int_equal(said[3].revocations, 0);
}

/* It follows from what was not committed. */
static void a_conflict_with_what_was_not_committed_is_none(void **state) {
        (void)state;
        ask(0, add_write);
        assert_int_equal(call_commit(call_make(1), taken_write, answer_taken, call_fail), 0);
        commit_fails = 1;
        turn();
        check_nothing_came_of_it(2);
}

static void a_conflict_with_what_was_is_told(void **state) {
        (void)state;
        ask(0, add_write);
        assert_int_equal(call_commit(call_make(1), taken_write, answer_taken, call_fail), 0);
        turn();
        assert_int_equal(said[0].status, 200);
        assert_int_equal(said[1].status, 409);
}

static int fill_write(struct call *call, struct transaction *transaction) {
        (void)call;
        return store_execute(transaction_store(transaction),
                             "CREATE TABLE filled AS SELECT zeroblob(1000000)", "filling it");
}

static void what_finds_no_room_fails_alone(void **state) {
        (void)state;
        assert_int_equal(
                sqlite3_exec(authority.store->db, "PRAGMA max_page_count = 100", NULL, NULL, NULL),
                SQLITE_OK);
        ask(0, add_write);
        ask(1, fill_write);
        ask(2, add_write);
        turn();
        assert_int_equal(said[1].status, 503);
        assert_true(is_there(0) && is_there(2));
}

static ssize_t no_write(int fd, const void *bytes, size_t len, off64_t at) {
        (void)fd;
        (void)bytes;
        (void)len;
        (void)at;
        errno = ENOSPC;
        return -1;
}

/* In the midst of one, more than the cache holds: SQLite rolls back all of it by itself, the
 * savepoints too. */
static void a_disk_that_fills_up_fails_every_call(void **state) {
        sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
        sqlite3_syscall_ptr real = vfs->xGetSystemCall(vfs, "pwrite64");

        (void)state;
        assert_int_equal(
                sqlite3_exec(authority.store->db, "PRAGMA cache_size = 10", NULL, NULL, NULL),
                SQLITE_OK);
        ask(0, revoke_write);
        ask(1, add_write);
        ask(2, fill_write);
        ask(3, add_write);
        assert_int_equal(vfs->xSetSystemCall(vfs, "pwrite64", (sqlite3_syscall_ptr)no_write),
                         SQLITE_OK);
        turn();
        assert_int_equal(vfs->xSetSystemCall(vfs, "pwrite64", real), SQLITE_OK);
        check_nothing_came_of_it(4);
        assert_int_equal(commit_count, 0);
}

static void a_file_that_was_taken_away_fails_every_call(void **state) {
        (void)state;
        assert_int_equal(renameat(directory_fd, STORE_FILE, directory_fd, "elsewhere"), 0);
        ask(0, add_write);
        ask(1, revoke_write);
        turn();
        assert_int_equal(renameat(directory_fd, "elsewhere", directory_fd, STORE_FILE), 0);
        check_nothing_came_of_it(2);
}

/* ---- those who come together with a revocation ---- */

static bool was_ended;

static int look_write(struct call *call, struct transaction *transaction) {
        static const struct holder holder = {{"101", 3}, {"sid", 3}, {"local", 5}};

        (void)transaction;
        return sessions_were_ended(call, &holder, clock_wall_s(), &was_ended);
}

static void a_login_sees_the_revocation_that_is_written_before_it(void **state) {
        (void)state;
        ask(1, revoke_write);
        ask(2, look_write);
        turn();
        assert_true(was_ended);
        assert_int_equal(said[2].status, 200);
}

static void a_login_does_not_see_one_that_failed(void **state) {
        (void)state;
        ask(1, revoke_write);
        commit_fails = 1;
        turn();
        commit_fails = 0;
        ask(2, look_write);
        turn();
        assert_false(was_ended);
}

/* ---- a ticket that waits for its time ---- */

static void a_late_ticket_has_no_password_beside_it(void **state) {
        struct call *call = call_make(0);

        (void)state;
        assert_int_equal(secret_new("secret", 6, &call->password), 0);
        assert_int_equal(call_answer_ticket_late(call, TEXT("ticket")), 0);
        assert_null(call->password);
        assert_true(text_is(secret_text(call->ticket), TEXT("ticket")));
        assert_int_equal(said_count, 0);
        call_free(call);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(changes_of_one_turn_share_one_commit),
                TEST(what_is_asked_for_afterwards_has_a_commit_of_its_own),
                TEST(who_goes_on_may_ask_for_more),
                TEST(nobody_sees_a_change_before_its_commit),
                TEST(an_answer_comes_after_the_commit_and_the_page),
                TEST(an_answer_before_the_commit_is_not_sent),
                TEST(who_is_gone_has_nothing_written),
                TEST(a_change_that_fails_takes_back_itself_alone),
                TEST(after_a_failed_commit_everything_is_as_before),
                TEST(a_conflict_with_what_was_not_committed_is_none),
                TEST(a_conflict_with_what_was_is_told),
                TEST(what_finds_no_room_fails_alone),
                TEST(a_disk_that_fills_up_fails_every_call),
                TEST(a_file_that_was_taken_away_fails_every_call),
                TEST(a_login_sees_the_revocation_that_is_written_before_it),
                TEST(a_login_does_not_see_one_that_failed),
                TEST(a_late_ticket_has_no_password_beside_it),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
