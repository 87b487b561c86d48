/* Making and ending a handle. */
#include "handle.h"

#include "../common/cleanup.h"

#include <string.h>

#define TIMEOUT_DEFAULT_MS 10000

int argument_take(const void *given, size_t known, void *ret) {
        const unsigned char *bytes = given;
        size_t size, i;

        memcpy(&size, given, sizeof size);
        if (size < sizeof size)
                return -EINVAL;
        for (i = known; i < size; i++)
                if (bytes[i] != 0)
                        return -EINVAL;
        memset(ret, 0, known);
        memcpy(ret, given, size < known ? size : known);
        return 0;
}

int jeton_open(const struct jeton_options *options, struct jeton **ret_jeton) {
        struct jeton_options o = JETON_OPTIONS_INIT;
        struct jeton *jeton;
        int r;

        r = options ? argument_take(options, sizeof o, &o) : 0;
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
        jeton->status.fd = -1;
        *ret_jeton = jeton;
        return 0;
}

void jeton_close(struct jeton *jeton) {
        if (!jeton)
                return;
        key_source_clear(&jeton->keys);
        status_source_clear(&jeton->status);
        place_clear(&jeton->place);
        explicit_bzero(jeton, sizeof *jeton);
        free(jeton);
}

const char *jeton_error(const struct jeton *jeton) {
        return jeton->failure.text;
}
