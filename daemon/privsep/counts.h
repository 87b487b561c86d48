/* What the processes count, for GET /metrics. Numbers in words, a page of them for each process
 * that counts. A page has one writer, so a word needs no lock: readers see each one whole, and no
 * two of them of the same moment. */
#ifndef JETON_PRIVSEP_COUNTS_H
#define JETON_PRIVSEP_COUNTS_H

#include "message.h"

/* The pages of the frontends have their class's number. What is in theirs is known to them alone;
 * the authority hands it through. */
enum counts_page {
        COUNTS_PARENT = CLASS_COUNT,
        COUNTS_SHARED,                    /* so many are shared memory ... */
        COUNTS_AUTHORITY = COUNTS_SHARED, /* ... and this one is not */
        COUNTS_PAGES,
};

_Static_assert(COUNTS_PAGES == COUNTS_PAGES_MAX, "a frame names each page, and no other");

#define COUNTS_WORDS 2048 /* of a page */
#define COUNTS_SIZE  (COUNTS_WORDS * sizeof(uint64_t))

/* Words that one MSG_ANSWER_COUNTS carries. */
#define COUNTS_A_FRAME (COUNTS_BYTES_MAX / sizeof(uint64_t))

/* The parent's words: by enum process, how often one ended that was not to end. */

enum counted_grant {
        COUNTED_PASSWORD = 0,
        COUNTED_REFRESH_TOKEN,
        COUNTED_CLIENT_CREDENTIALS,
        COUNTED_PEER,
        COUNTED_TOKEN_EXCHANGE,
        COUNTED_ID_TOKEN,   /* of an outside issuer */
        COUNTED_CREDENTIAL, /* of a unit: credentials.sock */
        COUNTED_LOGIN,      /* in the file of a system login */
        COUNTED_GRANTS,
};

enum counted_attempt {
        COUNTED_RIGHT = 0,
        COUNTED_WRONG,
        COUNTED_THROTTLED,
        COUNTED_LOGIN_CODE,
        COUNTED_ATTEMPTS,
};

enum counted_budget {
        COUNTED_CONNECTIONS = 0,
        COUNTED_CALLS,
        COUNTED_HASHES,
        COUNTED_BUDGETS,
};

enum counted_sessions {
        COUNTED_REFRESH_SESSIONS = 0,
        COUNTED_LOGIN_SESSIONS,
        COUNTED_SESSIONS,
};

enum counted_jobs {
        COUNTED_WAITING = 0,
        COUNTED_RUNNING,
        COUNTED_JOBS,
};

#define COUNTED_STATES (KEY_RETIRED + 1) /* enum key_state */

/* Error codes of refusals: RFC 6749 5.2 and those of this server. */
#define COUNTED_ERRORS 13 /* the last is also any other */
extern const char *const counted_error_names[COUNTED_ERRORS];
size_t counted_error(struct text error);

/* The authority's words. */
enum count {
        COUNT_STARTED_AT = 0, /* seconds since 1970 */
        COUNT_ISSUED,         /* by enum counted_grant */
        COUNT_REFUSED = COUNT_ISSUED + COUNTED_GRANTS,
        COUNT_ATTEMPTS = COUNT_REFUSED + COUNTED_ERRORS,
        COUNT_LOCKOUTS = COUNT_ATTEMPTS + COUNTED_ATTEMPTS,
        COUNT_REUSED,
        COUNT_OVER_BUDGET,
        COUNT_HASHED = COUNT_OVER_BUDGET + COUNTED_BUDGETS,
        COUNT_ACCEPTED, /* by class */

        /* what is so at the moment */
        COUNT_CONNECTIONS = COUNT_ACCEPTED + CLASS_COUNT, /* by class */
        COUNT_CALLS = COUNT_CONNECTIONS + CLASS_COUNT,
        COUNT_JOBS,
        COUNT_WORKERS = COUNT_JOBS + COUNTED_JOBS,
        COUNT_SESSIONS,
        COUNT_LOCKED = COUNT_SESSIONS + COUNTED_SESSIONS,
        COUNT_REVOCATIONS,
        COUNT_REVOCATIONS_MAX,
        COUNT_KEYS, /* by algorithm, and in it by state */
        COUNT_KEY_ACTIVE_AT = COUNT_KEYS + KEY_ALGORITHM_COUNT * COUNTED_STATES,
        COUNTS_OF_AUTHORITY = COUNT_KEY_ACTIVE_AT + KEY_ALGORITHM_COUNT,
};

/* Of the page's one writer. */
static inline void counts_add(uint64_t *word, uint64_t more) {
        __atomic_store_n(word, *word + more, __ATOMIC_RELAXED);
}

static inline uint64_t counts_read(const uint64_t *word) {
        return __atomic_load_n(word, __ATOMIC_RELAXED);
}

/* The page behind a descriptor, for as long as the process lives. 0 or -errno; -EBADMSG: of another
 * size. */
int counts_map(int fd, bool is_writer, uint64_t **ret);

/* As numbers travel: little endian. */
void counts_pack(const uint64_t *words, size_t count, uint8_t *ret_bytes);
/* Into the page that they are of. 0; -EPROTO: they are beyond it. */
int counts_unpack(const struct msg_answer_counts *answer, uint64_t pages[][COUNTS_WORDS]);

#endif
