"""jeton user edit, passwd, disable, enable, expire, delete, and jeton passwd."""
import json

import pytest
from harness import PASSWORD, TOP

NEW = "another good one"


def succeeds(jetond, *arguments, standard_input=""):
    done = jetond.jeton(*arguments, standard_input=standard_input)
    assert done.returncode == 0, done
    return done.stdout


def shown(jetond, name):
    return jetond.get(f"/users/{name}", peer=True).json()


def test_edit_changes_what_is_named(fresh):
    jetond = fresh()
    jetond.add_user("ann", full_name="Ann", roles=["a"])
    before = shown(jetond, "ann")
    succeeds(jetond, "user", "edit", "ann", "--email", "ann@example.org")
    assert shown(jetond, "ann") == {**before, "email": "ann@example.org"}
    succeeds(jetond, "user", "edit", "ann", "--role", "b", "--admin", "--full-name", "")
    assert shown(jetond, "ann")["roles"] == ["admin", "b"]
    assert shown(jetond, "ann")["full_name"] is None
    printed = succeeds(jetond, "user", "edit", "ann", "--role", "", "--json")
    assert json.loads(printed)["roles"] == []
    assert jetond.jeton("user", "edit", "ann").returncode == 2


def test_the_first_administrator_is_made_by_the_command(fresh):
    jetond = fresh()
    succeeds(jetond, "user", "add", "ada", "--admin", standard_input=PASSWORD + "\n")
    assert jetond.get("/users", token=jetond.token("ada")).status == 200


def test_disable_enable_expire_and_delete(fresh):
    jetond = fresh()
    jetond.add_user("ann")
    assert "disabled" in succeeds(jetond, "user", "disable", "ann")
    assert jetond.login("ann").status == 400
    jetond.unlock("ann")
    succeeds(jetond, "user", "enable", "ann")
    assert jetond.login("ann").status == 200
    assert succeeds(jetond, "user", "expire", "ann", "2020-02-29") == "ann ends at 2020-02-29T00:00:00Z\n"
    assert shown(jetond, "ann")["expires_at"] == "2020-02-29T00:00:00Z"
    assert "2020-02-29" in succeeds(jetond, "user", "show", "ann")
    assert jetond.login("ann").status == 400
    jetond.unlock("ann")
    succeeds(jetond, "user", "expire", "ann", "never")
    assert jetond.login("ann").status == 200
    assert jetond.jeton("user", "expire", "ann", "2020-02-30").returncode == 1
    answer = jetond.jeton("user", "expire", "ann", "soon")
    assert answer.returncode == 2 and "2026-12-31T12:00:00Z" in answer.stderr
    succeeds(jetond, "user", "delete", "ann")
    assert jetond.jeton("user", "delete", "ann").returncode == 1
    assert jetond.login("ann").status == 400


def test_an_administrator_sets_a_password(fresh):
    jetond = fresh()
    jetond.add_user("ann")
    succeeds(jetond, "user", "passwd", "ann", standard_input=NEW + "\n")
    assert jetond.login("ann").status == 400
    jetond.unlock("ann")
    assert jetond.login("ann", NEW).status == 200


def test_a_user_changes_his_own_password(fresh):
    jetond = fresh()
    jetond.add_user("ann")
    assert succeeds(jetond, "passwd", "ann", "--json",
                    standard_input=f"{PASSWORD}\n{NEW}\n") == "{}\n"
    assert jetond.login("ann", NEW).status == 200
    for lines in (f"{PASSWORD}\n{NEW}x\n", f"{NEW}\nshort\n", f"{NEW}\n", ""):
        failed = jetond.jeton("passwd", "ann", standard_input=lines)
        assert failed.returncode == 1
        assert failed.stderr and NEW not in failed.stderr
        jetond.unlock("ann")
    assert jetond.login("ann", NEW).status == 200


@pytest.mark.parametrize("word", ["edit", "passwd", "disable", "enable", "expire", "delete"])
def test_the_manual_page_knows_the_command(word):
    page = (TOP / "client" / "cli" / "jeton.1").read_text()
    assert f".It Cm user {word}" in page or f", Cm user {word}" in page
