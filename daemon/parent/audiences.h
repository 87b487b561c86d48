/* The audience sections: who tokens may be for, and who may have them. */
#ifndef JETON_PARENT_AUDIENCES_H
#define JETON_PARENT_AUDIENCES_H

#include "config.h"

int audiences_read(cfg_t *root, struct settings *settings);

/* The rules between an audience and the other keys. 0, or -EINVAL with the place. */
int audiences_check(const struct config *config, const struct settings *settings);

void audiences_clear(struct settings *settings);
void audiences_print(const struct settings *settings, FILE *to);

#endif
