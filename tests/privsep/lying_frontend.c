/* In a frontend's place: takes the first connection, which makes it known to the authority, and
 * lies about it. To its caller it writes `connection NUMBER`, and what the authority answered if it
 * did. */
#include "liar.h"

#define WAIT_MS 5000

static struct channel authority = {.fd = -1};

static int setup_take(void *context, struct frame *frame) {
        (void)context;
        if (frame->type != MSG_DESCRIPTOR || frame->message.descriptor.what != DESCRIPTOR_CHANNEL)
                return 0;
        authority.phase = PHASE_SETUP;
        return channel_init(&authority, take_fd(&frame->fd), PROCESS_FRONTEND, PROCESS_AUTHORITY,
                            0);
}

/* ---- the lies; `connection` is the one that the frontend was given ---- */

static struct msg_ask_user_list list_as_peer(uint32_t connection) {
        return (struct msg_ask_user_list){
                .connection = connection, .credential = CREDENTIAL_PEER, .limit = 10};
}

static void list_of(uint32_t connection) {
        struct msg_ask_user_list ask = list_as_peer(connection);

        send_frame(authority.fd, MSG_ASK_USER_LIST, 1, &ask, -1);
}

static void connection_never_given(uint32_t connection) {
        list_of(connection + 1);
}

static void peer_of_its_own(uint32_t connection) {
        list_of(connection);
}

static void two_calls_at_once(uint32_t connection) {
        struct msg_ask_password_grant ask = {
                .connection = connection, .username = TEXT("alice"), .password = TEXT("x")};

        send_frame(authority.fd, MSG_ASK_PASSWORD_GRANT, 1, &ask, -1);
        send_frame(authority.fd, MSG_ASK_PASSWORD_GRANT, 2, &ask, -1);
}

static void closed_twice(uint32_t connection) {
        struct msg_connection_closed closed = {.connection = connection};

        send_frame(authority.fd, MSG_CONNECTION_CLOSED, 0, &closed, -1);
        send_frame(authority.fd, MSG_CONNECTION_CLOSED, 0, &closed, -1);
}

static void name_caller(uint32_t connection, struct text remote) {
        struct msg_caller caller = {.connection = connection, .remote = remote};

        send_frame(authority.fd, MSG_CALLER, 0, &caller, -1);
}

static void caller_of_its_own(uint32_t connection) {
        name_caller(connection, TEXT("192.0.2.1"));
}

static void caller_that_is_no_address(uint32_t connection) {
        name_caller(connection, TEXT("192.0.2.1\" uid=0"));
}

static void caller_exchanged_in_a_call(uint32_t connection) {
        struct msg_ask_password_grant ask = {
                .connection = connection, .username = TEXT("alice"), .password = TEXT("x")};

        name_caller(connection, TEXT("192.0.2.1"));
        send_frame(authority.fd, MSG_ASK_PASSWORD_GRANT, 1, &ask, -1);
        name_caller(connection, TEXT("192.0.2.2"));
}

static void import_row_cut_short(uint32_t connection) {
        struct msg_ask_user_import ask = {
                .connection = connection,
                .credential = CREDENTIAL_PEER,
                .rows = TEXT("\5\0"
                             "anna"),
        };

        send_frame(authority.fd, MSG_ASK_USER_IMPORT, 1, &ask, -1);
}

/* One more than the authority has room for. */
static void import_rows_too_many(uint32_t connection) {
        static char rows[65 * 36];
        struct msg_ask_user_import ask = {
                .connection = connection,
                .credential = CREDENTIAL_PEER,
                .rows = {rows, sizeof rows},
        };

        send_frame(authority.fd, MSG_ASK_USER_IMPORT, 1, &ask, -1);
}

static void answer_to_itself(uint32_t connection) {
        struct msg_answer_token token = {.access_token = TEXT("x")};

        (void)connection;
        send_frame(authority.fd, MSG_ANSWER_TOKEN, 1, &token, -1);
}

static void settings_of_its_own(uint32_t connection) {
        (void)connection;
        send_frame(authority.fd, MSG_SETUP_ADMIN, 0, &(struct msg_setup_admin){.uid = 65534}, -1);
}

static void order_to_sign(uint32_t connection) {
        struct msg_sign_ticket ticket = {.username = TEXT("root"), .verdict = LOGIN_GRANTED};

        (void)connection;
        send_frame(authority.fd, MSG_SIGN_TICKET, 1, &ticket, -1);
}

/* What would make a caller look like root: a descriptor that goes up. */
static void socket_handed_up(uint32_t connection) {
        _cleanup_(closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        send_frame(authority.fd, MSG_CONNECTION, 0,
                   &(struct msg_connection){.connection = connection}, fd);
}

static void question_with_a_descriptor(uint32_t connection) {
        send_frame(authority.fd, MSG_ASK_HEALTH, 1, &(struct msg_ask_health){connection},
                   authority.fd);
}

static void frame_cut_short(uint32_t connection) {
        uint8_t bytes[FRAME_MAX];
        size_t len = 0;

        message_encode(MSG_ASK_HEALTH, 1, &(struct msg_ask_health){connection}, bytes, &len);
        send_raw(authority.fd, bytes, len - 1, -1);
}

static void frame_oversized(uint32_t connection) {
        static uint8_t bytes[2 * FRAME_MAX] = {MSG_ASK_ME};

        (void)connection;
        send_raw(authority.fd, bytes, sizeof(bytes), -1);
}

static void garbage(uint32_t connection) {
        (void)connection;
        send_raw(authority.fd, "root::0:0:root:/root:/bin/sh", 28, -1);
}

static void nothing(uint32_t connection) {
        (void)connection;
        send_raw(authority.fd, "", 0, -1);
}

static void half_closed(uint32_t connection) {
        (void)connection;
        shutdown(authority.fd, SHUT_WR);
}

/* The authority cannot reach it any more, the parent sees a process that lives. */
static void channel_closed(uint32_t connection) {
        (void)connection;
        channel_clear(&authority);
        wait_for_the_end(CONTROL_FD);
}

static void breach_to_the_parent(uint32_t connection) {
        struct msg_breach breach = {.process = PROCESS_SIGNER};

        (void)connection;
        send_frame(CONTROL_FD, MSG_BREACH, 0, &breach, -1);
}

static void garbage_to_the_parent(uint32_t connection) {
        (void)connection;
        send_raw(CONTROL_FD, "garbage", 7, -1);
}

static const struct {
        const char *name;
        void (*tell)(uint32_t connection);
} lies[] = {
        {"connection-never-given", connection_never_given},
        {"peer-of-its-own", peer_of_its_own},
        {"two-calls-at-once", two_calls_at_once},
        {"closed-twice", closed_twice},
        {"caller-of-its-own", caller_of_its_own},
        {"caller-that-is-no-address", caller_that_is_no_address},
        {"caller-exchanged-in-a-call", caller_exchanged_in_a_call},
        {"import-row-cut-short", import_row_cut_short},
        {"import-rows-too-many", import_rows_too_many},
        {"answer-to-itself", answer_to_itself},
        {"settings-of-its-own", settings_of_its_own},
        {"order-to-sign", order_to_sign},
        {"socket-handed-up", socket_handed_up},
        {"question-with-a-descriptor", question_with_a_descriptor},
        {"frame-cut-short", frame_cut_short},
        {"frame-oversized", frame_oversized},
        {"garbage", garbage},
        {"nothing", nothing},
        {"half-closed", half_closed},
        {"channel-closed", channel_closed},
        {"breach-to-the-parent", breach_to_the_parent},
        {"garbage-to-the-parent", garbage_to_the_parent},
};

static void lie_tell(const char *name, uint32_t connection) {
        unsigned other;

        /* "connection 7": asks for what the peer of that one may have, whosever it is. */
        if (sscanf(name, "connection %u", &other) == 1)
                list_of(other);
        for (size_t i = 0; i < ELEMENTS(lies); i++)
                if (strcmp(lies[i].name, name) == 0)
                        lies[i].tell(connection);
}

/* Tells the caller what the authority says, until it says no more. */
static void answers_report(int caller) {
        struct frame frame;

        while (channel_wait(&authority, WAIT_MS, &frame) == 0) {
                if (frame.type == MSG_ANSWER_REFUSED)
                        dprintf(caller, "%s %u\n", message_name(frame.type),
                                frame.message.answer_refused.status);
                else
                        dprintf(caller, "%s\n", message_name(frame.type));
                closep(&frame.fd);
        }
}

static void connection_take(const char *lie) {
        struct frame frame;

        if (channel_wait(&authority, -1, &frame) < 0 || frame.type != MSG_CONNECTION)
                return;
        dprintf(frame.fd, "connection %u\n", frame.message.connection.connection);
        lie_tell(lie, frame.message.connection.connection);
        answers_report(frame.fd);
        wait_for_the_end(CONTROL_FD);
}

int main(void) {
        struct channel control;
        int filter_fd = -1;
        char lie[LIE_MAX];

        lie_read(lie);
        if (child_begin("jetond-frontend", PROCESS_FRONTEND, &control) < 0 ||
            child_setup_until_go(&control, setup_take, NULL, &filter_fd) < 0)
                return EXIT_FAILURE;
        if (strcmp(lie, "never-ready") == 0)
                wait_for_the_end(CONTROL_FD);
        authority.phase = PHASE_RUNNING;
        if (channel_send(&control, MSG_READY, 0, &(struct msg_ready){0}, -1) < 0)
                return EXIT_FAILURE;
        connection_take(lie);
        return EXIT_SUCCESS;
}
