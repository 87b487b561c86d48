/* Crockford's base 32: no I, L, O and U, so that nothing is misread and little is misheard. */
#include "code_spelling.h"

#include "../../common/cleanup.h"

#include <errno.h>
#include <string.h>

#define SYMBOLS 16 /* of five bits */
#define GROUP   4

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* What a person may take for another: each stands for the one below it. */
static const char lookalikes[] = "OIL";
static const char meant[] = "011";

_Static_assert(SYMBOLS * 5 == CODE_BYTES * 8, "every bit is in a symbol, and no symbol half used");
_Static_assert(CODE_LEN == SYMBOLS + SYMBOLS / GROUP - 1, "a dash between two groups");

static unsigned symbol_at(const uint8_t bytes[CODE_BYTES], unsigned index) {
        unsigned bit = index * 5, at = bit / 8, shift = bit % 8;
        unsigned pair = (unsigned)bytes[at] << 8;

        if (at + 1 < CODE_BYTES)
                pair |= bytes[at + 1];
        return pair >> (11 - shift) & 31;
}

void code_spell(const uint8_t bytes[CODE_BYTES], char ret[CODE_LEN + 1]) {
        unsigned i;

        for (i = 0; i < SYMBOLS; i++) {
                if (i > 0 && i % GROUP == 0)
                        *ret++ = '-';
                *ret++ = alphabet[symbol_at(bytes, i)];
        }
        *ret = '\0';
}

/* Independent of the locale, as toupper(3) is not. */
static char upper(char byte) {
        return byte >= 'a' && byte <= 'z' ? (char)(byte - 'a' + 'A') : byte;
}

/* -1: it is no symbol. */
static int symbol_of(char byte) {
        const char *place;

        byte = upper(byte);
        if (byte == '\0')
                return -1;
        place = strchr(lookalikes, byte);
        if (place)
                byte = meant[place - lookalikes];
        place = strchr(alphabet, byte);
        return place ? (int)(place - alphabet) : -1;
}

static void symbol_put(uint8_t bytes[CODE_BYTES], unsigned index, unsigned symbol) {
        unsigned bit = index * 5, at = bit / 8, shift = bit % 8;
        unsigned pair = symbol << (11 - shift);

        bytes[at] = (uint8_t)(bytes[at] | pair >> 8);
        if (at + 1 < CODE_BYTES)
                bytes[at + 1] = (uint8_t)(bytes[at + 1] | (pair & 255));
}

int code_read(struct text typed, uint8_t ret[CODE_BYTES]) {
        unsigned count = 0;
        size_t i;

        memset(ret, 0, CODE_BYTES);
        if (typed.len > CODE_MAX)
                return -EINVAL;
        for (i = 0; i < typed.len; i++) {
                int symbol = symbol_of(typed.p[i]);

                if (typed.p[i] == '-' || typed.p[i] == ' ')
                        continue;
                if (symbol < 0 || count == SYMBOLS)
                        return -EINVAL;
                symbol_put(ret, count++, (unsigned)symbol);
        }
        return count == SYMBOLS ? 0 : -EINVAL;
}
