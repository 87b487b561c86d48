/* Moments as replies show them. */
#include "time.h"

#include "date.h"

void json_add_time(struct json *object, const char *name, int64_t seconds) {
        char text[DATE_SIZE];

        if (date_write(seconds, text))
                json_add_text(object, name, text_of(text));
        else
                json_add_null(object, name);
}
