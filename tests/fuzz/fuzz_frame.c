/* A process's whole inbox: any bytes, from every sender to every receiver. What is taken must be
 * permitted, and must be the only spelling of what it means. */
#include "../../daemon/privsep/message.h"
#include "../../daemon/privsep/permit.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void frame_take(enum message_type type, uint64_t call, const uint8_t *frame, size_t len) {
        uint8_t again[FRAME_MAX];
        union message message;
        size_t again_len;

        if (message_decode(type, frame, len, &message) < 0)
                return;
        if (len > message_max(type) || message_encode(type, call, &message, again, &again_len) < 0)
                abort();
        if (again_len != len || memcmp(again, frame, len) != 0)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        enum message_type type;
        uint64_t call;

        if (message_decode_header(data, size, &type, &call) < 0)
                return 0;
        for (int from = PROCESS_NONE; from < PROCESS_COUNT; from++)
                for (int to = PROCESS_NONE; to < PROCESS_COUNT; to++)
                        if (permit_find(type, (enum process)from, (enum process)to,
                                        PHASE_SETUP | PHASE_RUNNING))
                                frame_take(type, call, data, size);
        return 0;
}
