/* A user as replies show him. Never a hash: none is ever here. */
#include "user.h"

#include <stdio.h>

#define DAY_S        86400
#define DAYS_IN_400  146097       /* years: the calendar repeats itself */
#define LAST_SECOND  253402300799 /* of the year 9999 */
#define DAYS_TO_1970 719468       /* from 1 March of the year 0 */

struct date {
        unsigned year, month, day;
};

/* The Gregorian date of a day. Years are counted from March here, so that the leap day is the last
 * of its year. gmtime_r(3) would do the same, but opens the time zone's file, and no file is in
 * reach. */
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

/* RFC 3339 in UTC; null for a moment that no clock of ours has shown. */
static void add_time(struct json *object, const char *name, int64_t seconds) {
        char text[sizeof "9999-12-31T23:59:59Z" + 32];
        unsigned in_day = (unsigned)(seconds % DAY_S);
        struct date date;
        int len;

        if (seconds < 0 || seconds > LAST_SECOND) {
                json_add_null(object, name);
                return;
        }
        date = date_of((unsigned)(seconds / DAY_S));
        len = snprintf(text, sizeof text, "%04u-%02u-%02uT%02u:%02u:%02uZ", date.year, date.month,
                       date.day, in_day / 3600, in_day / 60 % 60, in_day % 60);
        json_add_text(object, name, (struct text){text, (size_t)len});
}

void user_to_json(const struct msg_answer_user *user, struct json *ret) {
        json_begin_object(ret);
        json_add_number(ret, "id", (long long)user->id);
        json_add_text(ret, "username", user->username);
        json_add_text_or_null(ret, "full_name", user->full_name);
        json_add_text_or_null(ret, "email", user->email);
        json_add_words(ret, "roles", user->roles);
        json_add_flag(ret, "disabled", user->disabled);
        if (user->has_uid)
                json_add_number(ret, "uid", user->uid);
        else
                json_add_null(ret, "uid");
        add_time(ret, "created_at", user->created_at);
}
