/* One line a message on standard error, where systemd's journal reads its level from "<N>".
 * Programs log once, where the decision is; libraries and codecs never do. No token, password or
 * hash at any level. Text from outside goes through log_escape(). */
#ifndef JETON_LOG_H
#define JETON_LOG_H

#include "text.h"

#include <syslog.h>

/* `program` is borrowed for ever. Levels above `max_level` (LOG_DEBUG ...) are dropped. */
void log_init(const char *program, int max_level);
void log_set_level(int max_level);

void log_line(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_debug(...)   log_line(LOG_DEBUG, __VA_ARGS__)
#define log_info(...)    log_line(LOG_INFO, __VA_ARGS__)
#define log_notice(...)  log_line(LOG_NOTICE, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_error(...)   log_line(LOG_ERR, __VA_ARGS__)

#define LOG_ESCAPED_MAX 200

struct log_escaped {
        char text[LOG_ESCAPED_MAX + 4];
};

/* What came from outside, fit for one line: printable ASCII stays, everything else (quotes and
 * backslashes too) becomes \xNN, and what is longer than LOG_ESCAPED_MAX ends in "...".
 *
 *         log_info("no such user \"%s\"", log_escape(name).text);
 */
struct log_escaped log_escape(struct text text);

#define LOG_PATH_MAX 1024

struct log_path {
        char text[LOG_PATH_MAX + 4];
};

/* The same with more room: of a path, and of "PATH: what is wrong". */
struct log_path log_escape_path(struct text text);

#endif
