/* JSON by jansson: the writing half, and the memory that wipes itself. json_read.c reads. */
#include "json.h"

#include "../../common/cleanup.h"

#include <jansson.h>

/* ---- memory ---- */

#define SIZE_ROOM 16 /* keeps what follows aligned for anything */

static void *allocate(size_t size) {
        char *block;

        if (size > SIZE_MAX - SIZE_ROOM)
                return NULL;
        block = malloc(size + SIZE_ROOM);
        if (!block)
                return NULL;
        memcpy(block, &size, sizeof size);
        return block + SIZE_ROOM;
}

static void wipe_and_free(void *memory) {
        char *block = memory;
        size_t size;

        if (!memory)
                return;
        block -= SIZE_ROOM;
        memcpy(&size, block, sizeof size);
        explicit_bzero(block + SIZE_ROOM, size);
        free(block);
}

void json_init(void) {
        json_set_alloc_funcs(allocate, wipe_and_free);
        /* The keys of objects are hashed; a seed that nobody can guess keeps them apart. */
        json_object_seed(0);
}

/* ---- writing ---- */

static void begin(struct json *ret, json_t *value) {
        *ret = (struct json){value, value == NULL};
}

void json_begin_object(struct json *ret) {
        begin(ret, json_object());
}

void json_begin_array(struct json *ret) {
        begin(ret, json_array());
}

void json_clear(struct json *json) {
        json_decref(json->value);
        *json = (struct json){0};
}

/* Takes over `member`, NULL included: that is where a failure becomes known. */
static void set(struct json *object, const char *name, json_t *member) {
        if (json_object_set_new(object->value, name, member) < 0)
                object->failed = true;
}

void json_add_text(struct json *object, const char *name, struct text text) {
        set(object, name, json_stringn(text.len > 0 ? text.p : "", text.len));
}

void json_add_text_or_null(struct json *object, const char *name, struct text text) {
        if (text.len > 0)
                json_add_text(object, name, text);
        else
                json_add_null(object, name);
}

void json_add_text_if_any(struct json *object, const char *name, struct text text) {
        if (text.len > 0)
                json_add_text(object, name, text);
}

void json_add_number(struct json *object, const char *name, long long number) {
        set(object, name, json_integer(number));
}

void json_add_flag(struct json *object, const char *name, bool flag) {
        set(object, name, json_boolean(flag));
}

void json_add_null(struct json *object, const char *name) {
        set(object, name, json_null());
}

void json_add_words(struct json *object, const char *name, struct text list) {
        json_t *array = json_array();
        struct text word;

        while (text_next_word(&list, &word))
                if (json_array_append_new(array, json_stringn(word.p, word.len)) < 0)
                        object->failed = true;
        set(object, name, array);
}

void json_add(struct json *object, const char *name, struct json *member) {
        if (member->failed)
                object->failed = true;
        set(object, name, take(member->value));
}

void json_append(struct json *array, struct json *element) {
        if (element->failed || json_array_append_new(array->value, take(element->value)) < 0)
                array->failed = true;
}

size_t json_count(const struct json *array) {
        return json_array_size(array->value);
}

size_t json_len(const struct json *json) {
        return json->failed ? 0 : json_dumpb(json->value, NULL, 0, JSON_COMPACT);
}

void json_write(const struct json *json, char *ret, size_t len) {
        json_dumpb(json->value, ret, len, JSON_COMPACT);
}
