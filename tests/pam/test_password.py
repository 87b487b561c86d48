"""pam_chauthtok: a password is changed by who knows it, by root without, and by nobody else; what is
wrong with a new one is said. First with daemons that lie, then with a real one."""
import os
import time

import pytest

import conftest
from conftest import ACCOUNT, SOON_MS
from fake_daemon import reply, sign
from test_lying_daemons import CLAIMS, REPLIES, TOKENS, UNAVAILABLE
from test_real import CONFIG, PASSWORD, Daemon
from test_session import Transaction

NEW = "another good one"
DONE = {"password": "PAM_SUCCESS"}
CHANGED = ["The password at jeton has been changed"]


@pytest.fixture
def login(stand):
    """A real daemon, and beside the module in the session another that permits, as in real stacks."""
    with Daemon(CONFIG) as daemon:
        daemon.add_user(ACCOUNT.pw_name, uid=ACCOUNT.pw_uid, allow_account_name=True)
        stand.socket, stand.jetond = daemon.socket, daemon
        line = stand.module_line()
        stand.stack(*(f"{kind} required {line}" for kind in ("auth", "session", "password")),
                    "session required pam_permit.so")
        yield stand


def change(stand, **settings):
    return stand.try_login(phases="password", **settings)


def test_old_one_is_tried_before_the_new_one_is_sent(stand):
    with stand.daemon() as daemon:
        outcome = change(stand, rhost="host.example")
    assert outcome.codes == DONE and outcome.prompts == 3 and outcome.said == CHANGED
    check, update = daemon.requests
    asked = {"username": stand.account.pw_name, "uid": str(stand.account.pw_uid),
             "service": "jeton-test", "rhost": "host.example", "password": conftest.PASSWORD}
    assert (check.path, update.path) == ("/pam/password/check", "/pam/password")
    assert set(check.form) == {*asked, "nonce"} and asked.items() <= check.form.items()
    assert set(update.form) == {*asked, "nonce", "new_password"}
    assert update.form["new_password"] == NEW and update.form["nonce"] != check.form["nonce"]


def test_wrong_old_one_ends_it_before_a_new_one_is_asked_for(stand):
    with stand.daemon(lambda request: reply(sign(stand.key, request.claims(verdict="denied")))):
        outcome = change(stand)
    assert outcome.codes == {"password": "PAM_AUTH_ERR"} and outcome.prompts == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="a test of what root may")
def test_root_need_not_know_the_old_one(stand):
    with stand.daemon() as daemon:
        assert stand.try_login(phases="reset").codes == {"reset": "PAM_SUCCESS"}
    assert all("password" not in request.form for request in daemon.requests)


SAID = {
    "too-short": "The new password is too short: at least 12 characters",
    "too-long": "The new password is too long",
    "common": "The new password is on the list of common passwords",
    "user-name": "The new password contains the user name",
    "similar": "The new password is too similar to the old one",
    "too-simple": "The new password is too simple for this host's rules",
}


@pytest.mark.parametrize("verdict", SAID)
def test_person_is_told_what_is_wrong_with_the_new_one(stand, verdict):
    def judge(request):
        more = {"at_least": 12} if verdict == "too-short" else {}
        changed = {} if request.path.endswith("/check") else {"verdict": verdict, **more}
        return reply(sign(stand.key, request.claims(**changed)))

    with stand.daemon(judge):
        outcome = change(stand)
    assert outcome.codes == {"password": "PAM_AUTHTOK_ERR"}
    assert outcome.said == [SAID[verdict]]


# ---- what the person answers ----

@pytest.mark.parametrize("password, code", [
    ({"password": ""}, "PAM_AUTHTOK_ERR"),
    ({"password_length": 513}, "PAM_AUTHTOK_ERR"),
    ({"password_length": 1 << 20}, "PAM_AUTHTOK_ERR"),
    ({"new_password": ""}, "PAM_AUTHTOK_ERR"),
    ({"new_password": "x" * 512}, "PAM_AUTHTOK_ERR"),
    ({"new_password": "x" * 511}, "PAM_SUCCESS"),
    ({"new_password": b"\xff\xfe not UTF-8, new\nline &uid=0"}, "PAM_SUCCESS"),
    ({"password": b"\xff\xfe=&\n"}, "PAM_SUCCESS"),
    ({"answer": "fail"}, "PAM_CONV_ERR"),
    ({"answer": "no-array"}, "PAM_CONV_ERR"),
    ({"answer": "no-answer"}, "PAM_CONV_ERR"),
    ({"answer": "no-function"}, "PAM_CONV_ERR"),
])
def test_whatever_the_person_answers(stand, password, code):
    settings = {name: value.decode(errors="surrogateescape") if isinstance(value, bytes) else value
                for name, value in password.items()}
    with stand.daemon() as daemon:
        outcome = change(stand, **settings)
    assert outcome.codes == {"password": code}, outcome.log
    assert outcome.descriptors[0] == outcome.descriptors[1]
    for request in daemon.requests:
        for name in ("password", "new_password"):
            if name in settings:
                sent = request.form.get(name, settings[name].encode(errors="surrogateescape")
                                        .decode("latin-1"))
                assert sent.encode("latin-1") == settings[name].encode(errors="surrogateescape")


@pytest.mark.parametrize("argument", ["use_authtok", "try_authtok"])
def test_words_of_an_earlier_module_are_taken(stand, argument):
    """pam_pwquality's place, taken by one that asks and always succeeds."""
    line = stand.module_line(argument, "try_first_pass")
    stand.stack(f"password required {stand.module_line()}", f"password required {line}")
    with stand.daemon() as daemon:
        outcome = change(stand)
    assert outcome.codes == DONE and outcome.prompts == 3
    assert [request.form.get("new_password") for request in daemon.requests] == [None, None, NEW,
                                                                                 NEW]


def test_new_password_is_asked_for_where_no_module_before_did(stand):
    with stand.daemon():
        stand.configure("try_first_pass", "try_authtok")
        outcome = change(stand)
        assert outcome.codes == DONE and outcome.prompts == 3
        stand.configure("use_authtok", "try_authtok")
        assert change(stand).codes == {"password": "PAM_AUTHTOK_ERR"}


# ---- a change of what has run out alone ----

def expire(stand, **verdicts):
    """A login program's question, and the paths at the daemon that it came to. What has no verdict
    is granted."""
    def judge(request):
        part = request.path.rpartition("/")[2]
        return reply(sign(stand.key, request.claims(verdict=verdicts.get(part, "granted"))))

    with stand.daemon(judge) as daemon:
        outcome = stand.try_login(phases="expired")
    return outcome, [request.path for request in daemon.requests]


def test_password_that_has_run_out_is_asked_for_also_by_root(stand):
    outcome, paths = expire(stand, account="must-change")
    assert outcome.codes == {"expired": "PAM_SUCCESS"} and outcome.prompts == 3
    assert paths == ["/pam/account", "/pam/password/check", "/pam/account", "/pam/password"]


def test_password_that_is_still_good_is_not_asked_for(stand):
    """Another module's has run out, which then goes on alone."""
    stand.stack(f"password required {stand.module_line()}", "password required pam_permit.so")
    outcome, paths = expire(stand)
    assert outcome.codes == {"expired": "PAM_SUCCESS"} and outcome.prompts == 0
    assert set(paths) == {"/pam/account"} and outcome.said == []


def test_when_no_password_has_run_out_nobody_says_that_one_was_changed(stand):
    outcome, _ = expire(stand)
    assert outcome.codes == {"expired": "PAM_PERM_DENIED"} and outcome.prompts == 0


@pytest.mark.parametrize("verdict, code", [
    ("disabled", "PAM_PERM_DENIED"), ("expired", "PAM_PERM_DENIED"), ("denied", "PAM_AUTH_ERR"),
    ("unknown", "PAM_USER_UNKNOWN")])
def test_who_may_not_come_in_is_not_asked_for_a_new_password(stand, verdict, code):
    outcome, paths = expire(stand, account=verdict)
    assert outcome.codes == {"expired": code} and outcome.prompts == 0
    assert paths == ["/pam/account"]


def test_ticket_of_the_account_phase_changes_no_password(stand):
    with stand.daemon(lambda request: reply(sign(stand.key, request.claims(
            phase="account", verdict="must-change")))) as daemon:
        outcome = stand.try_login(phases="expired")
    assert outcome.codes == {"expired": UNAVAILABLE} and outcome.logged("its phase differs")
    assert [request.path for request in daemon.requests] == ["/pam/account",
                                                             "/pam/password/check"]


# ---- every lie that the other phases are told ----

def check(outcome, code, log=None):
    assert outcome.codes == {"password": code}, outcome.log
    assert outcome.ms["password"] < SOON_MS
    assert outcome.descriptors[0] == outcome.descriptors[1] and outcome.tasks == 1
    assert log is None or outcome.logged(log), outcome.log


@pytest.mark.parametrize("half", ["check", "password"])
@pytest.mark.parametrize("lie", CLAIMS)
def test_ticket_of_another_login(stand, lie, half):
    changed, log = CLAIMS[lie]

    def lie_about(request):
        is_it = request.path.rpartition("/")[2] == half
        return reply(sign(stand.key, request.claims(**changed if is_it else {})))

    with stand.daemon(lie_about):
        outcome = change(stand)
    assert outcome.codes != DONE
    check(outcome, outcome.codes["password"], log)


def test_ticket_of_the_first_half_is_none_of_the_second(stand):
    with stand.daemon(lambda request: reply(sign(stand.key, request.claims(phase="check")))):
        check(change(stand), UNAVAILABLE, "its phase differs")


def test_ticket_of_the_first_half_is_not_taken_twice(stand):
    first = []

    def repeat(request):
        first.append(reply(sign(stand.key, request.claims(phase="check"))))
        return first[0]

    with stand.daemon(repeat):
        check(change(stand), UNAVAILABLE, "its nonce differs")


@pytest.mark.parametrize("lie", TOKENS, ids=lambda lie: lie.__name__)
def test_no_ticket_of_the_key(stand, lie):
    with stand.daemon(lambda request: reply(lie(stand, request))):
        check(change(stand), UNAVAILABLE)


@pytest.mark.parametrize("lie", REPLIES)
def test_no_reply_that_is_one(stand, lie):
    with stand.daemon(lambda request: REPLIES[lie](stand, request)):
        check(change(stand), UNAVAILABLE)


# ---- the file that the environment names ----

@pytest.mark.parametrize("path", [
    "/etc/shadow", "{run}/tokens/{uid}/../../../etc/shadow", "{run}/tokens/0/" + "A" * 22,
    "{run}/tokens/{uid}/" + "A" * 21, "{run}/tokens/{uid}/" + "A" * 23, "", "tokens", "x" * 8192])
def test_environment_names_a_session_of_ones_own_or_nothing(stand, path):
    named = path.format(run=stand.run_dir, uid=stand.account.pw_uid)
    with stand.daemon() as daemon:
        outcome = stand.try_login(phases="password", environment={"BEARER_TOKEN_FILE": named})
    assert outcome.codes == DONE
    assert all("proof" not in request.form for request in daemon.requests)


def test_token_of_the_session_is_shown_and_a_link_is_not_followed(stand):
    folder = stand.run_dir / "tokens" / str(stand.account.pw_uid)
    folder.mkdir(parents=True)
    file, link = folder / ("A" * 22), folder / ("B" * 21 + "A")
    file.write_text("header.claims.signature\n")
    link.symlink_to("/etc/passwd")
    with stand.daemon() as daemon:
        for path in (file, link):
            outcome = stand.try_login(phases="password",
                                      environment={"BEARER_TOKEN_FILE": str(path)})
            assert outcome.codes == DONE
    proofs = [request.form.get("proof") for request in daemon.requests]
    assert proofs == [None, "header.claims.signature", None, None]


# ---- a real daemon ----

def test_new_password_is_good_and_the_old_one_is_not(login):
    assert change(login, password=PASSWORD).codes == DONE
    assert login.try_login(phases="auth", password=PASSWORD).codes == {"auth": "PAM_AUTH_ERR"}
    login.jetond.unlock(ACCOUNT.pw_name)
    assert login.try_login(phases="auth", password=NEW).codes == {"auth": "PAM_SUCCESS"}
    assert "event=pam-password" in login.jetond.log()


def test_who_does_not_know_it_changes_nothing_and_is_throttled(login):
    for _ in range(3):
        assert change(login, password="wrong").codes == {"password": "PAM_AUTH_ERR"}
    assert change(login, password=PASSWORD).codes == {"password": "PAM_AUTH_ERR"}
    login.jetond.wait_for_log("reason=throttled")
    login.jetond.unlock(ACCOUNT.pw_name)
    assert login.try_login(phases="auth", password=PASSWORD).codes == {"auth": "PAM_SUCCESS"}


@pytest.mark.parametrize("new, said", [
    ("x1y2z!a", "The new password is too short: at least 8 characters"),
    (f"xx-{ACCOUNT.pw_name}-77-xx", SAID["user-name"]),
    (PASSWORD.upper(), SAID["similar"])])
def test_daemon_decides_how_good_it_must_be(login, new, said):
    outcome = change(login, password=PASSWORD, new_password=new)
    assert outcome.codes == {"password": "PAM_AUTHTOK_ERR"} and outcome.said == [said]
    assert login.try_login(phases="auth", password=PASSWORD).codes == {"auth": "PAM_SUCCESS"}
    assert new not in login.jetond.log()


def test_every_session_ends_but_the_present_one(login):
    jetond = login.jetond
    elsewhere = jetond.login(ACCOUNT.pw_name).json()
    with Transaction(login, "open,wait,close") as other, \
         Transaction(login, "open,wait,close") as present:
        old = present.token()
        outcome = login.try_login(phases="password", password=PASSWORD,
                                  environment={"BEARER_TOKEN_FILE": str(present.file)})
        assert outcome.codes == DONE
        assert other.is_over()
        deadline = time.monotonic() + 5
        while present.token() == old:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert present.introspect()["active"] and not present.introspect(old)["active"]
        assert not present.introspect(elsewhere["access_token"])["active"]
        refreshed = jetond.post("/token", form={"grant_type": "refresh_token",
                                                "refresh_token": elsewhere["refresh_token"]})
        assert refreshed.status == 400


def test_token_of_another_user_keeps_no_session_of_his(login):
    jetond = login.jetond
    jetond.add_user("mallory")
    theirs = jetond.login("mallory").json()
    form = {"username": ACCOUNT.pw_name, "uid": ACCOUNT.pw_uid, "service": "x", "nonce": "A" * 43,
            "password": PASSWORD, "new_password": NEW, "proof": theirs["access_token"]}
    mine = jetond.login(ACCOUNT.pw_name).json()
    assert jetond.post("/pam/password", form=form, peer=True).status == 200
    for session, status in ((mine, 400), (theirs, 200)):
        refreshed = jetond.post("/token", form={"grant_type": "refresh_token",
                                                "refresh_token": session["refresh_token"]})
        assert refreshed.status == status


def test_who_asks_by_token_goes_on_by_refresh_token(login):
    jetond = login.jetond
    mine, other = (jetond.login(ACCOUNT.pw_name).json() for _ in range(2))
    reply_ = jetond.request("PUT", "/users/me/password", token=mine["access_token"],
                            data={"current_password": PASSWORD, "new_password": NEW})
    assert reply_.status == 204
    assert jetond.get("/users/me", token=mine["access_token"]).status == 401
    for session, status in ((mine, 200), (other, 400)):
        refreshed = jetond.post("/token", form={"grant_type": "refresh_token",
                                                "refresh_token": session["refresh_token"]})
        assert refreshed.status == status
        if status == 200:
            assert jetond.get("/users/me", token=refreshed.json()["access_token"]).status == 200


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another uid")
def test_without_the_old_one_it_is_roots_alone(login):
    from harness import in_process_of
    form = {"username": ACCOUNT.pw_name, "uid": ACCOUNT.pw_uid, "service": "x", "nonce": "A" * 43,
            "new_password": NEW}
    for uid in (ACCOUNT.pw_uid, 4711):
        for path in ("/pam/password", "/pam/password/check"):
            assert in_process_of(uid, lambda path=path: login.jetond.post(path, form=form, peer=True
                                                                          ).status) == 403
    assert login.try_login(phases="auth", password=PASSWORD).codes == {"auth": "PAM_SUCCESS"}
    assert login.try_login(phases="reset").codes == {"reset": "PAM_SUCCESS"}
    assert login.try_login(phases="auth", password=NEW).codes == {"auth": "PAM_SUCCESS"}


# ---- a password that must be changed ----

def test_account_asks_for_a_new_password_and_then_no_more(login):
    reply_ = login.jetond.request("PATCH", f"/users/{ACCOUNT.pw_name}", peer=True,
                                  data={"must_change_password": True})
    assert reply_.status == 200
    line = login.module_line()
    login.stack(*(f"{kind} required {line}" for kind in ("auth", "account", "password")))
    outcome = login.try_login(phases="auth,account,expired,account", password=PASSWORD)
    assert outcome.all_codes == [("auth", "PAM_SUCCESS"), ("account", "PAM_NEW_AUTHTOK_REQD"),
                                 ("expired", "PAM_SUCCESS"), ("account", "PAM_SUCCESS")]
    assert outcome.said == ["Your password at jeton must be changed", *CHANGED]
    assert login.try_login(phases="auth", password=NEW).codes == {"auth": "PAM_SUCCESS"}
