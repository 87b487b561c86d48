"""Setting passwords: one's own, and an administrator's reset."""
import json

import pytest
from harness import PASSWORD, compose

NEW = "another good one"


def change(jetond, token, current=PASSWORD, new=NEW):
    return jetond.request("PUT", "/users/me/password", token=token,
                          data={"current_password": current, "new_password": new})


def test_the_new_password_is_good_and_the_old_one_is_not(fresh):
    jetond = fresh()
    jetond.add_user("ann")
    reply = change(jetond, jetond.token("ann"))
    assert reply.status == 204, reply
    assert reply.body == b"" and "content-length" not in reply.headers
    assert jetond.login("ann").status == 400
    jetond.unlock("ann")
    assert jetond.login("ann", NEW).status == 200


def test_who_does_not_know_the_current_one_changes_nothing(jetond):
    token = jetond.token("alice")
    for wrong in ("", "x", PASSWORD + "x", "p" * 600):
        jetond.unlock("alice")
        reply = change(jetond, token, current=wrong)
        assert reply.status == 400
        assert reply.json()["error"] == "invalid_grant"
    jetond.unlock("alice")
    assert jetond.login("alice").status == 200


@pytest.mark.parametrize("new", ["", "short", "alice", "p" * 512, "nul\u0000inside"])
def test_the_rules_for_new_passwords_hold_here_too(jetond, new):
    reply = change(jetond, jetond.token("alice"), new=new)
    assert reply.status == 400
    assert reply.json()["error"] == "invalid_request"
    assert jetond.login("alice").status == 200
    reply = jetond.request("PATCH", "/users/alice", peer=True, data={"password": new})
    assert reply.status == 400
    assert jetond.login("alice").status == 200


@pytest.mark.parametrize("data", [
    {}, {"new_password": NEW}, {"current_password": PASSWORD}, {"password": NEW},
    {"current_password": PASSWORD, "new_password": NEW, "username": "bob"},
    {"current_password": PASSWORD, "new_password": 7},
    {"current_password": None, "new_password": NEW}])
def test_anything_else_in_the_body_is_400(jetond, data):
    reply = jetond.request("PUT", "/users/me/password", token=jetond.token("alice"), data=data)
    assert reply.status == 400


def test_it_is_a_bearers_matter(jetond):
    for how in ({}, {"peer": True}, {"token": "x"}):
        reply = jetond.request("PUT", "/users/me/password", **how,
                               data={"current_password": PASSWORD, "new_password": NEW})
        assert reply.status == 401


def test_an_administrator_resets_a_password(fresh):
    jetond = fresh()
    jetond.add_user("ann")
    reply = jetond.request("PATCH", "/users/ann", peer=True, data={"password": NEW})
    assert reply.status == 200
    assert jetond.login("ann").status == 400
    jetond.unlock("ann")
    assert jetond.login("ann", NEW).status == 200


def test_two_changes_at_once_are_one(fresh):
    """Both have proven the old password; only one of them finds it still standing, or its token."""
    jetond = fresh()
    jetond.add_user("ann")
    token = jetond.token("ann")
    with jetond.connect() as first, jetond.connect() as second:
        for number, connection in enumerate((first, second)):
            body = json.dumps({"current_password": PASSWORD,
                               "new_password": f"{NEW} {number}"}).encode()
            connection.send(compose("PUT", "/users/me/password",
                                    [("Authorization", f"Bearer {token}"),
                                     ("Content-Type", "application/json")], body))
        statuses = [first.reply().status, second.reply().status]
    assert sorted(statuses) in ([204, 400], [204, 401])
    winner = statuses.index(204)
    jetond.unlock("ann")
    assert jetond.login("ann", f"{NEW} {winner}").status == 200
    assert jetond.login("ann", f"{NEW} {1 - winner}").status == 400


def test_no_password_is_in_the_log(fresh):
    jetond = fresh('log-level = "debug"\n')
    jetond.add_user("ann")
    change(jetond, jetond.token("ann"))
    change(jetond, jetond.token("ann", NEW), current="wrong-" + NEW)
    jetond.request("PATCH", "/users/ann", peer=True, data={"password": PASSWORD})
    jetond.wait_for_log("event=user-change")
    for secret in (PASSWORD, NEW, "$y$"):
        assert secret not in jetond.log()


# Of PASSWORD, as older systems made them.
OUTDATED = {
    "sha512crypt": "$6$abcdefghijklmnop$rt39N1qx1/IV9N1Jf5nwUgG6t8Znzd69aCkEyydxq/KPdVGwEO3H4uBFCIl"
                   "TZqoTbUZLsXm2RD5Na5i7F.u2v/",
    "sha256crypt": "$5$abcdefgh$sYjQ4vynYsNAnM.JMipLH1IMXSipuA8cURgfc3GsHo.",
    "bcrypt": "$2b$06$abcdefghijklmnopqrstuu50eFBEC8vQwBnuFXMHE45jBnqvQ8xz.",
}


@pytest.mark.parametrize("scheme", OUTDATED)
def test_an_outdated_hash_is_replaced_at_a_good_login_and_at_no_other(fresh, scheme):
    jetond = fresh()
    jetond.add_user("ann")
    jetond.store_hash("ann", OUTDATED[scheme])
    assert jetond.login("ann", PASSWORD + "x").status == 400
    assert jetond.stored_hash("ann") == OUTDATED[scheme]
    jetond.unlock("ann")
    assert jetond.login("ann").status == 200
    jetond.wait_for_log("is of the current scheme now")
    renewed = jetond.stored_hash("ann")
    assert renewed.startswith("$y$j9T$")
    assert jetond.login("ann").status == 200
    assert jetond.login("ann", PASSWORD + "x").status == 400
    assert jetond.stored_hash("ann") == renewed, "a current one stays"
    assert PASSWORD not in jetond.log() and "$y$" not in jetond.log()


def test_a_renewal_ends_no_session(fresh):
    jetond = fresh()
    jetond.add_user("ann")
    jetond.store_hash("ann", OUTDATED["bcrypt"])
    token = jetond.token("ann")
    jetond.wait_for_log("is of the current scheme now")
    assert jetond.get("/users/me", token=token).status == 200
