/* One line a message on standard error. */
#include "log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LINE_SIZE 2048

static const char *program_name = "jeton";
static int highest_level = LOG_INFO;
static bool with_prefix;

void log_init(const char *program, int max_level) {
        program_name = program;
        highest_level = max_level;
        /* systemd.exec(5): set when standard error is the journal, which takes "<N>" as level. */
        with_prefix = getenv("JOURNAL_STREAM") != NULL;
}

void log_set_level(int max_level) {
        highest_level = max_level;
}

void log_line(int level, const char *format, ...) {
        char line[LINE_SIZE];
        size_t len;
        va_list args;
        int n;

        if (level > highest_level)
                return;
        if (with_prefix)
                n = snprintf(line, sizeof line, "<%d>%s: ", level, program_name);
        else
                n = snprintf(line, sizeof line, "%s: ", program_name);
        len = (size_t)n;
        va_start(args, format);
        n = vsnprintf(line + len, sizeof line - len - 1, format, args);
        va_end(args);
        if (n < 0)
                return;
        len += (size_t)n;
        if (len > sizeof line - 2)
                len = sizeof line - 2;
        line[len++] = '\n';
        /* One write, so that lines of several processes do not mix. Nobody is left to be told that
         * the log itself is gone. */
        if (write(STDERR_FILENO, line, len) < 0)
                return;
}

/* `ret` has four bytes beyond `max`. */
static void escape(struct text text, size_t max, char *ret) {
        size_t i, at = 0;

        for (i = 0; i < text.len; i++) {
                unsigned char byte = (unsigned char)text.p[i];
                bool plain = byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';

                if (at + (plain ? 1 : 4) > max)
                        break;
                if (plain)
                        ret[at++] = (char)byte;
                else
                        at += (size_t)snprintf(ret + at, 5, "\\x%02x", byte);
        }
        if (i < text.len) {
                memcpy(ret + at, "...", 3);
                at += 3;
        }
        ret[at] = '\0';
}

struct log_escaped log_escape(struct text text) {
        struct log_escaped escaped = {.text = ""};

        escape(text, LOG_ESCAPED_MAX, escaped.text);
        return escaped;
}

struct log_path log_escape_path(struct text text) {
        struct log_path escaped = {.text = ""};

        escape(text, LOG_PATH_MAX, escaped.text);
        return escaped;
}
