"""The system layout, for real, in a mount namespace of this test process alone.

Its own copies of /etc/passwd and its kin (with jeton's users and two people in them), of /etc/pam.d,
and PLACES, which are empty at first; everything is installed into /opt by `make install`. Nothing of
it is seen outside, and all of it is gone when the process ends.
"""
import ctypes
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

sys.path.insert(0, str(Path(__file__).resolve().parent / "boot"))

import harness  # noqa: E402
import outside  # noqa: E402
from booted import fresh, halted, host, with_pat  # noqa: E402, F401
from logins import as_people_have_it, people  # noqa: E402, F401

CLONE_NEWNS = 0x00020000
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
PREFIX = Path("/opt/jeton")
PLACES = ("/run/jeton", "/var/lib/jeton", "/var/lib/jeton-issuers", "/etc/jeton", "/opt")
ACCOUNTS = {"jeton": 4700, "jeton-signer": 4701, "jeton-frontend": 4702, "jeton-worker": 4703,
            "jeton-issuers": 4704}
PEOPLE = {"pat": 4801, "sam": 4802}

libc = ctypes.CDLL(None, use_errno=True)


def mount(source, target, kind, flags=0, options=None):
    result = libc.mount(str(source).encode(), str(target).encode(), kind and kind.encode(), flags,
                        options and options.encode())
    if result != 0:
        raise OSError(ctypes.get_errno(), f"mount {source} on {target}")


def private_copy(path, scratch):
    """Puts a copy in the place of a file or folder, in this namespace."""
    copy = scratch / path.name
    if path.is_dir():
        shutil.copytree(path, copy, symlinks=True)
    else:
        shutil.copy2(path, copy)
    mount(copy, path, None, MS_BIND)


def empty(path):
    path.mkdir(parents=True, exist_ok=True)
    mount("tmpfs", path, "tmpfs", 0, "mode=0755")


def enter_namespace(scratch):
    if libc.unshare(CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    for name in ("passwd", "group", "shadow", "gshadow", "pam.d"):
        if Path("/etc", name).exists():
            private_copy(Path("/etc", name), scratch)
    for path in PLACES:
        empty(Path(path))


def add_account(name, uid, home="/nonexistent"):
    with open("/etc/group", "a") as file:
        file.write(f"{name}:x:{uid}:\n")
    with open("/etc/passwd", "a") as file:
        file.write(f"{name}:x:{uid}:{uid}:{name}:{home}:/bin/sh\n")
    with open("/etc/shadow", "a") as file:
        file.write(f"{name}:!:19000::::::\n")


def install():
    # Another PREFIX, other objects: the folder of the build that the other tests use stays as it is.
    subprocess.run(["make", "--no-print-directory", f"-j{os.cpu_count()}", "install",
                    f"PREFIX={PREFIX}", f"BUILD={harness.BUILD}-system",
                    f"PAMDIR={PREFIX}/security", f"PAMCONFIGDIR={PREFIX}/pam-configs",
                    f"FISHCOMPDIR={PREFIX}/fish", "SYSCONFDIR=/etc", "DESTDIR="],
                   cwd=harness.TOP, check=True, capture_output=True, text=True)


def issuer_of_others():
    """An outside issuer whose keys are where jeton-issuers.service puts them, and its user's."""
    folder, uid = Path("/var/lib/jeton-issuers"), ACCOUNTS["jeton-issuers"]
    issuer = outside.Issuer("https://outside.example", folder, alg="ES256")
    for path in (folder, issuer.file):
        os.chown(path, uid, uid)
    return issuer


class SystemDaemon(harness.Daemon):
    """jetond as root, in the places where packages put it."""

    def __init__(self):
        super().__init__()
        self.issuer = issuer_of_others()
        self.config_file = Path("/etc/jeton/jetond.conf")
        self.config_file.write_text('issuer = "https://host.example"\n' + self.issuer.section())
        self.socket = Path("/run/jeton/jeton.sock")

    def command(self):
        return [str(PREFIX / "sbin" / "jetond")]


@pytest.fixture(scope="session")
def system():
    if os.geteuid() != 0:
        pytest.skip("needs root: make check-root")
    with tempfile.TemporaryDirectory(prefix="jetons.") as name:
        scratch = Path(name)
        scratch.chmod(0o755)
        enter_namespace(scratch)
        for account, uid in (ACCOUNTS | PEOPLE).items():
            add_account(account, uid)
        install()
        daemon = SystemDaemon()
        try:
            daemon.start()
            daemon.add_user("pat", uid=PEOPLE["pat"])
            yield daemon
        finally:
            daemon.remove()
            for path in PLACES:
                subprocess.run(["umount", "-l", path], check=False)


@pytest.fixture
def stopped(system):
    """The daemon is stopped during the test."""
    system.stop()
    yield system
    system.start()
    time.sleep(0.1)
