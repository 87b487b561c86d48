/* A folder of a test's own below /tmp, which goes with all that is in it. */
#ifndef JETON_TESTS_OWN_FOLDER_H
#define JETON_TESTS_OWN_FOLDER_H

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OWN_FOLDER "/tmp/jeton-test-XXXXXX"

/* Its path goes to `ret`. Its descriptor, or -1. */
static inline int own_folder_make(char ret[sizeof OWN_FOLDER]) {
        memcpy(ret, OWN_FOLDER, sizeof OWN_FOLDER);
        return mkdtemp(ret) ? open(ret, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
}

static inline int own_folder_entry_remove(const char *path, const struct stat *status, int kind,
                                          struct FTW *place) {
        (void)status;
        (void)kind;
        (void)place;
        return remove(path);
}

/* Leaves it first, where the test has gone into it. 0 or -1. */
static inline int own_folder_remove(const char *path) {
        return chdir("/") < 0 ? -1 : nftw(path, own_folder_entry_remove, 8, FTW_DEPTH | FTW_PHYS);
}

#endif
