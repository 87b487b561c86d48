/* links: client/open.c client/verify.c client/claims.c client/keys.c client/place.c
 * client/failure.c
 * needs: libcrypto */
/* What a process with libjeton, which has seen a token and holds the pages open, says of it when
 * the pages change. */
#include "test_place.h"

#include "../../common/cleanup.h"

static struct fake_server place;
static struct claims claims;
static char token[TOKEN_MAX + 1];
static struct jeton *jeton;

static enum jeton_verdict verdict_now(void) {
        struct jeton_claims *got = NULL;
        enum jeton_verdict verdict;

        assert_int_equal(jeton_verify(jeton, token, NULL, &verdict, &got), 0);
        assert_true((got != NULL) == (verdict == JETON_VALID));
        jeton_claims_free(got);
        return verdict;
}

/* A token that was found good. */
static int begin(void **state) {
        (void)state;
        place_with_page(&place);
        jeton = open_at(place.path);
        claims = good_claims();
        sign(&claims, token);
        return verdict_now() == JETON_VALID ? 0 : -1;
}

static int end(void **state) {
        (void)state;
        jeton_close(jeton);
        place_remove(&place);
        return 0;
}

static void it_is_revoked_and_it_is_not(void **state) {
        (void)state;
        status_publish(&place, claims.jti, false);
        assert_int_equal(verdict_now(), JETON_REVOKED);
        status_publish(&place, NULL, false);
        assert_int_equal(verdict_now(), JETON_VALID);
}

static void its_key_goes_and_comes_back(void **state) {
        (void)state;
        page_publish(&place, false);
        assert_int_equal(verdict_now(), JETON_INVALID);
        page_publish(&place, true);
        assert_int_equal(verdict_now(), JETON_VALID);
}

static void a_restart_of_the_host_makes_other_pages(void **state) {
        (void)state;
        page_remove(&place);
        page_create(&place, 0644);
        page_publish(&place, false);
        assert_int_equal(verdict_now(), JETON_INVALID);
}

static void assert_no_verdict(int error, const char *sentence) {
        enum jeton_verdict verdict = JETON_EXPIRED;
        struct jeton_claims *got = NULL;

        assert_int_equal(jeton_verify(jeton, token, NULL, &verdict, &got), error);
        assert_int_equal(verdict, JETON_EXPIRED);
        assert_null(got);
        assert_non_null(strstr(jeton_error(jeton), sentence));
}

static void more_is_revoked_than_the_page_holds(void **state) {
        (void)state;
        status_publish(&place, NULL, true);
        assert_no_verdict(-EOVERFLOW, "/status: has more revocations");
}

/* As after an upgrade of the daemon, for a program that has not been started anew. */
static void a_newer_daemon_lays_its_pages_out_differently(void **state) {
        static const struct {
                const char *name;
                enum page page;
        } pages[] = {{"keys", PAGE_KEYS}, {"status", PAGE_STATUS}};
        struct page_head *head;
        size_t i;

        (void)state;
        for (i = 0; i < ELEMENTS(pages); i++) {
                head = file_map(&place, pages[i].name, pages[i].page);
                head->layout++;
                assert_no_verdict(-EBADMSG, "is not a page that this library can read");
                head->layout--;
                munmap(head, page_size(pages[i].page));
                assert_int_equal(verdict_now(), JETON_VALID);
        }
}

static void page_path(const char *name, char ret[80]) {
        snprintf(ret, 80, "%s/%s", place.dir, name);
}

static void a_newer_daemon_makes_its_pages_larger(void **state) {
        char path[80], longer[80];

        (void)state;
        page_path("status", path);
        page_path("longer", longer);
        file_create(&place, "longer", PAGE_STATUS, 0644);
        assert_int_equal(truncate(longer, (off_t)page_size(PAGE_STATUS) + 4096), 0);
        assert_int_equal(rename(longer, path), 0);
        assert_no_verdict(-EBADMSG, "is not a page that this library can read");
}

/* Somebody keeps the old file by another name: it is not deleted, and still not the page. */
static void a_page_is_replaced_and_kept(void **state) {
        char keys[80], status[80], kept[80];

        (void)state;
        page_path("keys", keys);
        page_path("status", status);
        page_path("kept", kept);
        assert_int_equal(rename(status, kept), 0);
        assert_int_equal(verdict_now(), JETON_VALID); /* there is no other */
        file_create(&place, "status", PAGE_STATUS, 0644);
        status_publish(&place, claims.jti, false);
        assert_int_equal(verdict_now(), JETON_REVOKED);
        assert_int_equal(rename(kept, status), 0);
        assert_int_equal(verdict_now(), JETON_VALID);
        assert_int_equal(rename(keys, kept), 0);
        file_create(&place, "keys", PAGE_KEYS, 0644);
        page_publish(&place, false);
        assert_int_equal(verdict_now(), JETON_INVALID);
        unlink(kept);
}

/* The library grants a minute: this one has two seconds left of it. */
static void its_time_is_over(void **state) {
        int64_t deadline = clock_monotonic_ms() + 20000;

        (void)state;
        claims.iat = clock_wall_s() - 100;
        claims.exp = clock_wall_s() - 58;
        sign(&claims, token);
        while (verdict_now() == JETON_VALID) {
                assert_true(clock_monotonic_ms() < deadline);
                usleep(20000);
        }
        assert_true(clock_wall_s() >= claims.exp + 60);
        assert_int_equal(verdict_now(), JETON_EXPIRED);
}

#define seen_before(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void) {
        const struct CMUnitTest tests[] = {
                seen_before(it_is_revoked_and_it_is_not),
                seen_before(its_key_goes_and_comes_back),
                seen_before(a_restart_of_the_host_makes_other_pages),
                seen_before(more_is_revoked_than_the_page_holds),
                seen_before(a_newer_daemon_lays_its_pages_out_differently),
                seen_before(a_newer_daemon_makes_its_pages_larger),
                seen_before(a_page_is_replaced_and_kept),
                seen_before(its_time_is_over),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
