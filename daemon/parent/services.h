/* The identity sections and the section self: what the processes of this host may have tokens for
 * by the kernel's word. */
#ifndef JETON_PARENT_SERVICES_H
#define JETON_PARENT_SERVICES_H

#include "config.h"
#include "settings.h"

#include <stdio.h>

/* Fills settings->services, self last. 0 or -ENOMEM. */
int services_read(cfg_t *root, struct settings *settings);

/* The rules between keys and between sections. 0, or -EINVAL with the error kept. */
int services_check(const struct config *config, const struct settings *settings);

void services_clear(struct settings *settings);
void services_print(const struct settings *settings, FILE *to);

#endif
