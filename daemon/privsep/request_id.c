/* A request's name. */
#include "request_id.h"

#include <inttypes.h>
#include <stdio.h>

void request_id_write(uint64_t connection_id, uint32_t question, char ret[REQUEST_ID_SIZE]) {
        snprintf(ret, REQUEST_ID_SIZE, "%016" PRIx64 "-%" PRIu32, connection_id, question);
}
