"""pam_unix as a source of passwords, within the sandbox of the packaged unit: /etc/shadow is read,
nothing can be written, and nothing is left behind."""
from pathlib import Path

import pytest
from harness import PASSWORD
from machine import wait_until

START_SECONDS = 20
SECRET = "of pat's local account"
SOURCES = 'source "database" { }\nsource "pam:jeton-local" { timeout = "5s" }\n'
STACK = "auth required pam_unix.so\naccount required pam_unix.so\n"


@pytest.fixture
def with_source(host):
    Path(host.root, "etc/pam.d/jeton-local").write_text(STACK)
    host.get("chpasswd", text=f"pat:{SECRET}\nsam:{SECRET}\n")
    with host.config(SOURCES):
        host.get("systemctl", "restart", "jetond")
        yield host
    host.get("usermod", "--lock", "pat")
    host.get("usermod", "--lock", "sam")
    host.get("systemctl", "restart", "jetond")
    wait_until("the service is back", START_SECONDS,
               lambda: host.jeton("login", "pat", text=PASSWORD + "\n").returncode == 0)


def log_in(host, name, password):
    host.jeton("user", "unlock", name)
    return host.jeton("login", name, text=password + "\n").returncode


def test_the_password_of_a_local_account_logs_in_the_person_linked_to_it(with_source):
    host = with_source
    assert log_in(host, "pat", SECRET) == 0, host.journal()
    assert log_in(host, "pat", PASSWORD) == 0
    assert log_in(host, "pat", "wrong") != 0
    assert log_in(host, "sam", SECRET) != 0  # nobody is linked to him
    host.get("usermod", "--expiredate", "1970-01-02", "pat")
    assert log_in(host, "pat", SECRET) != 0
    host.get("usermod", "--expiredate", "", "pat")
    assert log_in(host, "pat", SECRET) == 0
    assert "jetond-pam" not in {program for program, _ in host.processes().values()}
    assert SECRET not in host.journal()
