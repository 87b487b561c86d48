"""The shells' completion: what `jeton complete` offers is what the command takes, and bash, zsh and
fish offer that."""
import os
import pty
import re
import select
import subprocess
import time

import pytest
from harness import BUILD, TOP

FILES = TOP / "packaging/completions"
PATH = f"{BUILD / 'bin'}:{os.environ['PATH']}"


def jeton(*arguments):
    return subprocess.run([BUILD / "bin/jeton", *arguments], text=True, capture_output=True,
                          timeout=20)


def candidates(*words):
    answer = jeton("complete", "--", *words)
    assert answer.returncode == 0 and answer.stderr == ""
    return [line.split("\t")[0] for line in answer.stdout.splitlines()]


COMMANDS = re.findall(r"^  ([\w-]+(?: [\w-]+)*)  ", jeton("--help").stdout, re.MULTILINE)


def test_the_commands_are_those_of_the_help():
    assert len(COMMANDS) > 20
    first = candidates("")
    assert sorted(first) == sorted({command.split()[0] for command in COMMANDS})
    for family in {command.split()[0] for command in COMMANDS if " " in command}:
        assert sorted(candidates(family, "")) == sorted(
            command.split()[1] for command in COMMANDS if command.startswith(family + " "))


@pytest.mark.parametrize("command", COMMANDS)
def test_the_options_are_those_of_the_commands_help(command):
    options = re.findall(r"^  (--[\w-]+)", jeton(*command.split(), "--help").stdout, re.MULTILINE)
    assert candidates(*command.split(), "--") == options
    assert len(options) >= 3


@pytest.mark.parametrize("words, expected", [
    (["key", "ro"], ["rotate"]),
    (["key", "rotate", "--alg", ""], ["ES256", "RS256", "EdDSA", "HS256"]),
    (["key", "rotate", "--alg=E"], ["--alg=ES256", "--alg=EdDSA"]),
    (["--alg", "E"], ["ES256", "EdDSA"]),
    (["verify", "--token-file", "x"], [":file"]),
    (["verify", "--token-file=x"], [":file"]),
    (["verify", "--audience", ""], []),
    (["user", "show", ""], []),
    (["user", "import", "x"], [":file"]),
    (["user", "import", "x", "y"], []),
    (["user", "import", "x", "--format", ""], ["shadow", "csv", "json", "sqlite"]),
    (["user", "export", "--format", ""], ["json", "csv"]),
    (["user", "export", "--format=c"], ["--format=csv"]),
    (["--format", ""], []),
    (["--json", "user", "sh"], ["show"]),
    (["frobnicate", ""], []),
    (["frobnicate", "--"], ["--help", "--version"]),
    (["status", "--", "--"], []),
    (["-"], ["--help", "--version"]),
    (["token", "--out", ""], [":file"]),
    (["client", "r"], ["rotate-secret"]),
])
def test_what_is_offered_follows_from_the_words_before(words, expected):
    assert candidates(*words) == expected


def test_an_option_that_is_there_is_offered_again_only_where_it_may_repeat():
    offered = candidates("user", "add", "x", "--role", "a", "--email", "b", "--")
    assert "--role" in offered and "--email" not in offered


def test_every_value_that_is_offered_is_taken(jetond):
    for algorithm in candidates("key", "rotate", "--alg", ""):
        answer = jetond.jeton("key", "rotate", "--alg", algorithm, "--json")
        assert answer.returncode == 0 or "no key" in answer.stderr, answer.stderr


def test_without_a_word_it_is_a_usage_error():
    assert jeton("complete").returncode == 2


# --- bash ---

BASH = r"""
. /usr/share/bash-completion/bash_completion
_completion_loader jeton
complete -p jeton
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
"$(complete -p jeton | sed 's/.*-F \([^ ]*\).*/\1/')" jeton "${COMP_WORDS[COMP_CWORD]}" ""
printf '%s\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def share(tmp_path):
    """The files as they are installed under a folder of XDG_DATA_DIRS."""
    for name, place in (("jeton.bash", "bash-completion/completions/jeton"),
                        ("jeton.fish", "fish/vendor_completions.d/jeton.fish")):
        (tmp_path / place).parent.mkdir(parents=True)
        (tmp_path / place).symlink_to(FILES / name)
    return tmp_path


def environment(share):
    return {"PATH": PATH, "HOME": str(share), "TERM": "dumb", "LC_ALL": "C.UTF-8",
            "XDG_DATA_DIRS": f"{share}:/usr/local/share:/usr/share"}


def bash(share, *words):
    answer = subprocess.run(["bash", "--norc", "-c", BASH, "bash", "jeton", *words], text=True,
                            capture_output=True, timeout=20, env=environment(share), cwd=share)
    first, *replies = answer.stdout.splitlines()
    assert first == "complete -F _jeton jeton", answer
    return replies


@pytest.mark.parametrize("words, expected", [
    (["key", "ro"], ["rotate"]),
    (["key", "rotate", "--alg", "R"], ["RS256"]),
    (["key", "rotate", "--alg", "=", "E"], ["ES256", "EdDSA"]),
    (["key", "rotate", "--alg", "="], ["ES256", "RS256", "EdDSA", "HS256"]),
    (["verify", "--audience", "https", ":", "//x.example", "--token-file", "to"],
     ["token-a", "token b"]),
    (["verify", "--token-file", "=", "token-"], ["token-a"]),
])
def test_bash_finds_it_and_offers_the_same(share, words, expected):
    (share / "token-a").touch()
    (share / "token b").touch()
    assert sorted(bash(share, *words)) == sorted(expected)


def test_bash_offers_every_command(share):
    assert sorted(bash(share, "")) == sorted(candidates(""))


# --- fish ---

@pytest.mark.parametrize("line, expected", [
    ("jeton key ro", ["rotate"]),
    ("jeton key rotate --alg E", ["EdDSA", "ES256"]),
    ("jeton key rotate --alg=R", ["--alg=RS256"]),
    ("jeton verify --token-file tok", ["token-a"]),
    ("jeton verify --token-file=tok", ["--token-file=token-a"]),
    ("jeton verify ", None),
])
def test_fish_finds_it_and_offers_the_same(share, line, expected):
    (share / "token-a").touch()
    answer = subprocess.run(["fish", "-c", f"complete -C {line!r}"], text=True, timeout=20,
                            capture_output=True, env=environment(share), cwd=share)
    offered = [one.split("\t")[0] for one in answer.stdout.splitlines()]
    expected = candidates("verify", "") if expected is None else expected
    assert sorted(offered) == sorted(expected), answer


# --- on a terminal ---

class Shell:
    """An interactive shell on a pseudo-terminal of its own."""

    def __init__(self, command, env, cwd):
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=env,
                                        cwd=cwd, start_new_session=True)
        os.close(slave)
        self.seen = ""

    def type(self, text, until, seconds=10):
        """What is seen from the typing on until the pattern is there."""
        start = len(self.seen)
        os.write(self.master, text.encode())
        deadline = time.monotonic() + seconds
        while not re.search(until, self.seen[start:]):
            assert select.select([self.master], [], [], max(0, deadline - time.monotonic()))[0], \
                self.seen
            self.seen += os.read(self.master, 4096).decode(errors="replace")
        return self.seen[start:]

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.master)


SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"],
             ". /usr/share/bash-completion/bash_completion\n"),
    "zsh": (["zsh", "-f", "-i"],
            f"fpath=({FILES} $fpath); autoload -U compinit; compinit -u -D\n"),
}


@pytest.fixture(params=SHELLS)
def shell(request, share):
    command, setup = SHELLS[request.param]
    shell = Shell(command, {**environment(share), "PS1": "$ "}, share)
    shell.type(setup + "echo re''ady\n", r"ready\r\n")
    yield shell
    shell.close()


def completed(shell, typed):
    """The line after a tab: with a word put before it, it is one that is printed."""
    seen = shell.type(typed + "\t\x01echo :\x05:\n", r"\n:jeton [^\r\n]*:\r\n")
    return re.search(r"\n:(jeton [^\r\n]*):\r\n", seen)[1].split()


@pytest.mark.parametrize("typed, expected", [
    ("jeton key ro", "jeton key rotate"),
    ("jeton key rotate --al", "jeton key rotate --alg"),
    ("jeton key rotate --alg R", "jeton key rotate --alg RS256"),
    ("jeton key rotate --alg=Ed", "jeton key rotate --alg=EdDSA"),
    ("jeton verify --token-file=tok", "jeton verify --token-file=token-a"),
])
def test_a_tab_on_a_terminal_completes_the_word(shell, share, typed, expected):
    (share / "token-a").touch()
    assert completed(shell, typed) == expected.split()
