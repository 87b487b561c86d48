/* The grammars of names (DESIGN: a name never reaches a file, a log line or a query before it has
 * passed one of these). */
#ifndef JETON_NAME_H
#define JETON_NAME_H

#include "text.h"

#define USER_NAME_MAX   32 /* bytes */
#define ROLE_NAME_MAX   64
#define SCOPE_MAX       1024 /* bytes of a whole scope parameter */
#define AUDIENCE_MAX    512  /* bytes of a whole space-separated audience list */
#define ISSUER_MAX      255
#define FULL_NAME_MAX   256
#define EMAIL_MAX       254  /* RFC 5321 4.5.3.1.3 less the brackets */
#define OUTSIDE_SUB_MAX 255  /* of an outside issuer's `sub` */
#define ROLES_MAX       1024 /* bytes of a user's space-separated roles */
#define PASSWORD_MAX \
        511 /* bytes; crypt(3) refuses more (CRYPT_MAX_PASSPHRASE_SIZE, with its NUL) */
#define PASSWORD_HASH_MAX 383  /* what crypt(3) writes at most (CRYPT_OUTPUT_SIZE, with its NUL) */
#define SERVICE_MAX       64   /* a PAM service name */
#define SERVICE_LIST_MAX  1024 /* bytes of a space-separated list of them */
#define RHOST_MAX         255
#define UNIT_MAX          255 /* UNIT_NAME_MAX of systemd, less its NUL */
#define NONCE_LEN         43  /* 32 bytes in base64url */
#define TOKEN_MAX         8192

/* [a-z_][a-z0-9_.-]{0,31}: a user of the database. */
bool name_is_user(struct text name);

/* A user name that no person may register: names that systems give a meaning of their own. */
bool name_is_reserved(struct text name);

/* [a-z][a-z0-9_.:-]{0,63}: a role. */
bool name_is_role(struct text name);

/* RFC 6749 3.3, one scope-token: 1*( %x21 / %x23-5B / %x5D-7E ). */
bool name_is_scope(struct text name);

/* An absolute URI in printable ASCII without a fragment, or a bare word of [A-Za-z0-9._:-]: what an
 * audience may be called (RFC 8707 2). */
bool name_is_audience(struct text name);

/* RFC 8414 2: https, a host, no query, no fragment. */
bool name_is_issuer(struct text name);

/* The same, and it may have a query: what is fetched. */
bool name_is_https(struct text name);

/* What an outside issuer calls a person (OpenID Connect Core 2, `sub`): 1 to 255 bytes of ASCII,
 * and none that is not printed. */
bool name_is_outside_subject(struct text name);

/* Something before an @ and something behind it, printable and without spaces. */
bool name_is_email(struct text name);

/* [A-Za-z0-9_.-]{1,64}: a PAM service. */
bool name_is_service(struct text name);

/* [A-Za-z0-9_.-]{1,64} but "local", which is everybody: a confidential client, or an identity of
 * the configuration. */
bool name_is_client(struct text name);

/* systemd.unit(5): a whole name that ends in .service or .scope, with its instance. */
bool name_is_unit(struct text name);

#endif
