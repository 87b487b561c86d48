/* Entity tags: a digest of the document, so that the same keys have the same tag in each frontend
 * and after each start. */
#include "etag.h"

#include "../../common/jwt/base64url.h"

#include <errno.h>
#include <openssl/sha.h>
#include <stdio.h>

int etag_make(struct text bytes, char ret[ETAG_MAX]) {
        uint8_t digest[SHA256_DIGEST_LENGTH];
        char text[BASE64URL_LEN(SHA256_DIGEST_LENGTH) + 1];

        if (!SHA256((const uint8_t *)bytes.p, bytes.len, digest))
                return -ENOMEM;
        base64url_encode(digest, sizeof digest, text);
        snprintf(ret, ETAG_MAX, "\"%s\"", text);
        return 0;
}

static bool is_between(char byte) {
        return byte == ' ' || byte == '\t' || byte == ',';
}

/* Our tags have no comma, so a foreign one may be cut in two as it pleases. */
static bool next_tag(struct text *list, struct text *ret) {
        size_t len = 0;

        while (list->len > 0 && is_between(list->p[0])) {
                list->p++;
                list->len--;
        }
        while (len < list->len && !is_between(list->p[len]))
                len++;
        *ret = (struct text){list->p, len};
        list->p += len;
        list->len -= len;
        return len > 0;
}

bool etag_matches(struct text if_none_match, struct text tag) {
        static const struct text weak = {"W/", 2};
        struct text each;

        while (next_tag(&if_none_match, &each)) {
                if (each.len > weak.len && text_is((struct text){each.p, weak.len}, weak))
                        each = (struct text){each.p + weak.len, each.len - weak.len};
                if (text_is(each, tag) || text_is(each, TEXT("*")))
                        return true;
        }
        return false;
}
