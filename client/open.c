/* Making and ending a handle. */
#include "handle.h"

#include "../common/cleanup.h"

#include <string.h>

#define TIMEOUT_DEFAULT_MS 10000

/* Of the structs that callers fill in, for ever. */
#define ARGUMENT_MAX 1024

static bool is_zero(const unsigned char *bytes, size_t from, size_t to) {
        size_t i;

        for (i = from; i < to; i++)
                if (bytes[i] != 0)
                        return false;
        return true;
}

int argument_take(const struct jeton *jeton, const void *given, size_t known, void *ret) {
        size_t size;

        memcpy(&size, given, sizeof size);
        if (size < sizeof size || size > ARGUMENT_MAX || !is_zero(given, known, size))
                return failure_say(handle_failure(jeton), -EINVAL,
                                   "a request or options have no size, or are of a newer libjeton");
        memset(ret, 0, known);
        memcpy(ret, given, size < known ? size : known);
        return 0;
}

int arguments_check(const struct jeton *jeton, bool all_there) {
        return all_there ? 0
                         : failure_say(handle_failure(jeton), -EINVAL,
                                       "an argument that must be there is NULL");
}

/* ---- one handle ---- */

static int say_place(int error) {
        return failure_say(handle_failure(NULL), error, "%s",
                           error == -EINVAL ? "the path of the socket is empty" : "out of memory");
}

static int handle_new(const struct jeton_options *options, struct jeton **ret) {
        static _Atomic uint64_t opened;
        struct jeton *jeton = calloc(1, sizeof *jeton);
        int r;

        r = jeton ? place_find(options->socket_path, &jeton->place) : -ENOMEM;
        if (r < 0) {
                free(jeton);
                return say_place(r);
        }
        jeton->number = ++opened;
        jeton->timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : TIMEOUT_DEFAULT_MS;
        pthread_mutex_init(&jeton->lock, NULL);
        jeton->keys.fd = -1;
        jeton->status.fd = -1;
        *ret = jeton;
        return 0;
}

int jeton_open(const struct jeton_options *options, struct jeton **ret_jeton) {
        struct jeton_options known = JETON_OPTIONS_INIT;
        int r;

        r = arguments_check(NULL, ret_jeton != NULL);
        if (r == 0 && options)
                r = argument_take(NULL, options, sizeof known, &known);
        return r < 0 ? r : handle_new(&known, ret_jeton);
}

void jeton_close(struct jeton *jeton) {
        if (!jeton)
                return;
        key_source_clear(&jeton->keys);
        status_source_clear(&jeton->status);
        pthread_mutex_destroy(&jeton->lock);
        place_clear(&jeton->place);
        explicit_bzero(jeton, sizeof *jeton);
        free(jeton);
}

/* ---- what a thread was last told ---- */

/* A sentence of the handle's own would be overwritten under the eyes of the thread that reads it.
 */
static _Thread_local struct {
        uint64_t handle; /* its number; 0: none */
        struct failure failure;
} last;

static uint64_t number_of(const struct jeton *jeton) {
        return jeton ? jeton->number : 0;
}

struct failure *handle_failure(const struct jeton *jeton) {
        if (last.handle != number_of(jeton))
                last.failure.text[0] = '\0';
        last.handle = number_of(jeton);
        return &last.failure;
}

const char *jeton_error(const struct jeton *jeton) {
        return last.handle == number_of(jeton) ? last.failure.text : "";
}
