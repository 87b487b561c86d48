/* The log of the module: libpam's line in syslog, which names module, service and phase. Standard
 * output and error belong to the application. */
#include "attempt.h"

#include <security/pam_ext.h>
#include <stdarg.h>
#include <syslog.h>

void attempt_log(const struct attempt *attempt, int level, const char *format, ...) {
        va_list args;

        if (level == LOG_DEBUG && !attempt->options.debug)
                return;
        va_start(args, format);
        pam_vsyslog(attempt->pamh, level, format, args);
        va_end(args);
}
