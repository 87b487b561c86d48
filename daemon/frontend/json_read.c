/* The reading half of json.h: a body becomes values, by a table of the members it may have. */
#include "json.h"

#include "../../common/cleanup.h"
#include "date.h"

#include <jansson.h>

/* jansson recurses once a level and allows 2048 of them: counted before it sees the text. What is
 * no JSON at all may be counted wrong; the parser refuses that. */
static bool is_shallow(struct text body) {
        bool in_string = false;
        size_t i, depth = 0;

        for (i = 0; i < body.len; i++) {
                char byte = body.p[i];

                if (in_string && byte == '\\')
                        i++;
                else if (byte == '"')
                        in_string = !in_string;
                else if (!in_string && (byte == '[' || byte == '{') && ++depth > JSON_DEPTH_MAX)
                        return false;
                else if (!in_string && (byte == ']' || byte == '}') && depth > 0)
                        depth--;
        }
        return true;
}

static int load(struct text body, json_t **ret, struct fault *fault) {
        json_error_t error;
        json_t *document;

        if (!is_shallow(body))
                return fault_bad_request(fault, "the body is nested too deeply");
        /* A NUL is let in here to be refused with a clear text below. */
        document = json_loadb(body.len > 0 ? body.p : "", body.len,
                              JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
        if (!document && json_error_code(&error) == json_error_out_of_memory)
                return -ENOMEM;
        if (!document)
                return fault_bad_request(fault,
                                         "the body is not valid JSON, or has a member twice");
        if (!json_is_object(document)) {
                json_decref(document);
                return fault_bad_request(fault, "the body is no JSON object");
        }
        *ret = document;
        return 0;
}

static struct text string_of(const json_t *value) {
        return (struct text){json_string_value(value), json_string_length(value)};
}

static int read_string(const json_t *value, struct json_value *ret) {
        if (!json_is_string(value) || text_has(string_of(value), '\0'))
                return -EINVAL;
        ret->text = string_of(value);
        return 0;
}

static bool is_word(const json_t *value) {
        struct text word = string_of(value);

        return json_is_string(value) && word.len > 0 && !text_has(word, ' ') &&
               !text_has(word, '\0');
}

/* The bytes of all words with a space behind each. */
static int words_len(const json_t *array, size_t *ret) {
        size_t i, len = 0;

        if (!json_is_array(array))
                return -EINVAL;
        for (i = 0; i < json_array_size(array); i++) {
                if (!is_word(json_array_get(array, i)))
                        return -EINVAL;
                len += json_string_length(json_array_get(array, i)) + 1;
        }
        *ret = len;
        return 0;
}

static int read_words(const json_t *array, struct json_value *ret, char **ret_words) {
        size_t i, len, at = 0;
        char *words;
        int r;

        r = words_len(array, &len);
        if (r < 0)
                return r;
        words = malloc(len + 1);
        if (!words)
                return -ENOMEM;
        for (i = 0; i < json_array_size(array); i++) {
                struct text word = string_of(json_array_get(array, i));

                if (at > 0)
                        words[at++] = ' ';
                memcpy(words + at, word.p, word.len);
                at += word.len;
        }
        ret->text = (struct text){words, at};
        *ret_words = words;
        return 0;
}

/* (uid_t)-1 is nobody's: chown(2) and setresuid(2) take it for "leave alone". */
static int read_uid(const json_t *value, struct json_value *ret) {
        json_int_t number = json_integer_value(value);

        if (!json_is_integer(value) || number < 0 || number >= UINT32_MAX)
                return -EINVAL;
        ret->uid = (uint32_t)number;
        return 0;
}

static int read_flag(const json_t *value, struct json_value *ret) {
        if (!json_is_boolean(value))
                return -EINVAL;
        ret->flag = json_is_true(value);
        return 0;
}

/* The first second is "never" where the authority keeps it. */
static int read_time(const json_t *value, struct json_value *ret) {
        if (!json_is_string(value) || date_read(string_of(value), &ret->time) < 0)
                return -EINVAL;
        return ret->time > 0 ? 0 : -EINVAL;
}

static int read_seconds(const json_t *value, struct json_value *ret) {
        json_int_t number = json_integer_value(value);

        if (!json_is_integer(value) || number < 1)
                return -EINVAL;
        ret->seconds = number;
        return 0;
}

static int read_objects(const json_t *array, struct json_value *ret) {
        size_t i;

        if (!json_is_array(array) || json_array_size(array) > JSON_OBJECTS_MAX)
                return -EINVAL;
        for (i = 0; i < json_array_size(array); i++)
                if (!json_is_object(json_array_get(array, i)))
                        return -EINVAL;
        ret->count = json_array_size(array);
        return 0;
}

static int read_value(enum json_kind kind, const json_t *value, struct json_value *ret,
                      char **ret_words) {
        switch (kind) {
        case JSON_KIND_STRING:
                return read_string(value, ret);
        case JSON_KIND_WORDS:
                return read_words(value, ret, ret_words);
        case JSON_KIND_UID:
                return read_uid(value, ret);
        case JSON_KIND_FLAG:
                return read_flag(value, ret);
        case JSON_KIND_TIME:
                return read_time(value, ret);
        case JSON_KIND_SECONDS:
                return read_seconds(value, ret);
        case JSON_KIND_OBJECTS:
                return read_objects(value, ret);
        }
        return -EINVAL;
}

static int read_member(const json_t *document, const struct json_member *member,
                       struct json_value *ret, char **ret_words, struct fault *fault) {
        const json_t *value = json_object_get(document, member->name);
        int r = 0;

        if (!value)
                return member->is_required ? fault_bad_request(fault, member->complaint) : 0;
        ret->is_present = true;
        ret->is_null = member->may_be_null && json_is_null(value);
        if (!ret->is_null)
                r = read_value(member->kind, value, ret, ret_words);
        return r == -EINVAL ? fault_bad_request(fault, member->complaint) : r;
}

static int read_members(const json_t *document, const struct json_member *members, size_t count,
                        struct json_values *values, struct fault *fault) {
        size_t i, present = 0;
        int r;

        for (i = 0; i < count; i++) {
                r = read_member(document, &members[i], &values->at[i], &values->words[i], fault);
                if (r < 0)
                        return r;
                present += values->at[i].is_present;
        }
        if (present != json_object_size(document))
                return fault_bad_request(fault, "there is a member that is not known here");
        return 0;
}

int json_read(struct text body, const struct json_member *members, size_t count,
              struct json_values *ret, struct fault *fault) {
        _cleanup_(json_values_clear) struct json_values values = {0};
        int r;

        if (count > JSON_MEMBERS_MAX)
                return -EINVAL;
        r = load(body, &values.document, fault);
        if (r == 0)
                r = read_members(values.document, members, count, &values, fault);
        if (r < 0)
                return r;
        *ret = values;
        values = (struct json_values){0};
        return 0;
}

int json_read_element(const struct json_values *values, const char *array, size_t index,
                      const struct json_member *members, size_t count, struct json_values *ret,
                      struct fault *fault) {
        _cleanup_(json_values_clear) struct json_values element = {0};
        int r;

        if (count > JSON_MEMBERS_MAX)
                return -EINVAL;
        element.document =
                json_incref(json_array_get(json_object_get(values->document, array), index));
        r = read_members(element.document, members, count, &element, fault);
        if (r < 0)
                return r;
        *ret = element;
        element = (struct json_values){0};
        return 0;
}

void json_values_clear(struct json_values *values) {
        size_t i;

        for (i = 0; i < JSON_MEMBERS_MAX; i++)
                freep(&values->words[i]);
        json_decref(values->document);
        *values = (struct json_values){0};
}

uint8_t json_values_named(const struct json_values *values, const uint8_t *bits, size_t count) {
        uint8_t found = 0;
        size_t i;

        for (i = 0; i < count; i++)
                if (values->at[i].is_present)
                        found |= bits[i];
        return found;
}
