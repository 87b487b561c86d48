/* Tokens of keys that are not published: yes or no. The bytes are a caller's, and nothing here
 * reads them; who learns yes has to know the MAC already. */
#include "signer.h"

#include "../../common/jwt/signature.h"
#include "../../common/log.h"

#include <string.h>

static int check(struct signer *signer, const struct msg_check_mac *ask, bool *ret) {
        const struct signing_key *key = keyring_find(&signer->keyring, ask->kid);

        *ret = false;
        if (!key || algorithm_is_public(key->algorithm))
                return 0;
        return signature_check(key->algorithm, key->key, ask->signed_bytes,
                               (const uint8_t *)ask->mac.p, ask->mac.len, ret);
}

int answer_check_mac(struct signer *signer, const struct frame *frame) {
        struct msg_mac_checked answer = {.good = 0};
        bool good;
        int r;

        r = check(signer, &frame->message.check_mac, &good);
        if (r < 0)
                log_error("cannot check a MAC: %s", strerror(-r));
        else
                answer.good = good;
        return channel_send(&signer->authority, MSG_MAC_CHECKED, frame->call, &answer, -1);
}
