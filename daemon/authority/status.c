/* The status page, written from the database. */
#include "status.h"

#include "../../common/log.h"
#include "store/users.h"

#include <inttypes.h>
#include <string.h>

_Static_assert(USERS_LINKED_MAX <= STATUS_UIDS_MAX, "every linked uid has its place");

/* Told when it begins and when it is over: each revocation in between publishes, too. */
static void fullness_tell(struct authority *authority, bool is_full) {
        if (is_full == authority->status_is_full)
                return;
        authority->status_is_full = is_full;
        if (is_full)
                log_error("%zu revocations are more than the status page holds: nobody but the "
                          "daemon can tell which tokens are good until some have expired",
                          authority->revocations.count);
        else
                log_notice("the status page holds all revocations again; %" PRIu64
                           " questions about tokens came here meanwhile",
                           authority->full_questions);
        authority->full_questions = 0;
}

void status_note_question(struct authority *authority) {
        if (authority->status_is_full)
                authority->full_questions++;
}

/* With more of them than the page holds, no reader may take a token for good by it. */
static void revocations_copy(struct authority *authority, struct status_table *table) {
        const struct revocations *revocations = &authority->revocations;
        bool fits = revocations->count <= STATUS_REVOCATIONS_MAX;

        table->revocation_count = fits ? (uint32_t)revocations->count : 0;
        table->is_full = !fits;
        if (table->revocation_count > 0)
                memcpy(table->revocations, revocations->entries,
                       revocations->count * sizeof *revocations->entries);
        fullness_tell(authority, !fits);
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
        revocations_copy(authority, table);
        status_page_publish(authority->status_page);
        return r;
}
