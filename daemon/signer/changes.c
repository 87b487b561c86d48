/* What has become of which key: told when it is true, and not when it was planned. */
#include "signer.h"

#include "../../common/jwt/signature.h"
#include "../../common/log.h"

static const char *const words[] = {
        [KEY_STATE_NONE] = "dropped",
        [KEY_PREPARED] = "prepared",
        [KEY_ACTIVE] = "active",
        [KEY_RETIRED] = "retired",
};

static void change_tell(struct signer *signer, const struct signing_key *key, enum key_state state,
                        enum key_cause cause) {
        const struct msg_key_changed message = {
                .kid = text_of(key->kid),
                .algorithm = (uint8_t)key->algorithm,
                .state = (uint8_t)state,
                .cause = (uint8_t)cause,
        };

        log_notice("key %s (%s) is %s", key->kid, algorithm_name(key->algorithm), words[state]);
        if (channel_send(&signer->authority, MSG_KEY_CHANGED, 0, &message, -1) < 0)
                log_warning("key %s: the audit has no line of that", key->kid);
}

static enum key_state state_in(struct keyring *keyring, const struct signing_key *key) {
        const struct signing_key *found = keyring_find(keyring, text_of(key->kid));

        return found ? found->state : KEY_STATE_NONE;
}

/* First what is there, then what is not there any more. */
void changes_tell(struct signer *signer, const struct keyring *before, enum key_cause cause) {
        struct keyring old = *before;
        size_t i;

        for (i = 0; i < signer->keyring.count; i++) {
                const struct signing_key *key = &signer->keyring.keys[i];

                if (state_in(&old, key) != key->state)
                        change_tell(signer, key, key->state, cause);
        }
        for (i = 0; i < old.count; i++)
                if (state_in(&signer->keyring, &old.keys[i]) == KEY_STATE_NONE)
                        change_tell(signer, &old.keys[i], KEY_STATE_NONE, cause);
}
