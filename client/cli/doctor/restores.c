/* What `jeton restore` leaves beside the state: one that is not at its end, and what was there
 * before. Names alone are looked at. */
#include "doctor.h"

#include "../../../common/cleanup.h"
#include "../../../daemon/parent/restored.h"

#include <dirent.h>
#include <string.h>

static const struct remain {
        const char *prefix, *found, *advice;
        enum verdict verdict;
} remains[] = {
        {RESTORE_READY, "a restore is decided and not at its end",
         "restart jetond: its start goes on with it, or says why it cannot", VERDICT_BROKEN},
        {RESTORE_NEW, "a restore runs or was broken off, and has keys and hashes there",
         "rm -r it, unless one runs", VERDICT_WARNING},
        {RESTORE_KEPT, "what a restore replaced is kept, with its keys and hashes",
         "rm -r it when all is well", VERDICT_WARNING},
};

static const struct remain *remain_of(const char *name) {
        size_t i;

        for (i = 0; i < ELEMENTS(remains); i++)
                if (strncmp(name, remains[i].prefix, strlen(remains[i].prefix)) == 0)
                        return &remains[i];
        return NULL;
}

static int is_remain(const struct dirent *entry) {
        return remain_of(entry->d_name) != NULL;
}

static void remain_tell(struct doctor *doctor, const char *folder, const char *name) {
        const struct remain *remain = remain_of(name);

        doctor_find(doctor, remain->verdict, remain->advice, "%s/%s: %s", folder, name,
                    remain->found);
}

static void folder_look(struct doctor *doctor, const char *folder) {
        struct dirent **entries = NULL;
        int i, count = scandir(folder, &entries, is_remain, versionsort);

        if (count < 0)
                doctor_find(doctor, VERDICT_UNSEEN, NULL, "%s: %s", folder, strerror(errno));
        if (count == 0)
                doctor_find(doctor, VERDICT_OK, NULL, "%s has nothing of a restore", folder);
        for (i = 0; i < count; i++) {
                remain_tell(doctor, folder, entries[i]->d_name);
                free(entries[i]);
        }
        free(entries);
}

void check_restores(struct doctor *doctor) {
        _cleanup_(freep) char *folder = doctor_state(doctor);

        if (folder)
                folder_look(doctor, folder);
}
