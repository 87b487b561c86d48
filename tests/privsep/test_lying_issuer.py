"""An issuer process that somebody else has taken over: its yes counts for accounts that are linked,
and for nobody else; nobody administers by it."""
import pytest

from conftest import LyingDaemon
from outside import Issuer, exchange, exchange_bytes, link

# Well-formed answers about somebody who has no account.
NOBODY = ["unlinked", "other-issuer"]

# Answers that cannot be: the process is killed.
AGAINST_THE_RULES = ["no-subject", "unprintable-subject", "no-address", "for-ever",
                     "of-the-future", "unknown-verdict", "another-call", "answer-of-the-authority",
                     "garbage-frame", "channel-closed"]


@pytest.fixture
def issuer(tmp_path):
    return Issuer("https://outside.example", tmp_path, alg="ES256")


@pytest.fixture
def daemon(issuer):
    with LyingDaemon(f'issuer = "https://here.example"\nworkers = 2\n{issuer.section()}') as running:
        running.add_user("alice", roles=["admin"])
        assert link(running, "alice", issuer, "a").status == 201
        yield running


def honest_again(daemon, issuer):
    daemon.exchange("issuer", daemon.pids("issuer"))
    assert exchange(daemon, issuer.token("a")).status == 200
    assert exchange(daemon, issuer.token("b")).status == 400


def test_a_yes_is_one_for_a_linked_account_and_administers_nothing(daemon, issuer):
    daemon.put_liar("issuer", "lying_issuer", "yes")
    reply = exchange(daemon, "any.thing.atall")
    assert reply.status == 200
    token = reply.json()["access_token"]
    assert daemon.get("/users/me", token=token).json()["username"] == "alice"
    assert daemon.get("/users", token=token).status == 403
    assert exchange(daemon, "any.thing.atall").status == 400
    assert exchange(daemon, "an.other", scope="jeton:admin").status == 400
    honest_again(daemon, issuer)


@pytest.mark.parametrize("lie", NOBODY)
def test_a_yes_for_nobody_lets_nobody_in(daemon, issuer, lie):
    liars = daemon.put_liar("issuer", "lying_issuer", lie)
    assert exchange(daemon, issuer.token("a")).status == 400
    assert daemon.pids("issuer") == liars
    honest_again(daemon, issuer)


@pytest.mark.parametrize("lie", AGAINST_THE_RULES)
def test_one_that_breaks_a_rule_is_killed_and_lets_nobody_in(daemon, issuer, lie):
    liars = daemon.put_liar("issuer", "lying_issuer", lie)
    assert exchange(daemon, issuer.token("a")).status in (400, 500, 503)
    daemon.wait_for_log("broke the rules")
    daemon.wait_for_another("issuer", liars)
    honest_again(daemon, issuer)


def test_one_that_answers_twice_is_killed_and_the_first_answer_counts(daemon, issuer):
    liars = daemon.put_liar("issuer", "lying_issuer", "two-answers")
    assert exchange(daemon, issuer.token("a")).status == 200
    daemon.wait_for_log("broke the rules")
    daemon.wait_for_another("issuer", liars)
    honest_again(daemon, issuer)


def test_one_that_never_answers_is_replaced_and_its_caller_told(daemon, issuer):
    """Who waits behind him is asked about when there is another."""
    liars = daemon.put_liar("issuer", "lying_issuer", "silence")
    callers = [daemon.connect() for _ in range(2)]
    for connection, subject in zip(callers, "ba"):
        connection.send(exchange_bytes(issuer.token(subject)))
        daemon.settle()
    assert [connection.reply().status for connection in callers] == [503, 200]
    daemon.wait_for_another("issuer", liars)
    assert "has not answered in time" in daemon.log()
    honest_again(daemon, issuer)


def test_one_that_dies_at_work_is_a_503_and_is_replaced(daemon, issuer):
    liars = daemon.put_liar("issuer", "lying_issuer", "death")
    assert exchange(daemon, issuer.token("a")).status == 503
    daemon.wait_for_another("issuer", liars)
    honest_again(daemon, issuer)
