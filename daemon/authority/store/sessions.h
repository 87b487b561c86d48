/* The sessions that have something durable: a refresh token, of which only hashes are here. And the
 * revocations, with which sessions end.
 *
 * What changes them takes a transaction. Errors as in store.h. */
#ifndef JETON_STORE_SESSIONS_H
#define JETON_STORE_SESSIONS_H

#include "../../../common/jwt/claims.h"
#include "../../../common/jwt/pages.h"
#include "store.h"
#include "transaction.h"

#define REFRESH_HASH_LEN 32
#define FAMILY_KEY_LEN   32
#define ROTATION_LEN     32

/* Of one user, and of those charged to one uid, at a time; the one that was used longest ago gives
 * way to a new one. */
#define SESSIONS_PER_USER 64
#define SESSIONS_PER_UID  16384

/* `charged_to` of sessions that are charged to nobody. */
#define SESSIONS_OF_NOBODY UINT32_MAX

struct session {
        char sid[SID_LEN + 1];
        uint64_t user_id;
        char username[USER_NAME_MAX + 1]; /* as it is now; read only */
        char client_id[CLIENT_MAX + 1];
        char audience[AUDIENCE_MAX + 1];
        char scope[SCOPE_MAX + 1]; /* what was granted at the login: no refresh goes beyond */
        char amr[AMR_MAX + 1];
        int64_t auth_time;   /* of the login */
        int64_t used_at;     /* of the login or the last rotation */
        int64_t expires_at;  /* however often it is used */
        uint32_t charged_to; /* the uid that asked for it; written only */

        uint8_t family_key[FAMILY_KEY_LEN];     /* tells tokens of this session from made-up ones */
        uint8_t current_hash[REFRESH_HASH_LEN]; /* of the newest refresh token */
        bool has_previous;                      /* the grace after a rotation is not over */
        uint8_t previous_hash[REFRESH_HASH_LEN];
        uint8_t rotation[ROTATION_LEN]; /* what made the newest token of the previous one */
        int64_t grace_until;
};

/* Those that gave way to a new one: one of the user and one of the uid, unless the limits were
 * higher before. */
#define SESSIONS_TRIMMED_MAX 8

struct sessions_trimmed {
        size_t count;
        struct {
                char sid[SID_LEN + 1];
                char username[USER_NAME_MAX + 1];
        } of[SESSIONS_TRIMMED_MAX];
};

/* Adds a session, and gives those that it takes the place of. */
int sessions_add(struct transaction *transaction, const struct session *session,
                 struct sessions_trimmed *ret_trimmed);

/* -ENOENT: there is none, or it has ended. */
int sessions_find(struct store *store, struct text sid, struct session *ret);

/* Replaces current_hash, previous_hash, rotation, grace_until and used_at by those of `rotated`,
 * where `presented` is the current hash: -ESTALE when it is not. */
int sessions_rotate(struct transaction *transaction, const struct session *rotated,
                    const uint8_t presented[REFRESH_HASH_LEN]);

/* Which sessions a list is about: those of a user (0: of everybody) that have not ended. */
struct session_filter {
        uint64_t user_id;
        int64_t now;
        int64_t idle_s;
        uint32_t skip, limit;
};

/* A list of everybody's goes no further back than so many logins: it costs nobody a wait. */
#define SESSIONS_LISTED_MAX 10000

/* Gives them to each() by the time of their login, newest first, as users_list() does. */
int sessions_list(struct store *store, const struct session_filter *filter,
                  int (*each)(void *context, const struct session *session), void *context,
                  uint64_t *ret_total);

/* When the latest login or refresh was that is not beyond `most`; 0: none is known. */
int sessions_latest(struct store *store, int64_t most, int64_t *ret);

/* ---- revocations ---- */

/* Live entries of single tokens and sessions that one subject may have; one more, and all of them
 * become one entry for the subject. */
#define REVOCATIONS_PER_SUBJECT 64

struct revocation {
        struct page_revocation entry;
        bool has_subject;                      /* of a token or a session: whose it is */
        uint8_t subject[REVOCATION_VALUE_LEN]; /* revocation_digest() of his sub */
        int64_t now;
        int64_t until;   /* the `before` that covers what was issued until now */
        int64_t horizon; /* when the last token issued until now has expired */
        bool is_crowded; /* verifiers can be told of no more entries */

        /* the sessions that end with it: that one, or those of a user, of a client, of everybody */
        struct text sid;
        uint64_t user_id;
        struct text kept_sid; /* of the user's, that one stays; empty: none */
        struct text client_id;
        int64_t login_before; /* of these only the ones whose login was before that */
};

/* Ends the sessions and stores the entry, both or nothing: from the commit on nobody finds them,
 * and what is more of them than a sweep removes at once is removed by the next ones.
 * *ret_collapsed: the subject had too many entries, and his have become one; or there are too many
 * in all, and those of each have. */
int revocations_store(struct transaction *transaction, const struct revocation *revocation,
                      bool *ret_collapsed);

/* Sids of sessions of one user. */
struct sessions_of_user {
        size_t count;
        char sids[SESSIONS_PER_USER][SID_LEN + 1];
};

/* Which sessions of its user a revocation will end that were used at `since` or after: these may
 * have tokens that its entry does not cover. */
int revocation_find_used(struct transaction *transaction, const struct revocation *revocation,
                         int64_t since, struct sessions_of_user *ret);

/* Gives all that are live to each(), which must not use the store. */
int revocations_list(struct store *store, int64_t now,
                     int (*each)(void *context, const struct page_revocation *entry),
                     void *context);

/* Removes what is over: sessions, secrets of rotations whose grace has ended, entries that no token
 * needs any more, up to SWEEP_MAX (endings.h) of each. *ret_entries: how many of the last.
 * *ret_next: when there is more to do: at `now`, if it was too much for once, or when the next
 * grace ends; INT64_MAX: none is running. */
int sessions_sweep(struct transaction *transaction, int64_t now, int64_t idle_s,
                   uint64_t *ret_entries, int64_t *ret_next);

/* The latest moment at which a token that was ever issued can expire, when none lives longer than
 * `lifetime_s` from now on: remembers across restarts what was longer before. */
int lifetimes_store(struct transaction *transaction, int64_t now, uint32_t lifetime_s,
                    int64_t *ret_horizon);

#endif
