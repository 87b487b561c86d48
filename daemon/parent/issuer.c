/* Who our tokens say made them. The host's full name may come from the network, so a program
 * without rights asks for it, and has two seconds. */
#include "issuer.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../common/log.h"
#include "places.h"
#include "spawn.h"

#include <ctype.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#define FILE_NAME   "issuer"
#define ASK_MS      2000
#define HOST_PREFIX "https://"
#define HOST_MAX    (ISSUER_MAX - (sizeof HOST_PREFIX - 1))

static void line_end(char *line) {
        line[strcspn(line, "\r\n")] = '\0';
}

/* 0; -ENOENT when no start has written one. */
static int file_read(const struct issuer_source *source, char ret[ISSUER_MAX + 1]) {
        _cleanup_(closep) int fd = openat(source->state_dir, FILE_NAME,
                                          O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
        char line[ISSUER_MAX + 3];
        ssize_t n;

        if (fd < 0)
                return -errno;
        n = read(fd, line, sizeof line - 1);
        if (n < 0)
                return -errno;
        line[n] = '\0';
        line_end(line);
        if (!name_is_issuer(text_of(line)))
                return -EBADMSG;
        return text_copy(text_of(line), ret, ISSUER_MAX + 1);
}

static int all_read(int fd, char *buffer, size_t size) {
        int64_t deadline = clock_monotonic_ms() + ASK_MS;
        struct pollfd waiting = {fd, POLLIN, 0};
        size_t len = 0;
        ssize_t n;

        while (len + 1 < size) {
                if (poll(&waiting, 1, clock_left_ms(deadline)) <= 0)
                        return -ETIMEDOUT;
                n = read(fd, buffer + len, size - len - 1);
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                len += (size_t)n;
        }
        buffer[len] = '\0';
        return 0;
}

static int names_start(const struct issuer_source *source, int output, pid_t *ret) {
        struct spawn spawn = {
                .name = "jetond-names",
                .argument = "--canonical-host",
                .identity = source->worker,
                .control = -1,
                .output = output,
        };
        _cleanup_(freep) char *path = NULL;

        if (asprintf(&path, "%s/jetond-names", source->programs) < 0)
                return -ENOMEM;
        spawn.path = path;
        return spawn_start(&spawn, ret);
}

static int names_ask(const struct issuer_source *source, char *ret_host, size_t size) {
        _cleanup_(closep) int from = -1;
        _cleanup_(closep) int to = -1;
        int ends[2], status, r;
        pid_t pid;

        if (pipe2(ends, O_CLOEXEC) < 0)
                return -errno;
        from = ends[0];
        to = ends[1];
        r = names_start(source, to, &pid);
        if (r)
                return r;
        closep(&to);
        r = all_read(from, ret_host, size);
        kill(pid, SIGKILL);
        if (waitpid(pid, &status, 0) < 0)
                return -errno;
        line_end(ret_host);
        return r == 0 && *ret_host == '\0' ? -ENODATA : r;
}

static int from_host(const char *host, char ret[ISSUER_MAX + 1]) {
        char issuer[ISSUER_MAX + 1] = HOST_PREFIX;
        char *at = issuer + sizeof HOST_PREFIX - 1;
        size_t len = strlen(host);

        if (len > HOST_MAX)
                return -ENAMETOOLONG;
        while (*host)
                *at++ = (char)tolower((unsigned char)*host++);
        *at = '\0';
        /* A name's last dot says that it is whole; in an issuer it would be another name. */
        if (at[-1] == '.')
                at[-1] = '\0';
        return name_is_issuer(text_of(issuer)) ? text_copy(text_of(issuer), ret, ISSUER_MAX + 1)
                                               : -EBADMSG;
}

static int host_find(const struct issuer_source *source, char ret[ISSUER_MAX + 1]) {
        char host[ISSUER_MAX + 1] = "";
        struct utsname names;
        int r;

        r = names_ask(source, host, sizeof host);
        if (r == 0)
                r = from_host(host, ret);
        if (r == 0)
                return 0;
        if (uname(&names) < 0)
                return -errno;
        log_notice("this host's full name was not found in time; its short one serves");
        return from_host(names.nodename, ret);
}

static int first_choose(const struct issuer_source *source, char ret[ISSUER_MAX + 1]) {
        char line[ISSUER_MAX + 2];
        int r;

        r = host_find(source, ret);
        if (r) {
                log_error("no issuer can be made of this host's name: set issuer in jetond.conf");
                return r;
        }
        snprintf(line, sizeof line, "%s\n", ret);
        r = place_write(source->state_dir, FILE_NAME, line, strlen(line));
        if (r)
                log_error("%s/" FILE_NAME ": %s", source->state_path, strerror(-r));
        return r;
}

int issuer_find(const struct issuer_source *source, char ret[ISSUER_MAX + 1]) {
        int r;

        if (*source->configured)
                return text_copy(text_of(source->configured), ret, ISSUER_MAX + 1);
        r = file_read(source, ret);
        if (r == 0)
                return 0;
        if (r == -ENOENT)
                return first_choose(source, ret);
        log_error("%s/" FILE_NAME ": %s: set issuer in jetond.conf, or mend that file",
                  source->state_path, r == -EBADMSG ? "holds no issuer" : strerror(-r));
        return r;
}
