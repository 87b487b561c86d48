"""jeton revoke: what it asks the daemon for, and what it says and refuses itself."""
import datetime
import json
import os
import subprocess
import time

import pytest
from harness import BUILD, Daemon, is_root
from test_refresh import CONFIG, assert_refused, is_active, log_in, refresh, refreshed


@pytest.fixture(scope="module")
def jetond():
    with Daemon(CONFIG) as daemon:
        for name in ("alice", "bob"):
            daemon.add_user(name)
        yield daemon


def done(answer):
    assert (answer.returncode, answer.stderr) == (0, "")
    return answer.stdout


def as_written(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime(
        "%Y-%m-%dT%H:%M:%SZ")


def began_before(jetond, name, seconds):
    with jetond.database() as rows:
        rows.execute("UPDATE sessions SET auth_time = auth_time - ? WHERE user_id = "
                     "(SELECT id FROM users WHERE name = ?)", (seconds, name))


def test_a_users_tokens_and_sessions_end_and_no_others(jetond):
    alice, bob = log_in(jetond), log_in(jetond, "bob")
    assert done(jetond.jeton("revoke", "--user", "alice")) == \
        "alice: every token and session until now has ended\n"
    assert not is_active(jetond, alice["access_token"])
    assert_refused(refresh(jetond, alice["refresh_token"]))
    assert is_active(jetond, bob["access_token"])
    refreshed(jetond, log_in(jetond)["refresh_token"])


@pytest.mark.parametrize("whose, said, body", [
    (("--client-id", "local"), "local: every token", {"client_id": "local"}),
    (("--all",), "everybody: every token", {"all": True})])
def test_a_clients_and_everybodys_end(fresh, whose, said, body):
    jetond = fresh(CONFIG)
    jetond.add_user("alice")
    jetond.add_user("bob")
    alice, bob = log_in(jetond), log_in(jetond, "bob")
    assert done(jetond.jeton("revoke", *whose)).startswith(said)
    for login in (alice, bob):
        assert not is_active(jetond, login["access_token"])
        assert_refused(refresh(jetond, login["refresh_token"]))
    assert json.loads(done(jetond.jeton("revoke", *whose, "--json"))) == body


@pytest.mark.parametrize("write", [as_written, lambda s: as_written(s)[:10],
                                   lambda s: as_written(s - 3600)[:-1] + "-01:00"])
def test_what_began_later_than_a_time_goes_on(jetond, write):
    old = log_in(jetond)
    began_before(jetond, "alice", 3 * 86400)
    young = log_in(jetond)
    then = time.time() - 86400
    said = done(jetond.jeton("revoke", "--user", "alice", "--before", write(then)))
    assert said == f"alice: every token and session from before {write(then)} has ended\n"
    assert_refused(refresh(jetond, old["refresh_token"]))
    refreshed(jetond, young["refresh_token"])


def test_one_token_ends_by_who_holds_it(jetond, tmp_path):
    login = log_in(jetond)
    file = tmp_path / "token"
    file.write_text(login["access_token"] + "\n")
    assert done(jetond.jeton("revoke", "--token-file", str(file))) != ""
    assert not is_active(jetond, login["access_token"])
    login = {"refresh_token": login["refresh_token"]}
    assert done(jetond.jeton("revoke", "--token-file", "-", "--json",
                             standard_input=login["refresh_token"])) == "{}\n"
    assert_refused(refresh(jetond, login["refresh_token"]))


@pytest.mark.parametrize("options, status, says", [
    ((), 2, "one of --user, --client-id, --all and --token-file is needed"),
    (("--user", "alice", "--all"), 2, "one of"),
    (("--all", "--token-file", "-"), 2, "one of"),
    (("--before", "2026-01-01"), 2, "one of"),
    (("alice",), 2, "too many operands"),
    (("--all", "--before", "yesterday"), 2, "--before is a day"),
    (("--all", "--before", "1970-01-01"), 2, "--before is a day"),
    (("--all", "--before", "2026-02-30"), 2, "--before is a day"),
    (("--token-file", "-", "--before", "2026-01-01"), 2, "a token has no --before"),
    (("--all", "--before", "2999-01-01"), 1, "before must not be in the future"),
    (("--user", "nobody"), 1, "no such user"),
    (("--token-file", "/nowhere"), 1, "cannot read a token from /nowhere")])
def test_what_it_refuses_ends_nothing(jetond, options, status, says):
    login = log_in(jetond)
    answer = jetond.jeton("revoke", *options)
    assert answer.returncode == status and answer.stdout == ""
    assert says in answer.stderr
    assert is_active(jetond, login["access_token"])


@pytest.mark.skipif(not is_root(), reason="takes another uid")
def test_it_takes_an_admin(jetond):
    login = log_in(jetond)
    answer = subprocess.run([BUILD / "bin" / "jeton", "revoke", "--all"], capture_output=True,
                            text=True, timeout=30, user=4711, group=4711, extra_groups=[],
                            env={"PATH": os.environ["PATH"], "JETON_SOCKET": str(jetond.socket)})
    assert answer.returncode == 1 and answer.stdout == ""
    assert is_active(jetond, login["access_token"])
