/* Claims as compact JSON. Refuses to know whether they make sense: daemon/signer/compose.c does. */
#include "member.h"

#include "../cleanup.h"

#include <inttypes.h>

/* What does not fit is counted, not written. */
struct writer {
        char *bytes;
        size_t size, len;
};

static void put(struct writer *writer, struct text text) {
        if (writer->len <= writer->size && text.len <= writer->size - writer->len)
                memcpy(writer->bytes + writer->len, text.p, text.len);
        writer->len += text.len;
}

/* RFC 8259 7. Controls never come here, so two characters are all that must be escaped. */
static void put_string(struct writer *writer, struct text text) {
        size_t i;

        put(writer, TEXT("\""));
        for (i = 0; i < text.len; i++) {
                if (text.p[i] == '"' || text.p[i] == '\\')
                        put(writer, TEXT("\\"));
                put(writer, (struct text){text.p + i, 1});
        }
        put(writer, TEXT("\""));
}

static void put_number(struct writer *writer, int64_t number) {
        char digits[24];
        int len = snprintf(digits, sizeof digits, "%" PRId64, number);

        put(writer, (struct text){digits, (size_t)len});
}

static void put_words(struct writer *writer, struct text list) {
        struct text word;
        bool first = true;

        put(writer, TEXT("["));
        for (; text_next_word(&list, &word); first = false) {
                if (!first)
                        put(writer, TEXT(","));
                put_string(writer, word);
        }
        put(writer, TEXT("]"));
}

static bool is_one_word(struct text list) {
        return !text_has(list, ' ');
}

static int write_string(struct writer *writer, const void *value) {
        struct text text = text_of(value);

        if (!text_is_printable_utf8(text))
                return -EINVAL;
        put_string(writer, text);
        return 0;
}

static int write_words(struct writer *writer, const void *value) {
        struct text list = text_of(value);

        if (!text_is_printable_utf8(list))
                return -EINVAL;
        put_words(writer, list);
        return 0;
}

static int write_audience(struct writer *writer, const void *value) {
        return (is_one_word(text_of(value)) ? write_string : write_words)(writer, value);
}

static int write_time(struct writer *writer, const void *value) {
        int64_t seconds = *(const int64_t *)value;

        if (seconds < 0 || (uint64_t)seconds > NUMBER_MAX)
                return -EINVAL;
        put_number(writer, seconds);
        return 0;
}

static int write_uid(struct writer *writer, const void *value) {
        put_number(writer, *(const uint32_t *)value);
        return 0;
}

static int (*const writers[])(struct writer *writer, const void *value) = {
        [MEMBER_STRING] = write_string, [MEMBER_AUDIENCE] = write_audience,
        [MEMBER_WORDS] = write_words,   [MEMBER_TIME] = write_time,
        [MEMBER_UID] = write_uid,
};

static bool is_set(const struct claims *claims, const struct member *member) {
        const void *value = (const char *)claims + member->offset;

        if (member->kind == MEMBER_UID)
                return claims->has_uid;
        if (member->kind == MEMBER_TIME)
                return *(const int64_t *)value != 0;
        return *(const char *)value != '\0';
}

int claims_write(const struct claims *claims, char *ret, size_t size, size_t *ret_len) {
        struct writer writer = {ret, size, 0};
        const struct member *member;
        int r;

        put(&writer, TEXT("{"));
        for (member = claim_members; member < claim_members + MEMBER_COUNT; member++) {
                if (!is_set(claims, member))
                        continue;
                if (writer.len > 1)
                        put(&writer, TEXT(","));
                put_string(&writer, text_of(member->name));
                put(&writer, TEXT(":"));
                r = writers[member->kind](&writer, (const char *)claims + member->offset);
                if (r < 0)
                        return r;
        }
        put(&writer, TEXT("}"));
        if (writer.len > size)
                return -EMSGSIZE;
        *ret_len = writer.len;
        return 0;
}
