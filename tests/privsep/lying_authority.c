/* lying_authority SIGNER KEYS-DIR KEYS-PAGE LIE
 *
 * Starts the real signer as the parent would (the page is made when it is missing), then lies to it
 * as an authority that somebody else has taken over. Prints what came of it, one `name: value` a
 * line:
 *
 *     answer   signed, limit, failed; keys-done, keys-unknown, keys-full, keys-failed; mac-good,
 *              mac-bad; or gone: the signer has closed the channel
 *     token    of `answer: signed`
 *     after    what an honest question is answered with, after the lie
 *     status   the signer's exit status, of `answer: gone`
 *     page     unchanged or changed, since the signer said it was ready
 *     flood    of questions-without-end: ended by the signer's end, or outlived by it
 */
#include "../../common/clock.h"
#include "../../common/jwt/pages.h"
#include "liar.h"

#include <sys/wait.h>

#define ISSUER  "https://jeton.test"
#define CEILING 3600
#define WAIT_MS 10000

struct signer {
        pid_t pid;
        struct channel control, authority;
        int keys_page_fd;
};

/* ---- the lies ---- */

static struct msg_sign_access honest_access(void) {
        return (struct msg_sign_access){
                .sub = TEXT("1"),
                .client_id = TEXT("local"),
                .audience = TEXT(ISSUER),
                .scope = TEXT("read write"),
                .roles = TEXT("reader"),
                .username = TEXT("alice"),
                .sid = TEXT("AAAAAAAAAAAAAAAAAAAAAA"),
                .auth_time = 1000000000,
                .amr = TEXT("pwd"),
                .lifetime_s = 900,
        };
}

static struct msg_sign_ticket honest_ticket(void) {
        return (struct msg_sign_ticket){
                .username = TEXT("alice"),
                .uid = 1000,
                .service = TEXT("sshd"),
                .nonce = TEXT("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
                .phase = PAM_PHASE_AUTH,
                .verdict = LOGIN_GRANTED,
        };
}

/* One field of an honest question is changed. */
#define ACCESS_LIE(name, field, value)                                   \
        static int name(int socket) {                                    \
                struct msg_sign_access ask = honest_access();            \
                ask.field = value;                                       \
                return send_frame(socket, MSG_SIGN_ACCESS, 1, &ask, -1); \
        }

#define TICKET_LIE(name, field, value)                                   \
        static int name(int socket) {                                    \
                struct msg_sign_ticket ask = honest_ticket();            \
                ask.field = value;                                       \
                return send_frame(socket, MSG_SIGN_TICKET, 1, &ask, -1); \
        }

ACCESS_LIE(lifetime_at_the_ceiling, lifetime_s, CEILING)
ACCESS_LIE(lifetime_over_the_ceiling, lifetime_s, CEILING + 1)
ACCESS_LIE(lifetime_without_end, lifetime_s, UINT32_MAX)
ACCESS_LIE(lifetime_none, lifetime_s, 0)
ACCESS_LIE(audience_of_tickets, audience, TEXT("jeton:login"))
ACCESS_LIE(audience_of_tickets_too, audience, TEXT(ISSUER " jeton:login"))
ACCESS_LIE(audience_none, audience, TEXT_NONE)
ACCESS_LIE(subject_none, sub, TEXT_NONE)
ACCESS_LIE(subject_with_a_member, sub, TEXT("1\",\"iss\":\"https://evil.test"))
ACCESS_LIE(scope_with_a_quote, scope, TEXT("read\",\"roles\":[\"admin\"],\"x\":\""))
ACCESS_LIE(roles_with_a_quote, roles, TEXT("a\",\"b"))
ACCESS_LIE(username_with_a_newline, username, TEXT("root\nroot"))
ACCESS_LIE(session_of_another_shape, sid, TEXT("abc"))
ACCESS_LIE(method_of_another_shape, amr, TEXT("otp\",\"pwd"))
ACCESS_LIE(login_in_the_future, auth_time, INT64_MAX)
ACCESS_LIE(login_before_time, auth_time, -1)

TICKET_LIE(honest_ticket_is_asked, phase, PAM_PHASE_AUTH)
TICKET_LIE(ticket_nonce_too_short, nonce, TEXT("AAAA"))
TICKET_LIE(ticket_verdict_unheard_of, verdict, LOGIN_GRANTED - 1)
TICKET_LIE(ticket_verdict_none, verdict, LOGIN_NONE)
TICKET_LIE(ticket_phase_none, phase, PAM_PHASE_NONE)
TICKET_LIE(ticket_for_nobody, uid, UINT32_MAX)
TICKET_LIE(ticket_role_with_a_quote, role, TEXT("a\",\"verdict\":\"granted"))
TICKET_LIE(ticket_of_auth_with_a_session, sid, TEXT("AAAAAAAAAAAAAAAAAAAAAA"))
TICKET_LIE(ticket_by_the_kernels_word, amr, TEXT("peer"))
TICKET_LIE(ticket_service_with_a_path, service, TEXT("../../etc/passwd"))

static int honest(int socket) {
        struct msg_sign_access ask = honest_access();

        return send_frame(socket, MSG_SIGN_ACCESS, 1, &ask, -1);
}

/* A ticket's header on fields that the authority chose: the kind is the first byte of the body. */
static int kind_of_a_ticket(int socket) {
        struct msg_sign_access ask = honest_access();
        uint8_t bytes[FRAME_MAX];
        size_t len;
        int r;

        r = message_encode(MSG_SIGN_ACCESS, 1, &ask, bytes, &len);
        if (r < 0)
                return r;
        bytes[FRAME_HEADER] = TOKEN_KIND_TICKET;
        return send_raw(socket, bytes, len, -1);
}

static int settings_of_its_own(int socket) {
        struct msg_setup_signer setup = {.issuer = TEXT("https://evil.test"),
                                         .algorithm = KEY_ES256,
                                         .max_lifetime_s = UINT32_MAX};

        return send_frame(socket, MSG_SETUP_SIGNER, 0, &setup, -1);
}

static int go(int socket) {
        return send_frame(socket, MSG_GO, 0, &(struct msg_go){.reload = 1}, -1);
}

static int message_of_a_worker(int socket) {
        struct msg_hash hash = {.password = TEXT("x"), .setting = TEXT("y")};

        return send_frame(socket, MSG_HASH, 1, &hash, -1);
}

static int answer_of_the_signer(int socket) {
        return send_frame(socket, MSG_NOT_SIGNED, 1, &(struct msg_not_signed){.reason = 1}, -1);
}

/* A page, or a directory with a key, of the liar's own. */
static int descriptor_of_a_page(int socket) {
        _cleanup_(closep) int fd = open("/dev/zero", O_RDWR | O_CLOEXEC);
        struct msg_descriptor descriptor = {.what = DESCRIPTOR_KEYS_PAGE};

        return send_frame(socket, MSG_DESCRIPTOR, 0, &descriptor, fd);
}

static int question_with_a_descriptor(int socket) {
        struct msg_sign_access ask = honest_access();
        _cleanup_(closep) int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

        return send_frame(socket, MSG_SIGN_ACCESS, 1, &ask, fd);
}

static int frame_oversized(int socket) {
        static uint8_t bytes[FRAME_MAX * 2];

        memset(bytes, 'A', sizeof(bytes));
        bytes[0] = MSG_SIGN_ACCESS;
        memset(bytes + 1, 0, FRAME_HEADER - 1);
        return send_raw(socket, bytes, sizeof(bytes), -1);
}

static int frame_longer_than_its_type(int socket) {
        uint8_t bytes[FRAME_MAX] = {MSG_SIGN_TICKET};

        return send_raw(socket, bytes, message_max(MSG_SIGN_TICKET) + 1, -1);
}

static int frame_cut_short(int socket) {
        struct msg_sign_access ask = honest_access();
        uint8_t bytes[FRAME_MAX];
        size_t len;
        int r;

        r = message_encode(MSG_SIGN_ACCESS, 1, &ask, bytes, &len);
        return r < 0 ? r : send_raw(socket, bytes, len - 1, -1);
}

static int type_unheard_of(int socket) {
        uint8_t bytes[FRAME_HEADER] = {MSG_COUNT};

        return send_raw(socket, bytes, sizeof(bytes), -1);
}

static int garbage(int socket) {
        static const char bytes[] = "GET /token HTTP/1.1\r\nHost: jeton\r\n\r\n";

        return send_raw(socket, bytes, sizeof(bytes), -1);
}

static int nothing(int socket) {
        return send_raw(socket, "", 0, -1);
}

/* ---- about keys ---- */

static struct signer subject = {.keys_page_fd = -1};

/* As the keys page has it, like everybody. */
static struct text kid_of(enum key_algorithm algorithm) {
        static struct keys_table table;
        uint32_t i;

        if (keys_page_read(subject.keys_page_fd, &table) < 0)
                return TEXT_NONE;
        for (i = 0; i < table.count; i++)
                if (table.keys[i].algorithm == algorithm)
                        return text_of(table.keys[i].kid);
        return TEXT_NONE;
}

static int rotate(int socket, enum key_algorithm algorithm) {
        struct msg_key_rotate ask = {.algorithm = (uint8_t)algorithm, .now = 1};

        return send_frame(socket, MSG_KEY_ROTATE, 1, &ask, -1);
}

static int drop(int socket, struct text kid) {
        return send_frame(socket, MSG_KEY_DROP, 1, &(struct msg_key_drop){.kid = kid}, -1);
}

static int check(int socket, struct text kid, struct text mac) {
        struct msg_check_mac ask = {.kid = kid, .signed_bytes = TEXT("a.b"), .mac = mac};

        return send_frame(socket, MSG_CHECK_MAC, 1, &ask, -1);
}

static int list_of_keys(int socket) {
        return send_frame(socket, MSG_KEYS_LIST, 1, &(struct msg_key_drop){TEXT_NONE}, -1);
}

static int rotation_of_what_is_not_in_use(int socket) {
        return rotate(socket, KEY_EDDSA);
}

/* The algorithm is the first byte of the body. */
static int rotation_of_what_nobody_knows(int socket) {
        struct msg_key_rotate ask = {.algorithm = KEY_ES256};
        uint8_t bytes[FRAME_MAX];
        size_t len;
        int r;

        r = message_encode(MSG_KEY_ROTATE, 1, &ask, bytes, &len);
        if (r < 0)
                return r;
        bytes[FRAME_HEADER] = KEY_ALGORITHM_COUNT;
        return send_raw(socket, bytes, len, -1);
}

/* As many as a page holds, and more; the answer to the last is looked at. */
static int rotations_without_end(int socket) {
        struct frame frame;
        int i, r = 0;

        for (i = 0; r == 0 && i < 3 * PAGE_KEYS_MAX; i++) {
                r = rotate(socket, KEY_ES256);
                while (r == 0 && (r = channel_wait(&subject.authority, WAIT_MS, &frame)) == 0 &&
                       frame.type != MSG_KEYS_END)
                        ;
        }
        return r < 0 ? r : rotate(socket, KEY_ES256);
}

static int drop_of_the_active_key(int socket) {
        return drop(socket, kid_of(KEY_ES256));
}

static int drop_of_what_is_no_key(int socket) {
        return drop(socket, TEXT("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
}

static int drop_of_nothing(int socket) {
        return drop(socket, TEXT_NONE);
}

static int drop_with_a_path(int socket) {
        return drop(socket, TEXT("../page"));
}

static int drop_of_the_states(int socket) {
        return drop(socket, TEXT("states"));
}

static int mac_by_a_published_key(int socket) {
        return check(socket, kid_of(KEY_ES256), TEXT("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
}

static int mac_guessed(int socket) {
        return check(socket, kid_of(KEY_HS256), TEXT("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
}

static int mac_none(int socket) {
        return check(socket, kid_of(KEY_HS256), TEXT_NONE);
}

static int mac_cut_short(int socket) {
        return check(socket, kid_of(KEY_HS256), TEXT("AAAA"));
}

static int mac_by_no_key(int socket) {
        return check(socket, TEXT_NONE, TEXT_NONE);
}

static int key_of_its_own(int socket) {
        struct msg_key key = {.kid = TEXT("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
                              .algorithm = KEY_ES256,
                              .state = KEY_ACTIVE};

        return send_frame(socket, MSG_KEY, 1, &key, -1);
}

static int change_of_its_own(int socket) {
        struct msg_key_changed change = {.state = KEY_ACTIVE, .cause = KEY_CAUSE_ASKED};

        return send_frame(socket, MSG_KEY_CHANGED, 0, &change, -1);
}

static int rotation_with_a_descriptor(int socket) {
        _cleanup_(closep) int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
        struct msg_key_rotate ask = {.algorithm = KEY_ES256};

        return send_frame(socket, MSG_KEY_ROTATE, 1, &ask, fd);
}

/* The slowest to sign: the signer is never done with what waits. */
static int rs256(int socket) {
        struct msg_sign_access ask = honest_access();

        ask.algorithm = KEY_RS256;
        return send_frame(socket, MSG_SIGN_ACCESS, 1, &ask, -1);
}

/* For each answer another question, so that one is always waiting; meanwhile the parent goes. */
static int questions_without_end(int socket) {
        int64_t begin = clock_monotonic_ms(), passed = 0;
        struct frame frame;
        int i, r = 0;

        for (i = 0; r == 0 && i < 40; i++)
                r = rs256(socket);
        while (r == 0 && passed < 3000) {
                r = channel_wait(&subject.authority, WAIT_MS, &frame);
                if (r == 0)
                        r = rs256(socket);
                passed = clock_monotonic_ms() - begin;
                if (passed > 500)
                        channel_clear(&subject.control);
        }
        printf("flood: %s\n", r < 0 ? "ended" : "outlived");
        while (channel_wait(&subject.authority, WAIT_MS, &frame) == 0)
                ;
        return 0;
}

static const struct {
        const char *name;
        int (*tell)(int socket);
} lies[] = {
        {"honest", honest},
        {"honest-ticket", honest_ticket_is_asked},
        {"lifetime-at-the-ceiling", lifetime_at_the_ceiling},
        {"lifetime-over-the-ceiling", lifetime_over_the_ceiling},
        {"lifetime-without-end", lifetime_without_end},
        {"lifetime-none", lifetime_none},
        {"audience-of-tickets", audience_of_tickets},
        {"audience-of-tickets-too", audience_of_tickets_too},
        {"audience-none", audience_none},
        {"subject-none", subject_none},
        {"subject-with-a-member", subject_with_a_member},
        {"scope-with-a-quote", scope_with_a_quote},
        {"roles-with-a-quote", roles_with_a_quote},
        {"username-with-a-newline", username_with_a_newline},
        {"session-of-another-shape", session_of_another_shape},
        {"method-of-another-shape", method_of_another_shape},
        {"login-in-the-future", login_in_the_future},
        {"login-before-time", login_before_time},
        {"ticket-nonce-too-short", ticket_nonce_too_short},
        {"ticket-verdict-unheard-of", ticket_verdict_unheard_of},
        {"ticket-verdict-none", ticket_verdict_none},
        {"ticket-phase-none", ticket_phase_none},
        {"ticket-for-nobody", ticket_for_nobody},
        {"ticket-role-with-a-quote", ticket_role_with_a_quote},
        {"ticket-of-auth-with-a-session", ticket_of_auth_with_a_session},
        {"ticket-by-the-kernels-word", ticket_by_the_kernels_word},
        {"ticket-service-with-a-path", ticket_service_with_a_path},
        {"kind-of-a-ticket", kind_of_a_ticket},
        {"settings-of-its-own", settings_of_its_own},
        {"go", go},
        {"message-of-a-worker", message_of_a_worker},
        {"answer-of-the-signer", answer_of_the_signer},
        {"descriptor-of-a-page", descriptor_of_a_page},
        {"question-with-a-descriptor", question_with_a_descriptor},
        {"frame-oversized", frame_oversized},
        {"frame-longer-than-its-type", frame_longer_than_its_type},
        {"frame-cut-short", frame_cut_short},
        {"type-unheard-of", type_unheard_of},
        {"garbage", garbage},
        {"nothing", nothing},
        {"list-of-keys", list_of_keys},
        {"rotation-of-what-is-not-in-use", rotation_of_what_is_not_in_use},
        {"rotation-of-what-nobody-knows", rotation_of_what_nobody_knows},
        {"rotations-without-end", rotations_without_end},
        {"drop-of-the-active-key", drop_of_the_active_key},
        {"drop-of-what-is-no-key", drop_of_what_is_no_key},
        {"drop-of-nothing", drop_of_nothing},
        {"drop-with-a-path", drop_with_a_path},
        {"drop-of-the-states", drop_of_the_states},
        {"mac-by-a-published-key", mac_by_a_published_key},
        {"mac-guessed", mac_guessed},
        {"mac-none", mac_none},
        {"mac-cut-short", mac_cut_short},
        {"mac-by-no-key", mac_by_no_key},
        {"key-of-its-own", key_of_its_own},
        {"change-of-its-own", change_of_its_own},
        {"rotation-with-a-descriptor", rotation_with_a_descriptor},
        {"questions-without-end", questions_without_end},
};

static int (*lie_find(const char *name))(int socket) {
        for (size_t i = 0; i < ELEMENTS(lies); i++)
                if (strcmp(lies[i].name, name) == 0)
                        return lies[i].tell;
        return NULL;
}

/* ---- the signer, started as the parent would ---- */

static void signer_exec(const char *program, int control) {
        char *const arguments[] = {(char *)"jetond-signer", NULL};

        if (dup2(control, CONTROL_FD) < 0 || (control == CONTROL_FD && fcntl(3, F_SETFD, 0) < 0))
                _exit(126);
        execve(program, arguments, environ);
        _exit(127);
}

static int signer_spawn(const char *program, struct signer *ret) {
        int control[2], authority[2], r;

        r = channel_pair(control);
        if (r == 0)
                r = channel_pair(authority);
        if (r < 0)
                return r;
        ret->pid = fork();
        if (ret->pid == 0)
                signer_exec(program, control[1]);
        close(control[1]);
        r = channel_init(&ret->control, control[0], PROCESS_PARENT, PROCESS_SIGNER, 0);
        if (r == 0)
                r = channel_init(&ret->authority, authority[0], PROCESS_AUTHORITY, PROCESS_SIGNER,
                                 0);
        if (r < 0)
                return r;
        ret->authority.phase = PHASE_RUNNING;
        r = channel_send(
                &ret->control, MSG_DESCRIPTOR, 0,
                &(struct msg_descriptor){.what = DESCRIPTOR_CHANNEL, .process = PROCESS_AUTHORITY},
                authority[1]);
        close(authority[1]);
        return r;
}

static int descriptor_give(struct channel *control, enum descriptor what, int fd) {
        struct msg_descriptor message = {.what = (uint8_t)what};

        return fd < 0 ? -errno : channel_send(control, MSG_DESCRIPTOR, 0, &message, fd);
}

static int signer_set_up(struct signer *signer, uint32_t algorithms, const char *keys_dir,
                         const char *keys_page) {
        struct msg_setup_signer setup = {.issuer = TEXT(ISSUER),
                                         .max_lifetime_s = CEILING,
                                         .algorithm = KEY_ES256,
                                         .algorithms = algorithms};
        _cleanup_(closep) int dir = open(keys_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct frame ready;
        int r;

        signer->keys_page_fd = open(keys_page, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        if (ftruncate(signer->keys_page_fd, (off_t)page_size(PAGE_KEYS)) < 0)
                return -errno;
        r = channel_send(&signer->control, MSG_SETUP_SIGNER, 0, &setup, -1);
        if (r == 0)
                r = descriptor_give(&signer->control, DESCRIPTOR_KEYS_DIR, dir);
        if (r == 0)
                r = descriptor_give(&signer->control, DESCRIPTOR_KEYS_PAGE, signer->keys_page_fd);
        if (r == 0)
                r = channel_send(&signer->control, MSG_GO, 0, &(struct msg_go){0}, -1);
        if (r == 0)
                r = channel_wait(&signer->control, WAIT_MS, &ready);
        return r < 0 ? r : ready.type == MSG_READY ? 0 : -EPROTO;
}

/* ---- what came of it ---- */

static const char *answer_word(const struct frame *frame) {
        static const char *const outcomes[] = {
                [KEYS_DONE] = "keys-done",
                [KEYS_UNKNOWN] = "keys-unknown",
                [KEYS_FULL] = "keys-full",
                [KEYS_FAILED] = "keys-failed",
        };

        if (frame->type == MSG_SIGNED)
                return "signed";
        if (frame->type == MSG_KEYS_END)
                return outcomes[frame->message.keys_end.outcome];
        if (frame->type == MSG_MAC_CHECKED)
                return frame->message.mac_checked.good ? "mac-good" : "mac-bad";
        return frame->message.not_signed.reason == NOT_SIGNED_LIMIT ? "limit" : "failed";
}

/* What ends an answer: keys come before it, and changes of keys at any time. */
static int answer_wait(struct signer *signer, struct frame *ret) {
        int r;

        do
                r = channel_wait(&signer->authority, WAIT_MS, ret);
        while (r == 0 && (ret->type == MSG_KEY || ret->type == MSG_KEY_CHANGED));
        return r;
}

static int answer_print(struct signer *signer, const char *name) {
        struct frame frame;
        int r = answer_wait(signer, &frame);

        if (r == -ECONNRESET || r == -EPIPE) {
                printf("%s: gone\n", name);
                return 0;
        }
        if (r < 0)
                return r;
        printf("%s: %s\n", name, answer_word(&frame));
        if (frame.type == MSG_SIGNED && strcmp(name, "answer") == 0)
                printf("token: %.*s\n", TEXT_ARGS(frame.message.signed_token.token));
        return 1;
}

static int status_print(struct signer *signer) {
        int status = 0;

        if (waitpid(signer->pid, &status, 0) < 0)
                return -errno;
        if (WIFEXITED(status))
                printf("status: %d\n", WEXITSTATUS(status));
        else
                printf("signal: %d\n", WTERMSIG(status));
        return 0;
}

static int lie_and_print(struct signer *signer, int (*tell)(int socket)) {
        int r;

        r = tell(signer->authority.fd);
        if (r < 0)
                return r;
        r = answer_print(signer, "answer");
        if (r == 0)
                return status_print(signer);
        if (r > 0)
                r = honest(signer->authority.fd);
        if (r == 0)
                r = answer_print(signer, "after");
        return r < 0 ? r : 0;
}

static int page_copy(int fd, uint8_t **ret) {
        size_t size = page_size(PAGE_KEYS);
        uint8_t *copy = malloc(size);

        if (!copy || pread(fd, copy, size, 0) != (ssize_t)size) {
                free(copy);
                return -EIO;
        }
        *ret = copy;
        return 0;
}

static int try_lie(struct signer *signer, int (*tell)(int socket)) {
        _cleanup_(freep) uint8_t *before = NULL, *after = NULL;
        int r;

        r = page_copy(signer->keys_page_fd, &before);
        if (r == 0)
                r = lie_and_print(signer, tell);
        if (r == 0)
                r = page_copy(signer->keys_page_fd, &after);
        if (r == 0)
                printf("page: %s\n",
                       memcmp(before, after, page_size(PAGE_KEYS)) == 0 ? "unchanged" : "changed");
        return r;
}

/* An RSA key takes a while to make. */
static uint32_t algorithms_for(int (*tell)(int socket)) {
        uint32_t usual = 1u << KEY_HS256;

        return tell == questions_without_end ? usual | 1u << KEY_RS256 : usual;
}

int main(int argc, char **argv) {
        int (*tell)(int socket) = argc == 5 ? lie_find(argv[4]) : NULL;
        int r;

        if (!tell) {
                fputs("usage: lying_authority SIGNER KEYS-DIR KEYS-PAGE LIE\n", stderr);
                return 2;
        }
        r = signer_spawn(argv[1], &subject);
        if (r == 0)
                r = signer_set_up(&subject, algorithms_for(tell), argv[2], argv[3]);
        if (r == 0)
                r = try_lie(&subject, tell);
        channel_clear(&subject.control);
        channel_clear(&subject.authority);
        if (r < 0)
                fprintf(stderr, "lying_authority: %s\n", strerror(-r));
        return r < 0 ? 1 : 0;
}
