"""The programs that a command of root's, or a start of jetond, has do one task: each is stopped where
it has shut itself in, looked at, and let go on."""
import ctypes
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

SECONDS = 60
STOPPED = re.compile(r"^(\d+) +--- stopped by SIGSTOP ---$", re.MULTILINE)


def last_fence():
    """The call that closes the file system; where there is no Landlock, the question for it."""
    libc = ctypes.CDLL(None, use_errno=True)
    has_landlock = libc.syscall(444, None, ctypes.c_size_t(0), ctypes.c_uint32(1)) > 0
    return "landlock_restrict_self" if has_landlock else "landlock_create_ruleset"


def status_of(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def run(command, environment, trace, look):
    """Calls look(pid, status) for each of them, while it is stopped; gives {(program, word)}."""
    call, seen, looks = last_fence(), set(), 0
    process = subprocess.Popen(
        [shutil.which("strace"), "-f", "-o", trace, "-e", f"trace={call}", "-e",
         f"inject={call}:signal=STOP:when=1", *command], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        env={"PATH": os.environ["PATH"], **environment})
    deadline = time.monotonic() + SECONDS
    try:
        while process.poll() is None:
            assert time.monotonic() < deadline, trace.read_text()
            stopped = STOPPED.findall(trace.read_text()) if trace.exists() else []
            for pid in stopped[looks:]:
                words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                seen.add((words[0].decode(), words[1].decode()))
                look(int(pid), status_of(pid))
                os.kill(int(pid), signal.SIGCONT)
            looks = len(stopped)
            time.sleep(0.01)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)  # which takes those who are stopped along
        said = process.communicate()[0]
    assert process.returncode == 0, said
    return seen
