"""What takes a lot to install: a browser, Java, Prometheus. One daemon behind nginx for all of them."""
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
