/* links: client/exchange.c client/connect.c client/reply.c */
/* The client half of HTTP against servers that are slow, cut short, wrong or somebody else's. */
#include "../../client/exchange.h"
#include "../../common/clock.h"
#include "fake_server.h"

#include <fcntl.h>

#define GOOD_HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

static const struct exchange_request get = {.method = "GET", .path = "/health"};

static int exchange_with(const struct script *script, const struct exchange_request *request,
                         int timeout_ms, struct exchange_reply *ret) {
        int64_t deadline_ms = clock_monotonic_ms() + timeout_ms;
        struct fake_server server;
        int fd = -1, r;

        fake_start(&server, script);
        r = exchange_connect(server.path, geteuid(), deadline_ms, &fd);
        if (r == 0)
                r = exchange(fd, request, deadline_ms, ret);
        closep(&fd);
        fake_stop(&server);
        return r;
}

static void assert_error(const struct script *script, int error) {
        struct exchange_reply reply = {.status = 7};

        assert_int_equal(exchange_with(script, &get, 1500, &reply), error);
        assert_int_equal(reply.status, 7);
        assert_null(reply.body);
}

static void a_reply_is_read(void **state) {
        struct script script = {
                .reply = TEXT("HTTP/1.1 404 Not Found\r\ncontent-type: Application/JSON ; "
                              "charset=utf-8\r\nX-Other: a b\r\nContent-Length: 2\r\n\r\n{}")};
        struct exchange_reply reply;

        (void)state;
        assert_int_equal(exchange_with(&script, &get, 5000, &reply), 0);
        assert_int_equal(reply.status, 404);
        assert_string_equal(reply.content_type, "application/json");
        assert_string_equal(reply.body->bytes, "{}");
        assert_int_equal(reply.body->len, 2);
        exchange_reply_clear(&reply);
        assert_null(reply.body);
        exchange_reply_clear(&reply);
}

static void a_reply_in_single_bytes_is_read(void **state) {
        struct script script = {.reply = TEXT(GOOD_HEAD "Content-Length: 5\r\n\r\n[1,2]"),
                                .pause_ms = 1,
                                .stays = true};
        struct exchange_reply reply;

        (void)state;
        assert_int_equal(exchange_with(&script, &get, 5000, &reply), 0);
        assert_string_equal(reply.body->bytes, "[1,2]");
        exchange_reply_clear(&reply);
}

static void an_empty_body_is_a_body(void **state) {
        struct script script = {.reply = TEXT("HTTP/1.1 204 No Content\r\n\r\n")};
        struct exchange_reply reply;

        (void)state;
        assert_int_equal(exchange_with(&script, &get, 5000, &reply), 0);
        assert_int_equal(reply.status, 204);
        assert_int_equal(reply.body->len, 0);
        exchange_reply_clear(&reply);
}

static void interim_replies_are_skipped(void **state) {
        struct script script = {
                .reply = TEXT("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n"
                              "Link: x\r\n\r\n" GOOD_HEAD "Content-Length: 2\r\n\r\n[]")};
        struct exchange_reply reply;

        (void)state;
        assert_int_equal(exchange_with(&script, &get, 5000, &reply), 0);
        assert_int_equal(reply.status, 200);
        assert_string_equal(reply.body->bytes, "[]");
        exchange_reply_clear(&reply);
}

static void the_request_is_written_as_http(void **state) {
        static const char expected[] = "POST /token HTTP/1.1\r\nHost: jeton\r\n"
                                       "Authorization: Peer\r\nContent-Type: text/plain\r\n"
                                       "Content-Length: 3\r\n\r\na=b";
        struct exchange_request request = {.method = "POST",
                                           .path = "/token",
                                           .authorization = TEXT("Peer"),
                                           .content_type = TEXT("text/plain"),
                                           .body = TEXT("a=b")};
        struct script script = {.echoes = true};
        struct exchange_reply reply;
        char head[64];

        (void)state;
        snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n",
                 sizeof expected - 1);
        script.reply = text_of(head);
        assert_int_equal(exchange_with(&script, &request, 5000, &reply), 0);
        assert_string_equal(reply.body->bytes, expected);
        exchange_reply_clear(&reply);
}

static void nothing_in_a_request_can_end_its_line(void **state) {
        const struct exchange_request requests[] = {
                {.method = "GET", .path = "/a\r\nX: y"},
                {.method = "GET", .path = "/a b"},
                {.method = "GET", .path = "a"},
                {.method = "GET", .path = ""},
                {.method = "G T", .path = "/"},
                {.method = "", .path = "/"},
                {.method = "GET", .path = "/", .authorization = TEXT("Bearer a\nb")},
                {.method = "GET", .path = "/", .authorization = TEXT("Bearer a\0b")},
                {.method = "PUT", .path = "/", .content_type = TEXT("a/b\r\n")},
        };
        struct exchange_reply reply;
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(requests); i++)
                assert_int_equal(exchange(-1, &requests[i], clock_monotonic_ms() + 100, &reply),
                                 -EINVAL);
}

/* A server that refuses a large request early closes while we still send. */
static void a_refusal_before_the_request_is_read_arrives(void **state) {
        static char large[8 * 1024 * 1024];
        struct exchange_request request = {.method = "POST",
                                           .path = "/token",
                                           .content_type = TEXT("text/plain"),
                                           .body = {large, sizeof large}};
        struct script script = {
                .reply = TEXT("HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\n{}"),
                .deaf = true};
        struct exchange_reply reply;

        (void)state;
        memset(large, 'a', sizeof large);
        assert_int_equal(exchange_with(&script, &request, 5000, &reply), 0);
        assert_int_equal(reply.status, 413);
        exchange_reply_clear(&reply);
}

static void a_reply_cut_short_is_a_reset(void **state) {
        const struct text replies[] = {
                TEXT(""),
                TEXT("HTTP/1.1 200"),
                TEXT(GOOD_HEAD "Content-Length: 5\r\n"),
                TEXT(GOOD_HEAD "Content-Length: 5\r\n\r\n"),
                TEXT(GOOD_HEAD "Content-Length: 5\r\n\r\n[1,2"),
                TEXT("HTTP/1.1 100 Continue\r\n\r\n"),
        };
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(replies); i++)
                assert_error(&(struct script){.reply = replies[i]}, -ECONNRESET);
}

static void garbage_is_a_bad_message(void **state) {
        const struct text replies[] = {
                TEXT("SSH-2.0-OpenSSH_9.2\r\n\r\n"),
                TEXT("\r\n\r\nHTTP/1.1 200 OK\r\n"),
                TEXT("HTTP/1.1 101 Switching\r\n\r\n"),
                TEXT(GOOD_HEAD "\r\n[]"),
                TEXT(GOOD_HEAD "Content-Length: 2\r\n\r\n[]x"),
                TEXT(GOOD_HEAD "Content-Length: 4194305\r\n\r\n"),
                TEXT(GOOD_HEAD "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        };
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(replies); i++)
                assert_error(&(struct script){.reply = replies[i], .stays = true}, -EBADMSG);
}

static void a_head_without_end_is_a_bad_message(void **state) {
        static char endless[20000];
        struct script script = {.reply = {endless, sizeof endless}, .stays = true};

        (void)state;
        memset(endless, 'a', sizeof endless);
        memcpy(endless, "HTTP/1.1 200 OK\r\nX: ", 20);
        assert_error(&script, -EBADMSG);
}

static void a_body_over_the_callers_bound_is_a_bad_message(void **state) {
        struct exchange_request request = {.method = "GET", .path = "/", .reply_max = 4};
        struct script script = {.reply = TEXT(GOOD_HEAD "Content-Length: 5\r\n\r\n[1,2]")};
        struct exchange_reply reply;

        (void)state;
        assert_int_equal(exchange_with(&script, &request, 5000, &reply), -EBADMSG);
}

/* Each byte is progress, and yet the whole has one end. */
static void a_slow_server_ends_at_the_deadline(void **state) {
        struct script script = {.reply = TEXT(GOOD_HEAD "Content-Length: 5\r\n\r\n[1,2]"),
                                .pause_ms = 40};
        int64_t begin = clock_monotonic_ms();
        struct exchange_reply reply;

        (void)state;
        assert_int_equal(exchange_with(&script, &get, 300, &reply), -ETIMEDOUT);
        assert_in_range(clock_monotonic_ms() - begin, 290, 1500);
}

static void a_silent_server_ends_at_the_deadline(void **state) {
        struct script script = {.reply = TEXT(""), .stays = true};
        struct exchange_reply reply;

        (void)state;
        assert_int_equal(exchange_with(&script, &get, 200, &reply), -ETIMEDOUT);
}

static void a_server_that_reads_nothing_ends_at_the_deadline(void **state) {
        static char large[8 * 1024 * 1024];
        struct exchange_request request = {.method = "POST",
                                           .path = "/",
                                           .content_type = TEXT("text/plain"),
                                           .body = {large, sizeof large}};
        struct script script = {.reply = TEXT(""), .deaf = true, .stays = true};
        struct exchange_reply reply;

        (void)state;
        assert_int_equal(exchange_with(&script, &request, 200, &reply), -ETIMEDOUT);
}

static void a_full_backlog_is_waited_for_until_the_deadline(void **state) {
        struct script script = {.never_accepts = true};
        struct fake_server server;
        int fds[8], r = 0;
        size_t count = 0;

        (void)state;
        fake_start(&server, &script);
        while (r == 0 && count < ELEMENTS(fds)) {
                r = exchange_connect(server.path, geteuid(), clock_monotonic_ms() + 100,
                                     &fds[count]);
                count += r == 0;
        }
        assert_int_equal(r, -ETIMEDOUT);
        while (count > 0)
                close(fds[--count]);
        fake_stop(&server);
}

static void a_missing_or_dead_socket_is_said(void **state) {
        struct fake_server server;
        int fd;

        (void)state;
        fake_start(&server, &(struct script){.reply = TEXT("")});
        kill(server.pid, SIGKILL);
        waitpid(server.pid, NULL, 0);
        server.pid = -1;
        assert_int_equal(exchange_connect(server.path, 0, clock_monotonic_ms() + 500, &fd),
                         -ECONNREFUSED);
        unlink(server.path);
        assert_int_equal(exchange_connect(server.path, 0, clock_monotonic_ms() + 500, &fd),
                         -ENOENT);
        assert_int_equal(exchange_connect("", 0, clock_monotonic_ms() + 500, &fd), -EINVAL);
        fake_stop(&server);
}

/* As root a server of another uid is made; otherwise our own is one that only root may be. */
static void a_server_of_another_user_is_refused(void **state) {
        bool is_root = geteuid() == 0;
        struct script script = {.reply = TEXT(""), .uid = is_root ? 65534 : 0};
        struct fake_server server;
        int fd = -1;

        (void)state;
        fake_start(&server, &script);
        assert_int_equal(exchange_connect(server.path, is_root ? 0 : (uid_t)-1,
                                          clock_monotonic_ms() + 500, &fd),
                         -EPERM);
        assert_int_equal(fd, -1);
        assert_int_equal(exchange_connect(server.path, (uid_t)-1, clock_monotonic_ms() + 500, &fd),
                         -EPERM);
        assert_int_equal(exchange_connect(server.path, is_root ? 65534 : geteuid(),
                                          clock_monotonic_ms() + 500, &fd),
                         0);
        close(fd);
        fake_stop(&server);
}

static void a_path_of_any_length_is_reached(void **state) {
        char long_dir[300], long_path[400];
        struct fake_server server;
        int fd = -1;

        (void)state;
        fake_start(&server, &(struct script){.reply = TEXT("")});
        snprintf(long_dir, sizeof long_dir, "%s/%0150d", server.dir, 0);
        snprintf(long_path, sizeof long_path, "%s/jeton.sock", long_dir);
        assert_int_equal(mkdir(long_dir, 0755), 0);
        assert_int_equal(rename(server.path, long_path), 0);
        assert_int_equal(exchange_connect(long_path, geteuid(), clock_monotonic_ms() + 500, &fd),
                         0);
        close(fd);
        snprintf(long_path, sizeof long_path, "%s/%0150d", server.dir, 1);
        assert_int_equal(exchange_connect(long_path, geteuid(), clock_monotonic_ms() + 500, &fd),
                         -ENAMETOOLONG);
        snprintf(long_path, sizeof long_path, "%s/jeton.sock", long_dir);
        unlink(long_path);
        rmdir(long_dir);
        fake_stop(&server);
}

static void the_descriptor_is_closed_on_exec_and_no_standard_one(void **state) {
        struct fake_server server;
        int saved = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10), fd = -1;

        (void)state;
        fake_start(&server, &(struct script){.reply = TEXT("")});
        close(STDIN_FILENO);
        assert_int_equal(exchange_connect(server.path, geteuid(), clock_monotonic_ms() + 500, &fd),
                         0);
        if (saved >= 0)
                dup2(saved, STDIN_FILENO);
        closep(&saved);
        assert_true(fd > STDERR_FILENO);
        assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
        close(fd);
        fake_stop(&server);
}

static void a_head_has_one_reading(void **state) {
        static const struct text broken[] = {
                TEXT("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"),
                TEXT("HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n"),
                TEXT("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"),
                TEXT("HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n"),
                TEXT("HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n"),
                TEXT("HTTP/1.1 600 OK\r\nContent-Length: 0\r\n\r\n"),
                TEXT("HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n"),
                TEXT("HTTP/1.1 200 O\nK\r\nContent-Length: 0\r\n\r\n"),
                TEXT("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n"),
                TEXT("HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n"),
                TEXT("HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n"),
                TEXT("HTTP/1.1 200 OK\r\nContent-Length: 01\r\n\r\n"),
                TEXT("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"),
                TEXT("HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n"),
                TEXT("HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551617\r\n\r\n"),
                TEXT("HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\n"),
                TEXT("HTTP/1.1 200 OK\r\n Content-Length: 1\r\n\r\n"),
                TEXT("HTTP/1.1 200 OK\r\nX: a\r\n folded\r\nContent-Length: 1\r\n\r\n"),
                TEXT("HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 1\r\n\r\n"),
                TEXT("HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 1\r\n\r\n"),
                TEXT("HTTP/1.1 200 OK\r\n: a\r\nContent-Length: 1\r\n\r\n"),
                TEXT("HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 1\r\n\r\n"),
                TEXT("HTTP/1.1 200 OK\r\nContent-Length: 1\r\ntransfer-encoding: gzip\r\n\r\n"),
                TEXT("HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Type: a/b\r\n"
                     "Content-Length: 1\r\n\r\n"),
                TEXT("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nX: y\r\n"),
                TEXT("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n"),
                TEXT(""),
        };
        struct reply_head head = {.status = 7};
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(broken); i++) {
                assert_int_equal(reply_head_parse(broken[i], &head), -EBADMSG);
                assert_int_equal(head.status, 7);
        }
}

static void the_end_of_a_head_is_found(void **state) {
        (void)state;
        assert_int_equal(reply_head_len(TEXT("")), 0);
        assert_int_equal(reply_head_len(TEXT("\r\n\r")), 0);
        assert_int_equal(reply_head_len(TEXT("a\r\n\r\n")), 5);
        assert_int_equal(reply_head_len(TEXT("a\r\n\r\nb\r\n\r\n")), 5);
        assert_int_equal(reply_head_len(TEXT("a\n\nb")), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_reply_is_read),
                cmocka_unit_test(a_reply_in_single_bytes_is_read),
                cmocka_unit_test(an_empty_body_is_a_body),
                cmocka_unit_test(interim_replies_are_skipped),
                cmocka_unit_test(the_request_is_written_as_http),
                cmocka_unit_test(nothing_in_a_request_can_end_its_line),
                cmocka_unit_test(a_refusal_before_the_request_is_read_arrives),
                cmocka_unit_test(a_reply_cut_short_is_a_reset),
                cmocka_unit_test(garbage_is_a_bad_message),
                cmocka_unit_test(a_head_without_end_is_a_bad_message),
                cmocka_unit_test(a_body_over_the_callers_bound_is_a_bad_message),
                cmocka_unit_test(a_slow_server_ends_at_the_deadline),
                cmocka_unit_test(a_silent_server_ends_at_the_deadline),
                cmocka_unit_test(a_server_that_reads_nothing_ends_at_the_deadline),
                cmocka_unit_test(a_full_backlog_is_waited_for_until_the_deadline),
                cmocka_unit_test(a_missing_or_dead_socket_is_said),
                cmocka_unit_test(a_server_of_another_user_is_refused),
                cmocka_unit_test(a_path_of_any_length_is_reached),
                cmocka_unit_test(the_descriptor_is_closed_on_exec_and_no_standard_one),
                cmocka_unit_test(a_head_has_one_reading),
                cmocka_unit_test(the_end_of_a_head_is_found),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
