"""A frontend that somebody else has taken over has what its own callers have, and nothing more; when
it breaks a rule it is killed and another one takes its place."""
import pytest

from conftest import wait_until

PRIVILEGED, LOCAL, WEB = range(3)  # the order in which frontends are started

AGAINST_THE_RULES = [
    "connection-never-given", "two-calls-at-once", "closed-twice", "answer-to-itself",
    "settings-of-its-own", "order-to-sign", "socket-handed-up", "question-with-a-descriptor",
    "frame-cut-short", "frame-oversized", "garbage", "nothing", "half-closed",
    "breach-to-the-parent", "garbage-to-the-parent",
]


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
    local = daemon.pids("frontend")[LOCAL]
    (liar,) = daemon.put_liar("frontend", "lying_frontend", lie, PRIVILEGED)
    with daemon.connect() as caller:
        said = heard(caller)
    assert said[0] == "lied"
    assert not [line for line in said if line.startswith(("answer-user", "answer-token"))]
    daemon.wait_for_log("broke the rules")
    wait_until(lambda: liar not in daemon.pids("frontend"), "the liar is gone", daemon)
    daemon.wait_until_healthy()
    assert daemon.login("alice").status == 200
    assert local in daemon.pids("frontend")
    for child, pids in untouched.items():
        assert daemon.pids(child) == pids, child


def test_a_frontend_has_what_its_own_callers_may_have(daemon):
    """The measure of the next test: the number is right, and its own class is answered."""
    daemon.add_user("alice")
    daemon.put_liar("frontend", "lying_frontend", f"connection {daemon.connections + 1}",
                    PRIVILEGED)
    with daemon.connect() as caller:
        assert heard(caller, 3) == ["lied", "answer-user", "answer-users-end"]


def test_a_frontend_does_not_get_the_peer_of_a_connection_of_another_class(web_daemon):
    web_daemon.add_user("alice")
    (liar,) = web_daemon.put_liar("frontend", "lying_frontend",
                                  f"connection {web_daemon.connections + 1}", WEB)
    with web_daemon.connect() as privileged, \
            web_daemon.connect(path=web_daemon.web_socket) as caller:
        assert heard(caller) == ["lied"]
        wait_until(lambda: liar not in web_daemon.pids("frontend"), "the liar is gone", web_daemon)
        web_daemon.wait_for_log("broke the rules")
        privileged.send(b"GET /health HTTP/1.1\r\nHost: jeton\r\n\r\n")
        assert privileged.reply().status == 200


def test_the_proxys_credentials_mean_nothing(web_daemon):
    web_daemon.add_user("alice")
    web_daemon.put_liar("frontend", "lying_frontend", "peer-of-its-own", WEB)
    with web_daemon.connect(path=web_daemon.web_socket) as caller:
        assert heard(caller, 2) == ["lied", "answer-refused 401"]


def test_a_frontend_that_dies_takes_only_its_own_connections_along(web_daemon):
    with web_daemon.connect() as privileged, \
            web_daemon.connect(path=web_daemon.web_socket) as caller:
        web_daemon.exchange("frontend", [web_daemon.pids("frontend")[WEB]])
        assert caller.is_closed()
        privileged.send(b"GET /health HTTP/1.1\r\nHost: jeton\r\n\r\n")
        assert privileged.reply().status == 200
