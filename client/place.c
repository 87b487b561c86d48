/* Where the daemon is. The only file of the library that reads the environment. */
#include "place.h"

#include "../common/cleanup.h"
#include "../common/wire/wire.h"

#include <string.h>

static int dir_of(const char *path, char **ret) {
        const char *slash = strrchr(path, '/');
        char *dir;

        if (!slash)
                dir = strdup(".");
        else
                dir = strndup(path, slash == path ? 1 : (size_t)(slash - path));
        if (!dir)
                return -ENOMEM;
        *ret = dir;
        return 0;
}

int place_find(const char *socket_path, struct place *ret) {
        const char *chosen = socket_path ? socket_path : secure_getenv("JETON_SOCKET");
        struct place place = {.also_uid = chosen ? geteuid() : (uid_t)-1};
        int r;

        if (chosen && !*chosen)
                return -EINVAL;
        place.socket_path = strdup(chosen ? chosen : JETON_SOCKET_DEFAULT);
        if (!place.socket_path)
                return -ENOMEM;
        r = dir_of(place.socket_path, &place.dir);
        if (r < 0) {
                place_clear(&place);
                return r;
        }
        *ret = place;
        return 0;
}

void place_clear(struct place *place) {
        free(place->socket_path);
        free(place->dir);
        *place = (struct place){.also_uid = (uid_t)-1};
}
