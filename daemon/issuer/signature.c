/* libjwt 1.x takes the algorithm from the token: its yes counts where that was the right one. */
#include "signature.h"

#include "../../common/cleanup.h"

#include <jwt.h>

static const struct {
        enum key_algorithm algorithm;
        jwt_alg_t of_libjwt;
} algorithms[] = {
        {KEY_ES256, JWT_ALG_ES256},
        {KEY_RS256, JWT_ALG_RS256},
};

static jwt_alg_t algorithm_of(enum key_algorithm algorithm) {
        size_t i;

        for (i = 0; i < ELEMENTS(algorithms); i++)
                if (algorithms[i].algorithm == algorithm)
                        return algorithms[i].of_libjwt;
        return JWT_ALG_NONE;
}

/* libjwt wants a string; that there is no NUL in it, the alphabet of base64url has shown. */
bool outside_signature_is_good(enum key_algorithm algorithm, const struct outside_key *key,
                               struct text token) {
        _cleanup_(freep) char *string = strndup(token.p, token.len);
        jwt_alg_t wanted = algorithm_of(algorithm);
        jwt_t *jwt = NULL;
        bool is_good;

        if (!string || wanted == JWT_ALG_NONE)
                return false;
        is_good = jwt_decode(&jwt, string, (const unsigned char *)key->pem,
                             (int)strlen(key->pem)) == 0 &&
                  jwt_get_alg(jwt) == wanted;
        jwt_free(jwt);
        return is_good;
}
