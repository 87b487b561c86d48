/* The keys page: the public halves, for everyone who verifies. */
#include "signer.h"

#include <string.h>

static void key_publish(const struct signing_key *key, struct page_key *ret) {
        memcpy(ret->kid, key->kid, sizeof ret->kid);
        memcpy(ret->public_key, key->public_key, key->public_len);
        ret->public_len = (uint32_t)key->public_len;
        ret->algorithm = key->algorithm;
        ret->state = key->state;
}

void keys_publish(struct keys_page *page, const struct keyring *keyring, const char *issuer) {
        struct keys_table *table = keys_page_next(page);

        memset(table, 0, sizeof *table);
        memcpy(table->issuer, issuer, strlen(issuer));
        for (; table->count < keyring->count; table->count++)
                key_publish(&keyring->keys[table->count], &table->keys[table->count]);
        keys_page_publish(page);
}
