"""PAM workers that somebody else has taken over. One that says yes is believed, about the account it
was asked for and no other; whatever else it says ends in a refusal, and nobody else notices."""
import os
import time

import pytest
from conftest import LyingDaemon, wait_until

from harness import PASSWORD

SECONDS = 2
STACK = "auth required pam_deny.so\naccount required pam_permit.so\n"


@pytest.fixture
def pam_daemon():
    running = LyingDaemon("workers = 2\n")
    stacks = running.directory / "pam.d"
    stacks.mkdir(0o755)
    (stacks / "local").write_text(STACK)
    with running.config_file.open("a") as file:
        file.write('source "database" { }\n'
                   f'source "pam:local" {{\n min-uid = 1\n timeout = {SECONDS}s\n'
                   f' directory = "{stacks}"\n}}\n')
    with running:
        running.add_user("alice")
        yield running


def tell(daemon, lie):
    """No worker runs between two logins: the next one is the liar."""
    daemon.liars.put_liar("pam", "lying_pam", lie)


def login(daemon, password="wrong horse battery"):
    daemon.unlock("alice")
    return daemon.login("alice", password)


def is_well(daemon):
    """The places of the liars are free again, and the database never cared."""
    wait_until(lambda: not daemon.pids("pam"), "no PAM worker is left", daemon)
    daemon.liars.put_honest("pam")
    assert login(daemon).status == 400
    assert login(daemon, PASSWORD).status == 200


@pytest.mark.parametrize("lie", ["root", "nobodys-uid", "two-answers"])
def test_a_yes_for_nobody_who_may_log_in_is_a_no(pam_daemon, lie):
    tell(pam_daemon, lie)
    reply = login(pam_daemon)
    assert reply.status == 400 and reply.json()["error"] == "invalid_grant"
    is_well(pam_daemon)


@pytest.mark.parametrize("lie", ["another-name", "unknown-outcome", "garbage-frame",
                                 "a-workers-answer"])
def test_one_that_breaks_a_rule_is_killed_and_lets_nobody_in(pam_daemon, lie):
    tell(pam_daemon, lie)
    assert login(pam_daemon).status == 503
    pam_daemon.wait_for_log("pam 0 broke the rules")
    is_well(pam_daemon)


def test_one_that_gives_the_parent_orders_is_killed(pam_daemon):
    tell(pam_daemon, "order-for-the-parent")
    assert login(pam_daemon).status == 503
    pam_daemon.wait_for_log("broke the rules of its control channel: killed")
    is_well(pam_daemon)


@pytest.mark.parametrize("lie", ["silence", "channel-closed"])
def test_one_that_does_not_answer_is_killed_in_time(pam_daemon, lie):
    tell(pam_daemon, lie)
    began = time.monotonic()
    assert login(pam_daemon).status == 503
    assert time.monotonic() - began < SECONDS + 10
    is_well(pam_daemon)


def test_one_that_dies_is_a_503_and_the_next_is_another(pam_daemon):
    tell(pam_daemon, "death")
    assert login(pam_daemon).status == 503
    pam_daemon.wait_for_log("killed by SIGSEGV")
    is_well(pam_daemon)


def test_it_holds_two_channels_and_no_other_descriptor(pam_daemon):
    tell(pam_daemon, "silence")
    with pam_daemon.connect() as connection:
        body = b"username=alice&password=x"
        connection.send(b"POST /token HTTP/1.1\r\nHost: jeton\r\n"
                        b"Content-Type: application/x-www-form-urlencoded\r\n"
                        b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        wait_until(lambda: pam_daemon.pids("pam"), "the worker is asked", pam_daemon)
        pid, = pam_daemon.pids("pam")
        pam_daemon.settle()
        if os.geteuid() == 0:
            held = {int(name): os.readlink(f"/proc/{pid}/fd/{name}")
                    for name in os.listdir(f"/proc/{pid}/fd")}
            assert sorted(held) == [0, 1, 2, 3, 4], held
            assert held[3].startswith("socket:") and held[4].startswith("socket:")
            assert os.stat(f"/proc/{pid}/fd/0").st_rdev == os.stat("/dev/null").st_rdev
        assert connection.reply().status == 503
    is_well(pam_daemon)
