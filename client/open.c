/* Making and ending a handle. */
#include "handle.h"

#include "../common/cleanup.h"

#include <string.h>

#define TIMEOUT_DEFAULT_MS 10000

/* Options of an older caller are shorter, those of a newer one longer; of the latter we take what
 * we know, but only if it asks for nothing more. */
static int options_read(const struct jeton_options *given, struct jeton_options *ret) {
        const unsigned char *bytes = (const unsigned char *)given;
        size_t known = sizeof *ret, i;

        memset(ret, 0, sizeof *ret);
        if (!given)
                return 0;
        if (given->size < sizeof given->size)
                return -EINVAL;
        for (i = known; i < given->size; i++)
                if (bytes[i] != 0)
                        return -EINVAL;
        memcpy(ret, given, given->size < known ? given->size : known);
        return 0;
}

int jeton_open(const struct jeton_options *options, struct jeton **ret_jeton) {
        struct jeton_options o;
        struct jeton *jeton;
        int r;

        r = options_read(options, &o);
        if (r < 0)
                return r;
        jeton = calloc(1, sizeof *jeton);
        if (!jeton)
                return -ENOMEM;
        r = place_find(o.socket_path, &jeton->place);
        if (r < 0) {
                free(jeton);
                return r;
        }
        jeton->timeout_ms = o.timeout_ms > 0 ? o.timeout_ms : TIMEOUT_DEFAULT_MS;
        jeton->keys.fd = -1;
        *ret_jeton = jeton;
        return 0;
}

void jeton_close(struct jeton *jeton) {
        if (!jeton)
                return;
        key_source_clear(&jeton->keys);
        place_clear(&jeton->place);
        explicit_bzero(jeton, sizeof *jeton);
        free(jeton);
}

const char *jeton_error(const struct jeton *jeton) {
        return jeton->failure.text;
}
