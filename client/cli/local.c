/* What the public pages tell. */
#include "local.h"

#include "../../common/cleanup.h"

int local_is_linked(const struct place *place, uid_t uid, bool *ret) {
        _cleanup_(closep) int fd = -1;
        int r;

        r = page_open(place->dir, PAGE_STATUS, place->also_uid, &fd);
        return r < 0 ? r : status_page_has_uid(fd, uid, ret);
}

int local_keys(const struct place *place, struct keys_table *ret) {
        _cleanup_(closep) int fd = -1;
        int r;

        r = page_open(place->dir, PAGE_KEYS, place->also_uid, &fd);
        return r < 0 ? r : keys_page_read(fd, ret);
}
