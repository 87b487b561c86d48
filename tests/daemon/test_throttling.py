"""Guessing is slowed on every path, cannot be sped up by doing it all at once, and locks nobody out
but the guesser."""
import re
import signal
import sqlite3
import threading
import time
from datetime import datetime, timezone

import grp
import os

import pytest
from harness import (PASSWORD, compose, encode_form, in_process_of, is_root, wait_until,
                     while_he_waits)

FORM = ("Content-Type", "application/x-www-form-urlencoded")
NONCE = "n" * 42 + "A"
GUESSER, OWNER = 4242, 4243
WEB = ('password-grant = "web"\nmin-uid = 1\nweb {{ group = "{}" }}\n'
       .format(grp.getgrgid(os.getegid()).gr_name))


def after_a_failure(jetond, action):
    """What action gives while alice has to wait."""
    def fail():
        jetond.unlock("alice")
        assert jetond.login("alice", "wrong").status == 400

    return while_he_waits(fail, action)


def judged(jetond, name=None):
    """How many attempts a worker has judged and found wrong, and how many waited in vain."""
    lines = [line for line in jetond.log().splitlines()
             if "result=refused" in line and (name is None or f'user="{name}"' in line)]
    return (sum("reason=credentials" in line for line in lines),
            sum("reason=throttled" in line for line in lines))


def allowed_within(seconds):
    """What the steps allow from a fresh start: one at once, then a wait after each."""
    count, at = 0, 0.0
    while at <= seconds:
        count += 1
        at += next(wait for most, wait in ((2, 1), (8, 3), (24, 5), (99, 10)) if count <= most)
    return count


def guess_until(path, deadline, name="alice"):
    """Guesses on one connection until then; how often it was refused. Nothing else may come."""
    from harness import Connection
    body = encode_form({"username": name, "password": "a guess"})
    count = 0
    with Connection(path) as connection:
        while time.monotonic() < deadline:
            connection.send(compose("POST", "/token", [FORM], body))
            reply = connection.reply()
            assert reply.status in (400, 503), reply
            count += 1
    return count


def guess_in_parallel(path, seconds, connections=20):
    deadline, counts = time.monotonic() + seconds, []
    threads = [threading.Thread(target=lambda: counts.append(guess_until(path, deadline)))
               for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(counts) == connections, "a guesser broke off"
    return sum(counts)


def pam_auth(jetond, password, rhost="", uid=None, account=OWNER, service="sshd", peer=True):
    """Whether the ticket says yes; the daemon's own log has the verdict."""
    before = jetond.log().count("event=pam-auth")
    form = {"username": "olga", "uid": account, "service": service, "nonce": NONCE,
            "password": password, "rhost": rhost}
    reply = jetond.post("/pam/auth", form=form, uid=uid, peer=peer)
    assert reply.status == 200, reply
    lines = [line for line in jetond.log().splitlines() if "event=pam-auth" in line]
    assert len(lines) == before + 1
    return "verdict=granted" in lines[-1]


def fail_by_pam(jetond, how):
    jetond.unlock("olga")
    assert not pam_auth(jetond, "wrong", **how)


def pam_after(jetond, failed, **how):
    """Whether the right password gets in so while a wrong one that was given so is waited for."""
    return while_he_waits(lambda: fail_by_pam(jetond, failed),
                          lambda: pam_auth(jetond, PASSWORD, **how))


def test_a_wrong_password_makes_even_the_right_one_wait(fresh):
    jetond = fresh()
    jetond.add_user("alice")
    wrong = jetond.login("alice", "wrong")
    before = judged(jetond)
    waiting = after_a_failure(jetond, lambda: jetond.login("alice"))
    assert (waiting.status, waiting.body) == (wrong.status, wrong.body)
    assert sorted(waiting.headers) == sorted(wrong.headers)
    assert all(now > then for now, then in zip(judged(jetond), before))
    time.sleep(1.1)
    assert jetond.login("alice").status == 200


def test_the_audit_line_says_that_it_was_not_judged_and_until_when(fresh):
    jetond = fresh()
    jetond.add_user("alice")
    now = after_a_failure(jetond, lambda: jetond.login("alice", "wrong") and time.time())
    until = int(re.findall(r'reason=throttled until=(\d+)', jetond.log())[-1])
    assert -1 <= until - now <= 2


def failures_stored(jetond, name):
    """The most failures that any source has against that user, as they are on the disk."""
    time.sleep(1)
    database = sqlite3.connect(jetond.state / "db" / "jeton.db")
    (count,) = database.execute("SELECT max(failures) FROM throttle JOIN users"
                                " ON throttle.user = CAST(users.id AS TEXT) WHERE users.name = ?",
                                (name,)).fetchone()
    database.close()
    return count


@pytest.mark.skipif(not is_root(), reason="needs processes of other uids")
def test_twenty_connections_guess_no_more_than_one_and_the_owner_gets_in(fresh):
    """Thirty seconds of guesses by one uid; another uid, which has never logged in before, does not
    notice."""
    jetond = fresh()
    jetond.add_user("alice")
    sums = []
    guesser = threading.Thread(target=lambda: sums.append(in_process_of(
        GUESSER, lambda: guess_in_parallel(jetond.socket, 30))))
    guesser.start()
    time.sleep(15)
    began = time.monotonic()
    reply = jetond.post("/token", uid=OWNER, form={"username": "alice", "password": PASSWORD})
    took = time.monotonic() - began
    guesser.join()
    assert reply.status == 200
    assert took < 8
    tried = failures_stored(jetond, "alice")  # the audit lines of such a flood are cut short
    assert sums and sums[0] >= 20 * 30, "the guessers were not let guess"
    assert tried <= allowed_within(31)
    assert tried >= 8, "the table allows more than that"


@pytest.mark.parametrize("name", ["alice", "nobody-of-that-name"])
def test_guesses_all_at_once_are_one_guess(fresh, name):
    jetond = fresh()
    jetond.add_user("alice")
    body = encode_form({"username": name, "password": "a guess"})
    connections = [jetond.connect() for _ in range(20)]
    jetond.settle()  # they are accepted
    authority, = jetond.children()["authority"]
    os.kill(authority, signal.SIGSTOP)
    for connection in connections:
        connection.send(compose("POST", "/token", [FORM], body))
    jetond.settle()
    os.kill(authority, signal.SIGCONT)
    replies = [connection.reply() for connection in connections]
    for connection in connections:
        connection.socket.close()
    assert {(reply.status, reply.body) for reply in replies} == {(400, replies[0].body)}
    assert judged(jetond) == (1, 19)


def test_hanging_up_early_gives_no_second_guess(fresh):
    jetond = fresh()
    jetond.add_user("alice")
    body = encode_form({"username": "alice", "password": "a guess"})

    def hang_up_and_log_in():
        for _ in range(10):
            with jetond.connect() as connection:
                connection.send(compose("POST", "/token", [FORM], body))
                time.sleep(0.005)
        return jetond.login("alice").status

    assert while_he_waits(lambda: jetond.unlock("alice"), hang_up_and_log_in) == 400
    assert judged(jetond)[1] >= 1


def test_logins_with_the_right_password_all_get_in_at_once(fresh):
    """An honest program may log in on many connections; each waits for the one before."""
    jetond = fresh()
    jetond.add_user("alice")
    body = encode_form({"username": "alice", "password": PASSWORD})
    connections, waiting = [jetond.connect() for _ in range(5)], 5
    deadline = time.monotonic() + 20
    while waiting:  # who has waited for a second is to ask again
        for connection in connections[:waiting]:
            connection.send(compose("POST", "/token", [FORM], body))
        statuses = [connection.reply().status for connection in connections[:waiting]]
        assert set(statuses) <= {200, 503} and time.monotonic() < deadline
        waiting = statuses.count(503)
    for connection in connections:
        connection.socket.close()


@pytest.mark.parametrize("name", ["Alice", "ALICE", "alice ", "alice\u0000", "%61lice"])
def test_another_spelling_of_a_name_is_nobody_and_no_way_around(fresh, name):
    jetond = fresh()
    jetond.add_user("alice")
    assert jetond.login(name).status == 400
    assert jetond.login("alice").status == 200
    assert after_a_failure(jetond, lambda: jetond.login(name).status) == 400
    assert after_a_failure(jetond, lambda: jetond.login("alice").status) == 400


def test_a_password_change_passes_the_same_gate(fresh):
    jetond = fresh()
    jetond.add_user("alice")
    token = jetond.token("alice")

    def change(current):
        return jetond.request("PUT", "/users/me/password", token=token, data={
            "current_password": current, "new_password": "another good one"}).status

    def change_wrongly():
        jetond.unlock("alice")
        assert change("wrong") == 400

    assert after_a_failure(jetond, lambda: change(PASSWORD)) == 400
    assert while_he_waits(change_wrongly, lambda: jetond.login("alice").status) == 400
    jetond.unlock("alice")
    assert change(PASSWORD) == 204


def test_system_logins_are_counted_by_remote_host_and_service(fresh):
    jetond = fresh("min-uid = 1\n")
    jetond.add_user("olga", uid=OWNER)
    one, six = {"rhost": "192.0.2.1"}, {"rhost": "2001:db8::1"}
    assert not pam_after(jetond, one, rhost="192.0.2.1"), "the same host waits"
    assert pam_after(jetond, one, rhost="192.0.2.2"), "another host does not"
    assert pam_after(jetond, one, rhost="192.0.2.1", service="login"), "nor another service"
    fail_by_pam(jetond, one)
    assert jetond.login("olga").status == 200, "nor is it uid 0 that failed"
    assert not pam_after(jetond, six, rhost="2001:db8::ffff"), "a /64 is one host"
    assert pam_after(jetond, six, rhost="2001:db8:0:1::1")


def test_who_asks_by_no_right_of_his_is_counted_by_his_uid_whatever_host_he_names(fresh):
    """A program of root's that was made to send somebody's body is no host of many."""
    jetond = fresh("min-uid = 1\n")
    jetond.add_user("olga", uid=OWNER)
    one = {"rhost": "192.0.2.1", "peer": False}
    assert not pam_after(jetond, one, rhost="192.0.2.2", service="login", peer=False)
    assert pam_after(jetond, one, rhost="192.0.2.2"), "nor does it shut out who says his right"


@pytest.mark.skipif(not is_root(), reason="needs processes of other uids")
def test_a_system_login_without_rights_is_counted_by_its_uid(fresh):
    jetond = fresh("min-uid = 1\n")
    jetond.add_user("olga", uid=OWNER)
    one = {"rhost": "192.0.2.1", "uid": GUESSER}
    assert not pam_after(jetond, one, rhost="192.0.2.2", uid=GUESSER), "it may name any host"
    assert pam_after(jetond, one, uid=OWNER)


def test_behind_a_proxy_the_last_hop_is_counted(fresh):
    jetond = fresh(WEB)
    jetond.add_user("alice")

    def login(password, *hops):
        return jetond.post("/token", web=True, headers=[("X-Forwarded-For", h) for h in hops],
                           form={"username": "alice", "password": password}).status

    def fail(*hops):
        jetond.unlock("alice")
        assert login("wrong", *hops) == 400

    def after(failed, *hops):
        return while_he_waits(lambda: fail(*failed), lambda: login(PASSWORD, *hops))

    one = ["192.0.2.1"]
    assert after(one, "203.0.113.9, 192.0.2.1") == 400, "what the caller wrote changes nothing"
    assert after(one, "203.0.113.9", "192.0.2.1") == 400
    assert after(one, "192.0.2.1, 192.0.2.7") == 200
    assert after([], "no address") == 400, "without an address all are one"
    fail()
    assert jetond.login("alice").status == 200


def most_failures(jetond):
    """On the disk."""
    with jetond.database() as rows:
        return rows.execute("SELECT max(failures) FROM throttle").fetchone()[0]


def fail_once_more(jetond):
    """Until it was judged: as long as he has to wait nothing is counted."""
    before = judged(jetond)[0]
    wait_until(lambda: jetond.login("alice", "wrong") and judged(jetond)[0] > before)


def kill(jetond):
    os.killpg(jetond.process.pid, signal.SIGKILL)
    jetond.process.wait()


def test_failures_outlive_a_restart_and_within_a_second_a_kill(fresh):
    jetond = fresh()
    jetond.add_user("alice")
    fail_once_more(jetond)
    fail_once_more(jetond)
    jetond.stop()
    assert most_failures(jetond) == 2
    jetond.start()
    fail_once_more(jetond)
    wait_until(lambda: most_failures(jetond) == 3)
    kill(jetond)
    jetond.start()
    fail_once_more(jetond)
    wait_until(lambda: most_failures(jetond) == 4)
    jetond.unlock("alice")
    kill(jetond)
    jetond.start()
    assert jetond.login("alice").status == 200, "an unlock is on the disk when it is answered"


def test_who_has_to_wait_keeps_his_sessions(fresh):
    """His lock is an hour long: as it would be after a hundred failures."""
    jetond = fresh()
    jetond.add_user("alice")
    session = jetond.login("alice").json()
    jetond.login("alice", "wrong")
    jetond.stop()
    database = sqlite3.connect(jetond.state / "db" / "jeton.db")
    with database:
        database.execute("UPDATE throttle SET failures = 100, locked_until = ?1, resets_at = ?1"
                         " WHERE failures > 0", (int(time.time()) + 3600,))
    database.close()
    jetond.start()
    assert jetond.login("alice").status == 400
    assert jetond.get("/users/me", token=session["access_token"]).status == 200
    form = {"grant_type": "refresh_token", "refresh_token": session["refresh_token"]}
    assert jetond.post("/token", form=form).status == 200


def test_an_administrator_sees_and_unlocks(fresh):
    jetond = fresh()
    alice = jetond.add_user("alice")
    assert jetond.get("/users/alice", peer=True).json()["locked_until"] is None
    token = jetond.token("alice")
    shown = after_a_failure(
        jetond, lambda: jetond.get("/users/alice", peer=True).json()["locked_until"])
    until = datetime.strptime(shown, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    assert -1 <= until.timestamp() - time.time() <= 3
    assert "locked_until" not in jetond.get("/users/me", token=token).json()
    reply = jetond.post(f"/users/{alice['id']}/unlock", peer=True)
    assert (reply.status, reply.body) == (204, b"")
    assert jetond.get("/users/alice", peer=True).json()["locked_until"] is None
    assert jetond.login("alice").status == 200
    assert 'event=user-unlock result=done user="alice"' in jetond.log()


def test_only_an_administrator_unlocks(fresh):
    jetond = fresh()
    jetond.add_user("alice")
    token = jetond.token("alice")

    def unlock_without_a_right_and_log_in():
        assert jetond.post("/users/alice/unlock").status == 401
        assert jetond.post("/users/alice/unlock", token=token).status == 403
        if is_root():
            assert jetond.post("/users/alice/unlock", peer=True, uid=GUESSER).status == 403
        return jetond.login("alice").status

    assert after_a_failure(jetond, unlock_without_a_right_and_log_in) == 400
    assert jetond.post("/users/nobody/unlock", peer=True).status == 404
    assert jetond.get("/users/alice/unlock", peer=True).status == 405


def test_the_command_shows_and_unlocks(fresh):
    jetond = fresh()
    jetond.add_user("alice")
    shown = after_a_failure(jetond, lambda: jetond.jeton("user", "show", "alice", check=True))
    assert "waits until" in shown.stdout
    done = jetond.jeton("user", "unlock", "alice", check=True)
    assert "alice may try again" in done.stdout
    assert "waits until" not in jetond.jeton("user", "show", "alice", check=True).stdout
    assert jetond.login("alice").status == 200
    assert jetond.jeton("user", "unlock", "nobody").returncode == 1
