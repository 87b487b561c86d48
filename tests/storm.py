"""One uid that logs in on very many connections at once, and what another's verification takes
meanwhile: for the tests, and for bench/storm.py."""
import contextlib
import mmap
import os
import resource
import selectors
import signal
import time

from harness import PASSWORD, Connection, compose, encode_form, in_process_of


def login_bytes(name, password=PASSWORD, headers=()):
    body = encode_form({"grant_type": "password", "username": name, "password": password})
    return compose("POST", "/token",
                   [("Content-Type", "application/x-www-form-urlencoded"), *headers], body)


class Tally:
    """A count that processes share: one adds, others look."""

    def __init__(self):
        self.memory = memoryview(mmap.mmap(-1, 8)).cast("Q")

    def add(self):
        self.memory[0] += 1

    def count(self):
        return self.memory[0]


def storm(path, count, answered):
    """Logs in as as many unknown users at once, again as soon as it is refused: not all of them
    have to wait after a failure."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (count + 100, count + 100))
    selector = selectors.DefaultSelector()
    for number in range(count):
        connection = Connection(path)
        connection.request = login_bytes(f"nobody{number}", "wrong")
        connection.send(connection.request)
        selector.register(connection.socket, selectors.EVENT_READ, connection)
    while True:
        for key, _ in selector.select():
            if not key.data.receive():
                os._exit(1)
            answered.add()
            key.data.unread = b""
            key.data.send(key.data.request)


@contextlib.contextmanager
def storm_of(uid, path, count, answered=None):
    """Tells in `answered` how often it was answered (a Tally)."""
    answered = answered or Tally()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            storm(path, count, answered)
        finally:
            os._exit(2)
    try:
        time.sleep(2)
        assert os.waitpid(child, os.WNOHANG) == (0, 0), "the storm has ended by itself"
        yield child
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def verify_often(path, token, clock):
    """By how much the clock goes on in an introspection and in /users/me, on one connection each."""
    introspect = compose("POST", "/introspect",
                         [("Content-Type", "application/x-www-form-urlencoded")],
                         encode_form({"token": token}))
    me = compose("GET", "/users/me", [("Authorization", f"Bearer {token}")])
    passed = {"introspect": [], "me": []}
    with Connection(path) as one, Connection(path) as other:
        for _ in range(100):
            for name, connection, request in (("introspect", one, introspect),
                                              ("me", other, me)):
                before = clock()
                connection.send(request)
                assert connection.reply().status == 200
                passed[name].append(clock() - before)
                time.sleep(0.001)
    return passed


def verification_ms(path, token):
    return verify_often(path, token, lambda: time.perf_counter() * 1000)


def in_turns(child, uid, path, token, turns=3):
    """The times between the gusts of the storm and in them, in turns, so that both see the same
    machine."""
    measured = {signal.SIGSTOP: {"introspect": [], "me": []},
                signal.SIGCONT: {"introspect": [], "me": []}}
    for sign in (signal.SIGSTOP, signal.SIGCONT) * turns:
        os.kill(child, sign)
        time.sleep(1)
        times = in_process_of(uid, lambda: verification_ms(path, token))
        for name, values in times.items():
            measured[sign][name] += values
    return measured[signal.SIGSTOP], measured[signal.SIGCONT]
