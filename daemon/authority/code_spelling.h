/* How a login code is written: 80 bits as 16 characters of Crockford's base 32, in groups of four
 * (7K3M-Q9XZ-0RTD-4WBN). It is read in either case, with or without what separates the groups, and
 * what is easily taken for something else is taken for that: O for 0, I and L for 1. */
#ifndef JETON_AUTHORITY_CODE_SPELLING_H
#define JETON_AUTHORITY_CODE_SPELLING_H

#include "../../common/text.h"

#include <stdint.h>

#define CODE_BYTES 10
#define CODE_LEN   19 /* as it is written */
#define CODE_MAX   32 /* as it may be typed */

void code_spell(const uint8_t bytes[CODE_BYTES], char ret[CODE_LEN + 1]);

/* 0; -EINVAL: it has not the form of a code. *ret is a secret either way. */
int code_read(struct text typed, uint8_t ret[CODE_BYTES]);

#endif
