/* The frames' contents: one row a message, one line a field. The encoder and the decoder walk the
 * same rows, so what one side can say is what the other can hear, to the byte.
 *
 * Refuses to know who may say what (permit.c) and how it travels (channel.c). */
#include "message.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../common/jwt/pages.h"
#include "../../common/wire/wire.h"

#include <endian.h>
#include <stdbool.h>

#define NAME_ASKED_MAX  256 /* a name as a caller wrote it: the authority's grammar answers */
#define CRYPT_TEXT_MAX  384 /* CRYPT_OUTPUT_SIZE of crypt(3) */
#define SCOPE_NAME_MAX  128
#define QUERY_MAX       64
#define USER_KEY_MAX    64 /* an id or a name */
#define ERROR_MAX       64
#define DESCRIPTION_MAX 256
#define ANY_NUMBER      UINT64_MAX
#define FLAG_MAX        1
#define MAC_LEN         32 /* of HS256 */

enum field_kind {
        FIELD_NONE = 0,
        FIELD_U8,
        FIELD_U16,
        FIELD_U32,
        FIELD_U64,
        FIELD_I64,
        FIELD_TEXT,
};

struct field_rule {
        enum field_kind kind;
        size_t offset;
        uint64_t max; /* of a text its bytes, of a number its value */
};

#define FIELDS_MAX 22

struct message_rule {
        const char *name;
        struct field_rule fields[FIELDS_MAX]; /* closed by FIELD_NONE unless full */
};

/* The kind of a field is its C type's, so a row cannot disagree with its struct. */
#define KIND(of, field)                           \
        _Generic(((struct of *)0)->field, uint8_t \
                 : FIELD_U8, uint16_t             \
                 : FIELD_U16, uint32_t            \
                 : FIELD_U32, uint64_t            \
                 : FIELD_U64, int64_t             \
                 : FIELD_I64, struct text         \
                 : FIELD_TEXT)

#define FIELD(of, field, max) \
        { KIND(of, field), offsetof(struct of, field), (max) }

/* clang-format off */
static const struct message_rule rules[MSG_COUNT] = {
        [MSG_SETUP_FRONTEND] = {"setup-frontend", {
                FIELD(msg_setup_frontend, class, CLASS_COUNT - 1),
                FIELD(msg_setup_frontend, max_connections, ANY_NUMBER),
                FIELD(msg_setup_frontend, request_ms, ANY_NUMBER),
                FIELD(msg_setup_frontend, idle_ms, ANY_NUMBER),
                FIELD(msg_setup_frontend, leeway_s, ANY_NUMBER),
        }},
        [MSG_SETUP_AUTHORITY] = {"setup-authority", {
                FIELD(msg_setup_authority, issuer, ISSUER_MAX),
                FIELD(msg_setup_authority, access_lifetime_s, ANY_NUMBER),
                FIELD(msg_setup_authority, min_uid, ANY_NUMBER),
                FIELD(msg_setup_authority, password_grant_web, FLAG_MAX),
                FIELD(msg_setup_authority, registration_open, FLAG_MAX),
                FIELD(msg_setup_authority, max_registered_per_uid, ANY_NUMBER),
                FIELD(msg_setup_authority, max_registered_shared, ANY_NUMBER),
                FIELD(msg_setup_authority, max_connections, ANY_NUMBER),
                FIELD(msg_setup_authority, max_connections_per_uid, ANY_NUMBER),
                FIELD(msg_setup_authority, password_min, ANY_NUMBER),
                FIELD(msg_setup_authority, password_max_age_s, ANY_NUMBER),
                FIELD(msg_setup_authority, leeway_s, ANY_NUMBER),
                FIELD(msg_setup_authority, refresh, FLAG_MAX),
                FIELD(msg_setup_authority, refresh_idle_s, ANY_NUMBER),
                FIELD(msg_setup_authority, refresh_lifetime_s, ANY_NUMBER),
                FIELD(msg_setup_authority, max_calls_per_uid, ANY_NUMBER),
                FIELD(msg_setup_authority, max_hashes_per_uid, ANY_NUMBER),
                FIELD(msg_setup_authority, algorithm, KEY_ALGORITHM_COUNT - 1),
                FIELD(msg_setup_authority, pam_workers, ANY_NUMBER),
                FIELD(msg_setup_authority, login_code_services, SERVICE_LIST_MAX),
                FIELD(msg_setup_authority, login_code_s, ANY_NUMBER),
                FIELD(msg_setup_authority, metrics_gid, ANY_NUMBER),
        }},
        [MSG_SETUP_ADMIN] = {"setup-admin", {
                FIELD(msg_setup_admin, uid, ANY_NUMBER),
        }},
        [MSG_SETUP_AUDIENCE] = {"setup-audience", {
                FIELD(msg_setup_audience, name, AUDIENCE_MAX),
                FIELD(msg_setup_audience, lifetime_s, ANY_NUMBER),
                FIELD(msg_setup_audience, kind, TOKEN_KIND_PLAIN),
                FIELD(msg_setup_audience, algorithm, KEY_ALGORITHM_COUNT - 1),
                FIELD(msg_setup_audience, roles, ROLES_MAX),
        }},
        [MSG_SETUP_SCOPE] = {"setup-scope", {
                FIELD(msg_setup_scope, name, SCOPE_NAME_MAX),
                FIELD(msg_setup_scope, roles, ROLES_MAX),
        }},
        [MSG_SETUP_IDENTITY] = {"setup-identity", {
                FIELD(msg_setup_identity, name, CLIENT_MAX),
                FIELD(msg_setup_identity, audiences, AUDIENCES_MAX),
                FIELD(msg_setup_identity, scopes, SCOPE_MAX),
                FIELD(msg_setup_identity, roles, ROLES_MAX),
                FIELD(msg_setup_identity, lifetime_s, ANY_NUMBER),
                FIELD(msg_setup_identity, act_for, FLAG_MAX),
                FIELD(msg_setup_identity, is_self, FLAG_MAX),
                FIELD(msg_setup_identity, unit, UNIT_MAX),
        }},
        [MSG_SETUP_MEMBER] = {"setup-member", {
                FIELD(msg_setup_member, is_group, FLAG_MAX),
                FIELD(msg_setup_member, id, ANY_NUMBER),
        }},
        [MSG_SETUP_SOURCE] = {"setup-source", {
                FIELD(msg_setup_source, name, SOURCE_NAME_MAX),
                FIELD(msg_setup_source, kind, SOURCE_KIND_COUNT - 1),
                FIELD(msg_setup_source, min_uid, ANY_NUMBER),
                FIELD(msg_setup_source, create, FLAG_MAX),
        }},
        [MSG_SETUP_PAM] = {"setup-pam", {
                FIELD(msg_setup_pam, service, SERVICE_MAX),
                FIELD(msg_setup_pam, directory, DIRECTORY_MAX),
                FIELD(msg_setup_pam, min_uid, ANY_NUMBER),
        }},
        [MSG_SETUP_ISSUER] = {"setup-issuer", {
                FIELD(msg_setup_issuer, url, ISSUER_MAX),
                FIELD(msg_setup_issuer, audiences, AUDIENCES_MAX),
                FIELD(msg_setup_issuer, algorithm, KEY_ALGORITHM_COUNT - 1),
                FIELD(msg_setup_issuer, file, JWKS_PATH_MAX),
        }},
        [MSG_SETUP_SIGNER] = {"setup-signer", {
                FIELD(msg_setup_signer, issuer, ISSUER_MAX),
                FIELD(msg_setup_signer, max_lifetime_s, ANY_NUMBER),
                FIELD(msg_setup_signer, algorithm, KEY_ALGORITHM_COUNT - 1),
                FIELD(msg_setup_signer, algorithms, ANY_NUMBER),
                FIELD(msg_setup_signer, rotate_s, ANY_NUMBER),
                FIELD(msg_setup_signer, prepare_s, ANY_NUMBER),
        }},
        [MSG_DESCRIPTOR] = {"descriptor", {
                FIELD(msg_descriptor, what, DESCRIPTOR_COUNT - 1),
                FIELD(msg_descriptor, process, PROCESS_COUNT - 1),
                FIELD(msg_descriptor, instance, ANY_NUMBER),
                FIELD(msg_descriptor, start, ANY_NUMBER),
        }},
        [MSG_GO] = {"go", {
                FIELD(msg_go, reload, FLAG_MAX),
        }},
        [MSG_DRAIN] = {"drain", {
                FIELD(msg_drain, within_ms, ANY_NUMBER),
        }},

        [MSG_READY] = {"ready", {
                FIELD(msg_ready, first, FLAG_MAX),
        }},
        [MSG_BREACH] = {"breach", {
                FIELD(msg_breach, process, PROCESS_COUNT - 1),
                FIELD(msg_breach, is_overdue, 1),
                FIELD(msg_breach, instance, ANY_NUMBER),
                FIELD(msg_breach, start, ANY_NUMBER),
        }},
        [MSG_RETIRE] = {"retire", {
                FIELD(msg_retire, instance, ANY_NUMBER),
                FIELD(msg_retire, start, ANY_NUMBER),
        }},
        [MSG_PAM_START] = {"pam-start", {
                FIELD(msg_pam_start, instance, ANY_NUMBER),
                FIELD(msg_pam_start, source, ANY_NUMBER),
        }},
        [MSG_PAM_STATE] = {"pam-state", {
                FIELD(msg_pam_state, instance, ANY_NUMBER),
                FIELD(msg_pam_state, pid, ANY_NUMBER),
        }},

        [MSG_CONNECTION] = {"connection", {
                FIELD(msg_connection, connection, ANY_NUMBER),
                FIELD(msg_connection, id, ANY_NUMBER),
        }},
        [MSG_CONNECTION_CLOSED] = {"connection-closed", {
                FIELD(msg_connection_closed, connection, ANY_NUMBER),
        }},
        [MSG_CALLER] = {"caller", {
                FIELD(msg_caller, connection, ANY_NUMBER),
                FIELD(msg_caller, remote, REMOTE_MAX),
        }},
        [MSG_ASK_PASSWORD_GRANT] = {"ask-password-grant", {
                FIELD(msg_ask_password_grant, connection, ANY_NUMBER),
                FIELD(msg_ask_password_grant, username, NAME_ASKED_MAX),
                FIELD(msg_ask_password_grant, password, PASSWORD_MAX),
                FIELD(msg_ask_password_grant, client_id, CLIENT_MAX),
                FIELD(msg_ask_password_grant, audience, AUDIENCE_MAX),
                FIELD(msg_ask_password_grant, scope, SCOPE_MAX),
        }},
        [MSG_ASK_REFRESH_GRANT] = {"ask-refresh-grant", {
                FIELD(msg_ask_refresh_grant, connection, ANY_NUMBER),
                FIELD(msg_ask_refresh_grant, refresh_token, REFRESH_TOKEN_MAX),
                FIELD(msg_ask_refresh_grant, client_id, CLIENT_MAX),
                FIELD(msg_ask_refresh_grant, secret, CLIENT_SECRET_MAX),
                FIELD(msg_ask_refresh_grant, audience, AUDIENCE_MAX),
                FIELD(msg_ask_refresh_grant, scope, SCOPE_MAX),
        }},
        [MSG_ASK_REVOKE] = {"ask-revoke", {
                FIELD(msg_ask_revoke, connection, ANY_NUMBER),
                FIELD(msg_ask_revoke, token, TOKEN_MAX),
                FIELD(msg_ask_revoke, client_id, CLIENT_MAX),
                FIELD(msg_ask_revoke, secret, CLIENT_SECRET_MAX),
        }},
        [MSG_ASK_REVOCATION] = {"ask-revocation", {
                FIELD(msg_ask_revocation, connection, ANY_NUMBER),
                FIELD(msg_ask_revocation, credential, CREDENTIAL_BEARER),
                FIELD(msg_ask_revocation, bearer, TOKEN_MAX),
                FIELD(msg_ask_revocation, kind, REVOKED_ALL),
                FIELD(msg_ask_revocation, claim, CLIENT_MAX),
                FIELD(msg_ask_revocation, before, INT64_MAX),
        }},
        [MSG_ASK_SESSIONS] = {"ask-sessions", {
                FIELD(msg_ask_sessions, connection, ANY_NUMBER),
                FIELD(msg_ask_sessions, credential, CREDENTIAL_BEARER),
                FIELD(msg_ask_sessions, bearer, TOKEN_MAX),
                FIELD(msg_ask_sessions, own, FLAG_MAX),
                FIELD(msg_ask_sessions, user, USER_KEY_MAX),
                FIELD(msg_ask_sessions, skip, ANY_NUMBER),
                FIELD(msg_ask_sessions, limit, ANY_NUMBER),
        }},
        [MSG_ASK_SESSION_END] = {"ask-session-end", {
                FIELD(msg_ask_session_end, connection, ANY_NUMBER),
                FIELD(msg_ask_session_end, credential, CREDENTIAL_BEARER),
                FIELD(msg_ask_session_end, bearer, TOKEN_MAX),
                FIELD(msg_ask_session_end, sid, SID_LEN),
        }},
        [MSG_ASK_ME] = {"ask-me", {
                FIELD(msg_ask_me, connection, ANY_NUMBER),
                FIELD(msg_ask_me, bearer, TOKEN_MAX),
        }},
        [MSG_ASK_USER_ADD] = {"ask-user-add", {
                FIELD(msg_ask_user_add, connection, ANY_NUMBER),
                FIELD(msg_ask_user_add, credential, CREDENTIAL_BEARER),
                FIELD(msg_ask_user_add, bearer, TOKEN_MAX),
                FIELD(msg_ask_user_add, username, NAME_ASKED_MAX),
                FIELD(msg_ask_user_add, password, PASSWORD_MAX),
                FIELD(msg_ask_user_add, password_hash, PASSWORD_HASH_MAX),
                FIELD(msg_ask_user_add, full_name, FULL_NAME_MAX),
                FIELD(msg_ask_user_add, email, EMAIL_MAX),
                FIELD(msg_ask_user_add, roles, ROLES_MAX),
                FIELD(msg_ask_user_add, has_uid, FLAG_MAX),
                FIELD(msg_ask_user_add, uid, ANY_NUMBER),
                FIELD(msg_ask_user_add, allow_account_name, FLAG_MAX),
                FIELD(msg_ask_user_add, expires_at, CLOCK_LAST_S),
        }},
        [MSG_ASK_USER_IMPORT] = {"ask-user-import", {
                FIELD(msg_ask_user_import, connection, ANY_NUMBER),
                FIELD(msg_ask_user_import, credential, CREDENTIAL_PEER),
                FIELD(msg_ask_user_import, dry_run, FLAG_MAX),
                FIELD(msg_ask_user_import, allow_account_names, FLAG_MAX),
                FIELD(msg_ask_user_import, rows, IMPORT_ROWS_SIZE),
        }},
        [MSG_ASK_USER_LIST] = {"ask-user-list", {
                FIELD(msg_ask_user_list, connection, ANY_NUMBER),
                FIELD(msg_ask_user_list, credential, CREDENTIAL_BEARER),
                FIELD(msg_ask_user_list, bearer, TOKEN_MAX),
                FIELD(msg_ask_user_list, skip, ANY_NUMBER),
                FIELD(msg_ask_user_list, limit, ANY_NUMBER),
                FIELD(msg_ask_user_list, q, QUERY_MAX),
        }},
        [MSG_ASK_USER_SHOW] = {"ask-user-show", {
                FIELD(msg_ask_user_show, connection, ANY_NUMBER),
                FIELD(msg_ask_user_show, credential, CREDENTIAL_BEARER),
                FIELD(msg_ask_user_show, bearer, TOKEN_MAX),
                FIELD(msg_ask_user_show, user, USER_KEY_MAX),
        }},
        [MSG_ASK_USER_CHANGE] = {"ask-user-change", {
                FIELD(msg_ask_user_change, connection, ANY_NUMBER),
                FIELD(msg_ask_user_change, credential, CREDENTIAL_BEARER),
                FIELD(msg_ask_user_change, bearer, TOKEN_MAX),
                FIELD(msg_ask_user_change, user, USER_KEY_MAX),
                FIELD(msg_ask_user_change, members, USER_MEMBERS),
                FIELD(msg_ask_user_change, full_name, FULL_NAME_MAX),
                FIELD(msg_ask_user_change, email, EMAIL_MAX),
                FIELD(msg_ask_user_change, roles, ROLES_MAX),
                FIELD(msg_ask_user_change, disabled, FLAG_MAX),
                FIELD(msg_ask_user_change, expires_at, CLOCK_LAST_S),
                FIELD(msg_ask_user_change, has_uid, FLAG_MAX),
                FIELD(msg_ask_user_change, uid, ANY_NUMBER),
                FIELD(msg_ask_user_change, password, PASSWORD_MAX),
                FIELD(msg_ask_user_change, must_change, FLAG_MAX),
        }},
        [MSG_ASK_USER_REMOVE] = {"ask-user-remove", {
                FIELD(msg_ask_user_remove, connection, ANY_NUMBER),
                FIELD(msg_ask_user_remove, credential, CREDENTIAL_BEARER),
                FIELD(msg_ask_user_remove, bearer, TOKEN_MAX),
                FIELD(msg_ask_user_remove, user, USER_KEY_MAX),
        }},
        [MSG_ASK_USER_UNLOCK] = {"ask-user-unlock", {
                FIELD(msg_ask_user_unlock, connection, ANY_NUMBER),
                FIELD(msg_ask_user_unlock, credential, CREDENTIAL_BEARER),
                FIELD(msg_ask_user_unlock, bearer, TOKEN_MAX),
                FIELD(msg_ask_user_unlock, user, USER_KEY_MAX),
        }},
        [MSG_ASK_PROFILE_CHANGE] = {"ask-profile-change", {
                FIELD(msg_ask_profile_change, connection, ANY_NUMBER),
                FIELD(msg_ask_profile_change, bearer, TOKEN_MAX),
                FIELD(msg_ask_profile_change, members, USER_FULL_NAME | USER_EMAIL),
                FIELD(msg_ask_profile_change, full_name, FULL_NAME_MAX),
                FIELD(msg_ask_profile_change, email, EMAIL_MAX),
        }},
        [MSG_ASK_PASSWORD_CHANGE] = {"ask-password-change", {
                FIELD(msg_ask_password_change, connection, ANY_NUMBER),
                FIELD(msg_ask_password_change, bearer, TOKEN_MAX),
                FIELD(msg_ask_password_change, username, NAME_ASKED_MAX),
                FIELD(msg_ask_password_change, current_password, PASSWORD_MAX),
                FIELD(msg_ask_password_change, new_password, PASSWORD_MAX),
        }},
        [MSG_ASK_PEER_GRANT] = {"ask-peer-grant", {
                FIELD(msg_ask_peer_grant, connection, ANY_NUMBER),
                FIELD(msg_ask_peer_grant, client_id, CLIENT_MAX),
                FIELD(msg_ask_peer_grant, audience, AUDIENCE_MAX),
                FIELD(msg_ask_peer_grant, scope, SCOPE_MAX),
        }},
        [MSG_ASK_CLIENT_GRANT] = {"ask-client-grant", {
                FIELD(msg_ask_client_grant, connection, ANY_NUMBER),
                FIELD(msg_ask_client_grant, client_id, CLIENT_MAX),
                FIELD(msg_ask_client_grant, secret, CLIENT_SECRET_MAX),
                FIELD(msg_ask_client_grant, audience, AUDIENCE_MAX),
                FIELD(msg_ask_client_grant, scope, SCOPE_MAX),
        }},
        [MSG_ASK_EXCHANGE] = {"ask-exchange", {
                FIELD(msg_ask_exchange, connection, ANY_NUMBER),
                FIELD(msg_ask_exchange, subject_token, TOKEN_MAX),
                FIELD(msg_ask_exchange, client_id, CLIENT_MAX),
                FIELD(msg_ask_exchange, secret, CLIENT_SECRET_MAX),
                FIELD(msg_ask_exchange, audience, AUDIENCE_MAX),
                FIELD(msg_ask_exchange, scope, SCOPE_MAX),
                FIELD(msg_ask_exchange, roles, ROLES_MAX),
                FIELD(msg_ask_exchange, lifetime_s, ANY_NUMBER),
        }},
        [MSG_ASK_OUTSIDE_GRANT] = {"ask-outside-grant", {
                FIELD(msg_ask_outside_grant, connection, ANY_NUMBER),
                FIELD(msg_ask_outside_grant, subject_token, TOKEN_MAX),
                FIELD(msg_ask_outside_grant, client_id, CLIENT_MAX),
                FIELD(msg_ask_outside_grant, audience, AUDIENCE_MAX),
                FIELD(msg_ask_outside_grant, scope, SCOPE_MAX),
        }},
        [MSG_ASK_LINK_LIST] = {"ask-link-list", {
                FIELD(msg_ask_link_list, connection, ANY_NUMBER),
                FIELD(msg_ask_link_list, credential, CREDENTIAL_BEARER),
                FIELD(msg_ask_link_list, bearer, TOKEN_MAX),
                FIELD(msg_ask_link_list, user, USER_KEY_MAX),
        }},
        [MSG_ASK_LINK_ADD] = {"ask-link-add", {
                FIELD(msg_ask_link, connection, ANY_NUMBER),
                FIELD(msg_ask_link, credential, CREDENTIAL_BEARER),
                FIELD(msg_ask_link, bearer, TOKEN_MAX),
                FIELD(msg_ask_link, user, USER_KEY_MAX),
                FIELD(msg_ask_link, issuer, ISSUER_MAX),
                FIELD(msg_ask_link, sub, OUTSIDE_SUB_MAX),
        }},
        [MSG_ASK_LINK_REMOVE] = {"ask-link-remove", {
                FIELD(msg_ask_link, connection, ANY_NUMBER),
                FIELD(msg_ask_link, credential, CREDENTIAL_BEARER),
                FIELD(msg_ask_link, bearer, TOKEN_MAX),
                FIELD(msg_ask_link, user, USER_KEY_MAX),
                FIELD(msg_ask_link, issuer, ISSUER_MAX),
                FIELD(msg_ask_link, sub, OUTSIDE_SUB_MAX),
        }},
        [MSG_ASK_CLIENT_CHECK] = {"ask-client-check", {
                FIELD(msg_ask_client_check, connection, ANY_NUMBER),
                FIELD(msg_ask_client_check, client_id, CLIENT_MAX),
                FIELD(msg_ask_client_check, secret, CLIENT_SECRET_MAX),
        }},
        [MSG_ASK_CLIENT_ADD] = {"ask-client-add", {
                FIELD(msg_ask_client_add, connection, ANY_NUMBER),
                FIELD(msg_ask_client_add, credential, CREDENTIAL_BEARER),
                FIELD(msg_ask_client_add, bearer, TOKEN_MAX),
                FIELD(msg_ask_client_add, id, CLIENT_MAX),
                FIELD(msg_ask_client_add, name, FULL_NAME_MAX),
                FIELD(msg_ask_client_add, audiences, AUDIENCES_MAX),
                FIELD(msg_ask_client_add, scopes, SCOPE_MAX),
        }},
        [MSG_ASK_CLIENT_LIST] = {"ask-client-list", {
                FIELD(msg_ask_client_list, connection, ANY_NUMBER),
                FIELD(msg_ask_client_list, credential, CREDENTIAL_BEARER),
                FIELD(msg_ask_client_list, bearer, TOKEN_MAX),
                FIELD(msg_ask_client_list, skip, ANY_NUMBER),
                FIELD(msg_ask_client_list, limit, ANY_NUMBER),
        }},
        [MSG_ASK_CLIENT_SHOW] = {"ask-client-show", {
                FIELD(msg_ask_client, connection, ANY_NUMBER),
                FIELD(msg_ask_client, credential, CREDENTIAL_BEARER),
                FIELD(msg_ask_client, bearer, TOKEN_MAX),
                FIELD(msg_ask_client, id, CLIENT_MAX),
        }},
        [MSG_ASK_CLIENT_CHANGE] = {"ask-client-change", {
                FIELD(msg_ask_client_change, connection, ANY_NUMBER),
                FIELD(msg_ask_client_change, credential, CREDENTIAL_BEARER),
                FIELD(msg_ask_client_change, bearer, TOKEN_MAX),
                FIELD(msg_ask_client_change, id, CLIENT_MAX),
                FIELD(msg_ask_client_change, members, CLIENT_MEMBERS),
                FIELD(msg_ask_client_change, name, FULL_NAME_MAX),
                FIELD(msg_ask_client_change, audiences, AUDIENCES_MAX),
                FIELD(msg_ask_client_change, scopes, SCOPE_MAX),
                FIELD(msg_ask_client_change, enabled, FLAG_MAX),
        }},
        [MSG_ASK_CLIENT_SECRET] = {"ask-client-secret", {
                FIELD(msg_ask_client, connection, ANY_NUMBER),
                FIELD(msg_ask_client, credential, CREDENTIAL_BEARER),
                FIELD(msg_ask_client, bearer, TOKEN_MAX),
                FIELD(msg_ask_client, id, CLIENT_MAX),
        }},
        [MSG_ASK_CLIENT_DELETE] = {"ask-client-delete", {
                FIELD(msg_ask_client, connection, ANY_NUMBER),
                FIELD(msg_ask_client, credential, CREDENTIAL_BEARER),
                FIELD(msg_ask_client, bearer, TOKEN_MAX),
                FIELD(msg_ask_client, id, CLIENT_MAX),
        }},
        [MSG_ASK_POLICY_TEST] = {"ask-policy-test", {
                FIELD(msg_ask_policy_test, connection, ANY_NUMBER),
                FIELD(msg_ask_policy_test, credential, CREDENTIAL_BEARER),
                FIELD(msg_ask_policy_test, bearer, TOKEN_MAX),
                FIELD(msg_ask_policy_test, uid, ANY_NUMBER),
                FIELD(msg_ask_policy_test, groups, GROUPS_TEXT_MAX),
                FIELD(msg_ask_policy_test, unit, UNIT_MAX),
                FIELD(msg_ask_policy_test, client_id, CLIENT_MAX),
                FIELD(msg_ask_policy_test, audience, AUDIENCE_MAX),
                FIELD(msg_ask_policy_test, scope, SCOPE_MAX),
        }},
        [MSG_ASK_PAM] = {"ask-pam", {
                FIELD(msg_ask_pam, connection, ANY_NUMBER),
                FIELD(msg_ask_pam, phase, PAM_PHASE_PASSWORD),
                FIELD(msg_ask_pam, as_peer, FLAG_MAX),
                FIELD(msg_ask_pam, username, NAME_ASKED_MAX),
                FIELD(msg_ask_pam, password, PASSWORD_MAX),
                FIELD(msg_ask_pam, service, SERVICE_MAX),
                FIELD(msg_ask_pam, rhost, RHOST_MAX),
                FIELD(msg_ask_pam, nonce, NONCE_LEN),
                FIELD(msg_ask_pam, uid, ANY_NUMBER),
                FIELD(msg_ask_pam, role, ROLE_NAME_MAX),
                FIELD(msg_ask_pam, audience, AUDIENCE_MAX),
                FIELD(msg_ask_pam, scope, SCOPE_MAX),
                FIELD(msg_ask_pam, proof, TOKEN_MAX),
                FIELD(msg_ask_pam, sid, SID_LEN),
                FIELD(msg_ask_pam, by_root, FLAG_MAX),
                FIELD(msg_ask_pam, new_password, PASSWORD_MAX),
        }},
        [MSG_ASK_LOGIN_CODE] = {"ask-login-code", {
                FIELD(msg_ask_login_code, connection, ANY_NUMBER),
                FIELD(msg_ask_login_code, bearer, TOKEN_MAX),
                FIELD(msg_ask_login_code, service, SERVICE_MAX),
        }},
        [MSG_ASK_HEALTH] = {"ask-health", {
                FIELD(msg_ask_health, connection, ANY_NUMBER),
        }},
        [MSG_ASK_KEY_LIST] = {"ask-key-list", {
                FIELD(msg_ask_key_list, connection, ANY_NUMBER),
                FIELD(msg_ask_key_list, credential, CREDENTIAL_BEARER),
                FIELD(msg_ask_key_list, bearer, TOKEN_MAX),
        }},
        [MSG_ASK_KEY_ROTATE] = {"ask-key-rotate", {
                FIELD(msg_ask_key_rotate, connection, ANY_NUMBER),
                FIELD(msg_ask_key_rotate, credential, CREDENTIAL_BEARER),
                FIELD(msg_ask_key_rotate, bearer, TOKEN_MAX),
                FIELD(msg_ask_key_rotate, algorithm, KEY_ALGORITHM_COUNT - 1),
                FIELD(msg_ask_key_rotate, now, FLAG_MAX),
        }},
        [MSG_ASK_KEY_DROP] = {"ask-key-drop", {
                FIELD(msg_ask_key_drop, connection, ANY_NUMBER),
                FIELD(msg_ask_key_drop, credential, CREDENTIAL_BEARER),
                FIELD(msg_ask_key_drop, bearer, TOKEN_MAX),
                FIELD(msg_ask_key_drop, kid, KID_LEN),
        }},
        [MSG_ASK_TOKEN_CHECK] = {"ask-token-check", {
                FIELD(msg_ask_token_check, connection, ANY_NUMBER),
                FIELD(msg_ask_token_check, token, TOKEN_MAX),
        }},
        [MSG_ASK_METRICS] = {"ask-metrics", {
                FIELD(msg_ask_metrics, connection, ANY_NUMBER),
                FIELD(msg_ask_metrics, credential, CREDENTIAL_BEARER),
                FIELD(msg_ask_metrics, bearer, TOKEN_MAX),
        }},
        [MSG_ANSWER_REFUSED] = {"answer-refused", {
                FIELD(msg_answer_refused, status, 599),
                FIELD(msg_answer_refused, error, ERROR_MAX),
                FIELD(msg_answer_refused, description, DESCRIPTION_MAX),
        }},
        [MSG_ANSWER_TOKEN] = {"answer-token", {
                FIELD(msg_answer_token, access_token, TOKEN_MAX),
                FIELD(msg_answer_token, expires_in_s, ANY_NUMBER),
                FIELD(msg_answer_token, scope, SCOPE_MAX),
                FIELD(msg_answer_token, refresh_token, REFRESH_TOKEN_MAX),
        }},
        [MSG_ANSWER_SESSION] = {"answer-session", {
                FIELD(msg_answer_session, sid, SID_LEN),
                FIELD(msg_answer_session, user_id, ANY_NUMBER),
                FIELD(msg_answer_session, username, USER_NAME_MAX),
                FIELD(msg_answer_session, client_id, CLIENT_MAX),
                FIELD(msg_answer_session, audience, AUDIENCE_MAX),
                FIELD(msg_answer_session, scope, SCOPE_MAX),
                FIELD(msg_answer_session, amr, AMR_MAX),
                FIELD(msg_answer_session, auth_time, ANY_NUMBER),
                FIELD(msg_answer_session, used_at, ANY_NUMBER),
                FIELD(msg_answer_session, expires_at, ANY_NUMBER),
                FIELD(msg_answer_session, is_current, FLAG_MAX),
        }},
        [MSG_ANSWER_SESSIONS_END] = {"answer-sessions-end", {
                FIELD(msg_answer_sessions_end, total, ANY_NUMBER),
        }},
        [MSG_ANSWER_USER] = {"answer-user", {
                FIELD(msg_answer_user, id, ANY_NUMBER),
                FIELD(msg_answer_user, username, USER_NAME_MAX),
                FIELD(msg_answer_user, full_name, FULL_NAME_MAX),
                FIELD(msg_answer_user, email, EMAIL_MAX),
                FIELD(msg_answer_user, roles, ROLES_MAX),
                FIELD(msg_answer_user, disabled, FLAG_MAX),
                FIELD(msg_answer_user, must_change, FLAG_MAX),
                FIELD(msg_answer_user, has_uid, FLAG_MAX),
                FIELD(msg_answer_user, uid, ANY_NUMBER),
                FIELD(msg_answer_user, created_at, ANY_NUMBER),
                FIELD(msg_answer_user, expires_at, ANY_NUMBER),
                FIELD(msg_answer_user, locked_until, ANY_NUMBER),
        }},
        [MSG_ANSWER_USERS_END] = {"answer-users-end", {
                FIELD(msg_answer_users_end, total, ANY_NUMBER),
        }},
        [MSG_ANSWER_IMPORTED] = {"answer-imported", {
                FIELD(msg_answer_imported, outcome, IMPORT_OUTCOME_COUNT - 1),
                FIELD(msg_answer_imported, id, ANY_NUMBER),
                FIELD(msg_answer_imported, error, ERROR_MAX),
                FIELD(msg_answer_imported, description, DESCRIPTION_MAX),
        }},
        [MSG_ANSWER_CLIENT] = {"answer-client", {
                FIELD(msg_answer_client, id, CLIENT_MAX),
                FIELD(msg_answer_client, name, FULL_NAME_MAX),
                FIELD(msg_answer_client, audiences, AUDIENCES_MAX),
                FIELD(msg_answer_client, scopes, SCOPE_MAX),
                FIELD(msg_answer_client, enabled, FLAG_MAX),
                FIELD(msg_answer_client, created_at, ANY_NUMBER),
                FIELD(msg_answer_client, secret, CLIENT_SECRET_MAX),
        }},
        [MSG_ANSWER_CLIENTS_END] = {"answer-clients-end", {
                FIELD(msg_answer_clients_end, total, ANY_NUMBER),
        }},
        [MSG_ANSWER_LINK] = {"answer-link", {
                FIELD(msg_answer_link, issuer, ISSUER_MAX),
                FIELD(msg_answer_link, sub, OUTSIDE_SUB_MAX),
                FIELD(msg_answer_link, by_email, FLAG_MAX),
                FIELD(msg_answer_link, created_at, CLOCK_LAST_S),
        }},
        [MSG_ANSWER_LINKS_END] = {"answer-links-end", {
                FIELD(msg_answer_links_end, total, ANY_NUMBER),
        }},
        [MSG_ANSWER_POLICY] = {"answer-policy", {
                FIELD(msg_answer_policy, granted, FLAG_MAX),
                FIELD(msg_answer_policy, reason, REASON_MAX),
                FIELD(msg_answer_policy, error, ERROR_MAX),
                FIELD(msg_answer_policy, client_id, CLIENT_MAX),
                FIELD(msg_answer_policy, sub, SUB_MAX),
                FIELD(msg_answer_policy, audience, AUDIENCE_MAX),
                FIELD(msg_answer_policy, scope, SCOPE_MAX),
                FIELD(msg_answer_policy, roles, ROLES_MAX),
                FIELD(msg_answer_policy, lifetime_s, ANY_NUMBER),
        }},
        [MSG_ANSWER_TICKET] = {"answer-ticket", {
                FIELD(msg_answer_ticket, ticket, TOKEN_MAX),
        }},
        [MSG_ANSWER_LOGIN_CODE] = {"answer-login-code", {
                FIELD(msg_answer_login_code, code, LOGIN_CODE_MAX),
                FIELD(msg_answer_login_code, expires_in_s, ANY_NUMBER),
                FIELD(msg_answer_login_code, service, SERVICE_MAX),
        }},
        [MSG_ANSWER_HEALTH] = {"answer-health", {
                FIELD(msg_answer_health, ok, FLAG_MAX),
        }},
        [MSG_ANSWER_DONE] = {"answer-done", {}},

        [MSG_ANSWER_CLIENT_CHECK] = {"answer-client-check", {
                FIELD(msg_answer_client_check, client_id, CLIENT_MAX),
                FIELD(msg_answer_client_check, audiences, AUDIENCES_MAX),
        }},

        [MSG_ANSWER_KEY] = {"answer-key", {
                FIELD(msg_key, kid, KID_LEN),
                FIELD(msg_key, algorithm, KEY_ALGORITHM_COUNT - 1),
                FIELD(msg_key, state, KEY_RETIRED),
                FIELD(msg_key, since, ANY_NUMBER),
                FIELD(msg_key, until, ANY_NUMBER),
        }},
        [MSG_ANSWER_KEYS_END] = {"answer-keys-end", {
                FIELD(msg_keys_end, outcome, KEYS_DONE),
        }},
        [MSG_ANSWER_TOKEN_CHECK] = {"answer-token-check", {
                FIELD(msg_answer_token_check, good, FLAG_MAX),
        }},
        [MSG_ANSWER_COUNTS] = {"answer-counts", {
                FIELD(msg_answer_counts, page, COUNTS_PAGES_MAX - 1),
                FIELD(msg_answer_counts, first, ANY_NUMBER),
                FIELD(msg_answer_counts, words, COUNTS_BYTES_MAX),
        }},

        [MSG_SIGN_ACCESS] = {"sign-access", {
                FIELD(msg_sign_access, kind, TOKEN_KIND_PLAIN),
                FIELD(msg_sign_access, sub, SUB_MAX),
                FIELD(msg_sign_access, client_id, CLIENT_MAX),
                FIELD(msg_sign_access, audience, AUDIENCE_MAX),
                FIELD(msg_sign_access, scope, SCOPE_MAX),
                FIELD(msg_sign_access, roles, ROLES_MAX),
                FIELD(msg_sign_access, username, USER_NAME_MAX),
                FIELD(msg_sign_access, has_uid, FLAG_MAX),
                FIELD(msg_sign_access, uid, ANY_NUMBER),
                FIELD(msg_sign_access, sid, SID_LEN),
                FIELD(msg_sign_access, auth_time, ANY_NUMBER),
                FIELD(msg_sign_access, amr, AMR_MAX),
                FIELD(msg_sign_access, lifetime_s, ANY_NUMBER),
                FIELD(msg_sign_access, iat_min, ANY_NUMBER),
                FIELD(msg_sign_access, algorithm, KEY_ALGORITHM_COUNT - 1),
                FIELD(msg_sign_access, exp_max, ANY_NUMBER),
        }},
        [MSG_SIGN_TICKET] = {"sign-ticket", {
                FIELD(msg_sign_ticket, username, USER_NAME_MAX),
                FIELD(msg_sign_ticket, uid, ANY_NUMBER),
                FIELD(msg_sign_ticket, service, SERVICE_MAX),
                FIELD(msg_sign_ticket, nonce, NONCE_LEN),
                FIELD(msg_sign_ticket, phase, PAM_PHASE_PASSWORD),
                FIELD(msg_sign_ticket, verdict, LOGIN_GRANTED),
                FIELD(msg_sign_ticket, role, ROLE_NAME_MAX),
                FIELD(msg_sign_ticket, sid, SID_LEN),
                FIELD(msg_sign_ticket, amr, AMR_MAX),
                FIELD(msg_sign_ticket, at_least, ANY_NUMBER),
                FIELD(msg_sign_ticket, iat_min, ANY_NUMBER),
        }},
        [MSG_SIGNED] = {"signed", {
                FIELD(msg_signed, token, TOKEN_MAX),
                FIELD(msg_signed, jti, JTI_LEN),
                FIELD(msg_signed, issued_at, ANY_NUMBER),
                FIELD(msg_signed, expires_at, ANY_NUMBER),
                FIELD(msg_signed, kid, KID_LEN),
        }},
        [MSG_NOT_SIGNED] = {"not-signed", {
                FIELD(msg_not_signed, reason, NOT_SIGNED_NO_KEY),
        }},
        [MSG_KEYS_LIST] = {"keys-list", {{FIELD_NONE, 0, 0}}},
        [MSG_KEY_ROTATE] = {"key-rotate", {
                FIELD(msg_key_rotate, algorithm, KEY_ALGORITHM_COUNT - 1),
                FIELD(msg_key_rotate, now, FLAG_MAX),
        }},
        [MSG_KEY_DROP] = {"key-drop", {
                FIELD(msg_key_drop, kid, KID_LEN),
        }},
        [MSG_KEY] = {"key", {
                FIELD(msg_key, kid, KID_LEN),
                FIELD(msg_key, algorithm, KEY_ALGORITHM_COUNT - 1),
                FIELD(msg_key, state, KEY_RETIRED),
                FIELD(msg_key, since, ANY_NUMBER),
                FIELD(msg_key, until, ANY_NUMBER),
        }},
        [MSG_KEYS_END] = {"keys-end", {
                FIELD(msg_keys_end, outcome, KEYS_FAILED),
        }},
        [MSG_KEY_CHANGED] = {"key-changed", {
                FIELD(msg_key_changed, kid, KID_LEN),
                FIELD(msg_key_changed, algorithm, KEY_ALGORITHM_COUNT - 1),
                FIELD(msg_key_changed, state, KEY_RETIRED),
                FIELD(msg_key_changed, cause, KEY_CAUSE_ASKED),
        }},
        [MSG_CHECK_MAC] = {"check-mac", {
                FIELD(msg_check_mac, kid, KID_LEN),
                FIELD(msg_check_mac, signed_bytes, TOKEN_MAX),
                FIELD(msg_check_mac, mac, MAC_LEN),
        }},
        [MSG_MAC_CHECKED] = {"mac-checked", {
                FIELD(msg_mac_checked, good, FLAG_MAX),
        }},

        [MSG_HASH] = {"hash", {
                FIELD(msg_hash, password, PASSWORD_MAX),
                FIELD(msg_hash, setting, CRYPT_TEXT_MAX),
                FIELD(msg_hash, username, USER_NAME_MAX),
                FIELD(msg_hash, old_password, PASSWORD_MAX),
        }},
        [MSG_HASHED] = {"hashed", {
                FIELD(msg_hashed, hash, CRYPT_TEXT_MAX),
                FIELD(msg_hashed, complaint, COMPLAINT_COUNT - 1),
                FIELD(msg_hashed, at_least, ANY_NUMBER),
        }},

        [MSG_CHECK_PAM] = {"check-pam", {
                FIELD(msg_check_pam, username, USER_NAME_MAX),
                FIELD(msg_check_pam, password, PASSWORD_MAX),
                FIELD(msg_check_pam, rhost, REMOTE_MAX),
        }},
        [MSG_PAM_CHECKED] = {"pam-checked", {
                FIELD(msg_pam_checked, outcome, CONVERSATION_PROVED),
                FIELD(msg_pam_checked, code, ANY_NUMBER),
                FIELD(msg_pam_checked, uid, ANY_NUMBER),
                FIELD(msg_pam_checked, name, USER_NAME_MAX),
        }},

        [MSG_FIND_ACCOUNT] = {"find-account", {
                FIELD(msg_find_account, name, NAME_ASKED_MAX),
        }},
        [MSG_FIND_UID] = {"find-uid", {
                FIELD(msg_find_uid, uid, ANY_NUMBER),
        }},
        [MSG_ACCOUNT] = {"account", {
                FIELD(msg_account, known, FLAG_MAX),
                FIELD(msg_account, uid, ANY_NUMBER),
                FIELD(msg_account, name, NAME_ASKED_MAX),
        }},

        [MSG_FIND_PROCESS] = {"find-process", {
                FIELD(msg_find_process, pid, ANY_NUMBER),
        }},
        [MSG_FIND_UNIT] = {"find-unit", {
                FIELD(msg_find_unit, pid, ANY_NUMBER),
        }},
        [MSG_PROCESS] = {"process", {
                FIELD(msg_process, comm, COMM_MAX),
                FIELD(msg_process, unit, UNIT_MAX),
        }},
        [MSG_UNIT] = {"unit", {
                FIELD(msg_unit, unit, UNIT_MAX),
        }},
        [MSG_CHECK_OUTSIDE] = {"check-outside", {
                FIELD(msg_check_outside, token, TOKEN_MAX),
                FIELD(msg_check_outside, now, CLOCK_LAST_S),
                FIELD(msg_check_outside, leeway_s, ANY_NUMBER),
        }},
        [MSG_OUTSIDE_CHECKED] = {"outside-checked", {
                FIELD(msg_outside_checked, verdict, OUTSIDE_VALID),
                FIELD(msg_outside_checked, issuer, ISSUER_MAX),
                FIELD(msg_outside_checked, sub, OUTSIDE_SUB_MAX),
                FIELD(msg_outside_checked, email, EMAIL_MAX),
                FIELD(msg_outside_checked, email_verified, FLAG_MAX),
                FIELD(msg_outside_checked, auth_time, CLOCK_LAST_S),
                FIELD(msg_outside_checked, issued_at, CLOCK_LAST_S),
                FIELD(msg_outside_checked, expires_at, CLOCK_LAST_S),
        }},
};
/* clang-format on */

/* Bytes on the wire: of a number itself, of a text its length. */
static const size_t field_width[] = {
        [FIELD_NONE] = 0, [FIELD_U8] = 1,  [FIELD_U16] = 2,  [FIELD_U32] = 4,
        [FIELD_U64] = 8,  [FIELD_I64] = 8, [FIELD_TEXT] = 4,
};

#define FIELD_WIDTH_MAX 8

/* NULL for no such type. */
static const struct message_rule *rule_find(enum message_type type) {
        if ((unsigned)type >= MSG_COUNT || !rules[type].name)
                return NULL;
        return &rules[type];
}

/* The field that follows, the rule's first after NULL; NULL behind the last. */
static const struct field_rule *rule_next(const struct message_rule *rule,
                                          const struct field_rule *field) {
        field = field ? field + 1 : rule->fields;
        if (field == rule->fields + FIELDS_MAX || field->kind == FIELD_NONE)
                return NULL;
        return field;
}

const char *message_name(enum message_type type) {
        const struct message_rule *rule = rule_find(type);

        return rule ? rule->name : "unknown";
}

size_t message_max(enum message_type type) {
        const struct message_rule *rule = rule_find(type);
        size_t max = FRAME_HEADER;

        if (!rule)
                return 0;
        for (const struct field_rule *f = rule_next(rule, NULL); f; f = rule_next(rule, f))
                max += field_width[f->kind] + (f->kind == FIELD_TEXT ? (size_t)f->max : 0);
        return max;
}

/* ---- numbers of any width, in little endian ---- */

static void number_put(uint8_t *to, size_t width, uint64_t value) {
        uint64_t little = htole64(value);

        memcpy(to, &little, width);
}

static uint64_t number_get(const uint8_t *from, size_t width) {
        uint64_t little = 0;

        memcpy(&little, from, width);
        return le64toh(little);
}

/* ---- a struct's fields ---- */

static uint64_t field_read(enum field_kind kind, const void *place) {
        switch (kind) {
        case FIELD_U8:
                return *(const uint8_t *)place;
        case FIELD_U16:
                return *(const uint16_t *)place;
        case FIELD_U32:
                return *(const uint32_t *)place;
        case FIELD_U64:
                return *(const uint64_t *)place;
        case FIELD_I64:
                return (uint64_t) * (const int64_t *)place;
        case FIELD_TEXT:
                return ((const struct text *)place)->len;
        case FIELD_NONE:
                break;
        }
        return 0;
}

static void field_write(enum field_kind kind, void *place, uint64_t value, const uint8_t *bytes) {
        switch (kind) {
        case FIELD_U8:
                *(uint8_t *)place = (uint8_t)value;
                break;
        case FIELD_U16:
                *(uint16_t *)place = (uint16_t)value;
                break;
        case FIELD_U32:
                *(uint32_t *)place = (uint32_t)value;
                break;
        case FIELD_U64:
                *(uint64_t *)place = value;
                break;
        case FIELD_I64:
                *(int64_t *)place = (int64_t)value;
                break;
        case FIELD_TEXT:
                *(struct text *)place = (struct text){(const char *)bytes, (size_t)value};
                break;
        case FIELD_NONE:
                break;
        }
}

/* ---- encode ---- */

/* A frame within message_max() fits a buffer of FRAME_MAX bytes, so the bounds of the fields are
 * the only ones to look at. */
static int field_encode(const struct field_rule *field, const void *place, uint8_t **end) {
        uint64_t value = field_read(field->kind, place);

        if (value > field->max)
                return -EMSGSIZE;
        number_put(*end, field_width[field->kind], value);
        *end += field_width[field->kind];
        if (field->kind == FIELD_TEXT && value > 0) {
                memcpy(*end, ((const struct text *)place)->p, (size_t)value);
                *end += value;
        }
        return 0;
}

int message_encode(enum message_type type, uint64_t call, const void *message, uint8_t *buffer,
                   size_t *ret_len) {
        const struct message_rule *rule = rule_find(type);
        uint8_t *end = buffer + FRAME_HEADER;
        int r;

        if (!rule)
                return -EMSGSIZE;
        number_put(buffer, 2, type);
        number_put(buffer + 2, 6, call);
        for (const struct field_rule *f = rule_next(rule, NULL); f; f = rule_next(rule, f)) {
                r = field_encode(f, (const uint8_t *)message + f->offset, &end);
                if (r < 0)
                        return r;
        }
        *ret_len = (size_t)(end - buffer);
        return 0;
}

/* ---- decode ---- */

int message_decode_header(const uint8_t *frame, size_t len, enum message_type *ret_type,
                          uint64_t *ret_call) {
        enum message_type type;

        if (len < FRAME_HEADER)
                return -EPROTO;
        type = (enum message_type)number_get(frame, 2);
        if (!rule_find(type))
                return -EPROTO;
        *ret_type = type;
        *ret_call = number_get(frame + 2, 6);
        return 0;
}

static int field_decode(const struct field_rule *field, const uint8_t **rest, const uint8_t *end,
                        void *place) {
        size_t width = field_width[field->kind];
        uint64_t value;

        if ((size_t)(end - *rest) < width)
                return -EPROTO;
        value = number_get(*rest, width);
        *rest += width;
        if (value > field->max)
                return -EPROTO;
        if (field->kind == FIELD_TEXT && value > (size_t)(end - *rest))
                return -EPROTO;
        field_write(field->kind, place, value, *rest);
        if (field->kind == FIELD_TEXT)
                *rest += value;
        return 0;
}

static int fields_decode(const struct message_rule *rule, const uint8_t *frame, size_t len,
                         union message *ret) {
        const uint8_t *rest = frame + FRAME_HEADER, *end = frame + len;
        int r;

        for (const struct field_rule *f = rule_next(rule, NULL); f; f = rule_next(rule, f)) {
                r = field_decode(f, &rest, end, (uint8_t *)ret + f->offset);
                if (r < 0)
                        return r;
        }
        return rest == end ? 0 : -EPROTO;
}

int message_decode(enum message_type type, const uint8_t *frame, size_t len, union message *ret) {
        const struct message_rule *rule = rule_find(type);
        int r;

        memset(ret, 0, sizeof(*ret));
        if (!rule || len < FRAME_HEADER)
                return -EPROTO;
        r = fields_decode(rule, frame, len, ret);
        if (r < 0)
                memset(ret, 0, sizeof(*ret));
        return r;
}
