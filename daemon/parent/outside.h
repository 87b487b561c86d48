/* The issuer sections: whose tokens about people are believed here. */
#ifndef JETON_PARENT_OUTSIDE_H
#define JETON_PARENT_OUTSIDE_H

#include "config.h"

#include "../privsep/message.h"

int outside_read(cfg_t *root, struct settings *settings);

/* The rules between the keys and between sections. 0, or -EINVAL with the place. */
int outside_check(const struct config *config, const struct settings *settings);

/* As settings_load() says it with 0: a file of keys that is to be fetched to where its unit cannot
 * write. */
void outside_doubt(const struct config *config, const struct settings *settings);

void outside_clear(struct settings *settings);
void outside_print(const struct settings *settings, FILE *to);

/* A line for each file that has a jwks-uri: address, file and algorithm, with tabs between them. */
void outside_print_sources(const struct settings *settings, FILE *to);

/* Whether none of them is `own`, which only a start knows. 0; or -EINVAL, logged. */
int outside_check_own(const struct settings *settings, const char *own);

/* An enum key_algorithm. */
uint32_t outside_algorithm(const struct outside_issuer *outside);

/* Opens the folder of his JWKS file, for a process that looks for the file itself, each time. Who
 * owns it speaks for the issuer and may be anybody; the folders above must be root's or ours. 0; or
 * -EINVAL with the reason in ret_wrong, of GUARDED_WRONG_MAX bytes, which is also filled where the
 * folder was opened and others than its owner can write in it. */
int outside_folder_open(const struct outside_issuer *outside, int *ret_fd, char *ret_wrong);

/* Of the file in that folder; lent. */
const char *outside_file_name(const struct outside_issuer *outside);

#endif
