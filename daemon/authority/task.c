/* The tasks, by their words. Refuses to know where the database is and who asked: it was given a
 * descriptor, and has the rights of a uid. */
#include "task.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../common/log.h"
#include "../privsep/child.h"
#include "sessions.h"
#include "store/copy.h"
#include "store/settle.h"
#include "store/store.h"
#include "user_export.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

static int failed(const struct store *store) {
        log_error("%s", store_error(store));
        return EXIT_FAILURE;
}

static int export_with(user_writer *write) {
        _cleanup_(store_freep) struct store *store = NULL;
        int r;

        if (store_open_beside(CONTROL_FD, &store) < 0 || store_make_ready(store) < 0)
                return failed(store);
        r = users_export(store, write, stdout);
        if (r == 0)
                return EXIT_SUCCESS;
        /* Of a pipe, whose other end was closed by who says why. */
        return ferror(stdout) ? EXIT_FAILURE : failed(store);
}

static int export_json(void) {
        return export_with(user_write_json);
}

static int export_csv(void) {
        return export_with(user_write_csv);
}

/* ---- copies ---- */

#define IMAGE_HEAD_LEN 100

static int copy(void) {
        _cleanup_(store_freep) struct store *store = NULL;
        int r;

        r = store_open_beside(CONTROL_FD, &store);
        if (r == 0)
                r = store_copy_out(store, CONTROL_FD, STDOUT_FILENO);
        if (r == 0)
                return EXIT_SUCCESS;
        return r == -EPIPE ? EXIT_FAILURE : failed(store); /* its reader says why it went */
}

/* The file is somebody's, and only looked at. */
static int image_examine(const void *bytes, size_t len) {
        _cleanup_(store_freep) struct store *store = NULL;
        struct store_facts facts;

        if (store_open_image(bytes, len, &store) < 0 || store_examine(store, &facts) < 0)
                return failed(store);
        printf("%lld %llu %zu\n", (long long)facts.schema, (unsigned long long)facts.users, len);
        return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* By the page size and the number of pages in its head (https://sqlite.org/fileformat2.html 1.3).
 * 0: that is none, or there is not so much. */
static size_t image_len(const uint8_t *head, size_t available) {
        size_t page, count;

        if (available < IMAGE_HEAD_LEN)
                return 0;
        page = (size_t)head[16] << 8 | head[17];
        if (page == 1)
                page = 65536;
        count = (size_t)head[28] << 24 | (size_t)head[29] << 16 | (size_t)head[30] << 8 | head[31];
        return page > 0 && count <= available / page ? page * count : 0;
}

/* A database that begins where descriptor 3 does. */
static int check(void) {
        struct stat st;
        void *bytes;
        size_t len;

        if (fstat(CONTROL_FD, &st) < 0 || st.st_size == 0) {
                log_error("there is no database to look at");
                return EXIT_FAILURE;
        }
        bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, CONTROL_FD, 0);
        if (bytes == MAP_FAILED) {
                log_error("the database cannot be read: %s", strerror(errno));
                return EXIT_FAILURE;
        }
        len = image_len(bytes, (size_t)st.st_size);
        if (len > 0)
                return image_examine(bytes, len);
        log_error("there is no whole database");
        return EXIT_FAILURE;
}

/* ---- a database that comes back ---- */

/* No setting lets a token live longer, nor a verifier's clock be further behind. */
#define TOKENS_LIVE_S (7 * 24 * 60 * 60 + LEEWAY_MAX_S + 60)

/* Of the database that gives way, whose folder is descriptor 1 where there is one: it has given ids
 * that this one knows nothing of. It may be damaged, and the reason for all this. */
static int64_t last_id_of_old(void) {
        _cleanup_(store_freep) struct store *old = NULL;
        int64_t id = 0;

        if (faccessat(STDOUT_FILENO, STORE_FILE, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
                return 0;
        if (store_open_beside(STDOUT_FILENO, &old) < 0 || store_last_id(old, &id) < 0)
                log_warning("the database that is replaced does not say which ids it has given: %s",
                            store_error(old));
        return id;
}

static int settle_with(bool keeps_sessions) {
        _cleanup_(store_freep) struct store *store = NULL;
        int64_t now = clock_wall_s();
        bool created;

        if (store_open(CONTROL_FD, &created, &store) < 0 ||
            store_settle(store, keeps_sessions, last_id_of_old(), now + BIRTH_AHEAD_S,
                         now + TOKENS_LIVE_S) < 0)
                return failed(store);
        return EXIT_SUCCESS;
}

static int settle(void) {
        return settle_with(false);
}

static int settle_keeping(void) {
        return settle_with(true);
}

static const struct {
        const char *word;
        int (*run)(void);
} tasks[] = {
        {"--export-json", export_json},
        {"--export-csv", export_csv},
        {"--copy", copy},
        {"--check", check},
        {"--settle", settle},
        {"--settle-keeping-sessions", settle_keeping},
};

/* No path but those of the folders that it was given. */
static int shut_in(void) {
        static const int given[] = {CONTROL_FD, STDOUT_FILENO};
        int folders[ELEMENTS(given)];
        struct stat st;
        size_t i, count = 0;

        for (i = 0; i < ELEMENTS(given); i++)
                if (fstat(given[i], &st) == 0 && S_ISDIR(st.st_mode))
                        folders[count++] = given[i];
        return child_confine_within(folders, count);
}

int task_do(const char *word) {
        size_t i;

        log_init("jetond-authority", LOG_INFO);
        if (child_close_up(PROCESS_AUTHORITY) < 0 || shut_in() < 0)
                return EXIT_FAILURE;
        for (i = 0; i < ELEMENTS(tasks); i++)
                if (strcmp(tasks[i].word, word) == 0)
                        return tasks[i].run();
        log_error("this program is started by jetond and jeton, see jetond(8)");
        return EXIT_FAILURE;
}
