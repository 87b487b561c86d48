/* The status page, written from the database. */
#include "status.h"

#include "../../common/log.h"
#include "store/users.h"

#include <string.h>

_Static_assert(USERS_LINKED_MAX <= STATUS_UIDS_MAX, "every linked uid has its place");

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
        status_page_publish(authority->status_page);
        return 0;
}
