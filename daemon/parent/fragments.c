/* Hidden files, and what editors leave behind, are none of them. */
#include "fragments.h"

#include "../../common/cleanup.h"

#include <dirent.h>
#include <string.h>

static int is_fragment(const struct dirent *entry) {
        size_t len = strlen(entry->d_name);

        return len > 5 && entry->d_name[0] != '.' && strcmp(entry->d_name + len - 5, ".conf") == 0;
}

static int each_read(const char *dir, struct dirent **entries, int n,
                     int (*read)(void *context, const char *path), void *context) {
        _cleanup_(freep) char *path = NULL;
        int i, r = 0;

        for (i = 0; i < n && r == 0; i++) {
                freep(&path);
                if (asprintf(&path, "%s/%s", dir, entries[i]->d_name) < 0)
                        return -ENOMEM;
                r = read(context, path);
        }
        return r;
}

int fragments_read(const char *dir, int (*read)(void *context, const char *path), void *context) {
        struct dirent **entries = NULL;
        int i, n, r;

        n = scandir(dir, &entries, is_fragment, alphasort);
        if (n < 0)
                return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
        r = each_read(dir, entries, n, read, context);
        for (i = 0; i < n; i++)
                free(entries[i]);
        free(entries);
        return r;
}
