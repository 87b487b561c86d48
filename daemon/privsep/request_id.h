/* What a caller, the audit line and the log call one request. Made of what the authority said of
 * the connection and of how many questions have been asked on it, which both sides count: so no
 * answer needs to carry it. */
#ifndef JETON_PRIVSEP_REQUEST_ID_H
#define JETON_PRIVSEP_REQUEST_ID_H

#include <stdint.h>

#define REQUEST_ID_SIZE 32

/* "0f3a9c5d71e2b846-3" */
void request_id_write(uint64_t connection_id, uint32_t question, char ret[REQUEST_ID_SIZE]);

#endif
