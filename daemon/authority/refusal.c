/* The table of refusals. Their texts are ASCII, say what to do, and hold nothing that a caller
 * wrote. */
#include "refusal.h"

#include "../../common/cleanup.h"

#define ROW(number, code, sentence)                                                     \
        {                                                                               \
                .status = (number), .error = {code, sizeof(code) - 1}, .description = { \
                        sentence,                                                       \
                        sizeof(sentence) - 1                                            \
                }                                                                       \
        }

static const struct msg_answer_refused rows[REFUSAL_COUNT] = {
        [REFUSAL_CREDENTIALS] = ROW(400, "invalid_grant", "wrong user name or password"),
        /* RFC 6749 5.2: resource owner credentials that are "invalid, expired". */
        [REFUSAL_MUST_CHANGE] =
                ROW(400, "invalid_grant",
                    "the password has expired and must be changed first: jeton passwd, passwd, or "
                    "PUT /users/me/password with username"),
        [REFUSAL_GRANT_ON_WEB] =
                ROW(400, "unauthorized_client",
                    "the password grant is not open here (password-grant = web opens it)"),
        [REFUSAL_CLIENT] = ROW(401, "invalid_client", "there is no such client"),
        [REFUSAL_AUDIENCE] = ROW(400, "invalid_target",
                                 "that audience is not declared here, or not open to this user"),
        [REFUSAL_AUDIENCE_MANY] =
                ROW(400, "invalid_target", "one audience at a time: ask for a token for each"),
        [REFUSAL_SCOPE] =
                ROW(400, "invalid_scope",
                    "a scope is not declared for that audience, or not open to this user"),
        [REFUSAL_TOKEN] = ROW(401, "invalid_token",
                              "the access token is malformed, expired, revoked or not for here"),
        [REFUSAL_NOT_PEER] =
                ROW(401, "invalid_token", "peer identity is known on jeton.sock alone"),
        [REFUSAL_NOT_ADMIN] =
                ROW(403, "insufficient_scope",
                    "this needs an administrator: root, or a user whom the configuration names"),
        [REFUSAL_ADMIN_ROLE] = ROW(403, "insufficient_scope",
                                   "this needs an administrator: the user of this token has not "
                                   "the role admin"),
        [REFUSAL_ADMIN_SCOPE] =
                ROW(403, "insufficient_scope", "this needs a token with the scope jeton:admin"),
        [REFUSAL_ADMIN_AMR] =
                ROW(403, "insufficient_scope", "this needs a token from a login with a password"),
        [REFUSAL_NO_CREDENTIALS] =
                ROW(401, "invalid_token",
                    "say who asks: Authorization: Peer for the uid of this connection, or Bearer"),
        [REFUSAL_NOT_YOURS] = ROW(403, "insufficient_scope",
                                  "only root, an administrator or the account itself may ask this"),
        [REFUSAL_NOT_ROOT] =
                ROW(403, "insufficient_scope",
                    "only root, an administrator or who may act for others may ask this"),
        [REFUSAL_REFRESH] = ROW(400, "invalid_grant",
                                "the refresh token is unknown, expired, revoked or was replaced"),
        [REFUSAL_NO_SESSION] = ROW(404, "not_found", "there is no such session"),
        [REFUSAL_BEFORE] = ROW(400, "invalid_request", "before must not be in the future"),
        [REFUSAL_BROKEN_ID] = ROW(400, "invalid_request", "that is no jti, sid or client_id"),
        [REFUSAL_NO_USER] = ROW(404, "not_found", "there is no such user"),
        [REFUSAL_USER_NAME] =
                ROW(400, "invalid_request",
                    "a user name begins with a-z or _, goes on with a-z 0-9 _ . - and has at most "
                    "32 characters"),
        [REFUSAL_RESERVED_NAME] =
                ROW(409, "conflict",
                    "that name has a meaning of its own on this system; allow_account_name takes "
                    "it all the same"),
        [REFUSAL_ACCOUNT_NAME] =
                ROW(409, "conflict",
                    "that is the name of a local account: link the user to it with uid, or say "
                    "allow_account_name"),
        [REFUSAL_IMPORT_RESERVED] =
                ROW(409, "conflict",
                    "that name has a meaning of its own on this system and is not imported: "
                    "`jeton user add` takes it, with --allow-account-name"),
        [REFUSAL_IMPORT_ACCOUNT] =
                ROW(409, "conflict",
                    "that is the name of a local account: where that is meant, say "
                    "allow_account_names (--allow-account-name)"),
        [REFUSAL_IMPORT_HASH] =
                ROW(400, "invalid_request",
                    "password_hash is no hash of crypt(3), of Argon2i or Argon2id with v=19, or "
                    "pbkdf2-sha256 or -sha512 as passlib writes them: without one the user comes "
                    "without a password"),
        [REFUSAL_NAME_TAKEN] = ROW(409, "conflict", "that user name is taken"),
        [REFUSAL_UID_TAKEN] = ROW(409, "conflict", "another user is linked to that local account"),
        [REFUSAL_UID] = ROW(400, "invalid_request",
                            "that uid cannot be linked: it is below min-uid or the overflow uid"),
        [REFUSAL_PASSWORD_SHORT] = ROW(400, "invalid_request", "the password is too short"),
        [REFUSAL_PASSWORD_COMMON] =
                ROW(400, "invalid_request", "the password is on the list of common passwords"),
        [REFUSAL_PASSWORD_NAME] =
                ROW(400, "invalid_request", "the password contains the user name"),
        [REFUSAL_PASSWORD_SIMILAR] =
                ROW(400, "invalid_request", "the password is too similar to the old one"),
        [REFUSAL_PASSWORD_SIMPLE] = ROW(400, "invalid_request",
                                        "the password is too simple for this host's rules "
                                        "(pwquality.conf)"),
        [REFUSAL_PASSWORD_LONG] =
                ROW(400, "invalid_request", "a password has at most 511 bytes and no NUL"),
        [REFUSAL_PASSWORD_HASH] = ROW(
                400, "invalid_request",
                "password_hash is, without a password beside it, a hash of crypt(3), of Argon2i "
                "or Argon2id with v=19, or pbkdf2-sha256 or -sha512 as passlib writes them"),
        [REFUSAL_PASSWORD_COST] =
                ROW(400, "invalid_request",
                    "to verify that hash would cost more memory or time than is allowed here: give "
                    "the user a new password instead"),
        [REFUSAL_FULL_NAME] = ROW(400, "invalid_request",
                                  "full_name is UTF-8 without controls, at most 256 bytes"),
        [REFUSAL_EMAIL] =
                ROW(400, "invalid_request", "email is printable, has one @ inside, no blanks"),
        [REFUSAL_ROLES] = ROW(400, "invalid_request",
                              "a role begins with a-z and goes on with a-z 0-9 _ . : -"),
        [REFUSAL_ONESELF] = ROW(409, "conflict",
                                "an administrator does not lock out or delete himself: another one "
                                "can"),
        [REFUSAL_LAST_ADMIN] =
                ROW(409, "conflict",
                    "nobody who is enabled would have the role admin any more: root, or a user "
                    "whom the configuration names, can do it with Authorization: Peer"),
        [REFUSAL_REGISTRATION_CLOSED] =
                ROW(403, "insufficient_scope",
                    "registration is closed here: an administrator adds users, and says "
                    "Authorization: Peer or Bearer"),
        [REFUSAL_REGISTRATION_RIGHTS] = ROW(
                403, "insufficient_scope",
                "only an administrator gives a password hash, roles, links, an end or the name of "
                "an account"),
        [REFUSAL_REGISTRATION_SHARE] =
                ROW(403, "insufficient_scope",
                    "as many users have registered from your account as may: an administrator adds "
                    "more, or removes some"),
        [REFUSAL_SERVICE] = ROW(400, "invalid_request", "service is no PAM service name"),
        [REFUSAL_NONCE] = ROW(400, "invalid_request", "nonce is 43 characters of base64url"),
        [REFUSAL_OLD_LOGIN] =
                ROW(401, "insufficient_user_authentication",
                    "this needs a login with a password within the last 5 minutes: log in again"),
        [REFUSAL_CODE_SERVICE] =
                ROW(400, "invalid_request",
                    "that service takes no login codes (login-code lists those that do)"),
        [REFUSAL_NOT_LINKED] = ROW(409, "conflict", "this user is linked to no local account"),
        [REFUSAL_NO_KEY] = ROW(404, "not_found",
                               "there is no such key, or no key of that algorithm is in use"),
        [REFUSAL_KEYS_FULL] = ROW(409, "conflict",
                                  "there are as many keys as can be published: drop a retired one"),
        [REFUSAL_CLIENT_NEEDED] =
                ROW(401, "invalid_client", "this needs the id and the secret of a client here"),
        [REFUSAL_NO_RULE] =
                ROW(400, "unauthorized_client", "no rule here lets this process have a token"),
        [REFUSAL_SEVERAL_RULES] =
                ROW(400, "invalid_request",
                    "several identities have this process: name one of them as client_id"),
        [REFUSAL_NO_CLIENT] = ROW(404, "not_found", "there is no such client"),
        [REFUSAL_CLIENT_ID] = ROW(400, "invalid_request",
                                  "a client's id is 1 to 64 of A-Z a-z 0-9 _ . - and not local"),
        [REFUSAL_CLIENT_NAME] =
                ROW(400, "invalid_request", "a client's name is UTF-8 without controls"),
        [REFUSAL_CLIENT_TAKEN] =
                ROW(409, "conflict", "a client or an identity of the configuration has that id"),
        [REFUSAL_CLIENT_AUDIENCES] =
                ROW(400, "invalid_request", "audiences are one or more that are declared here"),
        [REFUSAL_CLIENT_SCOPES] =
                ROW(400, "invalid_request", "scopes are such as one of the audiences declares"),
        [REFUSAL_GROUPS] = ROW(400, "invalid_request", "groups are at most 64 gids"),
        /* RFC 8693 2.2.2: invalid_request, whatever is wrong with it. */
        [REFUSAL_SUBJECT_TOKEN] =
                ROW(400, "invalid_request",
                    "the subject token is no access token of here, over, or its subject has no "
                    "right to it any more"),
        [REFUSAL_OTHER_CLIENT] =
                ROW(400, "invalid_grant", "the subject token was given to another client"),
        [REFUSAL_OTHER_AUDIENCE] =
                ROW(400, "invalid_target",
                    "only a token for the issuer becomes one for another audience"),
        [REFUSAL_EXCHANGE_ROLES] =
                ROW(400, "invalid_request", "the subject token has not all of those roles"),
        [REFUSAL_OUTSIDE] =
                ROW(400, "invalid_request",
                    "that ID token is not accepted here, was used already, or no account is linked "
                    "to its subject"),
        [REFUSAL_NO_ISSUERS] = ROW(400, "invalid_request", "no outside issuer is configured here"),
        [REFUSAL_NO_ISSUER] =
                ROW(400, "invalid_request",
                    "no such outside issuer is configured here (a section that was added counts "
                    "from the next reload of jetond)"),
        [REFUSAL_OUTSIDE_SUBJECT] =
                ROW(400, "invalid_request",
                    "sub must be 1 to 255 printable ASCII characters, as the issuer writes it"),
        [REFUSAL_LINK_TAKEN] = ROW(409, "conflict", "that subject is linked to a user already"),
        [REFUSAL_LINKS_FULL] = ROW(409, "conflict", "a user has at most 16 links"),
        [REFUSAL_NO_LINK] = ROW(404, "not_found", "this user has no such link"),
        [REFUSAL_BROKEN] = ROW(500, "server_error", "something is broken here; the log says what"),
        [REFUSAL_BUSY] = ROW(503, "temporarily_unavailable", "try again in a moment"),
        [REFUSAL_FULL] =
                ROW(503, "temporarily_unavailable", "nothing can be stored just now: no room"),
};

const struct msg_answer_refused *refusal_get(enum refusal refusal) {
        if (refusal <= REFUSAL_NONE || refusal >= REFUSAL_COUNT)
                return &rows[REFUSAL_BROKEN];
        return &rows[refusal];
}

enum refusal refusal_of_errno(int error) {
        switch (-error) {
        case EPIPE:
        case EBUSY:
        case ETIMEDOUT:
        case ENOBUFS:
                return REFUSAL_BUSY;
        case ENOSPC:
        case EROFS:
        case EDQUOT:
        case E2BIG:
                return REFUSAL_FULL;
        default:
                return REFUSAL_BROKEN;
        }
}
