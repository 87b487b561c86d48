/* The public pages' files. A reader keeps its mapping for as long as it lives, over our restarts:
 * so a good file stays the same inode, is never made shorter, and has all its blocks from the start
 * (a hole on a full tmpfs is a SIGBUS for the writer). */
#include "pages.h"

#include "../../common/cleanup.h"
#include "../../common/jwt/pages.h"
#include "../../common/log.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define PAGE_MODE 0644

static const char *const names[PAGE_FILES] = {
        [PAGE_KEYS] = "keys",
        [PAGE_STATUS] = "status",
};

static bool is_good(int fd, enum page page) {
        struct stat st;

        return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
               st.st_nlink == 1 && (st.st_mode & 07777) == PAGE_MODE &&
               (size_t)st.st_size == page_size(page);
}

static int fill(int fd, enum page page) {
        int r = posix_fallocate(fd, 0, (off_t)page_size(page)); /* positive errno */

        return -r;
}

/* Under another name until it is whole: whoever opens the page finds a whole one. */
static int replace(int dir, enum page page, int *ret_fd) {
        _cleanup_(closep) int fd = -1;
        char fresh[32];
        int r;

        snprintf(fresh, sizeof fresh, ".%s.new", names[page]);
        unlinkat(dir, fresh, 0);
        fd = openat(dir, fresh, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, PAGE_MODE);
        if (fd < 0)
                return -errno;
        r = fill(fd, page);
        if (r)
                return r;
        if (fchmod(fd, PAGE_MODE) < 0 || renameat(dir, fresh, dir, names[page]) < 0)
                return -errno;
        *ret_fd = take_fd(&fd);
        return 0;
}

static int writer_open(int dir, enum page page, int *ret_fd) {
        _cleanup_(closep) int fd =
                openat(dir, names[page], O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        int r;

        if (fd < 0 || !is_good(fd, page))
                return replace(dir, page, ret_fd);
        r = fill(fd, page);
        if (r)
                return r;
        *ret_fd = take_fd(&fd);
        return 0;
}

int page_reader_open(int writer, int *ret_fd) {
        char path[32];
        int fd;

        snprintf(path, sizeof path, "/proc/self/fd/%d", writer);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        *ret_fd = fd;
        return 0;
}

int page_files_open(int dir, struct page_files *ret) {
        struct page_files files = {{-1, -1}, {-1, -1}};
        unsigned page;
        int r = 0;

        for (page = 0; r == 0 && page < PAGE_FILES; page++) {
                r = writer_open(dir, page, &files.writer[page]);
                if (r == 0)
                        r = page_reader_open(files.writer[page], &files.reader[page]);
                if (r)
                        log_error("the page %s in the run directory: %s", names[page],
                                  strerror(-r));
        }
        if (r) {
                page_files_close(&files);
                return r;
        }
        *ret = files;
        return 0;
}

void page_files_renew(int dir, struct page_files *files) {
        struct page_files fresh;

        if (page_files_open(dir, &fresh) < 0)
                return;
        page_files_close(files);
        *files = fresh;
}

void page_files_close(struct page_files *files) {
        unsigned page;

        for (page = 0; page < PAGE_FILES; page++) {
                closep(&files->writer[page]);
                closep(&files->reader[page]);
        }
}
