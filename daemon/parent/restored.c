/* Each step may be the last one before a power cut, and each may come again: a step looks at what
 * is there, and not at what was done. */
#include "restored.h"

#include "../../common/cleanup.h"

#include <fcntl.h>

#define KEPT_MOST  10000
#define NEW_FOLDER RESTORE_READY "/new"
#define OLD_FOLDER RESTORE_READY "/old"

static const char *const names[] = {"db", "keys", "issuer"};

static int folder_open(int dir, const char *name, int *ret) {
        *ret = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return *ret < 0 ? -errno : 0;
}

static int both_sync(int a, int b) {
        return fsync(a) < 0 || fsync(b) < 0 ? -errno : 0;
}

/* There may be an empty folder of that name: something made it that found none (tmpfiles.d(5)). It
 * gives way to the new one; the old one is safe then. */
static int old_move(int state, int old, const char *name) {
        if (renameat(state, name, old, name) < 0 && errno != ENOENT && errno != ENOTEMPTY &&
            errno != EEXIST)
                return -errno;
        return both_sync(old, state);
}

static int one_move(int state, int new, int old, const char *name) {
        int r;

        if (faccessat(new, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : -errno;
        r = old_move(state, old, name);
        if (r < 0)
                return r;
        if (renameat(new, name, state, name) < 0)
                return -errno;
        return both_sync(state, new);
}

static int all_move(int state) {
        _cleanup_(closep) int new = -1, old = -1;
        size_t i;
        int r;

        r = folder_open(state, NEW_FOLDER, &new);
        if (r == -ENOENT)
                return 0; /* the end of it is all that is left */
        if (r == 0)
                r = folder_open(state, OLD_FOLDER, &old);
        for (i = 0; r == 0 && i < ELEMENTS(names); i++)
                r = one_move(state, new, old, names[i]);
        return r;
}

/* ---- what was there ---- */

static int folder_remove(int dir, const char *name) {
        return unlinkat(dir, name, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
}

/* Folders in which nothing was are not kept. */
static void empty_remove(int state) {
        _cleanup_(closep) int old = -1;
        size_t i;

        if (folder_open(state, OLD_FOLDER, &old) < 0)
                return;
        for (i = 0; i < ELEMENTS(names); i++)
                unlinkat(old, names[i], AT_REMOVEDIR);
}

/* A folder in which something is kept is not replaced by rename(2). */
static int old_keep(int state, char ret_kept[RESTORE_KEPT_MAX]) {
        int i, r = -ENOTEMPTY;

        for (i = 1; (r == -ENOTEMPTY || r == -EEXIST) && i <= KEPT_MOST; i++) {
                snprintf(ret_kept, RESTORE_KEPT_MAX, RESTORE_KEPT "%d", i);
                r = renameat(state, OLD_FOLDER, state, ret_kept) < 0 ? -errno : 0;
        }
        return r;
}

static int old_end(int state, char ret_kept[RESTORE_KEPT_MAX]) {
        int r;

        *ret_kept = '\0';
        empty_remove(state);
        r = folder_remove(state, OLD_FOLDER);
        return r == -ENOTEMPTY || r == -EEXIST ? old_keep(state, ret_kept) : r;
}

int restored_finish(int state_dir, bool *ret_done, char ret_kept[RESTORE_KEPT_MAX]) {
        int r;

        *ret_done = false;
        *ret_kept = '\0';
        if (faccessat(state_dir, RESTORE_READY, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : -errno;
        r = all_move(state_dir);
        if (r == 0)
                r = folder_remove(state_dir, NEW_FOLDER);
        if (r == 0)
                r = old_end(state_dir, ret_kept);
        if (r == 0)
                r = folder_remove(state_dir, RESTORE_READY);
        if (r == 0 && fsync(state_dir) < 0)
                r = -errno;
        *ret_done = r == 0;
        return r;
}
