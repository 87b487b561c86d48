"""Tokens in sessions of the real sshd: after a login with a key, which jeton never saw, and after one
with a password."""
import base64
import json
import signal
from pathlib import Path

import pytest
from harness import PASSWORD
from machine import missing, wait_until

pytestmark = pytest.mark.skipif(bool(missing()), reason=f"not there: {' '.join(missing())}")

SSHD_STACK = """
auth     sufficient pam_jeton.so
auth     required   pam_unix.so try_first_pass
account  required   pam_unix.so
account  required   pam_jeton.so
session  required   pam_unix.so
session  optional   pam_jeton.so
"""
KEY = "/root/key-of-pat"
ASK = "/root/say-the-password"
SSH = ["ssh", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
       "-o", "LogLevel=ERROR"]
LIFETIME = 10


def claims_of(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


@pytest.fixture(scope="module")
def sshd(with_pat):
    """pat has a key, and tokens live for ten seconds; as installed again at the end."""
    host, stack = with_pat, Path(with_pat.root, "etc/pam.d/sshd")
    shipped = stack.read_text()
    host.get("systemctl", "start", "jetond")
    host.get("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", KEY)
    host.get("sh", "-c", f"install -d -o pat -g pat -m 700 /home/pat/.ssh && install -o pat -g pat "
                         f"-m 600 {KEY}.pub /home/pat/.ssh/authorized_keys")
    Path(host.root, ASK[1:]).write_text(f"#!/bin/sh\necho '{PASSWORD}'\n")
    Path(host.root, ASK[1:]).chmod(0o700)
    stack.write_text(SSHD_STACK)
    host.get("systemctl", "start", "ssh")
    with host.config(f"access-lifetime = {LIFETIME}s\n"):
        host.get("systemctl", "reload", "jetond")
        wait_until("the lifetime is in force", 10,
                   lambda: "settings are in force" in host.journal())
        yield host
    host.get("systemctl", "reload", "jetond")
    stack.write_text(shipped)


class Session:
    """An ssh that stays: the name of its token's file is the first that it says."""

    def __init__(self, host, *how):
        self.host = host
        self.ssh = host.start(*how, "pat@127.0.0.1", 'echo "$BEARER_TOKEN_FILE"; exec sleep 100')
        self.file = self.ssh.stdout.readline().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ssh.kill()
        self.ssh.wait()

    def read(self, user):
        return self.host.run("cat", self.file, user=user)

    def token(self):
        answer = self.read("pat")
        assert answer.returncode == 0, (self.file, answer)
        return answer.stdout.strip()

    def is_active(self, token):
        return self.host.run("jeton", "whoami", "--token-file", "-", text=token).returncode == 0

    def wait_until_gone(self):
        wait_until("the file is gone", 10,
                   lambda: self.host.run("test", "-e", self.file).returncode)


def with_key(host):
    return Session(host, *SSH, "-i", KEY)


def with_password(host):
    return Session(host, "env", f"SSH_ASKPASS={ASK}", "SSH_ASKPASS_REQUIRE=force", *SSH,
                   "-o", "PubkeyAuthentication=no")


def test_a_login_with_a_key_has_a_token(sshd):
    with with_key(sshd) as session:
        claims = claims_of(session.token())
        assert session.is_active(session.token())
    assert claims["username"] == "pat" and claims["amr"] == ["peer"]
    assert claims["uid"] == int(sshd.get("id", "-u", "pat")) and claims["sid"] in session.file


def test_a_login_with_a_password_says_so(sshd):
    with with_password(sshd) as session:
        claims = claims_of(session.token())
    assert claims["amr"] == ["pwd"] and claims["exp"] - claims["iat"] == LIFETIME


def test_every_program_of_the_session_finds_it(sshd):
    said = sshd.get(*SSH, "-i", KEY, "pat@127.0.0.1", "sh -c 'jeton token --min-valid 1; jeton whoami'")
    token, *who = said.splitlines()
    assert claims_of(token)["username"] == "pat" and "pat" in "\n".join(who)


def test_nobody_else_reads_it(sshd):
    with with_key(sshd) as session:
        for user in ("sam", "jeton-signer", "jeton-frontend", "jeton-worker"):
            answer = session.read(user)
            assert answer.returncode and "Permission denied" in answer.stderr, user
        assert sshd.run("ls", str(Path(session.file).parent), user="sam").returncode
        assert sshd.run("sh", "-c", f"echo x >{session.file}", user="pat").returncode
        assert session.is_active(session.token())


def test_it_is_fresh_after_half_of_its_life_and_after_all_of_it(sshd):
    with with_key(sshd) as session:
        first = session.token()
        wait_until("another token", LIFETIME, lambda: session.token() != first)
        assert session.is_active(first) and session.is_active(session.token())
        wait_until("the first has expired", 2 * LIFETIME, lambda: not session.is_active(first))
        assert session.is_active(session.token())


def test_it_is_gone_after_the_logout(sshd):
    with with_key(sshd) as session:
        token = session.token()
        session.ssh.send_signal(signal.SIGTERM)
        session.wait_until_gone()
    assert not session.is_active(token)


def sshd_of_session(host):
    """The process that opened the session: root's, above the one of pat."""
    lines = host.get("ps", "-eo", "pid,user,args").splitlines()
    pids = [line.split()[0] for line in lines if "sshd" in line and "pat [priv]" in line]
    assert len(pids) == 1, lines
    return pids[0]


def test_it_is_gone_when_its_sshd_was_killed(sshd):
    wait_until("no session is left", 10, lambda: "pat [priv]" not in sshd.get("ps", "-eo", "args"))
    with with_key(sshd) as session:
        token = session.token()
        sshd.get("kill", "-9", sshd_of_session(sshd))
        session.wait_until_gone()
        assert not session.is_active(token)


def test_it_outlives_a_restart_of_the_service(sshd):
    with with_key(sshd) as session:
        first = session.token()
        sshd.get("systemctl", "restart", "jetond")
        if not known_again(sshd):
            session.wait_until_gone()
            return
        wait_until("another token", 10, lambda: session.token() != first)
        assert claims_of(session.token())["sid"] == claims_of(first)["sid"]


def known_again(host):
    """Linux 6.9 and later know a process again."""
    major, minor = host.get("uname", "-r").split(".")[:2]
    return (int(major), int(minor)) >= (6, 9)


def test_without_the_service_the_login_is_as_ever(sshd):
    """The account phase is the one that refuses; a session never does."""
    stack = Path(sshd.root, "etc/pam.d/sshd")
    stack.write_text(SSHD_STACK.replace("account  required   pam_jeton.so\n", ""))
    sshd.get("systemctl", "stop", "jetond")
    try:
        said = sshd.get(*SSH, "-i", KEY, "pat@127.0.0.1", 'echo "in${BEARER_TOKEN_FILE-side}"')
    finally:
        sshd.get("systemctl", "start", "jetond")
        stack.write_text(SSHD_STACK)
    assert said == "inside\n"


def test_root_and_people_of_no_user_log_in_without_one(sshd):
    sshd.get("sh", "-c", "cp -r /home/pat/.ssh /home/sam/ && chown -R sam:sam /home/sam/.ssh")
    said = sshd.get(*SSH, "-i", KEY, "sam@127.0.0.1", 'echo "in${BEARER_TOKEN_FILE-side}"')
    assert said == "inside\n"
