"""What one uid holds of the daemon is bounded, and its storm is not the others' weather."""
import contextlib
import functools
import os
import resource
import select
import selectors
import signal
import statistics
import threading
import time

import pytest
from harness import Connection, compose, in_process_of, is_root
from storm import Tally, login_bytes, storm_of, verify_often

# Accounts of every Debian, daemon and bin; and two that nobody has.
STORM_UID, OTHER_UID = 1, 2
STRANGERS = 4242, 4343
needs_root = pytest.mark.skipif(not is_root(), reason="needs root, to be several uids")


class WorkersReplaced(Exception):
    """They rested longer than the daemon lets them: nothing was shown."""


@contextlib.contextmanager
def workers_at_rest(jetond):
    """No hash is computed meanwhile. Shorter than a worker's deadline of 5 s, or WorkersReplaced."""
    workers = jetond.children()["worker"]
    for pid in workers:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        try:
            for pid in workers:
                os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:
            raise WorkersReplaced from None


def while_workers_rest(test):
    """Begun anew where the machine was too busy to be done within their deadline."""
    @functools.wraps(test)
    def tried(*args, **how):
        for _ in range(4):
            with contextlib.suppress(WorkersReplaced):
                return test(*args, **how)
        return test(*args, **how)
    return tried


def ask_all_at_once(jetond, names):
    """A login of each: those of one user would wait for each other."""
    connections = [jetond.connect() for _ in names]
    for connection, name in zip(connections, names):
        connection.send(login_bytes(name))
    return connections


def people(jetond, count):
    names = [f"user{number}" for number in range(count)]
    for name in names:
        jetond.add_user(name)
    return names


def statuses(connections):
    return [connection.reply().status for connection in connections]


def first_answered(connections, count):
    """The first so many that have something to read, or more; fewer after 4 s."""
    deadline = time.monotonic() + 4
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
        while len(selector.select(0)) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        return [key.data for key, _ in selector.select(0)]


def in_background_of(uid, function):
    """Runs function(asked) in a process of that uid, until it calls asked(); what is returned waits
    for its outcome."""
    outcome, (told, tell) = [], os.pipe()

    def run():
        outcome.append(in_process_of(uid, lambda: function(lambda: os.write(tell, b"."))))

    thread = threading.Thread(target=run)
    thread.start()
    assert select.select([told], [], [], 30)[0], "it did not ask"

    def wait():
        thread.join(30)
        os.close(told)
        os.close(tell)
        return outcome[0]

    return wait


def logins_in_background_of(uid, jetond, names):
    """What is returned gives the statuses of logins that were sent."""
    def ask(asked):
        connections = ask_all_at_once(jetond, names)
        asked()
        return statuses(connections)

    return in_background_of(uid, ask)


@pytest.mark.parametrize("key", ["max-hashes-per-uid", "max-calls-per-uid"])
@while_workers_rest
def test_the_share_of_a_uid_is_exact(fresh, key):
    jetond = fresh(f"{key} = 3\n")
    names = people(jetond, 9)
    for _ in range(2):  # what was held is given back
        with workers_at_rest(jetond):
            connections = ask_all_at_once(jetond, names)
            refused = first_answered(connections, 6)
            assert len(refused) == 6
            for connection in refused:
                reply = connection.reply()
                assert (reply.status, reply.headers["retry-after"]) == (503, "1")
                assert reply.json()["error"] == "temporarily_unavailable"
        waiting = [connection for connection in connections if connection not in refused]
        assert statuses(waiting) == [200, 200, 200]


@while_workers_rest
def test_who_is_over_budget_is_made_to_pause(fresh):
    jetond = fresh("max-hashes-per-uid = 1\n")
    names = people(jetond, 2)
    with workers_at_rest(jetond):
        first, second = ask_all_at_once(jetond, names)
        before = time.monotonic()
        assert second.reply().status == 503
        assert 0.8 < time.monotonic() - before < 4.5
    assert first.reply().status == 200


@while_workers_rest
def test_a_caller_who_leaves_gives_back_his_share(fresh):
    jetond = fresh("max-hashes-per-uid = 2\n")
    names = people(jetond, 8)
    with workers_at_rest(jetond):
        for connection in ask_all_at_once(jetond, names):
            connection.socket.close()
    jetond.settle()
    assert statuses(ask_all_at_once(jetond, names[:2])) == [200, 200]


@needs_root
@while_workers_rest
def test_a_full_share_is_its_uids_own(fresh):
    jetond = fresh("max-hashes-per-uid = 2\nmax-calls-per-uid = 2\n")
    names = people(jetond, 2)
    with workers_at_rest(jetond):
        held = ask_all_at_once(jetond, names)
        reading = logins_in_background_of(OTHER_UID, jetond, names)
        jetond.settle()
    assert statuses(held) == [200, 200]
    assert reading() == [200, 200]


@needs_root
def test_uids_without_an_account_share_one_budget(fresh):
    """A user may have thousands of them, by subuid(5): together they have half of all."""
    jetond = fresh("max-connections = 40\nmax-connections-per-uid = 15\n")
    with held_by(STRANGERS[0], jetond.socket, 15) as one, \
         held_by(STRANGERS[1], jetond.socket, 15) as other:
        with contextlib.suppress(RuntimeError):  # not known yet, and the strangers' share is full
            in_process_of(OTHER_UID, lambda: jetond.get("/health").status)
        jetond.settle()
        assert in_process_of(OTHER_UID, lambda: jetond.get("/health").status) == 200
        assert jetond.get("/health").status == 200
    assert one() + other() == 20


def answered_connections(path, count):
    """Those of so many on which an answer came."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count + 100), hard))
    connections = []
    for _ in range(count):
        with contextlib.suppress(OSError):
            connection = Connection(path)
            connection.send(compose("GET", "/health"))
            if connection.reply().status == 200:
                connections.append(connection)
    return connections


@contextlib.contextmanager
def held_by(uid, path, count):
    """A process of that uid holds as many of so many connections as it is given; how many they were
    is what the function gives that comes of it, afterwards."""
    until, end = os.pipe()

    def hold(asked):
        connections = answered_connections(path, count)
        asked()
        os.read(until, 1)
        return len(connections)

    held = in_background_of(uid, hold)
    try:
        yield held
    finally:
        os.write(end, b".")


@needs_root
def test_a_tenth_of_a_thousand_connections_is_kept_for_root(fresh):
    jetond = fresh("max-connections = 1000\nmax-connections-per-uid = 600\nidle-timeout = 1m\n")
    for uid in (STORM_UID, OTHER_UID):
        in_process_of(uid, lambda: jetond.get("/health").status)  # known from now on
    jetond.settle()
    with held_by(STORM_UID, jetond.socket, 600) as full, \
         held_by(OTHER_UID, jetond.socket, 600) as rest:
        assert [jetond.get("/health").status for _ in range(20)] == [200] * 20
        assert len(answered_connections(jetond.socket, 110)) == 100
    assert (full(), rest()) == (600, 300)


@needs_root
@while_workers_rest
def test_a_login_waits_for_few_of_another_uids(fresh):
    """Thirty wait, then one comes: it is among the first."""
    jetond = fresh("workers = 2\nmax-hashes-per-uid = 40\n")
    names = people(jetond, 30)
    with workers_at_rest(jetond):
        storm = ask_all_at_once(jetond, names)
        jetond.settle()
        one = logins_in_background_of(OTHER_UID, jetond, names[:1])
        jetond.settle()
    assert one() == [200]
    assert statuses(storm) == [200] * 30
    logins = [line for line in jetond.log().splitlines() if "event=login result=granted" in line]
    place = [f"peer_uid={OTHER_UID} " in line for line in logins].index(True)
    # One that each of the two workers had, one whose turn came before, one on either side.
    assert place <= 5, logins


# --- behind a proxy ---

HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"
WEB = f'password-grant = web\nweb {{ group = "{os.getegid()}" }}\n'


def connect_from(jetond, count):
    return [jetond.connect(path=jetond.web_socket) for _ in range(count)]


def ask_from(address, connections, names):
    for connection, name in zip(connections, names):
        said = [("X-Forwarded-For", address)] if address else []
        connection.send(login_bytes(name, headers=said))
    return connections


@pytest.mark.parametrize("key, here, there, elsewhere", [
    ("max-hashes-per-uid", HERE, HERE, ELSEWHERE),
    ("max-calls-per-uid", HERE, "::ffff:" + HERE, "2001:db8::1"),
    ("max-hashes-per-uid", "2001:db8:1:2::1", "2001:db8:1:2:ffff::1", "2001:db8:1:3::1")])
@while_workers_rest
def test_an_address_has_its_share_and_no_more(fresh, key, here, there, elsewhere):
    jetond = fresh(f"{key} = 3\n" + WEB)
    names = people(jetond, 8)
    with workers_at_rest(jetond):
        held = ask_from(here, connect_from(jetond, 2), names[:2])
        held += ask_from(there, connect_from(jetond, 3), names[2:5])
        refused = first_answered(held, 2)
        assert len(refused) == 2 and statuses(refused) == [503, 503]
        others = ask_from(elsewhere, connect_from(jetond, 3), names[5:])
        jetond.settle()
    assert statuses([connection for connection in held if connection not in refused]) == [200] * 3
    assert statuses(others) == [200] * 3


@while_workers_rest
def test_where_the_proxy_says_no_address_its_callers_share(fresh):
    jetond = fresh("max-calls-per-uid = 1\nmax-hashes-per-uid = 1\n" + WEB)
    names = people(jetond, 4)
    with workers_at_rest(jetond):
        held = ask_from(None, connect_from(jetond, 4), names)
        jetond.settle()
    assert statuses(held) == [200] * 4


@while_workers_rest
def test_connections_are_of_an_address_while_it_asks_on_them(fresh):
    jetond = fresh("max-connections-per-uid = 2\n" + WEB)
    names = people(jetond, 5)
    kept = connect_from(jetond, 4)

    def health(connection):
        connection.send(compose("GET", "/health", [("X-Forwarded-For", HERE)]))
        return connection.reply().status

    assert [health(connection) for connection in kept] == [200] * 4  # the proxy keeps them for all
    with workers_at_rest(jetond):
        held = ask_from(HERE, kept[:3], names[:3])
        refused = first_answered(held, 1)
        assert statuses(refused) == [503]
        others = ask_from(ELSEWHERE, connect_from(jetond, 2), names[3:])
        jetond.settle()
    assert statuses([connection for connection in held if connection not in refused]) == [200] * 2
    assert statuses(others) == [200] * 2
    assert [health(connection) for connection in kept + others] == [200] * 6


@while_workers_rest
def test_a_login_waits_for_few_of_another_addresss(fresh):
    jetond = fresh("workers = 2\nmax-hashes-per-uid = 40\n" + WEB)
    names = people(jetond, 16)
    with workers_at_rest(jetond):
        storm = ask_from(HERE, connect_from(jetond, 15), names)
        jetond.settle()
        one = ask_from(ELSEWHERE, connect_from(jetond, 1), names[15:])
        jetond.settle()
    assert statuses(storm + one) == [200] * 16
    logins = [line for line in jetond.log().splitlines() if "event=login result=granted" in line]
    place = [f'remote="{ELSEWHERE}"' in line for line in logins].index(True)
    assert place <= 5, logins


# --- a storm ---

@needs_root
def test_verification_of_others_does_not_wait_behind_a_storm_of_logins(fresh):
    """By the storm's own clock, which is as slow as the machine is: whoever stood in its queue would
    see about as many of its answers pass as it has connections. bench/storm.py tells the times."""
    jetond = fresh("max-connections = 4000\nmax-connections-per-uid = 1000\n")
    jetond.add_user("alice")
    token, answered = jetond.token("alice"), Tally()
    with storm_of(STORM_UID, jetond.socket, 1000, answered):
        passed = in_process_of(OTHER_UID, lambda: verify_often(jetond.socket, token, answered.count))
    assert answered.count() >= 100
    assert all(statistics.median(counts) < 100 for counts in passed.values()), passed


@needs_root
def test_in_a_storm_of_logins_another_uid_logs_in(fresh):
    jetond = fresh("max-connections = 4000\nmax-connections-per-uid = 1000\n")
    jetond.add_user("alice")
    with storm_of(STORM_UID, jetond.socket, 1000):
        for _ in range(10):
            before = time.monotonic()
            answer = in_process_of(OTHER_UID, lambda: jetond.login("alice").status)
            assert answer == 200
            assert time.monotonic() - before < 10
