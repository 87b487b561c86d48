"""Workers that somebody else has taken over: they compute, the authority compares, so the worst that
comes of a lie is a login that fails. Nobody gets in who should not, and no password is stored that
two workers do not agree on."""
import time

import pytest

from harness import PASSWORD

# Well-formed answers: the worker is believed to be a worker, and nothing matches.
WRONG = ["same-digest", "digest-of-my-own", "another-setting", "setting-alone", "empty-hash",
         "garbage-hash", "complaint"]

# Answers against the rules: the worker is killed.
AGAINST_THE_RULES = ["garbage-frame", "answer-of-the-authority", "another-call", "two-answers",
                     "channel-closed"]


def status_of_login(daemon, password):
    daemon.unlock("alice")  # what is refused is refused for its hash, not for the attempts before it
    return daemon.login("alice", password).status


def logins_work_again(daemon):
    daemon.exchange("worker", daemon.pids("worker"))
    assert status_of_login(daemon, PASSWORD) == 200
    assert status_of_login(daemon, "wrong horse battery") == 400


@pytest.mark.parametrize("lie", WRONG)
def test_a_hash_that_is_not_the_passwords_lets_nobody_in(daemon, lie):
    daemon.add_user("alice")
    daemon.put_liar("worker", "lying_worker", lie)
    assert status_of_login(daemon, "wrong horse battery") == 400
    assert status_of_login(daemon, PASSWORD) == 400
    assert daemon.login("nobody-of-that-name").status == 400
    logins_work_again(daemon)


@pytest.mark.parametrize("lie", AGAINST_THE_RULES)
def test_a_worker_that_breaks_a_rule_is_killed_and_lets_nobody_in(daemon, lie):
    daemon.add_user("alice")
    liars = daemon.put_liar("worker", "lying_worker", lie)
    assert status_of_login(daemon, "wrong horse battery") in (400, 500, 503)
    daemon.wait_for_log("broke the rules")
    daemon.wait_for_another("worker", liars)
    logins_work_again(daemon)


def test_a_worker_that_dies_at_work_is_a_503_and_is_replaced(daemon):
    daemon.add_user("alice")
    liars = daemon.put_liar("worker", "lying_worker", "death")
    assert status_of_login(daemon, PASSWORD) == 503
    daemon.wait_for_another("worker", liars)
    logins_work_again(daemon)


def test_a_worker_that_never_answers_is_replaced_and_its_caller_told(daemon):
    daemon.add_user("alice")
    liars = daemon.put_liar("worker", "lying_worker", "silence")
    start = time.monotonic()
    assert status_of_login(daemon, PASSWORD) == 503
    assert time.monotonic() - start < 20
    daemon.wait_for_another("worker", liars)
    logins_work_again(daemon)


def test_while_all_workers_hang_others_are_served(daemon):
    daemon.add_user("alice")
    token = daemon.token("alice")
    daemon.put_liar("worker", "lying_worker", "silence")
    with daemon.connect() as waiting:
        body = b"username=alice&password=x"
        waiting.send(b"POST /token HTTP/1.1\r\nHost: jeton\r\n"
                     b"Content-Type: application/x-www-form-urlencoded\r\n"
                     b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        assert daemon.get("/users/me", token=token).status == 200
        assert waiting.reply().status == 503


@pytest.mark.parametrize("lie", ["digest-of-my-own", "another-setting", "setting-alone",
                                 "empty-hash", "garbage-hash"])
def test_a_new_password_is_stored_only_when_two_workers_agree_on_a_hash_of_it(daemon, lie):
    daemon.put_liar("worker", "lying_worker", lie)
    reply = daemon.post("/users", peer=True, data={"username": "bob", "password": PASSWORD})
    assert reply.status in (500, 503)
    assert daemon.get("/users/bob", peer=True).status == 404
    daemon.exchange("worker", daemon.pids("worker"))
    daemon.add_user("bob")
    assert daemon.login("bob").status == 200


def test_a_worker_that_finds_every_new_password_too_short_has_none_set(daemon):
    daemon.put_liar("worker", "lying_worker", "complaint")
    reply = daemon.post("/users", peer=True, data={"username": "bob", "password": PASSWORD})
    assert reply.status == 400
    assert daemon.get("/users/bob", peer=True).status == 404
