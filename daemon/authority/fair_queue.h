/* A queue in which owners take turns: however much one of them has put in, another waits for one of
 * its entries at most. */
#ifndef JETON_AUTHORITY_FAIR_QUEUE_H
#define JETON_AUTHORITY_FAIR_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

/* Embedded in what waits. */
struct fair_entry {
        uint64_t owner;
        uint64_t round;
        struct fair_entry *next; /* borrowed: who waits owns itself */
};

/* Zeroed: empty. */
struct fair_queue {
        struct fair_entry *first;
        uint64_t round; /* of what was taken out last */
};

/* Puts it behind the others of its round: the one after the owner's last, or the current one. */
void fair_queue_add(struct fair_queue *queue, struct fair_entry *entry, uint64_t owner);

/* Its turn has come: takes it out, and its round is the current one. */
void fair_queue_take(struct fair_queue *queue, struct fair_entry *entry);

/* Takes it out of turn; one that is not in it is fine. */
void fair_queue_remove(struct fair_queue *queue, struct fair_entry *entry);

#endif
