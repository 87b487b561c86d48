/* JSON, and the only owner of jansson here: request bodies become typed, bounded values, answers
 * become text. All memory that jansson takes is wiped when it lets go of it: passwords and tokens
 * pass through. */
#ifndef JETON_FRONTEND_JSON_H
#define JETON_FRONTEND_JSON_H

#include "../../common/text.h"
#include "fault.h"

#include <stdbool.h>

/* Deeper than any body that we understand. */
#define JSON_DEPTH_MAX 8
/* Of one array of objects: each has an answer, and that of an empty one takes 300 times its room.
 */
#define JSON_OBJECTS_MAX 1000

struct json_t; /* jansson's */

/* Before anything else here. */
void json_init(void);

/* ---- writing: a zeroed `failed` stays false until memory or an invalid text stops the work ----
 */

struct json {
        struct json_t *value; /* owned */
        bool failed;
};

void json_begin_object(struct json *ret);
void json_begin_array(struct json *ret);
void json_clear(struct json *json);

/* The text must be UTF-8. */
void json_add_text(struct json *object, const char *name, struct text text);
/* null where the text is empty */
void json_add_text_or_null(struct json *object, const char *name, struct text text);
/* nothing where the text is empty */
void json_add_text_if_any(struct json *object, const char *name, struct text text);
void json_add_number(struct json *object, const char *name, long long number);
void json_add_flag(struct json *object, const char *name, bool flag);
void json_add_null(struct json *object, const char *name);
/* An array of the words of a space-separated list. */
void json_add_words(struct json *object, const char *name, struct text list);
/* Takes over `member`, which is empty afterwards. */
void json_add(struct json *object, const char *name, struct json *member);
void json_append(struct json *array, struct json *element);

size_t json_count(const struct json *array);

/* Bytes that json_write() needs; 0 when the value is incomplete. */
size_t json_len(const struct json *json);
void json_write(const struct json *json, char *ret, size_t len);

/* ---- reading ---- */

enum json_kind {
        JSON_KIND_STRING,
        JSON_KIND_WORDS, /* an array of strings without spaces, given as a space-separated list */
        JSON_KIND_UID,   /* 0 to 4294967294 */
        JSON_KIND_FLAG,
        JSON_KIND_TIME,    /* RFC 3339 in UTC */
        JSON_KIND_SECONDS, /* since 1970, from 1 */
        JSON_KIND_OBJECTS, /* an array of JSON_OBJECTS_MAX objects at most, of which only the number
                            * is given */
};

struct json_member {
        const char *name;
        enum json_kind kind;
        bool is_required;
        bool may_be_null;      /* then it counts as present with is_null */
        const char *complaint; /* what the caller is told when it is missing or of another kind */
};

#define JSON_MEMBERS_MAX 10

struct json_value {
        bool is_present, is_null;
        struct text text; /* lent by the struct json_values */
        uint32_t uid;
        bool flag;
        int64_t time;
        int64_t seconds;
        size_t count;
};

/* In the order of the members asked for. */
struct json_values {
        struct json_value at[JSON_MEMBERS_MAX];
        struct json_t *document;       /* owned */
        char *words[JSON_MEMBERS_MAX]; /* owned */
};

/* Reads an object that has no other members than these, and none twice. Strings hold no NUL.
 * 0; -EBADMSG with a fault; -ENOMEM. */
int json_read(struct text body, const struct json_member *members, size_t count,
              struct json_values *ret, struct fault *fault);
/* The same of the object at `index` in an array that `values` has under that name. */
int json_read_element(const struct json_values *values, const char *array, size_t index,
                      const struct json_member *members, size_t count, struct json_values *ret,
                      struct fault *fault);
void json_values_clear(struct json_values *values);

/* The bits of the members that the object has; bits[i] is that of member i. */
uint8_t json_values_named(const struct json_values *values, const uint8_t *bits, size_t count);

#endif
