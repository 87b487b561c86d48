"""A command in which something happens at one step of its own: it is ended by SIGKILL as it enters a
system call, or that call fails. Its children go on untouched."""
import collections
import os
import re
import shutil
import subprocess


def run(command, environment, *options):
    return subprocess.run([shutil.which("strace"), *options, *command], capture_output=True,
                          text=True, timeout=60, env={"PATH": os.environ["PATH"], **environment})


def run_until(command, environment, step, action):
    """`step` is (system call, its when-th time); `action` is strace(1)'s: signal=KILL, error=EIO."""
    call, when = step
    return run(command, environment, "-o", "/dev/null", "-e", f"trace={call}", "-e",
               f"inject={call}:{action}:when={when}")


def of(command, environment, calls, trace):
    """Runs it to its end, and gives its steps in their order: [(system call, its when-th time)]."""
    done = run(command, environment, "-o", trace, "-e", f"trace={calls}")
    assert done.returncode == 0, done.stderr
    counts, steps = collections.Counter(), []
    for line in trace.read_text().splitlines():
        call = re.match(r"(\w+)\(", line)
        if call:
            counts[call[1]] += 1
            steps.append((call[1], counts[call[1]]))
    return steps
