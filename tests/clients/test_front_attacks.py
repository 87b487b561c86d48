"""What an open network sends, through nginx as the example has it: each case has one outcome, nobody
else notices, and no request hides in another one."""
import contextlib
import json
import signal
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from front import HOST, LOGIN_NAME
from harness import PASSWORD, Connection, Reply, encode_form

CRLF = b"\r\n"
HOST_LINE = f"Host: {LOGIN_NAME}".encode()
FORM = b"Content-Type: application/x-www-form-urlencoded"
CLOSE = b"Connection: close"
LOGIN = encode_form({"username": "alice", "password": PASSWORD})
HIDDEN_NAME = "hidden.in.another.request"
SECONDS = 20


def head(line, *fields, host=HOST_LINE, close=True):
    """The head of a request; a field is a line."""
    lines = [line, *filter(None, [host, CLOSE if close else None]), *fields]
    return CRLF.join(one.encode("latin-1") if isinstance(one, str) else one
                     for one in lines) + CRLF * 2


def get(path, *fields, **how):
    return head(b"GET " + (path.encode("latin-1") if isinstance(path, str) else path) + b" HTTP/1.1",
                *fields, **how)


def post(body, *fields, **how):
    """A form to /token whose length is said by `fields` alone."""
    return head("POST /token HTTP/1.1", FORM, *fields, **how) + body


def chunk(data, extension=b""):
    return b"%x%s\r\n%s\r\n" % (len(data), extension, data)


def hidden():
    """A request that would leave a session."""
    body = encode_form({"username": HIDDEN_NAME, "password": PASSWORD})
    return post(body, f"Content-Length: {len(body)}")


class Answers(list):
    """The replies of one connection, in their order, up to its end."""

    @property
    def statuses(self):
        return [reply.status for reply in self]


def read_replies(receive):
    data, answers = b"", Answers()
    with contextlib.suppress(ConnectionResetError):
        while more := receive():
            data += more
    while data:
        raw_head, _, data = data.partition(CRLF * 2)
        reply = Reply(raw_head, b"")
        length = 0 if reply.status == 100 else int(reply.headers["content-length"])
        reply.body, data = data[:length], data[length:]
        assert len(reply.body) == length
        answers.append(reply)
    return answers


def is_from_jeton(reply):
    """nginx's own pages are HTML."""
    return reply.headers["content-type"] == "application/json"


class Network:
    """Anybody out there."""

    def __init__(self, front):
        self.front = front
        self.trust = ssl.create_default_context(cafile=str(front.authority))

    def connect(self):
        plain = socket.create_connection((HOST, self.front.site_port), SECONDS)
        return self.trust.wrap_socket(plain, server_hostname=LOGIN_NAME)

    def send(self, data):
        """All that comes back until nginx closes."""
        with self.connect() as connection:
            connection.sendall(data)
            return read_replies(lambda: connection.recv(65536))

    def send_raw(self, data):
        with self.connect() as connection:
            connection.sendall(data)
            answer = b""
            while more := connection.recv(65536):
                answer += more
            return answer

    def first(self, data):
        """The first reply, however the connection goes on."""
        with self.connect() as connection:
            connection.sendall(data)
            wrapped = Connection.__new__(Connection)
            wrapped.socket, wrapped.unread = connection, b""
            return wrapped.reply()

    def one(self, data):
        reply, = self.send(data)
        return reply


@pytest.fixture(scope="module")
def network(front):
    front.daemon.add_user(HIDDEN_NAME)
    return Network(front)


def hidden_logins(front):
    return len(front.daemon.get(f"/sessions?user={HIDDEN_NAME}", peer=True).json())


@pytest.fixture
def well(front, network, token):
    """Afterwards a caller on a connection of his own gets his own answer, and nobody has logged in
    whose request was hidden; the last test here looks again, much later."""
    yield
    me = network.one(get("/users/me", f"Authorization: Bearer {token}"))
    assert (me.status, me.json()["username"]) == (200, "alice")
    assert hidden_logins(front) == 0


# --- where a request ends -------------------------------------------------------------------------

def cl_te():
    body = b"0\r\n\r\n" + hidden()
    return post(body, f"Content-Length: {len(body)}", "Transfer-Encoding: chunked")


def te_cl(field="Transfer-Encoding: chunked", length="Content-Length: 4"):
    return post(chunk(hidden()) + b"0\r\n\r\n", length, field)


def chunked(body, *fields):
    return post(body, "Transfer-Encoding: chunked", *fields)


# What nginx says; and jeton itself, behind a proxy that passed it all on.
AMBIGUOUS = {
    "Content-Length and chunks": (cl_te(), 400, 400),
    "chunks and Content-Length": (te_cl(), 400, 400),
    "a blank before the colon": (te_cl("Transfer-Encoding : chunked"), 400, 400),
    "an unknown coding": (post(hidden(), "Transfer-Encoding: xchunked"), 501, 400),
    "two codings": (post(hidden(), "Transfer-Encoding: chunked, identity"), 501, 400),
    "identity": (post(hidden(), "Transfer-Encoding: identity"), 501, 400),
    "chunks twice": (post(b"0\r\n\r\n" + hidden(), "Transfer-Encoding: chunked",
                          "Transfer-Encoding: chunked"), 400, 400),
    "a tab of another kind": (post(hidden(), b"Transfer-Encoding:\x0bchunked"), 501, 400),
    "a folded line": (post(hidden(), b"Transfer-Encoding:\r\n chunked"), 400, 400),
    "a folded field": (get("/health", b"X-A: b\r\n c: d"), 400, 400),
    "a field that begins with a blank": (get("/health", b" X-A: b"), 400, 400),
    "a field without a colon": (get("/health", b"X-A b"), 400, 400),
    "chunks in HTTP/1.0": (head("POST /token HTTP/1.0", FORM, "Transfer-Encoding: chunked")
                           + b"0\r\n\r\n" + hidden(), 400, 400),
    "two lengths": (post(b"hello" + hidden(), "Content-Length: 5", "Content-Length: 6"), 400, 400),
    "one length twice": (post(b"hello" + hidden(), "Content-Length: 5", "Content-Length: 5"),
                         400, 400),
    "a list of lengths": (post(b"hello" + hidden(), "Content-Length: 5, 5"), 400, 400),
    "a length with a sign": (post(b"hello" + hidden(), "Content-Length: +5"), 400, 400),
    "a negative length": (post(b"hello" + hidden(), "Content-Length: -5"), 400, 400),
    "a length in hex": (post(b"hello" + hidden(), "Content-Length: 0x5"), 400, 400),
    "a length beyond 64 bits": (post(b"hello" + hidden(), "Content-Length: " + "9" * 23), 400, 400),
    "a negative chunk": (chunked(b"-5\r\nhello\r\n0\r\n\r\n" + hidden()), 400, 400),
    "a chunk in 0x": (chunked(b"0x5\r\nhello\r\n0\r\n\r\n" + hidden()), 400, 400),
    "a chunk beyond 64 bits": (chunked(b"f" * 18 + b"\r\nhello\r\n0\r\n\r\n" + hidden()), 400, 400),
    "a chunk that is longer than it says": (chunked(b"3\r\nhello\r\n0\r\n\r\n" + hidden()), 400, 400),
    "a lone CR": (get("/users/me", b"X-A: b\rAuthorization: Peer"), 400, 400),
    "a NUL": (get("/users/me", b"X-A: b\0c"), 400, 400),
    "two hosts": (get("/health", HOST_LINE), 400, 400),
    "no host": (get("/health", host=None), 400, 400),
    "a host with a slash": (get("/health", host=b"Host: a/b"), 400, 400),
}


@pytest.mark.parametrize("what", AMBIGUOUS)
def test_what_could_end_in_two_places_is_refused_and_nothing_after_it_is_read(network, well, what):
    data, status, _ = AMBIGUOUS[what]
    reply = network.one(data)
    assert reply.status == status and not is_from_jeton(reply), reply


@pytest.mark.parametrize("what", AMBIGUOUS)
def test_behind_a_careless_proxy_jeton_refuses_the_same(front, well, what):
    data, _, status = AMBIGUOUS[what]
    with front.daemon.connect(path=front.daemon.web_socket) as connection:
        connection.send(data)
        assert read_replies(lambda: connection.socket.recv(65536)).statuses == [status]


def test_a_request_in_the_body_of_a_get_is_a_body(network, well):
    body = hidden()
    answers = network.send(get("/health", f"Content-Length: {len(body)}", close=False) + body
                           + get("/keys"))
    assert answers.statuses == [200, 401]
    assert answers[0].json() == {"status": "ok"}


def test_a_request_in_a_chunk_is_a_body(network, well):
    answers = network.send(chunked(chunk(hidden()) + b"0\r\n\r\n"))
    assert answers.statuses == [400] and is_from_jeton(answers[0])


def test_chunks_with_extensions_and_trailers_are_one_body(network, well):
    for data in (chunk(LOGIN, b';a=b;c="d"') + b"0\r\n\r\n",
                 chunk(LOGIN[:7]) + chunk(LOGIN[7:], b";x") + b"0;y\r\n\r\n",
                 chunk(LOGIN) + b"0\r\nAuthorization: Peer\r\nContent-Length: 3\r\n\r\n"):
        reply = network.one(chunked(data))
        assert reply.status == 200 and "access_token" in reply.json(), data


def test_lines_that_end_in_a_bare_line_feed_are_lines_to_everybody(network, well):
    assert network.one(get("/health").replace(CRLF, b"\n")).json() == {"status": "ok"}
    # So what stands behind one is a field, and judged as one.
    reply = network.one(get("/users", b"X-A: b\nAuthorization: Peer"))
    assert reply.status == 401 and is_from_jeton(reply)


def test_requests_behind_each_other_get_each_its_answer(network, well, token):
    mine = f"Authorization: Bearer {token}"
    rounds = 8
    data = b"".join(get("/users/me", mine, close=False) + get("/users/me", close=False)
                    for _ in range(rounds))
    answers = network.send(data + get("/health"))
    assert answers.statuses == [200, 401] * rounds + [200]
    assert {reply.json()["username"] for reply in answers[:-1:2]} == {"alice"}
    assert answers[-1].json() == {"status": "ok"}


# --- the request line -----------------------------------------------------------------------------

LINES = {
    "absolute": (f"GET https://{LOGIN_NAME}/health HTTP/1.1", 200, True),
    "absolute, of another host": ("GET http://elsewhere.example/health HTTP/1.1", 200, True),
    "absolute, of no host": ("GET file:///health HTTP/1.1", 400, False),
    "CONNECT to a host": (f"CONNECT {LOGIN_NAME}:443 HTTP/1.1", 400, False),
    "CONNECT to a path": ("CONNECT /health HTTP/1.1", 405, False),
    "TRACE": ("TRACE /health HTTP/1.1", 405, False),
    "OPTIONS *": ("OPTIONS * HTTP/1.1", 400, False),
    "an unknown method": ("FROB /health HTTP/1.1", 405, True),
    "a method in small letters": ("get /health HTTP/1.1", 400, False),
    "a long method": ("A" * 3000 + " /health HTTP/1.1", 405, True),
    "another version": ("GET /health HTTP/2.0", 505, False),
    "a version to come": ("GET /health HTTP/1.2", 200, True),
    "no version that is one": ("GET /health HTTQ/1.1", 400, False),
    "a long target": ("GET /" + "a" * 9000 + " HTTP/1.1", 414, False),
    "a target of 7 KiB": ("GET /" + "a" * 7000 + " HTTP/1.1", 404, True),
}


@pytest.mark.parametrize("what", LINES)
def test_each_request_line_has_its_answer(network, well, what):
    line, status, by_jeton = LINES[what]
    reply = network.one(head(line))
    assert (reply.status, is_from_jeton(reply)) == (status, by_jeton), reply


def test_a_method_that_the_path_has_not_is_told_those_it_has(network):
    assert network.one(head("FROB /health HTTP/1.1")).headers["allow"] == "GET, HEAD"


def test_http_0_9_gets_a_body_and_no_more(network, well):
    assert network.send_raw(b"GET /health\r\n") == b'{"status":"ok"}'
    assert b"405" not in network.send_raw(b"GET /keys\r\n") and b"invalid_token" in (
        network.send_raw(b"GET /keys\r\n"))
    assert b"400 Bad Request" in network.send_raw(b"POST /token\r\n")


PATHS = {  # by nginx, or by jeton; for somebody who is no administrator
    "/users/%00": (400, False), "/users/me%00": (400, False), "/users/me%00/../../keys": (400, False),
    "/%2e%2e/health": (400, False), "/../health": (400, False), "/users/%zz": (400, False),
    "/users/%": (400, False), "/users/../health": (400, True), "/users/%2e%2e/health": (400, True),
    "/users%2fme": (400, True), "/users/me%2f": (400, True), "//users/me": (400, True),
    "/users//me": (400, True), "/users/./me": (400, True), "/users/me/.": (400, True),
    "/users/m%65": (400, True), "/users/me\\": (400, True), "/users/\xff": (400, True),
    "/users/me#x": (400, True), "/users/%0d%0aX:%20y": (400, True), "/users/%7f": (400, True),
    "/users/%5c..%5c": (403, True), "/users/me;x=1": (403, True), "/users/%ff": (403, True),
    "/users/%c3%a4": (403, True), "/users/%252e": (403, True), "/users/me/": (200, True),
    "/USERS/me": (404, True), "/users/me/me": (404, True), "/pam/auth": (404, True),
    "/metrics/..;/keys": (404, True), "/users/me?%00": (200, True), "/users/me?%0d%0a": (200, True),
}


@pytest.mark.parametrize("path", PATHS)
def test_each_spelling_of_a_path_has_its_answer(network, well, token, path):
    reply = network.one(get(path, f"Authorization: Bearer {token}"))
    assert (reply.status, is_from_jeton(reply)) == PATHS[path], reply


# --- fields ---------------------------------------------------------------------------------------

def test_the_case_of_a_field_and_of_a_scheme_means_nothing(network, token):
    reply = network.one(get("/users/me", f"aUtHoRiZaTiOn: bEaReR {token}",
                            host=f"hOsT: {LOGIN_NAME}".encode()))
    assert reply.status == 200 and reply.json()["username"] == "alice"


def test_too_many_fields_and_too_long_ones_are_refused(network, well):
    def fields(count, length):
        return [f"X-{number}: " + "y" * length for number in range(count)]

    assert network.one(get("/health", *fields(90, 1))).status == 200
    for data, status, by_jeton in ((get("/health", *fields(200, 1)), 431, True),
                                   (get("/health", *fields(3, 7000)), 431, True),
                                   (get("/health", *fields(1, 9000)), 400, False)):
        reply = network.one(data)
        assert (reply.status, is_from_jeton(reply)) == (status, by_jeton), data[:80]


def test_an_upgrade_is_not_made(network, well):
    for upgrade in ("h2c", "websocket", "TLS/1.0"):
        reply = network.one(get("/health", "Connection: close, Upgrade, HTTP2-Settings",
                                f"Upgrade: {upgrade}", "HTTP2-Settings: AAMAAABk",
                                "Sec-WebSocket-Key: AAAA", close=False))
        assert reply.status == 200 and reply.json() == {"status": "ok"}
        assert "upgrade" not in reply.headers


def test_an_expectation_is_met_or_passed_over(network, well):
    length = f"Content-Length: {len(LOGIN)}"
    assert network.send(post(LOGIN, length, "Expect: 100-continue")).statuses == [100, 200]
    assert network.send(post(LOGIN, length, "Expect: a-pony")).statuses == [200]


def test_fields_that_connection_names_are_not_taken_away(network, token):
    """Which a proxy may do with its own: the caller's address and his token are not the caller's to
    take off."""
    reply = network.one(get("/users/me", "Connection: close, Authorization, X-Forwarded-For",
                            f"Authorization: Bearer {token}", close=False))
    assert reply.status == 200


def test_another_host_changes_nothing_in_what_is_published(front, network):
    reply = network.one(get("/.well-known/openid-configuration", host=b"Host: evil.example"))
    assert reply.status == 200 and reply.json()["issuer"] == front.issuer
    assert b"evil.example" not in reply.body


# --- who asks -------------------------------------------------------------------------------------

PEER = {
    "Peer": 401, "peer": 401, "PEER": 401, "pEeR": 401, "Peer ": 401, "  Peer": 401, "Peer\t": 401,
    "Peer x": 400, "Peer  Peer": 400, "Peer,Peer": 401, "Peer, Bearer a.b.c": 401, "Bearer Peer": 401,
    '"Peer"': 401, "Peer=": 401, "Peer;": 401, "P\xe9er": 401, "Negotiate Peer": 401,
    "Basic UGVlcjo=": 401, "": 401,
}


@pytest.mark.parametrize("value", PEER)
def test_the_kernels_word_is_refused_in_every_spelling(front, network, value):
    """nginx runs under the uid of the daemon's administrator here: his word would open all of it."""
    for line in ("GET /users HTTP/1.1", "GET /keys HTTP/1.1", "DELETE /users/alice HTTP/1.1"):
        reply = network.one(head(line, f"Authorization: {value}"))
        assert reply.status == PEER[value] and is_from_jeton(reply), (line, reply)
    assert front.daemon.get("/users/alice", peer=True).status == 200


def test_the_kernels_word_under_other_names_is_nobodys(network):
    for field in ("Author_ization: Peer", "X-Authorization: Peer", "Proxy-Authorization: Peer",
                  "X-Forwarded-Authorization: Peer", "Cookie: Authorization=Peer"):
        assert network.one(get("/users", field)).status == 401, field
    for fields in (["Authorization : Peer"], ["Authorization: Bearer x", "Authorization: Peer"],
                   ["Authorization: Peer", "authorization: Peer"], [b"Authorization:\r\n Peer"]):
        reply = network.one(get("/users", *fields))
        assert reply.status == 400 and not is_from_jeton(reply), fields


FORGED = ["X-Forwarded-For: 192.0.2.66", "x-FORWARDED-for: 192.0.2.66", "X-Real-IP: 192.0.2.66",
          "Forwarded: for=192.0.2.66;by=127.0.0.1", "Via: 1.1 192.0.2.66",
          "X-Forwarded-For: 127.0.0.1, 192.0.2.66", "X-Forwarded-For: [2001:db8::66]:1",
          "True-Client-IP: 192.0.2.66", "X_Forwarded_For: 192.0.2.66"]


@pytest.mark.parametrize("forged", FORGED)
def test_the_audit_goes_by_the_last_hop_whatever_the_caller_says(front, network, forged):
    reply = network.one(get("/users/me", "Authorization: Bearer a.b.c", forged, forged))
    assert reply.status == 401
    line = front.daemon.wait_for_log(f"request={reply.headers['x-request-id']}")
    assert f'peer=proxy remote="{HOST}"' in line and "192.0.2.66" not in line


def test_of_a_chain_the_last_hop_counts_as_it_is_nearest_to_us(front):
    """For a proxy that appends; several fields are one list (RFC 9110 5.3)."""
    for said in (["192.0.2.66, 198.51.100.7"], ["192.0.2.66", "198.51.100.7"],
                 ["192.0.2.66,\t198.51.100.7:4711"]):
        headers = [("X-Forwarded-For", one) for one in said]
        reply = front.daemon.get("/users/me", token="a.b.c", headers=headers, web=True)
        line = front.daemon.wait_for_log(f"request={reply.headers['x-request-id']}")
        assert 'remote="198.51.100.7"' in line, said


# --- tokens in the address ------------------------------------------------------------------------

@pytest.mark.parametrize("path", ["/users/me?access_token={}", "/users/me?a=b&access_token={}",
                                  "/userinfo?access_token={}&a", "/health?access_token={}",
                                  "/sessions?limit=1&access_token={}"])
def test_a_token_in_the_address_is_refused_and_it_is_said_what_to_do(front, network, token, path):
    for fields in ([], [f"Authorization: Bearer {token}"]):
        reply = network.one(get(path.format(token), *fields))
        assert reply.status == 400 and reply.json() == {
            "error": "invalid_request",
            "error_description": "a token in the address is in every log on the way: send it as "
                                 "Authorization: Bearer, and revoke this one"}
    assert token.rsplit(".", 1)[1] not in front.daemon.log()


def test_what_is_only_called_alike_is_no_token(network, token):
    for path in ("/users/me?x_access_token=a", "/users/me?access_tokens=a", "/users/me?access_token",
                 "/users/me?a=access_token=b"):
        assert network.one(get(path, f"Authorization: Bearer {token}")).status == 200, path


# --- large and slow -------------------------------------------------------------------------------

def test_a_large_body_is_refused_by_whom_it_reaches(network, well):
    reply = network.one(post(b"x" * 70000, "Content-Length: 70000"))
    assert reply.status == 413 and is_from_jeton(reply)
    reply = network.one(chunked(chunk(b"x" * 70000) + b"0\r\n\r\n"))
    assert reply.status == 413 and is_from_jeton(reply)
    reply = network.first(post(b"", "Content-Length: 2097152"))  # not one byte of it is waited for
    assert reply.status == 413 and not is_from_jeton(reply)


def test_those_who_never_end_their_request_keep_nobody_waiting(front, network, well, token):
    """nginx has all of a request before jeton hears of it."""
    begun = [b"GET /users/me HTTP/1.1\r\nHost: ", get("/health")[:-2],
             post(b"username=al", "Content-Length: 60000", close=False),
             post(b"5\r\nuser", "Transfer-Encoding: chunked", close=False)]
    with contextlib.ExitStack() as open_ones:
        for number in range(40):
            connection = open_ones.enter_context(network.connect())
            connection.sendall(begun[number % len(begun)])
        for _ in range(10):
            reply = network.one(get("/users/me", f"Authorization: Bearer {token}"))
            assert reply.status == 200
        assert front.daemon.login("alice").status == 200


def test_half_requests_that_are_given_up_are_never_asked(front, network, well):
    for _ in range(20):
        with network.connect() as connection:
            connection.sendall(post(encode_form({"username": HIDDEN_NAME, "password": PASSWORD}),
                                    "Content-Length: 200"))


# --- a flood of registrations ---------------------------------------------------------------------

IN_FORCE = "the new settings are in force"


@pytest.fixture
def registration(front):
    """Anybody may add himself, six at most over the web."""
    before = front.daemon.config_file.read_text()

    def settle(text):
        seen = front.daemon.log().count(IN_FORCE)
        front.daemon.config_file.write_text(text)
        front.daemon.jetond_process_signal(signal.SIGHUP)
        deadline = time.monotonic() + SECONDS
        while front.daemon.log().count(IN_FORCE) == seen:
            assert time.monotonic() < deadline, front.daemon.log()
            time.sleep(0.02)

    settle("registration = open\nmax-registered-shared = 6\n" + before)
    yield 6
    settle(before)
    for user in front.daemon.get("/users?q=flood&limit=1000", peer=True).json():
        front.daemon.request("DELETE", f"/users/{user['id']}", peer=True)


def test_a_flood_of_registrations_fills_its_share_and_nothing_else(front, network, registration,
                                                                   token):
    """What comes beyond the share is refused one by one, and everybody else is answered meanwhile."""
    def register(number):
        body = json.dumps({"username": f"flood{number}", "password": PASSWORD}).encode()
        return network.one(head("POST /users HTTP/1.1", "Content-Type: application/json",
                                f"Content-Length: {len(body)}", f"X-Forwarded-For: 192.0.2.{number}")
                           + body)

    before = int(front.daemon.get("/users?limit=0", peer=True).headers["x-total-count"])
    with ThreadPoolExecutor(8) as crowd:
        flood = [crowd.submit(register, number) for number in range(32)]
        for _ in range(10):
            assert network.one(get("/users/me", f"Authorization: Bearer {token}")).status == 200
        assert front.daemon.login("alice").status == 200
        replies = [one.result() for one in flood]
    made = [reply for reply in replies if reply.status == 201]
    assert len(made) == registration
    assert {reply.status for reply in replies} <= {201, 403, 429, 503}
    total = int(front.daemon.get("/users?limit=0", peer=True).headers["x-total-count"])
    assert total == before + registration
    # An administrator adds users all the same, and who goes gives his place back.
    front.daemon.add_user("flood.over")
    first = made[0].json()["username"]
    assert front.daemon.request("DELETE", f"/users/{first}", peer=True).status == 204
    assert register(100).status == 201
    assert register(101).status == 403


# --- the last one ---------------------------------------------------------------------------------

def test_what_was_hidden_above_would_have_been_seen(front, network):
    assert hidden_logins(front) == 0
    assert network.one(hidden()).status == 200
    assert hidden_logins(front) == 1
