/* Where a token comes from. */
#include "token_source.h"

#include "input.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"

#include <fcntl.h>
#include <sys/stat.h>

/* What is behind a NUL the library would not see: the token would have a second spelling. */
static int token_of(struct text text, struct secret **ret) {
        text = text_trim(text, TEXT(" \t\r\n"));
        if (text.len == 0)
                return -ENODATA;
        if (text_has(text, '\0'))
                return -EBADMSG;
        return secret_new(text.p, text.len, ret);
}

static int token_from_fd(int fd, struct secret **ret) {
        _cleanup_(secret_freep) struct secret *all = NULL;
        int r;

        r = input_read(fd, TOKEN_INPUT_MAX, &all);
        return r < 0 ? r : token_of(secret_text(all), ret);
}

/* A token of somebody else in a place that anyone can write would make us speak for him. */
static int check_own(int fd) {
        struct stat info;

        if (fstat(fd, &info) < 0)
                return -errno;
        return S_ISREG(info.st_mode) && info.st_uid == geteuid() ? 0 : -EPERM;
}

static int token_from_file(const char *path, bool own, struct secret **ret) {
        _cleanup_(closep) int fd = -1;
        int r;

        if (strcmp(path, "-") == 0)
                return token_from_fd(STDIN_FILENO, ret);
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | (own ? O_NOFOLLOW | O_NONBLOCK : 0));
        if (fd < 0)
                return -errno;
        r = own ? check_own(fd) : 0;
        return r < 0 ? r : token_from_fd(fd, ret);
}

static int say(const char *path, int error) {
        const char *text = error == -ENODATA ? "no token in it" : strerror(-error);

        if (error < 0)
                log_error("cannot read a token from %s: %s",
                          strcmp(path, "-") == 0 ? "standard input"
                                                 : log_escape(text_of(path)).text,
                          text);
        return error;
}

static int token_from_own_file(const char *dir, struct secret **ret) {
        char path[4096];
        int n, r;

        if (!dir || *dir != '/')
                return -ENODATA;
        n = snprintf(path, sizeof path, "%s/bt_u%u", dir, (unsigned)geteuid());
        if (n < 0 || (size_t)n >= sizeof path)
                return -ENODATA;
        r = token_from_file(path, true, ret);
        return r == -ENOENT ? -ENODATA : say(path, r);
}

int token_discover(const struct cli *cli, struct secret **ret) {
        const char *file = option_value(&cli->arguments, OPTION_TOKEN_FILE);
        const char *token = getenv("BEARER_TOKEN");
        int r;

        if (file)
                return say(file, token_from_file(file, false, ret));
        if (token && token_of(text_of(token), ret) == 0)
                return 0;
        file = getenv("BEARER_TOKEN_FILE");
        if (file && *file)
                return say(file, token_from_file(file, false, ret));
        r = token_from_own_file(getenv("XDG_RUNTIME_DIR"), ret);
        return r == -ENODATA ? token_from_own_file("/tmp", ret) : r;
}

int token_given(const struct cli *cli, struct secret **ret) {
        const char *argument = operand(&cli->arguments, 0);
        const char *file = option_value(&cli->arguments, OPTION_TOKEN_FILE);

        if (argument && strcmp(argument, "-") != 0)
                return token_of(text_of(argument), ret);
        if (!file && isatty(STDIN_FILENO))
                fputs("Token, then Ctrl-D:\n", stderr);
        file = file ? file : "-";
        return say(file, token_from_file(file, false, ret));
}
