"""POST /revoke (RFC 7009), POST /revocations, and the page by which every verifier knows at once."""
import os
import signal
import sqlite3
import time

import pytest

from harness import PASSWORD, Daemon
from test_refresh import (CONFIG, METRICS, assert_refused, claims, database, is_active, log_in,
                          refresh, refreshed)
from test_sessions import random_sid

PAGE_MAX = 65536


@pytest.fixture(scope="module")
def daemon():
    with Daemon(CONFIG) as made:
        for name in ("alice", "bob", "carol", "dave"):
            made.add_user(name)
        made.add_user("ada", roles=["admin"])
        yield made


def revoke(daemon, token, **form):
    return daemon.post("/revoke", form={"token": token, **form})


def order(daemon, **body):
    return daemon.post("/revocations", peer=True, data=body)


def verdict(daemon, token, audience="*"):
    """What libjeton says in a process of its own, from the pages alone."""
    run = daemon.jeton("verify", "--audience", audience, standard_input=token)
    return run.stdout.split("\n")[0] or run.stderr


def sub_before(daemon, user):
    with database(daemon) as rows:
        found = rows.execute("SELECT before FROM revocations WHERE kind = 3").fetchall()
    rows.close()
    return found


# --- RFC 7009 ---

def test_a_revoked_access_token_is_dead_and_its_session_lives(daemon):
    login = log_in(daemon)
    reply = revoke(daemon, login["access_token"])
    assert reply.status == 200
    assert not is_active(daemon, login["access_token"])
    assert daemon.get("/users/me", token=login["access_token"]).status == 401
    assert verdict(daemon, login["access_token"]) == "revoked"
    assert is_active(daemon, refreshed(daemon, login["refresh_token"])["access_token"])


def test_a_revoked_refresh_token_takes_its_access_tokens_with_it(daemon):
    first = log_in(daemon)
    second = refreshed(daemon, first["refresh_token"])
    sid = claims_sid(first["access_token"])
    assert revoke(daemon, second["refresh_token"], token_type_hint="refresh_token").status == 200
    assert any("kind=refresh-token" in line and f'sid="{sid}"' in line
               for line in daemon.log().splitlines())
    for one in (first, second):
        assert not is_active(daemon, one["access_token"])
        assert_refused(refresh(daemon, one["refresh_token"]))


def test_an_older_refresh_token_of_the_family_revokes_it_too(daemon):
    first = log_in(daemon)
    last = first
    for _ in range(3):
        last = refreshed(daemon, last["refresh_token"])
    assert revoke(daemon, first["refresh_token"]).status == 200
    assert_refused(refresh(daemon, last["refresh_token"]))


def test_an_unknown_token_is_200_as_well(daemon):
    login = log_in(daemon)
    tampered = login["refresh_token"][:-6] + "AAAAAA"
    for token in ("x", "A" * 86, "a.b.c", tampered, login["access_token"][:-4] + "AAAA",
                  "A" * 20000):
        assert revoke(daemon, token).status == 200
    refreshed(daemon, login["refresh_token"])
    assert is_active(daemon, login["access_token"])


def test_a_wrong_hint_is_no_hindrance(daemon):
    login = log_in(daemon)
    assert revoke(daemon, login["access_token"], token_type_hint="refresh_token").status == 200
    assert not is_active(daemon, login["access_token"])
    assert revoke(daemon, login["refresh_token"], token_type_hint="nonsense").status == 200
    assert_refused(refresh(daemon, login["refresh_token"]))


def test_a_token_for_another_audience_can_be_revoked(daemon):
    login = log_in(daemon, audience=METRICS)
    assert revoke(daemon, login["access_token"]).status == 200
    assert verdict(daemon, login["access_token"], METRICS) == "revoked"


def test_no_token_is_a_malformed_request(daemon):
    for form in ({}, {"token": ""}):
        reply = daemon.post("/revoke", form=form)
        assert (reply.status, reply.json()["error"]) == (400, "invalid_request")


def test_web_sock_has_no_clients_that_may_revoke(fresh, tmp_path):
    jetond = fresh(CONFIG + f'web {{ socket = "{tmp_path}/web.sock"\n group = "0" }}\n')
    jetond.add_user("alice")
    jetond.web_socket = tmp_path / "web.sock"
    login = log_in(jetond)
    reply = jetond.post("/revoke", web=True, form={"token": login["access_token"]})
    assert (reply.status, reply.json()["error"]) == (401, "invalid_client")
    assert is_active(jetond, login["access_token"])


def test_metadata_names_the_endpoint_and_the_grant(daemon):
    document = daemon.get("/.well-known/oauth-authorization-server").json()
    assert document["revocation_endpoint"].endswith("/revoke")
    assert "refresh_token" in document["grant_types_supported"]


# --- by what it is about ---

def test_a_user_is_revoked_and_can_log_in_again_at_once(daemon):
    before, other = log_in(daemon, "bob"), log_in(daemon)
    assert order(daemon, user="bob").status == 204
    after = log_in(daemon, "bob")
    assert not is_active(daemon, before["access_token"])
    assert_refused(refresh(daemon, before["refresh_token"]))
    assert is_active(daemon, after["access_token"]), "a login of the same second is a new one"
    assert is_active(daemon, refreshed(daemon, after["refresh_token"])["access_token"])
    assert is_active(daemon, other["access_token"])


def test_an_administrator_by_token_may_too_and_others_may_not(daemon):
    victim, bob = log_in(daemon, "carol"), log_in(daemon, "bob")["access_token"]
    ada = log_in(daemon, "ada", scope="jeton:admin")["access_token"]
    body = {"user": "carol"}
    assert daemon.post("/revocations", data=body).status == 401
    assert daemon.post("/revocations", data=body, token=bob).status == 403
    assert is_active(daemon, victim["access_token"])
    assert daemon.post("/revocations", data=body, token=ada).status == 204
    assert not is_active(daemon, victim["access_token"])


def test_by_jti_and_by_sid(daemon):
    one, two = log_in(daemon), log_in(daemon)
    assert order(daemon, jti=claims(daemon, one["access_token"])["jti"]).status == 204
    assert not is_active(daemon, one["access_token"])
    refreshed(daemon, one["refresh_token"])
    assert order(daemon, sid=claims(daemon, two["access_token"])["sid"]).status == 204
    assert not is_active(daemon, two["access_token"])
    assert_refused(refresh(daemon, two["refresh_token"]))


def test_only_what_was_issued_before_then(daemon):
    login = log_in(daemon, "dave")
    issued = claims(daemon, login["access_token"])["iat"]
    assert order(daemon, user="dave", before=issued).status == 204
    assert is_active(daemon, login["access_token"])
    refreshed(daemon, login["refresh_token"])
    time.sleep(1.1)
    assert order(daemon, user="dave", before=issued + 1).status == 204
    assert not is_active(daemon, login["access_token"])
    reply = order(daemon, user="dave", before=int(time.time()) + 3600)
    assert (reply.status, reply.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("what", [{"user": "alice"}, {"client_id": "local"}, {"all": True}],
                         ids=["user", "client", "all"])
def test_what_began_before_then_ends_however_often_it_was_renewed(fresh, what):
    jetond = fresh(CONFIG)
    jetond.add_user("alice")
    old = refreshed(jetond, log_in(jetond)["refresh_token"])
    with jetond.database() as rows:
        assert rows.execute("UPDATE sessions SET auth_time = auth_time - 1000").rowcount == 1
    young = log_in(jetond)
    assert order(jetond, **what, before=int(time.time()) - 500).status == 204
    assert_refused(refresh(jetond, old["refresh_token"]))
    assert is_active(jetond, old["access_token"]) == ("user" not in what)
    assert is_active(jetond, young["access_token"])
    refreshed(jetond, young["refresh_token"])


def test_by_client_and_all(fresh):
    jetond = fresh(CONFIG)
    jetond.add_user("alice")
    login = log_in(jetond)
    assert order(jetond, client_id="grafana").status == 204
    assert is_active(jetond, login["access_token"])
    assert order(jetond, client_id="local").status == 204
    assert not is_active(jetond, login["access_token"])
    login = log_in(jetond)
    assert is_active(jetond, login["access_token"])
    assert order(jetond, all=True).status == 204
    assert not is_active(jetond, login["access_token"])
    assert_refused(refresh(jetond, login["refresh_token"]))
    assert is_active(jetond, log_in(jetond)["access_token"])


MANY = """INSERT INTO sessions (sid, user_id, client_id, audience, scope, amr, auth_time, used_at,
              expires_at, family_key, current_hash)
          WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
          SELECT printf('%022d', i), user_id, client_id, audience, scope, amr, auth_time, used_at,
                 expires_at, family_key, current_hash FROM n, sessions"""


def rows_of(jetond):
    with jetond.database() as rows:
        return rows.execute("SELECT count(*) FROM sessions").fetchone()[0]


@pytest.mark.parametrize("what", [{"all": True}, {"client_id": "local"}])
def test_the_end_of_many_sessions_is_done_before_their_rows_are_gone(fresh, what):
    """What nobody waits for is the removal of rows; a crash in between brings none of them back."""
    jetond = fresh()
    jetond.add_user("alice")
    login = log_in(jetond)
    with jetond.database() as rows:
        rows.execute(MANY)
    assert jetond.get("/sessions", peer=True).headers["x-total-count"] == "5001"
    began = time.monotonic()
    assert order(jetond, **what).status == 204

    left, seconds = rows_of(jetond), time.monotonic() - began
    # A thousand in the order's commit, at most, and in each tenth of a second.
    assert left > 5000 - 1000 * (2 + 10 * seconds), "the removal of all was waited for"
    assert_refused(refresh(jetond, login["refresh_token"]))
    assert jetond.get("/sessions", peer=True).headers["x-total-count"] == "0"
    assert jetond.get("/sessions?user=alice", peer=True).json() == []
    os.killpg(jetond.process.pid, signal.SIGKILL)
    jetond.process.wait()
    jetond.start()
    assert_refused(refresh(jetond, login["refresh_token"]))
    again = log_in(jetond)
    deadline = time.monotonic() + 20
    while rows_of(jetond) > 1 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert rows_of(jetond) == 1
    refreshed(jetond, again["refresh_token"])


def test_orders_that_name_nothing_are_refused(daemon):
    for body in ({}, {"all": False}, {"user": ""}, {"user": "a", "sid": "b"}, {"jti": "short"},
                 {"sid": "A" * 23}, {"user": "alice", "before": -1}, {"user": "alice", "before": "x"},
                 {"user": ["alice"]}, {"other": "x"}, {"client_id": "x" * 200}):
        reply = order(daemon, **body)
        assert (reply.status, reply.json()["error"]) == (400, "invalid_request"), body
    assert order(daemon, user="nobody-here").status == 404


# --- what every verifier sees, and when ---

def test_a_restart_keeps_revocations_and_no_verifier_ever_sees_them_gone(fresh):
    jetond = fresh(CONFIG)
    jetond.add_user("alice")
    jetond.add_user("bob")
    one, session, user = log_in(jetond), log_in(jetond), log_in(jetond, "bob")
    revoke(jetond, one["access_token"])
    order(jetond, sid=claims(jetond, session["access_token"])["sid"])
    order(jetond, user="bob")
    tokens = [login["access_token"] for login in (one, session, user)]
    jetond.stop()
    assert [verdict(jetond, token) for token in tokens] == ["revoked"] * 3
    jetond.spawn()
    while not jetond.socket.exists():
        assert verdict(jetond, tokens[0]) == "revoked"
    jetond.wait_until_healthy()
    assert [verdict(jetond, token) for token in tokens] == ["revoked"] * 3
    assert not any(is_active(jetond, token) for token in tokens)
    (jetond.state / "run" / "status").unlink()
    jetond.stop()
    jetond.start()
    assert [verdict(jetond, token) for token in tokens] == ["revoked"] * 3


def test_a_kill_after_the_reply_loses_no_revocation(fresh):
    jetond = fresh(CONFIG)
    jetond.add_user("alice")
    login = log_in(jetond)
    assert revoke(jetond, login["refresh_token"]).status == 200
    os.killpg(jetond.process.pid, signal.SIGKILL)
    jetond.process.wait()
    jetond.start()
    assert not is_active(jetond, login["access_token"])
    assert_refused(refresh(jetond, login["refresh_token"]))


def test_entries_go_when_the_last_token_they_stop_has_expired(fresh):
    jetond = fresh(CONFIG)
    jetond.add_user("alice")
    login = log_in(jetond)
    revoke(jetond, login["access_token"])
    order(jetond, user="alice")
    with database(jetond) as rows:
        expires = claims_of_expiry(rows)
        now = time.time()
        assert all(now + 900 < drop_at <= now + 1100 for drop_at in expires), expires
        jetond.stop()
        rows.execute("UPDATE revocations SET drop_at = ?", (int(now) - 1,))
    rows.close()
    jetond.start()
    with database(jetond) as rows:
        deadline = time.monotonic() + 10
        while claims_of_expiry(rows):
            assert time.monotonic() < deadline
            time.sleep(0.1)
    rows.close()


def claims_of_expiry(rows):
    return [row[0] for row in rows.execute("SELECT drop_at FROM revocations")]


def test_a_shorter_lifetime_lets_no_revoked_token_come_back(fresh):
    jetond = fresh(CONFIG + 'access-lifetime = "2h"\n')
    jetond.add_user("alice")
    login = log_in(jetond)
    jetond.stop()
    jetond.config_file.write_text(CONFIG + 'access-lifetime = "10s"\n')
    jetond.start()
    assert is_active(jetond, login["access_token"])
    order(jetond, user="alice")
    with database(jetond) as rows:
        drop_at, = claims_of_expiry(rows)
    rows.close()
    assert drop_at >= claims_exp(login["access_token"])


def claims_exp(token):
    import base64
    import json
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=="))["exp"]


# --- bounds ---

def test_65_revoked_tokens_of_one_user_become_one_entry(fresh):
    jetond = fresh(CONFIG)
    jetond.add_user("alice")
    jetond.add_user("bob")
    bob = log_in(jetond, "bob")["access_token"]
    first = log_in(jetond)
    refresh_token = first["refresh_token"]
    revoked = []
    for count in range(65):
        new = refreshed(jetond, refresh_token)
        refresh_token = new["refresh_token"]
        revoked.append(new["access_token"])
        if count == 64:
            assert kinds(jetond) == {1: 64}
            assert is_active(jetond, first["access_token"])
        assert revoke(jetond, new["access_token"]).status == 200
    assert kinds(jetond) == {3: 1}
    assert not any(is_active(jetond, token) for token in revoked)
    assert not is_active(jetond, first["access_token"]), "all of his until then"
    assert is_active(jetond, bob)
    assert is_active(jetond, refreshed(jetond, refresh_token)["access_token"])
    assert "too many revoked tokens" in jetond.log()


def kinds(jetond):
    with database(jetond) as rows:
        found = dict(rows.execute("SELECT kind, count(*) FROM revocations GROUP BY kind"))
    rows.close()
    return found


def fill(jetond, count):
    later = int(time.time()) + 600
    with database(jetond) as rows:
        rows.execute("BEGIN")
        rows.execute("DELETE FROM revocations")
        rows.executemany("INSERT INTO revocations (kind, value, before, drop_at) "
                         "VALUES (2, ?, 9223372036854775807, ?)",
                         ((number.to_bytes(16, "big"), later) for number in range(count)))
        rows.execute("COMMIT")
    rows.close()


def test_a_full_page_is_never_a_silent_yes(fresh):
    jetond = fresh(CONFIG + 'audience "https://hs.example" { alg = "HS256" }\n')
    jetond.add_user("alice")
    jetond.stop()
    fill(jetond, PAGE_MAX)
    jetond.start()
    login = log_in(jetond)
    token = login["access_token"]
    shared = log_in(jetond, audience="https://hs.example")["access_token"]
    assert verdict(jetond, token) == "valid"
    assert is_active(jetond, token) and is_active(jetond, shared)
    assert order(jetond, sid=random_sid()).status == 204
    assert "more revocations than it can hold" in verdict(jetond, token)
    assert jetond.get("/users/me", token=token).status == 200, "the authority knows them all"
    assert is_active(jetond, token) and is_active(jetond, shared), "and is asked"
    assert jetond.get("/auth", token=token).status == 200
    assert claims(jetond, token)["username"] == claims(jetond, shared)["username"] == "alice"
    assert order(jetond, sid=claims_sid(token)).status == 204
    assert jetond.get("/users/me", token=token).status == 401
    assert not is_active(jetond, token) and is_active(jetond, shared)
    assert jetond.get("/auth", token=token).status == 401
    assert "more revocations than it can hold" in verdict(jetond, token)
    assert order(jetond, sid=claims_sid(shared)).status == 204
    assert not is_active(jetond, shared)
    assert jetond.log().count("more than the status page holds") == 1
    jetond.stop()
    fill(jetond, 10)
    jetond.start()
    assert verdict(jetond, log_in(jetond)["access_token"]) == "valid"


def test_those_who_revoke_much_do_not_fill_the_page_for_all(fresh):
    jetond = fresh(CONFIG)
    jetond.add_user("alice")
    jetond.add_user("bob")
    jetond.stop()
    later = int(time.time()) + 600
    with database(jetond) as rows:
        rows.execute("BEGIN")
        rows.executemany("INSERT INTO revocations (kind, value, before, drop_at, subject) "
                         "VALUES (1, ?, 9223372036854775807, ?, ?)",
                         ((number.to_bytes(16, "big"), later, (number // 64).to_bytes(16, "big"))
                          for number in range(PAGE_MAX)))
        rows.execute("COMMIT")
    rows.close()
    jetond.start()
    alices, bobs = log_in(jetond)["access_token"], log_in(jetond, "bob")["access_token"]
    assert verdict(jetond, bobs) == "valid"
    assert revoke(jetond, alices).status == 200
    assert (verdict(jetond, alices), verdict(jetond, bobs)) == ("revoked", "valid")
    assert kinds(jetond) == {1: 1, 3: PAGE_MAX // 64}
    assert "there are too many revoked tokens" in jetond.log()


def test_what_is_revoked_is_published_also_where_the_accounts_cannot_be_read(fresh):
    """More accounts are linked than the page has places for: by hand, for jetond never does it."""
    jetond = fresh(CONFIG)
    jetond.add_user("alice")
    token = log_in(jetond)["access_token"]
    with database(jetond) as rows:
        rows.execute("BEGIN")
        rows.executemany("INSERT INTO users (name, created_at, uid) VALUES (?, 1, ?)",
                         ((f"u{uid}", uid) for uid in range(100000, 165537)))
        rows.execute("COMMIT")
    rows.close()
    assert revoke(jetond, token).status == 503
    assert verdict(jetond, token) == "revoked"
    assert "over 65536 linked accounts" in jetond.log()


def claims_sid(token):
    import base64
    import json
    return json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))["sid"]


def test_a_revocation_with_a_full_table_is_quick(fresh):
    jetond = fresh(CONFIG)
    jetond.add_user("alice")
    jetond.stop()
    fill(jetond, PAGE_MAX - 100)
    jetond.start()
    token = log_in(jetond)["access_token"]
    begun = time.monotonic()
    assert revoke(jetond, token).status == 200
    assert time.monotonic() - begun < 5
    assert verdict(jetond, token) == "revoked"


def test_a_full_disk_is_503_and_nothing_is_said_to_be_revoked(fresh):
    """The database is made read-only for the running daemon by a lock that another holds."""
    jetond = fresh(CONFIG)
    jetond.add_user("alice")
    login = log_in(jetond)
    other = sqlite3.connect(jetond.state / "db" / "jeton.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        assert revoke(jetond, login["refresh_token"]).status == 503
        assert refresh(jetond, login["refresh_token"]).status == 503
        assert is_active(jetond, login["access_token"])
        again = jetond.login("alice", PASSWORD)
        assert again.status == 200 and "refresh_token" not in again.json()
    finally:
        other.execute("ROLLBACK")
        other.close()
    refreshed(jetond, login["refresh_token"])
    assert revoke(jetond, login["refresh_token"]).status == 200
