/* What becomes of which key, when. Refuses to know how a change gets to the disk and to the page:
 * keyring_replace() makes it true as a whole, or not at all. */
#include "life.h"

#include <errno.h>

#define FOR_EACH_ALGORITHM(algorithm) \
        for ((algorithm) = KEY_NONE + 1; (algorithm) < KEY_ALGORITHM_COUNT; (algorithm)++)

static bool is_wanted(const struct key_rules *rules, enum key_algorithm algorithm) {
        return rules->wanted & ALGORITHM_BIT(algorithm);
}

/* ---- the steps of one key ---- */

static void enter(struct signing_key *key, enum key_state state, int64_t now, int64_t until) {
        key->state = state;
        key->since = now;
        key->until = until;
}

static void retire(struct signing_key *key, const struct key_rules *rules, int64_t now) {
        enter(key, KEY_RETIRED, now, now + rules->keep_s);
}

/* The active key steps down in the same change: of an algorithm one key signs. */
static void activate(struct keyring *keyring, const struct key_rules *rules,
                     struct signing_key *key, int64_t now) {
        struct signing_key *active = keyring_find_state(keyring, key->algorithm, KEY_ACTIVE);

        if (active)
                retire(active, rules, now);
        enter(key, KEY_ACTIVE, now, 0);
}

/* -EOVERFLOW: the page has no room for another. */
static int add(struct keyring *keyring, int dir, enum key_algorithm algorithm,
               struct signing_key **ret) {
        struct signing_key *place = &keyring->keys[keyring->count];
        int r;

        if (keyring->count == PAGE_KEYS_MAX)
                return -EOVERFLOW;
        r = key_make(dir, algorithm, place);
        if (r < 0)
                return r;
        keyring->count++;
        *ret = place;
        return 0;
}

/* ---- what is due ---- */

static bool is_over(const struct signing_key *key, int64_t now) {
        return now >= key->until;
}

/* When the active key is to be followed; INT64_MAX: never by time. */
static int64_t rotation_time(const struct signing_key *active, const struct key_rules *rules) {
        return rules->rotate_s > 0 ? active->since + rules->rotate_s : INT64_MAX;
}

static int64_t preparation_time(const struct signing_key *active, const struct key_rules *rules) {
        int64_t rotation = rotation_time(active, rules);

        return rotation == INT64_MAX ? rotation : rotation - rules->prepare_s;
}

static int active_ensure(struct keyring *keyring, const struct key_rules *rules, int dir,
                         enum key_algorithm algorithm, int64_t now, bool *changed) {
        struct signing_key *active = keyring_find_state(keyring, algorithm, KEY_ACTIVE);
        struct signing_key *prepared = keyring_find_state(keyring, algorithm, KEY_PREPARED);
        int r;

        if (active && !(prepared && is_over(prepared, now)))
                return 0;
        if (!prepared) {
                r = add(keyring, dir, algorithm, &prepared);
                if (r < 0)
                        return r;
        }
        activate(keyring, rules, prepared, now);
        *changed = true;
        return 0;
}

/* Where there is no room the active key goes on; retired ones make room in their time. */
static int successor_ensure(struct keyring *keyring, const struct key_rules *rules, int dir,
                            enum key_algorithm algorithm, int64_t now, bool *changed) {
        struct signing_key *active = keyring_find_state(keyring, algorithm, KEY_ACTIVE), *made;
        int64_t published_enough = now + rules->prepare_s, rotation = rotation_time(active, rules);
        int r;

        if (keyring_find_state(keyring, algorithm, KEY_PREPARED) ||
            now < preparation_time(active, rules) || keyring->count == PAGE_KEYS_MAX)
                return 0;
        r = add(keyring, dir, algorithm, &made);
        if (r < 0)
                return r;
        enter(made, KEY_PREPARED, now, rotation > published_enough ? rotation : published_enough);
        *changed = true;
        return 0;
}

static void unwanted_end(struct keyring *keyring, const struct key_rules *rules,
                         enum key_algorithm algorithm, int64_t now, bool *changed) {
        struct signing_key *key = keyring_find_state(keyring, algorithm, KEY_ACTIVE);

        if (key) {
                retire(key, rules, now);
                *changed = true;
        }
        key = keyring_find_state(keyring, algorithm, KEY_PREPARED);
        if (key) {
                keyring_remove(keyring, key);
                *changed = true;
        }
}

static void retired_end(struct keyring *keyring, int64_t now, bool *changed) {
        size_t i;

        for (i = keyring->count; i-- > 0;)
                if (keyring->keys[i].state == KEY_RETIRED && is_over(&keyring->keys[i], now)) {
                        keyring_remove(keyring, &keyring->keys[i]);
                        *changed = true;
                }
}

/* The clock was set back: what is said to have begun later than now begins now, or the active key
 * would not be followed for as long as the clock was wrong. A retired key is left as it is: too
 * long does no harm, and too short refuses a good token. */
static void clock_follow(struct keyring *keyring, int64_t now, bool *changed) {
        struct signing_key *key;

        for (key = keyring->keys; key < keyring->keys + keyring->count; key++) {
                if (key->since <= now || key->state == KEY_RETIRED)
                        continue;
                if (key->state == KEY_PREPARED)
                        key->until -= key->since - now;
                key->since = now;
                *changed = true;
        }
}

int life_turn(struct keyring *next, const struct key_rules *rules, int dir, int64_t now,
              bool *ret_changed) {
        enum key_algorithm algorithm;
        bool changed = false;
        int r = 0;

        clock_follow(next, now, &changed);
        retired_end(next, now, &changed);
        FOR_EACH_ALGORITHM(algorithm) {
                if (!is_wanted(rules, algorithm)) {
                        unwanted_end(next, rules, algorithm, now, &changed);
                        continue;
                }
                r = active_ensure(next, rules, dir, algorithm, now, &changed);
                if (r == 0)
                        r = successor_ensure(next, rules, dir, algorithm, now, &changed);
                if (r < 0)
                        return r;
        }
        *ret_changed = changed;
        return 0;
}

static int64_t due_time(const struct keyring *keyring, const struct key_rules *rules,
                        const struct signing_key *key) {
        if (key->state != KEY_ACTIVE)
                return key->until;
        if (keyring->count == PAGE_KEYS_MAX)
                return INT64_MAX;
        return preparation_time(key, rules);
}

int32_t life_due_in(const struct keyring *keyring, const struct key_rules *rules, int64_t now) {
        int64_t left, least = INT32_MAX;
        size_t i;

        for (i = 0; i < keyring->count; i++) {
                int64_t due = due_time(keyring, rules, &keyring->keys[i]);

                left = due > now ? due - now : 0;
                if (left < least)
                        least = left;
        }
        return (int32_t)least;
}

/* ---- what is asked for ---- */

static enum keys_outcome outcome_of(int error) {
        return error == -EOVERFLOW ? KEYS_FULL : KEYS_FAILED;
}

static enum keys_outcome rotate_one(struct keyring *next, const struct key_rules *rules, int dir,
                                    enum key_algorithm algorithm, bool at_once, int64_t now) {
        struct signing_key *key = keyring_find_state(next, algorithm, KEY_PREPARED);
        int r;

        if (!key) {
                r = add(next, dir, algorithm, &key);
                if (r < 0)
                        return outcome_of(r);
                enter(key, KEY_PREPARED, now, now + rules->prepare_s);
        }
        if (at_once)
                activate(next, rules, key, now);
        else if (key->since + rules->prepare_s < key->until)
                key->until = key->since + rules->prepare_s;
        return KEYS_DONE;
}

enum keys_outcome life_rotate(struct keyring *next, const struct key_rules *rules, int dir,
                              enum key_algorithm algorithm, bool at_once, int64_t now) {
        enum keys_outcome outcome = KEYS_UNKNOWN;
        enum key_algorithm i;

        FOR_EACH_ALGORITHM(i) {
                if (!is_wanted(rules, i) || (algorithm != KEY_NONE && algorithm != i))
                        continue;
                outcome = rotate_one(next, rules, dir, i, at_once, now);
                if (outcome != KEYS_DONE)
                        return outcome;
        }
        return outcome;
}

/* Dropped first and followed then, in one change: what is not trusted any more needs no room. */
enum keys_outcome life_drop(struct keyring *next, const struct key_rules *rules, int dir,
                            struct text kid, int64_t now) {
        struct signing_key *key = keyring_find(next, kid);
        bool changed;
        int r;

        if (!key)
                return KEYS_UNKNOWN;
        keyring_remove(next, key);
        r = life_turn(next, rules, dir, now, &changed);
        return r < 0 ? outcome_of(r) : KEYS_DONE;
}
