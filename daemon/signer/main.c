/* jetond-signer: the process that has the private keys.
 *
 * Runs as      jeton-signer (without root: the caller's uid)
 * Holds        the private keys, their folder (the one place where it may open, rename and remove
 *              files once it is confined), the keys page (writable), one channel to the authority
 * Trusts       the parent's set-up. The authority only as far as its own limits go: fields are
 *              checked again, times and token ids are stamped here, and nothing is signed that was
 *              not put together here
 * If captured  the key, and with it any token. So it parses nothing that a caller wrote: it sees
 *              the authority's fixed frames and nothing else */
#include "signer.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../common/log.h"
#include "../privsep/child.h"

#include <openssl/crypto.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

/* mlockall(2) under a smaller limit succeeds, and the next allocations fail. */
#define LOCKED_LEAST (64u << 20)

#ifdef JETON_SANITIZED

/* Their shadow memory is larger than the machine's. */
static void memory_lock(void) {
}

#else

/* The keys must not reach the swap. The parent gives us the limit as root; without root we have
 * what the user has. */
static void memory_lock(void) {
        struct rlimit limit = {0, 0};

        if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
                limit.rlim_cur = limit.rlim_max;
                setrlimit(RLIMIT_MEMLOCK, &limit); /* the soft limit may always rise to the hard */
        }
        if (limit.rlim_cur < LOCKED_LEAST || mlockall(MCL_CURRENT | MCL_FUTURE) < 0)
                log_notice("the keys' memory is not locked (RLIMIT_MEMLOCK is %llu): encrypt the "
                           "swap",
                           (unsigned long long)limit.rlim_cur);
}

#endif

/* Everything that takes a file. */
static int signer_open(struct signer *signer) {
        void *page;
        int r;

        memory_lock();
        r = page_map(signer->keys_page_fd, PAGE_KEYS, &page);
        if (r < 0) {
                log_error("cannot use the keys page: %s", strerror(-r));
                return r;
        }
        signer->page = page;
        closep(&signer->keys_page_fd);
        return keys_open(signer);
}

static int signer_start(struct signer *signer) {
        _cleanup_(closep) int filter_fd = -1;
        struct msg_ready ready = {0};
        int r;

        r = child_setup_until_go(&signer->control, setup_take, signer, &filter_fd);
        if (r < 0)
                return r;
        r = setup_done(signer);
        if (r < 0)
                return r;
        r = signer_open(signer);
        if (r < 0)
                return r;
        r = child_confine_to(&filter_fd, signer->keys_dir, false);
        if (r < 0)
                return r;
        keys_publish(signer->page, &signer->keyring, signer->limits.issuer);
        return channel_send(&signer->control, MSG_READY, 0, &ready, -1);
}

/* ---- running ---- */

static int control_answer(struct signer *signer, struct frame *frame) {
        return frame->type == MSG_GO ? reload_done(signer) : setup_take(signer, frame);
}

typedef int answer(struct signer *signer, const struct frame *frame);

static answer *const answers[MSG_COUNT] = {
        [MSG_SIGN_ACCESS] = answer_sign_access, [MSG_SIGN_TICKET] = answer_sign_ticket,
        [MSG_CHECK_MAC] = answer_check_mac,     [MSG_KEYS_LIST] = answer_keys_list,
        [MSG_KEY_ROTATE] = answer_key_rotate,   [MSG_KEY_DROP] = answer_key_drop,
};

static int authority_answer(struct signer *signer, struct frame *frame) {
        return answers[frame->type] ? answers[frame->type](signer, frame) : -EPROTO;
}

/* Frames taken in one turn: while an authority asks without end, keys grow old and settings change
 * all the same. */
#define FRAMES_A_TURN 64

/* The frames that are there, some of them. -EAGAIN: it is somebody else's turn. */
static int frames_answer(struct signer *signer, struct channel *channel,
                         int (*take_frame)(struct signer *signer, struct frame *frame)) {
        struct frame frame;
        int i, r = 0;

        for (i = 0; i < FRAMES_A_TURN && r == 0 && !channel_has_queued(channel); i++) {
                r = channel_receive(channel, &frame);
                if (r < 0)
                        return r;
                r = take_frame(signer, &frame);
                closep(&frame.fd);
        }
        return r < 0 ? r : -EAGAIN;
}

/* While the authority does not read our answers, it is not asked for more questions. */
static int authority_serve(struct signer *signer) {
        int r = channel_flush(&signer->authority);

        if (r < 0)
                return r;
        return frames_answer(signer, &signer->authority, authority_answer);
}

static int signer_run(struct signer *signer) {
        struct pollfd looks[2] = {
                {.fd = signer->control.fd, .events = POLLIN},
                {.fd = signer->authority.fd},
        };
        int r;

        for (;;) {
                if (clock_monotonic_ms() >= signer->turn_ms)
                        keys_turn(signer);
                looks[1].events = channel_has_queued(&signer->authority) ? POLLOUT : POLLIN;
                if (poll(looks, ELEMENTS(looks), clock_left_ms(signer->turn_ms)) < 0 &&
                    errno != EINTR)
                        return -errno;
                if (looks[0].revents) {
                        r = frames_answer(signer, &signer->control, control_answer);
                        if (r != -EAGAIN)
                                return r;
                }
                if (looks[1].revents) {
                        r = authority_serve(signer);
                        if (r != -EAGAIN)
                                return r;
                }
        }
}

static void signer_clear(struct signer *signer) {
        keyring_clear(&signer->keyring);
        channel_clear(&signer->authority);
        channel_clear(&signer->control);
        closep(&signer->keys_dir);
        closep(&signer->keys_page_fd);
}

/* The other side is gone: the parent ends and starts all that belongs together. */
static int exit_status(int error) {
        if (error == -ECONNRESET || error == -EPIPE)
                return EXIT_SUCCESS;
        log_error("%s", error == -EPROTO ? "a frame broke the rules" : strerror(-error));
        return EXIT_FAILURE;
}

/* Started with this argument it looks at the keys of another folder, which is descriptor 3, as at
 * its own: `jeton restore` asks before they become that. */
static int keys_check(void) {
        struct keyring keyring = {.count = 0};
        const int folder = CONTROL_FD;
        int r;

        log_init("jetond-signer", LOG_INFO);
        r = child_close_up(PROCESS_SIGNER);
        if (r == 0)
                r = child_confine_within(&folder, 1);
        if (r == 0)
                r = keyring_load(CONTROL_FD, clock_wall_s(), 0, &keyring);
        if (r == 0)
                r = keyring_try(&keyring);
        keyring_clear(&keyring);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv) {
        _cleanup_(signer_clear) struct signer signer = {.keys_dir = -1, .keys_page_fd = -1};

        /* Before anything of OpenSSL: no configuration file, no module that one might name. */
        if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
                return EXIT_FAILURE;
        if (argc == 2 && strcmp(argv[1], "--check-keys") == 0)
                return keys_check();
        if (child_begin("jetond-signer", PROCESS_SIGNER, &signer.control) < 0)
                return EXIT_FAILURE;
        if (signer_start(&signer) < 0)
                return EXIT_FAILURE;
        return exit_status(signer_run(&signer));
}
