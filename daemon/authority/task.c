/* The tasks, by their words. Refuses to know where the database is and who asked: it was given a
 * descriptor, and has the rights of a uid. */
#include "task.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"
#include "../privsep/child.h"
#include "store/store.h"
#include "user_export.h"

#include <stdbool.h>
#include <string.h>

static int failed(const struct store *store) {
        log_error("%s", store_error(store));
        return EXIT_FAILURE;
}

static int export_with(user_writer *write) {
        _cleanup_(store_freep) struct store *store = NULL;
        int r;

        if (store_open_beside(CONTROL_FD, &store) < 0)
                return failed(store);
        r = users_export(store, write, stdout);
        if (r == -EPIPE || r == -ENOSPC || r == -EDQUOT)
                log_error("the users cannot be written: %s", strerror(-r));
        else if (r < 0)
                return failed(store);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int export_json(void) {
        return export_with(user_write_json);
}

static int export_csv(void) {
        return export_with(user_write_csv);
}

static const struct {
        const char *word;
        int (*run)(void);
} tasks[] = {
        {"--export-json", export_json},
        {"--export-csv", export_csv},
};

int task_do(const char *word) {
        size_t i;

        log_init("jetond-authority", LOG_INFO);
        if (child_close_up(PROCESS_AUTHORITY) < 0)
                return EXIT_FAILURE;
        for (i = 0; i < ELEMENTS(tasks); i++)
                if (strcmp(tasks[i].word, word) == 0)
                        return tasks[i].run();
        log_error("this program is started by jetond and jeton, see jetond(8)");
        return EXIT_FAILURE;
}
