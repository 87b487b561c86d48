/* What a valid token says. */
#include "claims.h"

#include <stdlib.h>

const char *jeton_claims_issuer(const struct jeton_claims *claims) {
        return claims ? claims->claims.iss : "";
}

const char *jeton_claims_subject(const struct jeton_claims *claims) {
        return claims ? claims->claims.sub : "";
}

const char *jeton_claims_audience(const struct jeton_claims *claims) {
        return claims ? claims->claims.aud : "";
}

const char *jeton_claims_client_id(const struct jeton_claims *claims) {
        return claims ? claims->claims.client_id : "";
}

const char *jeton_claims_username(const struct jeton_claims *claims) {
        return claims ? claims->claims.username : "";
}

const char *jeton_claims_scope(const struct jeton_claims *claims) {
        return claims ? claims->claims.scope : "";
}

const char *jeton_claims_roles(const struct jeton_claims *claims) {
        return claims ? claims->claims.roles : "";
}

const char *jeton_claims_amr(const struct jeton_claims *claims) {
        return claims ? claims->claims.amr : "";
}

const char *jeton_claims_token_id(const struct jeton_claims *claims) {
        return claims ? claims->claims.jti : "";
}

const char *jeton_claims_session_id(const struct jeton_claims *claims) {
        return claims ? claims->claims.sid : "";
}

int64_t jeton_claims_expires_at(const struct jeton_claims *claims) {
        return claims ? claims->claims.exp : 0;
}

int64_t jeton_claims_issued_at(const struct jeton_claims *claims) {
        return claims ? claims->claims.iat : 0;
}

int64_t jeton_claims_login_at(const struct jeton_claims *claims) {
        return claims ? claims->claims.auth_time : 0;
}

bool jeton_claims_uid(const struct jeton_claims *claims, uid_t *ret_uid) {
        if (!claims || !claims->claims.has_uid)
                return false;
        if (ret_uid)
                *ret_uid = claims->claims.uid;
        return true;
}

bool jeton_claims_has_audience(const struct jeton_claims *claims, const char *audience) {
        return text_list_has(text_of(jeton_claims_audience(claims)), text_of(audience));
}

bool jeton_claims_has_scope(const struct jeton_claims *claims, const char *scope) {
        return text_list_has(text_of(jeton_claims_scope(claims)), text_of(scope));
}

bool jeton_claims_has_role(const struct jeton_claims *claims, const char *role) {
        return text_list_has(text_of(jeton_claims_roles(claims)), text_of(role));
}

void jeton_claims_free(struct jeton_claims *claims) {
        free(claims);
}
