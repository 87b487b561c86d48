"""GET /sessions and DELETE /sessions/{sid}: who sees and ends which logins."""
import base64
import os

import pytest

from harness import Daemon, is_root
from test_refresh import (CONFIG, assert_refused, claims, is_active, log_in, refresh, refreshed)


@pytest.fixture(scope="module")
def daemon():
    with Daemon(CONFIG) as made:
        for name in ("alice", "bob"):
            made.add_user(name)
        made.add_user("ada", roles=["admin"])
        yield made


def sids(reply):
    assert reply.status == 200, reply
    return [session["sid"] for session in reply.json()]


def end(daemon, sid, **how):
    return daemon.request("DELETE", f"/sessions/{sid}", **how)


def random_sid():
    return base64.urlsafe_b64encode(os.urandom(16)).rstrip(b"=").decode()


def test_a_person_sees_his_own_sessions_and_no_others(daemon):
    mine, again = log_in(daemon), log_in(daemon)
    others = log_in(daemon, "bob")
    reply = daemon.get("/sessions", token=mine["access_token"])
    here = claims(daemon, mine["access_token"])["sid"]
    assert here in sids(reply)
    assert claims(daemon, again["access_token"])["sid"] in sids(reply)
    assert claims(daemon, others["access_token"])["sid"] not in sids(reply)
    assert [s["sid"] for s in reply.json() if s["current"]] == [here]
    assert {s["username"] for s in reply.json()} == {"alice"}
    session = next(s for s in reply.json() if s["current"])
    assert session["amr"] == ["pwd"] and session["client_id"] == "local"
    assert session["expires_at"] > session["used_at"] >= session["auth_time"]


def test_no_secret_is_in_the_list(daemon):
    login = log_in(daemon)
    body = daemon.get("/sessions", token=login["access_token"]).body.decode()
    assert login["refresh_token"] not in body and "hash" not in body and "key" not in body


def test_an_administrator_sees_all_or_those_of_one(daemon):
    alice, bob = log_in(daemon), log_in(daemon, "bob")
    alices, bobs = (claims(daemon, one["access_token"])["sid"] for one in (alice, bob))
    assert {alices, bobs} <= set(sids(daemon.get("/sessions?limit=1000", peer=True)))
    only = sids(daemon.get("/sessions?user=bob&limit=1000", peer=True))
    assert bobs in only and alices not in only
    ada = log_in(daemon, "ada", scope="jeton:admin")["access_token"]
    assert bobs in sids(daemon.get("/sessions?user=bob", token=ada))
    assert alices in sids(daemon.get("/sessions?all=true&limit=1000", token=ada))
    assert daemon.get("/sessions?user=nobody-here", peer=True).status == 404


def test_nobody_else_sees_anothers(daemon):
    token = log_in(daemon)["access_token"]
    assert daemon.get("/sessions?user=bob", token=token).status == 403
    assert daemon.get("/sessions?all=true", token=token).status == 403
    assert daemon.get("/sessions").status == 401
    assert daemon.get("/sessions", token="x.y.z").status == 401


@pytest.mark.skipif(not is_root(), reason="needs another uid")
def test_another_uid_is_no_administrator(daemon):
    assert daemon.get("/sessions", peer=True, uid=4321).status == 403
    assert end(daemon, random_sid(), peer=True, uid=4321).status == 403


def test_a_list_is_given_in_parts(daemon):
    token = log_in(daemon)["access_token"]
    for _ in range(3):
        log_in(daemon)
    whole = sids(daemon.get("/sessions?limit=1000", token=token))
    first, rest = (sids(daemon.get(f"/sessions?{query}", token=token))
                   for query in ("limit=2", "skip=2&limit=1000"))
    assert first + rest == whole and len(first) == 2
    for query in ("limit=x", "skip=-1", "limit=1001"):
        assert daemon.get(f"/sessions?{query}", token=token).status == 400


def test_an_ended_session_takes_all_its_tokens_with_it(daemon):
    first = log_in(daemon)
    second = refreshed(daemon, first["refresh_token"])
    other = log_in(daemon)
    sid = claims(daemon, first["access_token"])["sid"]
    assert end(daemon, sid, token=other["access_token"]).status == 204
    assert not is_active(daemon, first["access_token"])
    assert not is_active(daemon, second["access_token"])
    assert_refused(refresh(daemon, second["refresh_token"]))
    assert daemon.get("/users/me", token=second["access_token"]).status == 401
    assert is_active(daemon, other["access_token"])
    assert sid not in sids(daemon.get("/sessions?limit=1000", token=other["access_token"]))


def test_ones_own_session_can_be_ended_with_its_own_token(daemon):
    login = log_in(daemon)
    sid = claims(daemon, login["access_token"])["sid"]
    assert end(daemon, sid, token=login["access_token"]).status == 204
    assert end(daemon, sid, token=login["access_token"]).status == 401


def test_nobody_ends_the_session_of_another(daemon):
    alice, bob = log_in(daemon), log_in(daemon, "bob")
    sid = claims(daemon, bob["access_token"])["sid"]
    assert end(daemon, sid, token=alice["access_token"]).status == 404
    assert end(daemon, sid).status == 401
    refreshed(daemon, bob["refresh_token"])


def test_an_administrator_ends_any(daemon):
    bob = log_in(daemon, "bob")
    assert end(daemon, claims(daemon, bob["access_token"])["sid"], peer=True).status == 204
    assert not is_active(daemon, bob["access_token"])
    bob = log_in(daemon, "bob")
    ada = log_in(daemon, "ada", scope="jeton:admin")["access_token"]
    assert end(daemon, claims(daemon, bob["access_token"])["sid"], token=ada).status == 204
    assert not is_active(daemon, bob["access_token"])


def test_a_session_without_a_refresh_token_can_be_ended_while_its_tokens_live(fresh):
    jetond = fresh(CONFIG + "refresh = false\n")
    jetond.add_user("alice")
    jetond.add_user("bob")
    one, two, bob = log_in(jetond), log_in(jetond), log_in(jetond, "bob")
    sid = claims(jetond, one["access_token"])["sid"]
    assert end(jetond, sid, token=bob["access_token"]).status == 404
    assert end(jetond, sid, token=one["access_token"]).status == 204
    assert not is_active(jetond, one["access_token"])
    assert is_active(jetond, two["access_token"])
    assert end(jetond, claims(jetond, two["access_token"])["sid"], peer=True).status == 204
    assert not is_active(jetond, two["access_token"])


def test_what_is_no_sid_is_not_found(daemon):
    token = log_in(daemon)["access_token"]
    for bad in ("x", "A" * 21, "A" * 23, "B" * 22, "-" * 22, "a" * 300):
        assert end(daemon, bad, token=token).status == 404
        assert end(daemon, bad, peer=True).status == 404
    assert end(daemon, random_sid(), token=token).status == 404
    assert end(daemon, random_sid(), peer=True).status == 204
