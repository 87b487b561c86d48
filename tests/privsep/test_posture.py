"""What the running processes have given up, and which descriptors they hold: no more than their row
of daemon/README.md says."""
import contextlib
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import tasks  # noqa: E402
from harness import BUILD, Daemon, is_root  # noqa: E402
from outside import Issuer, exchange, link  # noqa: E402

# What a process may have open beside 0 to 2, its sockets and its event loop. "r" for reading alone.
FILES = {
    "frontend": {("keys", "r"), ("status", "r")},
    "authority": {("keys", "r"), ("status", "rw"), ("db", "r"), ("jeton.db", "rw"),
                  ("jeton.db-wal", "rw"), ("jeton.db-shm", "rw"), ("tokens", "r")},
    "signer": {("keys", "rw"), ("keys", "r")},  # its page; its folder
    "worker": set(),
    "names": set(),
    "units": set(),
    "issuer": {("issuer-keys", "r")},
}

# Those of one task, by the commands that have them done: what each has open beside 0 to 2 when it
# has shut itself in. "image": a file without a name.
TASKS = [
    (("user", "export"), {("--export-json", ("db", "r"))}),
    (("user", "export", "--format", "csv"), {("--export-csv", ("db", "r"))}),
    (("backup", "FILE"), {("--copy", ("db", "r")), ("--check", ("image", "rw"))}),
    (("backup", "FILE", "--check"), {("--check", ("image", "rw"))}),
    (("restore", "FILE", "--replace"), {("--check", ("jeton.db", "r")), ("--settle", ("db", "r")),
                                        ("--check-keys", ("keys", "r"))}),
    (("restore", "FILE", "--replace", "--keep-sessions"),
     {("--check", ("jeton.db", "r")), ("--settle-keeping-sessions", ("db", "r")),
      ("--check-keys", ("keys", "r"))}),
]

# Its control channel and the authority's; a servant has no others.
SOCKETS = {"signer": 2, "worker": 2, "names": 2, "units": 2, "issuer": 2,
           "frontend": 2}


@contextlib.contextmanager
def whole():
    """A daemon with each process that serves, and an outside issuer that it believes."""
    with tempfile.TemporaryDirectory(prefix="jetoni.", dir="/tmp") as above:
        folder = Path(above, "issuer-keys")
        folder.mkdir()
        issuer = Issuer("https://outside.example", folder, alg="ES256")
        with Daemon(f'issuer = "https://here.example"\n{issuer.section()}') as daemon:
            yield daemon, issuer


def status(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def children(daemon):
    daemon.wait_for_log("ready: issuer")  # of all; callers are served before the last one is
    found = daemon.children()
    assert set(found) == set(FILES)
    for name, pids in found.items():
        for pid in pids:
            yield name, pid


def gives_no_more_away(name, pid, now):
    """No new privileges, and no image of its memory."""
    assert now["NoNewPrivs"] == "1", name
    core = next(line for line in Path(f"/proc/{pid}/limits").read_text().splitlines()
                if line.startswith("Max core file size"))
    assert core.split()[4:6] == ["0", "0"], name
    assert Path(f"/proc/{pid}/mem").stat().st_uid == 0, name


def test_children_gain_no_privileges_and_run_behind_a_system_call_filter():
    with whole() as (daemon, _):
        for name, pid in children(daemon):
            now = status(pid)
            gives_no_more_away(name, pid, now)
            assert now["Seccomp"] == "2", name


def test_children_do_not_look_into_each_other():
    """Not dumpable: /proc/PID belongs to root, so another process of the same uid sees nothing."""
    with whole() as (daemon, _):
        for name, pid in children(daemon):
            assert Path(f"/proc/{pid}/mem").stat().st_uid == 0, name
            assert Path(f"/proc/{pid}/fd").stat().st_uid == 0, name


def name_of(target):
    return "image" if target.endswith("(deleted)") else Path(target).name


def what_it_holds(pid):
    """Which is its own descriptor 3; the kernel's ruleset is closed when that is in force."""
    links = {int(entry.name): os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir()}
    more = {number for number, target in links.items() if number > 3 and "landlock" not in target}
    assert not more, links
    return name_of(links[3]), access(pid, 3)


def test_programs_of_one_task_shut_themselves_in_too(tmp_path):
    """Their fences are up before they read what they are about."""
    with Daemon() as daemon:
        daemon.add_user("alice")
        for words, expected in TASKS:
            if words[0] == "restore" and daemon.process.poll() is None:
                daemon.stop()
            found = set()

            def look(pid, now):
                word = Path(f"/proc/{pid}/cmdline").read_text().split("\0")[1]
                gives_no_more_away(word, pid, now)
                if is_root():
                    found.add((word, what_it_holds(pid)))

            command = [str(tmp_path / "backup") if word == "FILE" else word for word in words]
            seen = tasks.run([BUILD / "bin" / "jeton", *command],
                             {"JETON_SOCKET": str(daemon.socket)},
                             tmp_path / f"trace-{len(os.listdir(tmp_path))}", look)
            assert {word for _, word in seen} == {word for word, _ in expected}
            assert found == (expected if is_root() else set())


def test_who_reads_a_strangers_database_opens_nothing_but_what_is_beside_it(tmp_path):
    (tmp_path / "in").mkdir()
    file = tmp_path / "in" / "users.db"
    with sqlite3.connect(file) as rows:
        rows.execute("CREATE TABLE users (username, hashed_password)")
        rows.execute("INSERT INTO users VALUES ('zoe', '$2b$12$" + "x" * 53 + "')")
    rows.close()
    with Daemon() as daemon:
        seen = tasks.run([BUILD / "bin" / "jeton", "user", "import", "--dry-run", file],
                         {"JETON_SOCKET": str(daemon.socket)}, tmp_path / "trace",
                         lambda pid, now: gives_no_more_away("import", pid, now))
    assert [Path(program).name for program, _ in seen] == ["jeton-import-sqlite"]


def test_each_child_holds_its_own_descriptors_and_no_other():
    if not is_root():
        done = subprocess.run(["unshare", "-Ur", sys.executable, "-B", __file__],
                              capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return
    look()


def access(pid, number):
    lines = Path(f"/proc/{pid}/fdinfo/{number}").read_text().splitlines()
    flags = int(next(line for line in lines if line.startswith("flags:")).split()[1], 8)
    return {os.O_RDONLY: "r", os.O_WRONLY: "w", os.O_RDWR: "rw"}[flags & os.O_ACCMODE]


def descriptors(pid):
    """Of a process: the names of its files with their access, and its number of sockets."""
    files, sockets = set(), 0
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        target = os.readlink(entry)
        if int(entry.name) <= 2:
            continue
        if target.startswith("socket:"):
            sockets += 1
        elif not target.startswith("anon_inode:[eventpoll]"):
            files.add((Path(target).name, access(pid, entry.name)))
    return files, sockets


def holds_its_own_at_rest(name, pid):
    """A frontend and the authority close what is of a caller when they see his end."""
    try:
        files, sockets = descriptors(pid)
    except FileNotFoundError:
        return False
    return sockets == SOCKETS.get(name, sockets) and files <= FILES[name]


def look():
    with whole() as (daemon, issuer):
        daemon.add_user("alice")
        assert daemon.login("alice").status == 200
        assert link(daemon, "alice", issuer, "a").status == 201
        assert exchange(daemon, issuer.token("a")).status == 200
        for name, pid in children(daemon):
            deadline = time.monotonic() + 20
            while not holds_its_own_at_rest(name, pid):
                assert time.monotonic() < deadline, (name, descriptors(pid))
                time.sleep(0.02)


if __name__ == "__main__":
    look()
