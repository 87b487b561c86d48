/* Where passwords come from. */
#include "password.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"
#include "../../common/name.h"

#include <poll.h>
#include <signal.h>
#include <termios.h>

/* One byte at a time: what stands behind the line is not ours, and no buffer of stdio's keeps it.
 * Signals that end the reading are blocked but for the wait: one that came just before read(2)
 * would otherwise be noticed only after the next key. 1; 0 at the end of the input; -EINTR; other
 * -errno. */
static int read_byte(const sigset_t *unblocked, char *ret) {
        struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
        ssize_t got;

        if (ppoll(&input, 1, NULL, unblocked) < 0)
                return -errno;
        got = read(STDIN_FILENO, ret, 1);
        return got < 0 ? -errno : (int)got;
}

static int line_new(const char *line, size_t len, struct secret **ret) {
        if (len == 0)
                return -ENODATA;
        if (len > PASSWORD_MAX)
                return -ENAMETOOLONG;
        if (memchr(line, '\0', len))
                return -EINVAL;
        return secret_new(line, len, ret);
}

/* 0; -ENODATA: nothing came; -ENAMETOOLONG; -EINVAL: a NUL; otherwise as read_byte(). */
static int read_line(const sigset_t *unblocked, struct secret **ret) {
        char line[PASSWORD_MAX + 1], byte = '\0';
        size_t len = 0;
        int r;

        while ((r = read_byte(unblocked, &byte)) > 0 && byte != '\n')
                if (len < sizeof line)
                        line[len++] = byte;
        if (r >= 0)
                r = line_new(line, len, ret);
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
        sigset_t unblocked;
};

static int hidden_begin(struct hidden *hidden) {
        struct sigaction action = {.sa_handler = catch_signal};
        struct termios silent;
        sigset_t ending;
        size_t i;

        if (tcgetattr(STDIN_FILENO, &hidden->shown) < 0)
                return -errno;
        caught_signal = 0;
        sigemptyset(&ending);
        for (i = 0; i < ELEMENTS(ending_signals); i++)
                sigaddset(&ending, ending_signals[i]);
        sigprocmask(SIG_BLOCK, &ending, &hidden->unblocked);
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
        sigprocmask(SIG_SETMASK, &hidden->unblocked, NULL);
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
        r = read_line(&hidden.unblocked, ret);
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
        {-ENODATA, "is missing"},
        {-ENAMETOOLONG, "is longer than 511 bytes"},
        {-EINVAL, "holds a NUL"},
        {-EINTR, "was not given: interrupted"},
        {-EKEYREJECTED, "was not the same twice"},
};

static int say_trouble(const char *what, int error) {
        size_t i;

        for (i = 0; i < ELEMENTS(troubles); i++)
                if (troubles[i].error == error) {
                        log_error("the %s %s", what, troubles[i].text);
                        return error;
                }
        log_error("the %s cannot be read: %s", what, strerror(-error));
        return error;
}

int password_get(const char *prompt, bool twice, bool line_only, struct secret **ret) {
        int r;

        if (line_only || !isatty(STDIN_FILENO))
                r = read_line(NULL, ret);
        else
                r = ask_terminal(prompt, twice, ret);
        return r < 0 ? say_trouble("password", r) : 0;
}

int password_hash_get(struct secret **ret) {
        int r;

        r = read_line(NULL, ret);
        return r < 0 ? say_trouble("password hash", r) : 0;
}
