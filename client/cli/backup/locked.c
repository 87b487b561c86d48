/* As a start of jetond opens its folders, by the same functions: what it would refuse is refused
 * here. */
#include "locked.h"

#include "../../../common/cleanup.h"
#include "../../../common/log.h"
#include "../../../daemon/parent/places.h"
#include "../../../daemon/parent/restored.h"

#include <fcntl.h>
#include <sys/stat.h>

static int refuse(int error, const char *says) {
        log_error("%s", says);
        return error;
}

/* A folder that is not there yet is whose it will be; one that cannot be looked at, root's. */
static uid_t owner_of(const char *dir) {
        struct stat st;

        if (dir && stat(dir, &st) == 0)
                return st.st_uid;
        return dir && errno == ENOENT ? geteuid() : 0;
}

int locked_may(const char *dir) {
        uid_t owner = owner_of(dir);

        if (owner == geteuid())
                return 0;
        if (owner == 0)
                return refuse(-EPERM, "this needs root");
        log_error("this needs uid %u, whose daemon it is", (unsigned)owner);
        return -EPERM;
}

static int lock(const char *dir, struct identities *identities, struct places *places) {
        int r;

        r = identities_find(dir != NULL, identities);
        if (r == 0)
                r = places_name(dir, places);
        if (r == 0)
                r = places_open(places, identities);
        if (r == 0)
                r = places_lock(places);
        if (r == -EBUSY)
                return refuse(r, dir ? "stop it first" : "stop it first: systemctl stop jetond");
        return r;
}

/* What was broken off is the state already. */
static int whole_open(const struct identities *identities, struct places *places) {
        char kept[RESTORE_KEPT_MAX];
        bool done;
        int r;

        r = restored_finish(places->fd[PLACE_STATE], &done, kept);
        if (r < 0) {
                log_error("the restore before this one cannot be brought to its end: %s",
                          strerror(-r));
                return r;
        }
        return places_open_locked(places, identities);
}

/* A folder that something is mounted on cannot be renamed. */
static bool is_mount(int state, const char *name) {
        struct statx ours, its;

        if (statx(state, "", AT_EMPTY_PATH, STATX_MNT_ID, &ours) < 0 ||
            statx(state, name, AT_SYMLINK_NOFOLLOW, STATX_MNT_ID, &its) < 0)
                return false;
        return its.stx_mnt_id != ours.stx_mnt_id;
}

static int open_steps(const char *dir, struct identities *identities, struct places *places) {
        int r;

        r = lock(dir, identities, places);
        if (r == 0)
                r = whole_open(identities, places);
        if (r == 0 &&
            (is_mount(places->fd[PLACE_STATE], "db") || is_mount(places->fd[PLACE_STATE], "keys")))
                return refuse(-EXDEV, "db or keys is a mount of its own, and cannot be replaced as "
                                      "a whole: mount the folder above it instead");
        return r;
}

static void places_take(struct places *places, const struct identities *identities,
                        struct locked *ret) {
        ret->path = take(places->path[PLACE_STATE]);
        ret->state = take_fd(&places->fd[PLACE_STATE]);
        ret->lock = take_fd(&places->lock);
        ret->authority = identities->of[ACCOUNT_AUTHORITY];
        ret->signer = identities->of[ACCOUNT_SIGNER];
        ret->has_database =
                faccessat(places->fd[PLACE_DB], "jeton.db", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int locked_open(const char *dir, struct locked *ret) {
        struct places places = {.lock = -1};
        struct identities identities;
        size_t i;
        int r;

        for (i = 0; i < PLACE_COUNT; i++)
                places.fd[i] = -1;
        r = open_steps(dir, &identities, &places);
        if (r == 0)
                places_take(&places, &identities, ret);
        places_clear(&places);
        return r;
}

void locked_close(struct locked *locked) {
        freep(&locked->path);
        closep(&locked->state);
        closep(&locked->lock);
}
