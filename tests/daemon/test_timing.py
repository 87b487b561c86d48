"""A refused login tells by its time nothing of why it was refused: samples of each reason, taken in
turns over the socket, are compared pair by pair by a rank test.

The test can fail: in daemon/authority/password.c let password_ask() judge a NULL call->user without
a hash, and in call.c let call_release_on_grid() release at now_ms; then `unknown` differs from the
others by the time of a hash, at p below 1e-10.
"""
import itertools
import math
import sqlite3
import subprocess
import sys
import time

import pytest
from harness import PASSWORD, compose, encode_form

SAMPLES = 40
P_LEAST = 0.001
FORM = ("Content-Type", "application/x-www-form-urlencoded")


def rank_test(one, other):
    """Mann-Whitney's U: the two-sided p of both coming from one distribution (normal
    approximation with correction for ties and continuity)."""
    pooled = sorted((value, which) for which, values in enumerate((one, other)) for value in values)
    ranks, ties, at = [0.0, 0.0], 0, 0
    while at < len(pooled):
        end = at
        while end < len(pooled) and pooled[end][0] == pooled[at][0]:
            end += 1
        for _, which in pooled[at:end]:
            ranks[which] += (at + 1 + end) / 2
        ties += (end - at) ** 3 - (end - at)
        at = end
    m, n = len(one), len(other)
    u = ranks[0] - m * (m + 1) / 2
    variance = m * n / 12 * (m + n + 1 - ties / ((m + n) * (m + n - 1)))
    if variance == 0:
        return 1.0
    z = max(0.0, abs(u - m * n / 2) - 0.5) / math.sqrt(variance)
    return math.erfc(z / math.sqrt(2))


def test_the_rank_test_tells_a_shift_from_none():
    even = [float(i) for i in range(SAMPLES)]
    assert rank_test(even, even) > 0.9
    assert rank_test(even, [value + 0.5 for value in even]) > 0.5
    assert rank_test(even, [value + 20 for value in even]) < P_LEAST
    assert rank_test([1.0] * SAMPLES, [2.0] * SAMPLES) < 1e-10
    # By hand: U = 0 of 3 and 3, mean 4.5, sigma sqrt(5.25), z = 4 / 2.2913.
    assert abs(rank_test([1, 2, 3], [4, 5, 6]) - 0.0809) < 0.001


def time_of(connection, name, password):
    body = encode_form({"username": name, "password": password})
    began = time.perf_counter()
    connection.send(compose("POST", "/token", [FORM], body))
    reply = connection.reply()
    took = time.perf_counter() - began
    assert reply.status == 400 and reply.json()["error"] == "invalid_grant", reply
    return took


def without_a_password(jetond, name):
    """There is no such user by way of the API; a database may have some."""
    with sqlite3.connect(jetond.state / "db" / "jeton.db") as database:
        database.execute("UPDATE users SET password_hash = NULL WHERE name = ?", (name,))
    database.close()


@pytest.fixture
def reasons(fresh):
    """A daemon, and for each reason a function that gives a fresh name and a password: nobody
    waits but who is to."""
    jetond = fresh('log-level = "error"\n')
    numbers = itertools.count()
    for name in ["disabled", "empty", "waiting", *(f"wrong{i}" for i in range(SAMPLES)),
                 *(f"long{i}" for i in range(SAMPLES))]:
        jetond.add_user(name)
    jetond.request("PATCH", "/users/disabled", peer=True, data={"disabled": True})
    jetond.stop()
    without_a_password(jetond, "empty")
    jetond.start()

    def waiting(_):
        jetond.unlock("waiting")
        assert jetond.login("waiting", "wrong").status == 400
        return "waiting", PASSWORD

    def unlocked(name):
        jetond.unlock(name)
        return name, PASSWORD

    return jetond, {
        "unknown": lambda i: (f"nobody{next(numbers)}", "wrong"),
        "disabled": lambda i: unlocked("disabled"),
        "wrong": lambda i: (f"wrong{i}", "wrong"),
        "no-hash": lambda i: unlocked("empty"),
        "512-bytes": lambda i: (f"long{i}", "x" * 512),
        "waiting": waiting,
    }


def take_samples(jetond, reasons):
    """In turns, each turn beginning with another reason."""
    samples = {reason: [] for reason in reasons}
    order = list(reasons)
    with jetond.connect() as connection:
        for i in range(SAMPLES):
            for reason in order:
                name, password = reasons[reason](i)
                time.sleep(0.002)
                samples[reason].append(time_of(connection, name, password))
            order = order[1:] + order[:1]
    return samples


def pairs_that_differ(samples):
    """Bonferroni's bound for all pairs of one run, so that a sound build has one in a thousand
    runs."""
    pairs = list(itertools.combinations(samples, 2))
    found = {(a, b): rank_test(samples[a], samples[b]) for a, b in pairs}
    medians = {reason: round(sorted(values)[SAMPLES // 2] * 1000, 2)
               for reason, values in samples.items()}
    print(medians, {pair: round(p, 4) for pair, p in found.items()})
    return {pair for pair, p in found.items() if p < P_LEAST / len(pairs)}


def compare(jetond, reasons):
    """What one run has found by chance another does not find again."""
    differ = pairs_that_differ(take_samples(jetond, reasons))
    assert not differ or not differ & pairs_that_differ(take_samples(jetond, reasons)), differ


def test_every_refusal_takes_the_same_time(reasons):
    compare(*reasons)


def test_every_refusal_takes_the_same_time_while_the_host_is_busy(reasons):
    spin = "while True: pass"
    busy = [subprocess.Popen([sys.executable, "-c", spin]) for _ in range(2)]
    try:
        compare(*reasons)
    finally:
        for process in busy:
            process.kill()
            process.wait()
