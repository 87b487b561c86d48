"""jeton user import: files that other programs made, each with a login by the old password."""
import collections
import contextlib
import csv
import datetime
import http.server
import io
import itertools
import json
import os
import pty
import re
import signal
import socketserver
import sqlite3
import subprocess
import threading
import time
import warnings

import argon2
import bcrypt
import pytest
import sqlalchemy
from harness import BUILD, PASSWORD

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it tries Python's crypt, which newer ones have not
    from passlib import hash as passlib

QUICK = passlib.sha512_crypt.using(rounds=1000)
HASH = QUICK.hash(PASSWORD)


def openssl(kind):
    return subprocess.run(["openssl", "passwd", kind, "-stdin"], input=PASSWORD, text=True,
                          capture_output=True, check=True).stdout.strip()


HASHES = {
    "six": lambda: openssl("-6"),
    "five": lambda: openssl("-5"),
    "one": lambda: openssl("-1"),
    "bcrypt": lambda: bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(5)).decode(),
    "pbkdf": lambda: passlib.pbkdf2_sha256.using(rounds=1000).hash(PASSWORD),
    "argon": lambda: argon2.PasswordHasher(1, 1024, 1).hash(PASSWORD),
    "django": lambda: passlib.django_pbkdf2_sha256.using(rounds=1000).hash(PASSWORD),
}


def run(jetond, text, *options, name="users"):
    """What the command says of a file with that text, or of the file itself."""
    file = text
    if isinstance(text, (str, bytes)):
        file = jetond.directory / name
        file.write_bytes(text.encode() if isinstance(text, str) else text)
    return jetond.jeton("user", "import", str(file), *options)


def report(jetond, text, *options):
    return json.loads(run(jetond, text, "--json", *options).stdout)


def lines_of(*users):
    """Of users who have no password, unless it is told."""
    return "".join(json.dumps({"password_hash": None, **user}) + "\n" for user in users)


def shown(jetond, name):
    return jetond.get(f"/users/{name}", peer=True).json()


def count(jetond):
    return int(jetond.get("/users?limit=1", peer=True).headers["x-total-count"])


def start(jetond, *arguments, before=(), **how):
    return subprocess.Popen([*before, str(BUILD / "bin" / "jeton"), "user", "import", *arguments],
                            text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            env={"PATH": os.environ["PATH"], "JETON_SOCKET": str(jetond.socket)},
                            **{"stderr": subprocess.PIPE, **how})


# --- many: first, since it takes longer than all the others ---

MANY = 100_000
BOUND = [] if "address" in str(BUILD) else ["prlimit", f"--as={48 << 20}"]


def many_users():
    """What is not told is what an import makes of it."""
    for i in range(MANY):
        yield {"username": f"u{i}", "full_name": f"User {i}", "email": f"u{i}@example.org",
               "roles": ["staff"], "disabled": i % 7 == 0, "must_change_password": i % 11 == 0,
               "password_hash": HASH[:-8] + f"{i:08}", "created_at": "2019-05-06T07:08:09Z",
               "password_changed_at": "2019-06-06T07:08:09Z", "expires_at": None}


def most_memory(jetond):
    """Of each process that an import goes through, in KiB, since it began."""
    return {(process, pid): int(re.search(r"VmHWM:\s*(\d+)", open(f"/proc/{pid}/status").read())[1])
            for process in ("authority", "frontend") for pid in jetond.children()[process]}


@contextlib.contextmanager
def two_at_a_time(jetond):
    """Rows that come in pairs, so that a torn picture has an odd number of them."""
    over = threading.Event()

    def change():
        for i in itertools.count():
            with jetond.database() as rows:
                rows.execute("INSERT INTO users (name, created_at) "
                             f"VALUES ('one_{i}', 1), ('other_{i}', 1)")
            if over.wait(0.01):
                return

    thread = threading.Thread(target=change)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_a_hundred_thousand_come_in_one_go_and_leave_as_they_came(fresh, tmp_path):
    """Whatever their number, in the memory of a few; and others are served meanwhile."""
    jetond = fresh()
    jetond.add_user("alice")
    file = jetond.directory / "many"
    file.write_text(lines_of(*many_users()))
    assert report(jetond, lines_of(*({"username": f"few_{i}"} for i in range(1000))))["imported"] == 1000
    before = most_memory(jetond)

    # This machine may take long to say that it has no account of a name.
    command = start(jetond, str(file), "--allow-account-name", before=BOUND)
    while command.poll() is None:
        assert jetond.login("alice").status == 200
        with contextlib.suppress(subprocess.TimeoutExpired):
            command.wait(0.5)
    out, errors = command.communicate()
    assert (out, errors) == (f"{MANY} imported, 0 already there, 0 left out, 0 refused\n", "")
    assert count(jetond) == MANY + 1001
    for process, most in most_memory(jetond).items():
        assert most < before[process] + 4096, process

    with two_at_a_time(jetond):
        subprocess.run([*BOUND, BUILD / "bin/jeton", "user", "export", "--out", tmp_path / "all"],
                       env={**os.environ, "JETON_SOCKET": str(jetond.socket)}, timeout=60, check=True)
    users = {user["username"]: user for user in map(json.loads, open(tmp_path / "all"))}
    for user in many_users():
        exported = users.pop(user["username"])
        assert exported == {**user, "id": exported["id"], "uid": None}
    left = collections.Counter(name.rstrip("0123456789") for name in users)
    assert left["few_"] == 1000 and left["one_"] == left["other_"]


# --- formats ---

def test_lines_of_shadow(jetond):
    made = {f"sh_{kind}": make() for kind, make in HASHES.items() if kind != "django"}
    text = "root:*:19000:0:99999:7:::\ndaemon:!:19000:0:99999:7:::\n" + "".join(
        f"{name}:{made_hash}:19000:0:99999:7:::\n" for name, made_hash in made.items())
    text += f"sh_locked:!{HASH}:19000:0:99999:7:::\nsh_new:{HASH}:0:::::20000:\n"
    passwd = jetond.directory / "passwd"
    passwd.write_text("sh_six:x:1000:1000:Six Sixth,Room 6,,:/home/six:/bin/sh\nroot:x:0:0:root::\n")
    done = run(jetond, text, "--passwd", str(passwd))
    assert done.returncode == 0, done
    assert done.stdout.startswith("8 imported, 0 already there, 2 left out, 0 refused\n")
    for name in made:
        assert jetond.login(name).status == 200, name
        assert shown(jetond, name)["uid"] is None
    assert shown(jetond, "sh_six")["full_name"] == "Six Sixth"
    assert shown(jetond, "sh_locked")["disabled"]
    assert jetond.login("sh_locked").status == 400
    assert jetond.jeton("user", "enable", "sh_locked").returncode == 0
    jetond.unlock("sh_locked")
    assert jetond.login("sh_locked").status == 200
    assert shown(jetond, "sh_new")["must_change_password"]
    assert shown(jetond, "sh_new")["expires_at"] == "2024-10-04T00:00:00Z"


def test_full_names_that_cannot_be_read_end_it_before_it_begins(jetond):
    text = f"sh_nameless:{HASH}:19000:0:99999:7:::\n"
    before = count(jetond)
    for file, why in ((jetond.directory / "missing", "cannot open .*/missing: No such file"),
                      (jetond.directory, "cannot read .*: Is a directory")):
        done = run(jetond, text, "--passwd", str(file))
        assert done.returncode == 1 and re.search(why, done.stderr), done
    assert count(jetond) == before


def test_csv_as_a_spreadsheet_writes_it(jetond):
    sheet = io.StringIO("\ufeff")
    sheet.seek(1)
    rows = csv.writer(sheet)
    rows.writerow(["Username", "Password_Hash", "Full_Name", "Email", "Active", "Roles"])
    for kind, make in HASHES.items():
        rows.writerow([f"csv_{kind}", make(), f'Name, of "{kind}"', f"{kind}@example.org", "yes", "a b"])
    done = run(jetond, sheet.getvalue())
    assert done.returncode == 0 and done.stdout.startswith("7 imported,"), done
    for kind in HASHES:
        assert jetond.login(f"csv_{kind}").status == 200, kind
    person = shown(jetond, "csv_six")
    assert (person["full_name"], person["email"], person["roles"], person["disabled"]) == (
        'Name, of "six"', "six@example.org", ["a", "b"], False)


def test_the_table_that_sqlalchemy_makes(jetond):
    file = jetond.directory / "app.db"
    engine = sqlalchemy.create_engine(f"sqlite:///{file}")
    users = sqlalchemy.Table(
        "users", sqlalchemy.MetaData(),
        sqlalchemy.Column("id", sqlalchemy.Integer, primary_key=True),
        sqlalchemy.Column("username", sqlalchemy.String, unique=True),
        sqlalchemy.Column("email", sqlalchemy.String),
        sqlalchemy.Column("full_name", sqlalchemy.String),
        sqlalchemy.Column("hashed_password", sqlalchemy.String),
        sqlalchemy.Column("is_active", sqlalchemy.Boolean),
        sqlalchemy.Column("role", sqlalchemy.String),
        sqlalchemy.Column("roles_too", sqlalchemy.JSON),
        sqlalchemy.Column("created_at", sqlalchemy.DateTime))
    users.metadata.create_all(engine)
    when = datetime.datetime(2024, 2, 29, 1, 2, 3, 456789)
    with engine.begin() as connection:
        for number, (kind, make) in enumerate(HASHES.items()):
            connection.execute(users.insert().values(
                username=f"sql_{kind}", email=f"{kind}@example.org", full_name=f"Kind {kind}",
                hashed_password=make(), is_active=number > 0, role="user", roles_too=["x"],
                created_at=when))
    engine.dispose()
    done = run(jetond, file)
    assert done.returncode == 0 and done.stdout.startswith("7 imported,"), done
    assert "no use for: roles_too" in done.stdout
    assert shown(jetond, "sql_six")["disabled"]
    person = shown(jetond, "sql_five")
    assert (person["email"], person["full_name"], person["roles"], person["created_at"]) == (
        "five@example.org", "Kind five", ["user"], "2024-02-29T01:02:03Z")
    for kind in list(HASHES)[1:]:
        assert jetond.login(f"sql_{kind}").status == 200, kind


def test_a_database_without_users_says_what_it_lacks(jetond):
    file = jetond.directory / "other.db"
    rows = sqlite3.connect(file)
    rows.execute("CREATE TABLE things (a)")
    rows.commit()
    rows.close()
    done = run(jetond, file)
    assert done.returncode == 1 and "there is no table users" in done.stderr
    file.write_bytes(file.read_bytes()[:200])
    done = run(jetond, file)
    assert done.returncode == 1 and "other.db: " in done.stderr


def test_what_is_exported_is_imported(jetond, fresh):
    for name, fields in {"ex_anna": {"full_name": 'Anna "A", of\u00e4', "roles": ["b", "a"]},
                         "ex_bert": {"email": "b@example.org", "uid": 4900},
                         "ex_cara": {"expires_at": "2099-01-01T00:00:00Z"}}.items():
        jetond.add_user(name, **fields)
    jetond.jeton("user", "disable", "ex_bert", check=True)
    jetond.jeton("user", "expire-password", "ex_cara", check=True)
    for options in ((), ("--format", "csv")):
        exported = jetond.jeton("user", "export", *options, check=True).stdout
        other = fresh()
        done = run(other, exported)
        assert done.returncode == 0 and "no use for" not in done.stdout, (options, done)
        for name in ("ex_anna", "ex_bert", "ex_cara"):
            was = {**shown(jetond, name), "id": 0, "uid": None}
            assert {**shown(other, name), "id": 0} == was, options
            assert other.stored_hash(name) == jetond.stored_hash(name)
        assert other.login("ex_anna").status == 200


def test_a_format_that_is_named_is_not_guessed(jetond):
    assert report(jetond, "username,hash\nfmt_a,\n", "--format", "csv")["imported"] == 1
    wrong = report(jetond, "username,hash\nfmt_b,\n", "--format", "json")
    assert wrong["imported"] == 0 and [row["line"] for row in wrong["refused"]] == [1, 2]
    assert run(jetond, "x", "--format", "xml").returncode == 2
    assert run(jetond, "username,hash\n", "--passwd", "/etc/passwd").returncode == 2


def test_standard_input_is_a_file_too(jetond):
    done = jetond.jeton("user", "import", "-", standard_input=lines_of({"username": "std_a"}))
    assert done.returncode == 0 and done.stdout.startswith("1 imported,")


def test_an_outdated_hash_is_replaced_at_the_next_login(jetond):
    run(jetond, lines_of({"username": "old_hash", "password_hash": HASH}))
    assert jetond.stored_hash("old_hash") == HASH
    assert jetond.login("old_hash").status == 200
    deadline = time.monotonic() + 20
    while not jetond.stored_hash("old_hash").startswith("$y$"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert jetond.login("old_hash").status == 200


# --- what is wrong in a file ---

def test_each_refused_line_is_told_by_number_name_and_reason(jetond):
    text = lines_of({"username": "ref_a"}, {"username": "Ref"}, {"username": "root"},
                    {"username": "ref_b", "password_hash": "plain text"},
                    {"username": "ref_c", "password_hash": "$2b$20$" + "a" * 53},
                    {"username": "ref_a"}, {"username": "ref_d", "disabled": "maybe"}, {},
                    {"username": "ref_e", "full_name": "x" * 40000}, {"username": "ref_f"})
    done = run(jetond, text)
    assert done.returncode == 1
    told = re.findall(r"^line (\d+)(?:, (\S+))?: (.*)$", done.stdout, re.MULTILINE)
    assert [(int(line), name) for line, name, _ in told] == [
        (2, "Ref"), (3, "root"), (4, "ref_b"), (5, "ref_c"), (6, "ref_a"), (7, "ref_d"), (8, ""),
        (9, "")]
    reasons = [reason for *_, reason in told]
    for reason, words in zip(reasons, ["begins with a-z", "jeton user add", "hash of crypt(3)",
                                       "cost", "line 1 has this name", "true or false",
                                       "no user name", "32,768"]):
        assert words in reason
    assert "plain text" not in done.stdout + done.stderr + jetond.log()
    assert "2 imported, 0 already there, 0 left out, 8 refused" in done.stdout


def test_bytes_that_are_no_text_are_refused_line_by_line(jetond):
    text = (b"\xef\xbb\xbfusername,full_name\r\nbytes_a,A\r\nbytes_b,\xff\r\nbytes_c,a\0b\r\n"
            b"bytes_d,\x1b[31m\r\n\r\nbytes_e," + b"x" * 300 + b"\r\n\"bytes_f\",\"A\nB\"\r\n"
            b"bytes_g,G\r\n\"bytes_h,")
    said = report(jetond, text, "--without-passwords")
    assert said["imported"] == 2
    assert [row["line"] for row in said["refused"]] == [3, 4, 5, 7, 8, 9, 11]


def test_a_stray_quote_takes_no_other_line_along(jetond):
    rows = [f"quo{i},Number {i},{HASH},words" for i in range(300)]
    rows[3] = rows[3].replace(",N", ',"N')
    rows[200] = rows[200].replace("words", '"words\nand more,\nof them"')
    said = report(jetond, "username,full_name,hash,bio\n" + "\n".join(rows) + "\n")
    assert (said["imported"], said["continuation_lines"]) == (299, 2)
    assert [(row["line"], row["reason"]) for row in said["refused"]] == [
        (5, "opens a quote that is not closed within 16 lines")]


def test_a_name_cannot_steer_the_terminal(jetond):
    done = run(jetond, lines_of({"username": "\u001b[2Jred\u202e"}))
    assert done.returncode == 1 and "\x1b" not in done.stdout and "\u202e" not in done.stdout


def test_a_file_that_is_none_is_refused_as_a_whole(jetond):
    before = count(jetond)
    assert "no column" in run(jetond, "name,age\nx,1\n").stderr
    assert "as UTF-16 has" in run(jetond, "username,hash\nx,\n".encode("utf-16")).stderr
    assert "longer than 32,768" in run(jetond, "username," + "x" * 40000 + "\nx,\n").stderr
    done = run(jetond, json.dumps([{"username": "x", "hash": None}], indent=1))
    assert (done.returncode, done.stdout) == (1, "") and "jq -c" in done.stderr
    assert "cannot open" in run(jetond, jetond.directory / "missing").stderr
    assert run(jetond, jetond.directory).returncode == 1
    assert run(jetond, "").stdout.startswith("0 imported")
    assert count(jetond) == before


def test_users_without_any_hash_are_imported_only_when_that_is_said(jetond):
    """A column's name that is not known costs no passwords: they could not be brought later."""
    before = count(jetond)
    table = f"username,pwd_hash\nless_a,{HASH}\n"
    objects = json.dumps({"username": "less_b", "pwd_hash": HASH}) + "\n"
    file = jetond.directory / "less.db"
    rows = sqlite3.connect(file)
    rows.execute("CREATE TABLE user (username, pwd_hash)")
    rows.execute("INSERT INTO user VALUES ('less_c', ?)", [HASH])
    rows.commit()
    rows.close()
    for text in (table, objects, file):
        for options in ((), ("--dry-run",)):
            done = run(jetond, text, *options)
            assert done.returncode == 1 and "--without-passwords" in done.stderr, done
    assert count(jetond) == before
    for text in (table, objects, file):
        done = run(jetond, text, "--without-passwords")
        assert done.returncode == 0 and done.stdout.startswith("1 imported"), done
        assert "  without a password, until" in done.stdout and "gives one: 1\n" in done.stdout


def test_passwords_are_left_out_when_that_is_said(jetond):
    text = f"keep_not:{HASH}:19000::::::\nkeep_lock:!{HASH}:0::::::\n"
    assert report(jetond, text, "--without-passwords")["without_password"] == 2
    assert not jetond.stored_hash("keep_not")
    assert shown(jetond, "keep_lock")["disabled"]
    assert jetond.login("keep_not").status == 400


def test_users_who_have_no_names_are_called_as_their_addresses_begin(jetond):
    """FastAPI's full-stack template has such a table."""
    file = jetond.directory / "template.db"
    rows = sqlite3.connect(file)
    rows.execute("CREATE TABLE user (id CHAR(32), email, is_active BOOLEAN, is_superuser BOOLEAN,"
                 " full_name, hashed_password)")
    rows.executemany("INSERT INTO user VALUES ('00', ?, ?, 1, 'Some Body', ?)", [
        ["Tem.A@example.org", 1, HASH], ["tem.b@example.org", 0, HASH],
        ["tem.a@example.com", 1, HASH], ["tem+c@example.org", 1, HASH]])
    rows.commit()
    rows.close()
    done = run(jetond, file)
    assert done.returncode == 1 and done.stdout.count("--name-from email") == 4
    assert run(jetond, file, "--name-from", "full_name").returncode == 2
    done = run(jetond, file, "--name-from", "email")
    assert done.returncode == 1 and "2 imported, 0 already there, 0 left out, 2 refused" in done.stdout
    assert "row 3, tem.a: row 1 has this name already\n" in done.stdout
    assert "row 4, tem+c: " in done.stdout
    assert [one["row"] for one in report(jetond, file, "--name-from", "email")["refused"]] == [3, 4]
    assert shown(jetond, "tem.a")["email"] == "Tem.A@example.org"
    assert jetond.login("tem.a").status == 200
    assert shown(jetond, "tem.b")["disabled"]


def test_who_is_not_active_is_disabled_though_he_is_not_locked(jetond):
    file = jetond.directory / "two.db"
    rows = sqlite3.connect(file)
    rows.execute("CREATE TABLE users (username, hashed_password, is_active, is_locked)")
    rows.execute("INSERT INTO users VALUES ('two_sql', ?, 0, 0)", [HASH])
    rows.commit()
    rows.close()
    for name, text in (("two_sql", file),
                       ("two_csv", f"username,hash,is_active,locked\ntwo_csv,{HASH},0,0\n")):
        assert report(jetond, text)["imported"] == 1
        assert shown(jetond, name)["disabled"] and jetond.login(name).status == 400


def database(jetond, name, columns, *rows):
    file = jetond.directory / name
    with contextlib.closing(sqlite3.connect(file)) as tables:
        tables.execute(f"CREATE TABLE users ({columns})")
        tables.executemany(f"INSERT INTO users VALUES ({', '.join('?' * len(rows[0]))})", rows)
        tables.commit()
    return file


def test_columns_that_mean_the_same_are_refused_before_anybody_is_imported(jetond):
    before = count(jetond)
    for file in (f"username,login,hash\ntwin_a,twin_b,{HASH}\n",
                 json.dumps({"username": "twin_a", "login": "twin_b", "hash": HASH}) + "\n",
                 database(jetond, "twins.db", "username, login, hash", ["twin_a", "twin_b", HASH])):
        done = run(jetond, file)
        assert done.returncode == 1 and "username and login mean the same here" in done.stderr, done
    assert count(jetond) == before


def test_roles_of_the_tutorials_are_what_one_says_they_are(jetond):
    rows = [("rol_a", HASH, "ADMIN"), ("rol_b", HASH, "UserRole.USER"), ("rol_c", HASH, "GUEST"),
            ("rol_d", HASH, '["super user", "staff"]')]
    file = database(jetond, "roles.db", "username, hashed_password, role", *rows)
    said = report(jetond, file, "--dry-run")
    assert said["importable"] == 0
    assert [(one["row"], re.search('--map-role "(.*)"', one["reason"])[1]) for one in said["refused"]] == [
        (1, "ADMIN=NAME"), (2, "UserRole.USER=NAME"), (3, "GUEST=NAME"), (4, "super user=NAME")]
    done = run(jetond, file, "--map-role", "ADMIN=admin", "--map-role", "UserRole.USER=user",
               "--map-role", "GUEST=", "--map-role", "super user=superuser")
    assert done.returncode == 0 and "administrators of jeton: 1\n" in done.stdout, done
    assert [shown(jetond, name)["roles"] for name, *_ in rows] == [
        ["admin"], ["user"], [], ["staff", "superuser"]]
    for wrong in ("ADMIN", "=admin", "ADMIN=Admin"):
        done = run(jetond, file, "--map-role", wrong)
        assert done.returncode == 2 and "--map-role is FROM=TO" in done.stderr


def test_of_several_tables_the_one_that_is_read_is_told(jetond):
    file = database(jetond, "tables.db", "username, hashed_password", ("tab_a", HASH))
    with contextlib.closing(sqlite3.connect(file)) as tables:
        tables.execute("CREATE TABLE accounts (id)")
    done = run(jetond, file)
    assert done.returncode == 0 and "from the table users, none from accounts\n" in done.stderr


def test_plain_passwords_are_never_taken(jetond):
    said = report(jetond, "username,password\nplain_a,hunter2\nplain_b,correct horse\n")
    assert said["imported"] == 0 and len(said["refused"]) == 2


# --- a daemon that has no time for all of them, as where names come from far away ---

class FewAtATime(http.server.BaseHTTPRequestHandler):
    """Answers about so many users, and is out of time for more."""
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        users = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["users"]
        self.server.asked.append([user["username"] for user in users])
        answer = json.dumps([{"status": "imported"}] * len(users)).encode()
        if len(users) > self.server.most:
            answer = b'{"error": "temporarily_unavailable"}'
        self.send_response(200 if len(users) <= self.server.most else 503)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def test_a_daemon_that_is_slow_is_asked_about_fewer_at_a_time(tmp_path):
    names = [f"slow{i}" for i in range(200)]
    with socketserver.UnixStreamServer(str(tmp_path / "sock"), FewAtATime) as server:
        server.most, server.asked = 20, []
        threading.Thread(target=server.serve_forever).start()
        try:
            done = subprocess.run([BUILD / "bin/jeton", "user", "import", "-"], text=True, timeout=60,
                                  input=lines_of(*({"username": name} for name in names)),
                                  capture_output=True, env={"JETON_SOCKET": str(tmp_path / "sock")})
        finally:
            server.shutdown()
    assert done.returncode == 0 and done.stdout.startswith("200 imported, 0 already there"), done
    assert [len(users) for users in server.asked[:4]] == [64, 32, 16, 17]
    answered = [users for users in server.asked if len(users) <= server.most]
    assert sum(answered, []) == names


# --- dry runs, second runs, interrupted runs ---

def test_a_dry_run_finds_what_a_run_would_and_changes_nothing(jetond):
    text = lines_of({"username": "dry_a"}, {"username": "alice"}, {"username": "Dry"},
                    {"username": "dry_b", "password_hash": "x"}, {"username": "dry_a"})
    before = count(jetond)
    dry = report(jetond, text, "--dry-run")
    assert (dry["dry_run"], dry["importable"], dry["exists"]) == (True, 1, 1)
    assert count(jetond) == before
    real = report(jetond, text)
    assert real["refused"] == dry["refused"] and real["imported"] == dry["importable"]
    assert run(jetond, text, "--dry-run").stdout.count("nothing is changed") == 1


def test_a_second_run_goes_on_where_the_first_ended(jetond):
    users = [{"username": f"again{i}"} for i in range(150)]
    assert report(jetond, lines_of(*users[:100]))["imported"] == 100
    done = run(jetond, lines_of(*users))
    assert done.returncode == 0
    assert done.stdout.startswith("50 imported, 100 already there, 0 left out, 0 refused\n"
                                  "  already there: again0, again1,")
    assert "and 90 more" in done.stdout


def test_administrators_are_counted(jetond):
    done = run(jetond, lines_of({"username": "adm_a", "roles": ["admin"]}, {"username": "adm_b"}))
    assert "administrators of jeton: 1\n" in done.stdout


def test_control_c_says_what_is_done_and_how_to_go_on(jetond):
    before = count(jetond)
    command = start(jetond, "-")
    command.stdin.write(lines_of(*({"username": f"intr{i}", "full_name": "x" * 200}
                                   for i in range(400))))
    command.stdin.flush()
    deadline = time.monotonic() + 20
    while count(jetond) < before + 64:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    command.send_signal(signal.SIGINT)
    out, errors = command.communicate(timeout=20)
    assert command.returncode == -signal.SIGINT
    assert "interrupted" in errors and "the same command again goes on" in out
    imported = int(re.search(r"^(\d+) imported", out, re.MULTILINE)[1])
    assert imported >= 64 and count(jetond) == before + imported


def test_the_bar_is_for_terminals(jetond):
    main, terminal = pty.openpty()
    try:
        command = start(jetond, "-", stderr=terminal)
        os.close(terminal)
        out, _ = command.communicate(lines_of(*({"username": f"bar{i}"} for i in range(70))))
        assert b" users" in os.read(main, 4096)
    finally:
        os.close(main)
    assert command.returncode == 0 and out.startswith("70 imported")
    assert run(jetond, lines_of({"username": "bar_quiet"})).stderr == ""


@pytest.mark.parametrize("how", ["no daemon", "interrupted"])
def test_what_is_said_on_a_terminal_is_not_behind_the_bar(jetond, how):
    main, terminal = pty.openpty()
    try:
        socket = jetond.socket if how == "interrupted" else jetond.directory / "none"
        command = start(jetond, "-", "--socket", str(socket), stderr=terminal)
        os.close(terminal)
        command.stdin.write(lines_of({"username": "bar_error"}))
        command.stdin.flush()
        said = os.read(main, 4096)  # the bar
        if how == "interrupted":
            command.send_signal(signal.SIGINT)
        command.communicate(timeout=20)
        with contextlib.suppress(OSError):  # all of it is read
            while True:
                said += os.read(main, 4096)
    finally:
        os.close(main)
    assert command.returncode != 0
    assert re.search(rb" users\x1b\[K\r(\r\x1b\[K)?jeton: ", said), said


def test_without_the_right_nothing_is_imported(jetond):
    """As a caller who is no administrator would be answered; and without a daemon."""
    reply = jetond.post("/import/users", token=jetond.token("alice"), data={"users": []})
    assert reply.status == 401
    done = jetond.jeton("user", "import", "-", "--socket", str(jetond.directory / "none"),
                        standard_input=lines_of({"username": "x"}))
    assert done.returncode == 1 and "is it running?" in done.stderr
    assert done.stdout.startswith("0 imported")
