/* The directories that jetond keeps. What it finds it checks and never mends: a folder of the wrong
 * owner or open to others has been in other hands, and only a person can say what that means. */
#include "places.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"
#include "../../common/wire/wire.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#ifndef JETON_STATE_DIR
#define JETON_STATE_DIR "/var/lib/jeton"
#endif

#define LOCK_NAME "jetond.lock"

/* Parents first. A path is `base` and `name`. */
static const struct place_row {
        enum place base; /* itself: the base of the layout */
        const char *name;
        const char *system; /* the path without --state; NULL: base and name */
        mode_t mode;
        bool is_ours; /* the parent's own; otherwise `owner` */
        enum account owner;
        mode_t must_not_have; /* bits that nobody may have set */
} rows[] = {
        [PLACE_RUN] = {PLACE_STATE, "run", JETON_RUN_DIR, 0755, .is_ours = true,
                       .must_not_have = 022},
        /* Whoever knows the name of his own file in there may pass, and nobody may look around. */
        [PLACE_TOKENS] = {PLACE_RUN, WIRE_TOKENS_DIR, NULL, 0711, .owner = ACCOUNT_AUTHORITY,
                          .must_not_have = 066},
        [PLACE_STATE] = {PLACE_STATE, NULL, JETON_STATE_DIR, 0755, .is_ours = true,
                         .must_not_have = 022},
        [PLACE_DB] = {PLACE_STATE, "db", NULL, 0700, .owner = ACCOUNT_AUTHORITY,
                      .must_not_have = 077},
        [PLACE_KEYS] = {PLACE_STATE, "keys", NULL, 0700, .owner = ACCOUNT_SIGNER,
                        .must_not_have = 077},
};

/* The second part with the lock alone: until then a restore may put others in their place. */
static const enum place in_order[] = {PLACE_STATE, PLACE_RUN, PLACE_TOKENS, PLACE_DB, PLACE_KEYS};

#define UNLOCKED_COUNT 3

static int place_name(const char *state, const struct place_row *row, struct places *places,
                      char **ret) {
        const char *base = state;
        int n;

        if (!state && row->system)
                n = asprintf(ret, "%s", row->system);
        else if (!row->name)
                n = asprintf(ret, "%s", state);
        else {
                if (places->path[row->base])
                        base = places->path[row->base];
                n = asprintf(ret, "%s/%s", base, row->name);
        }
        if (n < 0)
                *ret = NULL;
        return n < 0 ? -ENOMEM : 0;
}

int places_name(const char *state, struct places *ret) {
        struct places places = {.lock = -1};
        size_t i;
        int r;

        for (i = 0; i < PLACE_COUNT; i++)
                places.fd[i] = -1;
        for (i = 0; i < ELEMENTS(in_order); i++) {
                enum place place = in_order[i];

                r = place_name(state, &rows[place], &places, &places.path[place]);
                if (r) {
                        places_clear(&places);
                        return r;
                }
        }
        *ret = places;
        return 0;
}

static int refuse(const char *path, int error, const char *why) {
        log_error("%s: %s: refused", path, why);
        return error;
}

static int place_check(const struct place_row *row, const char *path, const struct stat *st,
                       uid_t owner) {
        char why[160];

        if (st->st_uid != owner) {
                snprintf(why, sizeof why, "owned by uid %u, and must be by uid %u",
                         (unsigned)st->st_uid, (unsigned)owner);
                return refuse(path, -EPERM, why);
        }
        if (st->st_mode & 07777 & row->must_not_have) {
                snprintf(why, sizeof why, "mode %04o is %s others, and must be %04o",
                         (unsigned)(st->st_mode & 07777),
                         st->st_mode & 022 ? "writable by" : "open to", (unsigned)row->mode);
                return refuse(path, -EPERM, why);
        }
        return 0;
}

static int directory_open(const char *path, int *ret_fd) {
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        if (fd < 0 && (errno == ELOOP || errno == ENOTDIR))
                return refuse(path, -ENOTDIR, "a symlink or no directory");
        if (fd < 0)
                return refuse(path, -errno, strerror(errno));
        *ret_fd = fd;
        return 0;
}

/* A directory that was just made is nobody's but ours, so giving it away by its descriptor cannot
 * be turned on another file. The umask has been at work on its mode. */
static int give_away(int fd, const struct place_row *row, const struct identity *owner) {
        if (!row->is_ours && fchown(fd, owner->uid, owner->gid) < 0)
                return -errno;
        return fchmod(fd, row->mode) < 0 ? -errno : 0;
}

static int place_open(const struct place_row *row, const char *path,
                      const struct identities *identities, int *ret_fd) {
        const struct identity *owner = &identities->of[row->owner];
        _cleanup_(closep) int fd = -1;
        bool is_new = mkdir(path, 0700) == 0;
        struct stat st;
        int r;

        if (!is_new && errno != EEXIST)
                return refuse(path, -errno, strerror(errno));
        r = directory_open(path, &fd);
        if (r)
                return r;
        if (is_new)
                r = give_away(fd, row, owner);
        if (r || fstat(fd, &st) < 0)
                return refuse(path, r ? r : -errno, strerror(r ? -r : errno));
        r = place_check(row, path, &st, row->is_ours ? geteuid() : owner->uid);
        if (r)
                return r;
        *ret_fd = take_fd(&fd);
        return 0;
}

static int some_open(struct places *places, const struct identities *identities,
                     const enum place *some, size_t count) {
        size_t i;
        int r = 0;

        for (i = 0; r == 0 && i < count; i++)
                r = place_open(&rows[some[i]], places->path[some[i]], identities,
                               &places->fd[some[i]]);
        return r;
}

int places_open(struct places *places, const struct identities *identities) {
        return some_open(places, identities, in_order, UNLOCKED_COUNT);
}

int places_open_locked(struct places *places, const struct identities *identities) {
        return some_open(places, identities, in_order + UNLOCKED_COUNT,
                         ELEMENTS(in_order) - UNLOCKED_COUNT);
}

int places_lock(struct places *places) {
        _cleanup_(closep) int fd = -1;
        int r;

        fd = openat(places->fd[PLACE_RUN], LOCK_NAME, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
                    0600);
        if (fd < 0) {
                r = -errno;
                log_error("%s/" LOCK_NAME ": %s", places->path[PLACE_RUN], strerror(-r));
                return r;
        }
        if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
                log_error("another jetond runs here: it holds %s/" LOCK_NAME,
                          places->path[PLACE_RUN]);
                return -EBUSY;
        }
        places->lock = take_fd(&fd);
        return 0;
}

void places_clear(struct places *places) {
        size_t i;

        for (i = 0; i < PLACE_COUNT; i++) {
                closep(&places->fd[i]);
                freep(&places->path[i]);
        }
        closep(&places->lock);
}

static int bytes_write(int fd, const void *bytes, size_t len) {
        ssize_t n = write(fd, bytes, len);

        if (n < 0)
                return -errno;
        return (size_t)n == len ? 0 : -EIO;
}

int place_write(int dir, const char *name, const void *bytes, size_t len) {
        _cleanup_(closep) int fd = -1;
        char fresh[64];
        int r;

        snprintf(fresh, sizeof fresh, ".%s.new", name);
        unlinkat(dir, fresh, 0);
        fd = openat(dir, fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
        if (fd < 0)
                return -errno;
        r = bytes_write(fd, bytes, len);
        if (r)
                return r;
        if (fchmod(fd, 0644) < 0 || fsync(fd) < 0 || renameat(dir, fresh, dir, name) < 0)
                return -errno;
        return fsync(dir) < 0 ? -errno : 0;
}
