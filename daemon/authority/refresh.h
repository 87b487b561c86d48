/* Refresh tokens: how they are made, recognised and replaced. Knows no store and no policy.
 *
 * A token is base64url of three things: the session's sid, 32 random bytes, and a tag by which the
 * session tells its own tokens, all of them that ever were, from made-up ones. So one row a session
 * is enough to see that an old token comes back. */
#ifndef JETON_AUTHORITY_REFRESH_H
#define JETON_AUTHORITY_REFRESH_H

#include "store/sessions.h"

#define REFRESH_SID_LEN    16
#define REFRESH_SECRET_LEN 32
#define REFRESH_TAG_LEN    16
#define REFRESH_BYTES      (REFRESH_SID_LEN + REFRESH_SECRET_LEN + REFRESH_TAG_LEN)
#define REFRESH_TOKEN_LEN  86 /* in base64url */

/* After a rotation the token before may be presented once more, by a client that never saw the
 * reply, for this long and until the newer one is used. */
#define REFRESH_GRACE_S 60

/* A secret: to be wiped with refresh_clear(). */
struct refresh_token {
        uint8_t sid[REFRESH_SID_LEN];
        uint8_t secret[REFRESH_SECRET_LEN];
        uint8_t tag[REFRESH_TAG_LEN];
};

enum refresh_verdict {
        REFRESH_FOREIGN = 0, /* not of this session: made up, or damaged */
        REFRESH_REPLAYED,    /* of this session, and replaced long ago: two parties hold it */
        REFRESH_RETRIED,     /* the one before the newest, within the grace */
        REFRESH_NEWEST = 0x6a,
};

/* Draws the sid of a new session, 127 random bits. It never begins with '-', which would make it an
 * option on a command line; nor do the session's refresh tokens. 0 or -errno. */
int sid_draw(char ret[SID_LEN + 1]);

/* Takes a token apart. 0 or -EINVAL. */
int refresh_parse(struct text token, struct refresh_token *ret);

/* The session's sid, as tokens have it. */
void refresh_sid(const struct refresh_token *token, char ret[SID_LEN + 1]);

void refresh_write(const struct refresh_token *token, char ret[REFRESH_TOKEN_LEN + 1]);

/* Makes the first token of a session that has its sid; fills the session's keys and hashes. 0 or
 * -errno. */
int refresh_begin(struct session *session, struct refresh_token *ret);

/* What a presented token is to the session. 0 or -errno. */
int refresh_judge(const struct session *session, const struct refresh_token *token, int64_t now,
                  enum refresh_verdict *ret);

/* The token that follows the newest: changes the session as it is to be stored. 0 or -errno. */
int refresh_rotate(struct session *session, const struct refresh_token *newest, int64_t now,
                   struct refresh_token *ret);

/* The token that has followed a REFRESH_RETRIED one, once more. 0 or -errno. */
int refresh_repeat(const struct session *session, const struct refresh_token *retried,
                   struct refresh_token *ret);

void refresh_clear(struct refresh_token *token);

#endif
