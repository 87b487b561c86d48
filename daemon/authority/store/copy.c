/* Copies of the whole database for somebody else, and a look at such copies. */
#include "copy.h"

#include "../../../common/cleanup.h"
#include "../../../common/room.h"
#include "../../../common/stream.h"
#include "database.h"
#include "migrate.h"

#include <sys/file.h>

#define COPY_FILE STORE_FILE ".copy"

/* ---- to a descriptor ---- */

static int file_give(int from, int to) {
        return lseek(from, 0, SEEK_SET) < 0 ? -errno : stream_pass(from, to);
}

int store_copy_out(struct store *store, int dir_fd, int output) {
        _cleanup_(closep) int fd = -1;
        int r;

        if (flock(dir_fd, LOCK_EX | LOCK_NB) < 0)
                return store_refuse(store, -EBUSY, "another copy of " STORE_FILE " is being made");
        r = copy_make(store, dir_fd, COPY_FILE, "copying it", &fd);
        if (r == -ENOSPC)
                return store_refuse(store, r,
                                    "there is no room for a copy beside " STORE_FILE
                                    ": free as much on its disk as it has");
        if (r < 0)
                return r;
        if (unlinkat(dir_fd, COPY_FILE, 0) < 0)
                return store_refuse(store, -errno, COPY_FILE ": %m");
        r = file_give(fd, output);
        return r < 0 ? store_refuse(store, r, "the copy of " STORE_FILE " cannot be written: %s%s",
                                    strerror(-r), room_advice(-r))
                     : 0;
}

/* ---- bytes ---- */

static int image_steps(struct store *store, const void *bytes, size_t len) {
        const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX |
                          SQLITE_OPEN_EXRESCODE;
        int code, r;

        code = sqlite3_open_v2(":memory:", &store->db, flags, NULL);
        if (code != SQLITE_OK)
                return store_fail(store, code, "opening it");
        r = store_harden(store);
        if (r < 0)
                return r;
        /* READONLY, so it is not written to. */
        code = sqlite3_deserialize(store->db, "main", (unsigned char *)(uintptr_t)bytes,
                                   (sqlite3_int64)len, (sqlite3_int64)len,
                                   SQLITE_DESERIALIZE_READONLY);
        return code == SQLITE_OK ? 0 : store_fail(store, code, "opening it");
}

int store_open_image(const void *bytes, size_t len, struct store **ret) {
        struct store *store = calloc(1, sizeof *store);

        if (!store)
                return -ENOMEM;
        *ret = store;
        return image_steps(store, bytes, len);
}

/* ---- looking at all of it ---- */

int store_examine(struct store *store, struct store_facts *ret) {
        int64_t version = 0, orphans = 0, users = 0;
        int r;

        r = migrate_version(store, migrations_count, &version);
        if (r == 0 && version == 0)
                r = store_refuse(store, -EBADMSG, STORE_FILE " is empty");
        if (r == 0)
                r = store_expect(store, "PRAGMA integrity_check(1)", "ok", "it is damaged");
        if (r == 0)
                r = store_number(store, "SELECT count(*) FROM pragma_foreign_key_check",
                                 "counting its rows", &orphans);
        if (r == 0 && orphans > 0)
                r = store_refuse(store, -EBADMSG, STORE_FILE ": it is damaged: rows of nobody");
        if (r == 0)
                r = store_number(store, "SELECT count(*) FROM users", "counting its rows", &users);
        if (r == 0 && version == (int64_t)migrations_count)
                r = store_prepare(store); /* what is missing, no statement can name */
        if (r == 0)
                *ret = (struct store_facts){.schema = version, .users = (uint64_t)users};
        return r;
}
