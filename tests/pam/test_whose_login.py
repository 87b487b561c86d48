"""Who is asked about at all, and with what password. Nobody hears of a login that is not jeton's:
no prompt, no byte on the socket."""
import os

import pytest

import public_pages
from conftest import PASSWORD, SERVICE, SOON_MS

WELCOME = {"auth": "PAM_SUCCESS", "account": "PAM_SUCCESS"}
UNAVAILABLE = {"auth": "PAM_AUTHINFO_UNAVAIL", "account": "PAM_AUTHINFO_UNAVAIL"}
BAD_ARGUMENT = {"auth": "PAM_SERVICE_ERR", "account": "PAM_SERVICE_ERR"}


@pytest.fixture
def watched(stand):
    """A stand whose daemon would let everybody in, and is to hear nothing."""
    with stand.daemon() as daemon:
        yield stand
        assert daemon.connections == 0


def assert_stranger(outcome):
    """PAM_IGNORE from the only module of a stack is libpam's PAM_PERM_DENIED."""
    assert outcome.codes == {"auth": "PAM_USER_UNKNOWN", "account": "PAM_PERM_DENIED"}
    assert outcome.prompts == 0


def permit(stand, *arguments, **changed):
    """pam_permit behind it: account succeeds where the module steps aside, and only there."""
    line = stand.module_line(*arguments, **changed)
    stand.stack(f"auth required {line}", f"account required {line}", "account required pam_permit.so")


def test_root_is_never_asked_about(watched):
    watched.publish_uids(0, watched.account.pw_uid)
    assert_stranger(watched.try_login("root"))


def test_account_that_does_not_exist(watched):
    assert_stranger(watched.try_login("no-such-account"))


# None with a NUL in it: libpam takes C strings, so that what stands behind one is never seen.
@pytest.mark.parametrize("name", ["a" * 300, "a" * 4096, "a" * 100_000, "a\nb", "root\n", "a/b", "/",
                                  "../root", "%n%s", "\x1b[2J", "\udcff\udcfe"])
def test_hostile_names_are_nobodys(watched, name):
    assert_stranger(watched.try_login(name))


def test_account_below_min_uid(watched):
    watched.configure(min_uid=watched.account.pw_uid + 1)
    assert_stranger(watched.try_login())


def test_default_min_uid_is_1000(watched):
    if watched.account.pw_uid >= 1000:
        watched.publish_uids(1)
        watched.configure(min_uid=None)
        assert_stranger(watched.try_login("daemon"))
    else:
        watched.configure(min_uid=None)
        assert_stranger(watched.try_login())


@pytest.mark.parametrize("uids", [[], [2, 3, 5], range(2, 65537)], ids=len)
def test_account_that_no_user_is_linked_to(watched, uids):
    watched.publish_uids(*(uid + watched.account.pw_uid for uid in uids))
    assert_stranger(watched.try_login())


def test_linked_among_as_many_as_fit(stand):
    first = max(1, stand.account.pw_uid - 100)
    stand.publish_uids(*range(first, first + public_pages.UIDS_MAX))
    with stand.daemon():
        assert stand.try_login().codes == WELCOME


def test_account_phase_steps_aside_for_strangers(watched):
    permit(watched)
    assert watched.try_login("root", phases="account").codes == {"account": "PAM_SUCCESS"}
    watched.publish_uids()
    assert watched.try_login(phases="account").codes == {"account": "PAM_SUCCESS"}


def test_account_phase_does_not_step_aside_without_the_daemon(stand):
    permit(stand)
    assert stand.try_login(phases="account").codes == {"account": "PAM_AUTHINFO_UNAVAIL"}


@pytest.mark.parametrize("user", ["root", "no-such-account"])
def test_strangers_do_not_depend_on_the_page_or_the_arguments(stand, user):
    (stand.run_dir / "status").unlink()
    permit(stand)
    assert stand.try_login(user, phases="account").codes == {"account": "PAM_SUCCESS"}
    permit(stand, "no_such_argument")
    assert stand.try_login(user, phases="account").codes == {"account": "PAM_SUCCESS"}


def test_accounts_below_min_uid_do_not_depend_on_the_page(stand):
    (stand.run_dir / "status").unlink()
    permit(stand, min_uid=stand.account.pw_uid + 1)
    assert stand.try_login(phases="account").codes == {"account": "PAM_SUCCESS"}


def test_account_phase_alone_asks_the_daemon(stand):
    """As sshd does after a login with a key."""
    with stand.daemon() as daemon:
        assert stand.try_login(phases="account").codes == {"account": "PAM_SUCCESS"}
    assert [request.path for request in daemon.requests] == ["/pam/account"]


def test_setcred_fails_no_login(stand):
    with stand.daemon():
        codes = stand.try_login(phases="auth,account,setcred").codes
    assert codes == {**WELCOME, "setcred": "PAM_SUCCESS"}


@pytest.mark.parametrize("answer", ["fail", "no-array", "no-answer", "no-function"])
def test_nobody_says_who_it_is(watched, answer):
    outcome = watched.try_login("", answer=answer)
    assert outcome.codes == {"auth": "PAM_CONV_ERR", "account": "PAM_CONV_ERR"}


# ---- arguments ----

BAD_ARGUMENTS = [
    "no_such_argument", "DEBUG", "debug=1", "use_first_pass=", "timeout", "timeout=", "timeout=3",
    "timeout=0s", "timeout=-1s", "timeout=61s", "timeout=1m", "timeout=3ss", "timeout=s",
    "timeout=99999999999999999999s", "[timeout= 3s]", "min_uid=", "min_uid=0", "min_uid=-1",
    "min_uid=01", "min_uid=4294967295", "min_uid=99999999999999999999", "min_uid=1x", "socket=",
    "socket=relative", "socket", "timeout=1s timeout=1s", "debug debug", "require_role=",
    "require_role=Wheel", "require_role", "ignore_unknown_user=1", "use_authtok", "audience=x",
]


@pytest.mark.parametrize("argument", BAD_ARGUMENTS)
def test_bad_argument_refuses_with_a_line_in_the_log(watched, argument):
    name = argument.strip("[").partition("=")[0]
    watched.configure(argument, **{name: None})
    outcome = watched.try_login()
    assert outcome.codes == BAD_ARGUMENT and outcome.prompts == 0
    assert outcome.logged("is unknown in this phase, malformed or repeated")


@pytest.mark.parametrize("argument", [
    "debug", "ignore_unknown_user", "require_role=wheel", "timeout=60s", "timeout=60000ms",
    "timeout=1s"])
def test_good_argument(stand, argument):
    stand.configure(argument, **({"timeout": None} if "timeout" in argument else {}))
    with stand.daemon():
        assert stand.try_login().codes == WELCOME


def test_debug_says_more(stand):
    with stand.daemon():
        assert not stand.try_login().log
        stand.configure("debug")
        assert stand.try_login().logged("granted")


def test_timeout_is_the_whole_exchange(stand):
    stand.configure(timeout="200ms")
    with stand.daemon(serve=lambda connection: daemon.ending.wait(20)) as daemon:
        outcome = stand.try_login(phases="auth")
    assert outcome.codes == {"auth": "PAM_AUTHINFO_UNAVAIL"}
    assert 190 <= outcome.ms["auth"] < SOON_MS


# ---- the password ----

@pytest.mark.parametrize("answer", ["fail", "no-array", "no-answer", "no-function"])
def test_conversation_that_gives_no_password(watched, answer):
    outcome = watched.try_login(phases="auth", answer=answer)
    assert outcome.codes == {"auth": "PAM_CONV_ERR"}


@pytest.mark.parametrize("length", [0, 512, 513, 4096, 65536, 1 << 20, 8_000_000])
def test_password_empty_or_too_long_is_a_plain_failure(watched, length):
    outcome = watched.try_login(phases="auth", password_length=length)
    assert outcome.codes == {"auth": "PAM_AUTH_ERR"}
    assert outcome.ms["auth"] < SOON_MS


@pytest.mark.parametrize("password", [
    b"x", b"x" * 511, b"a&b=c+d%41 e", b"\x01\x7f\n\r", "p\u00e4ssw\u00f6rd".encode(), b"\xff\xfe\x80", b"%",
    b"&password=other", bytes(range(1, 256))])
def test_password_arrives_whole(stand, password):
    with stand.daemon() as daemon:
        outcome = stand.try_login(phases="auth", password=os.fsdecode(password))
    assert outcome.codes == {"auth": "PAM_SUCCESS"}
    assert daemon.requests[0].form["password"].encode("latin-1") == password


def two_modules(stand, *second):
    """A first instance that asks and fails, for its daemon is not there; then the one we test."""
    elsewhere = stand.directory / "elsewhere"
    elsewhere.mkdir()
    public_pages.write(elsewhere / "status", public_pages.status_page(stand.account.pw_uid))
    stand.stack(f"auth optional {stand.module_line(socket=elsewhere / 'jeton.sock')}",
                f"auth required {stand.module_line(*second)}")


@pytest.mark.parametrize("argument, prompts", [
    ("use_first_pass", 1), ("try_first_pass", 1), ("debug", 2)])
def test_password_of_an_earlier_module(stand, argument, prompts):
    two_modules(stand, argument)
    with stand.daemon() as daemon:
        outcome = stand.try_login(phases="auth")
    assert outcome.codes == {"auth": "PAM_SUCCESS"} and outcome.prompts == prompts
    assert daemon.requests[0].form["password"] == PASSWORD


def test_use_first_pass_never_asks(watched):
    watched.configure("use_first_pass")
    outcome = watched.try_login(phases="auth")
    assert outcome.codes == {"auth": "PAM_AUTH_ERR"} and outcome.prompts == 0


@pytest.mark.parametrize("argument", ["use_first_pass", "try_first_pass"])
def test_argument_about_passwords_refuses_where_none_is_asked(watched, argument):
    watched.configure(argument)
    outcome = watched.try_login(phases="account")
    assert outcome.codes == {"account": "PAM_SERVICE_ERR"}
    assert outcome.logged(f'"{argument}" is unknown in this phase')


def test_role_is_asked_for_in_both_phases(stand):
    stand.configure("require_role=wheel")
    with stand.daemon() as daemon:
        assert stand.try_login().codes == WELCOME
    assert [request.form["role"] for request in daemon.requests] == ["wheel", "wheel"]


def test_stranger_is_passed_over_when_told(stand):
    """Alone, PAM_IGNORE refuses; another module's yes is not in its way."""
    stand.publish_uids()
    stand.stack(f"auth required {stand.module_line('ignore_unknown_user')}",
                "auth required pam_permit.so")
    assert stand.try_login(phases="auth").codes == {"auth": "PAM_SUCCESS"}
    stand.publish_uids(stand.account.pw_uid)
    assert stand.try_login(phases="auth").codes == {"auth": "PAM_AUTHINFO_UNAVAIL"}


def test_try_first_pass_asks_when_there_is_none(stand):
    stand.configure("try_first_pass")
    with stand.daemon():
        outcome = stand.try_login(phases="auth")
    assert outcome.codes == {"auth": "PAM_SUCCESS"} and outcome.prompts == 1


# ---- what is told besides ----

@pytest.mark.parametrize("rhost, sent", [
    ("192.0.2.7", "192.0.2.7"), ("host&uid=0", "host&uid=0"), ("x" * 255, "x" * 255),
    ("x" * 256, None), ("", None), ("a\x1b[2Jb", None), ("a\nb", None)])
def test_remote_host_is_told_when_it_can_be_one(stand, rhost, sent):
    with stand.daemon() as daemon:
        assert stand.try_login(phases="auth", rhost=rhost).codes == {"auth": "PAM_SUCCESS"}
    form = daemon.requests[0].form
    assert form.get("rhost") == sent and form["uid"] == str(stand.account.pw_uid)


def test_no_log_line_holds_the_password(stand):
    stand.configure("debug")
    with stand.daemon() as daemon:
        lines = stand.try_login().log
        daemon.answer = lambda request: b"no"
        lines += stand.try_login().log
    assert lines and not any(PASSWORD in line for line in lines)


def test_service_that_no_ticket_can_name(stand):
    """libpam takes names that the daemon's grammar does not."""
    service = "jeton:test"
    (stand.confdir / service).write_text((stand.confdir / SERVICE).read_text())
    with stand.daemon() as daemon:
        assert stand.try_login(service=service).codes == UNAVAILABLE
    assert daemon.connections == 0
