"""jeton-issuers fetches the keys of outside issuers: from a server with TLS that says what it likes."""
import http.server
import json
import os
import ssl
import stat
import subprocess
import threading

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from front import HOST, write_certificates
from harness import BUILD, TOP, Daemon
from outside import Issuer, exchange, jwk_of, link, rsa_key

OLD = '{"keys": []}'


RSA_KEY = rsa_key()
RSA = jwk_of(RSA_KEY, kid="r1", alg="RS256")
EC = jwk_of(ec.generate_private_key(ec.SECP256R1()), kid="e1", alg="ES256")
SHARED = {"kty": "oct", "kid": "o1", "alg": "HS256", "k": "A" * 43}


def key_set(*keys):
    return json.dumps({"keys": keys}).encode()


class Published(http.server.BaseHTTPRequestHandler):
    """What is at each address: (status, fields, body, whether the length is said)."""

    protocol_version = "HTTP/1.0"

    def do_GET(self):
        self.server.asked.append(self.path)
        status, fields, body, says_length = self.server.pages.get(
            self.path, (404, {}, b"not here", True))
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name, value)
        if says_length:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            pass  # who asked had enough

    def log_message(self, *_):
        pass


class Issuers:
    """The script as it is installed, its configuration, its folder, and the server."""

    def __init__(self, folder):
        self.folder, self.keys = folder, folder / "keys"
        self.keys.mkdir()
        self.authority = write_certificates(folder)
        self.server = http.server.ThreadingHTTPServer((HOST, 0), Published)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "server.pem", folder / "server.key")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.server.asked, self.server.pages = [], {}
        self.url = f"https://{HOST}:{self.server.server_port}"
        self.config = folder / "jetond.conf"
        self.script = folder / "jeton-issuers"
        text = (TOP / "daemon/issuer/jeton-issuers.in").read_text()
        for name in ("@SBINDIR@", "@BINDIR@"):
            assert name in text
            text = text.replace(name, str(BUILD / "bin"))
        self.script.write_text(text)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def publish(self, path, body, status=200, fields=(), says_length=True):
        self.server.pages[path] = (status, dict(fields), body, says_length)

    def file(self, name, text=OLD):
        """A file that is there already."""
        path = self.keys / name
        path.write_text(text)
        return path

    def configure(self, *sections):
        """(name, address or None, algorithm) of each."""
        self.config.write_text("".join(
            f'issuer "https://issuer.test/{name}" {{\n jwks = "{self.keys}/{name}"\n'
            + (f' jwks-uri = "{address}"\n' if address else "")
            + f" audience = app\n alg = {algorithm}\n}}\n"
            for name, address, algorithm in sections))

    def run(self, trust=True, **variables):
        environment = {name: value for name, value in os.environ.items()
                       if not name.lower().endswith("_proxy")} | variables
        if trust:
            environment["CURL_CA_BUNDLE"] = str(self.authority)
        return subprocess.run(["sh", str(self.script), "-c", str(self.config)], text=True,
                              capture_output=True, timeout=60, env=environment,
                              stdin=subprocess.DEVNULL)

    def files(self):
        return sorted(path.name for path in self.keys.iterdir())


@pytest.fixture(scope="module")
def module_issuers(tmp_path_factory):
    one = Issuers(tmp_path_factory.mktemp("issuers"))
    yield one
    one.close()


@pytest.fixture
def issuers(module_issuers):
    for path in module_issuers.keys.iterdir():
        path.unlink()
    module_issuers.server.pages.clear()
    module_issuers.server.asked.clear()
    return module_issuers


def test_keys_are_fetched_and_stand_there_for_everybody_to_read(issuers):
    issuers.publish("/a?v=2&x=[1-3]", key_set(RSA))
    issuers.publish("/b", key_set(SHARED, EC))
    issuers.configure(("a.json", issuers.url + "/a?v=2&x=[1-3]", "RS256"),
                      ("b.json", issuers.url + "/b", "ES256"), ("c.json", None, "RS256"))
    answer = issuers.run()
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.splitlines() == [
        f"{issuers.keys}/a.json: fetched from {issuers.url}/a?v=2&x=[1-3]",
        f"{issuers.keys}/b.json: fetched from {issuers.url}/b"]
    assert issuers.files() == ["a.json", "b.json"]
    assert json.loads((issuers.keys / "a.json").read_text()) == {"keys": [RSA]}
    assert stat.S_IMODE((issuers.keys / "a.json").stat().st_mode) == 0o644
    assert issuers.server.asked == ["/a?v=2&x=[1-3]", "/b"]


def test_a_file_is_replaced_and_not_written_over(issuers):
    old = issuers.file("a.json")
    with open(old, encoding="utf-8") as held:
        issuers.publish("/a", key_set(RSA))
        issuers.configure(("a.json", issuers.url + "/a", "RS256"))
        assert issuers.run().returncode == 0
        assert held.read() == OLD
        assert os.fstat(held.fileno()).st_ino != old.stat().st_ino
    assert json.loads(old.read_text()) == {"keys": [RSA]}


def test_a_link_in_the_place_of_the_file_is_replaced_and_not_followed(issuers):
    elsewhere = issuers.folder / "elsewhere"
    elsewhere.write_text("precious")
    (issuers.keys / "a.json").symlink_to(elsewhere)
    issuers.publish("/a", key_set(RSA))
    issuers.configure(("a.json", issuers.url + "/a", "RS256"))
    assert issuers.run().returncode == 0
    assert not (issuers.keys / "a.json").is_symlink()
    assert elsewhere.read_text() == "precious"


def test_root_writes_in_no_folder_of_another_user(issuers):
    """Who is root is told by id: here it says so of everybody."""
    old = issuers.file("a.json")
    programs = issuers.folder / "programs"
    programs.mkdir()
    (programs / "id").write_text("#!/bin/sh\necho 0\n")
    (programs / "id").chmod(0o755)
    path = {"PATH": f"{programs}:{os.environ['PATH']}"}
    issuers.publish("/a", key_set(RSA))
    issuers.configure(("a.json", issuers.url + "/a", "RS256"))
    uid, mode = os.geteuid(), stat.S_IMODE(issuers.keys.stat().st_mode)
    if uid == 0:
        os.chown(issuers.keys, 65534, -1)
    try:
        answer = issuers.run(**path)
    finally:
        os.chown(issuers.keys, uid, -1)
    assert answer.returncode == 1 and "systemctl start jeton-issuers" in answer.stderr
    issuers.keys.chmod(0o777)
    try:
        assert issuers.run(**path).returncode == 1
    finally:
        issuers.keys.chmod(mode)
    assert old.read_text() == OLD and issuers.server.asked == []
    assert issuers.run().returncode == 0


NO_KEY = "answers with no key of RS256"
WRONG = {
    "not found": ({"body": b"x", "status": 404}, "error: 404"),
    "a server in trouble": ({"body": key_set(RSA), "status": 503}, "error: 503"),
    "a redirect": ({"body": key_set(RSA), "status": 302, "fields": {"Location": "/good"}}, "redirects followed"),
    "nothing": ({"body": b""}, NO_KEY),
    "a page": ({"body": b"<html>welcome</html>"}, NO_KEY),
    "half a set": ({"body": key_set(RSA)[:-20]}, NO_KEY),
    "a key that is too short": ({"body": key_set(jwk_of(rsa_key(1024), kid="r1"))}, NO_KEY),
    "no keys": ({"body": b'{"keys": []}'}, NO_KEY),
    "keys is no list": ({"body": b'{"keys": {}}'}, NO_KEY),
    "a list alone": ({"body": json.dumps([RSA]).encode()}, NO_KEY),
    "a single key": ({"body": json.dumps(RSA).encode()}, NO_KEY),
    "a key of another algorithm": ({"body": key_set(EC)}, NO_KEY),
    "a shared secret": ({"body": key_set(SHARED)}, NO_KEY),
    "a key for encryption": ({"body": key_set({**RSA, "use": "enc"})}, NO_KEY),
    "two keys of one name": ({"body": key_set(RSA, jwk_of(rsa_key(), kid="r1"))}, NO_KEY),
    "a name twice": ({"body": b'{"keys": [], "keys": [' + json.dumps(RSA).encode() + b"]}"}, NO_KEY),
    "too much": ({"body": key_set(RSA) + b" " * 70000}, "with a file of 64 KiB at most"),
    "too much, and its length not said":
        ({"body": key_set(RSA) + b" " * 300000, "says_length": False},
         "with a file of 64 KiB at most"),
}


@pytest.mark.parametrize("what", WRONG)
def test_after_a_wrong_answer_the_file_stays_and_it_is_said(issuers, what):
    page, words = WRONG[what]
    file = issuers.file("a.json")
    before = file.stat()
    issuers.publish("/a", **page)
    issuers.publish("/good", key_set(RSA))
    issuers.configure(("a.json", issuers.url + "/a", "RS256"),
                      ("b.json", issuers.url + "/good", "RS256"))
    answer = issuers.run()
    assert answer.returncode == 1
    said, = answer.stderr.splitlines()
    assert said.startswith(f"{file}: stays as it was: {issuers.url}/a ") and words in said
    after = file.stat()
    assert (after.st_ino, after.st_mtime_ns, file.read_text()) == (before.st_ino,
                                                                   before.st_mtime_ns, OLD)
    # The others are fetched all the same, and nothing is left behind.
    assert issuers.files() == ["a.json", "b.json"]
    assert issuers.server.asked == ["/a", "/good"]


def test_a_certificate_that_nobody_vouches_for_is_no_answer(issuers):
    file = issuers.file("a.json")
    issuers.publish("/a", key_set(RSA))
    issuers.configure(("a.json", issuers.url + "/a", "RS256"))
    answer = issuers.run(trust=False)
    assert answer.returncode == 1 and "certificate" in answer.stderr
    assert file.read_text() == OLD and issuers.server.asked == []


def test_a_certificate_of_another_name_is_no_answer(issuers):
    file = issuers.file("a.json")
    issuers.publish("/a", key_set(RSA))
    issuers.configure(("a.json", issuers.url.replace(HOST, "localhost") + "/a", "RS256"))
    answer = issuers.run()
    assert answer.returncode == 1 and "localhost" in answer.stderr
    assert file.read_text() == OLD and issuers.server.asked == []


def test_a_folder_that_is_not_there_is_said(issuers):
    issuers.config.write_text(
        f'issuer "https://a.test" {{ jwks = /nonexistent/a jwks-uri = "{issuers.url}/a" '
        "audience = app }")
    answer = issuers.run()
    assert answer.returncode == 1
    assert "/nonexistent/a: stays as it was: its folder cannot be written in" in answer.stderr
    assert issuers.server.asked == []


def test_settings_that_are_wrong_are_said_and_nothing_is_fetched(issuers):
    issuers.config.write_text(f'issuer "http://a.test" {{ jwks-uri = "{issuers.url}/a" }}')
    answer = issuers.run()
    assert answer.returncode == 1
    assert answer.stderr.startswith(f"{issuers.config}:1: 'http://a.test' is no name")
    assert issuers.server.asked == []


def test_without_outside_issuers_there_is_nothing_to_do(issuers):
    issuers.config.write_text("")
    answer = issuers.run()
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")


def test_keys_that_are_fetched_anew_count_with_the_next_token(issuers):
    """And those that the issuer has withdrawn do not, all without a reload."""
    issuer = Issuer("https://own.example", issuers.keys, key=RSA_KEY, kid="r1")
    section = issuer.section().replace("audience =", f'jwks-uri = "{issuers.url}/own" audience =')
    with Daemon(f'issuer = "https://here.example"\nmin-uid = 1\n{section}') as daemon:
        daemon.add_user("alice")
        assert link(daemon, "alice", issuer, "a").status == 201
        assert exchange(daemon, issuer.token("a")).status == 200
        issuers.config.write_text(section)
        issuer.key, issuer.kid = rsa_key(), "r2"
        issuers.publish("/own", key_set(issuer.jwk()))
        assert exchange(daemon, issuer.token("a")).status == 400
        assert issuers.run().returncode == 0
        assert exchange(daemon, issuer.token("a")).status == 200
        old = issuer.token("a", key=RSA_KEY, header={"kid": "r1"})
        assert exchange(daemon, old).status == 400
        # A wrong answer takes nobody's keys away.
        issuers.publish("/own", b"maintenance")
        assert issuers.run().returncode == 1
        assert exchange(daemon, issuer.token("a")).status == 200
