/* The life of keys by the clock: what is due when, and what an administrator's word does to it.
 *
 * links: daemon/signer/life.c daemon/signer/keyring.c daemon/signer/keyfile.c
 * links: daemon/signer/keymake.c daemon/signer/states.c
 * needs: libcrypto
 * flags: -Wl,--wrap=key_make */
#include "../../daemon/signer/life.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>

#define NOW INT64_C(1800000000)

static const struct key_rules rules = {
        .wanted = ALGORITHM_BIT(KEY_EDDSA),
        .rotate_s = 1000,
        .prepare_s = 100,
        .keep_s = 500,
};

static char path[] = "/tmp/jeton-life-XXXXXX";
static int dir = -1;
static struct keyring ring;

static int setup(void **state) {
        (void)state;
        log_init("test", LOG_EMERG);
        dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return keyring_load(dir, NOW, rules.keep_s, &ring);
}

static int teardown(void **state) {
        DIR *entries = opendir(path);
        struct dirent *entry;

        (void)state;
        while ((entry = readdir(entries)))
                unlinkat(dir, entry->d_name, 0);
        closedir(entries);
        keyring_clear(&ring);
        closep(&dir);
        return 0;
}

static void publish(void *context) {
        (void)context;
}

static bool turn(const struct key_rules *by, int64_t now) {
        struct keyring next = ring;
        bool changed;

        assert_int_equal(life_turn(&next, by, dir, now, &changed), 0);
        if (changed)
                assert_int_equal(keyring_replace(dir, &ring, &next, publish, NULL), 0);
        return changed;
}

static void assert_counts(size_t prepared, size_t active, size_t retired) {
        size_t counts[KEY_RETIRED + 1] = {0}, i;

        for (i = 0; i < ring.count; i++)
                counts[ring.keys[i].state]++;
        assert_int_equal(counts[KEY_PREPARED], prepared);
        assert_int_equal(counts[KEY_ACTIVE], active);
        assert_int_equal(counts[KEY_RETIRED], retired);
}

static void a_key_is_prepared_then_active_then_retired_then_gone(void **state) {
        char first[KID_LEN + 1];

        (void)state;
        assert_true(turn(&rules, NOW));
        assert_counts(0, 1, 0);
        memcpy(first, ring.keys[0].kid, sizeof first);
        assert_int_equal(life_due_in(&ring, &rules, NOW), 900);
        assert_false(turn(&rules, NOW + 899));
        assert_true(turn(&rules, NOW + 900));
        assert_counts(1, 1, 0);
        assert_string_equal(keyring_find_state(&ring, KEY_EDDSA, KEY_ACTIVE)->kid, first);
        assert_false(turn(&rules, NOW + 999));
        assert_true(turn(&rules, NOW + 1000));
        assert_counts(0, 1, 1);
        assert_string_equal(keyring_find_state(&ring, KEY_EDDSA, KEY_RETIRED)->kid, first);
        assert_false(turn(&rules, NOW + 1499));
        assert_true(turn(&rules, NOW + 1500));
        assert_counts(0, 1, 0);
        assert_null(keyring_find(&ring, text_of(first)));
}

/* Asleep for a year: whoever has fetched the JWKS never sees a key that signs unannounced. */
static void a_late_turn_still_publishes_before_it_signs(void **state) {
        const int64_t late = NOW + 31536000;

        (void)state;
        turn(&rules, NOW);
        assert_true(turn(&rules, late));
        assert_counts(1, 1, 0);
        assert_false(turn(&rules, late + rules.prepare_s - 1));
        assert_true(turn(&rules, late + rules.prepare_s));
        assert_counts(0, 1, 1);
}

static void with_rotation_off_nothing_is_ever_due(void **state) {
        struct key_rules off = rules;

        (void)state;
        off.rotate_s = 0;
        turn(&off, NOW);
        assert_int_equal(life_due_in(&ring, &off, NOW), INT32_MAX);
        assert_false(turn(&off, NOW + 315360000));
}

static void rotate(bool at_once, int64_t now) {
        struct keyring next = ring;

        assert_int_equal(life_rotate(&next, &rules, dir, KEY_NONE, at_once, now), KEYS_DONE);
        assert_int_equal(keyring_replace(dir, &ring, &next, publish, NULL), 0);
}

static void a_commanded_rotation_waits_for_the_preparation(void **state) {
        (void)state;
        turn(&rules, NOW);
        rotate(false, NOW + 10);
        assert_counts(1, 1, 0);
        rotate(false, NOW + 50);
        assert_counts(1, 1, 0);
        assert_false(turn(&rules, NOW + 109));
        assert_true(turn(&rules, NOW + 110));
        assert_counts(0, 1, 1);
}

static void a_retired_key_stays_as_long_as_it_was_promised(void **state) {
        struct key_rules shorter = rules;

        (void)state;
        turn(&rules, NOW);
        rotate(true, NOW);
        shorter.keep_s = 1;
        assert_false(turn(&shorter, NOW + 499));
        assert_counts(0, 1, 1);
        assert_true(turn(&shorter, NOW + 500));
        assert_counts(0, 1, 0);
}

static void the_active_key_is_dropped_only_with_a_successor(void **state) {
        struct keyring next;
        char first[KID_LEN + 1];

        (void)state;
        turn(&rules, NOW);
        memcpy(first, ring.keys[0].kid, sizeof first);
        next = ring;
        assert_int_equal(life_drop(&next, &rules, dir, text_of(first), NOW), KEYS_DONE);
        assert_int_equal(keyring_replace(dir, &ring, &next, publish, NULL), 0);
        assert_counts(0, 1, 0);
        assert_string_not_equal(ring.keys[0].kid, first);
        next = ring;
        assert_int_equal(life_drop(&next, &rules, dir, text_of(first), NOW), KEYS_UNKNOWN);
}

static void a_key_of_an_algorithm_that_is_not_wanted_any_more_is_retired(void **state) {
        struct key_rules other = rules;

        (void)state;
        turn(&rules, NOW);
        rotate(false, NOW);
        other.wanted = ALGORITHM_BIT(KEY_ES256) | ALGORITHM_BIT(KEY_HS256);
        assert_true(turn(&other, NOW + 1));
        assert_counts(0, 2, 1);
        assert_int_equal(keyring_find_state(&ring, KEY_EDDSA, KEY_RETIRED)->until,
                         NOW + 1 + rules.keep_s);
}

static void a_full_page_holds_back_a_rotation_and_says_so(void **state) {
        struct keyring next;
        size_t i;

        (void)state;
        turn(&rules, NOW);
        for (i = 1; i < PAGE_KEYS_MAX; i++)
                rotate(true, NOW);
        assert_int_equal(ring.count, PAGE_KEYS_MAX);
        next = ring;
        assert_int_equal(life_rotate(&next, &rules, dir, KEY_EDDSA, true, NOW), KEYS_FULL);
        assert_int_equal(next.count, ring.count);
        assert_false(turn(&rules, NOW + 499));
}

static int key_make_fails; /* with this errno; 0: it does not */

int __real_key_make(int at, enum key_algorithm algorithm, struct signing_key *ret);
int __wrap_key_make(int at, enum key_algorithm algorithm, struct signing_key *ret);

int __wrap_key_make(int at, enum key_algorithm algorithm, struct signing_key *ret) {
        return key_make_fails ? -key_make_fails : __real_key_make(at, algorithm, ret);
}

static void a_full_disk_is_no_full_page(void **state) {
        struct keyring next;

        (void)state;
        turn(&rules, NOW);
        next = ring;
        key_make_fails = ENOSPC;
        assert_int_equal(life_rotate(&next, &rules, dir, KEY_EDDSA, true, NOW), KEYS_FAILED);
        key_make_fails = 0;
        assert_int_equal(next.count, ring.count);
}

/* By forty years, and back: the next rotation is as far off as it was to be. */
static void a_clock_that_was_wrong_does_not_keep_a_key_for_ever(void **state) {
        const int64_t wrong = NOW + INT64_C(1261440000);
        char first[KID_LEN + 1];

        (void)state;
        turn(&rules, NOW);
        memcpy(first, ring.keys[0].kid, sizeof first);
        turn(&rules, wrong);
        turn(&rules, wrong + rules.prepare_s);
        assert_counts(0, 1, 1);
        assert_true(turn(&rules, NOW + 10));
        assert_counts(0, 1, 1);
        assert_int_equal(life_due_in(&ring, &rules, NOW + 10), rules.rotate_s - rules.prepare_s);
        assert_false(turn(&rules, NOW + 10));
        /* Its tokens are good by the right clock: too early is worse than too late. */
        assert_non_null(keyring_find(&ring, text_of(first)));
        assert_false(turn(&rules, NOW + rules.keep_s));
}

static void a_clock_that_was_wrong_does_not_keep_a_successor_waiting(void **state) {
        const int64_t wrong = NOW + INT64_C(1261440000);

        (void)state;
        turn(&rules, NOW);
        turn(&rules, wrong);
        assert_counts(1, 1, 0);
        assert_true(turn(&rules, NOW + 10));
        assert_counts(1, 1, 0);
        assert_true(turn(&rules, NOW + 10 + rules.prepare_s));
        assert_counts(0, 1, 1);
}

/* What is written is what the next start reads. */
static void every_state_is_read_back(void **state) {
        struct keyring again;
        size_t i;

        (void)state;
        turn(&rules, NOW);
        rotate(true, NOW + 1);
        rotate(false, NOW + 2);
        assert_counts(1, 1, 1);
        assert_int_equal(keyring_load(dir, NOW + 9, 7, &again), 0);
        assert_int_equal(again.count, ring.count);
        for (i = 0; i < ring.count; i++) {
                const struct signing_key *key = keyring_find(&again, text_of(ring.keys[i].kid));

                assert_non_null(key);
                assert_int_equal(key->state, ring.keys[i].state);
                assert_true(key->since == ring.keys[i].since && key->until == ring.keys[i].until);
        }
        keyring_clear(&again);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(a_key_is_prepared_then_active_then_retired_then_gone),
                TEST(a_late_turn_still_publishes_before_it_signs),
                TEST(with_rotation_off_nothing_is_ever_due),
                TEST(a_commanded_rotation_waits_for_the_preparation),
                TEST(a_retired_key_stays_as_long_as_it_was_promised),
                TEST(the_active_key_is_dropped_only_with_a_successor),
                TEST(a_key_of_an_algorithm_that_is_not_wanted_any_more_is_retired),
                TEST(a_full_page_holds_back_a_rotation_and_says_so),
                TEST(a_full_disk_is_no_full_page),
                TEST(a_clock_that_was_wrong_does_not_keep_a_key_for_ever),
                TEST(a_clock_that_was_wrong_does_not_keep_a_successor_waiting),
                TEST(every_state_is_read_back),
        };
        int failed;

        if (!mkdtemp(path))
                return 1;
        failed = cmocka_run_group_tests(tests, NULL, NULL);
        rmdir(path);
        return failed;
}
