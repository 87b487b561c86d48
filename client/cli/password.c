/* Where passwords come from. */
#include "password.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"
#include "../../common/name.h"

#include <signal.h>
#include <termios.h>

/* One byte at a time: what stands behind the line is not ours, and no buffer of stdio's keeps it.
 * 0; -ENODATA: nothing came; -ENAMETOOLONG; -EINVAL: a NUL; -EINTR; other -errno. */
static int read_line(struct secret **ret) {
        char line[PASSWORD_MAX + 1], byte;
        size_t len = 0;
        ssize_t got;
        int r = 0;

        for (;;) {
                got = read(STDIN_FILENO, &byte, 1);
                if (got < 0)
                        r = -errno;
                if (got <= 0 || byte == '\n')
                        break;
                if (byte == '\0')
                        r = -EINVAL;
                if (len < sizeof line)
                        line[len++] = byte;
        }
        if (r == 0 && len == 0)
                r = -ENODATA;
        if (r == 0 && len > PASSWORD_MAX)
                r = -ENAMETOOLONG;
        if (r == 0)
                r = secret_new(line, len, ret);
        explicit_bzero(line, sizeof line);
        explicit_bzero(&byte, sizeof byte);
        return r;
}

/* ---- the terminal: its echo comes back whatever ends the reading ---- */

static const int ending_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
static volatile sig_atomic_t caught_signal;

static void catch_signal(int number) {
        caught_signal = number;
}

struct hidden {
        struct termios shown;
        struct sigaction actions[ELEMENTS(ending_signals)];
};

/* Without SA_RESTART: the read ends with EINTR. */
static int hidden_begin(struct hidden *hidden) {
        struct sigaction action = {.sa_handler = catch_signal};
        struct termios silent;
        size_t i;

        if (tcgetattr(STDIN_FILENO, &hidden->shown) < 0)
                return -errno;
        caught_signal = 0;
        for (i = 0; i < ELEMENTS(ending_signals); i++)
                sigaction(ending_signals[i], &action, &hidden->actions[i]);
        silent = hidden->shown;
        silent.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK);
        silent.c_lflag |= ECHONL;
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
        return 0;
}

static void hidden_end(const struct hidden *hidden) {
        size_t i;

        tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden->shown);
        for (i = 0; i < ELEMENTS(ending_signals); i++)
                sigaction(ending_signals[i], &hidden->actions[i], NULL);
        if (caught_signal)
                raise(caught_signal);
}

static int read_hidden(const char *prompt, struct secret **ret) {
        struct hidden hidden;
        int r;

        r = hidden_begin(&hidden);
        if (r < 0)
                return r;
        fputs(prompt, stderr);
        r = read_line(ret);
        hidden_end(&hidden);
        return r;
}

static int ask_terminal(const char *prompt, bool twice, struct secret **ret) {
        _cleanup_(secret_freep) struct secret *first = NULL, *second = NULL;
        int r;

        r = read_hidden(prompt, &first);
        if (r < 0)
                return r;
        if (twice) {
                r = read_hidden("Once more: ", &second);
                if (r < 0)
                        return r;
                if (!secret_equal(secret_text(first), secret_text(second)))
                        return -EKEYREJECTED;
        }
        *ret = take(first);
        return 0;
}

static const struct {
        int error;
        const char *text;
} troubles[] = {
        {-ENODATA, "no password was given"},
        {-ENAMETOOLONG, "the password is longer than 511 bytes"},
        {-EINVAL, "a password cannot hold a NUL"},
        {-EINTR, "interrupted"},
        {-EKEYREJECTED, "the two passwords are not equal"},
};

static int say_trouble(int error) {
        size_t i;

        for (i = 0; i < ELEMENTS(troubles); i++)
                if (troubles[i].error == error) {
                        log_error("%s", troubles[i].text);
                        return error;
                }
        log_error("cannot read a password: %s", strerror(-error));
        return error;
}

int password_get(const char *prompt, bool twice, bool line_only, struct secret **ret) {
        int r;

        if (line_only || !isatty(STDIN_FILENO))
                r = read_line(ret);
        else
                r = ask_terminal(prompt, twice, ret);
        return r < 0 ? say_trouble(r) : 0;
}
