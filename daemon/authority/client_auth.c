/* A client's id and secret. */
#include "client_auth.h"

#include "../../common/cleanup.h"
#include "../../common/jwt/base64url.h"

#include <openssl/evp.h>

int client_secret_digest(struct text secret, uint8_t ret[CLIENT_DIGEST_LEN]) {
        unsigned len = 0;

        if (EVP_Digest(secret.p ? secret.p : "", secret.len, ret, &len, EVP_sha256(), NULL) != 1 ||
            len != CLIENT_DIGEST_LEN)
                return -EIO;
        return 0;
}

int client_secret_draw(char ret[CLIENT_SECRET_LEN + 1], uint8_t ret_digest[CLIENT_DIGEST_LEN]) {
        uint8_t random[32];
        int r;

        r = secret_random(random, sizeof random);
        if (r < 0)
                return r;
        base64url_encode(random, sizeof random, ret);
        explicit_bzero(random, sizeof random);
        return client_secret_digest(text_of(ret), ret_digest);
}

static int find(struct call *call, struct text id, struct client **ret) {
        int r = -ENOENT;

        if (name_is_client(id))
                r = clients_find(call->authority->store, id, ret);
        return r == -ENOENT ? 0 : r;
}

int client_authenticate(struct call *call, struct text id, struct text secret, struct client **ret,
                        enum refusal *ret_refusal) {
        static const uint8_t nobodys[CLIENT_DIGEST_LEN];
        _cleanup_(client_freep) struct client *client = NULL;
        uint8_t digest[CLIENT_DIGEST_LEN];
        bool holds;
        int r;

        r = find(call, id, &client);
        if (r == 0)
                r = client_secret_digest(secret, digest);
        if (r < 0)
                return r;
        holds = secret_equal((struct text){(const char *)digest, sizeof digest},
                             (struct text){(const char *)(client ? client->digest : nobodys),
                                           CLIENT_DIGEST_LEN});
        *ret_refusal = REFUSAL_CLIENT;
        if (!holds || !client || !client->enabled)
                return 0;
        *ret = take(client);
        *ret_refusal = REFUSAL_NONE;
        return 0;
}

int client_prove(struct call *call, struct text id, struct text secret, enum refusal *ret_refusal) {
        _cleanup_(client_freep) struct client *client = NULL;

        return client_authenticate(call, id, secret, &client, ret_refusal);
}
