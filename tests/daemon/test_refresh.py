"""The refresh grant (RFC 6749 6, RFC 9700 4.14.2): rotation, its grace, the end of a family."""
import base64
import contextlib
import os
import signal
import sqlite3
import time

import pytest

from harness import PASSWORD, Connection, compose, encode_form

METRICS = "https://metrics.example"
CONFIG = """
issuer = "https://host.example"
min-uid = 1
audience "https://metrics.example" {
    scope "metrics:read" { }
    scope "metrics:list" { }
    scope "metrics:write" { role = {"operator"} }
}
audience "https://other.example" { }
"""


def log_in(daemon, name="alice", **form):
    reply = daemon.login(name, **form)
    assert reply.status == 200, (reply, daemon.log())
    return reply.json()


def refresh(daemon, token, **form):
    return daemon.post("/token", form={"grant_type": "refresh_token", "refresh_token": token,
                                       **form})


def refreshed(daemon, token, **form):
    reply = refresh(daemon, token, **form)
    assert reply.status == 200, (reply, daemon.log())
    return reply.json()


def assert_refused(reply, error="invalid_grant"):
    assert (reply.status, reply.json()["error"]) == (400, error), reply
    assert "access_token" not in reply.json()


def is_active(daemon, token):
    return daemon.post("/introspect", form={"token": token}).json()["active"]


def claims(daemon, token):
    return daemon.post("/introspect", form={"token": token}).json()


def database(daemon):
    return sqlite3.connect(daemon.state / "db" / "jeton.db", isolation_level=None)


@pytest.fixture(scope="module")
def daemon():
    from harness import Daemon
    with Daemon(CONFIG) as made:
        made.add_user("alice")
        made.add_user("bob")
        made.add_user("olga", roles=["operator"])
        yield made


def test_a_login_is_given_a_refresh_token_that_gives_tokens_of_the_same_session(daemon):
    first = log_in(daemon)
    second = refreshed(daemon, first["refresh_token"])
    assert second["token_type"] == "Bearer" and second["expires_in"] == 900
    assert second["refresh_token"] != first["refresh_token"]
    before, after = claims(daemon, first["access_token"]), claims(daemon, second["access_token"])
    assert after["active"] and after["jti"] != before["jti"]
    for name in ("sub", "sid", "aud", "client_id", "username", "auth_time", "amr"):
        assert after[name] == before[name], name


def test_the_reply_is_not_to_be_kept(daemon):
    reply = refresh(daemon, log_in(daemon)["refresh_token"])
    assert reply.headers["cache-control"] == "no-store"


def test_a_chain_of_rotations_goes_on(daemon):
    token = log_in(daemon)["refresh_token"]
    seen = {token}
    for _ in range(20):
        token = refreshed(daemon, token)["refresh_token"]
        assert token not in seen
        seen.add(token)


def test_a_retry_with_the_same_token_gives_the_same_successor(daemon):
    token = log_in(daemon)["refresh_token"]
    first, second = refreshed(daemon, token), refreshed(daemon, token)
    assert first["refresh_token"] == second["refresh_token"]
    assert is_active(daemon, first["access_token"]) and is_active(daemon, second["access_token"])
    refreshed(daemon, second["refresh_token"])


def test_a_token_that_comes_back_after_its_successor_was_used_ends_the_family(daemon):
    first = log_in(daemon)
    second = refreshed(daemon, first["refresh_token"])
    third = refreshed(daemon, second["refresh_token"])
    assert_refused(refresh(daemon, first["refresh_token"]))
    assert_refused(refresh(daemon, third["refresh_token"]))
    for one in (first, second, third):
        assert not is_active(daemon, one["access_token"])
    assert 'event=refresh result=refused user="alice"' in daemon.log()
    assert "reason=replayed" in daemon.log()


def test_a_token_of_long_ago_ends_the_family_too(daemon):
    oldest = token = log_in(daemon)["refresh_token"]
    for _ in range(5):
        token = refreshed(daemon, token)["refresh_token"]
    assert_refused(refresh(daemon, oldest))
    assert_refused(refresh(daemon, token))


def test_after_the_grace_the_token_before_ends_the_family(fresh):
    jetond = fresh(CONFIG)
    jetond.add_user("alice")
    first = log_in(jetond)
    second = refreshed(jetond, first["refresh_token"])
    jetond.stop()
    with database(jetond) as rows:
        assert rows.execute("UPDATE sessions SET grace_until = ?",
                            (int(time.time()) - 1,)).rowcount == 1
    rows.close()
    jetond.start()
    assert_refused(refresh(jetond, first["refresh_token"]))
    assert_refused(refresh(jetond, second["refresh_token"]))


def test_the_grace_is_a_minute_and_its_secret_goes_with_it(fresh):
    jetond = fresh(CONFIG)
    jetond.add_user("alice")
    token = log_in(jetond)["refresh_token"]
    now = time.time()
    refreshed(jetond, token)
    with database(jetond) as rows:
        until, secret = rows.execute("SELECT grace_until, rotation FROM sessions").fetchone()
        assert secret is not None and now + 55 < until <= now + 62
        jetond.stop()
        rows.execute("UPDATE sessions SET grace_until = ?", (int(now) + 2,))
    rows.close()
    jetond.start()
    deadline = time.monotonic() + 15
    secret = b""
    while secret is not None and time.monotonic() < deadline:
        time.sleep(0.2)
        with database(jetond) as rows:
            secret, = rows.execute("SELECT rotation FROM sessions").fetchone()
        rows.close()
    assert secret is None


def test_a_made_up_token_ends_nobodys_session(daemon):
    first = log_in(daemon)
    token = first["refresh_token"]
    for at in (0, 30, 50, 70, 85):
        other = "A" if token[at] != "A" else "B"
        assert_refused(refresh(daemon, token[:at] + other + token[at + 1:]))
    sid_part = token[:21]
    assert_refused(refresh(daemon, sid_part + "A" * (86 - 21)))
    for bad in ("x", token[:-1], token + "A", token + "=", " " + token, "A" * 86, "é" * 43,
                first["access_token"], "A" * 5000):
        assert_refused(refresh(daemon, bad))
    refreshed(daemon, token)


def test_a_refresh_token_is_no_access_token(daemon):
    token = log_in(daemon)["refresh_token"]
    assert not is_active(daemon, token)
    assert daemon.get("/users/me", token=token).status == 401


def test_without_a_refresh_token_the_request_is_malformed(daemon):
    for form in ({}, {"refresh_token": ""}):
        reply = daemon.post("/token", form={"grant_type": "refresh_token", **form})
        assert_refused(reply, "invalid_request")


def test_the_body_of_requests_oauthlib_is_taken(daemon):
    token = log_in(daemon, audience=METRICS)["refresh_token"]
    body = encode_form([("grant_type", "refresh_token"), ("scope", "metrics:list metrics:read"),
                        ("refresh_token", token), ("allow_redirects", "True")])
    with Connection(daemon.socket) as connection:
        connection.send(compose("POST", "/token",
                                [("Content-Type", "application/x-www-form-urlencoded"),
                                 ("Accept", "application/json"),
                                 ("Authorization", "Basic Og==")], body))
        reply = connection.reply()
    assert reply.status == 200, reply
    assert set(reply.json()["scope"].split()) == {"metrics:read", "metrics:list"}


# --- scope, audience, client ---

def test_the_scope_can_be_narrowed_and_comes_back_with_the_next(daemon):
    first = log_in(daemon, audience=METRICS)
    assert set(first["scope"].split()) == {"metrics:read", "metrics:list"}
    narrow = refreshed(daemon, first["refresh_token"], scope="metrics:read")
    assert narrow["scope"] == "metrics:read"
    assert claims(daemon, narrow["access_token"])["scope"] == "metrics:read"
    whole = refreshed(daemon, narrow["refresh_token"])
    assert set(whole["scope"].split()) == {"metrics:read", "metrics:list"}


def test_the_scope_cannot_be_widened_and_the_token_is_not_used_up(daemon):
    first = log_in(daemon, "olga", audience=METRICS, scope="metrics:read")
    for scope in ("metrics:write", "metrics:read metrics:list", "jeton:admin", "nothing"):
        assert_refused(refresh(daemon, first["refresh_token"], scope=scope), "invalid_scope")
    assert refreshed(daemon, first["refresh_token"])["scope"] == "metrics:read"


def test_a_login_without_scope_stays_without(daemon):
    first = log_in(daemon)
    assert "scope" not in first
    assert "scope" not in refreshed(daemon, first["refresh_token"])


def test_the_audience_stays_that_of_the_login(daemon):
    first = log_in(daemon, audience=METRICS)
    assert_refused(refresh(daemon, first["refresh_token"], audience="https://other.example"),
                   "invalid_target")
    again = refreshed(daemon, first["refresh_token"], audience=METRICS)
    assert claims(daemon, again["access_token"])["aud"] == METRICS


def test_another_client_gets_nothing(daemon):
    token = log_in(daemon)["refresh_token"]
    reply = refresh(daemon, token, client_id="somebody")
    assert (reply.status, reply.json()["error"]) == (401, "invalid_client")
    refreshed(daemon, token, client_id="local")


def test_a_scope_whose_role_is_lost_is_left_out(fresh):
    jetond = fresh(CONFIG)
    jetond.add_user("olga", roles=["operator"])
    first = log_in(jetond, "olga", audience=METRICS)
    assert "metrics:write" in first["scope"].split()
    jetond.stop()
    with database(jetond) as rows:
        rows.execute("DELETE FROM user_roles")
    rows.close()
    jetond.start()
    second = refreshed(jetond, first["refresh_token"])
    assert set(second["scope"].split()) == {"metrics:read", "metrics:list"}
    assert claims(jetond, second["access_token"])["roles"] == []


# --- time ---

@pytest.mark.parametrize("row", ["expires_at = :past", "used_at = :idle"])
def test_sessions_end_by_age_and_by_idleness(fresh, row):
    jetond = fresh(CONFIG + 'refresh-idle = "2m"\nrefresh-lifetime = "10m"\n')
    jetond.add_user("alice")
    first = log_in(jetond)
    jetond.stop()
    with database(jetond) as rows:
        now = int(time.time())
        assert rows.execute(f"UPDATE sessions SET {row}",
                            {"past": now, "idle": now - 120}).rowcount == 1
    rows.close()
    jetond.start()
    assert_refused(refresh(jetond, first["refresh_token"]))
    assert is_active(jetond, first["access_token"])


def test_the_configured_lifetimes_are_in_the_session(fresh):
    jetond = fresh(CONFIG + 'refresh-idle = "1h"\nrefresh-lifetime = "2d"\n')
    jetond.add_user("alice")
    login = log_in(jetond)
    session, = jetond.get("/sessions", token=login["access_token"]).json()
    assert session["expires_at"] == session["used_at"] + 3600
    with database(jetond) as rows:
        expires, = rows.execute("SELECT expires_at - auth_time FROM sessions").fetchone()
    rows.close()
    assert expires == 2 * 86400


def test_a_refresh_does_not_move_the_absolute_end(fresh):
    jetond = fresh(CONFIG)
    jetond.add_user("alice")
    token = log_in(jetond)["refresh_token"]
    with database(jetond) as rows:
        before = rows.execute("SELECT expires_at FROM sessions").fetchone()
        refreshed(jetond, token)
        assert rows.execute("SELECT expires_at FROM sessions").fetchone() == before
    rows.close()


def test_refresh_false_gives_no_refresh_token_and_no_row(fresh):
    jetond = fresh(CONFIG + "refresh = false\n")
    jetond.add_user("alice")
    login = log_in(jetond)
    assert "refresh_token" not in login
    assert jetond.get("/sessions", token=login["access_token"]).json() == []


def log_in_ahead(jetond, seconds):
    """A login under a clock that has been set back since."""
    tokens = log_in(jetond)
    jetond.stop()
    with database(jetond) as rows:
        assert rows.execute("UPDATE sessions SET auth_time = auth_time + ?", (seconds,)).rowcount == 1
    rows.close()
    jetond.start()
    return tokens


@pytest.mark.parametrize("order", [{"user": "alice"}, {"client_id": "local"}, {"all": True}])
def test_a_session_of_before_the_clock_was_set_back_ends_with_the_others(fresh, order):
    jetond = fresh(CONFIG)
    jetond.add_user("alice")
    tokens = log_in_ahead(jetond, 3600)
    assert jetond.post("/revocations", peer=True, data=order).status == 204
    assert_refused(refresh(jetond, tokens["refresh_token"]))


def test_a_session_of_far_ahead_is_told_of_at_the_start_and_ends_with_the_others(fresh):
    jetond = fresh(CONFIG)
    jetond.add_user("alice")
    tokens = log_in_ahead(jetond, 7 * 86400)
    said = [line for line in jetond.log().splitlines() if "ahead of the clock" in line]
    assert len(said) == 1 and "have no new token until then" in said[0]
    assert refresh(jetond, tokens["refresh_token"]).status != 200
    assert jetond.post("/revocations", peer=True, data={"all": True}).status == 204
    assert_refused(refresh(jetond, tokens["refresh_token"]))


def test_a_login_of_now_is_not_told_of(fresh):
    jetond = fresh(CONFIG)
    jetond.add_user("alice")
    log_in_ahead(jetond, 60)
    assert "ahead of the clock" not in jetond.log()


def test_a_new_password_ends_a_session_of_before_the_clock_was_set_back(fresh):
    jetond = fresh(CONFIG)
    jetond.add_user("alice")
    tokens = log_in_ahead(jetond, 3600)
    assert jetond.request("PATCH", "/users/alice", peer=True,
                          data={"password": PASSWORD + "2"}).status == 200
    assert_refused(refresh(jetond, tokens["refresh_token"]))


# --- what survives ---

def test_refresh_false_refuses_what_is_out_and_true_takes_it_again(fresh):
    jetond = fresh(CONFIG)
    jetond.add_user("alice")
    tokens = log_in(jetond)
    for setting, is_on in (("false", False), ("true", True)):
        jetond.stop()
        jetond.config_file.write_text(CONFIG + f"refresh = {setting}\n")
        jetond.start()
        if is_on:
            refreshed(jetond, tokens["refresh_token"])
        else:
            assert_refused(refresh(jetond, tokens["refresh_token"]))


def test_a_restart_keeps_refresh_tokens(fresh):
    jetond = fresh(CONFIG)
    jetond.add_user("alice")
    token = log_in(jetond)["refresh_token"]
    successor = refreshed(jetond, token)["refresh_token"]
    jetond.stop()
    jetond.start()
    assert refreshed(jetond, token)["refresh_token"] == successor
    refreshed(jetond, successor)


def test_a_kill_between_commit_and_reply_costs_nothing(fresh):
    """The signer is stopped: the authority commits, and the reply never leaves. Then all are
    killed."""
    jetond = fresh(CONFIG)
    jetond.add_user("alice")
    token = log_in(jetond)["refresh_token"]
    signer, = jetond.children()["signer"]
    os.kill(signer, signal.SIGSTOP)
    with database(jetond) as rows:
        before = rows.execute("SELECT current_hash FROM sessions").fetchone()
        connection = jetond.connect()
        connection.send(compose("POST", "/token",
                                [("Content-Type", "application/x-www-form-urlencoded")],
                                encode_form({"grant_type": "refresh_token",
                                             "refresh_token": token})))
        deadline = time.monotonic() + 10
        while rows.execute("SELECT current_hash FROM sessions").fetchone() == before:
            assert time.monotonic() < deadline
        os.killpg(jetond.process.pid, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):  # the kernel ends it with its parent
            os.kill(signer, signal.SIGKILL)
        jetond.process.wait()
        committed = rows.execute("SELECT current_hash, rotation FROM sessions").fetchone()
    rows.close()
    connection.socket.close()
    jetond.start()
    first = refreshed(jetond, token)["refresh_token"]
    assert refreshed(jetond, token)["refresh_token"] == first
    with database(jetond) as rows:
        assert rows.execute("SELECT current_hash, rotation FROM sessions").fetchone() == committed
        assert rows.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    rows.close()
    refreshed(jetond, first)


def test_the_database_holds_no_token(fresh):
    jetond = fresh(CONFIG)
    jetond.add_user("alice")
    first = log_in(jetond)
    second = refreshed(jetond, first["refresh_token"])
    jetond.stop()
    whole = b"".join(file.read_bytes() for file in (jetond.state / "db").iterdir()
                     if file.is_file())
    for token in (first["refresh_token"], second["refresh_token"]):
        secret = base64.urlsafe_b64decode(token + "==")[16:48]
        assert token.encode() not in whole and secret not in whole
    assert first["refresh_token"] not in jetond.log()


def test_one_user_has_at_most_64_sessions(fresh):
    jetond = fresh(CONFIG)
    jetond.add_user("alice")
    tokens = [log_in(jetond)["refresh_token"] for _ in range(66)]
    access = refreshed(jetond, tokens[-1])["access_token"]
    reply = jetond.get("/sessions?limit=1000", token=access)
    assert len(reply.json()) == 64 and reply.headers["x-total-count"] == "64"
    assert_refused(refresh(jetond, tokens[0]))
    refreshed(jetond, tokens[2])


def test_sessions_are_charged_to_the_uid_that_logged_in(fresh):
    """At its share of 16,384 a uid gives up its own oldest, whosever login that was."""
    jetond = fresh(CONFIG)
    alice = jetond.add_user("alice")["id"]
    bob = jetond.add_user("bob")["id"]
    jetond.stop()
    now = int(time.time())
    with database(jetond) as rows:
        rows.execute("PRAGMA foreign_keys = OFF")
        rows.execute("BEGIN")
        rows.executemany(
            "INSERT INTO sessions (sid, user_id, client_id, audience, scope, amr, auth_time,"
            " used_at, expires_at, family_key, current_hash, charged_to) VALUES"
            " (?, ?, 'local', '', '', 'pwd', ?, ?, ?, zeroblob(32), zeroblob(32), ?)",
            ((f"{number:022}", bob, now, now - 20000 + number, now + 9999, os.geteuid() + other)
             for other in (0, 1) for number in range(other * 16384, other * 16384 + 16384)))
        rows.execute("COMMIT")
    jetond.start()
    log_in(jetond)
    with database(jetond) as rows:
        held = dict(rows.execute("SELECT charged_to, count(*) FROM sessions GROUP BY charged_to"))
        oldest = rows.execute("SELECT min(sid) FROM sessions WHERE user_id = ?", (bob,)).fetchone()
        hers = rows.execute("SELECT count(*) FROM sessions WHERE user_id = ?", (alice,)).fetchone()
    rows.close()
    assert held == {os.geteuid(): 16384, os.geteuid() + 1: 16384}
    assert oldest == (f"{1:022}",) and hers == (1,)


def test_web_sock_refreshes_where_it_may_log_in(fresh, tmp_path):
    jetond = fresh(CONFIG + f'web {{ socket = "{tmp_path}/web.sock"\n group = "0" }}\n')
    jetond.add_user("alice")
    jetond.web_socket = tmp_path / "web.sock"
    token = log_in(jetond)["refresh_token"]
    reply = jetond.post("/token", web=True,
                        form={"grant_type": "refresh_token", "refresh_token": token})
    assert_refused(reply, "unauthorized_client")
    refreshed(jetond, token, password=PASSWORD)
