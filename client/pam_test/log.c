/* The modules' log, for the person who tries: what libpam and its modules hand to syslog(3) comes
 * here first, because a program's symbols go before its libraries', and goes on to the log. */
#include "trial.h"

#include "../../common/log.h"
#include "../../common/text.h"

#include <stdarg.h>
#include <stdio.h>

/* With _FORTIFY_SOURCE the header may make a macro of it. */
#undef syslog

/* What syslog() is where the caller was built with _FORTIFY_SOURCE. */
void __syslog_chk(int priority, int flag, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

static bool had_trouble;

bool log_had_trouble(void) {
        bool had = had_trouble;

        had_trouble = false;
        return had;
}

__attribute__((format(printf, 2, 0))) static void show(int priority, const char *format,
                                                       va_list args) {
        char line[512];
        va_list again;

        va_copy(again, args);
        if (vsnprintf(line, sizeof line, format, again) > 0) {
                log_line(LOG_INFO, "%s", log_escape(text_of(line)).text);
                if (LOG_PRI(priority) <= LOG_ERR && text_begins(text_of(line), TEXT("pam_jeton(")))
                        had_trouble = true;
        }
        va_end(again);
        vsyslog(priority, format, args);
}

void syslog(int priority, const char *format, ...) {
        va_list args;

        va_start(args, format);
        show(priority, format, args);
        va_end(args);
}

void __syslog_chk(int priority, int flag, const char *format, ...) {
        va_list args;

        (void)flag;
        va_start(args, format);
        show(priority, format, args);
        va_end(args);
}
