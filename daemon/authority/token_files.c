/* Files below the folder of tokens. After the start this process can make, rename and remove there,
 * and open nothing that is there already. */
#include "token_files.h"

#include "../../common/cleanup.h"
#include "../../common/jwt/base64url.h"
#include "../../common/jwt/claims.h"

#include <dirent.h>
#include <endian.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define FOLDER_MODE 0711 /* a uid's: its files are found by their names, which nobody can guess */
#define FILE_MODE   0600

#define SID_BYTES 16

struct path {
        char text[40]; /* UID/.SID */
};

static struct path path_of(uint32_t uid, const char *mark, const char *sid) {
        struct path path;

        snprintf(path.text, sizeof path.text, "%u/%s%s", uid, mark, sid);
        return path;
}

static struct path folder_of(uint32_t uid) {
        struct path path;

        snprintf(path.text, sizeof path.text, "%u", uid);
        return path;
}

/* ---- who may read it ---- */

/* acl(5) as the kernel takes it (linux/posix_acl_xattr.h): version 2, then the entries in this
 * order; all little endian. libacl would write the same 44 bytes. */
struct acl_entry {
        uint16_t tag, rights;
        uint32_t id;
};

#define ACL_NOBODY UINT32_MAX

/* Ours to write, one uid's to read, nobody else's. */
static int open_to(int fd, uint32_t uid) {
        const struct {
                uint32_t version;
                struct acl_entry entries[5];
        } acl = {
                htole32(2),
                {
                        {htole16(0x01), htole16(6), ACL_NOBODY},   /* the owner */
                        {htole16(0x02), htole16(4), htole32(uid)}, /* a user */
                        {htole16(0x04), htole16(0), ACL_NOBODY},   /* the group */
                        {htole16(0x10), htole16(4), ACL_NOBODY},   /* the mask */
                        {htole16(0x20), htole16(0), ACL_NOBODY},   /* the others */
                },
        };

        if (uid == geteuid())
                return 0;
        return fsetxattr(fd, "system.posix_acl_access", &acl, sizeof acl, 0) < 0 ? -errno : 0;
}

/* ---- writing and removing ---- */

static int text_write(int fd, struct text text) {
        ssize_t n = write(fd, text.p, text.len);

        if (n < 0)
                return -errno;
        return (size_t)n == text.len ? 0 : -ENOSPC;
}

static int file_fill(int dir, const char *path, uint32_t uid, struct text token) {
        _cleanup_(closep) int fd =
                openat(dir, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
        int r;

        if (fd < 0)
                return -errno;
        r = open_to(fd, uid);
        if (r == 0)
                r = text_write(fd, token);
        return r < 0 ? r : text_write(fd, TEXT("\n"));
}

/* The umask is for files that hold secrets. */
static int folder_make(int dir, uint32_t uid) {
        mode_t before = umask(0);
        int r = mkdirat(dir, folder_of(uid).text, FOLDER_MODE) < 0 && errno != EEXIST ? -errno : 0;

        umask(before);
        return r;
}

int token_file_write(int dir, uint32_t uid, const char *sid, struct text token) {
        struct path fresh = path_of(uid, ".", sid), path = path_of(uid, "", sid);
        int r;

        r = folder_make(dir, uid);
        if (r < 0)
                return r;
        r = file_fill(dir, fresh.text, uid, token);
        if (r == 0 && renameat(dir, fresh.text, dir, path.text) < 0)
                r = -errno;
        if (r < 0)
                unlinkat(dir, fresh.text, 0);
        return r;
}

int token_file_remove(int dir, uint32_t uid, const char *sid) {
        if (unlinkat(dir, path_of(uid, "", sid).text, 0) < 0 && errno != ENOENT)
                return -errno;
        if (unlinkat(dir, folder_of(uid).text, AT_REMOVEDIR) < 0 && errno != ENOTEMPTY &&
            errno != EEXIST && errno != ENOENT)
                return -errno;
        return 0;
}

/* ---- what is there from before ---- */

static void dir_closep(DIR **dir) {
        if (*dir)
                closedir(*dir);
}

#define _cleanup_dir_ __attribute__((cleanup(dir_closep)))

static int dir_open(int at, const char *name, DIR **ret) {
        int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        if (fd < 0)
                return -errno;
        *ret = fdopendir(fd);
        if (*ret)
                return 0;
        closep(&fd);
        return -ENOMEM;
}

static bool is_itself_or_above(const char *name) {
        return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static bool is_sid(const char *name) {
        uint8_t bytes[SID_BYTES];
        size_t len;

        return base64url_decode(text_of(name), bytes, sizeof bytes, &len) == 0 &&
               len == sizeof bytes;
}

/* A folder is none of ours, and stays. */
static int file_remove(int dir, const char *name) {
        return unlinkat(dir, name, 0) < 0 && errno != EISDIR ? -errno : 0;
}

static int folder_sort(int dir, uint32_t uid,
                       int (*each)(void *context, uint32_t uid, const char *sid), void *context) {
        _cleanup_dir_ DIR *files = NULL;
        const struct dirent *file;
        int r;

        r = dir_open(dir, folder_of(uid).text, &files);
        if (r == -ENOTDIR || r == -ELOOP)
                return file_remove(dir, folder_of(uid).text);
        while (r >= 0 && (file = readdir(files))) {
                if (is_itself_or_above(file->d_name))
                        continue;
                r = is_sid(file->d_name) ? each(context, uid, file->d_name) : 0;
                if (r == 0)
                        r = file_remove(dirfd(files), file->d_name);
        }
        return r < 0 ? r : 0;
}

int token_files_sort(int dir, int (*each)(void *context, uint32_t uid, const char *sid),
                     void *context) {
        _cleanup_dir_ DIR *folders = NULL;
        const struct dirent *folder;
        unsigned long long uid;
        int r;

        r = dir_open(dir, ".", &folders);
        while (r == 0 && (folder = readdir(folders))) {
                if (text_number(text_of(folder->d_name), UINT32_MAX - 1, &uid) < 0)
                        continue;
                r = folder_sort(dir, (uint32_t)uid, each, context);
                if (r == 0 && unlinkat(dir, folder->d_name, AT_REMOVEDIR) < 0 &&
                    errno != ENOTEMPTY && errno != EEXIST && errno != ENOENT)
                        r = -errno;
        }
        return r;
}
