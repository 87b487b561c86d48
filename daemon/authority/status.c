/* The status page, written from the database. */
#include "status.h"

#include "../../common/log.h"
#include "store/users.h"

#include <string.h>

_Static_assert(USERS_LINKED_MAX <= STATUS_UIDS_MAX, "every linked uid has its place");

/* With more of them than the page holds, no reader may take a token for good by it. */
static void revocations_copy(const struct revocations *revocations, struct status_table *table) {
        bool fits = revocations->count <= STATUS_REVOCATIONS_MAX;

        table->revocation_count = fits ? (uint32_t)revocations->count : 0;
        table->is_full = !fits;
        if (table->revocation_count > 0)
                memcpy(table->revocations, revocations->entries,
                       revocations->count * sizeof *revocations->entries);
        if (!fits)
                log_error("%zu revocations are more than the status page holds: nobody but the "
                          "daemon can verify until some have expired",
                          revocations->count);
}

int status_publish(struct authority *authority) {
        struct status_table *table = status_page_next(authority->status_page);
        size_t count;
        int r;

        r = users_linked_uids(authority->store, table->uids, STATUS_UIDS_MAX, &count);
        if (r < 0) {
                log_error("the status page could not be written: %s", strerror(-r));
                return r;
        }
        table->uid_count = (uint32_t)count;
        revocations_copy(&authority->revocations, table);
        status_page_publish(authority->status_page);
        return 0;
}
