/* What each uid holds of something that is scarce. Whoever is over his share is refused, so that
 * one uid cannot starve another; a tenth of all is kept for uid 0. */
#ifndef JETON_AUTHORITY_BUDGET_H
#define JETON_AUTHORITY_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

/* Of all uids together and of each; those below have half of all. */
struct budget_limits {
        uint32_t total, per_uid;
};

/* What is shared by many, of whom none is told from another: charged like one uid. */
#define BUDGET_WEB       UINT32_MAX       /* the callers behind web.sock */
#define BUDGET_STRANGERS (UINT32_MAX - 1) /* uids for which no account is known */

struct budget_share;

struct budget {
        struct budget_share *shares; /* one for each uid that holds something */
        uint32_t *buckets;
        uint32_t size, used, first_free;
};

/* For at most `size` things at once. 0 or -ENOMEM. */
int budget_init(struct budget *budget, uint32_t size);
void budget_clear(struct budget *budget);

/* Charges one to `uid`. 0; -EDQUOT: his share, or everybody's, is used up. */
int budget_charge(struct budget *budget, const struct budget_limits *limits, uint32_t uid);

/* One that was charged to `from` is `to`'s from now on, whatever the limits say. */
void budget_move(struct budget *budget, uint32_t from, uint32_t to);

/* Gives back one that was charged. */
void budget_return(struct budget *budget, uint32_t uid);

#endif
