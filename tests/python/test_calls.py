"""What each call of the package gives, against a real daemon."""
import errno
import pickle
import socket
import time

import jeton
import pytest
from harness import PASSWORD
from jeton import Outcome, Verdict

METRICS = "https://metrics.example"
ISSUER = "https://host.example"


@pytest.fixture
def tokens(jetond):
    return jeton.login("alice", PASSWORD)


# --- logging in -----------------------------------------------------------------------------------

@pytest.mark.parametrize("password", [PASSWORD, PASSWORD.encode(), bytearray(PASSWORD.encode()),
                                      memoryview(PASSWORD.encode()),
                                      memoryview(PASSWORD.encode()).cast("b")],
                         ids=["str", "bytes", "bytearray", "memoryview", "signed view"])
def test_a_login_gives_tokens(jetond, password):
    tokens = jeton.login("alice", password)
    assert tokens.expires_in == 900 and tokens.refresh
    assert jeton.verify(tokens.access).username == "alice"


def test_a_bytearray_is_the_callers_to_wipe(jetond):
    password = bytearray(PASSWORD.encode())
    jeton.login("alice", password)
    assert password == PASSWORD.encode()
    password.clear()  # BufferError, were a view of it left


def test_a_login_for_an_audience_and_a_scope(jetond):
    tokens = jeton.login("alice", PASSWORD, audience=METRICS, scope=["metrics:read"])
    assert tokens.scope == ("metrics:read",)
    both = jeton.login("alice", PASSWORD, audience=METRICS, scope="metrics:read metrics:write")
    assert set(both.scope) == {"metrics:read", "metrics:write"}


@pytest.mark.parametrize("how,outcome", [
    ({"password": "wrong"}, Outcome.REFUSED),
    ({"username": "mallory"}, Outcome.REFUSED),
    ({"scope": "frob"}, Outcome.BAD_SCOPE),
    ({"audience": "https://other.example"}, Outcome.BAD_AUDIENCE),
], ids=["password", "name", "scope", "audience"])
def test_a_refused_login_says_why(jetond, how, outcome):
    with pytest.raises(jeton.Refused) as caught:
        jeton.login(**{"username": "alice", "password": PASSWORD, **how})
    assert caught.value.outcome is outcome
    assert str(caught.value) and isinstance(caught.value, jeton.Error)


def test_a_refresh_token_works_once(jetond, tokens):
    after = jeton.refresh(tokens.refresh)
    assert jeton.verify(after.access).session_id == jeton.verify(tokens.access).session_id
    jeton.refresh(after.refresh)
    with pytest.raises(jeton.Refused) as caught:
        jeton.refresh(tokens.refresh)
    assert caught.value.outcome is Outcome.REFUSED


def test_the_kernel_says_who_this_process_is(jetond):
    tokens = jeton.token(audience=METRICS)
    claims = jeton.verify(tokens.access, METRICS)
    assert claims.subject == "svc:tests" and claims.amr == ("peer",)
    assert claims.roles == ("machine",) and claims.scope == ("metrics:read",)
    assert tokens.refresh is None


def test_a_section_that_this_process_is_not_in_gives_nothing(jetond):
    with pytest.raises(jeton.Refused) as caught:
        jeton.token(client_id="other")
    assert caught.value.outcome is Outcome.NOT_ALLOWED


def test_an_exchanged_token_is_narrower_and_never_wider(jetond, tokens):
    narrow = jeton.exchange(tokens.access, roles=["reader"], lifetime=60)
    claims = jeton.verify(narrow.access)
    assert claims.roles == ("reader",) and narrow.expires_in <= 60 and narrow.refresh is None
    assert jeton.verify(jeton.exchange(tokens.access, roles="").access).roles == ()
    assert jeton.verify(jeton.exchange(tokens.access, audience=METRICS).access, METRICS)
    with pytest.raises(jeton.Refused) as caught:
        jeton.exchange(narrow.access, roles="operator")
    assert caught.value.outcome is Outcome.REFUSED


# --- verifying ------------------------------------------------------------------------------------

def test_claims_are_those_of_the_token(jetond, tokens):
    claims = jeton.verify(tokens.access)
    assert (claims.issuer, claims.audience, claims.username) == (ISSUER, (ISSUER,), "alice")
    assert claims.subject.isdigit() and claims.client_id == "local" and claims.amr == ("pwd",)
    assert set(claims.roles) == {"operator", "reader"} and claims.uid is None
    assert claims.expires_at - claims.issued_at == 900
    assert abs(claims.login_at - time.time()) < 60 and claims.token_id and claims.session_id
    assert jeton.verify(tokens.access.encode()) == claims


@pytest.mark.parametrize("audience,verdict", [(METRICS, Verdict.WRONG_AUDIENCE), ("", Verdict.WRONG_AUDIENCE),
                                              (ISSUER + "/", Verdict.WRONG_AUDIENCE)])
def test_a_token_for_somebody_else_is_not_valid(jetond, tokens, audience, verdict):
    with pytest.raises(jeton.NotValid) as caught:
        jeton.verify(tokens.access, audience)
    assert caught.value.verdict is verdict and "wrong audience" in str(caught.value)


def test_a_tool_may_look_at_anybodys_token(jetond):
    token = jeton.token(audience=METRICS).access
    assert jeton.verify(token, jeton.ANY_AUDIENCE).audience == (METRICS,)


def test_a_token_that_only_the_daemon_can_verify_is_not_valid_here(jetond):
    token = jeton.login("alice", PASSWORD, audience="https://shared.example").access
    with pytest.raises(jeton.NotValid) as caught:
        jeton.verify(token, "https://shared.example")
    assert caught.value.verdict is Verdict.ASK_DAEMON
    claims = jeton.introspect(token, "https://shared.example")
    assert (claims.username, claims.audience) == ("alice", ("https://shared.example",))
    jeton.revoke(token)
    with pytest.raises(jeton.NotValid) as caught:
        jeton.introspect(token, "https://shared.example")
    assert caught.value.verdict is Verdict.INVALID


def test_the_daemon_says_of_a_token_what_the_token_says(jetond, tokens):
    assert jeton.introspect(tokens.access) == jeton.verify(tokens.access)
    with pytest.raises(jeton.NotValid) as caught:
        jeton.introspect(tokens.access, "https://metrics.example")
    assert caught.value.verdict is Verdict.WRONG_AUDIENCE
    with pytest.raises(jeton.NotValid) as caught:
        jeton.introspect(tokens.access[:-4] + "AAAA", jeton.ANY_AUDIENCE)
    assert caught.value.verdict is Verdict.INVALID


def test_a_revoked_token_is_refused_at_once(jetond, tokens):
    jeton.revoke(tokens.access)
    with pytest.raises(jeton.NotValid) as caught:
        jeton.verify(tokens.access)
    assert caught.value.verdict is Verdict.REVOKED
    after = jeton.refresh(tokens.refresh)
    jeton.revoke(after.refresh)
    with pytest.raises(jeton.NotValid):
        jeton.verify(after.access)
    for unknown in ("nobody knows this one", "a\0b", "\ud800", b"\0"):
        jeton.revoke(unknown)


def test_verification_goes_on_without_the_daemon(fresh):
    daemon = fresh()
    daemon.add_user("alice")
    with jeton.Jeton(daemon.socket) as handle:
        token = handle.login("alice", PASSWORD).access
        daemon.stop()
        assert handle.verify(token).username == "alice"
        with pytest.raises(jeton.Failure) as caught:
            handle.login("alice", PASSWORD)
        assert caught.value.errno in (errno.ENOENT, errno.ECONNREFUSED)


def test_userinfo_is_what_the_daemon_knows_now(jetond, tokens):
    person = jeton.userinfo(tokens.access)
    assert (person.username, person.full_name) == ("alice", "Alice Éxample")
    assert person.email == "alice@example.org" and person.subject.isdigit()
    assert jeton.userinfo(jeton.login("bob", PASSWORD).access).email is None
    with pytest.raises(jeton.NotValid):
        jeton.userinfo(tokens.access[:-4] + "AAAA")


# --- failing --------------------------------------------------------------------------------------

def test_a_failure_carries_its_errno(tmp_path):
    with jeton.Jeton(tmp_path / "no.sock") as handle:
        for call in (lambda: handle.login("alice", PASSWORD), lambda: handle.verify("a.b.c"),
                     handle.token, lambda: handle.revoke("x"), lambda: handle.userinfo("x"),
                     lambda: handle.introspect("x")):
            with pytest.raises(jeton.Failure) as caught:
                call()
            assert caught.value.errno == errno.ENOENT and str(caught.value)
            assert isinstance(caught.value, OSError) and isinstance(caught.value, jeton.Error)


def test_a_call_takes_no_longer_than_its_timeout(tmp_path):
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "silent.sock"))
        silent.listen(1)
        began = time.monotonic()
        with jeton.Jeton(tmp_path / "silent.sock", timeout=0.3) as handle, \
                pytest.raises(jeton.Failure) as caught:
            handle.login("alice", PASSWORD)
        assert caught.value.errno == errno.ETIMEDOUT and 0.2 < time.monotonic() - began < 5


@pytest.mark.parametrize("error", [jeton.Refused(Outcome.BAD_SCOPE, "no such scope"),
                                   jeton.NotValid(Verdict.EXPIRED), jeton.Failure(2, "no daemon")],
                         ids=lambda error: type(error).__name__)
def test_errors_survive_the_way_to_another_process(error):
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error) and str(again) == str(error) and vars(again) == vars(error)


def test_an_outcome_that_is_not_known_yet_is_none_that_grants():
    assert Outcome(77) is Outcome.REFUSED and Verdict(77) is Verdict.INVALID
