/* What to do about a disk that is full, and about its like. */
#include "room.h"

#include "cleanup.h"

#include <errno.h>
#include <stddef.h>

static const struct {
        int error;
        const char *advice;
} advices[] = {
        {ENOSPC, ": make room there, or name a place on another disk"},
        {EDQUOT, ": make room there, or name a place on another disk"},
        {EFBIG, ": lift the limit on the size of files (ulimit -f), or name a place on another "
                "disk"},
};

const char *room_advice(int error) {
        size_t i;

        for (i = 0; i < ELEMENTS(advices); i++)
                if (advices[i].error == error)
                        return advices[i].advice;
        return "";
}
