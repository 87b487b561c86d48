"""One daemon with people and a section for this process, and the package from the tree over the
library of the build."""
import ctypes
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from harness import BUILD, TOP, Daemon  # noqa: E402

# The linker takes a library that is loaded already for any of the same soname.
ctypes.CDLL(str(BUILD / "lib" / "libjeton.so.0"))
sys.path.insert(0, str(TOP / "client" / "python"))

CONFIG = f"""
issuer = "https://host.example"
min-uid = 1
audience "https://metrics.example" {{
    scope "metrics:read" {{ }}
    scope "metrics:write" {{ }}
}}
audience "https://closed.example" {{
    role = {{"nobody"}}
}}
audience "https://shared.example" {{ alg = "HS256" }}
identity "tests" {{
    user = {{"{os.geteuid()}"}}
    audience = {{"https://metrics.example"}}
    scope = {{"metrics:read"}}
    role = {{"machine"}}
}}
"""


@pytest.fixture(scope="session")
def jetond():
    with Daemon(CONFIG) as daemon:
        daemon.add_user("alice", full_name="Alice Éxample", email="alice@example.org",
                        roles=["operator", "reader"])
        daemon.add_user("bob")
        os.environ["JETON_SOCKET"] = str(daemon.socket)
        yield daemon
        del os.environ["JETON_SOCKET"]


@pytest.fixture(autouse=True)
def nobody_waits(request):
    """A wrong password in one test does not slow the logins of the next."""
    yield
    if "jetond" in request.fixturenames:
        request.getfixturevalue("jetond").unlock()


@pytest.fixture
def fresh():
    """Makes daemons that end with the test."""
    daemons = []

    def make(config=CONFIG):
        daemons.append(Daemon(config))
        daemons[-1].start()
        return daemons[-1]

    yield make
    for daemon in daemons:
        daemon.remove()
