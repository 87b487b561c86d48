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

/* What cannot be read stays as it is. */
static int uids_copy(struct authority *authority, struct status_table *table) {
        const struct status_table *published = status_page_published(authority->status_page);
        size_t count;
        int r;

        r = users_linked_uids(authority->store, table->uids, STATUS_UIDS_MAX, &count);
        if (r == 0) {
                table->uid_count = (uint32_t)count;
                return 0;
        }
        log_error("the linked accounts on the status page are not up to date: %s",
                  store_error(authority->store));
        memcpy(table->uids, published->uids, sizeof table->uids);
        table->uid_count = published->uid_count;
        return r;
}

/* The revocations are published in any case: they are in memory, and nobody waits for accounts. */
int status_publish(struct authority *authority) {
        struct status_table *table = status_page_next(authority->status_page);
        int r;

        r = uids_copy(authority, table);
        revocations_copy(&authority->revocations, table);
        status_page_publish(authority->status_page);
        return r;
}
