"""What the examples must do, whatever language they are in: services that verify tokens by the
published keys, and clients that log in. Each is a program, started as its README says."""
import http.client
import http.server
import json
import os
import re
import subprocess
import threading
import time

from attacks import every_attack
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from forge import Forge, base64url, base64url_bytes, compact
from harness import PASSWORD

METRICS = "https://metrics.example"
NOBODY = "https://127.0.0.1:1"  # an issuer who cannot be reached
WAIT_SECONDS = 60


def add_people(front):
    front.daemon.add_user("rita")
    front.daemon.add_user("carol")
    front.daemon.add_user("olga", roles=["operator"])


# --- services -------------------------------------------------------------------------------------

class Service:
    """A program that serves HTTP and tells where. `front` is the jeton that it believes."""

    def __init__(self, front, command, directory, **environment):
        self.front = front
        trust = str(front.authority)
        self.start(command, directory, SSL_CERT_FILE=trust, NODE_EXTRA_CA_CERTS=trust, **environment)

    def start(self, command, directory, **environment):
        self.output = directory / "output"
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                env={"PATH": os.environ["PATH"], **environment})

    def __enter__(self):
        try:
            self.port = self.wait_for_port()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(WAIT_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    def wait_for_port(self):
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            told = re.search(r"http://127\.0\.0\.1:([0-9]+)\b.*\n", self.said())
            if told:
                return int(told.group(1))
            time.sleep(0.02)
        raise AssertionError(f"it does not serve: {self.said()}")

    def said(self):
        return self.output.read_text(errors="replace")

    def ask(self, method, path, token=None, fields=(), body=None):
        """The reply, with its `body`; `token` stands for a field Authorization."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_SECONDS)
        try:
            connection.putrequest(method, path)
            for name, value in fields:
                connection.putheader(name, value)
            if token is not None:
                connection.putheader("Authorization", b"Bearer " + token.encode())
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            reply = connection.getresponse()
            reply.body = reply.read()
            return reply
        finally:
            connection.close()

    def challenge(self, path, token=None, fields=()):
        """Status and WWW-Authenticate."""
        reply = self.ask("GET", path, token, fields)
        return reply.status, reply.getheader("WWW-Authenticate")

    def token(self, name="rita", audience=METRICS, **form):
        return self.front.daemon.token(name, audience=audience, **form)

    def forge(self):
        return Forge(self.token(), self.front.daemon.state / "keys")


def good_tokens_come_in(service):
    reply = service.ask("GET", "/readings", service.token())
    assert reply.status == 200 and b"rita" in reply.body, service.said()


def without_a_token_the_challenge_is_bare(service):
    good = service.token()
    for path, fields in [("/readings", []), (f"/readings?access_token={good}", []),
                         ("/readings", [("Authorization", "Basic YTpi")]),
                         ("/readings", [("Cookie", f"access_token={good}")])]:
        status, challenge = service.challenge(path, fields=fields)
        assert status == 401 and challenge.startswith("Bearer") and "error" not in challenge


def is_refused(service, token):
    status, challenge = service.challenge("/readings", token)
    return status == 401 and 'error="invalid_token"' in challenge


def a_token_for_another_audience_is_refused(service):
    assert is_refused(service, service.token(audience=service.front.issuer))


def an_expired_token_is_refused(service):
    now = int(time.time())
    assert is_refused(service, service.forge().with_claims(iat=now - 1000, exp=now - 100))


def another_issuer_is_refused(service):
    assert is_refused(service, service.forge().with_claims(iss="https://elsewhere.example"))


def what_is_no_access_token_is_refused(service):
    """Signed by the right key and for the right audience: only its type tells."""
    forge = service.forge()
    for typ in ("jeton-login+jwt", "JWT"):
        assert is_refused(service, forge.with_header(compact({**forge.header, "typ": typ})))


def a_changed_token_is_refused(service):
    forge = service.forge()
    raised = base64url(compact({**forge.claims, "roles": ["operator"]}))
    assert is_refused(service, f"{forge.header_part}.{raised}.{forge.signature_part}")


def a_scope_that_is_not_there_is_403(service):
    status, challenge = service.challenge("/readings", service.token("olga", scope="metrics:write"))
    assert status == 403 and 'error="insufficient_scope"' in challenge


def a_role_that_is_not_there_is_403(service):
    assert service.ask("GET", "/operators", service.token("olga")).status == 200
    status, challenge = service.challenge("/operators", service.token("rita"))
    assert status == 403 and 'error="insufficient_scope"' in challenge


def two_authorization_fields_open_nothing(service):
    field = ("Authorization", f"Bearer {service.token()}")
    assert service.ask("GET", "/readings", fields=[field, field]).status in (400, 401)


def no_attack_comes_in(service):
    """Of those that an attacker can make: what has a true signature only jeton could have."""
    forge = service.forge()
    for name, token in every_attack(forge):
        if not re.fullmatch("[!-~]{0,15000}", token):
            continue  # no field of HTTP, or more than servers read
        if not is_signed(forge, token):
            assert service.ask("GET", "/readings", token).status == 401, name


def is_signed(forge, token):
    """By the daemon's key, which it would not have done."""
    body, _, signature = token.rpartition(".")
    try:
        numbers = base64url_bytes(signature)
        halves = numbers[:32], numbers[32:]
        der = utils.encode_dss_signature(*(int.from_bytes(half, "big") for half in halves))
        forge.key.public_key().verify(der, body.encode(), ec.ECDSA(hashes.SHA256()))
        return True
    except (InvalidSignature, ValueError):
        return False


def a_new_key_is_found(service):
    """Rotated at once: the service has never seen it."""
    old = service.token()
    assert service.front.daemon.post("/keys/rotate", peer=True, data={"now": True}).status == 200
    new = service.token()
    assert new.split(".")[0] != old.split(".")[0]
    deadline = time.monotonic() + WAIT_SECONDS
    while service.ask("GET", "/readings", new).status != 200:
        assert time.monotonic() < deadline, service.said()
        time.sleep(0.2)
    assert service.ask("GET", "/readings", old).status == 200


class Document:
    """Something on the web that answers every question with its `body`, and counts them."""

    def __init__(self):
        document = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # pylint: disable=invalid-name
                document.asked += 1
                self.send_response(200)
                self.send_header("Content-Length", str(len(document.body)))
                self.end_headers()
                self.wfile.write(document.body)

            def log_message(self, *_):  # pylint: disable=arguments-differ
                pass

        self.body, self.asked = b"", 0
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def by_what_is_no_key_set_nothing_is_said_either(start):
    """`start(issuer)` is a service that believes him."""
    with Document() as document, start(document.address) as service:
        for document.body in (b"{}", b"<html>not now</html>"):
            nothing_is_said_of_a_token(service)


def nothing_is_said_of_a_token(service):
    """Of a service that has no keys. It is no refusal: who asks may try again."""
    assert service.ask("GET", "/readings", service.token()).status == 503
    assert service.ask("GET", "/readings").status == 401


SERVICE_CHECKS = [
    good_tokens_come_in, without_a_token_the_challenge_is_bare,
    a_token_for_another_audience_is_refused, an_expired_token_is_refused, another_issuer_is_refused,
    what_is_no_access_token_is_refused, a_changed_token_is_refused,
    a_scope_that_is_not_there_is_403, a_role_that_is_not_there_is_403, no_attack_comes_in,
    a_new_key_is_found]


# --- clients --------------------------------------------------------------------------------------

class Client:
    """A program that reads a password and then paths, and answers with a status and a body a line."""

    def __init__(self, front, command, password=PASSWORD, **environment):
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={"PATH": os.environ["PATH"], "REQUESTS_CA_BUNDLE": str(front.authority),
                 **environment})
        self.watch = threading.Timer(WAIT_SECONDS, self.process.kill)
        self.watch.start()
        self.send(password)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.watch.cancel()
        self.process.kill()
        self.process.communicate()

    def send(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def get(self, path):
        """(status, body)"""
        self.send(path)
        status, _, body = self.process.stdout.readline().partition(" ")
        return int(status or 0), body

    def end(self):
        """(exit status, what it said on standard error)"""
        _, said = self.process.communicate()
        return self.process.returncode, said


def logins_of(front, name):
    sessions = front.daemon.get(f"/sessions?user={name}", peer=True).json()
    return {session["sid"] for session in sessions}


def it_logs_in_calls_and_logs_out(front, run):
    before = logins_of(front, "carol")
    with run(front, "carol") as client:
        status, body = client.get("/users/me")
        assert status == 200 and json.loads(body)["username"] == "carol"
        assert client.get("/users")[0] == 403
        assert len(logins_of(front, "carol") - before) == 1
        assert client.end()[0] == 0
    assert logins_of(front, "carol") == before


def a_wrong_password_is_told(front, run):
    with run(front, "carol", password="wrong") as client:
        status, said = client.end()
    assert status == 1 and "invalid_grant" in said and "wrong\n" not in said
    front.daemon.unlock("carol")


def a_refused_token_is_renewed(front, run):
    """Its key is dropped: the token is no good any more, and the login still is."""
    with run(front, "carol") as client:
        assert client.get("/users/me")[0] == 200
        login = logins_of(front, "carol")
        keys = front.daemon.get("/keys", peer=True).json()
        kid = next(key["kid"] for key in keys
                   if key["alg"] == "ES256" and key["state"] == "active")
        assert front.daemon.request("DELETE", f"/keys/{kid}", peer=True).status == 200
        assert client.get("/users/me")[0] == 200
        assert logins_of(front, "carol") == login


def an_ended_session_asks_for_a_login(front, run):
    with run(front, "carol") as client:
        assert client.get("/users/me")[0] == 200
        order = front.daemon.post("/revocations", peer=True, data={"user": "carol"})
        assert order.status == 204
        client.send("/users/me")
        status, said = client.end()
    assert status == 1 and "invalid_grant" in said


CLIENT_CHECKS = [it_logs_in_calls_and_logs_out, a_wrong_password_is_told, a_refused_token_is_renewed,
                 an_ended_session_asks_for_a_login]
