"""`jeton user export`: everybody with his hash, for root alone, beside a daemon that goes on."""
import csv
import io
import json
import os
import shutil
import sqlite3
import subprocess

import pytest
from backups import NO_FILES, command_with, no_files
from harness import BUILD, PASSWORD, is_root

MEMBERS = {"id", "username", "full_name", "email", "roles", "uid", "disabled",
           "must_change_password", "password_hash", "password_changed_at", "created_at",
           "expires_at"}
STRANGE = 'A "quoted", \\ and\u00e9\U0001f600 name'


@pytest.fixture(scope="module")
def people(jetond):
    jetond.add_user("bob", full_name=STRANGE, roles=["operator", "admin"])
    jetond.request("PATCH", "/users/bob", peer=True, data={"uid": 4321, "disabled": True})
    assert jetond.jeton("user", "expire", "bob", "2099-01-01").returncode == 0
    assert jetond.jeton("user", "expire-password", "bob").returncode == 0
    with jetond.database() as rows:
        rows.execute("INSERT INTO users (name, created_at) VALUES ('hashless', 1700000000)")
    return jetond


def lines(jetond, *options):
    done = jetond.jeton("user", "export", *options)
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_each_line_is_a_user_with_his_hash_and_all_that_the_api_tells(people):
    exported = lines(people)
    assert [user["username"] for user in exported] == ["alice", "bob", "hashless"]
    for user in exported:
        assert set(user) == MEMBERS
        told = people.get(f"/users/{user['username']}", peer=True).json()
        for member in MEMBERS & set(told):
            assert user[member] == told[member], member
        assert user["password_hash"] == people.stored_hash(user["username"])
    bob = exported[1]
    assert bob["full_name"] == STRANGE and bob["roles"] == ["admin", "operator"]
    assert (bob["uid"], bob["disabled"], bob["must_change_password"]) == (4321, True, True)
    assert bob["expires_at"] == "2099-01-01T00:00:00Z"
    hashless = exported[2]
    assert hashless["password_hash"] is None and hashless["password_changed_at"] is None
    assert hashless["created_at"] == "2023-11-14T22:13:20Z"


def test_csv_says_the_same(people):
    done = people.jeton("user", "export", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout, newline="")))
    assert set(rows[0]) == MEMBERS
    for row, user in zip(rows, lines(people), strict=True):
        for member, value in user.items():
            spelt = " ".join(value) if isinstance(value, list) else \
                str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)
            assert row[member] == spelt, member


def test_a_file_is_for_its_owner_alone_and_replaced_as_a_whole(people):
    folder = people.directory / "out"
    folder.mkdir()
    file = folder / "users"
    file.write_text("of yesterday")
    file.chmod(0o644)
    done = people.jeton("user", "export", "--out", str(file), "--json")
    assert json.loads(done.stdout) == {"file": str(file)}
    assert file.stat().st_mode & 0o7777 == 0o600
    assert len(file.read_text().splitlines()) == len(lines(people))
    assert os.listdir(folder) == ["users"]


@pytest.mark.parametrize("name, says", NO_FILES)
def test_what_cannot_be_written_is_named_and_left(people, tmp_path, name, says):
    no_files(tmp_path)
    out = tmp_path / name
    done = people.jeton("user", "export", "--out", str(out))
    assert done.returncode == 1 and done.stdout == ""
    assert f"{out}: nothing was exported: {says}" in done.stderr
    assert sorted(os.listdir(tmp_path)) == ["folder", "null", "pipe"]
    assert (tmp_path / "pipe").is_fifo() and (tmp_path / "null").is_symlink()


def test_the_program_that_reads_the_database_has_a_pipe_and_no_file(people, tmp_path):
    """It may leave a process behind that keeps what it was given."""
    jeton = command_with(tmp_path / "bin", "jetond-authority",
                         f"[ -p /proc/self/fd/1 ] && echo pipe >>{tmp_path}/seen")
    environment = {"PATH": os.environ["PATH"], "JETON_SOCKET": str(people.socket)}
    with open(tmp_path / "users", "w") as out:
        for more in ([], ["--out", tmp_path / "users.json"]):
            subprocess.run([jeton, "user", "export", *more], stdout=out, env=environment,
                           timeout=30, check=True)
    assert (tmp_path / "seen").read_text() == "pipe\npipe\n"
    assert (tmp_path / "users").read_text() == (tmp_path / "users.json").read_text() != ""


def test_a_reader_that_goes_is_no_success(people):
    done = subprocess.run(f"{BUILD}/bin/jeton user export >/dev/full", shell=True, text=True,
                          stderr=subprocess.PIPE, timeout=30,
                          env={**os.environ, "JETON_SOCKET": str(people.socket)})
    assert done.returncode == 1 and "No space left" in done.stderr


def many_users(jetond, count):
    with jetond.database() as rows:
        rows.executemany("INSERT INTO users (name, full_name, created_at) VALUES (?, ?, 1)",
                         ((f"u{i}", "x" * 200) for i in range(count)))
        rows.commit()


def test_what_there_is_no_room_for_is_said_with_what_to_do(fresh, tmp_path):
    jetond = fresh()
    many_users(jetond, 100)
    environment = {"PATH": os.environ["PATH"], "JETON_SOCKET": str(jetond.socket)}
    command = [BUILD / "bin" / "jeton", "user", "export"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=30,
                              env=environment)
    assert done.returncode == 1
    assert done.stderr == ("jeton: standard output: not all was exported: No space left on device: "
                           "make room there, or name a place on another disk\n")
    file = tmp_path / "users"
    file.write_text("of yesterday")
    done = subprocess.run(["prlimit", "--fsize=10000", *command, "--out", file], text=True,
                          capture_output=True, timeout=30, env=environment)
    assert done.returncode == 1
    assert f"{file}: nothing was exported: File too large: lift the limit" in done.stderr
    assert file.read_text() == "of yesterday" and os.listdir(tmp_path) == ["users"]


def test_another_format_is_refused(people):
    done = people.jeton("user", "export", "--format", "xml")
    assert done.returncode == 2 and "json or csv" in done.stderr


@pytest.mark.skipif(not is_root(), reason="takes another uid")
def test_another_account_gets_nothing(people):
    done = subprocess.run([BUILD / "bin" / "jeton", "user", "export"], capture_output=True,
                          text=True, timeout=30, user=65534, group=65534, extra_groups=[],
                          env={"JETON_SOCKET": str(people.socket)})
    assert done.returncode == 1 and done.stdout == ""
    assert "needs root" in done.stderr


def test_the_hosts_log_is_told_before_a_hash_is_read(people):
    strace = shutil.which("strace")
    done = subprocess.run([strace, "-f", "-e", "trace=connect,sendto,execve,openat", BUILD / "bin" /
                           "jeton", "user", "export"], capture_output=True, text=True, timeout=60,
                          env={"PATH": os.environ["PATH"], "JETON_SOCKET": str(people.socket)})
    told = done.stderr.index('"/dev/log"')
    assert told < done.stderr.index("jeton.db") and told < done.stderr.index('"--export-json"')


def test_no_hash_is_in_what_is_said_of_a_failure(fresh):
    jetond = fresh()
    jetond.add_user("alice")
    stored = jetond.stored_hash("alice")
    jetond.stop()
    with sqlite3.connect(jetond.state / "db" / "jeton.db") as rows:
        rows.execute("PRAGMA user_version = 99")
    done = jetond.jeton("user", "export")
    assert done.returncode == 1 and "of a newer jeton" in done.stderr
    assert stored not in done.stderr + done.stdout


def test_it_needs_no_daemon_and_leaves_the_database_as_it_was(fresh):
    jetond = fresh()
    jetond.add_user("alice")
    jetond.stop()
    assert len(lines(jetond)) == 1
    assert sorted(os.listdir(jetond.state / "db")) == ["jeton.db"]
    jetond.start()
    assert jetond.token("alice")


def test_without_a_database_it_says_so(fresh):
    jetond = fresh(start=False)
    (jetond.state / "run").mkdir()
    (jetond.state / "db").mkdir(mode=0o700)
    done = jetond.jeton("user", "export")
    assert done.returncode == 1 and "jeton.db: No such file or directory" in done.stderr
    assert os.listdir(jetond.state / "db") == []


def test_what_is_exported_makes_the_same_accounts_elsewhere(people, fresh):
    """But for ids, which each host gives itself, and links, which are to accounts of the host."""
    other = fresh()
    exported = [{member: value for member, value in user.items() if member not in ("id", "uid")}
                for user in lines(people)]
    reply = other.post("/import/users", peer=True, data={"users": exported})
    assert [row["status"] for row in reply.json()] == ["imported"] * len(exported)
    again = lines(other)
    assert [user["uid"] for user in again] == [None] * len(exported)
    assert [{**user, "id": None, "uid": None} for user in again] == \
        [{**user, "id": None, "uid": None} for user in exported]
    assert other.login("alice").status == 200
