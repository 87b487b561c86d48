"""Units without systemd: cgroups of version 2 under names as systemd gives them, made by root for the
time of a test. What is read of them is what the kernel says, as on a host that has booted."""
import contextlib
import os
import subprocess
import tempfile
import time
from pathlib import Path

END_SECONDS = 20


@contextlib.contextmanager
def hierarchy():
    """The root of the cgroups that this process sees, mounted for itself."""
    with tempfile.TemporaryDirectory(prefix="jeton-cgroups.") as folder:
        subprocess.run(["mount", "-t", "cgroup2", "cgroup2", folder], check=True, timeout=30)
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", folder], check=True, timeout=30)


class Units:
    """A slice of the test's own, and in it the units that it names."""

    def __init__(self, root):
        self.slice = root / f"jeton-{os.getpid()}.slice"
        self.slice.mkdir()

    def group(self, name):
        """Its folder: NAME.service, or something below that."""
        folder = self.slice / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def enter(self, name, pid=0):
        """The process, or the caller, is in it from now on."""
        (self.group(name) / "cgroup.procs").write_text(str(pid))

    def remove(self):
        """Who was in them has ended; the kernel may take a moment."""
        deadline = time.monotonic() + END_SECONDS
        for folder, _, _ in os.walk(self.slice, topdown=False):
            while True:
                try:
                    os.rmdir(folder)
                    break
                except OSError:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.02)


@contextlib.contextmanager
def units():
    with hierarchy() as root:
        made = Units(root)
        try:
            yield made
        finally:
            made.remove()
