/* The signer between its two channels: what it is given, what it answers, what it publishes.
 *
 * links: daemon/signer/sign.c daemon/signer/compose.c daemon/signer/publish.c
 * links: daemon/signer/setup.c daemon/signer/keys.c daemon/signer/mac.c daemon/signer/life.c
 * links: daemon/signer/changes.c
 * links: daemon/signer/keyring.c daemon/signer/keyfile.c daemon/signer/keymake.c
 * links: daemon/signer/states.c
 * needs: libcrypto */
#include "../../daemon/signer/signer.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../common/jwt/verify.h"
#include "../../common/log.h"
#include "test_keys.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <sys/mman.h>

#define SID   "AAAAAAAAAAAAAAAAAAAAAA"
#define NONCE "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static struct signer signer;
static struct channel asker; /* the authority's end */

static int limits_set(const char *issuer, uint32_t max_lifetime_s) {
        struct frame frame = {.type = MSG_SETUP_SIGNER, .fd = -1};

        frame.message.setup_signer.issuer = text_of(issuer);
        frame.message.setup_signer.max_lifetime_s = max_lifetime_s;
        frame.message.setup_signer.algorithm = KEY_ES256;
        return setup_take(&signer, &frame);
}

static int descriptor_hand(enum descriptor what, enum process process, int fd) {
        struct frame frame = {.type = MSG_DESCRIPTOR, .fd = fd};
        int r;

        frame.message.descriptor.what = (uint8_t)what;
        frame.message.descriptor.process = (uint8_t)process;
        r = setup_take(&signer, &frame);
        closep(&frame.fd);
        return r;
}

static int null_fd(void) {
        return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void key_set(void) {
        struct signing_key *key = &signer.keyring.keys[0];
        enum token_kind kind;

        key->key = test_private_key();
        key->algorithm = KEY_ES256;
        key->state = KEY_ACTIVE;
        key->public_len = 64;
        test_public(key->public_key);
        memcpy(key->kid, TEST_KEY_THUMBPRINT, sizeof key->kid);
        for (kind = 0; kind < TOKEN_KIND_COUNT; kind++)
                token_header(KEY_ES256, kind, key->kid, key->headers[kind]);
        signer.keyring.count = 1;
}

static int signer_setup(void **state) {
        int fds[2];

        (void)state;
        log_init("test", LOG_EMERG);
        signer = (struct signer){.keys_dir = -1, .keys_page_fd = -1};
        if (channel_pair(fds) < 0 ||
            channel_init(&asker, fds[0], PROCESS_AUTHORITY, PROCESS_SIGNER, 0) < 0)
                return -1;
        asker.phase = PHASE_RUNNING;
        if (descriptor_hand(DESCRIPTOR_CHANNEL, PROCESS_AUTHORITY, fds[1]) < 0 ||
            descriptor_hand(DESCRIPTOR_KEYS_DIR, PROCESS_NONE, null_fd()) < 0 ||
            descriptor_hand(DESCRIPTOR_KEYS_PAGE, PROCESS_NONE, null_fd()) < 0 ||
            limits_set(TEST_ISSUER, 3600) < 0)
                return -1;
        key_set();
        return 0;
}

static int signer_teardown(void **state) {
        (void)state;
        EVP_PKEY_free(signer.keyring.keys[0].key);
        channel_clear(&signer.authority);
        channel_clear(&asker);
        closep(&signer.keys_dir);
        closep(&signer.keys_page_fd);
        return 0;
}

static int signer_setup_done(void **state) {
        return signer_setup(state) < 0 || setup_done(&signer) < 0 ? -1 : 0;
}

/* Asks as the authority, answers as the signer, and gives what came back. */
static struct frame ask(enum message_type type, const void *fields) {
        struct frame frame;

        assert_int_equal(channel_send(&asker, type, 42, fields, -1), 0);
        assert_int_equal(channel_receive(&signer.authority, &frame), 0);
        if (type == MSG_SIGN_TICKET)
                assert_int_equal(answer_sign_ticket(&signer, &frame), 0);
        else
                assert_int_equal(answer_sign_access(&signer, &frame), 0);
        assert_int_equal(channel_receive(&asker, &frame), 0);
        assert_int_equal(frame.call, 42);
        return frame;
}

static struct msg_sign_access good_access(void) {
        return (struct msg_sign_access){
                .kind = TOKEN_KIND_ACCESS,
                .sub = TEXT("7"),
                .client_id = TEXT("local"),
                .audience = TEXT(TEST_ISSUER),
                .roles = TEXT("staff"),
                .username = TEXT("alice"),
                .sid = TEXT(SID),
                .auth_time = clock_wall_s(),
                .amr = TEXT("pwd"),
                .lifetime_s = 900,
        };
}

static const struct revocations nothing_revoked;

static enum verdict judge(struct text token, bool ticket, struct claims *ret) {
        struct expectation expect = {
                .ticket = ticket,
                .audience = ticket ? "jeton:login" : TEST_ISSUER,
                .now = clock_wall_s(),
        };
        struct keyset *keyset = test_keyset();
        enum verdict verdict;

        assert_int_equal(token_verify(keyset, &nothing_revoked, token, &expect, &verdict, ret), 0);
        keyset_free(keyset);
        return verdict;
}

static void an_access_token_verifies_and_says_what_was_asked(void **state) {
        struct msg_sign_access fields = good_access();
        struct frame frame = ask(MSG_SIGN_ACCESS, &fields);
        struct claims claims;

        (void)state;
        assert_int_equal(frame.type, MSG_SIGNED);
        assert_int_equal(judge(frame.message.signed_token.token, false, &claims), VERDICT_VALID);
        assert_string_equal(claims.sub, "7");
        assert_string_equal(claims.roles, "staff");
        assert_true(text_is(frame.message.signed_token.jti, text_of(claims.jti)));
        assert_int_equal(frame.message.signed_token.kid.len, KID_LEN);
        assert_true(frame.message.signed_token.issued_at == claims.iat);
        assert_true(frame.message.signed_token.expires_at == claims.exp);
        assert_true(claims.exp - claims.iat == 900);
}

static void a_ticket_verifies_as_a_ticket_only(void **state) {
        struct msg_sign_ticket fields = {
                .username = TEXT("alice"),
                .uid = 1000,
                .service = TEXT("sshd"),
                .nonce = TEXT(NONCE),
                .phase = PAM_PHASE_AUTH,
                .verdict = LOGIN_DENIED,
        };
        struct frame frame = ask(MSG_SIGN_TICKET, &fields);
        struct claims claims;

        (void)state;
        assert_int_equal(frame.type, MSG_SIGNED);
        assert_int_equal(judge(frame.message.signed_token.token, false, &claims), VERDICT_INVALID);
        assert_int_equal(judge(frame.message.signed_token.token, true, &claims), VERDICT_VALID);
        assert_string_equal(claims.verdict, "denied");
        assert_string_equal(claims.sub, "uid:1000");
}

static void what_is_beyond_the_limits_is_not_signed(void **state) {
        struct msg_sign_access fields = good_access();
        struct frame frame;

        (void)state;
        fields.lifetime_s = 3601;
        frame = ask(MSG_SIGN_ACCESS, &fields);
        assert_int_equal(frame.type, MSG_NOT_SIGNED);
        assert_int_equal(frame.message.not_signed.reason, NOT_SIGNED_LIMIT);
}

/* Each field within its bound, all of them together too much for one token. */
static void a_token_too_large_is_not_signed(void **state) {
        char scope[SCOPE_MAX], roles[ROLES_MAX], audience[AUDIENCE_MAX];
        struct msg_sign_access fields = good_access();
        struct frame frame;
        size_t i;

        (void)state;
        for (i = 0; i < sizeof roles; i++) {
                scope[i] = 'a';
                roles[i] = i % 2 ? ' ' : 'a';
                if (i < sizeof audience)
                        audience[i] = i % 2 ? ' ' : 'a';
        }
        fields.scope = (struct text){scope, sizeof scope};
        fields.roles = (struct text){roles, sizeof roles - 1};
        fields.audience = (struct text){audience, sizeof audience - 1};
        frame = ask(MSG_SIGN_ACCESS, &fields);
        assert_int_equal(frame.type, MSG_NOT_SIGNED);
        assert_int_equal(frame.message.not_signed.reason, NOT_SIGNED_LIMIT);
}

static void a_key_that_fails_is_said_to_have_failed(void **state) {
        struct msg_sign_access fields = good_access();
        struct frame frame;

        (void)state;
        EVP_PKEY_free(signer.keyring.keys[0].key);
        signer.keyring.keys[0].key = EVP_RSA_gen(2048);
        frame = ask(MSG_SIGN_ACCESS, &fields);
        assert_int_equal(frame.type, MSG_NOT_SIGNED);
        assert_int_equal(frame.message.not_signed.reason, NOT_SIGNED_FAILED);
}

static void the_published_keys_verify_what_is_signed(void **state) {
        struct msg_sign_access fields = good_access();
        struct expectation expect = {.now = clock_wall_s()};
        struct frame frame = ask(MSG_SIGN_ACCESS, &fields);
        struct keys_table table;
        struct keyset *keyset;
        struct claims claims;
        enum verdict verdict;
        void *page;
        int fd;

        (void)state;
        fd = memfd_create("keys", MFD_CLOEXEC);
        assert_int_equal(ftruncate(fd, (off_t)page_size(PAGE_KEYS)), 0);
        assert_int_equal(page_map(fd, PAGE_KEYS, &page), 0);
        keys_publish(page, &signer.keyring, TEST_ISSUER);
        assert_int_equal(keys_page_read(fd, &table), 0);
        assert_int_equal(table.count, 1);
        assert_string_equal(table.issuer, TEST_ISSUER);
        assert_string_equal(table.keys[0].kid, TEST_KEY_THUMBPRINT);
        assert_int_equal(keyset_load(&table, &keyset), 0);
        assert_int_equal(token_verify(keyset, &nothing_revoked, frame.message.signed_token.token,
                                      &expect, &verdict, &claims),
                         0);
        assert_int_equal(verdict, VERDICT_VALID);
        keyset_free(keyset);
        munmap(page, page_size(PAGE_KEYS));
        close(fd);
}

static void a_set_up_that_lacks_something_is_refused(void **state) {
        int fd = signer.keys_dir;

        (void)state;
        signer.keys_dir = -1;
        assert_true(setup_done(&signer) < 0);
        signer.keys_dir = fd;
        signer.new_limits.max_lifetime_s = 0;
        assert_true(setup_done(&signer) < 0);
        signer.new_limits.max_lifetime_s = 1;
        signer.new_limits.issuer[0] = '\0';
        assert_true(setup_done(&signer) < 0);
        assert_int_equal(limits_set(TEST_ISSUER, 60), 0);
        assert_int_equal(setup_done(&signer), 0);
}

static void descriptors_are_taken_once_and_only_ours(void **state) {
        int fd;

        (void)state;
        assert_int_equal(descriptor_hand(DESCRIPTOR_KEYS_DIR, PROCESS_NONE, null_fd()), -EPROTO);
        assert_int_equal(descriptor_hand(DESCRIPTOR_KEYS_PAGE, PROCESS_NONE, null_fd()), -EPROTO);
        assert_int_equal(descriptor_hand(DESCRIPTOR_CHANNEL, PROCESS_AUTHORITY, null_fd()),
                         -EPROTO);
        assert_int_equal(descriptor_hand(DESCRIPTOR_LISTEN, PROCESS_NONE, null_fd()), -EPROTO);
        assert_int_equal(descriptor_hand(200, PROCESS_NONE, null_fd()), -EPROTO);
        fd = null_fd();
        channel_clear(&signer.authority);
        assert_int_equal(descriptor_hand(DESCRIPTOR_CHANNEL, PROCESS_FRONTEND, fd), -EPROTO);
        assert_true(fcntl(fd, F_GETFD) < 0);
}

static void a_reload_changes_the_lifetime_and_never_the_issuer(void **state) {
        (void)state;
        assert_int_equal(limits_set(TEST_ISSUER, 60), 0);
        assert_int_equal(signer.limits.max_lifetime_s, 3600); /* not before GO */
        assert_int_equal(reload_done(&signer), 0);
        assert_int_equal(signer.limits.max_lifetime_s, 60);
        assert_int_equal(limits_set("https://other.example", 50), 0);
        assert_int_equal(reload_done(&signer), 0);
        assert_string_equal(signer.limits.issuer, TEST_ISSUER);
        assert_int_equal(limits_set(TEST_ISSUER, 0), 0);
        assert_int_equal(reload_done(&signer), 0);
        assert_int_not_equal(signer.limits.max_lifetime_s, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, signer_setup_done, signer_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(an_access_token_verifies_and_says_what_was_asked),
                TEST(a_ticket_verifies_as_a_ticket_only),
                TEST(what_is_beyond_the_limits_is_not_signed),
                TEST(a_token_too_large_is_not_signed),
                TEST(a_key_that_fails_is_said_to_have_failed),
                TEST(the_published_keys_verify_what_is_signed),
                cmocka_unit_test_setup_teardown(a_set_up_that_lacks_something_is_refused,
                                                signer_setup, signer_teardown),
                TEST(descriptors_are_taken_once_and_only_ours),
                TEST(a_reload_changes_the_lifetime_and_never_the_issuer),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
