"""One daemon behind nginx with TLS, as a proxy of a real host would be, for all clients."""
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from front import Front  # noqa: E402


@pytest.fixture(scope="session")
def front():
    with Front() as one:
        one.daemon.add_user("alice", full_name="Alice Example", email="alice@example.org")
        yield one


@pytest.fixture(scope="session")
def token(front):
    """One access token of alice's for everyone who only looks at it."""
    return front.daemon.token("alice")


@pytest.fixture(scope="session")
def tokens(front, token):
    """{algorithm: (audience, a token for it)}"""
    audiences = {"RS256": "https://rs256.example", "EdDSA": "https://eddsa.example"}
    return {"ES256": (front.issuer, token),
            **{algorithm: (audience, front.daemon.token("alice", audience=audience))
               for algorithm, audience in audiences.items()}}


@pytest.fixture
def trusting(front, monkeypatch):
    """Python's clients believe the certificate authority of this front."""
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(front.authority))
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    return front
