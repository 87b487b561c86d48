/* memfd_create(2) with seals on its size: no reader or writer ever gets SIGBUS. */
#include "count_pages.h"

#include "../../common/cleanup.h"
#include "pages.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define SEALS (F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL)

/* Nobody opens it by /proc who was not given it. */
static int writer_open(int *ret) {
        _cleanup_(closep) int fd = memfd_create("jeton-counts", MFD_CLOEXEC | MFD_ALLOW_SEALING);

        if (fd < 0 || fchmod(fd, 0400) < 0 || ftruncate(fd, COUNTS_SIZE) < 0 ||
            fcntl(fd, F_ADD_SEALS, SEALS) < 0)
                return -errno;
        *ret = take_fd(&fd);
        return 0;
}

void count_pages_init(struct count_pages *pages) {
        unsigned page;

        for (page = 0; page < COUNTS_SHARED; page++)
                pages->writer[page] = pages->reader[page] = -1;
        pages->own = NULL;
}

void count_pages_close(struct count_pages *pages) {
        unsigned page;

        for (page = 0; page < COUNTS_SHARED; page++) {
                closep(&pages->writer[page]);
                closep(&pages->reader[page]);
        }
        if (pages->own)
                munmap(take(pages->own), COUNTS_SIZE);
}

int count_pages_open(struct count_pages *pages) {
        unsigned page;
        int r = 0;

        for (page = 0; r == 0 && page < COUNTS_SHARED; page++) {
                r = writer_open(&pages->writer[page]);
                if (r == 0)
                        r = page_reader_open(pages->writer[page], &pages->reader[page]);
        }
        return r < 0 ? r : counts_map(pages->writer[COUNTS_PARENT], true, &pages->own);
}

void count_pages_ended(struct count_pages *pages, enum process process) {
        counts_add(&pages->own[process], 1);
}
