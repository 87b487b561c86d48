/* All keys of one section at once. `object` is the section's struct, as keys.h says. */
#ifndef JETON_PARENT_SECTIONS_H
#define JETON_PARENT_SECTIONS_H

#include "config.h"
#include "keys.h"

/* Stores what the section says, and the default where it says nothing. 0 or -errno. */
int section_read(cfg_t *from, enum section section, void *object);

void section_clear(enum section section, void *object);
void section_print(enum section section, const void *object, int indent, FILE *to);

/* As settings_keep_fixed(), for one section. */
int section_keep_fixed(enum section section, const void *running, void *fresh,
                       void (*differs)(const char *key));

#endif
