/* Walks a path itself, a name at a time: each is looked at in a folder that is already known to be
 * safe from others, so nothing is swapped between the look and the step. */
#include "guarded.h"

#include "../../common/cleanup.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#define LINKS_MAX 40 /* as the kernel has it */

struct way {
        int at;              /* the folder that we are in */
        char rest[PATH_MAX]; /* from there */
        unsigned links;      /* followed so far */
        uid_t top;           /* whose / is: in a user namespace root may be nobody */
        char where[PATH_MAX];
        mode_t type;        /* of what it leads to */
        bool ends_anywhere; /* that may be anybody's */
};

static const char *distrust(const struct way *way, const struct stat *st) {
        if (st->st_uid != 0 && st->st_uid != geteuid() && st->st_uid != way->top)
                return "owned by another user than root";
        if (S_ISLNK(st->st_mode))
                return NULL; /* its mode says nothing */
        return st->st_mode & (S_IWGRP | S_IWOTH) ? "writable by others than its owner" : NULL;
}

static const char *distrust_above(const struct way *way, const struct stat *st) {
        struct stat sticky = *st;

        if (st->st_mode & S_ISVTX)
                sticky.st_mode &= ~(mode_t)(S_IWGRP | S_IWOTH);
        return distrust(way, &sticky);
}

/* For the words alone. */
static void where_note(struct way *way, const char *name) {
        char link[32], folder[PATH_MAX];
        ssize_t n;

        snprintf(link, sizeof link, "/proc/self/fd/%d", way->at);
        n = readlink(link, folder, sizeof folder - 1);
        folder[n > 0 ? n : 0] = '\0';
        if ((size_t)snprintf(way->where, sizeof way->where, "%s/%s",
                             strcmp(folder, "/") == 0 ? "" : folder, name) >= sizeof way->where)
                way->where[0] = '\0';
}

static const char *folder_enter(struct way *way, const char *name) {
        int fd = openat(way->at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        const char *wrong;
        struct stat st;

        if (fd < 0)
                return strerror(errno);
        wrong = fstat(fd, &st) < 0 ? strerror(errno) : distrust_above(way, &st);
        closep(&way->at);
        way->at = fd;
        return wrong;
}

static const char *top_enter(struct way *way) {
        struct stat st;

        if (stat("/", &st) < 0)
                return strerror(errno);
        way->top = st.st_uid;
        return folder_enter(way, "/");
}

static const char *link_follow(struct way *way, const char *name, const struct stat *st) {
        char target[PATH_MAX], rest[PATH_MAX];
        const char *wrong = distrust(way, st);
        ssize_t n;

        if (wrong)
                return wrong;
        n = readlinkat(way->at, name, target, sizeof target - 1);
        if (n < 0)
                return strerror(errno);
        target[n] = '\0';
        if (++way->links > LINKS_MAX)
                return strerror(ELOOP);
        if ((size_t)snprintf(rest, sizeof rest, "%s/%s", target, way->rest) >= sizeof rest)
                return strerror(ENAMETOOLONG);
        memcpy(way->rest, rest, sizeof rest);
        return *target == '/' ? top_enter(way) : NULL;
}

static const char *end_open(const struct way *way, const char *name, const struct stat *st,
                            int *ret_fd) {
        const char *wrong = way->ends_anywhere ? NULL : distrust(way, st);

        if ((st->st_mode & S_IFMT) != way->type)
                return way->type == S_IFDIR ? "not a directory" : "not a regular file";
        if (wrong)
                return wrong;
        *ret_fd = openat(way->at, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        return *ret_fd < 0 ? strerror(errno) : NULL;
}

/* Cuts the next name off; "." at the end of a way that ends with a slash. What is left stays in
 * `rest`. */
static const char *name_take(struct way *way, char ret[NAME_MAX + 1]) {
        const char *begin = way->rest + strspn(way->rest, "/");
        size_t len = strcspn(begin, "/");

        if (len > NAME_MAX)
                return strerror(ENAMETOOLONG);
        memcpy(ret, begin, len);
        ret[len] = '\0';
        begin += len + strspn(begin + len, "/");
        memmove(way->rest, begin, strlen(begin) + 1);
        where_note(way, ret);
        if (len == 0)
                memcpy(ret, ".", sizeof ".");
        return NULL;
}

/* The next name: a symlink, a folder, or the end of the way. */
static const char *step(struct way *way, int *ret_fd) {
        char name[NAME_MAX + 1];
        const char *wrong;
        struct stat st;

        wrong = name_take(way, name);
        if (wrong)
                return wrong;
        if (fstatat(way->at, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return strerror(errno);
        if (S_ISLNK(st.st_mode))
                return link_follow(way, name, &st);
        return *way->rest ? folder_enter(way, name) : end_open(way, name, &st, ret_fd);
}

static void way_clear(struct way *way) {
        closep(&way->at);
}

static int go(struct way *way, const char *path, int *ret_fd, char *ret_wrong) {
        const char *wrong = NULL;
        int fd = -1;

        if ((size_t)snprintf(way->rest, sizeof way->rest, "%s", path) >= sizeof way->rest)
                wrong = strerror(ENAMETOOLONG);
        if (!wrong)
                wrong = top_enter(way);
        while (!wrong && fd < 0)
                wrong = step(way, &fd);
        if (!wrong) {
                *ret_fd = fd;
                return 0;
        }
        if (!*way->where || strcmp(way->where, path) == 0)
                snprintf(ret_wrong, GUARDED_WRONG_MAX, "%.400s: %s", path, wrong);
        else
                snprintf(ret_wrong, GUARDED_WRONG_MAX, "%.150s: %.200s, on the way to it: %s", path,
                         way->where, wrong);
        return -EINVAL;
}

int guarded_open(const char *path, mode_t type, int *ret_fd, char ret_wrong[GUARDED_WRONG_MAX]) {
        _cleanup_(way_clear) struct way way = {.at = -1, .type = type};

        return go(&way, path, ret_fd, ret_wrong);
}

int guarded_open_folder(const char *path, int *ret_fd, char ret_wrong[GUARDED_WRONG_MAX]) {
        _cleanup_(way_clear) struct way way = {.at = -1, .type = S_IFDIR, .ends_anywhere = true};

        return go(&way, path, ret_fd, ret_wrong);
}
