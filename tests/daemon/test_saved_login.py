"""jeton login --save, token, logout, session: a login that lasts, in one file of the caller's own."""
import json
import os
import re
import stat
import subprocess
import time

import pytest

from harness import BUILD, PASSWORD
from test_refresh import claims, is_active


@pytest.fixture
def run(jetond, tmp_path):
    """Runs the command with a place for saved logins of the test's own."""
    tmp_path.chmod(0o700)

    def jeton(*arguments, standard_input="", home=None):
        environment = {"PATH": os.environ["PATH"], "JETON_SOCKET": str(jetond.socket)}
        environment.update({"HOME": str(home)} if home else {"XDG_RUNTIME_DIR": str(tmp_path)})
        return subprocess.run([str(BUILD / "bin" / "jeton"), *arguments], input=standard_input,
                              capture_output=True, text=True, timeout=30, env=environment)

    jeton.file = tmp_path / "jeton-login.json"
    return jeton


def save(run, **how):
    done = run("login", "alice", "--password-stdin", "--save", standard_input=PASSWORD + "\n",
               **how)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def token(run, *arguments):
    done = run("token", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_saved_login_is_for_its_owner_alone_and_gives_its_token(jetond, run):
    save(run)
    assert stat.S_IMODE(run.file.stat().st_mode) == 0o600
    assert [entry.name for entry in run.file.parent.iterdir()] == [run.file.name]
    first = token(run)
    assert is_active(jetond, first)
    assert token(run) == first
    assert run("token", "--header").stdout == f"Authorization: Bearer {first}\n"


def test_without_a_runtime_directory_it_is_in_the_home(run, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    save(run, home=home)
    saved = home / ".local/state/jeton/jeton-login.json"
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert stat.S_IMODE(saved.parent.stat().st_mode) == 0o700


def test_a_token_that_is_due_is_refreshed_and_the_file_follows(jetond, run):
    save(run)
    first = token(run)
    before = json.loads(run.file.read_text())
    second = token(run, "--min-valid", "1000")
    assert second != first
    after = json.loads(run.file.read_text())
    assert after["access_token"] == second
    assert after["refresh_token"] != before["refresh_token"]
    assert token(run) == second
    assert claims(jetond, second)["sid"] == claims(jetond, first)["sid"]
    saved = {**after, "expires_at": int(time.time()) + 30}
    run.file.write_text(json.dumps(saved))
    assert token(run) not in (first, second)


def test_logout_ends_the_session_and_removes_the_file(jetond, run):
    save(run)
    held = token(run)
    done = run("logout")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert not run.file.exists()
    assert not is_active(jetond, held)
    again = run("logout")
    assert again.returncode == 1 and "no login is saved" in again.stderr


def test_a_session_that_was_ended_elsewhere_is_told(jetond, run):
    save(run)
    jetond.post("/revocations", peer=True, data={"user": "alice"})
    done = run("token", "--min-valid", "1000")
    assert done.returncode == 1 and "jeton login --save" in done.stderr
    assert PASSWORD not in done.stderr


def test_a_file_that_others_may_read_is_refused(run):
    save(run)
    run.file.chmod(0o644)
    refused = run("token")
    assert refused.returncode == 1 and "yours alone to read" in refused.stderr
    run.file.unlink()
    run.file.symlink_to("/etc/passwd")
    assert run("token").returncode == 1


def test_a_saved_login_of_another_daemon_is_none_here(run):
    save(run)
    saved = json.loads(run.file.read_text())
    run.file.write_text(json.dumps({**saved, "socket": "/run/other.sock"}))
    done = run("logout")
    assert done.returncode == 1 and "no login is saved" in done.stderr


def test_ones_own_sessions_are_listed_and_ended(jetond, run):
    save(run)
    sid = claims(jetond, token(run))["sid"]
    listed = run("session", "list", "--json")
    current = [s for s in json.loads(listed.stdout) if s["current"]]
    assert [s["sid"] for s in current] == [sid]
    assert f"{sid}  (this one)" in run("session", "list").stdout
    assert run("session", "end", sid).returncode == 0
    assert sid not in run("session", "list", "alice").stdout


def test_an_administrator_lists_and_ends_those_of_others(jetond, run):
    login = jetond.login("alice").json()
    sid = claims(jetond, login["access_token"])["sid"]
    assert sid in run("session", "list", "alice").stdout
    assert sid in run("session", "list", "--all").stdout
    assert run("session", "end", sid, "--all").returncode == 0
    assert not is_active(jetond, login["access_token"])
    assert run("session", "list", "nobody-here").returncode == 1


def test_whoami_knows_the_saved_login(jetond, run):
    before = run("whoami")
    assert "none at hand" in before.stdout and "alice" not in before.stdout
    save(run)
    assert re.search(r"^ *username +alice$", run("whoami").stdout, re.MULTILINE)
