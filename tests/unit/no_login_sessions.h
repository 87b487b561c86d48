/* An authority without login sessions, for tests of what else is revoked. To be included behind the
 * test's own `authority`. */
#ifndef JETON_TEST_NO_LOGIN_SESSIONS_H
#define JETON_TEST_NO_LOGIN_SESSIONS_H

int login_sessions_write_revoked(struct authority *asked, struct transaction *transaction,
                                 const struct revoked *revoked,
                                 const struct revocation *revocation) {
        (void)revoked;
        (void)asked;
        (void)transaction;
        (void)revocation;
        return 0;
}

void login_sessions_spare(struct authority *spared) {
        assert_ptr_equal(spared, &authority);
}

void login_sessions_follow(struct authority *reviewed) {
        assert_ptr_equal(reviewed, &authority);
}

#endif
