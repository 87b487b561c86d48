"""`jeton backup`: one file with users, sessions and keys of one moment, made while the daemon runs,
whole or not there; and what is not whole is seen by --check and touches nothing in a restore."""
import io
import json
import os
import re
import shutil
import sqlite3
import subprocess
import tarfile
import threading

import pytest
import steps
from backups import BLOCK, FOLDER, NO_FILES, Backup, command_with, header, no_files
from harness import BUILD, PASSWORD, is_root


@pytest.fixture(scope="module")
def stand(jetond):
    jetond.add_user("bob")
    jetond.login("bob")
    file = jetond.directory / "backup"
    done = jetond.jeton("backup", str(file))
    assert done.returncode == 0, done.stderr
    jetond.backup = file
    return jetond


@pytest.fixture
def backup(stand):
    return Backup(stand.backup)


def check(jetond, file):
    return jetond.jeton("backup", str(file), "--check")


# ---- what is in it ----

def test_it_tells_what_it_holds_for_people_and_for_programs(stand):
    done = check(stand, stand.backup)
    assert done.returncode == 0 and done.stderr == ""
    assert re.search(r"users +2\n +keys +1\n", done.stdout)
    facts = json.loads(stand.jeton("backup", str(stand.backup), "--check", "--json").stdout)
    assert facts["users"] == 2 and facts["keys"] == 1 and facts["file"] == str(stand.backup)
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", facts["made_at"])


def test_any_tar_shows_it_and_it_is_for_its_owner_alone(stand):
    assert stand.backup.stat().st_mode & 0o7777 == 0o600
    with tarfile.open(stand.backup) as archive:
        members = archive.getmembers()
        states = archive.extractfile(FOLDER + "keys/states").read()
    kid = states.split()[0].decode()
    assert sorted(member.name.removeprefix(FOLDER) for member in members) == sorted(
        ["database", "keys/states", f"keys/{kid}.pem", "manifest.json"])
    assert all(member.isreg() and member.mode == 0o600 for member in members)
    done = subprocess.run(["tar", "tf", stand.backup], capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == ""


def test_the_keys_are_those_of_the_signer_and_the_database_has_the_users(stand, backup, tmp_path):
    for name, content in backup.parts:
        if name.startswith("keys/"):
            assert content == (stand.state / name).read_bytes()
    (tmp_path / "db").write_bytes(backup.part("database"))
    with sqlite3.connect(tmp_path / "db") as rows:
        assert rows.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert rows.execute("SELECT name FROM users ORDER BY id").fetchall() == [("alice",),
                                                                                 ("bob",)]
        assert rows.execute("SELECT count(*) FROM sessions").fetchone() == (1,)


def test_nothing_of_a_backup_stays_beside_the_database(stand):
    assert not [name for name in os.listdir(stand.state / "db") if "copy" in name]


def test_without_keys_there_is_none_in_it(stand, tmp_path):
    file = tmp_path / "backup"
    done = stand.jeton("backup", str(file), "--without-keys", "--json")
    assert json.loads(done.stdout)["keys"] == 0
    assert b"PRIVATE KEY" not in file.read_bytes()
    assert check(stand, file).returncode == 0


def test_the_program_that_reads_the_database_never_has_the_archive_in_its_hands(stand, tmp_path):
    """Each file that jetond-authority is given, as it begins: without a key, and never the one in
    which keys will be, for a process of that program's may keep it."""
    jeton = command_with(tmp_path / "bin", "jetond-authority",
                         f"exec 5>&1; for fd in 5 3; do [ -f /proc/$$/fd/$fd ] && "
                         f"cat /proc/$$/fd/$fd >>{tmp_path}/seen && "
                         f"stat -L -c %d:%i /proc/$$/fd/$fd >>{tmp_path}/files; done; exec 5>&-")
    environment = {"PATH": os.environ["PATH"], "JETON_SOCKET": str(stand.socket)}
    for more in ([], ["--check"]):
        done = subprocess.run([jeton, "backup", tmp_path / "backup", *more],
                              env=environment, capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, done.stderr
    file, files = (tmp_path / "backup").stat(), (tmp_path / "files").read_text().split()
    assert len(files) == 2 and f"{file.st_dev}:{file.st_ino}" not in files
    seen = (tmp_path / "seen").read_bytes()
    assert b"SQLite format 3" in seen and b"PRIVATE KEY" not in seen
    assert b"PRIVATE KEY" in (tmp_path / "backup").read_bytes()


@pytest.mark.skipif(not is_root(), reason="takes another uid")
def test_another_account_gets_none(stand, tmp_path):
    tmp_path.chmod(0o777)
    done = subprocess.run([BUILD / "bin" / "jeton", "backup", "/tmp/never-made"], text=True,
                          capture_output=True, timeout=30, user=65534, group=65534,
                          extra_groups=[], env={"JETON_SOCKET": str(stand.socket)})
    assert done.returncode == 1 and "needs root" in done.stderr
    assert not os.path.exists("/tmp/never-made")


# ---- while others write ----

def test_backups_made_while_users_come_and_keys_are_rotated_are_each_of_one_moment(fresh, tmp_path):
    jetond = fresh()
    jetond.add_user("alice")
    over, wrong = threading.Event(), []

    def write():
        """Two at a time: a torn copy has an odd number of them."""
        count = 0
        while not over.is_set():
            with jetond.database() as rows:
                rows.execute("INSERT INTO users (name, created_at) "
                             f"VALUES ('a{count}', 1), ('b{count}', 1)")
            if jetond.login("alice", PASSWORD).status != 200:
                wrong.append("login")
            count += 1

    def rotate():
        while not over.is_set():
            if jetond.post("/keys/rotate", peer=True, data={"now": True}).status not in (200, 409):
                wrong.append("rotate")

    threads = [threading.Thread(target=each) for each in (write, rotate)]
    for thread in threads:
        thread.start()
    try:
        for turn in range(12):
            file = tmp_path / f"{turn}"
            done = jetond.jeton("backup", str(file))
            assert done.returncode == 0, done.stderr
            assert check(jetond, file).returncode == 0
            (tmp_path / "db").write_bytes(Backup(file).part("database"))
            with sqlite3.connect(tmp_path / "db") as rows:
                assert rows.execute("SELECT count(*) FROM users").fetchone()[0] % 2 == 1
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert wrong == []


def test_two_at_once_do_not_spoil_each_other(stand, tmp_path):
    files = [tmp_path / str(i) for i in range(4)]
    environment = {"PATH": os.environ["PATH"], "JETON_SOCKET": str(stand.socket)}
    many = [subprocess.Popen([BUILD / "bin" / "jeton", "backup", file], env=environment,
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            for file in files]
    for one, file in zip(many, files, strict=True):
        _, said = one.communicate(timeout=60)
        assert one.returncode == 0 or "another copy" in said
        assert file.exists() == (one.returncode == 0)
    assert any(one.returncode == 0 for one in many)


# ---- a file that is whole or not there ----

CALLS = "pwrite64,ftruncate,fsync,linkat,renameat"


@pytest.mark.parametrize("action, leaves", [("signal=KILL", r"backup|\.jeton-.*"),
                                            ("error=ENOSPC", "backup"), ("error=EIO", "backup")])
def test_at_no_step_is_there_half_a_backup(stand, tmp_path, action, leaves):
    folder = tmp_path / "folder"
    folder.mkdir()
    file, before = folder / "backup", stand.backup.read_bytes()
    command = [BUILD / "bin" / "jeton", "backup", file]
    environment = {"JETON_SOCKET": str(stand.socket)}
    taken = steps.of(command, environment, CALLS, tmp_path / "trace")
    assert {call for call, _ in taken} == set(CALLS.split(","))
    for step in taken:
        file.write_bytes(before)
        done = steps.run_until(command, environment, step, action)
        assert done.returncode != 0, step
        assert all(re.fullmatch(leaves, name) for name in os.listdir(folder)), step
        assert file.read_bytes() == before or check(stand, file).returncode == 0, step
        if action == "error=ENOSPC":
            assert f"{file}: no backup was made: No space left on device: make room" in done.stderr
        if action == "error=EIO":
            assert f"{file}: no backup was made: Input/output error" in done.stderr, step


def test_what_there_is_no_room_for_is_said_once(stand, tmp_path):
    """The first thing that is written is the copy of the database."""
    strace = [shutil.which("strace"), "-o", "/dev/null", "-e", "trace=write", "-e",
              "inject=write:error=ENOSPC:when=1"]
    done = subprocess.run([*strace, BUILD / "bin" / "jeton", "backup", tmp_path / "backup"],
                          env={"PATH": os.environ["PATH"], "JETON_SOCKET": str(stand.socket)},
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and os.listdir(tmp_path) == []
    assert done.stderr == (f"jeton: {tmp_path}/backup: no backup was made: No space left on device: "
                           "make room there, or name a place on another disk\n")


@pytest.mark.parametrize("name, says", NO_FILES)
def test_a_place_where_no_file_can_be_is_named_and_left(stand, tmp_path, name, says):
    no_files(tmp_path)
    path = tmp_path / name
    done = stand.jeton("backup", str(path))
    assert done.returncode == 1 and f"{path}: no backup was made: {says}" in done.stderr
    assert sorted(os.listdir(tmp_path)) == ["folder", "null", "pipe"]
    assert (tmp_path / "pipe").is_fifo() and (tmp_path / "null").is_symlink()


@pytest.mark.parametrize("share", [0.5, 1.001])
def test_a_limit_on_the_size_of_files_is_named(stand, tmp_path, share):
    """The copy of the database meets it, or the archive, which is longer."""
    limit = int(len(Backup(stand.backup).part("database")) * share)
    done = subprocess.run(["prlimit", f"--fsize={limit}", BUILD / "bin" / "jeton", "backup",
                           tmp_path / "backup"], capture_output=True, text=True, timeout=30,
                          env={"PATH": os.environ["PATH"], "JETON_SOCKET": str(stand.socket)})
    assert done.returncode == 1 and "File too large" in done.stderr
    assert f"{tmp_path}/backup: no backup was made: " in done.stderr
    assert os.listdir(tmp_path) == []
    assert not [name for name in os.listdir(stand.state / "db") if "copy" in name]


def test_a_program_that_is_killed_is_named(stand, tmp_path):
    strace = [shutil.which("strace"), "-f", "-o", "/dev/null", "-e", "trace=unlinkat", "-e",
              "inject=unlinkat:signal=KILL", "-P", str(stand.state / "db")]
    done = subprocess.run([*strace, BUILD / "bin" / "jeton", "backup", tmp_path / "backup"],
                          env={"PATH": os.environ["PATH"], "JETON_SOCKET": str(stand.socket)},
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "jetond-authority was ended: Killed" in done.stderr
    assert "no backup was made: see above" in done.stderr and os.listdir(tmp_path) == []


def test_no_file_is_named_by_the_sign_for_a_pipe(stand, tmp_path):
    done = subprocess.run([BUILD / "bin" / "jeton", "backup", "-"], cwd=tmp_path, text=True,
                          capture_output=True, timeout=30,
                          env={"JETON_SOCKET": str(stand.socket)})
    assert done.returncode == 2 and done.stdout == "" and "name one" in done.stderr
    assert os.listdir(tmp_path) == []


def test_a_file_system_without_unnamed_files_serves_too(stand, tmp_path):
    strace = [shutil.which("strace"), "-o", tmp_path / "trace", "-e", "trace=openat", "-e",
              "inject=openat:error=EOPNOTSUPP:when=1+2", "-P", tmp_path / "there"]
    (tmp_path / "there").mkdir()
    done = subprocess.run([*strace, BUILD / "bin" / "jeton", "backup", tmp_path / "there" / "b"],
                          env={"PATH": os.environ["PATH"], "JETON_SOCKET": str(stand.socket)},
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert len(re.findall("O_TMPFILE.*INJECTED", (tmp_path / "trace").read_text())) == 2
    assert os.listdir(tmp_path / "there") == ["b"]


def test_a_key_without_its_file_makes_no_backup(fresh, tmp_path):
    jetond = fresh()
    key = next((jetond.state / "keys").glob("*.pem"))
    key.rename(tmp_path / "key")
    done = jetond.jeton("backup", str(tmp_path / "backup"))
    assert done.returncode == 1 and "a file is gone" in done.stderr
    assert not (tmp_path / "backup").exists()


def test_a_damaged_database_makes_no_backup(fresh, tmp_path):
    jetond = fresh()
    jetond.add_user("alice")
    jetond.stop()
    with sqlite3.connect(jetond.state / "db" / "jeton.db") as rows:
        rows.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        rows.execute("PRAGMA foreign_keys = OFF")
        rows.execute("INSERT INTO user_roles VALUES (4321, 'admin')")
    done = jetond.jeton("backup", str(tmp_path / "backup"))
    assert done.returncode == 1 and "rows of nobody" in done.stderr
    assert not (tmp_path / "backup").exists()


# ---- what is no backup ----

def refused(jetond, file, says):
    """By --check, and by a restore on a state of nothing, in which then is nothing."""
    done = check(jetond, file)
    assert done.returncode == 1 and says in done.stderr, done.stderr
    empty = file.parent / "empty"
    (empty / "run").mkdir(parents=True, exist_ok=True)
    done = jetond.jeton("restore", str(file), "--socket", str(empty / "run" / "jeton.sock"))
    assert done.returncode == 1 and says in done.stderr, done.stderr
    assert not list(empty.glob("db/*")) + list(empty.glob("keys/*")) + list(empty.glob("restore*"))


def test_a_file_that_is_cut_anywhere_is_refused(stand, tmp_path):
    data, file = stand.backup.read_bytes(), tmp_path / "cut"
    for length in [*range(0, len(data), 8 * BLOCK), *range(len(data) - 4 * BLOCK, len(data), BLOCK),
                   len(data) - 1, 1]:
        file.write_bytes(data[:length])
        done = check(stand, file)
        assert done.returncode == 1 and "ends too early" in done.stderr, length


def test_a_byte_that_is_another_is_seen_wherever_it_is(stand, tmp_path):
    data, file = stand.backup.read_bytes(), tmp_path / "changed"
    small = len(data) - 12 * BLOCK
    for at in [*range(0, small, 4099), *range(small, len(data), 97)]:
        changed = bytearray(data)
        changed[at] ^= 1
        file.write_bytes(changed)
        assert check(stand, file).returncode == 1, at


@pytest.mark.parametrize("more", [b"x", bytes(BLOCK), bytes(10240),
                                  header(FOLDER + "keys/states", 0, 0)])
def test_something_behind_the_end_is_refused(stand, tmp_path, more):
    file = tmp_path / "longer"
    file.write_bytes(stand.backup.read_bytes() + more)
    refused(stand, file, "has something behind its end")


def test_a_part_twice_is_refused(stand, backup, tmp_path):
    backup.parts.append(("database", backup.part("database")))
    backup.write(tmp_path / "twice")
    refused(stand, tmp_path / "twice", "has a part twice")


@pytest.mark.parametrize("name", ["../evil", "/etc/passwd", "keys/../../evil", "keys/" + "A" * 43,
                                  "keys/" + "A" * 43 + ".pem/x", "keys/" + "." * 43 + ".pem",
                                  "keys/" + "A" * 42 + "/.pem", "other", "database\n"])
def test_another_name_is_refused(stand, backup, tmp_path, name):
    backup.parts.append((name, b"evil"))
    backup.write(tmp_path / "named")
    refused(stand, tmp_path / "named", "has a part that no backup has")


@pytest.mark.parametrize("fields", [[(156, b"2"), (157, b"/etc/passwd")], [(156, b"1")],
                                    [(156, b"5")], [(156, b"x")], [(156, b"L")], [(156, b"S")],
                                    [(345, b"..")], [(100, b"0004755\0")], [(108, b"0000001\0")],
                                    [(500, b"x")], [(124, b"\x80" + bytes(11))]])
def test_a_link_a_folder_or_any_other_header_is_refused(stand, backup, tmp_path, fields):
    size = len(backup.part("keys/states"))
    own = header(FOLDER + "keys/states", size, backup.made_at, fields=fields)
    backup.write(tmp_path / "other", headers=[("keys/states", own)])
    refused(stand, tmp_path / "other", "has a header that no backup has")


def test_a_part_that_says_to_be_huge_is_refused_before_it_is_read(stand, backup, tmp_path):
    own = header(FOLDER + "database", 2 ** 33 - 1, backup.made_at)
    backup.write(tmp_path / "huge", headers=[("database", own)])
    refused(stand, tmp_path / "huge", "ends too early")
    own = header(FOLDER + "keys/states", 65537, backup.made_at)
    backup.write(tmp_path / "huge", headers=[("keys/states", own)])
    refused(stand, tmp_path / "huge", "has a part that no backup has")


def test_more_parts_than_there_can_be_are_refused(stand, backup, tmp_path):
    backup.parts += [(f"keys/{chr(65 + i) * 42}A.pem", b"key") for i in range(20)]
    backup.write(tmp_path / "many")
    refused(stand, tmp_path / "many", "has too many parts")


def test_a_file_of_another_kind_is_called_none(stand, tmp_path):
    (tmp_path / "notes").write_text("name,email\n" * 100)
    refused(stand, tmp_path / "notes", "notes is no backup of jeton")


def test_what_another_tar_writes_is_refused(stand, tmp_path):
    with tarfile.open(tmp_path / "tar", "w") as archive:
        for name, content in Backup(stand.backup).parts:
            member = tarfile.TarInfo(FOLDER + name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    refused(stand, tmp_path / "tar", "is no backup of jeton")


@pytest.mark.parametrize("manifest, says", [
    (b"{", "cannot be read"), (b"[]", "cannot be read"), (b'{"format": 1, "format": 1}', "read"),
    (b'{"format": 2}', "is of another jeton"), (b'{"format": 1}', "is not whole"),
    (b'{"a":' * 3000, "cannot be read")])
def test_a_manifest_of_another_kind_is_refused(stand, backup, tmp_path, manifest, says):
    backup.write(tmp_path / "manifest", manifest=manifest)
    refused(stand, tmp_path / "manifest", says)


def test_what_the_manifest_says_must_be_there(stand, backup, tmp_path):
    backup.write(tmp_path / "lies", users=3)
    done = check(stand, tmp_path / "lies")
    assert done.returncode == 1 and "not what the manifest says" in done.stderr
    backup.write(tmp_path / "lies", made_at=1)
    refused(stand, tmp_path / "lies", "not what its manifest says")
    backup.write(tmp_path / "lies", parts=backup.sums()[:-1])
    refused(stand, tmp_path / "lies", "not what its manifest says")


def test_keys_and_their_states_must_belong_together(stand, backup, tmp_path):
    states, parts = backup.part("keys/states"), backup.parts
    file, says = tmp_path / "keys", "has keys that do not belong together"
    backup.parts = [part for part in parts if not part[0].endswith(".pem")]
    backup.write(file)
    refused(stand, file, says)
    backup.parts = [part for part in parts if part[0] != "keys/states"]
    backup.write(file)
    refused(stand, file, says)
    backup.parts = [*parts, (f"keys/{'A' * 43}.pem", b"a key that no line names")]
    backup.write(file)
    refused(stand, file, says)
    backup.parts = parts
    backup.replace("keys/states", states * 2)
    backup.write(file)
    refused(stand, file, says)


def changed_database(backup, tmp_path, *statements):
    (tmp_path / "db").write_bytes(backup.part("database"))
    with sqlite3.connect(tmp_path / "db", isolation_level=None) as rows:
        rows.execute("PRAGMA journal_mode = DELETE")
        for statement in statements:
            rows.execute(statement)
    rows.close()
    return (tmp_path / "db").read_bytes()


@pytest.mark.parametrize("statement, facts, says", [
    ("PRAGMA user_version = 99", {"schema": 99}, "of a newer jeton"),
    ("PRAGMA application_id = 1", {}, "is no database of jeton's"),
    ("PRAGMA user_version = 0", {"schema": 0}, "is no database of jeton's"),
    ("INSERT INTO user_roles VALUES (4321, 'admin')", {}, "rows of nobody"),
    ("DROP TABLE lifetimes", {}, "no such table"),
    ("PRAGMA journal_mode = WAL", {}, "unable to open")])
def test_a_database_that_is_none_of_ours_is_refused(stand, backup, tmp_path, statement, facts,
                                                    says):
    backup.replace("database", changed_database(backup, tmp_path, statement))
    backup.write(tmp_path / "file", **facts)
    refused(stand, tmp_path / "file", says)


def test_a_damaged_page_is_seen_though_the_sums_fit(stand, backup, tmp_path):
    data = bytearray(backup.part("database"))
    (tmp_path / "db").write_bytes(data)
    with sqlite3.connect(tmp_path / "db") as rows:
        page, = rows.execute("SELECT rootpage FROM sqlite_schema "
                             "WHERE name = 'sessions_by_use'").fetchone()
    data[(page - 1) * 4096:page * 4096] = b"\xff" * 4096
    backup.replace("database", bytes(data))
    backup.write(tmp_path / "file")
    refused(stand, tmp_path / "file", "jeton.db")


@pytest.mark.parametrize("content", [b"no database", bytes(100), b"SQLite format 3\0" * 512,
                                     bytes(range(256)) * 32],
                         ids=["words", "zeros", "headings", "every byte"])
def test_what_is_no_database_is_refused(stand, backup, tmp_path, content):
    backup.replace("database", content)
    backup.write(tmp_path / "file")
    refused(stand, tmp_path / "file", "jetond-authority: ")


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_refused_at_once(stand, tmp_path, make):
    make(tmp_path / "thing")
    refused(stand, tmp_path / "thing", "is no plain file")
