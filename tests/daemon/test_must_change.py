"""A password that must be changed: no token for it, and a way to change it without one."""
import sqlite3

import pytest
from harness import PASSWORD, while_he_waits

NEW = "another good one"


def expire(jetond, name, value=True):
    return jetond.request("PATCH", f"/users/{name}", peer=True, data={"must_change_password": value})


def change(jetond, name, current=PASSWORD, new=NEW, **how):
    return jetond.request("PUT", "/users/me/password", **how, data={
        "username": name, "current_password": current, "new_password": new})


def test_login_gets_no_token_until_it_is_changed(fresh):
    jetond = fresh()
    jetond.add_user("ann")
    assert expire(jetond, "ann").json()["must_change_password"] is True
    reply = jetond.login("ann")
    assert reply.status == 400 and reply.json()["error"] == "invalid_grant"
    assert "must be changed" in reply.json()["error_description"]
    jetond.wait_for_log("reason=must-change")
    assert change(jetond, "ann").status == 204
    assert jetond.login("ann", NEW).status == 200
    assert jetond.get("/users/ann", peer=True).json()["must_change_password"] is False


def test_who_guesses_does_not_learn_of_it(fresh):
    jetond = fresh()
    jetond.add_user("ann")
    expire(jetond, "ann")
    wrong, unknown = jetond.login("ann", "wrong"), jetond.login("nobody-here", "wrong")
    assert (wrong.status, wrong.body) == (unknown.status, unknown.body)


def test_who_is_logged_in_stays_it(fresh):
    jetond = fresh()
    jetond.add_user("ann")
    session = jetond.login("ann").json()
    expire(jetond, "ann")
    assert jetond.get("/users/me", token=session["access_token"]).json()["must_change_password"]
    assert jetond.post("/token", form={"grant_type": "refresh_token",
                                       "refresh_token": session["refresh_token"]}).status == 200


@pytest.mark.parametrize("name, current", [
    ("ann", "wrong"), ("nobody-here", PASSWORD), ("Not A Name", PASSWORD), ("x" * 300, PASSWORD),
    ("off", PASSWORD)])
def test_by_name_it_takes_the_password_and_tells_nobody_why_not(fresh, name, current):
    jetond = fresh()
    for user in ("ann", "off"):
        jetond.add_user(user)
    jetond.request("PATCH", "/users/off", peer=True, data={"disabled": True})
    reply = change(jetond, name, current)
    assert (reply.status, reply.body) == (400, jetond.login("nobody", "wrong").body)
    jetond.wait_for_log("event=password-change result=refused")
    jetond.unlock("ann")
    assert jetond.login("ann").status == 200


def test_by_name_it_is_throttled_like_a_login(fresh):
    jetond = fresh()
    jetond.add_user("ann")

    def fail():
        jetond.unlock("ann")
        assert change(jetond, "ann", "wrong").status == 400

    assert while_he_waits(fail, lambda: jetond.login("ann").status) == 400
    assert while_he_waits(fail, lambda: change(jetond, "ann", "wrong").status) == 400
    jetond.wait_for_log("event=password-change result=refused")
    jetond.wait_for_log("reason=throttled")


def test_the_rules_hold_by_name_too(fresh):
    jetond = fresh()
    jetond.add_user("ann")
    reply = change(jetond, "ann", new="short")
    assert reply.status == 400 and reply.json()["error"] == "invalid_request"


def test_a_name_and_a_token_are_one_too_many(fresh):
    jetond = fresh()
    jetond.add_user("ann")
    for how in ({"token": jetond.token("ann")}, {"peer": True}, {"token": "x"}):
        assert change(jetond, "ann", **how).status == 400
    assert change(jetond, "").status == 400


@pytest.mark.parametrize("grant, status", [("local", 400), ("web", 204)])
def test_on_the_web_it_is_open_where_the_password_grant_is(fresh, grant, status):
    import grp
    import os
    group = grp.getgrgid(os.getegid()).gr_name
    jetond = fresh(f'password-grant = "{grant}"\nweb {{ group = "{group}" }}\n')
    jetond.add_user("ann")
    assert change(jetond, "ann", web=True).status == status


def test_a_reset_may_say_that_it_is_for_once(fresh):
    jetond = fresh()
    jetond.add_user("ann")
    done = jetond.jeton("user", "passwd", "ann", "--must-change", standard_input=NEW + "\n")
    assert done.returncode == 0, done
    told = jetond.jeton("login", "ann", standard_input=NEW + "\n")
    assert told.returncode == 1 and "jeton passwd" in told.stderr, told
    done = jetond.jeton("passwd", "ann", standard_input=f"{NEW}\n{PASSWORD} 2\n")
    assert done.returncode == 0, done
    assert jetond.login("ann", PASSWORD + " 2").status == 200


def test_an_administrator_may_take_it_back(fresh):
    jetond = fresh()
    jetond.add_user("ann")
    assert jetond.jeton("user", "expire-password", "ann").returncode == 0
    assert "must be changed" in jetond.jeton("user", "show", "ann").stdout
    assert jetond.login("ann").status == 400
    assert expire(jetond, "ann", False).status == 200
    assert jetond.login("ann").status == 200


def test_passwords_age(fresh):
    jetond = fresh('password-max-age = "30d"\n')
    jetond.add_user("ann")
    assert jetond.login("ann").status == 200
    jetond.stop()
    with sqlite3.connect(jetond.state / "db" / "jeton.db") as rows:
        rows.execute("UPDATE users SET password_changed_at = password_changed_at - 31 * 86400")
    rows.close()
    jetond.start()
    assert "must be changed" in jetond.login("ann").json()["error_description"]
    assert change(jetond, "ann").status == 204
    assert jetond.login("ann", NEW).status == 200


@pytest.mark.parametrize("value", [None, 1, "yes"])
def test_it_is_true_or_false(fresh, value):
    jetond = fresh()
    jetond.add_user("ann")
    assert expire(jetond, "ann", value).status == 400
