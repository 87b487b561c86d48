/* What each holds of something that is scarce. Whoever is over his share is refused, so that nobody
 * starves another; a tenth of all is kept for uid 0. */
#ifndef JETON_AUTHORITY_BUDGET_H
#define JETON_AUTHORITY_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

/* Of all together, and of each uid or address; what has half of all is told below. */
struct budget_limits {
        uint32_t total, per_uid;
};

/* A share is a uid's, one of these two, or an address's on web.sock. */
#define BUDGET_WEB       UINT32_MAX       /* callers of web.sock whose address nobody says */
#define BUDGET_STRANGERS (UINT32_MAX - 1) /* uids for which no account is known: half of all */

/* The share of an address as inet_ntop(3) writes it: an IPv6 one's is its /64, and a mapped one's
 * that of the IPv4 one. BUDGET_WEB for "". */
uint64_t budget_share_of_address(const char *address);

/* Whether that share is one on web.sock: all of those together have half of all. */
static inline bool budget_is_web(uint64_t share) {
        return share >= BUDGET_WEB;
}

/* The uid or BUDGET_* that a share is for what is kept longer: for all of web.sock one. */
static inline uint32_t budget_owner(uint64_t share) {
        return budget_is_web(share) ? BUDGET_WEB : (uint32_t)share;
}

struct budget_share;

struct budget {
        struct budget_share *shares; /* one for each that holds something */
        uint32_t *buckets;
        uint32_t size, used, used_by_web, first_free;
};

/* For at most `size` things at once. 0 or -ENOMEM. */
int budget_init(struct budget *budget, uint32_t size);
void budget_clear(struct budget *budget);

/* Charges one. 0; -EDQUOT: that share, or everybody's, is used up. */
int budget_charge(struct budget *budget, const struct budget_limits *limits, uint64_t share);

/* One that was charged to `from` is `to`'s from now on, whatever the limits say. */
void budget_move(struct budget *budget, uint64_t from, uint64_t to);

/* The same, if that share allows it: 0; -EDQUOT: it is used up, and nothing has changed. */
int budget_move_within(struct budget *budget, const struct budget_limits *limits, uint64_t from,
                       uint64_t to);

/* Gives back one that was charged. */
void budget_return(struct budget *budget, uint64_t share);

#endif
