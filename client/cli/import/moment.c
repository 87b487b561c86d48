/* From one way to write a time to the one that jetond reads. */
#include "moment.h"

#include "../../../common/clock.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <time.h>

/* 0 for a digit, anything else for itself; "T" stands for a blank as well. */
static bool has_shape(struct text text, const char *shape) {
        size_t i;

        for (i = 0; shape[i]; i++) {
                char byte = '\0';

                if (i < text.len)
                        byte = text.p[i];
                if (shape[i] == '0' ? !isdigit((unsigned char)byte)
                                    : byte != shape[i] && !(shape[i] == 'T' && byte == ' '))
                        return false;
        }
        return true;
}

static int digits(struct text text, size_t at, size_t count) {
        int value = 0;

        for (; count > 0; count--)
                value = value * 10 + (text.p[at++] - '0');
        return value;
}

static struct text rest_of(struct text text, size_t at) {
        return (struct text){text.p + at, text.len - at};
}

static size_t fraction_len(struct text text) {
        size_t len = 1;

        if (text.len < 2 || text.p[0] != '.' || !isdigit((unsigned char)text.p[1]))
                return 0;
        while (len < text.len && isdigit((unsigned char)text.p[len]))
                len++;
        return len;
}

/* What stands behind the seconds. 0 or -EINVAL. */
static int offset_read(struct text text, int *ret_seconds) {
        text = rest_of(text, fraction_len(text));
        *ret_seconds = 0;
        if (text.len == 0 || text_is(text, TEXT("Z")) || text_is(text, TEXT("z")))
                return 0;
        if (text.len != 6 || !(has_shape(text, "+00:00") || has_shape(text, "-00:00")))
                return -EINVAL;
        *ret_seconds = digits(text, 1, 2) * 3600 + digits(text, 4, 2) * 60;
        if (text.p[0] == '-')
                *ret_seconds = -*ret_seconds;
        return 0;
}

/* timegm(3) takes the 31st of February for a day in March. */
static int date_seconds(const struct tm *given, int64_t *ret) {
        struct tm parts = *given;
        time_t seconds = timegm(&parts);

        if (parts.tm_mday != given->tm_mday || parts.tm_mon != given->tm_mon ||
            parts.tm_hour != given->tm_hour || parts.tm_min != given->tm_min ||
            parts.tm_sec != given->tm_sec)
                return -EINVAL;
        *ret = (int64_t)seconds;
        return 0;
}

int moment_seconds(struct text text, int64_t *ret) {
        bool has_time = has_shape(text, "0000-00-00T00:00:00");
        struct tm parts = {.tm_mday = 1};
        int64_t seconds;
        int offset = 0;

        if (!has_time && !(has_shape(text, "0000-00-00") && text.len == 10))
                return -EINVAL;
        parts.tm_year = digits(text, 0, 4) - 1900;
        parts.tm_mon = digits(text, 5, 2) - 1;
        parts.tm_mday = digits(text, 8, 2);
        if (has_time) {
                parts.tm_hour = digits(text, 11, 2);
                parts.tm_min = digits(text, 14, 2);
                parts.tm_sec = digits(text, 17, 2);
                if (offset_read(rest_of(text, 19), &offset) < 0)
                        return -EINVAL;
        }
        if (date_seconds(&parts, &seconds) < 0)
                return -EINVAL;
        seconds -= offset;
        if (seconds <= 0 || seconds > CLOCK_LAST_S)
                return -EINVAL;
        *ret = seconds;
        return 0;
}

int moment_read(struct text text, char ret[MOMENT_SIZE]) {
        int64_t seconds;
        int r;

        r = moment_seconds(text, &seconds);
        return r < 0 ? r : moment_write(seconds, ret);
}

int moment_write(int64_t seconds, char ret[MOMENT_SIZE]) {
        time_t when = (time_t)seconds;
        struct tm parts;

        if (seconds <= 0 || seconds > CLOCK_LAST_S || !gmtime_r(&when, &parts))
                return -EINVAL;
        strftime(ret, MOMENT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &parts);
        return 0;
}
