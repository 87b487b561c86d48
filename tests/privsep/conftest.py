"""Real daemons with one of their programs replaced by a liar."""
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from harness import BUILD, Daemon, all_rest  # noqa: E402

CHILDREN = ("frontend", "authority", "signer", "worker", "names", "units", "issuer", "pam")
LIARS = BUILD / "tests" / "privsep"


class Programs:
    """A directory of programs for `jetond --programs`: links to the real ones, but for liars."""

    def __init__(self):
        self.directory = Path(tempfile.mkdtemp(prefix="jetonp.", dir="/tmp"))
        self.directory.chmod(0o755)
        for child in CHILDREN:
            self.put_honest(child)

    def place(self, child):
        return self.directory / f"jetond-{child}"

    def put_honest(self, child):
        self.place(child).unlink(missing_ok=True)
        self.place(child).symlink_to(BUILD / "libexec" / f"jetond-{child}")

    def put_liar(self, child, liar, lie):
        self.place(child).unlink(missing_ok=True)
        (self.directory / "lie").write_text(lie + "\n")
        shutil.copy(LIARS / liar, self.place(child))

    def remove(self):
        shutil.rmtree(self.directory, ignore_errors=True)


class LyingDaemon(Daemon):
    """A daemon whose children can be exchanged while it runs."""

    def __init__(self, config=""):
        self.liars = Programs()
        super().__init__(config=config, programs=self.liars.directory)

    def start(self):
        """Callers are served before the last worker is ready; a start that loses one is given up."""
        super().start()
        self.wait_for_log("ready: issuer")

    def remove(self):
        """At once: liars do not drain."""
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        super().remove()
        self.liars.remove()

    def pids(self, child):
        return self.children().get(child, [])

    def exchange(self, child, pids):
        """Kills these children and waits until others, whatever program it is now, are ready."""
        count, others = len(self.pids(child)), set(self.pids(child)) - set(pids)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: len(set(self.pids(child)) - set(pids)) == count,
                   f"the {child} is started again", self)
        new = sorted(set(self.pids(child)) - others - set(pids))
        wait_until(lambda: all_rest(new), f"the {child} waits", self)
        return new

    def wait_for_another(self, child, pids):
        """Waits until one of these children is gone and there are as many as before."""
        wait_until(lambda: len(self.pids(child)) == len(pids) and
                   set(self.pids(child)) != set(pids), f"another {child} is there", self)

    def put_liar(self, child, liar, lie, pids=None):
        """Exchanges these children, or all of the name, for liars; gives the liars' pids."""
        self.liars.put_liar(child, liar, lie)
        new = self.exchange(child, pids or self.pids(child))
        self.liars.put_honest(child)
        return new


def wait_until(holds, what, daemon, seconds=20):
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}\n{daemon.log()}")
        time.sleep(0.02)


@pytest.fixture
def daemon():
    with LyingDaemon("workers = 2\n") as running:
        yield running


@pytest.fixture
def web_daemon():
    running = LyingDaemon()
    running.config_file.write_text(
        'workers = 2\npassword-grant = "web"\n'
        f'web {{ socket = "{running.web_socket}" group = "{os.getgid()}" }}\n')
    with running:
        yield running


@pytest.fixture
def stopped_daemon():
    """Not started yet: a liar may be there from the beginning."""
    running = LyingDaemon("workers = 2\n")
    yield running
    running.remove()
