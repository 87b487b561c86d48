/* The life that all children share, from the first line of main() to the closed sandbox. What a
 * child does with its set-up is its own business. */
#include "child.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../common/log.h"
#include "sandbox.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define SETUP_WITHIN_MS 10000

/* A PAM worker that is not root asks a setgid program, unix_chkpwd(8); root needs none. */
static int privileges_close(enum process self) {
        if (self == PROCESS_PAM && geteuid() != 0)
                return 0;
        return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

/* exec(2) has made it dumpable again. */
int child_close_up(enum process self) {
        const struct rlimit no_core = {0, 0};
        const struct sigaction ignore = {.sa_handler = SIG_IGN};

        umask(077);
        if (setrlimit(RLIMIT_CORE, &no_core) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
            sigaction(SIGPIPE, &ignore, NULL) < 0 || sigaction(SIGXFSZ, &ignore, NULL) < 0)
                return -errno;
        return privileges_close(self);
}

static bool is_channel(int fd) {
        int domain = 0, type = 0;
        socklen_t len = sizeof(int);

        return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain == AF_UNIX &&
               getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_SEQPACKET;
}

static int control_open(enum process self, struct channel *ret) {
        if (fcntl(CONTROL_FD, F_SETFD, FD_CLOEXEC) < 0 ||
            fcntl(CONTROL_FD, F_SETFL, O_NONBLOCK) < 0)
                return -errno;
        return channel_init(ret, CONTROL_FD, self, PROCESS_PARENT, 0);
}

/* The parent's settings decide how much is said, before the first message has come. */
static int log_level(void) {
        unsigned long long level;

        if (text_number(text_of(getenv(CHILD_LOG_LEVEL)), LOG_DEBUG, &level) < 0)
                return LOG_INFO;
        return (int)level;
}

int child_begin(const char *program, enum process self, struct channel *ret_control) {
        int r;

        log_init(program, log_level());
        if (!is_channel(CONTROL_FD)) {
                log_error("this program is started by jetond, see jetond(8)");
                return -ENOTSOCK;
        }
        r = child_close_up(self);
        if (r == 0)
                r = control_open(self, ret_control);
        if (r < 0)
                log_error("cannot start: %s", strerror(-r));
        return r;
}

/* The one message that is not the child's own. */
static int filter_keep(struct frame *frame, int *filter_fd) {
        if (*filter_fd >= 0)
                return -EPROTO;
        *filter_fd = take_fd(&frame->fd);
        return 0;
}

static bool is_filter(const struct frame *frame) {
        return frame->type == MSG_DESCRIPTOR && frame->message.descriptor.what == DESCRIPTOR_FILTER;
}

static int setup_take(struct frame *frame, child_setup *take_setup, void *context, int *filter_fd) {
        int r;

        r = is_filter(frame) ? filter_keep(frame, filter_fd) : take_setup(context, frame);
        closep(&frame->fd);
        return r;
}

static int setup_until_go(struct channel *control, child_setup *take_setup, void *context,
                          int *filter_fd) {
        int64_t deadline = clock_monotonic_ms() + SETUP_WITHIN_MS;
        struct frame frame;
        int r;

        for (;;) {
                r = channel_wait(control, clock_left_ms(deadline), &frame);
                if (r < 0)
                        return r;
                if (frame.type == MSG_GO)
                        return 0;
                r = setup_take(&frame, take_setup, context, filter_fd);
                if (r < 0)
                        return r;
        }
}

int child_setup_until_go(struct channel *control, child_setup *take_setup, void *context,
                         int *ret_filter_fd) {
        _cleanup_(closep) int filter_fd = -1;
        int r;

        r = setup_until_go(control, take_setup, context, &filter_fd);
        if (r < 0) {
                log_error("the set-up failed: %s", strerror(-r));
                return r;
        }
        control->phase = PHASE_RUNNING;
        *ret_filter_fd = take_fd(&filter_fd);
        return 0;
}

/* What may still be opened by name. */
enum files {
        FILES_NONE,
        FILES_OF_FOLDER,
        FILES_AND_FOLDERS_OF_FOLDER,
        FILES_TO_READ_IN_FOLDERS,
        FILES_WITHIN_FOLDERS,
        FILES_ALL,
};

#ifdef JETON_SANITIZED

/* The sanitizers' run time opens files and maps memory as it pleases. */
static int fences_close(int *filter_fd, enum files files, const int *folders, size_t count) {
        (void)filter_fd;
        (void)files;
        (void)folders;
        (void)count;
        return 0;
}

#else

static int fences_close(int *filter_fd, enum files files, const int *folders, size_t count) {
        int r = 0;

        if (files == FILES_NONE)
                r = sandbox_landlock();
        if (files == FILES_OF_FOLDER || files == FILES_AND_FOLDERS_OF_FOLDER)
                r = sandbox_landlock_but(folders[0], files == FILES_AND_FOLDERS_OF_FOLDER);
        if (files == FILES_TO_READ_IN_FOLDERS)
                r = sandbox_landlock_reading(folders, count);
        if (files == FILES_WITHIN_FOLDERS)
                r = sandbox_landlock_within(folders, count);
        if (r == 0 && *filter_fd >= 0)
                r = sandbox_seccomp(filter_fd);
        return r;
}

#endif

static int confine(int *filter_fd, enum files files, const int *folders, size_t count) {
        int r = fences_close(filter_fd, files, folders, count);

        closep(filter_fd);
        if (r < 0)
                log_error("cannot confine this process: %s", strerror(-r));
        return r;
}

int child_confine(int *filter_fd, bool keeps_files) {
        return confine(filter_fd, keeps_files ? FILES_ALL : FILES_NONE, NULL, 0);
}

int child_confine_to(int *filter_fd, int folder, bool with_folders) {
        return confine(filter_fd, with_folders ? FILES_AND_FOLDERS_OF_FOLDER : FILES_OF_FOLDER,
                       &folder, 1);
}

int child_confine_reading_in(int *filter_fd, const int *folders, size_t count) {
        return confine(filter_fd, FILES_TO_READ_IN_FOLDERS, folders, count);
}

int child_confine_reading(int *filter_fd, const char *folder) {
        _cleanup_(closep) int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
        int r;

        if (fd >= 0)
                return child_confine_reading_in(filter_fd, &fd, 1);
        r = -errno;
        log_error("%s: %s", folder, strerror(-r));
        closep(filter_fd);
        return r;
}

int child_confine_within(const int *folders, size_t count) {
        int no_filter = -1;

        return confine(&no_filter, FILES_WITHIN_FOLDERS, folders, count);
}
