"""The session phase: a token's file in the environment, whatever happens no login that fails for
want of one. Beside the module stands another that permits, as in every real stack."""
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

import public_pages
from conftest import ACCOUNT, SOON_MS, TIMEOUT_MS, TOP, Stand
from fake_daemon import reply, sign
from test_lying_daemons import CLAIMS, REPLIES, SERVING, TOKENS
from test_real import CONFIG, PASSWORD, Daemon
from harness import wait_until

IN = {"open": "PAM_SUCCESS"}


@pytest.fixture
def stack(stand) -> Stand:
    """`configure` leaves the permitting module beside ours."""
    def configure(*more, **changed):
        line = stand.module_line(*more, **changed)
        stand.stack(*(f"{kind} required {line}" for kind in ("auth", "account", "session")),
                    "session required pam_permit.so")
    stand.configure = configure
    configure()
    return stand


def check_without_a_token(outcome, log):
    assert outcome.codes == IN and outcome.token_files == [None]
    assert outcome.logged(log), outcome.log
    assert outcome.ms["open"] < SOON_MS
    assert outcome.descriptors[0] == outcome.descriptors[1]
    assert outcome.prompts == 0


# ---- a daemon that is honest ----

def test_file_of_the_session_is_in_the_environment(stack):
    sid = "A" * 22
    with stack.daemon(lambda request: reply(sign(stack.key, request.claims(sid=sid)))) as daemon:
        outcome = stack.try_login(phases="open", rhost="host.example")
    assert outcome.codes == IN
    assert outcome.token_files == [f"{stack.run_dir}/tokens/{stack.account.pw_uid}/{sid}"]
    (request,) = daemon.requests
    assert (request.method, request.path) == ("POST", "/pam/session")
    asked = {"username": stack.account.pw_name, "uid": str(stack.account.pw_uid),
             "service": "jeton-test", "rhost": "host.example"}
    assert asked.items() <= request.form.items()
    assert set(request.form) == {*asked, "nonce"}


def test_session_is_closed_by_its_name(stack):
    with stack.daemon() as daemon:
        outcome = stack.try_login(phases="open,close")
    opened, closed = daemon.requests
    assert outcome.codes == {**IN, "close": "PAM_SUCCESS"}
    assert outcome.token_files[0] and outcome.token_files[1] is None
    assert closed.path == "/pam/session/close"
    assert closed.form["sid"] == Path(outcome.token_files[0]).name
    assert closed.form["nonce"] != opened.form["nonce"]


def test_what_was_not_opened_is_not_closed(stack):
    with stack.daemon() as daemon:
        assert stack.try_login(phases="close").codes == {"close": "PAM_SUCCESS"}
    assert not daemon.requests


def test_session_is_closed_though_its_account_is_no_users_any_more(stack):
    def unlink_after(request):
        stack.publish_uids()
        return stack.honest(request)

    with stack.daemon(unlink_after) as daemon:
        stack.try_login(phases="open,close")
    assert [request.path for request in daemon.requests] == ["/pam/session", "/pam/session/close"]


def test_login_with_a_password_is_proven_by_its_ticket(stack):
    told = []

    def keep(request):
        ticket = sign(stack.key, request.claims())
        told.append(ticket)
        return reply(ticket)

    with stack.daemon(keep) as daemon:
        stack.try_login(phases="auth,account,open")
    auth, account, session = daemon.requests
    assert session.form["proof"] == told[0]
    assert "proof" not in account.form and "password" not in session.form


def test_failed_password_is_no_proof(stack):
    def deny(request):
        verdict = "denied" if request.path == "/pam/auth" else "granted"
        return reply(sign(stack.key, request.claims(verdict=verdict)))

    with stack.daemon(deny) as daemon:
        stack.try_login(phases="auth,open")
    assert "proof" not in daemon.requests[1].form


def test_audience_and_scope_are_asked_for(stack):
    stack.configure("audience=https://api.example", "[scope=read write]")
    with stack.daemon() as daemon:
        assert stack.try_login(phases="open").codes == IN
    form = daemon.requests[0].form
    assert (form["audience"], form["scope"]) == ("https://api.example", "read write")


@pytest.mark.parametrize("argument", ["audience=", "audience=a b", "scope=", "use_first_pass",
                                      "require_role=wheel", "debug=1"])
def test_bad_argument_makes_no_token(stack, argument):
    stack.configure(f"[{argument}]")
    with stack.daemon() as daemon:
        check_without_a_token(stack.try_login(phases="open"), "is unknown in this phase")
    assert not daemon.connections


def test_strangers_are_not_asked_about(stack):
    with stack.daemon() as daemon:
        assert stack.try_login("root", phases="open").codes == IN
        stack.publish_uids()
        outcome = stack.try_login(phases="open")
    assert outcome.codes == IN and outcome.token_files == [None] and not outcome.log
    assert not daemon.connections


# ---- a daemon that is not ----

@pytest.mark.parametrize("verdict", ["denied", "unknown", "disabled", "expired"])
def test_verdict_that_is_no_yes(stack, verdict):
    with stack.daemon(lambda request: reply(sign(stack.key, request.claims(verdict=verdict)))):
        check_without_a_token(stack.try_login(phases="open"), verdict)


OF_THIS_PHASE = {"unknown phase": ({"phase": "account"}, "its phase differs")}


@pytest.mark.parametrize("name", CLAIMS)
def test_ticket_with_wrong_claims(stack, name):
    changed, log = {**CLAIMS, **OF_THIS_PHASE}[name]
    with stack.daemon(lambda request: reply(sign(stack.key, request.claims(**changed)))):
        check_without_a_token(stack.try_login(phases="open"), log)


@pytest.mark.parametrize("sid", [None, "A", "A" * 21, "A" * 21 + "B", "../../../../etc/pass",
                                 "/etc/passwd-or-so-ok-x"])
def test_ticket_that_names_no_session(stack, sid):
    with stack.daemon(lambda request: reply(sign(stack.key, request.claims(sid=sid)))):
        outcome = stack.try_login(phases="open")
    assert outcome.codes == IN and outcome.token_files == [None]
    assert outcome.logged("names no session")


@pytest.mark.parametrize("phase", ["auth", "account"])
def test_session_in_the_ticket_of_another_phase(stack, phase):
    with stack.daemon(lambda request: reply(sign(stack.key, request.claims(sid="A" * 22)))):
        outcome = stack.try_login(phases=phase)
    assert outcome.codes == {phase: "PAM_AUTHINFO_UNAVAIL"} and outcome.logged("its sid differs")


@pytest.mark.parametrize("token", TOKENS, ids=lambda token: token.__name__)
def test_token_that_is_no_ticket_of_ours(stack, token):
    with stack.daemon(lambda request: reply(token(stack, request))):
        check_without_a_token(stack.try_login(phases="open"),
                              "none that the published keys confirm")


@pytest.mark.parametrize("name", SERVING)
def test_daemon_that_does_not_serve(stack, name):
    serve, log = SERVING[name]
    stack.configure(timeout=f"{TIMEOUT_MS}ms")
    with stack.daemon(serve=serve):
        check_without_a_token(stack.try_login(phases="open"), log)


@pytest.mark.parametrize("name", REPLIES)
def test_reply_that_is_no_ticket(stack, name):
    with stack.daemon(lambda request: REPLIES[name](stack, request)):
        check_without_a_token(stack.try_login(phases="open"), str(stack.socket))


def test_replayed_ticket(stack):
    seen = {}
    with stack.daemon(lambda request: seen.setdefault("reply", stack.honest(request))):
        assert stack.try_login(phases="open").token_files != [None]
        check_without_a_token(stack.try_login(phases="open"), "its nonce differs")


def test_no_daemon_and_no_pages(stack):
    check_without_a_token(stack.try_login(phases="open"), "No such file")
    (stack.run_dir / "status").unlink()
    check_without_a_token(stack.try_login(phases="open"), "status page")


def test_daemon_that_dies_between_opening_and_closing(stack):
    with stack.daemon() as daemon:
        command = subprocess.Popen(stack.command(phases="open,wait,close"), text=True,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        while not daemon.requests:
            time.sleep(0.02)
        time.sleep(0.2)
    said, _ = command.communicate(timeout=30)
    assert "close PAM_SUCCESS" in said and "gives no answer" in said


def test_a_hundred_sessions_leave_nothing(stack):
    with stack.daemon() as daemon:
        outcome = stack.try_login(phases="auth,account,open,close", repeat=100)
    assert len(daemon.requests) == 400
    assert outcome.descriptors[0] == outcome.descriptors[1] and outcome.tasks == 1


def test_ten_sessions_at_once(stack):
    with stack.daemon():
        outcome = stack.try_login(phases="open,close", threads=10)
    assert outcome.all_codes == [("open", "PAM_SUCCESS"), ("close", "PAM_SUCCESS")] * 10
    assert len(set(filter(None, outcome.token_files))) == 10


# ---- the real daemon ----

@pytest.fixture
def login(stack):
    with Daemon(CONFIG + "access-lifetime = 10s\n") as daemon:
        daemon.add_user(ACCOUNT.pw_name, uid=ACCOUNT.pw_uid, allow_account_name=True)
        stack.socket, stack.jetond = daemon.socket, daemon
        stack.configure()
        yield stack


class Transaction:
    """A pam_try that has opened its session, and waits before it closes it."""

    def __init__(self, login, phases):
        self.login, self.said = login, []
        self.process = subprocess.Popen(login.command(phases=phases, password=PASSWORD), text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for line in self.process.stdout:
            self.said.append(line)
            if line.startswith("token-file "):
                break
        self.file = Path(self.said[-1].split()[1])

    def token(self):
        return self.file.read_text().strip()

    def is_over(self):
        wait_until(lambda: not self.file.exists())
        return True

    def wait_for_another_than(self, token):
        wait_until(lambda: self.token() != token)

    def introspect(self, token=None):
        return self.login.jetond.request("POST", "/introspect",
                                         form={"token": token or self.token()}).json()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(30)


def test_session_of_a_real_daemon(login):
    with Transaction(login, "auth,account,open,wait,close") as transaction:
        token = transaction.token()
        told = transaction.introspect()
        assert told["active"] and told["uid"] == ACCOUNT.pw_uid and told["amr"] == ["pwd"]
        transaction.wait_for_another_than(token)
        assert transaction.introspect()["active"]
        token = transaction.token()
    assert transaction.is_over() and not transaction.introspect(token)["active"]
    assert "close PAM_SUCCESS" in transaction.process.stdout.read()


def test_session_after_a_login_that_was_not_jetons(login):
    with Transaction(login, "open,wait,close") as transaction:
        told = transaction.introspect()
    assert told["active"] and told["amr"] == ["peer"] and "auth_time" not in told


def test_session_of_a_program_that_was_killed(login):
    with Transaction(login, "open,wait,close") as transaction:
        token = transaction.token()
        os.kill(transaction.process.pid, signal.SIGKILL)
        assert transaction.is_over() and not transaction.introspect(token)["active"]


def test_command_finds_the_token_and_gives_the_same_identity(login):
    """What any of the user's programs does that inherits the environment."""
    with Transaction(login, "auth,open,wait,close") as transaction:
        def jeton(*arguments):
            return subprocess.run(
                [TOP / os.environ.get("BUILD", "build") / "bin/jeton", "--socket", login.socket,
                 *arguments], capture_output=True, text=True, timeout=30, check=False,
                env={"BEARER_TOKEN_FILE": str(transaction.file), "HOME": "/nonexistent"})

        shown = jeton("token", "--min-valid", "1")
        assert shown.returncode == 0 and shown.stdout.strip() == transaction.token()
        told = jeton("whoami")
        assert told.returncode == 0 and ACCOUNT.pw_name in told.stdout, told


def test_nobody_but_root_and_admins_opens_a_session(login):
    if os.geteuid() != 0:
        pytest.skip("only root can become another uid")
    from harness import in_process_of
    outcome = in_process_of(ACCOUNT.pw_uid, lambda: login.try_login(phases="open").token_files)
    assert outcome == [None]
