/* Who our tokens say made them. The host's full name may come from the network, so a program
 * without rights asks for it, and has two seconds. */
#include "issuer.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"
#include "ask.h"
#include "places.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>
#include <sys/utsname.h>

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

static int names_ask(const struct issuer_source *source, char *ret_host, size_t size) {
        struct spawn spawn = {
                .name = "jetond-names",
                .argument = "--canonical-host",
                .identity = source->worker,
                .control = -1,
        };
        _cleanup_(freep) char *path = NULL;
        int status, r;

        if (asprintf(&path, "%s/jetond-names", source->programs) < 0)
                return -ENOMEM;
        spawn.path = path;
        r = program_ask(&spawn, ASK_MS, ret_host, size, &status);
        if (r < 0)
                return r;
        line_end(ret_host);
        return *ret_host == '\0' ? -ENODATA : 0;
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
