"""`jeton ... --json`: every command that prints something prints one JSON document, and nothing
else."""
import json
import os
import re
import subprocess

import pytest
from harness import BUILD, PASSWORD, Daemon

CONFIG = """
issuer = "https://host.example"
min-uid = 1
audience "https://hs.example" { alg = "HS256" }
identity "everybody" { group = {"0"} audience = {"https://hs.example"} }
"""
SECRET = PASSWORD + "\n"


class Stand:
    """A daemon with people and tokens in it, and a place for a saved login."""

    def __init__(self, daemon, runtime):
        self.daemon, self.runtime = daemon, runtime
        daemon.add_user("alice")
        self.count = 0

    def run(self, *words, standard_input=""):
        environment = {"PATH": os.environ["PATH"], "JETON_SOCKET": str(self.daemon.socket),
                       "XDG_RUNTIME_DIR": str(self.runtime)}
        return subprocess.run([str(BUILD / "bin" / "jeton"), *words], input=standard_input,
                              capture_output=True, text=True, timeout=30, env=environment)

    def somebody(self):
        self.count += 1
        return self.daemon.add_user(f"user{self.count}")["username"]

    def client(self):
        self.count += 1
        made = {"id": f"client{self.count}", "audiences": ["https://hs.example"]}
        return self.daemon.post("/clients", data=made, peer=True).json()["id"]

    def token(self):
        return self.daemon.token("alice")

    def save(self):
        done = self.run("login", "alice", "--password-stdin", "--save", standard_input=SECRET)
        assert done.returncode == 0, done.stderr

    def save_linked(self):
        """The same for someone who is linked to an account."""
        self.daemon.request("PATCH", "/users/alice", peer=True, data={"uid": 4999})
        self.save()

    def backup(self):
        file = str(self.runtime / "backup")
        assert self.daemon.jeton("backup", file).returncode == 0
        return file

    def sid(self):
        self.daemon.login("alice")
        return self.daemon.get("/sessions?user=alice", peer=True).json()[0]["sid"]

    def kid(self, algorithm):
        keys = self.daemon.get("/keys", peer=True).json()
        return next(key["kid"] for key in keys if key["alg"] == algorithm)


@pytest.fixture(scope="module")
def stand(tmp_path_factory):
    runtime = tmp_path_factory.mktemp("runtime")
    runtime.chmod(0o700)
    with Daemon(CONFIG) as daemon:
        yield Stand(daemon, runtime)


# What each command is given: operands, standard input, and what has to be there before.
CASES = {
    "user add": lambda s: (["newcomer", "--password-stdin"], SECRET),
    "user link": lambda s: ([s.somebody(), "4321"], ""),
    "user show": lambda s: (["alice"], ""),
    "user links": lambda s: (["alice"], ""),
    "user list": lambda s: ([], ""),
    "user edit": lambda s: ([s.somebody(), "--full-name", "Some Body"], ""),
    "user expire-password": lambda s: ([s.somebody()], ""),
    "user passwd": lambda s: ([s.somebody(), "--password-stdin"], PASSWORD + "2\n"),
    "user disable": lambda s: ([s.somebody()], ""),
    "user enable": lambda s: ([s.somebody()], ""),
    "user expire": lambda s: ([s.somebody(), "2099-01-01"], ""),
    "user unlock": lambda s: ([s.somebody()], ""),
    # Alone it prints JSON of its own, one object a line: test_user_export.py.
    "user export": lambda s: (["--out", str(s.runtime / "users")], ""),
    "user import": lambda s: (["-", "--without-passwords"], '{"username": "import-ed"}\n'),
    "user delete": lambda s: ([s.somebody()], ""),
    "passwd": lambda s: ([s.somebody(), "--password-stdin"], SECRET + PASSWORD + "2\n"),
    "login": lambda s: (["alice", "--password-stdin"], SECRET),
    "login-code": lambda s: (s.save_linked() or [], ""),
    "logout": lambda s: (s.save() or [], ""),
    "session list": lambda s: (["alice"], ""),
    "session end": lambda s: ([s.sid(), "--all"], ""),
    "revoke": lambda s: (["--user", s.somebody()], ""),
    "token": lambda s: (["alice", "--password-stdin"], SECRET),
    "whoami": lambda s: ([], s.save() or s.token()),
    "verify": lambda s: ([], s.token()),
    "inspect": lambda s: ([], s.token()),
    "status": lambda s: ([], ""),
    "key list": lambda s: ([], ""),
    "key rotate": lambda s: ([], ""),
    "key drop": lambda s: ([s.kid("ES256")], ""),
    "key export": lambda s: ([s.kid("HS256")], ""),
    "client add": lambda s: (["newcomer", "--audience", "https://hs.example"], ""),
    "client list": lambda s: ([], ""),
    "client show": lambda s: ([s.client()], ""),
    "client edit": lambda s: ([s.client(), "--name", "Some Thing"], ""),
    "client rotate-secret": lambda s: ([s.client()], ""),
    "client disable": lambda s: ([s.client()], ""),
    "client enable": lambda s: ([s.client()], ""),
    "client delete": lambda s: ([s.client()], ""),
    "backup": lambda s: ([s.backup()], ""),
    "restore": lambda s: ([s.backup(), "--socket", str(s.runtime / "run" / "jeton.sock")], ""),
    "policy test": lambda s: (["--uid", "4321", "--group", "0", "--audience",
                               "https://hs.example"], ""),
}
# Speaks to shells, in lines.
NOT_FOR_PROGRAMS = {"complete"}
# Their JSON and status tell of the host: test_doctor.py, test_pam_test.py.
ABOUT_THE_HOST = {"doctor", "pam-test"}


def test_every_command_has_its_case(stand):
    known = re.findall(r"^  (\S+(?: \S+)?)  ", stand.run("--help").stdout, re.MULTILINE)
    assert sorted(known) == sorted(set(CASES) | NOT_FOR_PROGRAMS | ABOUT_THE_HOST)


@pytest.mark.parametrize("command", CASES)
def test_json_is_one_document(stand, command):
    operands, standard_input = CASES[command](stand)
    done = stand.run(*command.split(), *operands, "--json", standard_input=standard_input)
    assert done.returncode == 0, done.stderr
    json.loads(done.stdout)


@pytest.mark.parametrize("command", ["user show nobody-at-all", "session end too-short --all",
                                     "key drop " + "A" * 43])
def test_a_refusal_is_no_success(stand, command):
    done = stand.run(*command.split(), "--json")
    assert done.returncode == 1
    assert done.stdout == "" or "error" in json.loads(done.stdout)


def test_a_saved_login_gives_its_token_in_json_too(stand):
    stand.save()
    bare = stand.run("token").stdout.strip()
    answer = json.loads(stand.run("token", "--json").stdout)
    assert answer["access_token"] == bare and answer["token_type"] == "Bearer"
    assert 800 < answer["expires_in"] <= 900


def test_a_login_that_is_saved_says_so_and_shows_no_token(stand):
    done = stand.run("login", "alice", "--password-stdin", "--save", "--json",
                     standard_input=SECRET)
    assert json.loads(done.stdout) == {"saved": str(stand.daemon.socket)}


def test_many_at_once_do_not_end_the_saved_login_by_refreshing_it(stand):
    stand.save()
    environment = {"PATH": os.environ["PATH"], "JETON_SOCKET": str(stand.daemon.socket),
                   "XDG_RUNTIME_DIR": str(stand.runtime)}
    for _ in range(4):
        many = [subprocess.Popen([str(BUILD / "bin" / "jeton"), "token", "--min-valid", "90000"],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                 env=environment) for _ in range(12)]
        assert [(one.communicate()[1], one.returncode) for one in many] == [("", 0)] * 12
