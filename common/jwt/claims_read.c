/* Claims from JSON: only what claims_write.c can write, in any order. Every byte is consumed or all
 * of it is refused; nothing nests, nothing is allocated. */
#include "member.h"

#include "../cleanup.h"

struct reader {
        const char *at, *end;
};

static bool next_is(const struct reader *reader, char byte) {
        return reader->at < reader->end && *reader->at == byte;
}

static bool take_byte(struct reader *reader, char byte) {
        if (!next_is(reader, byte))
                return false;
        reader->at++;
        return true;
}

static int hex_value(char byte) {
        if (byte >= '0' && byte <= '9')
                return byte - '0';
        if (byte >= 'a' && byte <= 'f')
                return byte - 'a' + 10;
        return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

/* The four digits of a \uXXXX. */
static int read_hex(struct reader *reader, uint32_t *ret) {
        uint32_t value = 0;
        int i, digit;

        if (reader->end - reader->at < 4)
                return -EBADMSG;
        for (i = 0; i < 4; i++) {
                digit = hex_value(*reader->at++);
                if (digit < 0)
                        return -EBADMSG;
                value = value << 4 | (uint32_t)digit;
        }
        *ret = value;
        return 0;
}

/* RFC 8259 7: beyond the basic plane an escape is a pair of surrogates. A lone one passes from here
 * as it is and is refused as no UTF-8. */
static int read_code_point(struct reader *reader, uint32_t *ret) {
        uint32_t high, low;
        int r;

        r = read_hex(reader, &high);
        if (r < 0)
                return r;
        *ret = high;
        if (high < 0xd800 || high > 0xdbff)
                return 0;
        if (!take_byte(reader, '\\') || !take_byte(reader, 'u'))
                return -EBADMSG;
        r = read_hex(reader, &low);
        if (r < 0)
                return r;
        if (low < 0xdc00 || low > 0xdfff)
                return -EBADMSG;
        *ret = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
        return 0;
}

static size_t utf8_encode(uint32_t code_point, char ret[4]) {
        static const unsigned char leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
        size_t length = code_point < 0x80      ? 1
                        : code_point < 0x800   ? 2
                        : code_point < 0x10000 ? 3
                                               : 4;
        size_t i;

        for (i = length - 1; i > 0; i--, code_point >>= 6)
                ret[i] = (char)(0x80 | (code_point & 0x3f));
        ret[0] = (char)(leads[length] | code_point);
        return length;
}

/* The other escapes of RFC 8259 stand for controls, which no claim of ours holds. */
static int read_escape(struct reader *reader, char ret[4], size_t *ret_len) {
        uint32_t code_point;
        int r;

        if (next_is(reader, '"') || next_is(reader, '\\') || next_is(reader, '/')) {
                ret[0] = *reader->at++;
                *ret_len = 1;
                return 0;
        }
        if (!take_byte(reader, 'u'))
                return -EBADMSG;
        r = read_code_point(reader, &code_point);
        if (r < 0)
                return r;
        *ret_len = utf8_encode(code_point, ret);
        return 0;
}

/* One character, or one byte of it when it is not escaped. */
static int read_piece(struct reader *reader, char ret[4], size_t *ret_len) {
        if (reader->at == reader->end)
                return -EBADMSG;
        if (take_byte(reader, '\\'))
                return read_escape(reader, ret, ret_len);
        ret[0] = *reader->at++;
        *ret_len = 1;
        return 0;
}

/* A string that is printable, not empty and fits `size` with its NUL. */
static int read_string(struct reader *reader, char *ret, size_t size) {
        size_t len = 0, more;
        char piece[4];
        int r;

        if (size == 0 || !take_byte(reader, '"'))
                return -EBADMSG;
        while (!take_byte(reader, '"')) {
                r = read_piece(reader, piece, &more);
                if (r < 0)
                        return r;
                if (more >= size - len)
                        return -EBADMSG;
                memcpy(ret + len, piece, more);
                len += more;
        }
        ret[len] = '\0';
        return len > 0 && text_is_printable_utf8((struct text){ret, len}) ? 0 : -EBADMSG;
}

static int read_word(struct reader *reader, char *ret, size_t size) {
        int r = read_string(reader, ret, size);

        if (r < 0)
                return r;
        return text_has(text_of(ret), ' ') ? -EBADMSG : 0;
}

/* An array of words, as a list with single spaces. */
static int read_words(struct reader *reader, char *ret, size_t size) {
        size_t len = 0;
        int r;

        if (!take_byte(reader, '['))
                return -EBADMSG;
        do {
                if (len > 0)
                        ret[len++] = ' ';
                r = read_word(reader, ret + len, size - len);
                if (r < 0)
                        return r;
                len += strlen(ret + len);
        } while (take_byte(reader, ','));
        return take_byte(reader, ']') ? 0 : -EBADMSG;
}

static int read_number(struct reader *reader, unsigned long long max, unsigned long long *ret) {
        struct text digits = {reader->at, 0};

        while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9')
                reader->at++;
        digits.len = (size_t)(reader->at - digits.p);
        return text_number(digits, max, ret) < 0 ? -EBADMSG : 0;
}

static int member_string(struct reader *reader, const struct member *member, struct claims *ret) {
        return read_string(reader, (char *)ret + member->offset, member->size);
}

static int member_words(struct reader *reader, const struct member *member, struct claims *ret) {
        return read_words(reader, (char *)ret + member->offset, member->size);
}

static int member_audience(struct reader *reader, const struct member *member, struct claims *ret) {
        if (next_is(reader, '['))
                return member_words(reader, member, ret);
        return read_word(reader, (char *)ret + member->offset, member->size);
}

static int member_time(struct reader *reader, const struct member *member, struct claims *ret) {
        unsigned long long seconds;
        int r;

        r = read_number(reader, NUMBER_MAX, &seconds);
        if (r < 0)
                return r;
        if (seconds == 0)
                return -EBADMSG;
        *(int64_t *)((char *)ret + member->offset) = (int64_t)seconds;
        return 0;
}

static int member_uid(struct reader *reader, const struct member *member, struct claims *ret) {
        unsigned long long uid;
        int r;

        r = read_number(reader, UINT32_MAX, &uid);
        if (r < 0)
                return r;
        *(uint32_t *)((char *)ret + member->offset) = (uint32_t)uid;
        ret->has_uid = true;
        return 0;
}

static int (*const readers[])(struct reader *, const struct member *, struct claims *) = {
        [MEMBER_STRING] = member_string, [MEMBER_AUDIENCE] = member_audience,
        [MEMBER_WORDS] = member_words,   [MEMBER_TIME] = member_time,
        [MEMBER_UID] = member_uid,
};

static const struct member *member_find(const char *name) {
        const struct member *member;

        for (member = claim_members; member < claim_members + MEMBER_COUNT; member++)
                if (strcmp(member->name, name) == 0)
                        return member;
        return NULL;
}

/* "name":value, of a name that is known and comes for the first time. */
static int read_member(struct reader *reader, uint32_t *seen, struct claims *ret) {
        char name[MEMBER_NAME_MAX + 1];
        const struct member *member;
        uint32_t bit;
        int r;

        r = read_string(reader, name, sizeof name);
        if (r < 0)
                return r;
        member = member_find(name);
        if (!member || !take_byte(reader, ':'))
                return -EBADMSG;
        bit = 1u << (member - claim_members);
        if (*seen & bit)
                return -EBADMSG;
        *seen |= bit;
        return readers[member->kind](reader, member, ret);
}

static int read_object(struct reader *reader, struct claims *ret) {
        uint32_t seen = 0;
        int r;

        if (!take_byte(reader, '{'))
                return -EBADMSG;
        do {
                r = read_member(reader, &seen, ret);
                if (r < 0)
                        return r;
        } while (take_byte(reader, ','));
        return take_byte(reader, '}') && reader->at == reader->end ? 0 : -EBADMSG;
}

int claims_read(struct text json, struct claims *ret) {
        struct reader reader = {json.p, json.p + json.len};
        int r;

        memset(ret, 0, sizeof *ret);
        r = read_object(&reader, ret);
        if (r < 0)
                memset(ret, 0, sizeof *ret);
        return r;
}
