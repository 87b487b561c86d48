"""A frontend that somebody else has taken over has what its own callers have, and nothing more; when
it breaks a rule it is killed and another one takes its place."""
import pytest

from conftest import wait_until


AGAINST_THE_RULES = [
    "connection-never-given", "two-calls-at-once", "closed-twice", "caller-of-its-own",
    "import-row-cut-short", "import-rows-too-many",
    "answer-to-itself", "settings-of-its-own", "order-to-sign", "socket-handed-up",
    "question-with-a-descriptor", "frame-cut-short", "frame-oversized", "garbage", "nothing",
    "half-closed", "channel-closed", "breach-to-the-parent", "garbage-to-the-parent",
]


def frontends(daemon):
    """The first ones' pids by class: they are started in this order."""
    return dict(zip(("privileged", "local", "web"), daemon.pids("frontend")))


def heard(connection, lines=None):
    """What the liar wrote to its caller: so many lines, or all until it was killed."""
    data = b""
    while lines is None or data.count(b"\n") < lines:
        try:
            more = connection.socket.recv(4096)
        except ConnectionResetError:
            break
        if not more:
            break
        data += more
    return data.decode().splitlines()


@pytest.mark.parametrize("lie", AGAINST_THE_RULES)
def test_a_frontend_that_breaks_a_rule_is_killed_and_replaced(daemon, lie):
    daemon.add_user("alice")
    untouched = daemon.children()
    del untouched["frontend"]
    first = frontends(daemon)
    (liar,) = daemon.put_liar("frontend", "lying_frontend", lie, [first["privileged"]])
    with daemon.connect() as caller:
        said = heard(caller)
    assert said[0].startswith("connection ")
    assert not [line for line in said if line.startswith(("answer-user", "answer-token"))]
    daemon.wait_for_log("broke the rules")
    wait_until(lambda: liar not in daemon.pids("frontend"), "the liar is gone", daemon)
    daemon.wait_until_healthy()
    daemon.unlock("alice")
    assert daemon.login("alice").status == 200
    assert first["local"] in daemon.pids("frontend")
    for child, pids in untouched.items():
        assert daemon.pids(child) == pids, child


def test_a_frontend_that_never_gets_ready_is_killed_and_replaced(daemon):
    (liar,) = daemon.put_liar("frontend", "lying_frontend", "never-ready",
                              [frontends(daemon)["privileged"]])
    daemon.wait_for_log("does not get ready: killed", 15)
    wait_until(lambda: liar not in daemon.pids("frontend"), "the liar is gone", daemon)
    daemon.wait_until_healthy()


def test_a_frontend_does_not_get_the_peer_of_a_connection_of_another_class(web_daemon):
    web_daemon.add_user("alice")
    first = frontends(web_daemon)
    web_daemon.put_liar("frontend", "lying_frontend", "peer-of-its-own", [first["privileged"]])
    with web_daemon.connect() as privileged:
        its_number, *answered = heard(privileged, 3)
        assert answered == ["answer-user", "answer-users-end"]  # that is what there is to have
        (liar,) = web_daemon.put_liar("frontend", "lying_frontend", its_number, [first["web"]])
        with web_daemon.connect(path=web_daemon.web_socket) as caller:
            assert len(heard(caller)) == 1
        web_daemon.wait_for_log("broke the rules")
        wait_until(lambda: liar not in web_daemon.pids("frontend"), "the liar is gone", web_daemon)


@pytest.mark.parametrize("lie", ["caller-that-is-no-address", "caller-exchanged-in-a-call"])
def test_what_it_says_of_a_proxys_caller_is_an_address_between_two_calls(web_daemon, lie):
    first = frontends(web_daemon)
    (liar,) = web_daemon.put_liar("frontend", "lying_frontend", lie, [first["web"]])
    with web_daemon.connect(path=web_daemon.web_socket) as caller:
        assert len(heard(caller)) == 1
    web_daemon.wait_for_log("broke the rules")
    wait_until(lambda: liar not in web_daemon.pids("frontend"), "the liar is gone", web_daemon)


def test_the_proxys_credentials_mean_nothing(web_daemon):
    web_daemon.add_user("alice")
    web_daemon.put_liar("frontend", "lying_frontend", "peer-of-its-own",
                        [frontends(web_daemon)["web"]])
    with web_daemon.connect(path=web_daemon.web_socket) as caller:
        assert heard(caller, 2)[1:] == ["answer-refused 401"]


def test_a_frontend_that_dies_takes_only_its_own_connections_along(web_daemon):
    with web_daemon.connect() as privileged, \
            web_daemon.connect(path=web_daemon.web_socket) as caller:
        web_daemon.settle()  # each has its frontend
        web_daemon.exchange("frontend", [frontends(web_daemon)["web"]])
        assert caller.is_closed()
        privileged.send(b"GET /health HTTP/1.1\r\nHost: jeton\r\n\r\n")
        assert privileged.reply().status == 200
