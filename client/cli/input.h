/* All that a descriptor has to give, where that may be a secret. */
#ifndef JETON_CLI_INPUT_H
#define JETON_CLI_INPUT_H

#include "../../common/secret.h"

/* Reads until the end. 0; -EFBIG: more than `max` bytes; other -errno. */
int input_read(int fd, size_t max, struct secret **ret);

#endif
