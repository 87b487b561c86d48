/* How one value is spelled in a configuration file, and how it is kept: one row of functions for
 * each kind. Knows nothing of the keys themselves. */
#include "keys.h"

#include "../../common/cleanup.h"

#include <inttypes.h>
#include <string.h>

static const struct unit {
        char letter;
        uint32_t seconds;
} units[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};

/* The longest unit that needs no fraction; seconds for 0. */
static const struct unit *unit_for(uint32_t seconds) {
        size_t i;

        for (i = 0; i + 1 < ELEMENTS(units); i++)
                if (seconds > 0 && seconds % units[i].seconds == 0)
                        break;
        return &units[i];
}

static int duration_read(struct text value, uint32_t *ret_seconds) {
        unsigned long long count;
        size_t i;

        if (text_is(value, TEXT("off"))) {
                *ret_seconds = 0;
                return 0;
        }
        for (i = 0; i < ELEMENTS(units); i++) {
                if (value.len == 0 || value.p[value.len - 1] != units[i].letter)
                        continue;
                value.len--;
                if (text_number(value, UINT32_MAX / units[i].seconds, &count))
                        return -EINVAL;
                *ret_seconds = (uint32_t)count * units[i].seconds;
                return 0;
        }
        return -EINVAL;
}

static void duration_write(uint32_t seconds, char *ret, size_t size) {
        const struct unit *unit = unit_for(seconds);

        snprintf(ret, size, "%" PRIu32 "%c", seconds / unit->seconds, unit->letter);
}

static int number_check(const struct key *key, struct text value, uint32_t *ret, char *ret_wrong) {
        unsigned long long number = 0;

        if (text_number(value, UINT32_MAX, &number) || number < key->least || number > key->most) {
                snprintf(ret_wrong, VALUE_WRONG_MAX,
                         "%s must be a number from %" PRIu32 " to %" PRIu32, key->name, key->least,
                         key->most);
                return -EINVAL;
        }
        *ret = (uint32_t)number;
        return 0;
}

static int duration_check(const struct key *key, struct text value, uint32_t *ret,
                          char *ret_wrong) {
        char least[16], most[16];
        uint32_t seconds = 0;

        if (duration_read(value, &seconds)) {
                snprintf(ret_wrong, VALUE_WRONG_MAX,
                         "%s must be a duration: a number and s, m, h or d, as in 15m", key->name);
                return -EINVAL;
        }
        if (seconds < key->least || seconds > key->most) {
                duration_write(key->least, least, sizeof least);
                duration_write(key->most, most, sizeof most);
                snprintf(ret_wrong, VALUE_WRONG_MAX, "%s must be from %s to %s", key->name, least,
                         most);
                return -EINVAL;
        }
        *ret = seconds;
        return 0;
}

static int choice_check(const struct key *key, struct text value, uint32_t *ret, char *ret_wrong) {
        size_t at;
        uint32_t i;

        for (i = 0; key->choices[i]; i++) {
                if (!text_is(text_of(key->choices[i]), value))
                        continue;
                *ret = i;
                return 0;
        }
        at = (size_t)snprintf(ret_wrong, VALUE_WRONG_MAX, "%s must be one of", key->name);
        for (i = 0; key->choices[i]; i++)
                at += (size_t)snprintf(ret_wrong + at, VALUE_WRONG_MAX - at, " %s",
                                       key->choices[i]);
        return -EINVAL;
}

static int word_check(const struct key *key, struct text value, uint32_t *ret, char *ret_wrong) {
        (void)ret;
        if (!text_has(value, ' ') && key->is_good(value))
                return 0;
        snprintf(ret_wrong, VALUE_WRONG_MAX, "%s must be %s", key->name, key->must_be);
        return -EINVAL;
}

static int (*const checks[])(const struct key *, struct text, uint32_t *, char *) = {
        [VALUE_NUMBER] = number_check, [VALUE_DURATION] = duration_check,
        [VALUE_CHOICE] = choice_check, [VALUE_WORD] = word_check,
        [VALUE_LIST] = word_check,
};

static bool is_text(const struct key *key) {
        return key->kind == VALUE_WORD || key->kind == VALUE_LIST;
}

static uint32_t *number_in(const struct key *key, void *object) {
        return (uint32_t *)(void *)((char *)object + key->offset);
}

static char **text_in(const struct key *key, void *object) {
        return (char **)(void *)((char *)object + key->offset);
}

static uint32_t number_of(const struct key *key, const void *object) {
        return *(const uint32_t *)(const void *)((const char *)object + key->offset);
}

static const char *words_of(const struct key *key, const void *object) {
        const char *words = *(char *const *)(const void *)((const char *)object + key->offset);

        return words ? words : "";
}

int value_check(const struct key *key, const char *value, char ret_wrong[VALUE_WRONG_MAX]) {
        uint32_t number;

        return checks[key->kind](key, text_of(value), &number, ret_wrong);
}

int value_store(const struct key *key, const char *value, void *object) {
        char wrong[VALUE_WRONG_MAX];
        char *copy;

        if (!is_text(key))
                return checks[key->kind](key, text_of(value), number_in(key, object), wrong);
        copy = strdup(value);
        if (!copy)
                return -ENOMEM;
        free(*text_in(key, object));
        *text_in(key, object) = copy;
        return 0;
}

bool value_equal(const struct key *key, const void *a, const void *b) {
        if (is_text(key))
                return strcmp(words_of(key, a), words_of(key, b)) == 0;
        return number_of(key, a) == number_of(key, b);
}

int value_copy(const struct key *key, const void *from, void *to) {
        if (is_text(key))
                return value_store(key, words_of(key, from), to);
        *number_in(key, to) = number_of(key, from);
        return 0;
}

void value_clear(const struct key *key, void *object) {
        if (is_text(key))
                freep(text_in(key, object));
}

/* Escapes what libconfuse reads as something else between double quotes: ${NAME} is the
 * environment to it. */
void quoted_print(const char *text, FILE *to) {
        fputc('"', to);
        for (; *text; text++) {
                if (strchr("\"\\$", *text))
                        fputc('\\', to);
                fputc(*text, to);
        }
        fputc('"', to);
}

static void list_print(const char *words, FILE *to) {
        struct text list = text_of(words), word;
        char copy[SETTING_WORD_MAX];
        const char *between = "";

        fputc('{', to);
        while (text_next_word(&list, &word)) {
                if (text_copy(word, copy, sizeof copy))
                        continue;
                fputs(between, to);
                quoted_print(copy, to);
                between = ", ";
        }
        fputc('}', to);
}

static void number_print(const struct key *key, uint32_t value, FILE *to) {
        char duration[16];

        if (key->kind == VALUE_NUMBER) {
                fprintf(to, "%" PRIu32, value);
                return;
        }
        if (key->kind == VALUE_CHOICE) {
                quoted_print(key->choices[value], to);
                return;
        }
        duration_write(value, duration, sizeof duration);
        quoted_print(duration, to);
}

/* A number or duration of 0 that is below its least value means "not set". */
static bool is_unset(const struct key *key, const void *object) {
        if (key->kind == VALUE_WORD)
                return *words_of(key, object) == '\0';
        return key->kind != VALUE_CHOICE && key->kind != VALUE_LIST &&
               number_of(key, object) < key->least;
}

void value_print(const struct key *key, const void *object, int indent, FILE *to) {
        if (is_unset(key, object))
                return;
        fprintf(to, "%*s%s = ", indent, "", key->name);
        if (key->kind == VALUE_LIST)
                list_print(words_of(key, object), to);
        else if (key->kind == VALUE_WORD)
                quoted_print(words_of(key, object), to);
        else
                number_print(key, number_of(key, object), to);
        fputc('\n', to);
}
