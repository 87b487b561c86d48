/* RFC 3339 times. Years are counted from March here, so that the leap day is the last of its year.
 * gmtime_r(3) would do the same, but opens the time zone's file, and no file is in reach. */
#include "date.h"

#include "../../common/clock.h"

#include <errno.h>
#include <stdio.h>

#define DAY_S        86400
#define DAYS_IN_400  146097 /* years: the calendar repeats itself */
#define DAYS_TO_1970 719468 /* from 1 March of the year 0 */

struct date {
        unsigned year, month, day;
};

static struct date date_of(unsigned days_since_1970) {
        unsigned days = days_since_1970 + DAYS_TO_1970;
        unsigned era = days / DAYS_IN_400;
        unsigned in_era = days % DAYS_IN_400;
        unsigned year =
                (in_era - in_era / 1460 + in_era / 36524 - in_era / (DAYS_IN_400 - 1)) / 365;
        unsigned in_year = in_era - (365 * year + year / 4 - year / 100);
        unsigned month = (5 * in_year + 2) / 153; /* 0 is March */
        struct date date = {
                .year = 400 * era + year + (month >= 10),
                .month = month < 10 ? month + 3 : month - 9,
                .day = in_year - (153 * month + 2) / 5 + 1,
        };

        return date;
}

bool date_write(int64_t seconds, char ret[DATE_SIZE]) {
        char text[DATE_SIZE + 32];
        unsigned in_day = (unsigned)(seconds % DAY_S);
        struct date date;

        if (seconds < 0 || seconds > CLOCK_LAST_S)
                return false;
        date = date_of((unsigned)(seconds / DAY_S));
        snprintf(text, sizeof text, "%04u-%02u-%02uT%02u:%02u:%02uZ", date.year, date.month,
                 date.day, in_day / 3600, in_day / 60 % 60, in_day % 60);
        memcpy(ret, text, DATE_SIZE);
        return true;
}

/* ---- reading ---- */

static unsigned digits_at(struct text text, size_t at, size_t count) {
        unsigned value = 0;

        for (; count > 0; count--)
                value = value * 10 + (unsigned)(text.p[at++] - '0');
        return value;
}

static bool has_shape(struct text text) {
        static const char shape[] = "0000-00-00T00:00:00Z";
        size_t i;

        if (text.len != sizeof shape - 1)
                return false;
        for (i = 0; i < text.len; i++)
                if (shape[i] == '0' ? text.p[i] < '0' || text.p[i] > '9' : text.p[i] != shape[i])
                        return false;
        return true;
}

static unsigned days_of(struct date date) {
        unsigned year = date.month > 2 ? date.year : date.year - 1;
        unsigned month = date.month > 2 ? date.month - 3 : date.month + 9;

        return 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + date.day -
               1 - DAYS_TO_1970;
}

/* The way there and back: a day or an hour that the calendar has not comes back as another. */
int date_read(struct text text, int64_t *ret) {
        char again[DATE_SIZE];
        struct date date;
        int64_t seconds;

        if (!has_shape(text))
                return -EINVAL;
        date = (struct date){digits_at(text, 0, 4), digits_at(text, 5, 2), digits_at(text, 8, 2)};
        if (date.year < 1970)
                return -EINVAL;
        seconds = (int64_t)days_of(date) * DAY_S + digits_at(text, 11, 2) * 3600 +
                  digits_at(text, 14, 2) * 60 + digits_at(text, 17, 2);
        if (!date_write(seconds, again) || !text_is(text, text_of(again)))
                return -EINVAL;
        *ret = seconds;
        return 0;
}
