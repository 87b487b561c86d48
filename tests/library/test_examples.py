"""The services of examples/c, built from the installed library by their own Makefile: one asks for
its token, one verifies what comes, forged tokens and babble too."""
import os
import random
import shutil
import socket
import subprocess
import time

import jwt
import pytest
from attacks import every_attack
from conftest import READINGS
from forge import Forge
from harness import TOP, Daemon

WAIT_SECONDS = 20


@pytest.fixture(scope="module")
def programs(installed, tmp_path_factory):
    folder = tmp_path_factory.mktemp("examples") / "c"
    shutil.copytree(TOP / "examples/c", folder)
    installed.run("make", "-C", folder, "CFLAGS=-O2 -Wall -Wextra -Wpedantic -Werror")
    return folder


def first_line(one):
    """What comes until a newline; where not all was read, the connection is reset behind that."""
    data = b""
    while not data.endswith(b"\n"):
        more = one.recv(4096)
        if not more:
            break
        data += more
    return data


class Readings:
    """The service that verifies, while a with block lasts."""

    def __init__(self, program, environment, path):
        self.program, self.environment, self.path = program, environment, path

    def __enter__(self):
        self.process = subprocess.Popen([self.program, self.path], env=self.environment,
                                        stderr=subprocess.PIPE)
        deadline = time.monotonic() + WAIT_SECONDS
        while not self.is_listening():
            assert self.process.poll() is None and time.monotonic() < deadline
            time.sleep(0.01)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.communicate(timeout=WAIT_SECONDS)

    def is_listening(self):
        with socket.socket(socket.AF_UNIX) as one:
            return one.connect_ex(str(self.path)) == 0

    def says(self, data):
        """Its answer to these bytes."""
        with socket.socket(socket.AF_UNIX) as one:
            one.settimeout(WAIT_SECONDS)
            one.connect(str(self.path))
            try:
                one.sendall(data)
                one.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # it has answered before it has read everything
            return first_line(one).decode("utf-8", "replace")

    def store(self, token, reading="load 0.7"):
        return self.says(f"{token}\n{reading}\n".encode("utf-8", "surrogatepass"))


@pytest.fixture
def readings(programs, installed, daemon, tmp_path):
    environment = {**installed.environment, "JETON_SOCKET": str(daemon.socket)}
    with Readings(programs / "readings", environment, tmp_path / "readings.sock") as service:
        yield service


def readings_token(daemon, **form):
    return daemon.post("/token", form={"grant_type": "client_credentials", "audience": READINGS,
                                       **form}).json()["access_token"]


def granted(daemon):
    """How many tokens services have been given."""
    return daemon.log().count("event=peer-token result=granted")


def test_a_service_stores_readings_with_a_token_of_its_own(programs, installed, readings):
    said = installed.run(programs / "sensor", readings.path, input="load 0.7\nload 0.9\n",
                         env=readings.environment)
    assert said == "stored: load 0.7 by svc:robot\nstored: load 0.9 by svc:robot\n"


def test_the_token_is_asked_for_once(programs, installed, daemon, readings):
    before = granted(daemon)
    installed.run(programs / "sensor", readings.path, input="load 0.1\n" * 50,
                  env=readings.environment)
    last = jwt.decode(readings_token(daemon), options={"verify_signature": False})["jti"]
    daemon.wait_for_log(f'jti="{last}"', WAIT_SECONDS)
    assert granted(daemon) == before + 2


def test_a_service_without_a_section_says_what_is_missing(programs, installed, readings):
    with Daemon() as other:
        answer = subprocess.run([programs / "sensor", readings.path], input="load 0.7\n", text=True,
                                env={**readings.environment, "JETON_SOCKET": str(other.socket)},
                                capture_output=True, timeout=60, check=False)
    assert answer.returncode == 1 and answer.stdout == ""
    assert answer.stderr.startswith("sensor: no token: jetond answered 400 ")


def test_each_token_that_is_not_good_enough_is_refused(daemon, readings):
    narrow, other = readings_token(daemon, scope="readings:read"), daemon.token("alice")
    assert readings.store(narrow) == "refused: the token has not the scope readings:write\n"
    assert readings.store(other) == "refused: wrong audience\n"
    assert readings.store("") == "refused: invalid\n"
    assert readings.says(b"") == "refused: a token and a reading are two lines\n"
    assert readings.says(b"A" * 100000) == "refused: a token and a reading are two lines\n"


def test_a_revoked_token_is_refused_and_others_are_good_while_the_daemon_is_away(
        programs, installed, tmp_path):
    from conftest import CONFIG
    with Daemon(CONFIG) as daemon:
        environment = {**installed.environment, "JETON_SOCKET": str(daemon.socket)}
        with Readings(programs / "readings", environment, tmp_path / "r.sock") as service:
            token, doomed = readings_token(daemon), readings_token(daemon)
            assert service.store(doomed).startswith("stored: ")
            assert daemon.post("/revoke", form={"token": doomed}).status == 200
            assert service.store(doomed) == "refused: revoked\n"
            daemon.stop()
            assert service.store(token) == "stored: load 0.7 by svc:robot\n"
            assert service.store(doomed) == "refused: revoked\n"


def test_no_forged_token_is_taken(daemon, readings):
    forge = Forge(daemon.token("alice", audience=READINGS), daemon.state / "keys")
    assert readings.store(forge.with_claims()).startswith("stored: ")
    tried = 0
    for name, token in every_attack(forge):
        if "\n" in token:
            continue  # in this protocol what is behind it belongs to no token
        assert readings.store(token).startswith("refused: "), name
        tried += 1
    assert tried > 800


def test_ten_thousand_random_requests_are_refused(daemon, readings):
    seed = os.environ.get("JETON_SEED", "2026")
    source = random.Random(seed)
    token = readings_token(daemon).encode()
    for number in range(10000):
        data = bytearray(token + b"\nload 0.7\n")
        for _ in range(source.randrange(1, 6)):
            data[source.randrange(len(token))] ^= source.randrange(1, 256)
        if number % 2:
            data = source.randbytes(source.randrange(1, 300)) + b"\n\n"
        if bytes(data[:len(token)]) != token:
            assert readings.says(bytes(data)).startswith("refused: "), (seed, number)
    assert readings.process.poll() is None
