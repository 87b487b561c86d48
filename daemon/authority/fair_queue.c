/* Rounds: in each, every owner has one entry. The list is kept in the order of rounds, and within a
 * round in the order of arrival. */
#include "fair_queue.h"

#include <stddef.h>

static uint64_t round_for(const struct fair_queue *queue, uint64_t owner) {
        const struct fair_entry *entry;
        uint64_t round = queue->round;

        for (entry = queue->first; entry; entry = entry->next)
                if (entry->owner == owner)
                        round = entry->round + 1;
        return round;
}

void fair_queue_add(struct fair_queue *queue, struct fair_entry *entry, uint64_t owner) {
        struct fair_entry **place = &queue->first;

        entry->owner = owner;
        entry->round = round_for(queue, owner);
        while (*place && (*place)->round <= entry->round)
                place = &(*place)->next;
        entry->next = *place;
        *place = entry;
}

void fair_queue_remove(struct fair_queue *queue, struct fair_entry *entry) {
        struct fair_entry **place = &queue->first;

        while (*place && *place != entry)
                place = &(*place)->next;
        if (*place)
                *place = entry->next;
}

void fair_queue_take(struct fair_queue *queue, struct fair_entry *entry) {
        fair_queue_remove(queue, entry);
        if (entry->round > queue->round)
                queue->round = entry->round;
}
