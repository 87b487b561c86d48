"""The programs through which people log in, with the stacks that Debian has and that `pam-auth-update
--enable jeton` makes of them: the fixture `people`, which tests/system/conftest.py hands on, and how a
person uses each program."""
import errno
import fcntl
import os
import re
import struct
import subprocess
import time
from pathlib import Path

import pytest
from harness import PASSWORD
from machine import wait_until

LOCAL = "the password in shadow"
KEY = "/root/key-of-people"
ASK = "/root/say-what-is-told"
# Whoever asks for a new password says so.
SAY = """#!/bin/sh
case $1 in
*[Nn]"ew password"*) printf '%s\\n' "$NEW" ;;
*) printf '%s\\n' "$ANSWER" ;;
esac
"""
SSH = ["ssh", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
       "-o", "LogLevel=ERROR", "-o", "NumberOfPasswordPrompts=1"]
FOR_SSHD = "etc/ssh/sshd_config.d/jeton.conf"
FOR_SUDO = "etc/sudoers.d/people"
PERMISSIONS = """Defaults passwd_tries=1, !lecture
pat, sam, lin ALL=(ALL:ALL) ALL
"""
# Newer ones keep a host waiting whose logins fail, and here everybody comes from one.
SETTINGS = ["KbdInteractiveAuthentication yes", "PerSourcePenalties no"]
CONSOLE_SECONDS = 20


def switch_profile(host, how):
    host.get("env", "DEBIAN_FRONTEND=noninteractive", "pam-auth-update", how, "jeton")


def give_keys(host, *accounts):
    host.get("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", KEY)
    for account in accounts:
        host.get("sh", "-c", f"install -d -o $0 -g $0 -m 700 /home/$0/.ssh && install -o $0 -g $0 "
                             f"-m 600 {KEY}.pub /home/$0/.ssh/authorized_keys", account)


def restart_sshd(host, settings=()):
    known = [line for line in settings
             if host.run("sshd", "-t", "-o", line.replace(" ", "=")).returncode == 0]
    Path(host.root, FOR_SSHD).write_text("".join(f"{line}\n" for line in known))
    host.get("systemctl", "restart", "ssh")


@pytest.fixture(scope="module")
def as_people_have_it(with_pat):
    """pat has jeton's password alone, sam one in shadow alone and no user, lin both; each has a key."""
    host = with_pat
    host.get("systemctl", "start", "jetond")
    host.get("useradd", "--create-home", "lin")
    host.get("chpasswd", text=f"sam:{LOCAL}\nlin:{LOCAL}\n")
    host.get("jeton", "user", "add", "lin", "--link", text=PASSWORD + "\n")
    give_keys(host, "pat", "sam", "lin")
    Path(host.root, ASK[1:]).write_text(SAY)
    Path(host.root, ASK[1:]).chmod(0o700)
    Path(host.root, FOR_SUDO).write_text(PERMISSIONS)
    restart_sshd(host, SETTINGS)
    switch_profile(host, "--enable")
    yield host
    host.get("systemctl", "start", "jetond")
    switch_profile(host, "--disable")
    restart_sshd(host)
    host.get("jeton", "user", "delete", "lin")
    host.get("userdel", "--force", "--remove", "lin")
    host.get("rm", KEY, KEY + ".pub", "/" + FOR_SUDO)


@pytest.fixture
def people(as_people_have_it):
    """Nobody waits for his guesses when the test begins, whatever the one before it did."""
    host = as_people_have_it
    for user in ("pat", "lin"):
        host.get("jeton", "user", "unlock", user)
    return host


class Login:
    """What came of it: whether the person got in, what the program said, and how long it took."""

    def __init__(self, got_in, said, seconds):
        self.got_in, self.said, self.seconds = got_in, said, seconds

    def __repr__(self):
        return f"<got in: {self.got_in}, {self.seconds:.1f} s, {self.said!r}>"


def login_of(host, *command, **how):
    """The last word of each command that is run inside is `in` and the rest of what it says."""
    began = time.monotonic()
    answer = host.run(*command, **how)
    said = answer.stdout.strip().rpartition("in:")
    return Login(bool(said[1]), said[2] if said[1] else answer.stdout + answer.stderr,
                 time.monotonic() - began)


def saying(what):
    """For a shell: says that it is in, and what a variable or command gives."""
    return f'echo "in:{what}"'


UID = saying("$(id -u)")
TOKEN = saying("$(cat $BEARER_TOKEN_FILE)")
FILE = saying("${BEARER_TOKEN_FILE-none}")


def by_ssh(host, who, password, method="password", what=UID, new=""):
    return login_of(host, "env", f"SSH_ASKPASS={ASK}", "SSH_ASKPASS_REQUIRE=force",
                    f"ANSWER={password}", f"NEW={new}", *SSH,
                    "-o", f"PreferredAuthentications={method}", f"{who}@127.0.0.1", what)


def by_key(host, who, what=UID):
    return login_of(host, *SSH, "-o", "PreferredAuthentications=publickey", "-i", KEY,
                    f"{who}@127.0.0.1", what)


def by_sudo(host, who, password):
    return login_of(host, "sudo", "-k", "-S", "-p", "", "sh", "-c", UID, text=password + "\n",
                    user=who)


def by_su(host, who, password, what=UID, starter="sam"):
    return login_of(host, "su", who, "-c", what, text=password + "\n", user=starter)


TIOCGPTN, TIOCSPTLCK = 0x80045430, 0x40045431  # its number; whether it is locked


def open_terminal(host):
    """The two ends of one of the machine's own."""
    folder = f"/proc/{host.systemd}/root/dev/pts"
    ours = os.open(f"{folder}/ptmx", os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    fcntl.ioctl(ours, TIOCSPTLCK, struct.pack("i", 0))
    number, = struct.unpack("i", fcntl.ioctl(ours, TIOCGPTN, struct.pack("i", 0)))
    return ours, os.open(f"{folder}/{number}", os.O_RDWR | os.O_NOCTTY)


class Terminal:
    """A program of the machine's on a terminal of its own, of a session of its own."""

    def __init__(self, host, *command):
        self.seen = ""
        self.ours, theirs = open_terminal(host)
        self.process = subprocess.Popen(host.inside("setsid", "--ctty", "--wait", *command),
                                        stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.ours)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def type(self, line):
        os.write(self.ours, line.encode() + b"\n")

    def read(self):
        """What there is. Debian 13's login hangs the terminal up and opens it anew: until then there
        is nobody at its other end."""
        try:
            return os.read(self.ours, 65536)
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.EIO):
                return b""
            raise

    def look_for(self, pattern):
        self.seen += self.read().decode(errors="replace")
        return re.search(pattern, self.seen)

    def has_ended(self):
        return self.process.poll() is not None

    def wait_for(self, pattern):
        return wait_until(f"{pattern!r} on the terminal", CONSOLE_SECONDS,
                          lambda: self.look_for(pattern))


def at_console(host, who, password, what="$(id -u)", new=None):
    """login(1); what is typed is seen on the terminal too, and has no brackets around a value."""
    answers = [("Password:", password)]
    if new:
        answers += [("Current password:", password), ("New password:", new), ("Retype new", new)]
    began = time.monotonic()
    with Terminal(host, "login", who) as terminal:
        for prompt, answer in answers:
            terminal.wait_for(prompt)
            terminal.type(answer)
        # Whom the account phase refuses is not told "incorrect" by every login(1).
        wait_until("a shell or a refusal", CONSOLE_SECONDS,
                   lambda: terminal.look_for(r"incorrect|[#$] $") or terminal.has_ended())
        if not terminal.look_for(r"[#$] $"):
            return Login(False, terminal.seen, time.monotonic() - began)
        seconds = time.monotonic() - began
        terminal.type(f"printf '<%s>' \"{what}\"; exit")
        return Login(True, terminal.wait_for(r"<([^%>]*)>")[1], seconds)


def by_cron(host, who, what=UID):
    """A job that cron runs when it starts."""
    job, said = Path(host.root, "etc/cron.d/once"), "/var/tmp/said-by-job"
    host.get("systemctl", "stop", "cron")
    host.get("rm", "-f", "/run/crond.reboot", said)
    job.write_text(f"@reboot {who} ({what}) >{said} 2>&1\n")
    began = time.monotonic()
    host.get("systemctl", "start", "cron")
    try:
        answer = wait_until("the job has run", CONSOLE_SECONDS,
                            lambda: host.run("cat", said).stdout.strip())
    finally:
        job.unlink()
    return Login(answer.startswith("in:"), answer.removeprefix("in:"), time.monotonic() - began)


def is_there(host, file):
    return host.run("test", "-e", file).returncode == 0
