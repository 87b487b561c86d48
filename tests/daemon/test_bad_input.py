"""Requests that no honest client sends: each gets the right 4xx or a closed connection within a
bounded time, and the daemon goes on."""
import socket
import threading
import time

import pytest
from harness import PASSWORD, compose, encode_form

FORM = ("Content-Type", "application/x-www-form-urlencoded")
GOOD_BODY = encode_form({"username": "alice", "password": PASSWORD})


@pytest.fixture(autouse=True)
def the_daemon_goes_on(jetond):
    before = jetond.children()
    yield
    assert jetond.get("/health").status == 200
    assert jetond.children() == before, "a process was replaced"


def answer_to(jetond, data, timeout=20):
    """The status of the reply, or "closed"."""
    with jetond.connect(timeout) as connection:
        try:
            connection.send(data)
            return connection.reply().status
        except (ConnectionError, BrokenPipeError):
            return "closed"


@pytest.mark.parametrize("method,path,status", [
    ("GET", "/nothing", 404), ("GET", "/", 404), ("GET", "/tokens", 404), ("GET", "/token/x", 404),
    ("GET", "/token", 405), ("PUT", "/users", 405), ("DELETE", "/users/me", 405),
    ("TRACE", "/health", 405), ("FROB", "/health", 405), ("GET", "/users/a%2Fb", 400),
    ("GET", "/health%00", 400), ("GET", "/health%00/x", 400), ("GET", "/%zz", 400),
    ("GET", "/health/../users", 400), ("GET", "//health", 400)])
def test_unknown_paths_and_methods(jetond, method, path, status):
    reply = jetond.request(method, path, peer=True)
    assert reply.status == status
    if status == 405:
        assert reply.headers["allow"]
    assert path.strip("/") not in reply.body.decode() or len(path) < 4


def test_head_follows_get(jetond):
    head, get = (jetond.request(m, "/.well-known/jwks.json") for m in ("HEAD", "GET"))
    assert head.status == 200 and head.body == b""
    assert head.headers["content-length"] == str(len(get.body))


def test_a_trailing_slash_equals_none(jetond):
    assert jetond.post("/token/", form={"username": "alice", "password": PASSWORD}).status == 200


@pytest.mark.parametrize("body", [b"username=%", b"username=%4", b"username=%zz&password=x",
                                  b"&" * 5000, b"a=b&" * 1000])
def test_a_broken_form_is_400(jetond, body):
    reply = jetond.request("POST", "/token", headers=[FORM], body=body)
    assert reply.status == 400
    assert reply.json()["error"] == "invalid_request"


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x",
                                  "text/plain", None])
def test_another_media_type_is_415(jetond, kind):
    headers = [("Content-Type", kind)] if kind else []
    assert jetond.request("POST", "/token", headers=headers, body=GOOD_BODY).status == 415


def test_a_charset_on_the_media_type_is_fine(jetond):
    kind = ("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
    assert jetond.request("POST", "/token", headers=[kind], body=GOOD_BODY).status == 200


def test_a_body_over_64_kib_is_413_before_it_is_read(jetond):
    head = (b"POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded"
            b"\r\nContent-Length: 65537\r\n\r\n")
    assert answer_to(jetond, head) == 413
    assert answer_to(jetond, head.replace(b"65537", b"99999999999999999999")) in (400, 413)


def test_a_body_of_just_64_kib_is_read(jetond):
    body = b"username=alice&password=" + b"x" * (65536 - 24)
    reply = jetond.request("POST", "/token", headers=[FORM], body=body)
    assert reply.json()["error"] == "invalid_grant"


def test_a_chunked_body_over_64_kib_is_413(jetond):
    head = (b"POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded"
            b"\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunk = b"1000\r\n" + b"x" * 4096 + b"\r\n"
    assert answer_to(jetond, head + chunk * 17) in (413, "closed")


def test_headers_over_16_kib_are_431(jetond):
    assert answer_to(jetond, compose("GET", "/health", [("X-Long", "x" * 17000)])) == 431
    assert answer_to(jetond, b"GET /" + b"x" * 20000 + b" HTTP/1.1\r\nHost: x\r\n\r\n") in (414, 431)


AMBIGUOUS = [
    "Content-Length: 5\r\nTransfer-Encoding: chunked",
    "Content-Length: 5\r\nContent-Length: 6",
    "Content-Length: 5\r\nContent-Length: 5",
    "Content-Length: +5", "Content-Length: 5 5", "Content-Length: 0x5", "Content-Length: -1",
    "Content-Length: 5,5", "Content-Length:", "Content-Length : 5",
    "Transfer-Encoding: identity", "Transfer-Encoding: gzip, chunked",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "Transfer-Encoding : chunked",
    "Transfer-Encoding: xchunked", "Host: y", "X-A: b\r\n folded", "X A: b", "X-\0: b", "X: a\0b",
    "X: a\rb", "NoColon", ": empty"]


@pytest.mark.parametrize("line", AMBIGUOUS)
def test_an_ambiguous_head_is_400_and_the_rest_is_not_read(jetond, line):
    smuggled = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
    data = (f"POST /token HTTP/1.1\r\nHost: x\r\n{line}\r\n\r\n").encode("latin-1") + smuggled
    with jetond.connect(5) as connection:
        connection.send(data)
        assert connection.reply().status in (400, 501)
        assert connection.is_closed()


@pytest.mark.parametrize("data", [
    b"\0" * 100, b"GET\r\n\r\n", b"GET /health\r\n\r\n", b"GET /health HTTP/2.0\r\nHost: x\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET  /health HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /health HTTP/1.1\nHost: x\n\n", b"GET /health HTTP/1.1\r\n\r\n",
    b"get /health HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00\x01",
    b"GET /hea\xc3\xa9lth HTTP/1.1\r\nHost: x\r\n\r\n", b" GET /health HTTP/1.1\r\nHost: x\r\n\r\n"])
def test_what_is_no_http_gets_a_4xx_or_is_closed(jetond, data):
    with jetond.connect(15) as connection:
        connection.send(data)
        connection.socket.shutdown(socket.SHUT_WR)
        try:
            assert connection.reply().status in (400, 404, 405, 505)
        except ConnectionError:
            pass


@pytest.mark.parametrize("header", ["Forwarded: for=1.2.3.4", "X-Forwarded-For: 1.2.3.4",
                                    "X-Real-IP: 1.2.3.4", "Via: 1.1 proxy"])
def test_a_proxy_on_the_local_socket_is_told_so(jetond, header):
    name, value = header.split(": ")
    reply = jetond.get("/health", headers=[(name, value)])
    assert reply.status == 400
    assert "web.sock" in reply.json()["error_description"]


def test_http_1_0_is_answered_and_closed(jetond):
    with jetond.connect(5) as connection:
        connection.send(b"GET /health HTTP/1.0\r\n\r\n")
        assert connection.reply().status == 200
        assert connection.is_closed()


def test_upgrade_is_ignored_and_expect_is_answered(jetond):
    assert jetond.get("/health", headers=[("Connection", "Upgrade, HTTP2-Settings"),
                                          ("Upgrade", "h2c"), ("HTTP2-Settings", "AA")]).status == 200
    with jetond.connect(5) as connection:
        connection.send(compose("POST", "/token", [FORM, ("Expect", "100-continue")],
                                GOOD_BODY)[:-len(GOOD_BODY)])
        assert connection.reply().status == 100
        connection.send(GOOD_BODY)
        assert connection.reply().status == 200


def test_requests_behind_each_other_are_answered_in_order(jetond):
    with jetond.connect(10) as connection:
        connection.send(compose("GET", "/health") + compose("POST", "/token", [FORM], GOOD_BODY) +
                        compose("GET", "/nothing"))
        assert [connection.reply().status for _ in range(3)] == [200, 200, 404]


@pytest.mark.parametrize("name", ["a\0b", "a\nb", "a/b", "a" * 4096, "\udcff", "a b", "'; DROP --"])
def test_hostile_names_find_nobody(jetond, name):
    raw = name.encode("utf-8", "surrogateescape")
    body = encode_form([("username", raw), ("password", PASSWORD)])
    reply = jetond.request("POST", "/token", headers=[FORM], body=body)
    assert reply.json()["error"] == "invalid_grant"
    assert "\n" not in [line for line in jetond.log().splitlines() if "a\nb" in line]


def test_a_line_break_in_a_name_makes_no_line_in_the_log(jetond):
    body = encode_form([("username", "x\njetond-authority: audit event=forged"), ("password", "x")])
    jetond.request("POST", "/token", headers=[FORM], body=body)
    assert not [line for line in jetond.log().splitlines()
                if line.startswith("jetond-authority: audit event=forged")]
    assert "\\x0a" in jetond.log()


def test_half_a_request_and_then_silence_is_closed(fresh):
    jetond = fresh('request-timeout = "1s"\nidle-timeout = "2s"\n')
    began = time.monotonic()
    with jetond.connect(10) as connection:
        connection.send(compose("POST", "/token", [FORM], GOOD_BODY)[:-5])
        try:
            assert connection.reply().status == 408
        except ConnectionError:
            pass
        assert connection.is_closed()
    assert 0.8 < time.monotonic() - began < 15
    with jetond.connect(10) as connection:
        assert connection.is_closed()


def test_one_byte_at_a_time_does_not_hold_a_connection(fresh):
    """The deadline is for the whole request: activity does not prolong it."""
    jetond = fresh('request-timeout = "1s"\n')
    began = time.monotonic()
    with jetond.connect(10) as connection:
        try:
            for byte in compose("GET", "/health", [("X-Slow", "y" * 100)]):
                connection.send(bytes([byte]))
                time.sleep(0.1)
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert time.monotonic() - began < 5
    assert jetond.get("/health").status == 200


def test_a_reader_who_does_not_read_is_dropped(fresh):
    jetond = fresh('request-timeout = "1s"\n')
    with jetond.connect(10) as connection:
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        try:
            for _ in range(20000):
                connection.send(compose("GET", "/.well-known/jwks.json"))
        except (TimeoutError, BrokenPipeError, ConnectionResetError):
            pass
        else:
            pytest.fail("the daemon read 20,000 requests whose replies nobody took")
    assert jetond.get("/health").status == 200


def test_a_thousand_idle_connections_do_not_keep_out_the_administrator(fresh):
    jetond = fresh('max-connections = 1200\nmax-connections-per-uid = 300\n')
    held = []
    try:
        for _ in range(290):
            held.append(jetond.connect())
        assert jetond.get("/health").status == 200
        refused = [jetond.connect(5) for _ in range(30)]
        held += refused
        assert any(connection.is_closed() for connection in refused)
    finally:
        for connection in held:
            connection.socket.close()
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            if jetond.get("/health").status == 200:
                return
        except OSError:
            time.sleep(0.05)
    pytest.fail("the budget was not given back")


def test_logins_side_by_side_get_their_own_tokens(fresh):
    """Four users at once, many times: nobody ever gets another's token, nor in by his password."""
    jetond = fresh()
    names = ["ann", "bea", "cleo", "dan"]
    passwords = {name: f"{number} wandering otters" for number, name in enumerate(names)}
    for name in names:
        jetond.add_user(name, password=passwords[name])
    wrong = []

    def log_in(name):
        for _ in range(10):
            token = jetond.token(name, passwords[name])
            if jetond.get("/users/me", token=token).json()["username"] != name:
                wrong.append(name)
            other = names[names.index(name) - 1]
            if jetond.login(name, passwords[other]).status != 400:
                wrong.append(name)
            jetond.unlock(name)

    threads = [threading.Thread(target=log_in, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_descriptors_that_a_caller_sends_do_not_stay(jetond):
    (frontend,) = jetond.children()["frontend"][:1]
    import os
    before = sum(len(os.listdir(f"/proc/{pid}/fd")) for pids in jetond.children().values()
                 for pid in pids) if os.geteuid() == 0 else None
    with jetond.connect() as connection, open("/dev/null") as null:
        for _ in range(50):
            socket.send_fds(connection.socket, [b"G"], [null.fileno()] * 10)
    if before is None:
        pytest.skip("needs root to count another process's descriptors")
    jetond.settle()
    after = sum(len(os.listdir(f"/proc/{pid}/fd")) for pids in jetond.children().values()
                for pid in pids)
    assert after <= before
