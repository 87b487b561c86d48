/* libjeton: logins and tokens of the jetond on this host. Link with -ljeton; see libjeton(3).
 *
 * Return values. A function that returns int gives 0 when it is done and a negative errno when it
 * could not be; jeton_error() then has a sentence. Whether a password or a token was good is never
 * the return value but an out-parameter, whose zero means no. Out-parameters stay as they were when
 * a function fails.
 *
 * Ownership. What a function gives through `ret_` belongs to the caller, who frees it with the
 * function named there. A string from an accessor belongs to its object and lives as long.
 * Arguments are borrowed for the call alone.
 *
 * NULL. Where an argument may be NULL, its function says so; any other that is NULL is -EINVAL.
 * Freeing, closing, and asking an accessor about NULL are fine: it then tells of nothing.
 *
 * Texts are UTF-8 and end with NUL; no length is too long to be refused properly. Times are in
 * seconds unless the name says ms.
 *
 * Threads. Any number of threads may use one handle at a time. Calls that ask the daemon go on side
 * by side; jeton_verify() lets one thread in after the other, so give threads that do little else a
 * handle each. Each thread has a jeton_error() of its own. To close a handle, be its last user.
 * Tokens, claims and persons never change: any number of threads may read one. After fork(2) the
 * child may go on with a handle that no other thread was using.
 *
 * In your process. The library starts no thread, changes no signal and prints nothing; its
 * descriptors are closed on exec; it reads one variable of the environment, JETON_SOCKET, and not
 * even that in a program that is set-user-ID. It does use OpenSSL as your program has set it up,
 * which reads OpenSSL's own configuration unless you said otherwise beforehand.
 *
 * Errors of every call that asks the daemon:
 *
 *   -EINVAL        an argument cannot be, or the daemon finds the request malformed
 *   -ENOENT, -ECONNREFUSED, -EACCES, -ENAMETOOLONG, or another of connect(2)
 *                  the daemon cannot be reached; -EACCES also: the caller may not do this
 *   -EPERM         what listens there is not the daemon but another user's
 *   -ETIMEDOUT     the handle's time for one call is over
 *   -ECONNRESET    the connection broke: whether the daemon has done it is not known
 *   -EAGAIN        the daemon is busy or starting: try again in a moment
 *   -EBADMSG       the answer is not jetond's
 *   -EPROTO        any other answer
 *   -ENOMEM
 *
 * Stable. What is exported has a symbol version; it stays, with its meaning, as long as the soname
 * does. A struct that callers fill in begins with its size and grows at its end. Enumerators are
 * added, never renumbered: treat a verdict or outcome that you do not know as a no. */
#ifndef JETON_H
#define JETON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct jeton;        /* a handle: one daemon, one timeout */
struct jeton_tokens; /* what a login, or another grant, gave */
struct jeton_claims; /* what a valid token says */
struct jeton_person; /* what the daemon knows of a token's owner */

/* ---- the handle ---- */

struct jeton_options {
        size_t size;             /* sizeof(struct jeton_options): fields may be added behind */
        const char *socket_path; /* NULL: $JETON_SOCKET, else /run/jeton/jeton.sock */
        unsigned timeout_ms;     /* for each call as a whole, in milliseconds; 0: 10000 */
};

#define JETON_OPTIONS_INIT \
        { sizeof(struct jeton_options), NULL, 0 }

/* Makes a handle. Nothing is opened or sent yet: a daemon that is not running shows in the first
 * call that needs it. `options` may be NULL.
 *
 * Only a daemon that root started is believed; where the socket's path was given, by option or by
 * JETON_SOCKET, also one of the caller's own effective user at the time of this call.
 *
 * 0, with *ret_jeton for jeton_close(); -EINVAL: an empty path, or a `size` that cannot be;
 * -ENOMEM. jeton_open(3) */
int jeton_open(const struct jeton_options *options, struct jeton **ret_jeton);

/* Closes its descriptors, wipes and frees. jeton_open(3) */
void jeton_close(struct jeton *jeton);

/* One sentence, for a person, about the calling thread's last call on this handle that failed or
 * was refused by the daemon; "" when none was, or when the thread has failed elsewhere since.
 * NULL asks about a call that had no handle, such as jeton_open(). Never NULL; printable ASCII, fit
 * for a terminal and a log. Lives until the thread's next call of this library. jeton_open(3) */
const char *jeton_error(const struct jeton *jeton);

/* ---- logging in ---- */

enum jeton_login_outcome {
        JETON_LOGIN_REFUSED = 0,  /* wrong name or password, or the user is disabled: the daemon
                                   * does not tell which */
        JETON_LOGIN_BAD_SCOPE,    /* a scope that this user may not have there */
        JETON_LOGIN_BAD_AUDIENCE, /* an audience that this host does not issue for */
        JETON_LOGIN_NOT_ALLOWED,  /* no tokens in this way here */
        JETON_LOGIN_GRANTED = 0x6a,
};

struct jeton_login_request {
        size_t size; /* sizeof(struct jeton_login_request) */
        const char *username;
        const char *password; /* any bytes but NUL; never copied to where it is not wiped */
        size_t password_len;
        const char *audience; /* space-separated; NULL: the issuer */
        const char *scope;    /* space-separated; NULL: all that the user may have there */
};

#define JETON_LOGIN_REQUEST_INIT \
        { sizeof(struct jeton_login_request), NULL, NULL, 0, NULL, NULL }

/* Logs in with a password (POST /token; RFC 6749 4.3). One round trip.
 *
 * 0 with an outcome, and *ret_tokens for jeton_tokens_free() when that is JETON_LOGIN_GRANTED,
 * otherwise NULL. -EINVAL, before anything is sent: no user name, no password, one of more than
 * 512 bytes, or more than 16 audiences. Errors as listed above. jeton_login(3) */
int jeton_login(struct jeton *jeton, const struct jeton_login_request *request,
                enum jeton_login_outcome *ret_outcome, struct jeton_tokens **ret_tokens);

/* The access token, for "Authorization: Bearer" (RFC 6750 2.1). A secret. Never NULL.
 * jeton_tokens_access(3) tells of all five. */
const char *jeton_tokens_access(const struct jeton_tokens *tokens);

/* The refresh token, for jeton_refresh(); NULL when the daemon gave none. A secret. */
const char *jeton_tokens_refresh(const struct jeton_tokens *tokens);

/* Seconds that the access token lives, counted from when it was made (RFC 6749 5.1). */
int64_t jeton_tokens_expires_in(const struct jeton_tokens *tokens);

/* The granted scope, space-separated; "" when there is none. Never NULL. */
const char *jeton_tokens_scope(const struct jeton_tokens *tokens);

/* Wipes and frees. */
void jeton_tokens_free(struct jeton_tokens *tokens);

/* Trades a refresh token for an access token and the refresh token that follows (POST /token;
 * RFC 6749 6). `scope` narrows the access token; NULL: what the login was given. One round trip.
 *
 * A refresh token works once: store the new one before you use it. When the reply was lost, ask
 * again with the old one, within a minute: the new one is then the same. An older one ends the
 * session, because somebody else may have it.
 *
 * Outcomes, errors and ownership as of jeton_login(); JETON_LOGIN_REFUSED: the session has ended,
 * log in again. jeton_refresh(3) */
int jeton_refresh(struct jeton *jeton, const char *refresh_token, const char *scope,
                  enum jeton_login_outcome *ret_outcome, struct jeton_tokens **ret_tokens);

/* Ends a token before its time (POST /revoke; RFC 7009): an access token alone, or with a refresh
 * token its session and all access tokens of that. One round trip; when it is done, no verifier of
 * this host takes them any more. 0, for a token that nobody knows too; errors as listed above.
 * jeton_revoke(3) */
int jeton_revoke(struct jeton *jeton, const char *token);

/* ---- tokens without a password ---- */

struct jeton_token_request {
        size_t size;           /* sizeof(struct jeton_token_request) */
        const char *client_id; /* which identity section of jetond.conf(5), where several have the
                                * process; "local": the section self; NULL: the one that has it */
        const char *audience;  /* NULL: the issuer */
        const char *scope;     /* space-separated; NULL: all that the section opens there */
};

#define JETON_TOKEN_REQUEST_INIT \
        { sizeof(struct jeton_token_request), NULL, NULL, NULL }

/* A token for the calling process itself, with no secret: the kernel tells the daemon its effective
 * uid, its gid and its supplementary groups, and the daemon's configuration what they may have
 * (POST /token; RFC 6749 4.4). `request` may be NULL. One round trip.
 *
 * Outcomes, errors and ownership as of jeton_login(). JETON_LOGIN_NOT_ALLOWED: no section has this
 * process; the daemon's log says what is missing. -EINVAL, too, where several have it and none is
 * named. There is no refresh token: ask again. jeton_token(3) */
int jeton_token(struct jeton *jeton, const struct jeton_token_request *request,
                enum jeton_login_outcome *ret_outcome, struct jeton_tokens **ret_tokens);

struct jeton_exchange_request {
        size_t size;          /* sizeof(struct jeton_exchange_request) */
        const char *token;    /* an access token of this host */
        const char *audience; /* NULL: the token's own; another only for a token for the issuer */
        const char *scope;    /* space-separated; NULL: all that is left */
        const char *roles;    /* space-separated; "": none; NULL: all that are left */
        unsigned lifetime_s;  /* at most, in seconds; 0: no bound of one's own */
};

#define JETON_EXCHANGE_REQUEST_INIT \
        { sizeof(struct jeton_exchange_request), NULL, NULL, NULL, NULL, 0 }

/* A narrower token for one's own, to be handed to something that is trusted less (POST /token;
 * RFC 8693): of the same subject and session, never wider in audience, scope, roles or time, and
 * ended with it. One round trip; the token given stays good.
 *
 * Outcomes, errors and ownership as of jeton_login(). JETON_LOGIN_REFUSED: the token is not, or no
 * longer, good, or it has not the roles; JETON_LOGIN_NOT_ALLOWED: it is a confidential client's,
 * which takes its secret. There is no refresh token. jeton_exchange(3) */
int jeton_exchange(struct jeton *jeton, const struct jeton_exchange_request *request,
                   enum jeton_login_outcome *ret_outcome, struct jeton_tokens **ret_tokens);

/* ---- verifying ---- */

enum jeton_verdict {
        JETON_INVALID = 0, /* not a token of this host: its form, key or signature */
        JETON_EXPIRED,
        JETON_NOT_YET, /* issued in the future: look at the clock */
        JETON_WRONG_ISSUER,
        JETON_WRONG_AUDIENCE, /* good, but meant for somebody else */
        JETON_REVOKED,        /* it, its session, its owner, its client or all were ended */
        JETON_ASK_DAEMON,     /* its key is not published (HS256): jeton_introspect() tells */
        JETON_VALID = 0x6a,
};

/* As the audience of jeton_verify(): for tools that only look. A service names itself. */
#define JETON_ANY_AUDIENCE "*"

/* Verifies an access token of this host inside this process: no round trip, and the daemon need not
 * be running. The keys are those that it published in the file `keys` beside its socket,
 * revocations those in the file `status`; both are read again when they change. The token must be
 * spelled as the daemon wrote it (no blanks around it), be signed by one of those keys with that
 * key's algorithm, come from the daemon's issuer and not be expired (RFC 8725, RFC 9068 4). Clocks
 * may differ by 60 seconds.
 *
 * `audience` is who the caller is, to the byte; NULL: the issuer itself.
 *
 * 0 with a verdict, and *ret_claims for jeton_claims_free() when that is JETON_VALID, otherwise
 * NULL. -ENOENT: the daemon has never run here; -EAGAIN: it has published nothing yet; -EPERM: one
 * of the two files could have been written by others; -EBADMSG: it is not a page of this version;
 * -EBUSY: it changed all the while it was read; -EOVERFLOW: more is revoked than the file holds, so
 * that only the daemon can tell; -ENOMEM, or another of open(2). jeton_verify(3) */
int jeton_verify(struct jeton *jeton, const char *token, const char *audience,
                 enum jeton_verdict *ret_verdict, struct jeton_claims **ret_claims);

/* Asks the daemon whether the token is good now, and what it says (POST /introspect; RFC 7662): for
 * what jeton_verify() answers with JETON_ASK_DAEMON. One round trip.
 *
 * `audience` as of jeton_verify(). 0 with JETON_VALID and *ret_claims for jeton_claims_free(), or
 * with NULL and JETON_WRONG_AUDIENCE, or JETON_INVALID for all else, for the daemon does not say
 * why (RFC 7662 2.2). Errors as listed above; -EAGAIN also: more is revoked than it can tell of in
 * this way. jeton_introspect(3) */
int jeton_introspect(struct jeton *jeton, const char *token, const char *audience,
                     enum jeton_verdict *ret_verdict, struct jeton_claims **ret_claims);

/* "valid", "expired", "wrong audience" ...; "invalid" for a number that is no verdict. Never NULL.
 * jeton_verify(3) */
const char *jeton_verdict_text(enum jeton_verdict verdict);

/* What a valid token says (RFC 7519 4.1, RFC 9068 2.2). Lists are separated by single spaces; what
 * is absent is "", never NULL. jeton_claims_subject(3) tells of all of them. */
const char *jeton_claims_issuer(const struct jeton_claims *claims);
const char *jeton_claims_subject(const struct jeton_claims *claims);
const char *jeton_claims_audience(const struct jeton_claims *claims); /* list */
const char *jeton_claims_client_id(const struct jeton_claims *claims);
const char *jeton_claims_username(const struct jeton_claims *claims);
const char *jeton_claims_scope(const struct jeton_claims *claims); /* list */
const char *jeton_claims_roles(const struct jeton_claims *claims); /* list */
const char *jeton_claims_amr(const struct jeton_claims *claims);   /* list; RFC 8176 */
const char *jeton_claims_token_id(const struct jeton_claims *claims);
const char *jeton_claims_session_id(const struct jeton_claims *claims);

/* Seconds since 1970-01-01T00:00:00Z (RFC 7519 2, NumericDate); 0 for a login time that the token
 * does not tell. */
int64_t jeton_claims_expires_at(const struct jeton_claims *claims);
int64_t jeton_claims_issued_at(const struct jeton_claims *claims);
int64_t jeton_claims_login_at(const struct jeton_claims *claims);

/* Whether the owner is linked to a local account, and its uid; `ret_uid` may be NULL, and stays as
 * it was for a no. */
bool jeton_claims_uid(const struct jeton_claims *claims, uid_t *ret_uid);

/* Whether the word is in the list, to the byte. */
bool jeton_claims_has_audience(const struct jeton_claims *claims, const char *audience);
bool jeton_claims_has_scope(const struct jeton_claims *claims, const char *scope);
bool jeton_claims_has_role(const struct jeton_claims *claims, const char *role);

/* Frees. */
void jeton_claims_free(struct jeton_claims *claims);

/* ---- asking the daemon about a token's owner ---- */

/* GET /userinfo with the token as bearer (OpenID Connect Core 5.3): what the daemon knows now,
 * where a token says what was true when it was made. One round trip. The token's audience must be
 * the issuer.
 *
 * 0 with JETON_VALID and *ret_person for jeton_person_free(), or with JETON_INVALID and NULL when
 * the daemon refuses the token. Errors as listed above. jeton_userinfo(3) */
int jeton_userinfo(struct jeton *jeton, const char *token, enum jeton_verdict *ret_verdict,
                   struct jeton_person **ret_person);

/* UTF-8 without control characters; NULL where the daemon has none. jeton_person_subject(3) */
const char *jeton_person_subject(const struct jeton_person *person); /* never NULL */
const char *jeton_person_username(const struct jeton_person *person);
const char *jeton_person_full_name(const struct jeton_person *person);
const char *jeton_person_email(const struct jeton_person *person);

/* Frees. */
void jeton_person_free(struct jeton_person *person);

#ifdef __cplusplus
}
#endif

#endif
