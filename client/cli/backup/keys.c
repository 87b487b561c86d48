/* The private keys, as the signer's folder has them. Refuses to know what is in a key: the signer
 * looks at that. */
#include "backup.h"

#include "../../../common/cleanup.h"
#include "../../../common/log.h"
#include "../input.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#define STATES_NAME (&PART_STATES[sizeof PART_KEYS - 1])
#define FILE_MAX    16384

/* Keys are rotated once in a while, and then for milliseconds. */
#define TRIES    50
#define PAUSE_MS 20

/* ---- what `states` names ---- */

/* "KID ALG STATE SINCE UNTIL" */
static int file_of_line(struct text line, char ret[PART_NAME_MAX]) {
        struct text kid, algorithm;
        int n;

        if (!text_next_word(&line, &kid) || !text_next_word(&line, &algorithm) ||
            kid.len != KID_LEN || text_has(kid, '/'))
                return -EBADMSG;
        n = snprintf(ret, PART_NAME_MAX, PART_KEYS "%.*s%s", TEXT_ARGS(kid),
                     text_is(algorithm, TEXT("HS256")) ? ".hs256" : ".pem");
        return n < PART_NAME_MAX ? 0 : -EBADMSG;
}

int keys_check(const struct archive *archive, size_t *ret_count) {
        const struct part *part = archive_find(archive, PART_STATES);
        _cleanup_(secret_freep) struct secret *states = NULL;
        size_t i, files = 0, rows = 0;
        char name[PART_NAME_MAX];
        struct text rest, line;
        int r;

        for (i = 0; i < archive->count; i++)
                files += text_begins(text_of(archive->parts[i].name), TEXT(PART_KEYS));
        *ret_count = 0;
        if (files == 0)
                return 0;
        r = part ? part_read(archive, part, &states) : -EBADMSG;
        rest = secret_text(states);
        for (; r == 0 && text_next_line(&rest, &line); rows++) {
                r = file_of_line(line, name);
                if (r == 0 && !archive_find(archive, name))
                        r = -EBADMSG;
        }
        if (r < 0)
                return r;
        *ret_count = rows;
        return rows > 0 && rows == files - 1 ? 0 : -EBADMSG;
}

/* ---- from the folder ---- */

static int file_read(int dir, const char *name, struct secret **ret) {
        _cleanup_(closep) int fd =
                openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        return S_ISREG(st.st_mode) ? input_read(fd, FILE_MAX, ret) : -EBADMSG;
}

static int files_add(struct archive *archive, int dir, struct text states) {
        char name[PART_NAME_MAX];
        struct text line;
        int r = 0;

        while (r == 0 && text_next_line(&states, &line)) {
                _cleanup_(secret_freep) struct secret *key = NULL;

                r = file_of_line(line, name);
                if (r == 0)
                        r = file_read(dir, name + sizeof PART_KEYS - 1, &key);
                if (r == 0)
                        r = archive_add(archive, name, secret_text(key));
        }
        return r;
}

/* -EAGAIN: it was changed meanwhile. A new key's file is there before `states` names it, and an old
 * one's goes afterwards: what one and the same `states` names, before and after, belongs together.
 */
static int keys_try(struct archive *archive, int dir) {
        _cleanup_(secret_freep) struct secret *before = NULL, *after = NULL;
        int added, r;

        r = file_read(dir, STATES_NAME, &before);
        if (r < 0)
                return r;
        added = files_add(archive, dir, secret_text(before));
        r = file_read(dir, STATES_NAME, &after);
        if (r < 0)
                return r;
        if (!secret_equal(secret_text(before), secret_text(after)))
                return -EAGAIN;
        return added < 0 ? added : archive_add(archive, PART_STATES, secret_text(after));
}

static int failed(int error) {
        if (error == -ENOENT)
                log_error("the keys are not whole: a file is gone; `jeton doctor` tells more");
        else if (error == -EAGAIN)
                log_error("the keys are being changed all the time: try again");
        else
                log_error("the keys cannot be copied: %s", strerror(-error));
        return error;
}

int keys_add(struct archive *archive, int keys_dir) {
        const struct archive before = *archive;
        int i, r = -EAGAIN;

        for (i = 0; r == -EAGAIN && i < TRIES; i++) {
                if (i > 0)
                        poll(NULL, 0, PAUSE_MS);
                *archive = before;
                r = keys_try(archive, keys_dir);
        }
        return r < 0 ? failed(r) : 0;
}
