/* Shares by uid: a hash table with chains, in arrays that are made once and never grow. */
#include "budget.h"

#include "../../common/cleanup.h"

#include <errno.h>

#define NOBODY UINT32_MAX /* no index */

struct budget_share {
        uint32_t uid, count;
        uint32_t next; /* in its bucket, or in the list of free ones */
};

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
        budget->first_free = 0;
        return 0;
}

void budget_clear(struct budget *budget) {
        freep(&budget->shares);
        freep(&budget->buckets);
        budget->size = 0;
}

static uint32_t *bucket_of(struct budget *budget, uint32_t uid) {
        return &budget->buckets[uid * UINT32_C(2654435761) % budget->size];
}

/* The place that holds the index of that uid's share, or the end of its chain. */
static uint32_t *place_of(struct budget *budget, uint32_t uid) {
        uint32_t *place = bucket_of(budget, uid);

        while (*place != NOBODY && budget->shares[*place].uid != uid)
                place = &budget->shares[*place].next;
        return place;
}

static struct budget_share *share_add(struct budget *budget, uint32_t *place, uint32_t uid) {
        struct budget_share *share = &budget->shares[budget->first_free];

        *place = budget->first_free;
        budget->first_free = share->next;
        *share = (struct budget_share){.uid = uid, .next = NOBODY};
        return share;
}

/* Of those who hold nothing a new one: while something may be charged, one is free. */
static struct budget_share *share_get(struct budget *budget, uint32_t uid) {
        uint32_t *place = place_of(budget, uid);

        return *place == NOBODY ? share_add(budget, place, uid) : &budget->shares[*place];
}

static uint32_t limit_of(const struct budget_limits *limits, uint32_t uid) {
        bool is_shared = uid == BUDGET_WEB || uid == BUDGET_STRANGERS;

        return is_shared && limits->total / 2 > limits->per_uid ? limits->total / 2
                                                                : limits->per_uid;
}

int budget_charge(struct budget *budget, const struct budget_limits *limits, uint32_t uid) {
        uint32_t total = limits->total < budget->size ? limits->total : budget->size;
        struct budget_share *share;

        if (budget->used >= (uid == 0 ? total : total - total / 10))
                return -EDQUOT;
        share = share_get(budget, uid);
        /* A share that was made just now holds none, and every limit is at least one. */
        if (share->count >= limit_of(limits, uid))
                return -EDQUOT;
        share->count++;
        budget->used++;
        return 0;
}

void budget_return(struct budget *budget, uint32_t uid) {
        uint32_t *place = place_of(budget, uid), index = *place;
        struct budget_share *share;

        if (index == NOBODY)
                return;
        share = &budget->shares[index];
        budget->used--;
        if (--share->count > 0)
                return;
        *place = share->next;
        share->next = budget->first_free;
        budget->first_free = index;
}

void budget_move(struct budget *budget, uint32_t from, uint32_t to) {
        budget_return(budget, from);
        share_get(budget, to)->count++;
        budget->used++;
}
