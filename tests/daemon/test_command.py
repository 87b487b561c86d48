"""The jeton command against a real daemon: what it prints, where, and how it ends."""
import json
import os
import pty
import re
import select
import signal
import subprocess
import time

import pytest
from forge import Forge
from harness import BUILD, PASSWORD, is_root

COMMANDS = ["user add", "user link", "user show", "user list", "user edit", "user passwd",
            "user disable", "user enable", "user expire",
            "user expire-password", "user delete", "passwd", "login", "token",
            "whoami", "verify", "inspect", "status", "key list", "key rotate", "key drop",
            "key export", "client add", "client list", "client show", "client edit",
            "client rotate-secret", "client disable", "client enable", "client delete",
            "policy test", "doctor", "pam-test"]


def test_help_names_every_command_and_goes_to_standard_output(jetond):
    answer = jetond.jeton("--help")
    assert answer.returncode == 0 and answer.stderr == ""
    for command in COMMANDS:
        assert re.search(rf"^  {command} ", answer.stdout, re.MULTILINE), command


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_its_own_help(jetond, command):
    answer = jetond.jeton(*command.split(), "--help")
    assert answer.returncode == 0
    assert answer.stdout.startswith(f"Usage: jeton {command} ")


def test_the_daemon_says_how_it_is_used_in_the_same_way():
    short, long = (subprocess.run([BUILD / "bin/jetond", option], capture_output=True, text=True,
                                  timeout=30) for option in ("-h", "--help"))
    assert short.returncode == long.returncode == 0
    assert short.stdout == long.stdout and long.stdout.startswith("Usage: jetond ")


@pytest.mark.parametrize("arguments", [[], ["frobnicate"], ["user"], ["user", "add"],
                                       ["login", "--frob"], ["user", "list", "--limit", "x"],
                                       ["user", "link", "alice", "1", "2"], ["status", "x"]])
def test_a_command_line_that_cannot_be_is_status_2(jetond, arguments):
    answer = jetond.jeton(*arguments)
    assert answer.returncode == 2
    assert answer.stdout == ""
    assert "jeton" in answer.stderr


def test_a_person_is_added_listed_shown_and_linked(fresh):
    jetond = fresh()
    added = jetond.jeton("user", "add", "bob", "--full-name", "Bób", "--email", "b@example.org",
                         "--role", "operator", "--admin", standard_input=PASSWORD + "\n")
    assert added.returncode == 0, added.stderr
    assert "bob" in jetond.jeton("user", "list").stdout
    shown = json.loads(jetond.jeton("user", "show", "bob", "--json").stdout)
    assert shown["full_name"] == "Bób"
    assert sorted(shown["roles"]) == ["admin", "operator"]
    assert jetond.jeton("user", "link", "bob", "4321").returncode == 0
    assert json.loads(jetond.jeton("user", "show", "1", "--json").stdout)["uid"] == 4321
    assert jetond.jeton("user", "link", "bob", "--remove").returncode == 0
    assert json.loads(jetond.jeton("user", "show", "bob", "--json").stdout)["uid"] is None


def test_a_refusal_is_status_1_and_says_what_to_do(jetond):
    again = jetond.jeton("user", "add", "alice", standard_input=PASSWORD + "\n")
    assert again.returncode == 1 and again.stdout == ""
    assert "taken" in again.stderr
    short = jetond.jeton("user", "add", "zoe", standard_input="short\n")
    assert short.returncode == 1
    assert "password" in short.stderr
    wrong = jetond.jeton("login", "alice", standard_input="wrong\n")
    assert wrong.returncode == 1 and wrong.stdout == ""
    assert "wrong user name or password" in wrong.stderr


def test_a_login_prints_the_token_alone(jetond):
    answer = jetond.jeton("login", "alice", standard_input=PASSWORD + "\n")
    assert answer.returncode == 0
    assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+\n", answer.stdout)
    header = jetond.jeton("token", "alice", "--header", standard_input=PASSWORD + "\n").stdout
    assert header.startswith("Authorization: Bearer ey")
    whole = json.loads(jetond.jeton("login", "alice", "--json", "--audience",
                                    "https://metrics.example", standard_input=PASSWORD + "\n").stdout)
    assert whole["expires_in"] == 300 and whole["scope"] == "metrics:read"


@pytest.fixture
def token(jetond):
    return jetond.token("alice")


def test_verify_is_0_for_a_good_token_and_1_for_any_other(jetond, token):
    good = jetond.jeton("verify", standard_input=token)
    assert good.returncode == 0 and good.stdout.startswith("valid\n")
    claims = json.loads(jetond.jeton("verify", "--json", standard_input=token).stdout)
    assert "alice" in json.dumps(claims)
    changed = token[:-10] + ("A" if token[-10] != "A" else "B") + token[-9:]
    for bad, options in ((changed, []), ("x", []), (token, ["--audience", "https://other"])):
        answer = jetond.jeton("verify", *options, standard_input=bad)
        assert answer.returncode == 1
        assert "valid\n" not in answer.stdout.splitlines(True)[:1]


def test_inspect_says_that_it_verified_nothing(jetond, token):
    head, _, tail = token.rpartition(".")
    answer = jetond.jeton("inspect", standard_input=head + "." + tail[::-1])
    assert answer.returncode == 0
    assert "not verified" in (answer.stdout + answer.stderr).lower()
    assert "alice" in answer.stdout


def test_whoami_finds_the_token_where_the_environment_says(jetond, token, tmp_path):
    file = tmp_path / "token"
    file.write_text(token + "\n")
    for extra in ({"BEARER_TOKEN": token}, {"BEARER_TOKEN_FILE": str(file)}):
        answer = subprocess.run([str(BUILD / "bin/jeton"), "whoami", "--json"], text=True,
                                capture_output=True, timeout=20,
                                env={"JETON_SOCKET": str(jetond.socket), **extra})
        assert json.loads(answer.stdout)["username"] == "alice", answer.stderr
    assert "alice" in jetond.jeton("whoami", "--token-file", str(file)).stdout
    nobody = jetond.jeton("whoami")
    assert str(os.getuid()) in nobody.stdout


def test_a_token_of_seconds_is_told_so_and_one_that_is_over_is_not_at_hand(fresh):
    jetond = fresh("access-lifetime = 10s\n")
    jetond.add_user("alice")
    login = jetond.jeton("login", "alice", standard_input=PASSWORD + "\n")
    assert login.stderr == "The token is good for 10 seconds.\n"
    # Within what libjeton grants to clocks that differ, so that it verifies.
    forge = Forge(login.stdout.strip(), jetond.state / "keys")
    over = jetond.directory / "over"
    over.write_text(forge.with_claims(exp=int(time.time()) - 5))
    whoami = jetond.jeton("whoami", "--token-file", str(over))
    assert whoami.returncode == 1 and whoami.stderr == "jeton: the token at hand has expired\n"


def test_status_tells_of_a_daemon_that_is_there_and_of_one_that_is_not(fresh):
    jetond = fresh()
    good = jetond.jeton("status")
    assert good.returncode == 0
    assert "https://host.example" in good.stdout and "ES256" in good.stdout
    jetond.stop()
    bad = jetond.jeton("status")
    assert bad.returncode == 1
    assert "is it running" in bad.stderr


def test_what_came_from_outside_reaches_no_terminal_raw(jetond):
    """A token of somebody else's with an escape sequence in it."""
    import base64
    part = base64.urlsafe_b64encode(b'{"alg":"\\u001b[31mred"}').rstrip(b"=").decode()
    answer = jetond.jeton("inspect", standard_input=f"{part}.{part}.AAAA")
    assert "\x1b" not in answer.stdout + answer.stderr


def test_an_ordinary_account_is_told_who_may(jetond):
    if not is_root():
        pytest.skip("needs root to become another uid")
    answer = subprocess.run(["setpriv", "--reuid", "65533", "--clear-groups",
                             str(BUILD / "bin/jeton"), "user", "list"], text=True, timeout=20,
                            capture_output=True, env={"PATH": os.environ["PATH"],
                                                      "JETON_SOCKET": str(jetond.socket)})
    assert answer.returncode == 1


class Terminal:
    """The command on a pseudo-terminal of its own."""

    def __init__(self, jetond, *arguments):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            # Whoever runs the tests in the background has it ignored, and so would the command.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.execve(str(BUILD / "bin/jeton"), ["jeton", *arguments],
                      {"PATH": os.environ["PATH"], "JETON_SOCKET": str(jetond.socket)})
        self.said = b""

    def read_until(self, words, seconds=10):
        deadline = time.monotonic() + seconds
        while words not in self.said:
            assert time.monotonic() < deadline, self.said
            if select.select([self.fd], [], [], 0.1)[0]:
                self.said += os.read(self.fd, 4096)

    def type(self, text):
        os.write(self.fd, text.encode())

    def end(self):
        while True:
            try:
                more = os.read(self.fd, 4096)
            except OSError:
                break
            if not more:
                break
            self.said += more
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        return status


def test_a_password_typed_on_a_terminal_is_not_shown(jetond):
    terminal = Terminal(jetond, "login", "alice")
    terminal.read_until(b"assword")
    terminal.type(PASSWORD + "\n")
    assert os.waitstatus_to_exitcode(terminal.end()) == 0
    assert PASSWORD.encode() not in terminal.said
    assert re.search(rb"ey[\w-]+\.[\w-]+\.[\w-]+", terminal.said)


def test_a_new_password_is_asked_for_twice(jetond):
    terminal = Terminal(jetond, "user", "add", "twice")
    terminal.read_until(b"assword")
    terminal.type(PASSWORD + "\n")
    terminal.read_until(b"Once more")
    terminal.type(PASSWORD + "x\n")
    assert os.waitstatus_to_exitcode(terminal.end()) == 1
    assert jetond.get("/users/twice", peer=True).status == 404


def test_an_interrupt_at_the_prompt_ends_the_command(jetond):
    terminal = Terminal(jetond, "login", "alice")
    terminal.read_until(b"assword")
    terminal.type("\x03")
    status = terminal.end()
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGINT
