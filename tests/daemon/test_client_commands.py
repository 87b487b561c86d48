"""jeton client add, list, show, edit, rotate-secret, disable, enable, delete: what they print, and
that the daemon does it."""
import json

import pytest
from harness import Daemon, in_process_of, is_root
from test_refresh import database

METRICS, OTHER = "https://metrics.example", "https://other.example"
CONFIG = f"""
issuer = "https://host.example"
audience "{METRICS}" {{ scope "read" {{ }} scope "write" {{ }} }}
audience "{OTHER}" {{ }}
identity "taken" {{ user = {{"61001"}} audience = {{"{METRICS}"}} }}
"""


@pytest.fixture(scope="module")
def jetond():
    with Daemon(CONFIG) as daemon:
        yield daemon


def done(answer):
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def add(jetond, client, *options):
    return jetond.jeton("client", "add", client, "--audience", METRICS, *options)


def grant(jetond, client, secret):
    return jetond.post("/token", form={"grant_type": "client_credentials", "client_id": client,
                                       "client_secret": secret, "audience": METRICS})


def is_active(jetond, token):
    return jetond.post("/introspect", form={"token": token}).json()["active"]


def test_the_secret_alone_is_printed_and_it_works(jetond):
    answer = add(jetond, "robot", "--audience", OTHER, "--scope", "read write", "--name", "Röbot")
    assert len(done(answer)) == 44 and answer.stdout.endswith("\n")
    assert "shown once" in answer.stderr and answer.stdout.strip() not in answer.stderr
    reply = grant(jetond, "robot", answer.stdout.strip())
    assert reply.status == 200 and reply.json()["scope"] == "read write"
    shown = json.loads(done(jetond.jeton("client", "show", "robot", "--json")))
    assert shown["audiences"] == [METRICS, OTHER] and shown["scopes"] == ["read", "write"]
    assert shown["name"] == "Röbot" and "secret" not in shown


def test_a_secret_is_nowhere_after_that(jetond):
    secret = json.loads(done(add(jetond, "whole", "--json")))["secret"]
    for words in (["client", "show", "whole"], ["client", "list"]):
        for extra in ([], ["--json"]):
            assert secret not in done(jetond.jeton(*words, *extra))
    assert secret not in jetond.log()


def test_a_list_tells_who_may_and_who_may_not(fresh):
    jetond = fresh(CONFIG)
    assert json.loads(done(jetond.jeton("client", "list", "--json"))) == []
    for number in range(3):
        done(add(jetond, f"c{number}"))
    done(jetond.jeton("client", "disable", "c1"))
    rows = done(jetond.jeton("client", "list")).splitlines()
    assert [row.split()[:2] for row in rows] == [
        ["ID", "STATE"], ["c0", "active"], ["c1", "disabled"], ["c2", "active"]]
    assert len(json.loads(done(jetond.jeton("client", "list", "--json")))) == 3


def test_a_list_is_whole_also_where_the_daemon_gives_it_in_parts(fresh):
    jetond = fresh(CONFIG)
    rows = [(f"c{number:04}", METRICS) for number in range(2001)]
    with database(jetond) as clients:
        clients.executemany("INSERT INTO clients (id, secret_digest, audiences, created_at) "
                            "VALUES (?, zeroblob(32), ?, 1)", rows)
    clients.close()
    listed = json.loads(done(jetond.jeton("client", "list", "--json")))
    assert [client["id"] for client in listed] == [row[0] for row in rows]


def test_a_new_secret_ends_the_old_one(jetond):
    old = done(add(jetond, "turning")).strip()
    new = done(jetond.jeton("client", "rotate-secret", "turning")).strip()
    assert new != old
    assert grant(jetond, "turning", old).status == 401
    assert grant(jetond, "turning", new).status == 200


def test_a_disabled_client_has_nothing_until_it_is_enabled(jetond):
    secret = done(add(jetond, "resting")).strip()
    token = grant(jetond, "resting", secret).json()["access_token"]
    assert "enabled     no" in done(jetond.jeton("client", "disable", "resting"))
    assert grant(jetond, "resting", secret).status == 401 and not is_active(jetond, token)
    assert json.loads(done(jetond.jeton("client", "enable", "resting", "--json")))["enabled"] is True
    assert grant(jetond, "resting", secret).status == 200


def test_an_edit_changes_what_is_named_and_nothing_else(jetond):
    done(add(jetond, "changing", "--scope", "read", "--name", "Old"))
    done(jetond.jeton("client", "edit", "changing", "--name", "New"))
    shown = json.loads(done(jetond.jeton("client", "show", "changing", "--json")))
    assert (shown["name"], shown["scopes"], shown["audiences"]) == ("New", ["read"], [METRICS])
    done(jetond.jeton("client", "edit", "changing", "--scope", ""))
    assert json.loads(done(jetond.jeton("client", "show", "changing", "--json")))["scopes"] == []


def test_a_deleted_client_is_gone_with_its_tokens(jetond):
    secret = done(add(jetond, "leaving")).strip()
    token = grant(jetond, "leaving", secret).json()["access_token"]
    assert "revoked" in done(jetond.jeton("client", "delete", "leaving"))
    assert not is_active(jetond, token)
    again = jetond.jeton("client", "delete", "leaving")
    assert again.returncode == 1 and "`jeton client list`" in again.stderr
    done(add(jetond, "leaving"))
    assert json.loads(done(jetond.jeton("client", "delete", "leaving", "--json"))) == {
        "deleted": "leaving"}


@pytest.mark.parametrize("words, says", [
    (["add", "taken", "--audience", METRICS], "has that id"),
    (["add", "local", "--audience", METRICS], "not local"),
    (["add", "x", "--audience", "https://unknown.example"], "declared here"),
    (["add", "x", "--audience", METRICS, "--scope", "unheard"], "scopes are such"),
    (["show", "nobody"], "no such client"),
    (["show", "../users"], "wrong escape"),
    (["edit", "nobody", "--name", "x"], "no such client"),
    (["rotate-secret", "nobody"], "no such client"),
])
def test_a_refusal_says_what_to_do(jetond, words, says):
    answer = jetond.jeton("client", *words)
    assert answer.returncode == 1 and answer.stdout == "" and says in answer.stderr


@pytest.mark.parametrize("words", [["add"], ["add", "x"], ["edit", "x"], ["list", "x"], ["frob"]])
def test_a_command_line_that_cannot_be_is_status_2(jetond, words):
    answer = jetond.jeton("client", *words)
    assert answer.returncode == 2 and answer.stdout == ""


@pytest.mark.skipif(not is_root(), reason="needs root to become another uid")
def test_who_is_no_admin_is_told_so(jetond):
    answer = in_process_of(61009, lambda: jetond.jeton("client", "list"))
    assert answer.returncode == 1 and "run it as root" in answer.stderr
