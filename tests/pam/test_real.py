"""The module and a real jetond: what a login sees when all is well, when the person is wrong, and
when the daemon is away, killed or frozen."""
import os
import shutil
import signal
import sys
import time

import pytest

from conftest import ACCOUNT, SERVICE, SOON_MS, TOP, Stand

sys.path.insert(0, str(TOP / "tests"))

from harness import PASSWORD, Daemon, children_of, in_process_of  # noqa: E402

CONFIG = 'issuer = "https://host.example"\nmin-uid = 1\n'
WELCOME = {"auth": "PAM_SUCCESS", "account": "PAM_SUCCESS"}
UNAVAILABLE = {"auth": "PAM_AUTHINFO_UNAVAIL", "account": "PAM_AUTHINFO_UNAVAIL"}
# The lone module's PAM_IGNORE is libpam's PAM_PERM_DENIED.
STRANGER = {"auth": "PAM_USER_UNKNOWN", "account": "PAM_PERM_DENIED"}


@pytest.fixture
def login(stand):
    """A stand whose module asks a real daemon, with one user who is linked to the account."""
    with Daemon(CONFIG) as daemon:
        daemon.add_user(ACCOUNT.pw_name, uid=ACCOUNT.pw_uid, allow_account_name=True)
        stand.socket, stand.jetond = daemon.socket, daemon
        stand.configure()
        yield stand


def unlink(jetond):
    reply = jetond.request("PATCH", f"/users/{ACCOUNT.pw_name}", peer=True, data={"uid": None})
    assert reply.status == 200


def test_right_password(login):
    assert login.try_login(password=PASSWORD).codes == WELCOME


def test_wrong_password_and_after_it_the_right_one(login):
    outcome = login.try_login(password="wrong")
    assert outcome.codes == {"auth": "PAM_AUTH_ERR", "account": "PAM_SUCCESS"}
    assert outcome.ms["auth"] < 2000
    login.jetond.unlock(ACCOUNT.pw_name)
    assert login.try_login(password=PASSWORD).codes == WELCOME


@pytest.mark.parametrize("password", ["", "x" * 512, PASSWORD + " ", PASSWORD[:-1],
                                      PASSWORD.upper(), PASSWORD + "&uid=0"])
def test_almost_the_password(login, password):
    assert login.try_login(phases="auth", password=password).codes == {"auth": "PAM_AUTH_ERR"}


def test_account_alone_as_after_a_login_with_a_key(login):
    assert login.try_login(phases="account").codes == {"account": "PAM_SUCCESS"}


@pytest.mark.parametrize("change,verdict", [
    ({"disabled": True}, "disabled"), ({"expires_at": "2020-01-01T00:00:00Z"}, "expired")])
def test_who_is_disabled_or_at_his_end_comes_in_by_no_phase(login, change, verdict):
    reply = login.jetond.request("PATCH", f"/users/{ACCOUNT.pw_name}", peer=True, data=change)
    assert reply.status == 200
    assert login.try_login(password=PASSWORD, phases="auth").codes == {"auth": "PAM_AUTH_ERR"}
    assert login.try_login(phases="account").codes == {"account": "PAM_ACCT_EXPIRED"}
    login.jetond.wait_for_log(f"verdict={verdict}")


def test_role_that_is_required(login):
    """As the database has it now; in auth the answer does not tell that the password was right."""
    login.configure("require_role=wheel")
    refused = {"auth": "PAM_AUTH_ERR", "account": "PAM_PERM_DENIED"}
    assert login.try_login(password=PASSWORD).codes == refused
    login.jetond.wait_for_log("reason=role")
    for roles, codes in ((["wheel", "operator"], WELCOME), (["wheels"], refused)):
        reply = login.jetond.request("PATCH", f"/users/{ACCOUNT.pw_name}", peer=True,
                                     data={"roles": roles})
        assert reply.status == 200
        assert login.try_login(password=PASSWORD).codes == codes


def test_root_and_unlinked_accounts_are_not_asked_about(login):
    assert login.try_login("root", password=PASSWORD).codes == STRANGER
    unlink(login.jetond)
    outcome = login.try_login(password=PASSWORD)
    assert outcome.codes == STRANGER and outcome.prompts == 0


def test_name_of_a_user_who_is_linked_to_another_account(login):
    """The names are equal, the uids are not: the two namespaces meet only in a link."""
    unlink(login.jetond)
    other = ACCOUNT.pw_uid + 1
    login.jetond.add_user("somebody.else", uid=other)
    assert login.try_login(password=PASSWORD).codes == STRANGER


def test_daemon_that_was_stopped(login):
    login.jetond.stop()
    began = time.monotonic()
    assert login.try_login(password=PASSWORD).codes == UNAVAILABLE
    assert time.monotonic() - began < SOON_MS / 1000
    login.jetond.start()
    assert login.try_login(password=PASSWORD).codes == WELCOME


def test_root_does_not_depend_on_the_daemon(login):
    login.jetond.stop()
    assert login.try_login("root", password=PASSWORD).codes == STRANGER


def test_daemon_whose_run_directory_was_removed(login):
    login.jetond.stop()
    shutil.rmtree(login.jetond.state / "run")
    assert login.try_login(password=PASSWORD).codes == UNAVAILABLE


def test_daemon_that_was_frozen(login):
    """Within the deadline; and when it thaws, the next login works."""
    login.configure(timeout="500ms")
    pid = login.jetond.process.pid
    everyone = [pid, *children_of(pid)]
    for process in everyone:
        os.kill(process, signal.SIGSTOP)
    try:
        outcome = login.try_login(password=PASSWORD)
    finally:
        for process in everyone:
            os.kill(process, signal.SIGCONT)
    assert outcome.codes == UNAVAILABLE
    assert max(outcome.ms.values()) < SOON_MS
    login.configure()
    assert login.try_login(password=PASSWORD).codes == WELCOME


@pytest.mark.parametrize("child", ["frontend", "worker", "authority", "signer", "names", "units"])
def test_child_that_was_killed_lets_nobody_in_and_the_next_login_works(login, child):
    for pid in login.jetond.children()[child]:
        os.kill(pid, signal.SIGKILL)
    assert login.try_login(phases="auth", password="wrong").codes["auth"] in (
        "PAM_AUTH_ERR", "PAM_AUTHINFO_UNAVAIL")
    login.jetond.wait_until_healthy()
    login.jetond.unlock(ACCOUNT.pw_name)
    assert login.try_login(password=PASSWORD).codes == WELCOME


def test_user_who_asks_about_another_account_gets_no_answer(login):
    """A program of some other uid may try a password; who is disabled is not its business. It also
    believes only pages and servers of root's or its own."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another uid")
    login.configure()
    outcome = in_process_of(ACCOUNT.pw_uid, lambda: login.try_login(password=PASSWORD).codes)
    assert outcome == WELCOME
    outcome = in_process_of(5, lambda: login.try_login(password=PASSWORD).codes)
    assert outcome == {"auth": "PAM_SUCCESS", "account": "PAM_AUTHINFO_UNAVAIL"}


def test_ten_logins_at_once(login):
    """Each waits for the one before, a second at most: then it is to try again, and not denied."""
    outcome = login.try_login(password=PASSWORD, threads=10)
    codes = [code for phase, code in outcome.all_codes if phase == "auth"]
    assert len(codes) == 10 and set(codes) <= {WELCOME["auth"], UNAVAILABLE["auth"]}
    assert WELCOME["auth"] in codes
    assert outcome.all_codes.count(("account", WELCOME["account"])) == 10


def test_stack_of_the_manual_lets_local_accounts_in(login):
    """The account part of the manual's example: pam_permit in place of pam_unix."""
    login.stack("account required pam_permit.so",
                f"account required {login.module_line()}")
    assert login.try_login("root", phases="account").codes == {"account": "PAM_SUCCESS"}
    login.jetond.stop()
    assert login.try_login("root", phases="account").codes == {"account": "PAM_SUCCESS"}
    assert login.try_login(phases="account").codes == {"account": "PAM_AUTHINFO_UNAVAIL"}


def test_log_of_the_daemon_and_of_the_module_hold_no_password(login):
    login.configure("debug")
    lines = login.try_login(password=PASSWORD).log + login.try_login(password="wr0ng-guess").log
    text = "\n".join(lines) + login.jetond.log()
    assert SERVICE in text and PASSWORD not in text and "wr0ng-guess" not in text
