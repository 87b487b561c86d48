/* The state of a backup as folders, beside those in force: each file with its owner and mode, the
 * database settled, the keys looked at by the signer. Whatever fails here, nothing was touched. */
#include "backup.h"

#include "../../../common/cleanup.h"
#include "../../../common/log.h"
#include "../../../common/room.h"
#include "../../../daemon/parent/restored.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

/* ---- what a restore that was broken off has left ---- */

#define DEPTH_MAX 4 /* restore.new/new/db/jeton.db */

static int tree_remove(int dir, const char *name, int depth);

static int entries_remove(int dir, int depth) {
        DIR *entries = fdopendir(dir);
        struct dirent *entry;
        int r = 0;

        if (!entries) {
                close(dir);
                return -errno;
        }
        while (r == 0 && (entry = readdir(entries)))
                if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
                        r = tree_remove(dirfd(entries), entry->d_name, depth);
        closedir(entries);
        return r;
}

/* Folders are entered by their descriptor, so that no link leads elsewhere. */
static int tree_remove(int dir, const char *name, int depth) {
        int folder, r;

        if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
                return 0;
        if (errno != EISDIR && errno != EPERM)
                return -errno;
        if (depth == 0)
                return -ELOOP;
        folder = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (folder < 0)
                return -errno;
        r = entries_remove(folder, depth - 1);
        if (r < 0)
                return r;
        return unlinkat(dir, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

/* ---- folders and files ---- */

static int give(int fd, mode_t mode, const struct identity *owner) {
        if (fchmod(fd, mode) < 0)
                return -errno;
        if (owner && (owner->uid != geteuid() || owner->gid != getegid()) &&
            fchown(fd, owner->uid, owner->gid) < 0)
                return -errno;
        return 0;
}

static int folder_make(int dir, const char *name, mode_t mode, const struct identity *owner,
                       int *ret) {
        _cleanup_(closep) int fd = -1;
        int r;

        if (mkdirat(dir, name, 0700) < 0)
                return -errno;
        fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        r = give(fd, mode, owner);
        if (r == 0)
                *ret = take_fd(&fd);
        return r;
}

static int part_place(const struct archive *archive, const struct part *part, int dir,
                      const char *name, mode_t mode, const struct identity *owner) {
        _cleanup_(closep) int fd =
                openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        int r;

        if (fd < 0)
                return -errno;
        r = part_copy(archive, part, fd);
        if (r == 0)
                r = give(fd, mode, owner);
        return r == 0 && fsync(fd) < 0 ? -errno : r;
}

/* ---- the parts ---- */

#define DATABASE_NAME "jeton.db"

static int database_look(const struct stage *stage, int dir) {
        _cleanup_(closep) int fd = openat(dir, DATABASE_NAME, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

        return fd < 0 ? -errno : database_confirm(fd, dir, stage->facts);
}

/* It is told where the database is that it replaces. */
static int database_settle(const struct stage *stage, int dir) {
        _cleanup_(closep) int old =
                openat(stage->state, "db", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        const struct state_task task = {
                .program = "jetond-authority",
                .word = stage->keeps_sessions ? "--settle-keeping-sessions" : "--settle",
                .about = dir,
                .output = old,
        };

        return state_run(&task, dir);
}

static int database_stage(const struct stage *stage, const struct archive *archive) {
        const struct part *part = archive_find(archive, PART_DATABASE);
        _cleanup_(closep) int dir = -1;
        int r;

        r = folder_make(stage->new, "db", 0700, &stage->authority, &dir);
        if (r == 0)
                r = part_place(archive, part, dir, DATABASE_NAME, 0600, &stage->authority);
        if (r == 0)
                r = database_look(stage, dir);
        if (r == 0)
                r = database_settle(stage, dir);
        return r == 0 && fsync(dir) < 0 ? -errno : r;
}

static int keys_look(int dir) {
        const struct state_task task = {
                .program = "jetond-signer",
                .word = "--check-keys",
                .about = dir,
                .output = -1,
        };

        return state_run(&task, dir);
}

static int keys_place(const struct stage *stage, const struct archive *archive, int dir) {
        size_t i;
        int r = 0;

        for (i = 0; r == 0 && i < archive->count; i++) {
                const struct part *part = &archive->parts[i];

                if (text_begins(text_of(part->name), TEXT(PART_KEYS)))
                        r = part_place(archive, part, dir, part->name + sizeof PART_KEYS - 1, 0400,
                                       &stage->signer);
        }
        return r;
}

/* Without keys in the backup those that are there stay. */
static int keys_stage(const struct stage *stage, const struct archive *archive) {
        _cleanup_(closep) int dir = -1;
        int r;

        if (!archive_find(archive, PART_STATES))
                return 0;
        r = folder_make(stage->new, "keys", 0700, &stage->signer, &dir);
        if (r == 0)
                r = keys_place(stage, archive, dir);
        if (r == 0)
                r = keys_look(dir);
        return r == 0 && fsync(dir) < 0 ? -errno : r;
}

static int issuer_stage(const struct stage *stage, const struct archive *archive) {
        const struct part *part = archive_find(archive, PART_ISSUER);

        return part ? part_place(archive, part, stage->new, PART_ISSUER, 0644, NULL) : 0;
}

/* ---- all of it ---- */

/* The owners of the folders in there must be able to pass. */
static int folders_make(struct stage *stage) {
        _cleanup_(closep) int old = -1;
        int r;

        stage->is_undecided = true;
        r = tree_remove(stage->state, RESTORE_NEW, DEPTH_MAX);
        if (r == 0)
                r = folder_make(stage->state, RESTORE_NEW, 0711, NULL, &stage->top);
        if (r == 0)
                r = folder_make(stage->top, "old", 0700, NULL, &old);
        return r == 0 ? folder_make(stage->top, "new", 0711, NULL, &stage->new) : r;
}

int stage_fill(struct stage *stage, const struct archive *archive) {
        int r;

        r = folders_make(stage);
        if (r == 0)
                r = database_stage(stage, archive);
        if (r == 0)
                r = keys_stage(stage, archive);
        if (r == 0)
                r = issuer_stage(stage, archive);
        if (r == 0 && (fsync(stage->new) < 0 || fsync(stage->top) < 0))
                r = -errno;
        if (r < 0)
                log_error("nothing is restored, and nothing is changed: %s%s",
                          r == -ECANCELED ? "see above" : strerror(-r), room_advice(-r));
        return r;
}

int stage_decide(struct stage *stage) {
        if (renameat(stage->state, RESTORE_NEW, stage->state, RESTORE_READY) < 0)
                return -errno;
        stage->is_undecided = false;
        return fsync(stage->state) < 0 ? -errno : 0;
}

void stage_clear(struct stage *stage) {
        if (stage->is_undecided)
                tree_remove(stage->state, RESTORE_NEW, DEPTH_MAX);
        closep(&stage->top);
        closep(&stage->new);
}
