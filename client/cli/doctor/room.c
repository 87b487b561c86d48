/* Whether there is room where the daemon stores users, sessions and keys. Without it logins go on,
 * and everything that is to be kept is refused. */
#include "../state.h"
#include "doctor.h"

#include "../../../common/cleanup.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/statvfs.h>

/* For the log of the database, which grows with each change until it is folded in. */
#define ROOM_NEEDED (UINT64_C(1) << 20)
#define ROOM_WANTED (UINT64_C(16) << 20)

/* A file system that counts no files has none to run out of. */
static uint64_t room_of(const struct statvfs *there) {
        if (there->f_files > 0 && there->f_favail == 0)
                return 0;
        return (uint64_t)there->f_bavail * there->f_frsize;
}

static void room_judge(struct doctor *doctor, const char *folder, uint64_t room) {
        static const char advice[] = "make room on that disk: users, sessions and keys are stored "
                                     "there";
        enum verdict verdict = room < ROOM_NEEDED   ? VERDICT_BROKEN
                               : room < ROOM_WANTED ? VERDICT_WARNING
                                                    : VERDICT_OK;

        doctor_find(doctor, verdict, verdict == VERDICT_OK ? NULL : advice,
                    "%s has %" PRIu64 " MiB left", folder, room >> 20);
}

void check_room(struct doctor *doctor) {
        _cleanup_(freep) char *folder = doctor_state(doctor);
        struct statvfs there;

        if (!folder)
                return;
        if (statvfs(folder, &there) < 0)
                doctor_find(doctor, VERDICT_UNSEEN, NULL, "%s: %s", folder, strerror(errno));
        else
                room_judge(doctor, folder, room_of(&there));
}
