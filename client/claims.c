/* What a valid token says. */
#include "claims.h"

#include <stdlib.h>

const char *jeton_claims_issuer(const struct jeton_claims *claims) {
        return claims->claims.iss;
}

const char *jeton_claims_subject(const struct jeton_claims *claims) {
        return claims->claims.sub;
}

const char *jeton_claims_audience(const struct jeton_claims *claims) {
        return claims->claims.aud;
}

const char *jeton_claims_client_id(const struct jeton_claims *claims) {
        return claims->claims.client_id;
}

const char *jeton_claims_username(const struct jeton_claims *claims) {
        return claims->claims.username;
}

const char *jeton_claims_scope(const struct jeton_claims *claims) {
        return claims->claims.scope;
}

const char *jeton_claims_roles(const struct jeton_claims *claims) {
        return claims->claims.roles;
}

const char *jeton_claims_amr(const struct jeton_claims *claims) {
        return claims->claims.amr;
}

const char *jeton_claims_token_id(const struct jeton_claims *claims) {
        return claims->claims.jti;
}

const char *jeton_claims_session_id(const struct jeton_claims *claims) {
        return claims->claims.sid;
}

int64_t jeton_claims_expires_at(const struct jeton_claims *claims) {
        return claims->claims.exp;
}

int64_t jeton_claims_issued_at(const struct jeton_claims *claims) {
        return claims->claims.iat;
}

int64_t jeton_claims_login_at(const struct jeton_claims *claims) {
        return claims->claims.auth_time;
}

bool jeton_claims_uid(const struct jeton_claims *claims, uid_t *ret_uid) {
        if (!claims->claims.has_uid)
                return false;
        *ret_uid = claims->claims.uid;
        return true;
}

bool jeton_claims_has_audience(const struct jeton_claims *claims, const char *audience) {
        return text_list_has(text_of(claims->claims.aud), text_of(audience));
}

bool jeton_claims_has_scope(const struct jeton_claims *claims, const char *scope) {
        return text_list_has(text_of(claims->claims.scope), text_of(scope));
}

bool jeton_claims_has_role(const struct jeton_claims *claims, const char *role) {
        return text_list_has(text_of(claims->claims.roles), text_of(role));
}

void jeton_claims_free(struct jeton_claims *claims) {
        free(claims);
}
