"""The examples that know nothing of jeton but what it publishes, and the client in Python: each runs
as its README says, through nginx with TLS. Java's are in tests/web."""
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from example_runs import (CLIENT_CHECKS, NOBODY, SERVICE_CHECKS, WAIT_SECONDS, Client, Service, add_people,
                          by_what_is_no_key_set_nothing_is_said_either, nothing_is_said_of_a_token)
from front import Front, free_ports
from harness import PASSWORD, TOP

EXAMPLES = TOP / "examples"
INSTALL_SECONDS = 100


@pytest.fixture(scope="module")
def own_front():
    """Its keys are dropped here, so it is nobody else's."""
    with Front() as one:
        add_people(one)
        yield one


@pytest.fixture(scope="module")
def node_service(tmp_path_factory):
    """The folder, with what package-lock.json names in it."""
    folder = tmp_path_factory.mktemp("node-service") / "node-service"
    shutil.copytree(EXAMPLES / "node-service", folder, ignore=shutil.ignore_patterns("node_modules"))
    answer = subprocess.run(["npm", "ci"], cwd=folder, capture_output=True, text=True,
                            stdin=subprocess.DEVNULL, timeout=INSTALL_SECONDS)
    assert answer.returncode == 0, answer.stderr
    return folder


@pytest.fixture(scope="module", params=["python", "node"])
def start(request, own_front):
    """start(issuer, folder): one of the services."""
    def python(issuer, folder):
        return Service(own_front, [sys.executable, "-B", "-m", "uvicorn", "--port", "0", "--app-dir",
                                   EXAMPLES / "resource-server-python", "server:app"],
                       folder, ISSUER=issuer)

    def node(issuer, folder):
        program = request.getfixturevalue("node_service") / "server.mjs"
        return Service(own_front, ["node", program, issuer, "0"], folder)

    return {"python": python, "node": node}[request.param]


@pytest.fixture(scope="module")
def service(start, own_front, tmp_path_factory):
    with start(own_front.issuer, tmp_path_factory.mktemp("service")) as one:
        yield one


@pytest.mark.parametrize("check", SERVICE_CHECKS, ids=lambda check: check.__name__)
def test_service(service, check):
    check(service)


def test_without_the_keys_nothing_is_said_of_a_token(start, tmp_path):
    with start(NOBODY, tmp_path) as service:
        nothing_is_said_of_a_token(service)


def test_by_what_is_no_key_set_nothing_is_said_either(start, tmp_path):
    by_what_is_no_key_set_nothing_is_said_either(lambda issuer: start(issuer, tmp_path))


def test_by_hand_all_of_it_is_one_command(tmp_path):
    """examples/try, and what it says to another terminal."""
    (port,) = free_ports(1)
    said = tmp_path / "said"
    with open(said, "wb") as output:
        process = subprocess.Popen([EXAMPLES / "try", str(port)], stdin=subprocess.DEVNULL,
                                   stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + WAIT_SECONDS
        while "Ctrl-C" not in said.read_text():
            assert process.poll() is None and time.monotonic() < deadline, said.read_text()
            time.sleep(0.05)
        exports = "\n".join(re.findall("^ +(export .*)$", said.read_text(), re.MULTILINE))
        script = f"{exports}\nprintf '%s\\n' '{PASSWORD}' /users/me | client-python/client.py $JETON alice"
        answer = subprocess.run(["bash", "-c", script + "; ls -d ${CA%/*}"], cwd=EXAMPLES, text=True,
                                capture_output=True, timeout=WAIT_SECONDS)
    finally:
        process.terminate()
        process.wait(WAIT_SECONDS)
    shown, folder = answer.stdout.splitlines()
    assert shown.startswith("200 ") and '"alice"' in shown, answer.stderr
    assert not Path(folder).exists()


def run_client(front, name, **how):
    return Client(front, [EXAMPLES / "client-python" / "client.py", front.issuer, name], **how)


@pytest.mark.parametrize("more", [[], ["https://localhost", "alice", "/users/me"]])
def test_a_client_that_is_called_otherwise_says_how(more):
    done = subprocess.run([EXAMPLES / "client-python" / "client.py", *more], capture_output=True,
                          text=True, timeout=WAIT_SECONDS, stdin=subprocess.DEVNULL)
    assert done.returncode == 1 and done.stderr.startswith("usage: client.py https://")
    assert len(done.stderr.splitlines()) == 1


def test_a_client_that_gets_no_answer_says_so():
    done = subprocess.run([EXAMPLES / "client-python" / "client.py", NOBODY, "alice"], text=True,
                          capture_output=True, timeout=WAIT_SECONDS, input=f"{PASSWORD}\n")
    assert done.returncode == 1 and done.stderr.startswith("no answer: ")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("check", CLIENT_CHECKS, ids=lambda check: check.__name__)
def test_client(own_front, check):
    check(own_front, run_client)
