"""`jeton restore`: the state of a backup takes the place of what is there, all of it or nothing, and
brings no ended session back to life in silence."""
import base64
import json
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
import time
import urllib.parse

import pytest
import steps
from backups import Backup
from harness import BUILD, PASSWORD, is_root
from outside import Issuer, exchange, link

NEWER = "a newer battery staple"


def refresh(jetond, token):
    return jetond.post("/token", form={"grant_type": "refresh_token", "refresh_token": token})


def good(jetond, token):
    return jetond.get("/users/me", token=token).status == 200


class Past:
    """A daemon whose backup is of before alice changed her password and bob came."""

    def __init__(self, jetond):
        self.jetond, self.file = jetond, jetond.directory / "backup"
        jetond.add_user("alice", roles=["operator"])
        self.old = jetond.login("alice").json()
        self.revoked = jetond.login("alice").json()
        assert jetond.jeton("backup", str(self.file)).returncode == 0
        jetond.post("/revoke", form={"token": self.revoked["refresh_token"]})
        jetond.request("PATCH", "/users/alice", peer=True, data={"password": NEWER})
        jetond.add_user("bob")
        self.bob = jetond.login("bob").json()
        jetond.stop()

    def restore(self, *options):
        return self.jetond.jeton("restore", str(self.file), *options)


@pytest.fixture
def past(fresh):
    return Past(fresh())


# ---- what is not to be ----

def test_a_limit_on_the_size_of_files_leaves_all_as_it_was(past):
    before = sorted(os.listdir(past.jetond.state))
    done = subprocess.run(["prlimit", "--fsize=20000", BUILD / "bin" / "jeton", "restore",
                           "--replace", past.file], capture_output=True, text=True, timeout=30,
                          env={"PATH": os.environ["PATH"],
                               "JETON_SOCKET": str(past.jetond.socket)})
    assert done.returncode == 1 and "nothing is changed: File too large: lift the" in done.stderr
    assert sorted(os.listdir(past.jetond.state)) == before
    past.jetond.start()
    assert past.jetond.login("alice", NEWER).status == 200


def test_with_a_clock_that_is_behind_nothing_is_restored(past):
    """What was given out since would not be from before the restore."""
    backup = Backup(past.file)
    backup.made_at += 3600
    backup.write(past.file, made_at=backup.made_at)
    before = sorted(os.listdir(past.jetond.state))
    assert past.jetond.jeton("backup", "--check", str(past.file)).returncode == 0
    done = past.restore("--replace")
    assert done.returncode == 1 and "not made yet: set the clock first" in done.stderr
    assert sorted(os.listdir(past.jetond.state)) == before


def test_a_manifest_that_says_something_else_of_the_database_is_refused(past):
    other = past.file.parent / "other"
    for facts in ({"schema": 1}, {"users": 7}):
        Backup(past.file).write(other, **facts)
        done = past.jetond.jeton("restore", str(other), "--replace")
        assert done.returncode == 1 and "the database is not what the manifest says" in done.stderr
        assert "nothing is changed" in done.stderr


def test_a_link_is_not_followed_and_called_one(past):
    link = past.file.parent / "latest"
    link.symlink_to(past.file)
    done = past.jetond.jeton("restore", str(link), "--replace")
    assert done.returncode == 1 and f"{link}: it is a link: name the file" in done.stderr


@pytest.mark.skipif(not is_root(), reason="takes another uid")
@pytest.mark.parametrize("owner, mode, says", [
    (0, 0o700, "this needs root"), (0, 0o755, "this needs root"),
    (4711, 0o755, "this needs uid 4711, whose daemon it is")])
def test_another_account_hears_whose_it_is_before_the_file_is_looked_at(owner, mode, says):
    with tempfile.TemporaryDirectory(dir="/tmp") as above:
        os.chown(above, owner, owner)
        os.chmod(above, mode)
        done = subprocess.run([BUILD / "bin" / "jeton", "restore", "/nowhere"], text=True,
                              capture_output=True, timeout=30, user=4712, group=4712,
                              extra_groups=[],
                              env={"JETON_SOCKET": f"{above}/run/jeton.sock"})
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"jeton: {says}\n")


# ---- what is back ----

def test_users_and_passwords_are_as_they_were_and_everybody_logs_in_anew(past):
    jetond = past.jetond
    done = past.restore("--replace")
    assert done.returncode == 0 and done.stderr == ""
    assert "everybody logs in anew" in done.stdout
    assert f"This is the state in {jetond.state} again." in done.stdout
    assert "systemctl" not in done.stdout and "Start the daemon: jetond --state /" in done.stdout
    jetond.start()
    assert jetond.login("alice").status == 200 and jetond.login("bob").status == 400
    for tokens in (past.old, past.revoked, past.bob):
        assert not good(jetond, tokens["access_token"])
        assert refresh(jetond, tokens["refresh_token"]).status == 400
    fresh = jetond.login("alice").json()
    assert good(jetond, fresh["access_token"])
    assert refresh(jetond, fresh["refresh_token"]).status == 200
    assert jetond.get("/users/alice", peer=True).json()["roles"] == ["operator"]


def test_what_was_revoked_is_revoked_for_those_too_who_ask_nobody(past):
    """libjeton reads the public pages, and the JWKS has the key of then."""
    past.restore("--replace")
    past.jetond.start()
    for tokens in (past.old, past.revoked):
        done = past.jetond.jeton("verify", standard_input=tokens["access_token"])
        assert done.returncode != 0 and "revoked" in done.stdout + done.stderr


def test_sessions_are_kept_when_that_is_wanted_and_told(past):
    jetond = past.jetond
    done = past.restore("--replace", "--keep-sessions")
    assert "also such as were ended since" in done.stdout
    jetond.start()
    for tokens in (past.old, past.revoked):
        assert good(jetond, tokens["access_token"])
        assert refresh(jetond, tokens["refresh_token"]).status == 200
    assert not good(jetond, past.bob["access_token"])
    assert refresh(jetond, past.bob["refresh_token"]).status == 400


@pytest.mark.parametrize("options", [[], ["--keep-sessions"]])
def test_an_id_that_was_given_since_is_not_given_again(past, options):
    """bob's tokens of after the backup name it, and the keys are the same."""
    past.restore("--replace", *options)
    past.jetond.start()
    claims = past.bob["access_token"].split(".")[1]
    old = json.loads(base64.urlsafe_b64decode(claims + "=="))["sub"]
    assert past.jetond.add_user("carol")["id"] > int(old) + 1000
    assert not good(past.jetond, past.bob["access_token"])


def test_a_second_restore_of_one_backup_gives_no_id_of_the_first_again(past):
    ids = []
    for name in ("carol", "dave"):
        done = past.restore("--replace", "--keep-sessions")
        assert done.returncode == 0 and done.stderr == ""
        past.jetond.start()
        ids.append(past.jetond.add_user(name)["id"])
        past.jetond.stop()
    assert ids[1] > ids[0] + 1000


def test_a_state_without_users_gives_no_id_again_either(fresh):
    jetond = fresh()
    file = jetond.directory / "backup"
    assert jetond.jeton("backup", str(file)).returncode == 0
    jetond.stop()
    assert jetond.jeton("restore", str(file), "--replace").returncode == 0
    jetond.start()
    assert jetond.add_user("first")["id"] > 1000


def test_on_another_host_all_is_there_and_in_order(past, fresh):
    """Another state directory, in which nothing has been."""
    other = fresh(start=False)
    done = other.jeton("restore", str(past.file), "--keep-sessions")
    assert done.returncode == 0, done.stderr
    state = other.state
    assert sorted(os.listdir(state)) == ["db", "jetond.conf", "keys", "run"]
    assert os.listdir(state / "db") == ["jeton.db"]
    modes = {path.name: path.stat().st_mode & 0o7777 for path in
             [state / "db", state / "keys", *(state / "db").iterdir(), *(state / "keys").iterdir()]}
    assert modes.pop("db") == modes.pop("keys") == 0o700 and modes.pop("jeton.db") == 0o600
    assert set(modes.values()) == {0o400} and "states" in modes
    other.start()
    assert other.login("alice").status == 200
    assert good(other, past.old["access_token"])
    assert other.jeton("doctor").returncode != 127


def test_the_issuer_that_a_host_chose_comes_with_it(fresh):
    """Tokens name it, and another host would choose another."""
    first = fresh(config="min-uid = 1\n")
    (first.state / "issuer").write_text("https://chosen.example\n")
    file = first.directory / "backup"
    assert first.jeton("backup", str(file)).returncode == 0
    other = fresh(config="min-uid = 1\n", start=False)
    (other.state / "issuer").write_text("https://other.example\n")
    assert other.jeton("restore", str(file)).returncode == 0
    assert (other.state / "issuer").read_text() == "https://chosen.example\n"
    assert (other.state / "issuer").stat().st_mode & 0o7777 == 0o644
    assert (other.state / "before-restore.1" / "issuer").read_text() == "https://other.example\n"
    other.start()


def test_without_keys_in_it_those_that_are_there_stay(past, fresh):
    other = fresh()
    kid = other.get("/keys", peer=True).json()[0]["kid"]
    other.stop()
    file = past.jetond.directory / "keyless"
    assert past.jetond.jeton("backup", str(file), "--without-keys").returncode == 0
    done = other.jeton("restore", str(file), "--replace")
    assert done.returncode == 0 and "The keys are those that were here" in done.stdout
    other.start()
    assert other.get("/keys", peer=True).json()[0]["kid"] == kid
    assert other.login("alice", NEWER).status == 200


def test_an_id_token_that_was_used_since_is_not_good_again(fresh, tmp_path):
    """The backup does not know of it; the link of then is back."""
    issuer = Issuer("https://outside.example", tmp_path, alg="ES256")
    jetond = fresh(f'issuer = "https://here.example" min-uid = 1 {issuer.section()}')
    jetond.add_user("alice")
    assert link(jetond, "alice", issuer, "a").status == 201
    assert jetond.jeton("backup", str(tmp_path / "backup")).returncode == 0
    used = issuer.token("a")
    assert exchange(jetond, used).status == 200
    query = urllib.parse.urlencode({"issuer": issuer.url, "sub": "a"})
    assert jetond.request("DELETE", f"/users/alice/links?{query}", peer=True).status == 204
    jetond.stop()
    assert jetond.jeton("restore", str(tmp_path / "backup"), "--replace").returncode == 0
    jetond.start()
    assert exchange(jetond, used).status == 400
    jetond.wait_for_log("reason=token-revoked")
    assert exchange(jetond, issuer.token("a", iat=int(time.time()) + 5)).status == 200


def test_it_can_be_read_by_programs(past):
    done = past.restore("--replace", "--json")
    assert json.loads(done.stdout) == {"file": str(past.file), "sessions_kept": False, "users": 1,
                                       "keys": 1, "kept": "before-restore.1"}


# ---- what was there ----

def test_a_daemon_that_runs_is_left_alone(past):
    past.jetond.start()
    done = past.restore("--replace")
    assert done.returncode == 1 and "stop it first" in done.stderr
    assert past.jetond.login("bob").status == 200


def test_a_database_is_replaced_only_when_told_and_kept_beside_it(past):
    done = past.restore()
    assert done.returncode == 1 and "--replace" in done.stderr
    for turn in (1, 2):
        done = past.restore("--replace")
        assert f"before-restore.{turn}" in done.stdout
    kept = past.jetond.state / "before-restore.1"
    assert kept.stat().st_mode & 0o7777 == 0o700
    with sqlite3.connect(kept / "db" / "jeton.db") as rows:
        assert rows.execute("SELECT name FROM users ORDER BY id").fetchall() == [("alice",),
                                                                                 ("bob",)]
    assert sorted(os.listdir(past.jetond.state)) == ["before-restore.1", "before-restore.2", "db",
                                                     "jetond.conf", "keys", "run"]


def test_a_key_that_is_another_than_its_name_says_is_refused_by_the_signer(past, fresh):
    """The sums fit: only who reads keys can know."""
    other, file = fresh(), past.file.parent / "swapped"
    backup = Backup(past.file)
    name = next(name for name, _ in backup.parts if name.endswith(".pem"))
    for content in (next((other.state / "keys").glob("*.pem")).read_bytes(), b"no key"):
        backup.replace(name, content)
        backup.write(file)
        done = past.jetond.jeton("restore", str(file), "--replace")
        assert done.returncode == 1 and "nothing is changed" in done.stderr
    assert os.listdir(past.jetond.state).count("restore.new") == 0
    past.jetond.start()
    assert past.jetond.login("bob").status == 200


def test_folders_in_other_hands_are_refused(past):
    (past.jetond.state / "keys").chmod(0o755)
    done = past.restore("--replace")
    assert done.returncode == 1 and "open to others" in done.stderr


# ---- broken off ----

CALLS = "renameat,fsync,mkdirat,unlinkat,fchmod,pwrite64"


def tree(state):
    """What is where: neither what is in the files, nor what a look at a database makes."""
    return tuple(sorted(str(path.relative_to(state)) for path in state.rglob("*")
                        if not re.search(r"/run/|-(wal|shm)$", str(path))))


class Attempt:
    """Restores on copies of one state, in which something happens to the command at some step."""

    def __init__(self, past, template):
        self.past, self.template, self.state = past, template, past.jetond.state
        self.command = [BUILD / "bin" / "jeton", "restore", past.file, "--replace"]
        self.environment = {"JETON_SOCKET": str(past.jetond.socket)}

    def reset(self):
        shutil.rmtree(self.state)
        shutil.copytree(self.template, self.state)

    def steps(self):
        self.reset()
        return steps.of(self.command, self.environment, CALLS, self.past.file.parent / "trace")

    def run(self, step, action="signal=KILL"):
        self.reset()
        return steps.run_until(self.command, self.environment, step, action)

    def is_decided(self):
        return (self.state / "restore.ready").exists() or \
            (self.state / "before-restore.1").exists()

    def is_whole_and_old(self):
        with sqlite3.connect(self.state / "db" / "jeton.db") as rows:
            return rows.execute("SELECT count(*) FROM users").fetchone() == (2,) and \
                len(list((self.state / "keys").iterdir())) == 2

    def starts_as(self, new):
        """By the next start of the daemon, whatever state that finds."""
        jetond = self.past.jetond
        jetond.start()
        try:
            assert (jetond.login("bob").status == 400) == new
            assert jetond.login("alice").status == (200 if new else 400)
        finally:
            jetond.stop()
        assert not (self.state / "restore.ready").exists()


@pytest.fixture
def attempt(past, tmp_path):
    shutil.copytree(past.jetond.state, tmp_path / "template",
                    ignore=shutil.ignore_patterns("run"))
    return Attempt(past, tmp_path / "template")


@pytest.mark.parametrize("action", ["signal=KILL", "error=EIO"])
def test_broken_off_at_any_step_it_is_the_old_state_or_the_new_one(attempt, action):
    """A start of the daemon shows it, one for each state that looks different."""
    seen, undecided, taken = set(), 0, attempt.steps()
    assert {call for call, _ in taken} == set(CALLS.split(","))
    for step in taken:
        done = attempt.run(step, action)
        if not attempt.is_decided():
            undecided += 1
            assert done.returncode != 0 and attempt.is_whole_and_old(), step
            assert (attempt.state / "restore.new").exists() <= (action == "signal=KILL"), step
        elif tree(attempt.state) not in seen:
            seen.add(tree(attempt.state))
            attempt.starts_as(new=True)
    assert undecided > 20 and len(seen) > 6


def test_power_that_goes_before_the_decision_costs_nothing_but_the_copy(attempt):
    """What it has left is taken away by the next one."""
    attempt.run(("renameat", 1))
    assert (attempt.state / "restore.new").exists()
    attempt.starts_as(new=False)
    assert attempt.past.restore("--replace").returncode == 0
    assert not (attempt.state / "restore.new").exists()
    attempt.starts_as(new=True)


def test_a_decided_one_is_brought_to_its_end_by_the_next_restore_too(attempt):
    state = attempt.state
    attempt.run(("renameat", 3))
    assert (state / "restore.ready").exists() and not (state / "db").exists()
    (state / "db").mkdir(mode=0o700)  # as systemd-tmpfiles does before a start
    done = attempt.past.restore()
    assert done.returncode == 1 and "--replace" in done.stderr
    assert not (state / "restore.ready").exists()
    with sqlite3.connect(state / "before-restore.1" / "db" / "jeton.db") as rows:
        assert rows.execute("SELECT count(*) FROM users").fetchone() == (2,)
    attempt.starts_as(new=True)


def test_the_hosts_log_is_told_before_the_decision(past):
    trace = past.file.parent / "trace"
    subprocess.run([shutil.which("strace"), "-o", trace, "-e", "trace=connect,renameat",
                    BUILD / "bin" / "jeton", "restore", past.file, "--replace"], check=True,
                   env={"PATH": os.environ["PATH"], "JETON_SOCKET": str(past.jetond.socket)},
                   stdout=subprocess.DEVNULL, timeout=60)
    text = trace.read_text()
    assert text.index('"/dev/log"') < text.index('"restore.new"')
    assert re.search(r'"restore\.new", \d+, "restore\.ready"', text)


def test_no_password_and_no_hash_is_told(past):
    stored = Backup(past.file).part("database")
    done = past.restore("--replace")
    assert b"$y$" in stored and "$y$" not in done.stdout + done.stderr
    assert PASSWORD not in done.stdout + done.stderr + past.jetond.log()
