/* The keys page, read when it has changed. Holds public keys alone. */
#include "keys.h"

#include "../../common/cleanup.h"
#include "../../common/jwt/signature.h"

#include <openssl/crypto.h>

/* The generator of P-256 (SP 800-186 3.2.1.3): a public key that is always valid. */
static const uint8_t generator[] = {
        0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63,
        0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1,
        0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f,
        0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57,
        0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
};

int keys_prepare(void) {
        const uint8_t signature[64] = {[31] = 1, [63] = 1};
        EVP_PKEY *key;
        bool is_good;
        int r;

        if (!OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL))
                return -ENOMEM;
        r = public_key_decode(KEY_ES256, generator, sizeof generator, &key);
        if (r < 0)
                return r;
        r = signature_check(KEY_ES256, key, TEXT("warm"), signature, sizeof signature, &is_good);
        EVP_PKEY_free(key);
        return r;
}

int keys_refresh(struct keys *keys) {
        return keyset_refresh(&keys->keyset, keys->page_fd);
}

void keys_clear(struct keys *keys) {
        closep(&keys->page_fd);
        keyset_freep(&keys->keyset);
}
