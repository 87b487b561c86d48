"""What many ask at once shares a commit; a commit that fails has changed nothing, for nobody."""
import os
import shutil
import signal
import subprocess
import threading
import time
from contextlib import contextmanager

import pytest

from harness import compose, encode_form, is_root
from test_refresh import CONFIG, is_active, log_in, refresh
from test_revocation import revoke, verdict

STRACE = shutil.which("strace")
needs_strace = pytest.mark.skipif(not STRACE, reason="strace is not installed")


def at_once(daemon, requests):
    """Sends them while the authority stands still, so that it finds all of them; their replies."""
    (authority,) = daemon.children()["authority"]
    replies = [None] * len(requests)

    def run(number):
        replies[number] = requests[number]()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(requests))]
    os.kill(authority, signal.SIGSTOP)
    try:
        for thread in threads:
            thread.start()
        time.sleep(1)  # until the frontend has read all of them
    finally:
        os.kill(authority, signal.SIGCONT)
    for thread in threads:
        thread.join(30)
    return replies


@needs_strace
def test_many_changes_take_few_fsyncs(fresh):
    trace = "/tmp/jetont-commits.%d" % os.getpid()
    jetond = fresh(CONFIG, wrapper=[STRACE, "-f", "-qq", "-e", "trace=fsync,fdatasync", "-o",
                                    trace])

    def syncs():
        with open(trace, errors="replace") as lines:
            return sum(1 for line in lines if line.startswith(f"{authority} ") and "sync(" in line)

    try:
        (authority,) = jetond.children()["authority"]
        jetond.add_user("alice")
        logins = [log_in(jetond) for _ in range(32)]
        before = syncs()
        replies = at_once(jetond, [lambda token=login["refresh_token"]: refresh(jetond, token)
                                   for login in logins])
        assert [reply.status for reply in replies] == [200] * len(logins)
        assert 0 < syncs() - before <= len(logins) // 4
        before = syncs()
        replies = [refresh(jetond, reply.json()["refresh_token"]) for reply in replies[:8]]
        assert [reply.status for reply in replies] == [200] * 8
        assert syncs() - before >= 8, "one by one, each has its own"
    finally:
        jetond.remove()
        os.unlink(trace)


def test_the_same_refresh_token_at_once_has_one_successor(fresh):
    jetond = fresh(CONFIG)
    jetond.add_user("alice")
    token = log_in(jetond)["refresh_token"]
    replies = at_once(jetond, [lambda: refresh(jetond, token)] * 6)
    assert [reply.status for reply in replies] == [200] * 6
    (successor,) = {reply.json()["refresh_token"] for reply in replies}
    assert refresh(jetond, successor).status == 200


def test_one_name_asked_for_at_once_is_given_once(fresh):
    jetond = fresh(CONFIG)
    hash_ = "$6$saltsalt$" + "x" * 86
    replies = at_once(jetond, [lambda: jetond.post("/users", peer=True, data={
        "username": "alice", "password_hash": hash_})] * 6)
    assert sorted(reply.status for reply in replies) == [201] + [409] * 5


def test_a_refresh_and_the_end_of_its_session_at_once_leave_no_session(fresh):
    jetond = fresh(CONFIG)
    jetond.add_user("alice")
    for _ in range(4):
        login = log_in(jetond)
        token = login["refresh_token"]
        refreshed, revoked = at_once(jetond, [lambda: refresh(jetond, token),
                                              lambda: revoke(jetond, token)])
        assert revoked.status == 200
        assert refreshed.status in (200, 400), refreshed
        assert refresh(jetond, token).status == 400
        assert not is_active(jetond, login["access_token"])
        if refreshed.status == 200:
            assert not is_active(jetond, refreshed.json()["access_token"])
            assert refresh(jetond, refreshed.json()["refresh_token"]).status == 400


@contextmanager
def failing(daemon, fault):
    """The authority's system calls fail that way. In their place it makes one that its filter
    lets pass."""
    (authority,) = daemon.children()["authority"]
    strace = subprocess.Popen([STRACE, "-qq", "-p", str(authority), "-e", "trace=pwrite64,fdatasync",
                               "-e", f"inject={fault}:syscall=getpid", "-o", "/dev/null"])
    try:
        deadline = time.monotonic() + 10
        status = f"/proc/{authority}/status"
        while "TracerPid:\t0\n" in open(status).read():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield
    finally:
        strace.terminate()
        strace.wait(10)


class Before:
    """What must be the same after a commit that failed."""

    def __init__(self, daemon):
        self.daemon = daemon
        for name in ("alice", "bob"):
            daemon.add_user(name)
        self.logins = [log_in(daemon) for _ in range(4)]

    def changes(self):
        daemon, logins = self.daemon, self.logins
        hash_ = "$6$saltsalt$" + "x" * 86
        return [
            lambda: revoke(daemon, logins[0]["access_token"]),
            lambda: revoke(daemon, logins[1]["refresh_token"]),
            lambda: refresh(daemon, logins[2]["refresh_token"]),
            lambda: daemon.post("/users", peer=True,
                                data={"username": "carol", "password_hash": hash_}),
            lambda: daemon.post("/users", peer=True,
                                data={"username": "carol", "password_hash": hash_}),
            lambda: daemon.request("PATCH", "/users/bob", peer=True, data={"uid": 65000}),
            lambda: daemon.request("PATCH", "/users/alice", peer=True, data={"disabled": True}),
            lambda: daemon.request("DELETE", "/users/bob", peer=True),
        ]

    def check(self):
        daemon = self.daemon
        for login in self.logins:
            assert is_active(daemon, login["access_token"])
            assert verdict(daemon, login["access_token"]) == "valid"
            assert daemon.get("/users/me", token=login["access_token"]).status == 200
        assert daemon.get("/users/carol", peer=True).status == 404
        assert not daemon.get("/users/alice", peer=True).json()["disabled"]
        assert daemon.get("/users/bob", peer=True).json()["uid"] is None
        rows = daemon.get("/sessions", peer=True)
        assert int(rows.headers["x-total-count"]) == len(self.logins)


@needs_strace
@pytest.mark.skipif(not is_root(), reason="only root attaches to a confined process")
@pytest.mark.parametrize("fault", ["pwrite64:error=ENOSPC", "fdatasync:error=EIO"])
def test_a_commit_that_fails_is_503_for_all_and_has_changed_nothing(fresh, fault):
    jetond = fresh(CONFIG)
    before = Before(jetond)
    with failing(jetond, fault):
        replies = at_once(jetond, before.changes())
        assert [reply.status for reply in replies] == [503] * len(replies)
        assert {reply.headers["retry-after"] for reply in replies} == {"1"}
        before.check()
    before.check()
    assert "nothing is stored just now: jeton.db" in jetond.log()
    jetond.stop()
    jetond.start()
    before.check()
    for login in before.logins:
        assert refresh(jetond, login["refresh_token"]).status == 200


@needs_strace
@pytest.mark.skipif(not is_root(), reason="only root attaches to a confined process")
def test_a_login_that_cannot_be_stored_has_its_access_token(fresh):
    jetond = fresh(CONFIG)
    jetond.add_user("alice")
    with failing(jetond, "fdatasync:error=EIO"):
        login = log_in(jetond)
    assert "refresh_token" not in login
    assert is_active(jetond, login["access_token"])


def test_who_hangs_up_at_once_has_his_change_made(fresh):
    jetond = fresh(CONFIG)
    jetond.add_user("alice")
    login = log_in(jetond)
    (authority,) = jetond.children()["authority"]
    with jetond.connect() as connection:
        os.kill(authority, signal.SIGSTOP)
        connection.send(compose("POST", "/revoke",
                                [("Content-Type", "application/x-www-form-urlencoded")],
                                encode_form({"token": login["access_token"]})))
        jetond.settle()
    jetond.settle()
    os.kill(authority, signal.SIGCONT)
    deadline = time.monotonic() + 5
    while is_active(jetond, login["access_token"]):
        assert time.monotonic() < deadline
        time.sleep(0.05)
