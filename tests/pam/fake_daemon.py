"""A daemon that says whatever a test wants: it listens, reads one request, and answers."""
import json
import os
import secrets
import socket
import threading
import time
import urllib.parse

from public_pages import ISSUER, base64url


class Request:
    """What the module asked, and the ticket that an honest daemon would give it."""

    def __init__(self, connection):
        head, _, body = receive_head(connection)
        line, *fields = head.decode("latin-1").split("\r\n")
        self.method, self.path, self.version = line.split(" ")
        self.fields = {k.lower(): v.strip() for k, v in (f.split(":", 1) for f in fields)}
        length = int(self.fields.get("content-length", 0))
        while len(body) < length:
            body += connection.recv(65536)
        self.form = dict(urllib.parse.parse_qsl(body.decode("latin-1"), strict_parsing=True,
                                                encoding="latin-1", keep_blank_values=True))

    def claims(self, **changed):
        """`None` leaves a claim out."""
        now = int(time.time())
        claims = {
            "iss": ISSUER, "sub": "1", "aud": "jeton:login", "exp": now + 30, "iat": now,
            "jti": base64url(secrets.token_bytes(16)), "username": self.form["username"],
            "uid": int(self.form["uid"]), "nonce": self.form["nonce"],
            "service": self.form["service"], "phase": self.path.rpartition("/")[2],
            "verdict": "granted",
        }
        if "role" in self.form:
            claims["roles"] = [self.form["role"]]
        if claims["phase"] == "session":
            claims["sid"] = base64url(secrets.token_bytes(16))
        claims.update(changed)
        return {name: value for name, value in claims.items() if value is not None}


def receive_head(connection):
    received = b""
    while b"\r\n\r\n" not in received:
        part = connection.recv(65536)
        if not part:
            raise ConnectionError("the request ended in its head")
        received += part
    return received.partition(b"\r\n\r\n")


def header(key, **changed):
    """The bytes of common/jwt/keyset.c's token_header()."""
    return {"alg": "ES256", "typ": "jeton-login+jwt", "kid": key.kid, **changed}


def sign(key, claims, head=None):
    parts = (json.dumps(part, separators=(",", ":")).encode() for part in (head or header(key),
                                                                           claims))
    signed = ".".join(base64url(part) for part in parts)
    return f"{signed}.{base64url(key.sign(signed.encode()))}"


def reply(body, status="200 OK", content_type="application/jwt"):
    body = body.encode() if isinstance(body, str) else body
    return (f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n"
            "Cache-Control: no-store\r\nPragma: no-cache\r\n\r\n").encode() + body


class FakeDaemon:
    """Serves until closed. `answer` takes a request and gives bytes; `serve` may do as it likes
    with the connection instead. What came in is kept in `requests`."""

    def __init__(self, path, answer=None, serve=None):
        self.answer, self.serve = answer, serve or self.answer_once
        self.requests, self.connections, self.ending = [], 0, threading.Event()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen(64)
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def answer_once(self, connection):
        request = Request(connection)
        self.requests.append(request)
        connection.sendall(self.answer(request))

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.converse, args=[connection], daemon=True).start()

    def converse(self, connection):
        with connection:
            try:
                self.serve(connection)
            except OSError:
                pass  # the module had enough, as it may

    def close(self):
        self.ending.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def listen_as(uid, path):
    """A listener that another uid made, and that answers nothing; close with os.kill(pid)."""
    ready, told = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.setuid(uid)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            listener.listen(8)
            os.write(told, b".")
            time.sleep(60)
        os._exit(0)
    os.close(told)
    os.read(ready, 1)
    os.close(ready)
    return pid
