/* Who our tokens say made them. */
#ifndef JETON_PARENT_ISSUER_H
#define JETON_PARENT_ISSUER_H

#include "../../common/name.h"
#include "identities.h"

struct issuer_source {
        const char *configured;        /* empty: none */
        int state_dir;                 /* holds the file "issuer" */
        const char *state_path;        /* for messages */
        const char *programs;          /* where jetond-names is */
        const struct identity *worker; /* NULL: ours */
};

/* The configured one; else the one that the first start wrote down; else https:// and this host's
 * full name, which is written down now: tokens would lose their meaning if it changed with a lease.
 * 0 or -errno, logged. */
int issuer_find(const struct issuer_source *source, char ret[ISSUER_MAX + 1]);

#endif
