/* A channel keeps frames whole and in order, holds on to them while its peer does not read, and
 * refuses what breaks the rules without leaving a descriptor open. */
#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../daemon/privsep/channel.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <cmocka.h>

static size_t open_descriptors(void) {
        DIR *dir = opendir("/proc/self/fd");
        size_t count = 0;

        assert_non_null(dir);
        while (readdir(dir))
                count++;
        closedir(dir);
        return count;
}

/* An authority with a frontend, both in this process. */
struct pair {
        struct channel authority, frontend;
        size_t open_before;
};

static int pair_open(void **state) {
        static struct pair pair;
        int fds[2];

        pair.open_before = open_descriptors();
        assert_int_equal(channel_pair(fds), 0);
        assert_int_equal(
                channel_init(&pair.authority, fds[0], PROCESS_AUTHORITY, PROCESS_FRONTEND, 1), 0);
        assert_int_equal(
                channel_init(&pair.frontend, fds[1], PROCESS_FRONTEND, PROCESS_AUTHORITY, 0), 0);
        pair.authority.phase = pair.frontend.phase = PHASE_RUNNING;
        *state = &pair;
        return 0;
}

/* Whatever a test did, no descriptor is left over. */
static int pair_close(void **state) {
        struct pair *pair = *state;

        channel_clear(&pair->authority);
        channel_clear(&pair->frontend);
        assert_int_equal(open_descriptors(), pair->open_before);
        return 0;
}

/* Sends raw bytes with `count` descriptors, as a process would that does not use channel.c. */
static void send_raw(int socket, const void *bytes, size_t len, const int *fds, size_t count) {
        struct iovec part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = len};
        struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
        _Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(8 * sizeof(int))] = {0};
        struct cmsghdr *cmsg;

        if (count > 0) {
                header.msg_control = control;
                header.msg_controllen = CMSG_SPACE(count * sizeof(int));
                cmsg = CMSG_FIRSTHDR(&header);
                cmsg->cmsg_level = SOL_SOCKET;
                cmsg->cmsg_type = SCM_RIGHTS;
                cmsg->cmsg_len = CMSG_LEN(count * sizeof(int));
                memcpy(CMSG_DATA(cmsg), fds, count * sizeof(int));
        }
        assert_int_equal(sendmsg(socket, &header, 0), len);
}

static size_t encode(enum message_type type, const void *message, uint8_t *ret) {
        size_t len = 0;

        assert_int_equal(message_encode(type, 5, message, ret, &len), 0);
        return len;
}

static void assert_breach(struct channel *channel) {
        size_t before = open_descriptors();
        struct frame frame = {.fd = -1};

        assert_int_equal(channel_receive(channel, &frame), -EPROTO);
        assert_int_equal(frame.fd, -1);
        assert_int_equal(open_descriptors(), before);
}

static const struct msg_ask_me ask_me = {.connection = 9, .bearer = {"abc", 3}};
static const struct msg_connection connection = {.connection = 7};

/* ---- what is right ---- */

static void a_frame_arrives_with_its_call_and_contents(void **state) {
        struct pair *pair = *state;
        struct frame frame;

        assert_int_equal(channel_send(&pair->frontend, MSG_ASK_ME, 77, &ask_me, -1), 0);
        assert_int_equal(channel_receive(&pair->authority, &frame), 0);
        assert_int_equal(frame.type, MSG_ASK_ME);
        assert_int_equal(frame.call, 77);
        assert_int_equal(frame.fd, -1);
        assert_int_equal(frame.message.ask_me.connection, 9);
        assert_true(text_is(frame.message.ask_me.bearer, TEXT("abc")));
        assert_int_equal(channel_receive(&pair->authority, &frame), -EAGAIN);
}

static void a_descriptor_arrives_beside_its_frame_and_closes_on_exec(void **state) {
        struct pair *pair = *state;
        struct frame frame;
        int pipe_fds[2];

        assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
        assert_int_equal(
                channel_send(&pair->authority, MSG_CONNECTION, 0, &connection, pipe_fds[1]), 0);
        assert_int_equal(channel_receive(&pair->frontend, &frame), 0);
        assert_true(frame.fd >= 0 && frame.fd != pipe_fds[1]);
        assert_int_equal(fcntl(frame.fd, F_GETFD), FD_CLOEXEC);
        assert_int_equal(write(frame.fd, "x", 1), 1);
        closep(&frame.fd);
        closep(&pipe_fds[0]);
        closep(&pipe_fds[1]);
}

static void the_order_is_kept_while_the_peer_does_not_read(void **state) {
        struct pair *pair = *state;
        struct frame frame;
        uint32_t sent = 0, received = 0;

        while (pair->frontend.queued < 1024 * 1024) {
                assert_int_equal(channel_send(&pair->frontend, MSG_ASK_ME, sent, &ask_me, -1), 0);
                sent++;
        }
        assert_true(channel_has_queued(&pair->frontend));
        assert_int_equal(channel_flush(&pair->frontend), -EAGAIN);
        while (received < sent) {
                int r = channel_receive(&pair->authority, &frame);

                if (r == -EAGAIN) {
                        r = channel_flush(&pair->frontend);
                        assert_true(r == 0 || r == -EAGAIN);
                        continue;
                }
                assert_int_equal(r, 0);
                assert_int_equal(frame.call, received);
                received++;
        }
        assert_false(channel_has_queued(&pair->frontend));
        assert_int_equal(channel_receive(&pair->authority, &frame), -EAGAIN);
}

static void a_frame_does_not_overtake_those_that_wait(void **state) {
        struct pair *pair = *state;
        struct frame frame;
        uint32_t sent = 0;

        while (!channel_has_queued(&pair->frontend))
                assert_int_equal(channel_send(&pair->frontend, MSG_ASK_ME, sent++, &ask_me, -1), 0);
        for (uint32_t i = 0; i < sent - 1;
             i++) /* the socket has room again, the queue is not empty */
                assert_int_equal(channel_receive(&pair->authority, &frame), 0);
        assert_int_equal(channel_send(&pair->frontend, MSG_ASK_ME, sent++, &ask_me, -1), 0);
        assert_int_equal(channel_flush(&pair->frontend), 0);
        assert_int_equal(channel_receive(&pair->authority, &frame), 0);
        assert_int_equal(frame.call, sent - 2);
        assert_int_equal(channel_receive(&pair->authority, &frame), 0);
        assert_int_equal(frame.call, sent - 1);
}

static void queued_descriptors_arrive_and_the_senders_stay_its_own(void **state) {
        struct pair *pair = *state;
        int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        struct frame frame;
        uint32_t sent = 0, received = 0;

        while (pair->authority.queued < 64 * 1024) {
                assert_int_equal(
                        channel_send(&pair->authority, MSG_CONNECTION, sent, &connection, null_fd),
                        0);
                sent++;
        }
        while (received < sent) {
                int r = channel_receive(&pair->frontend, &frame);

                if (r == -EAGAIN) {
                        channel_flush(&pair->authority);
                        continue;
                }
                assert_int_equal(r, 0);
                assert_int_equal(frame.call, received++);
                assert_true(frame.fd >= 0);
                closep(&frame.fd);
        }
        assert_int_equal(fcntl(null_fd, F_GETFD), FD_CLOEXEC);
        closep(&null_fd);
}

static void queued_descriptors_are_closed_with_the_channel(void **state) {
        struct pair *pair = *state;
        int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

        while (pair->authority.queued < 16 * 1024)
                assert_int_equal(
                        channel_send(&pair->authority, MSG_CONNECTION, 0, &connection, null_fd), 0);
        closep(&null_fd);
}

static void a_queue_has_an_end(void **state) {
        struct pair *pair = *state;
        int r = 0;
        size_t sent = 0;

        for (; r == 0; sent++) {
                assert_true(sent < 100000);
                r = channel_send(&pair->frontend, MSG_ASK_ME, 0, &ask_me, -1);
        }
        assert_int_equal(r, -ENOBUFS);
        assert_true(sent > 1000); /* a list of that many users must get through */
}

static void what_was_received_is_wiped_before_the_next(void **state) {
        static const struct msg_hash hash = {.password = TEXT("correct horse"),
                                             .setting = TEXT("$y$j9T$abc")};
        struct pair *pair = *state;
        uint8_t bytes[FRAME_MAX];
        struct frame frame;

        pair->authority.peer = PROCESS_WORKER;
        pair->frontend.self = PROCESS_WORKER;
        assert_int_equal(channel_send(&pair->authority, MSG_HASH, 0, &hash, -1), 0);
        assert_int_equal(channel_receive(&pair->frontend, &frame), 0);
        memcpy(bytes, pair->frontend.buffer, pair->frontend.received);
        assert_non_null(memmem(bytes, pair->frontend.received, "correct horse", 13));
        assert_int_equal(channel_receive(&pair->frontend, &frame), -EAGAIN);
        assert_null(memmem(pair->frontend.buffer, 64, "correct horse", 13));
}

/* ---- the end ---- */

static void a_peer_that_is_gone_is_told(void **state) {
        struct pair *pair = *state;
        struct frame frame;

        channel_clear(&pair->frontend);
        assert_int_equal(channel_receive(&pair->authority, &frame), -ECONNRESET);
        assert_int_equal(channel_send(&pair->authority, MSG_CONNECTION, 0, &connection, 2), -EPIPE);
}

static void what_a_peer_said_before_it_left_is_heard(void **state) {
        struct pair *pair = *state;
        struct frame frame;

        assert_int_equal(channel_send(&pair->frontend, MSG_ASK_ME, 1, &ask_me, -1), 0);
        channel_clear(&pair->frontend);
        assert_int_equal(channel_receive(&pair->authority, &frame), 0);
        assert_int_equal(channel_receive(&pair->authority, &frame), -ECONNRESET);
}

static void waiting_ends_in_time(void **state) {
        struct pair *pair = *state;
        struct frame frame;
        int64_t start = clock_monotonic_ms();

        assert_int_equal(channel_wait(&pair->authority, 50, &frame), -ETIMEDOUT);
        assert_true(clock_monotonic_ms() - start >= 49);
        assert_int_equal(channel_send(&pair->frontend, MSG_ASK_ME, 3, &ask_me, -1), 0);
        assert_int_equal(channel_wait(&pair->authority, -1, &frame), 0);
        assert_int_equal(frame.call, 3);
}

static void a_cleared_channel_is_cleared_again_without_harm(void **state) {
        struct channel zeroed = {0};
        struct pair *pair = *state;

        channel_clear(&zeroed);
        channel_clear(&pair->authority);
        channel_clear(&pair->authority);
        assert_int_equal(fcntl(0, F_GETFD) < 0, 0);
}

/* ---- what breaks the rules ---- */

static void an_empty_datagram_is_a_breach_and_not_an_end(void **state) {
        struct pair *pair = *state;
        int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

        send_raw(pair->frontend.fd, "", 0, NULL, 0);
        assert_breach(&pair->authority);
        send_raw(pair->frontend.fd, "", 0, &null_fd, 1);
        assert_breach(&pair->authority);
        closep(&null_fd);
}

static void a_half_closed_channel_is_a_breach(void **state) {
        struct pair *pair = *state;

        assert_int_equal(shutdown(pair->frontend.fd, SHUT_WR), 0);
        assert_breach(&pair->authority);
}

static void a_datagram_larger_than_any_frame_is_a_breach(void **state) {
        static uint8_t bytes[2 * FRAME_MAX];
        struct pair *pair = *state;

        encode(MSG_ASK_ME, &ask_me, bytes);
        send_raw(pair->frontend.fd, bytes, FRAME_MAX + 1, NULL, 0);
        assert_breach(&pair->authority);
}

static void a_frame_larger_than_its_type_allows_is_a_breach(void **state) {
        uint8_t bytes[FRAME_MAX] = {0};
        struct pair *pair = *state;

        encode(MSG_CONNECTION_CLOSED, &connection, bytes);
        send_raw(pair->frontend.fd, bytes, message_max(MSG_CONNECTION_CLOSED) + 1, NULL, 0);
        assert_breach(&pair->authority);
}

static void bytes_that_are_no_frame_are_a_breach(void **state) {
        struct pair *pair = *state;
        uint8_t bytes[FRAME_MAX];
        size_t len = encode(MSG_ASK_ME, &ask_me, bytes);

        send_raw(pair->frontend.fd, bytes, 1, NULL, 0);
        assert_breach(&pair->authority);
        send_raw(pair->frontend.fd, bytes, len - 1, NULL, 0);
        assert_breach(&pair->authority);
        send_raw(pair->frontend.fd, "garbage that is long enough", 27, NULL, 0);
        assert_breach(&pair->authority);
}

static void a_message_that_is_not_the_senders_is_a_breach(void **state) {
        static const struct msg_answer_health health = {.ok = 1};
        struct pair *pair = *state;
        uint8_t bytes[FRAME_MAX];
        size_t len = encode(MSG_ANSWER_HEALTH, &health, bytes);

        send_raw(pair->frontend.fd, bytes, len, NULL, 0);
        assert_breach(&pair->authority);
}

static void a_message_out_of_its_phase_is_a_breach(void **state) {
        struct pair *pair = *state;

        pair->authority.phase = PHASE_SETUP;
        assert_int_equal(channel_send(&pair->frontend, MSG_ASK_ME, 1, &ask_me, -1), 0);
        assert_breach(&pair->authority);
}

static void a_descriptor_where_none_may_be_is_closed(void **state) {
        struct pair *pair = *state;
        int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        uint8_t bytes[FRAME_MAX];
        size_t len = encode(MSG_ASK_ME, &ask_me, bytes);

        send_raw(pair->frontend.fd, bytes, len, &null_fd, 1);
        assert_breach(&pair->authority);
        closep(&null_fd);
}

static void no_descriptor_where_one_is_due_is_a_breach(void **state) {
        struct pair *pair = *state;
        uint8_t bytes[FRAME_MAX];
        size_t len = encode(MSG_CONNECTION, &connection, bytes);

        send_raw(pair->authority.fd, bytes, len, NULL, 0);
        assert_breach(&pair->frontend);
}

static void more_descriptors_than_one_are_all_closed(void **state) {
        struct pair *pair = *state;
        uint8_t bytes[FRAME_MAX];
        size_t len = encode(MSG_CONNECTION, &connection, bytes);
        int fds[8];

        for (size_t i = 0; i < ELEMENTS(fds); i++)
                fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
        for (size_t count = 2; count <= ELEMENTS(fds); count++) {
                send_raw(pair->authority.fd, bytes, len, fds, count);
                assert_breach(&pair->frontend);
        }
        for (size_t i = 0; i < ELEMENTS(fds); i++)
                closep(&fds[i]);
}

static void a_foreign_control_message_is_a_breach(void **state) {
        struct pair *pair = *state;
        int on = 1;

        assert_int_equal(setsockopt(pair->authority.fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)),
                         0);
        assert_int_equal(channel_send(&pair->frontend, MSG_ASK_ME, 1, &ask_me, -1), 0);
        assert_breach(&pair->authority);
}

static void a_process_does_not_say_what_it_may_not(void **state) {
        static const struct msg_setup_admin admin = {.uid = 0};
        struct pair *pair = *state;
        struct frame frame;

        assert_int_equal(channel_send(&pair->frontend, MSG_SETUP_ADMIN, 0, &admin, -1), -EPERM);
        assert_int_equal(channel_send(&pair->frontend, MSG_ASK_ME, 0, &ask_me, 2), -EPERM);
        assert_int_equal(channel_send(&pair->authority, MSG_CONNECTION, 0, &connection, -1),
                         -EPERM);
        assert_int_equal(channel_receive(&pair->authority, &frame), -EAGAIN);
        assert_int_equal(channel_receive(&pair->frontend, &frame), -EAGAIN);
}

static void a_text_beyond_its_bound_is_not_sent(void **state) {
        static const char long_token[TOKEN_MAX + 1];
        const struct msg_ask_me too_long = {.bearer = {long_token, sizeof(long_token)}};
        struct pair *pair = *state;
        struct frame frame;

        assert_int_equal(channel_send(&pair->frontend, MSG_ASK_ME, 0, &too_long, -1), -EMSGSIZE);
        assert_int_equal(channel_receive(&pair->authority, &frame), -EAGAIN);
}

#define ON_A_PAIR(test) cmocka_unit_test_setup_teardown(test, pair_open, pair_close)

int main(void) {
        const struct CMUnitTest tests[] = {
                ON_A_PAIR(a_frame_arrives_with_its_call_and_contents),
                ON_A_PAIR(a_descriptor_arrives_beside_its_frame_and_closes_on_exec),
                ON_A_PAIR(the_order_is_kept_while_the_peer_does_not_read),
                ON_A_PAIR(a_frame_does_not_overtake_those_that_wait),
                ON_A_PAIR(queued_descriptors_arrive_and_the_senders_stay_its_own),
                ON_A_PAIR(queued_descriptors_are_closed_with_the_channel),
                ON_A_PAIR(a_queue_has_an_end),
                ON_A_PAIR(what_was_received_is_wiped_before_the_next),
                ON_A_PAIR(a_peer_that_is_gone_is_told),
                ON_A_PAIR(what_a_peer_said_before_it_left_is_heard),
                ON_A_PAIR(waiting_ends_in_time),
                ON_A_PAIR(a_cleared_channel_is_cleared_again_without_harm),
                ON_A_PAIR(an_empty_datagram_is_a_breach_and_not_an_end),
                ON_A_PAIR(a_half_closed_channel_is_a_breach),
                ON_A_PAIR(a_datagram_larger_than_any_frame_is_a_breach),
                ON_A_PAIR(a_frame_larger_than_its_type_allows_is_a_breach),
                ON_A_PAIR(bytes_that_are_no_frame_are_a_breach),
                ON_A_PAIR(a_message_that_is_not_the_senders_is_a_breach),
                ON_A_PAIR(a_message_out_of_its_phase_is_a_breach),
                ON_A_PAIR(a_descriptor_where_none_may_be_is_closed),
                ON_A_PAIR(no_descriptor_where_one_is_due_is_a_breach),
                ON_A_PAIR(more_descriptors_than_one_are_all_closed),
                ON_A_PAIR(a_foreign_control_message_is_a_breach),
                ON_A_PAIR(a_process_does_not_say_what_it_may_not),
                ON_A_PAIR(a_text_beyond_its_bound_is_not_sent),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
