/* A folder with a configuration; every test has a new one. */
#ifndef JETON_TESTS_SETTINGS_FOLDER_H
#define JETON_TESTS_SETTINGS_FOLDER_H

#include "../../daemon/parent/settings.h"
#include "own_folder.h"

struct folder {
        char dir[sizeof OWN_FOLDER];
        char file[96]; /* jetond.conf in it */
        char error[SETTINGS_ERROR_MAX];
        struct settings *settings; /* of the last load that was good */
};

static inline int folder_make(void **state) {
        struct folder *folder = calloc(1, sizeof *folder);
        int fd;

        assert_non_null(folder);
        fd = own_folder_make(folder->dir);
        assert_true(fd >= 0);
        close(fd);
        snprintf(folder->file, sizeof folder->file, "%s/jetond.conf", folder->dir);
        *state = folder;
        return 0;
}

static inline int folder_remove(void **state) {
        struct folder *folder = *state;

        settings_free(folder->settings);
        assert_int_equal(own_folder_remove(folder->dir), 0);
        free(folder);
        return 0;
}

#endif
