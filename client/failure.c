/* Why something failed, as one sentence for a person. */
#include "failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int failure_say(struct failure *failure, int error, const char *format, ...) {
        va_list args;
        char *at;

        va_start(args, format);
        vsnprintf(failure->text, sizeof failure->text, format, args);
        va_end(args);
        for (at = failure->text; *at; at++)
                if (*at < 0x20 || *at > 0x7e)
                        *at = '?';
        return error;
}

const char *error_text(int error, char *buffer, unsigned long size) {
        return strerror_r(-error, buffer, size);
}
