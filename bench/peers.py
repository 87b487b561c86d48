"""Whoever is measured: started in a folder of its own, and ended again. Each has `name`, `pids()`
and `socket`; Missing says which packages would be needed."""
import importlib.util
import shutil
import subprocess
import sys
import time
from pathlib import Path

from harness import BUILD, Daemon, children_of

HERE = Path(__file__).resolve().parent
START_SECONDS = 30

CONFIG = """
issuer = "https://bench.example"
audience "https://api.example" { scope "read" { } }
self { audience = {"https://api.example"} scope = {"read"} }
"""


class Missing(Exception):
    """Debian's packages that are not installed."""


class Program:
    """A server that is a program; there when its socket is."""

    def __init__(self, name, folder, *command, **how):
        self.name = name
        self.socket = folder / name
        log = folder / f"{name}.log"
        with open(log, "wb") as said:
            self.process = subprocess.Popen([str(word) for word in command], stdout=said,
                                            stderr=said, stdin=subprocess.DEVNULL, **how)
        deadline = time.monotonic() + START_SECONDS
        while not self.socket.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.close()
                raise RuntimeError(f"{name} did not start:\n{log.read_text()}")
            time.sleep(0.05)

    def pids(self):
        return [self.process.pid]

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Jeton:
    name = "jeton"

    def __init__(self):
        self.daemon = Daemon(CONFIG)
        self.daemon.start()
        self.daemon.add_user("alice")
        self.socket = self.daemon.socket

    def pids(self):
        pid = self.daemon.jetond_pid()
        return [pid, *children_of(pid)]

    def close(self):
        self.daemon.remove()


def bare_loop(folder):
    return Program("bare", folder, BUILD / "bench/bare_loop", folder / "bare")


def munge(folder):
    program = shutil.which("munged", path="/usr/sbin:/sbin:/usr/local/sbin")
    if not program:
        raise Missing("munge")
    key = folder / "munge.key"
    key.write_bytes(bytes(range(128)))
    key.chmod(0o600)
    files = [f"--{what}-file={folder / ('munge.' + what)}" for what in ("key", "pid", "log", "seed")]
    return Program("munge", folder, program, "--foreground", "--force", *files,
                   f"--socket={folder / 'munge'}")


PYTHON = {"fastapi": "python3-fastapi", "uvicorn": "python3-uvicorn", "jwt": "python3-jwt",
          "multipart": "python3-multipart", "uvloop": "python3-uvloop",
          "httptools": "python3-httptools", "cryptography": "python3-cryptography"}


def fastapi(folder):
    missing = [package for module, package in PYTHON.items()
               if importlib.util.find_spec(module) is None]
    if missing:
        raise Missing(" ".join(missing))
    return Program("fastapi", folder, sys.executable, "-B", "-m", "uvicorn", "fastapi_app:app",
                   "--uds", folder / "fastapi", "--no-access-log", "--log-level", "warning",
                   cwd=HERE)
