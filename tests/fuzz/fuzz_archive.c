/* A file that somebody gives out for a backup: what is believed of it is, byte for byte, what would
 * be written for those parts.
 *
 * links: client/cli/backup/archive.c
 * needs: libcrypto */
#include "../../client/cli/backup/archive.h"

#include "../../common/cleanup.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same_must_be_written(const struct archive *archive, const uint8_t *data, size_t size) {
        _cleanup_(closep) int fd = memfd_create("again", MFD_CLOEXEC);
        struct archive again = {.fd = fd, .made_at = archive->made_at};
        uint8_t *bytes = malloc(size);
        size_t i;

        for (i = 0; i < archive->count; i++) {
                const struct part *part = &archive->parts[i];
                struct text content = {(const char *)data + part->at, (size_t)part->size};

                if (archive_add(&again, part->name, content) < 0)
                        abort();
        }
        if (!bytes || archive_close(&again) < 0 || pread(fd, bytes, size, 0) != (ssize_t)size ||
            memcmp(bytes, data, size) != 0)
                abort();
        free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(closep) int fd = memfd_create("archive", MFD_CLOEXEC);
        const char *wrong = NULL;
        struct archive archive;
        int r;

        if (size == 0 || fd < 0 || write(fd, data, size) != (ssize_t)size)
                return 0;
        r = archive_read(fd, &archive, &wrong);
        if ((r == 0) != (wrong == NULL))
                abort();
        if (r == 0)
                same_must_be_written(&archive, data, size);
        return 0;
}
