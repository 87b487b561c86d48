/* Changes of the keyring, each as a whole: on a copy, to the disk, into force, to the page. */
#include "signer.h"

#include "../../common/clock.h"
#include "../../common/log.h"

#define TURN_LEAST_S 1
#define TURN_MOST_S  60 /* the wall clock may be set meanwhile */

static void publish(void *context) {
        struct signer *signer = context;

        keys_publish(signer->page, &signer->keyring, signer->limits.issuer);
}

static int replace(struct signer *signer, const struct keyring *next, enum key_cause cause) {
        const struct keyring before = signer->keyring;
        int r;

        r = keyring_replace(signer->keys_dir, &signer->keyring, next, publish, signer);
        if (r == 0)
                changes_tell(signer, &before, cause);
        return r;
}

/* ---- by time ---- */

static int turn(struct signer *signer) {
        struct keyring next = signer->keyring;
        bool changed = false;
        int r;

        r = life_turn(&next, &signer->rules, signer->keys_dir, clock_wall_s(), &changed);
        if (r == 0 && changed)
                r = replace(signer, &next, KEY_CAUSE_DUE);
        if (r < 0)
                keyring_discard(&next, &signer->keyring);
        return r;
}

void keys_turn(struct signer *signer) {
        int32_t left = TURN_MOST_S;

        if (turn(signer) == 0)
                left = life_due_in(&signer->keyring, &signer->rules, clock_wall_s());
        if (left < TURN_LEAST_S)
                left = TURN_LEAST_S;
        if (left > TURN_MOST_S)
                left = TURN_MOST_S;
        signer->turn_ms = clock_monotonic_ms() + left * 1000;
}

int keys_open(struct signer *signer) {
        int r;

        r = keyring_load(signer->keys_dir, clock_wall_s(), signer->rules.keep_s, &signer->keyring);
        if (r == 0)
                r = keyring_try(&signer->keyring);
        if (r == 0)
                r = turn(signer);
        return r;
}

/* ---- by command ---- */

static int answer_with_keys(struct signer *signer, uint64_t call, enum keys_outcome outcome) {
        struct msg_keys_end end = {.outcome = (uint8_t)outcome};
        size_t i;
        int r = 0;

        for (i = 0; r == 0 && i < signer->keyring.count; i++) {
                const struct signing_key *key = &signer->keyring.keys[i];
                struct msg_key message = {
                        .kid = text_of(key->kid),
                        .algorithm = (uint8_t)key->algorithm,
                        .state = (uint8_t)key->state,
                        .since = key->since,
                        .until = key->until,
                };

                r = channel_send(&signer->authority, MSG_KEY, call, &message, -1);
        }
        return r < 0 ? r : channel_send(&signer->authority, MSG_KEYS_END, call, &end, -1);
}

/* What came of a change to `next`; and the change, if it is one. */
static int answer_change(struct signer *signer, uint64_t call, const struct keyring *next,
                         enum keys_outcome outcome) {
        if (outcome == KEYS_DONE && replace(signer, next, KEY_CAUSE_ASKED) < 0)
                outcome = KEYS_FAILED;
        if (outcome != KEYS_DONE)
                keyring_discard(next, &signer->keyring);
        signer->turn_ms = 0;
        return answer_with_keys(signer, call, outcome);
}

int answer_keys_list(struct signer *signer, const struct frame *frame) {
        return answer_with_keys(signer, frame->call, KEYS_DONE);
}

int answer_key_rotate(struct signer *signer, const struct frame *frame) {
        const struct msg_key_rotate *ask = &frame->message.key_rotate;
        struct keyring next = signer->keyring;
        enum keys_outcome outcome;

        outcome = life_rotate(&next, &signer->rules, signer->keys_dir,
                              (enum key_algorithm)ask->algorithm, ask->now, clock_wall_s());
        return answer_change(signer, frame->call, &next, outcome);
}

int answer_key_drop(struct signer *signer, const struct frame *frame) {
        const struct msg_key_drop *ask = &frame->message.key_drop;
        struct keyring next = signer->keyring;
        enum keys_outcome outcome;

        outcome = life_drop(&next, &signer->rules, signer->keys_dir, ask->kid, clock_wall_s());
        return answer_change(signer, frame->call, &next, outcome);
}
