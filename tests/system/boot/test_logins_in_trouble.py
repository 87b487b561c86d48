"""Whatever is wrong with the daemon: with the shipped profile root and local passwords get in by the
real programs, jeton's passwords do not, and everybody is answered in time."""
import os
import time
from contextlib import contextmanager
from pathlib import Path
from socket import AF_UNIX, socket

import pytest
from booted import ROOT_PASSWORD
from harness import PASSWORD
from logins import FILE, LOCAL, at_console, by_cron, by_key, by_ssh, by_su, by_sudo
from machine import missing

pytestmark = pytest.mark.skipif(bool(missing()), reason=f"not there: {' '.join(missing())}")

DEADLINE = 3  # the module's, unless told
DELAY = 3  # of pam_unix, after a wrong password
NOISE = 3  # of a busy machine


def socket_of(host):
    return Path(f"/proc/{host.systemd}/root/run/jeton/jeton.sock")


@contextmanager
def stopped(host):
    host.get("systemctl", "stop", "jetond")
    yield


@contextmanager
def hung(host):
    host.get("systemctl", "kill", "--signal=STOP", "jetond")
    try:
        yield
    finally:
        host.get("systemctl", "kill", "--signal=CONT", "jetond")


@contextmanager
def another(host, listener_uid, converse):
    """Listens in the daemon's place under that uid, and lets `converse` do as it likes with each
    connection, one at a time."""
    host.get("systemctl", "stop", "jetond")
    place = socket_of(host)
    with socket(AF_UNIX) as listener:
        listener.bind(str(place))
        place.chmod(0o666)
        child = os.fork()
        if child == 0:
            serve(listener, listener_uid, converse)
    try:
        yield
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
        place.unlink()


def serve(listener, uid, converse):
    """Whom a socket belongs to is settled by listen(2)."""
    try:
        os.setresuid(uid, uid, uid)
        listener.listen(8)
        while True:
            connection, _ = listener.accept()
            with connection:
                try:
                    converse(connection)
                except OSError:
                    pass  # the other end had enough
    finally:
        os._exit(1)


def one_byte_at_a_time(connection):
    connection.recv(65536)
    for byte in b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100:
        connection.sendall(bytes([byte]))
        time.sleep(0.3)


def garbage(connection):
    connection.recv(65536)
    connection.sendall(b"\xff\x00garbage\r\n" * 1000)


FAULTS = {
    "stopped": stopped,
    "hung": hung,
    "slow": lambda host: another(host, 0, one_byte_at_a_time),
    "garbage": lambda host: another(host, 0, garbage),
    "squatted": lambda host: another(host, int(host.get("id", "-u", "sam")), garbage),
}


@pytest.fixture(scope="module", params=FAULTS)
def trouble(as_people_have_it, request):
    host = as_people_have_it
    with FAULTS[request.param](host):
        yield host
    host.get("systemctl", "start", "jetond")


def check_in(login, seconds):
    assert login.got_in and login.seconds < seconds, login


def test_root_logs_in_at_a_terminal_at_once(trouble):
    check_in(at_console(trouble, "root", ROOT_PASSWORD), NOISE)


def test_su_to_root_is_answered_at_once(trouble):
    check_in(by_su(trouble, "root", ROOT_PASSWORD), NOISE)


@pytest.mark.parametrize("method", ["password", "keyboard-interactive"])
def test_a_local_person_gets_in_by_ssh_at_once(trouble, method):
    check_in(by_ssh(trouble, "sam", LOCAL, method), NOISE)


def test_a_local_person_gets_in_by_key_and_su_and_has_sudo_at_once(trouble):
    for login in (by_key(trouble, "sam"), by_su(trouble, "sam", LOCAL, starter="pat"),
                  by_sudo(trouble, "sam", LOCAL)):
        check_in(login, NOISE)


def test_roots_jobs_run(trouble):
    check_in(by_cron(trouble, "root"), NOISE)


def test_sudo_of_a_linked_person_with_a_local_password_is_answered_within_the_deadline(trouble):
    check_in(by_sudo(trouble, "lin", LOCAL), DEADLINE + NOISE)


def test_a_linked_person_gets_in_by_key_without_a_token(trouble):
    """Account and session ask, one after the other; before that those of his service manager, which
    pam_systemd waits for."""
    login = by_key(trouble, "lin", FILE)
    check_in(login, 4 * DEADLINE + NOISE)
    assert login.said == "none"


def test_jetons_password_is_refused_within_the_deadline(trouble):
    login = by_sudo(trouble, "pat", PASSWORD)
    assert not login.got_in and login.seconds < DEADLINE + DELAY + NOISE, login
