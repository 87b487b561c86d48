"""One-time login codes at the prompt of the real sshd, in both ways that it asks, and of sudo."""
import base64
import json
from pathlib import Path

import pytest
from harness import PASSWORD
from machine import missing

pytestmark = pytest.mark.skipif(bool(missing()), reason=f"not there: {' '.join(missing())}")

SSHD_STACK = """
auth     sufficient pam_jeton.so
auth     required   pam_deny.so
account  required   pam_unix.so
account  required   pam_jeton.so
session  required   pam_unix.so
session  optional   pam_jeton.so
"""
ASK = "/root/say-the-code"
SSH = ["env", f"SSH_ASKPASS={ASK}", "SSH_ASKPASS_REQUIRE=force", "ssh",
       "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
       "-o", "PubkeyAuthentication=no", "-o", "NumberOfPasswordPrompts=1"]
METHODS = ["keyboard-interactive", "password"]


@pytest.fixture(scope="module")
def with_ssh(with_pat):
    host = with_pat
    stack, settings = Path(host.root, "etc/pam.d/sshd"), Path(host.root, "etc/ssh/sshd_config.d")
    shipped, ours = stack.read_text(), settings / "jeton-test.conf"
    stack.write_text(SSHD_STACK)
    ours.write_text("KbdInteractiveAuthentication yes\nPasswordAuthentication yes\n")
    host.get("systemctl", "restart", "ssh")
    yield host
    stack.write_text(shipped)
    ours.unlink()
    host.get("systemctl", "restart", "ssh")


@pytest.fixture
def sshd(with_ssh, host):
    return host


def log_in(host, says, *command, method=METHODS[0]):
    """One ssh of pat's, at whose prompt that is typed."""
    script = Path(host.root, ASK[1:])
    script.write_text(f"#!/bin/sh\necho '{says}'\n")
    script.chmod(0o700)
    return host.run(*SSH, "-o", f"PreferredAuthentications={method}", "pat@127.0.0.1", *command)


def code_for(host, service):
    host.get("jeton", "login", "pat", "--save", "--password-stdin", text=PASSWORD + "\n")
    return host.get("jeton", "login-code", "--service", service).strip()


def claims_of(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


@pytest.mark.parametrize("method", METHODS)
def test_a_code_at_the_prompt_of_ssh_once(sshd, method):
    code = code_for(sshd, "ssh")
    answer = log_in(sshd, code, "id", "-un", method=method)
    assert (answer.returncode, answer.stdout) == (0, "pat\n"), (answer, sshd.journal())
    assert log_in(sshd, code, "id", "-un", method=method).returncode
    sshd.get("jeton", "user", "unlock", "pat")
    assert log_in(sshd, PASSWORD, "id", "-un", method=method).returncode == 0


def test_as_it_is_dictated(sshd):
    assert log_in(sshd, code_for(sshd, "ssh").lower().replace("-", ""), "true").returncode == 0


@pytest.mark.parametrize("method,amr", zip(METHODS, ["peer", "otp"]))
def test_a_session_that_a_code_opened_makes_no_other(sshd, method, amr):
    """sshd asks keyboard-interactive in a process of its own, whose ticket the session never sees."""
    answer = log_in(sshd, code_for(sshd, "ssh"), 'cat "$BEARER_TOKEN_FILE"; jeton login-code',
                    method=method)
    token, *more = answer.stdout.split()
    assert claims_of(token)["amr"] == [amr] and claims_of(token)["username"] == "pat"
    assert answer.returncode and "log in again" in answer.stderr and not more


def test_no_code_is_made_for_sudo_nor_taken_there(sshd):
    refused = sshd.run("jeton", "login-code", "--service", "sudo")
    assert refused.returncode and "no login codes" in refused.stderr
    code = code_for(sshd, "ssh")
    asked = ["pamtester", "sudo", "pat", "authenticate"]
    stack = Path(sshd.root, "etc/pam.d/sudo")
    shipped = stack.read_text() if stack.exists() else None
    stack.write_text("auth required pam_jeton.so\naccount required pam_permit.so\n")
    try:
        assert sshd.run(*asked, text=code + "\n").returncode
        sshd.get("jeton", "user", "unlock", "pat")
        assert sshd.run(*asked, text=PASSWORD + "\n").returncode == 0
    finally:
        stack.unlink() if shipped is None else stack.write_text(shipped)
    assert log_in(sshd, code, "true").returncode == 0
