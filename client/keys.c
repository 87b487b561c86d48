/* The two public pages, kept until they change: a look at one number instead of reading and
 * decoding them for each token. */
#include "keys.h"

#include "../common/cleanup.h"

void key_source_clear(struct key_source *source) {
        closep(&source->fd);
        keyset_freep(&source->keyset);
}

static int open_page(struct key_source *source, const struct place *place) {
        if (source->fd >= 0 && !page_is_replaced(place->dir, PAGE_KEYS, source->fd))
                return 0;
        key_source_clear(source);
        return page_open(place->dir, PAGE_KEYS, place->also_uid, &source->fd);
}

int key_source_get(struct key_source *source, const struct place *place,
                   const struct keyset **ret_keyset) {
        int r;

        r = open_page(source, place);
        if (r == 0)
                r = keyset_refresh(&source->keyset, source->fd);
        if (r == 0)
                *ret_keyset = source->keyset;
        return r;
}

void status_source_clear(struct status_source *source) {
        closep(&source->fd);
        revocations_clear(&source->revocations);
}

int status_source_get(struct status_source *source, const struct place *place,
                      const struct revocations **ret_revocations) {
        int r;

        if (source->fd < 0 || page_is_replaced(place->dir, PAGE_STATUS, source->fd)) {
                status_source_clear(source);
                r = page_open(place->dir, PAGE_STATUS, place->also_uid, &source->fd);
                if (r < 0)
                        return r;
        }
        r = revocations_refresh(&source->revocations, source->fd);
        if (r == 0)
                *ret_revocations = &source->revocations;
        return r;
}
