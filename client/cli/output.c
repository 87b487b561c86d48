/* What is printed on standard output. */
#include "output.h"

#include "../../common/clock.h"

#include <stdio.h>
#include <stdlib.h>

/* U+200E, U+200F, U+2028 to U+202E and U+2066 to U+2069: line ends and changes of direction. */
static bool is_turning(struct text at) {
        const unsigned char *p = (const unsigned char *)at.p;

        if (at.len < 3 || p[0] != 0xe2)
                return false;
        if (p[1] == 0x80)
                return p[2] == 0x8e || p[2] == 0x8f || (p[2] >= 0xa8 && p[2] <= 0xae);
        return p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9;
}

static bool is_plain(unsigned char byte, bool is_utf8) {
        return (byte >= 0x20 && byte < 0x7f) || (is_utf8 && byte >= 0x80);
}

void output_text(struct text text) {
        bool is_utf8 = text_is_printable_utf8(text);
        size_t i, escaped = 0;

        for (i = 0; i < text.len; i++) {
                unsigned char byte = (unsigned char)text.p[i];

                if (is_turning((struct text){text.p + i, text.len - i}))
                        escaped = i + 3;
                if (i >= escaped && is_plain(byte, is_utf8))
                        putchar(byte);
                else
                        printf("\\x%02x", byte);
        }
}

struct text member_text(const json_t *object, const char *name) {
        return text_of(json_string_value(json_object_get(object, name)));
}

void output_words(const json_t *words) {
        const json_t *word;
        size_t i;

        json_array_foreach(words, i, word) {
                if (i > 0)
                        putchar(' ');
                output_text(text_of(json_string_value(word)));
        }
}

void output_field_words(const char *label, const json_t *words) {
        if (json_array_size(words) == 0)
                return;
        printf("  %-11s ", label);
        output_words(words);
        putchar('\n');
}

void output_field(const char *label, struct text text) {
        if (text.len == 0)
                return;
        printf("  %-11s ", label);
        output_text(text);
        putchar('\n');
}

static const struct unit {
        int64_t from, size;
        const char *name;
} units[] = {
        {172800, 86400, "days"},
        {7200, 3600, "h"},
        {120, 60, "min"},
        {INT64_MIN, 1, "s"},
};

const char *duration_text(int64_t seconds, char ret[DURATION_SIZE]) {
        const struct unit *unit = units;

        while (seconds < unit->from)
                unit++;
        snprintf(ret, DURATION_SIZE, "%lld %s", (long long)(seconds / unit->size), unit->name);
        return ret;
}

static void output_distance(int64_t seconds) {
        char text[DURATION_SIZE];

        if (seconds == 0)
                puts(" (now)");
        else if (seconds > 0)
                printf(" (in %s)\n", duration_text(seconds, text));
        else
                printf(" (%s ago)\n", duration_text(-seconds, text));
}

void output_time(const char *label, int64_t when) {
        time_t seconds = (time_t)when;
        char text[32] = "?";
        struct tm parts;

        if (when < 0 || when > CLOCK_LAST_S) {
                printf("  %-11s %lld, which is no date\n", label, (long long)when);
                return;
        }
        if (gmtime_r(&seconds, &parts))
                strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
        printf("  %-11s %s", label, text);
        output_distance(when - clock_wall_s());
}

void output_json(const json_t *json) {
        json_dumpf(json, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
        putchar('\n');
}

void output_list(const json_t *list, void (*print)(const json_t *one), bool as_json) {
        const json_t *one;
        size_t i;

        if (as_json) {
                output_json(list);
                return;
        }
        json_array_foreach(list, i, one) {
                print(one);
        }
}

void output_json_fact(const char *name, const char *value) {
        json_t *fact = json_pack("{s:s}", name, value);

        output_json(fact);
        json_decref(fact);
}
