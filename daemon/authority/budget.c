/* Shares: a hash table with chains, in arrays that are made once and never grow. An address has a
 * share only while something is charged to it, so that the table has room for all of them. */
#include "budget.h"

#include "../../common/cleanup.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <string.h>

#define NOBODY UINT32_MAX /* no index */

struct budget_share {
        uint64_t whose;
        uint32_t count;
        uint32_t next; /* in its bucket, or in the list of free ones */
};

/* ---- whose it is ---- */

/* Behind the uids the IPv4 addresses, and behind those the IPv6 prefixes as numbers. No prefix that
 * is given to anybody is so low a number (RFC 4291 2.4): those share one. */
#define IPV4_FIRST (UINT64_C(1) << 32)
#define IPV6_LOW   (UINT64_C(2) << 32)
#define IPV6_FIRST (IPV6_LOW + 1)

static uint64_t share_of_ipv4(const void *address) {
        uint32_t number;

        memcpy(&number, address, sizeof number);
        return IPV4_FIRST + be32toh(number);
}

static uint64_t share_of_ipv6(const struct in6_addr *address) {
        uint64_t prefix;

        if (IN6_IS_ADDR_V4MAPPED(address))
                return share_of_ipv4(address->s6_addr + 12);
        memcpy(&prefix, address->s6_addr, sizeof prefix);
        prefix = be64toh(prefix);
        return prefix < IPV6_FIRST ? IPV6_LOW : prefix;
}

uint64_t budget_share_of_address(const char *address) {
        struct in6_addr ipv6;
        struct in_addr ipv4;

        if (inet_pton(AF_INET, address, &ipv4) == 1)
                return share_of_ipv4(&ipv4);
        return inet_pton(AF_INET6, address, &ipv6) == 1 ? share_of_ipv6(&ipv6) : BUDGET_WEB;
}

/* ---- the table ---- */

int budget_init(struct budget *budget, uint32_t size) {
        uint32_t i;

        budget->shares = calloc(size, sizeof *budget->shares);
        budget->buckets = calloc(size, sizeof *budget->buckets);
        if (!budget->shares || !budget->buckets) {
                budget_clear(budget);
                return -ENOMEM;
        }
        for (i = 0; i < size; i++) {
                budget->buckets[i] = NOBODY;
                budget->shares[i].next = i + 1 < size ? i + 1 : NOBODY;
        }
        budget->size = size;
        budget->used = 0;
        budget->used_by_web = 0;
        budget->first_free = 0;
        return 0;
}

void budget_clear(struct budget *budget) {
        freep(&budget->shares);
        freep(&budget->buckets);
        budget->size = 0;
}

static uint32_t *bucket_of(struct budget *budget, uint64_t whose) {
        uint64_t spread = whose * UINT64_C(0x9e3779b97f4a7c15) >> 32;

        return &budget->buckets[spread % budget->size];
}

/* The place that holds the index of that share, or the end of its chain. */
static uint32_t *place_of(struct budget *budget, uint64_t whose) {
        uint32_t *place = bucket_of(budget, whose);

        while (*place != NOBODY && budget->shares[*place].whose != whose)
                place = &budget->shares[*place].next;
        return place;
}

static struct budget_share *share_add(struct budget *budget, uint32_t *place, uint64_t whose) {
        struct budget_share *share = &budget->shares[budget->first_free];

        *place = budget->first_free;
        budget->first_free = share->next;
        *share = (struct budget_share){.whose = whose, .next = NOBODY};
        return share;
}

/* Of those who hold nothing a new one: while something may be charged, one is free. */
static struct budget_share *share_get(struct budget *budget, uint64_t whose) {
        uint32_t *place = place_of(budget, whose);

        return *place == NOBODY ? share_add(budget, place, whose) : &budget->shares[*place];
}

static uint32_t count_of(struct budget *budget, uint64_t whose) {
        uint32_t index = *place_of(budget, whose);

        return index == NOBODY ? 0 : budget->shares[index].count;
}

/* ---- what is charged ---- */

static uint32_t half_of_all(const struct budget_limits *limits) {
        return limits->total / 2 > limits->per_uid ? limits->total / 2 : limits->per_uid;
}

static uint32_t limit_of(const struct budget_limits *limits, uint64_t share) {
        bool is_of_many = share == BUDGET_WEB || share == BUDGET_STRANGERS;

        return is_of_many ? half_of_all(limits) : limits->per_uid;
}

static void add(struct budget *budget, uint64_t whose) {
        share_get(budget, whose)->count++;
        budget->used++;
        budget->used_by_web += budget_is_web(whose);
}

int budget_charge(struct budget *budget, const struct budget_limits *limits, uint64_t share) {
        uint32_t total = limits->total < budget->size ? limits->total : budget->size;

        if (budget->used >= (share == 0 ? total : total - total / 10) ||
            (budget_is_web(share) && budget->used_by_web >= half_of_all(limits)) ||
            count_of(budget, share) >= limit_of(limits, share))
                return -EDQUOT;
        add(budget, share);
        return 0;
}

void budget_return(struct budget *budget, uint64_t whose) {
        uint32_t *place = place_of(budget, whose), index = *place;
        struct budget_share *share;

        if (index == NOBODY)
                return;
        share = &budget->shares[index];
        budget->used--;
        budget->used_by_web -= budget_is_web(whose);
        if (--share->count > 0)
                return;
        *place = share->next;
        share->next = budget->first_free;
        budget->first_free = index;
}

void budget_move(struct budget *budget, uint64_t from, uint64_t to) {
        budget_return(budget, from);
        add(budget, to);
}

int budget_move_within(struct budget *budget, const struct budget_limits *limits, uint64_t from,
                       uint64_t to) {
        if (from == to)
                return 0;
        if (count_of(budget, to) >= limit_of(limits, to))
                return -EDQUOT;
        budget_move(budget, from, to);
        return 0;
}
