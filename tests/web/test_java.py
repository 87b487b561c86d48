"""examples/java: compiled, the client and the service run through nginx with TLS."""
import os
import pty
import select
import subprocess
import time

import pytest
from example_runs import (CLIENT_CHECKS, METRICS, NOBODY, SERVICE_CHECKS, Client, Document, Service,
                          add_people,
                          by_what_is_no_key_set_nothing_is_said_either, nothing_is_said_of_a_token,
                          two_authorization_fields_open_nothing)
from front import Front
from harness import PASSWORD, TOP

SOURCES = TOP / "examples" / "java"
STEP_SECONDS = 120


@pytest.fixture(scope="module")
def front():
    """Its keys are dropped here, so it is nobody else's."""
    with Front() as one:
        add_people(one)
        yield one


@pytest.fixture(scope="module")
def java(front, tmp_path_factory):
    """The beginning of a command: the classes, and whom they trust."""
    folder = tmp_path_factory.mktemp("java")
    run("javac", "-Xlint:all", "-Werror", "-d", folder / "out", *sorted(SOURCES.glob("*.java")))
    run("keytool", "-importcert", "-noprompt", "-alias", "front", "-file", front.authority,
        "-keystore", folder / "trust.p12", "-storepass", "changeit")
    return ["java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp", folder / "out",
            f"-Djavax.net.ssl.trustStore={folder}/trust.p12",
            "-Djavax.net.ssl.trustStorePassword=changeit"]


def run(*command):
    answer = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                            timeout=STEP_SECONDS, env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"})
    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.fixture(scope="module")
def service(front, java, tmp_path_factory):
    with Service(front, [*java, "ResourceServer", front.issuer, METRICS, "0"],
                 tmp_path_factory.mktemp("service")) as one:
        yield one


@pytest.mark.parametrize("check", [*SERVICE_CHECKS, two_authorization_fields_open_nothing],
                         ids=lambda check: check.__name__)
def test_service(service, check):
    check(service)


def test_without_the_keys_nothing_is_said_of_a_token(front, java, tmp_path):
    with Service(front, [*java, "ResourceServer", NOBODY, METRICS, "0"], tmp_path) as service:
        nothing_is_said_of_a_token(service)


def test_by_what_is_no_key_set_nothing_is_said_either(front, java, tmp_path):
    by_what_is_no_key_set_nothing_is_said_either(lambda issuer: Service(
        front, [*java, "ResourceServer", issuer, METRICS, "0"], tmp_path))


def test_an_issuer_who_is_away_is_not_asked_by_each_request(front, java, tmp_path):
    with Document() as document, Service(
            front, [*java, "ResourceServer", document.address, METRICS, "0"], tmp_path) as service:
        token, began = service.token(), time.monotonic()
        for _ in range(20):
            assert service.ask("GET", "/readings", token).status == 503
        # Between two tries lies a second.
        assert document.asked <= 2 + (time.monotonic() - began)


def test_a_client_who_is_told_nobodys_name_says_how_it_is_used(front, java):
    answer = subprocess.run([*java, "Client", front.issuer], capture_output=True, text=True,
                            stdin=subprocess.DEVNULL, timeout=STEP_SECONDS)
    assert answer.returncode == 2 and answer.stderr == "Usage: java -cp out Client ISSUER USER\n"


def read_until(terminal, words):
    seen = b""
    while words not in seen:
        assert select.select([terminal], [], [], STEP_SECONDS)[0], seen
        seen += os.read(terminal, 4096)
    return seen


def test_a_password_is_not_shown_where_it_is_typed(front, java):
    terminal, far_end = pty.openpty()
    process = subprocess.Popen([*java, "Client", front.issuer, "carol"], stdin=far_end,
                               stdout=far_end, stderr=subprocess.DEVNULL)
    os.close(far_end)
    try:
        read_until(terminal, b"Password: ")
        os.write(terminal, PASSWORD.encode() + b"\n/users/me\n\x04")
        seen = read_until(terminal, b"\"carol\"")
        assert b"200 {" in seen and PASSWORD.encode() not in seen
        assert process.wait(STEP_SECONDS) == 0
    finally:
        process.kill()
        process.wait()
        os.close(terminal)


@pytest.mark.parametrize("check", CLIENT_CHECKS, ids=lambda check: check.__name__)
def test_client(front, java, check):
    check(front, lambda front, name, **how: Client(front, [*java, "Client", front.issuer, name], **how))


def test_the_service_verifies_rs256_too(front, java, tmp_path):
    audience = "https://rs256.example"
    with Service(front, [*java, "ResourceServer", front.issuer, audience, "0"], tmp_path) as service:
        token = service.token("olga", audience)
        assert service.ask("GET", "/operators", token).status == 200
        assert service.ask("GET", "/operators", token[:-9] + "AAAAAAAAA").status == 401
