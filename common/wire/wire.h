/* What is said on the socket, in numbers and names that both ends need. docs/protocol.md is the
 * prose. */
#ifndef JETON_WIRE_H
#define JETON_WIRE_H

/* The build says where, when not here. */
#ifndef JETON_RUN_DIR
#define JETON_RUN_DIR "/run/jeton"
#endif
#define JETON_SOCKET_DEFAULT JETON_RUN_DIR "/jeton.sock"

/* Below the run directory: TOKENS_DIR/UID/SID is the token of a system login's session. */
#define WIRE_TOKENS_DIR "tokens"

/* Bounds of a request, in bytes; beyond them: 431, 413. */
#define WIRE_HEAD_MAX 16384
#define WIRE_BODY_MAX 65536

/* Bounds of a reply that our own client accepts. */
#define WIRE_REPLY_HEAD_MAX 16384
#define WIRE_REPLY_BODY_MAX (4 * 1024 * 1024)

#define WIRE_TICKET_LIFETIME_S 30
#define WIRE_TICKET_AUDIENCE   "jeton:login"

/* No refresh token is longer. */
#define REFRESH_TOKEN_MAX 128

/* The built-in public client of a login that names none. */
#define WIRE_CLIENT_LOCAL "local"

/* RFC 8693 2.1, 3. */
#define WIRE_GRANT_EXCHANGE    "urn:ietf:params:oauth:grant-type:token-exchange"
#define WIRE_TOKEN_TYPE_ACCESS "urn:ietf:params:oauth:token-type:access_token"
#define WIRE_TOKEN_TYPE_ID     "urn:ietf:params:oauth:token-type:id_token"

/* A login code is for whoever has shown his password within that many seconds. */
#define WIRE_LOGIN_CODE_MAX_AGE_S 300

/* No login code is written longer. */
#define LOGIN_CODE_MAX 32

#endif
