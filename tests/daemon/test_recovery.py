"""The ways of docs/recovery.md, gone one by one."""
import shutil
import sqlite3
import subprocess

import pytest
from harness import PASSWORD, TOP


def refresh(jetond, token):
    return jetond.post("/token", form={"grant_type": "refresh_token", "refresh_token": token})


def refuses_to_start(jetond, words):
    jetond.spawn()
    assert jetond.process.wait(20) != 0
    said = jetond.log()
    assert words in said
    return said


def test_with_the_keys_lost_new_ones_are_made_and_sessions_go_on(fresh):
    jetond = fresh()
    jetond.add_user("alice")
    tokens = jetond.login("alice").json()
    jetond.stop()
    shutil.rmtree(jetond.state / "keys")
    jetond.start()
    assert jetond.get("/users/me", token=tokens["access_token"]).status == 401
    assert jetond.token("alice")
    assert refresh(jetond, tokens["refresh_token"]).status == 200


def test_one_key_lost_is_named_and_put_back_from_a_backup(fresh):
    jetond = fresh()
    jetond.add_user("alice")
    token = jetond.token("alice")
    jetond.stop()
    shutil.copytree(jetond.state / "keys", jetond.directory / "backup")
    key = next(path for path in (jetond.state / "keys").iterdir() if path.name != "states")
    key.unlink()
    refuses_to_start(jetond, key.stem)
    shutil.copy2(jetond.directory / "backup" / key.name, key)
    jetond.start()
    assert jetond.get("/users/me", token=token).status == 200


def test_a_key_in_others_hands_is_dropped_and_nobody_logs_in_anew(fresh):
    jetond = fresh()
    jetond.add_user("alice")
    tokens = jetond.login("alice").json()
    kid = jetond.get("/keys", peer=True).json()[0]["kid"]
    assert jetond.jeton("key", "drop", kid).returncode == 0
    assert jetond.get("/users/me", token=tokens["access_token"]).status == 401
    assert refresh(jetond, tokens["refresh_token"]).status == 200


def damage(folder):
    """The file and its journal: a journal alone would mend the beginning of the file."""
    for file in folder.iterdir():
        if not file.name.endswith("-shm"):
            data = bytearray(file.read_bytes())
            data[0:64] = b"no database here" * 4
            file.write_bytes(bytes(data))


def put_back(folder, *files):
    for path in folder.iterdir():
        path.unlink()
    for file in files:
        shutil.copy2(file, folder)


def test_a_damaged_database_is_refused_and_put_back_from_a_backup(fresh):
    jetond = fresh()
    jetond.add_user("alice")
    jetond.stop()
    folder, backup = jetond.state / "db", jetond.directory / "backup"
    shutil.copytree(folder, backup)
    damage(folder)
    refuses_to_start(jetond, "jeton.db")
    put_back(folder, *backup.iterdir())
    jetond.start()
    assert jetond.token("alice")


def spoil_index(file):
    """Overwrites a page that no row is in."""
    with sqlite3.connect(file) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        page, = database.execute("SELECT rootpage FROM sqlite_schema "
                                 "WHERE name = 'sessions_by_use'").fetchone()
        size, = database.execute("PRAGMA page_size").fetchone()
    with open(file, "r+b") as raw:
        raw.seek((page - 1) * size)
        raw.write(b"\xff" * size)


def commands_of_the_page():
    section = (TOP / "docs/recovery.md").read_text().partition("What can be read of it")[2]
    return section.partition("\n3. ")[0].partition("\n\n")[2].replace("/root/jeton-db", "damaged")


def test_what_sqlite_can_read_is_a_database_again(fresh):
    if not shutil.which("sqlite3"):
        pytest.skip("needs sqlite3")
    jetond = fresh()
    jetond.add_user("alice")
    jetond.stop()
    folder = jetond.state / "db"
    spoil_index(folder / "jeton.db")
    said = refuses_to_start(jetond, "jeton.db")
    assert "recovery.md" in said and all(line.startswith("jetond") for line in said.splitlines())
    shutil.copytree(folder, jetond.directory / "damaged")
    subprocess.run(commands_of_the_page(), shell=True, cwd=jetond.directory, check=True)
    put_back(folder)
    shutil.copyfile(jetond.directory / "new.db", folder / "jeton.db")
    (folder / "jeton.db").chmod(0o600)
    jetond.start()
    assert jetond.token("alice")


def test_with_nothing_left_the_daemon_begins_anew(fresh):
    jetond = fresh()
    jetond.add_user("alice")
    old = jetond.token("alice")
    jetond.stop()
    for folder in ("db", "keys"):
        shutil.rmtree(jetond.state / folder)
    jetond.start()
    jetond.add_user("bob")
    assert jetond.get("/users/me", token=old).status == 401, "bob has alice's id"
    assert jetond.token("bob")


def test_pages_that_are_gone_are_made_anew(fresh):
    jetond = fresh()
    jetond.stop()
    for page in ("keys", "status"):
        (jetond.state / "run" / page).unlink()
    jetond.start()
    assert jetond.jeton("status").returncode == 0


def test_an_administrator_by_uid_mends_what_is_in_the_database(fresh):
    jetond = fresh()
    jetond.add_user("alice", roles=["admin"])
    for words in (["disable", "alice"], ["expire", "alice", "2020-01-01"]):
        assert jetond.jeton("user", *words).returncode == 0
    assert jetond.login("alice").status == 400
    for words in (["enable", "alice"], ["expire", "alice", "never"], ["edit", "alice", "--admin"],
                  ["unlock", "alice"]):
        assert jetond.jeton("user", *words).returncode == 0
    assert jetond.jeton("user", "passwd", "alice",
                        standard_input="another battery\n").returncode == 0
    assert jetond.token("alice", "another battery")
    assert PASSWORD not in jetond.log()


def test_the_line_that_takes_the_module_out_leaves_the_others(tmp_path):
    services = tmp_path / "etc/pam.d"
    services.mkdir(parents=True)
    (services / "login").write_text("auth required pam_jeton.so\nauth required pam_unix.so\n")
    subprocess.run(f"grep -rl pam_jeton {services} | xargs sed -i '/pam_jeton/s/^/#/'", shell=True,
                   check=True)
    assert (services / "login").read_text() == (
        "#auth required pam_jeton.so\nauth required pam_unix.so\n")
