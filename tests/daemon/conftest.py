"""One daemon with a person in it for all tests of a file; `fresh` makes one of a test's own."""
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import cgroups  # noqa: E402
from harness import Daemon  # noqa: E402

CONFIG = """
issuer = "https://host.example"
min-uid = 1
audience "https://metrics.example" {
    lifetime = 5m
    scope "metrics:read" { }
    scope "metrics:write" { role = {"operator"} }
}
audience "https://closed.example" {
    role = {"operator"}
}
audience "https://old.example" {
    typ = "JWT"
}
"""


@pytest.fixture(scope="module")
def jetond():
    with Daemon(CONFIG) as daemon:
        daemon.add_user("alice", full_name="Alice Example", email="alice@example.org")
        yield daemon


@pytest.fixture(scope="module")
def groups():
    """Units as systemd would make them, to put processes in; needs root."""
    with cgroups.units() as made:
        yield made


@pytest.fixture(autouse=True)
def nobody_waits(request):
    """A wrong password in one test does not slow the logins of the next."""
    yield
    if "jetond" in request.fixturenames:
        request.getfixturevalue("jetond").unlock()


@pytest.fixture
def fresh():
    """Makes daemons that end with the test: fresh(config=..., start=True)."""
    daemons = []

    def make(config=CONFIG, start=True, **how):
        daemon = Daemon(config, **how)
        daemons.append(daemon)
        if start:
            daemon.start()
        return daemon

    yield make
    for daemon in daemons:
        daemon.remove()
