"""One's own profile: what a user may say of himself, and what he may not."""
import pytest
from harness import PASSWORD


def patch(jetond, token, **members):
    return jetond.request("PATCH", "/users/me", token=token, data=members)


def test_a_user_changes_his_name_and_address_and_nothing_else(fresh):
    jetond = fresh()
    before = jetond.add_user("ann", full_name="Ann", email="ann@example.org", roles=["operator"])
    token = jetond.token("ann")
    reply = patch(jetond, token, full_name="Ænn")
    assert reply.status == 200, reply
    assert reply.json() == {**before, "full_name": "Ænn"}
    assert patch(jetond, token, email=None).json() == {**before, "full_name": "Ænn", "email": None}
    assert patch(jetond, token).status == 200
    assert jetond.get("/users/ann", peer=True).json()["full_name"] == "Ænn"


@pytest.mark.parametrize("members", [
    {"roles": ["admin"]}, {"disabled": False}, {"expires_at": None}, {"uid": 1000},
    {"password": PASSWORD}, {"username": "x"}, {"id": 1}, {"full_name": 1}, {"email": "no-at"},
    {"full_name": "a\u001b[31m"}, {"full_name": "x" * 257}])
def test_what_is_not_his_to_say_is_400_and_changes_nothing(jetond, members):
    before = jetond.get("/users/alice", peer=True).json()
    reply = patch(jetond, jetond.token("alice"), **{"email": "alice@example.org", **members})
    assert reply.status == 400, reply
    assert jetond.get("/users/alice", peer=True).json() == before


def test_a_profile_needs_a_bearer(jetond):
    for how in ({}, {"peer": True}, {"token": "x"}):
        assert jetond.request("PATCH", "/users/me", data={"full_name": "x"}, **how).status == 401


def test_an_end_in_the_past_closes_every_door(fresh):
    jetond = fresh()
    jetond.add_user("ann")
    token = jetond.token("ann")
    user = jetond.request("PATCH", "/users/ann", peer=True,
                          data={"expires_at": "2020-01-31T12:00:00Z"}).json()
    assert user["expires_at"] == "2020-01-31T12:00:00Z" and user["disabled"] is False
    wrong, over = jetond.login("nobody-here"), jetond.login("ann")
    assert (over.status, over.body) == (wrong.status, wrong.body)
    assert jetond.get("/users/me", token=token).status == 401
    assert patch(jetond, token, full_name="x").status == 401
    jetond.unlock("ann")
    assert jetond.request("PATCH", "/users/ann", peer=True,
                          data={"expires_at": None}).json()["expires_at"] is None
    assert jetond.login("ann").status == 200


def test_an_end_that_is_still_to_come_closes_nothing(fresh):
    jetond = fresh()
    user = jetond.add_user("ann", expires_at="2999-12-31T23:59:59Z")
    assert user["expires_at"] == "2999-12-31T23:59:59Z"
    assert jetond.login("ann").status == 200


@pytest.mark.parametrize("when", [
    "", "2026-01-31", "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z",
    "2026-01-01T00:00:60Z", "2026-01-01T00:00:00", "2026-01-01T00:00:00+01:00", 1700000000, True,
    "1969-12-31T23:59:59Z", "1970-01-01T00:00:00Z", "10000-01-01T00:00:00Z",
    "2026-01-01T00:00:00Z "])
def test_a_time_that_the_calendar_has_not_is_400(jetond, when):
    reply = jetond.request("PATCH", "/users/alice", peer=True, data={"expires_at": when})
    assert reply.status == 400, reply
    assert jetond.get("/users/alice", peer=True).json()["expires_at"] is None
