#!/usr/bin/python3
"""Where the time of a request goes: the CPU of each of jeton's processes, the system calls, and the
symbols that perf sees.

    BUILD=build bench/where.py [OPERATION...]

An operation is a row of bench/compare.py by its name; all of them unless told. Needs root for perf
and strace, and says so where one of them is not there or may not look.
"""
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import compare
import peers

ATTACH_SECONDS = 1
ISSUE = "issue, no password"


def run(bench, operation, count):
    """`count` requests of it. What is to be new to the daemon is issued first."""
    if "not seen" in operation:
        compare.OPERATIONS[ISSUE][1]["jeton"](bench, "jeton", count)
    return lambda: compare.OPERATIONS[operation][1]["jeton"](bench, "jeton", count)


def show_cpu(operation, requests, count, processes):
    before = {name: compare.cpu_us(pids) for name, pids in processes.items()}
    waited, spent = requests()
    each = {name: compare.cpu_since(before[name], pids) / count
            for name, pids in processes.items()}
    print(f"\n{operation}: waited {waited:.1f} us, CPU {spent:.1f} us: "
          + ", ".join(f"{name} {us:.1f}" for name, us in each.items() if us >= 0.1))


def watched(command, requests):
    """The requests while a program looks at the daemon's processes; False: it may not."""
    watcher = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    time.sleep(ATTACH_SECONDS)
    if watcher.poll() is not None:
        return False
    requests()
    watcher.send_signal(signal.SIGINT)
    watcher.wait(30)
    return True


def show_calls(requests, count, pids, folder):
    output = folder / "calls"
    attach = [word for pid in pids for word in ("-p", str(pid))]
    if not watched(["strace", "-f", "-c", "-o", str(output), *attach], requests):
        print("  strace may not look")
        return
    calls = [line.split() for line in output.read_text().splitlines()]
    for call in calls:
        if len(call) >= 5 and call[3].isdigit() and int(call[3]) >= count / 2:
            print(f"  {call[-1]:20} {int(call[3]) / count:6.2f} a request")


def show_symbols(requests, pids, folder):
    data = str(folder / "perf.data")
    if not watched(["perf", "record", "-q", "-e", "cpu-clock", "-F", "4000", "-o", data, "-p",
                    ",".join(map(str, pids))], requests):
        print("  perf may not look")
        return
    report = subprocess.run(["perf", "report", "-i", data, "--stdio", "-q", "--sort",
                             "comm,dso,symbol", "--percent-limit", "2"], text=True,
                            capture_output=True, timeout=120)
    print("\n".join(line.rstrip() for line in report.stdout.splitlines() if line.strip()))


def main():
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="jeton-bench-")))
        bench = compare.Bench(folder, 1)
        bench.there["jeton"] = jeton = peers.Jeton()
        stack.callback(jeton.close)
        processes = {"parent": [jeton.daemon.jetond_pid()], **jeton.daemon.children()}
        pids = [pid for some in processes.values() for pid in some]
        compare.socket_round(bench, 10)
        for operation in sys.argv[1:] or compare.OPERATIONS:
            count = compare.OPERATIONS[operation][0]
            show_cpu(operation, run(bench, operation, count), count, processes)
            if shutil.which("strace"):
                show_calls(run(bench, operation, count), count, pids, folder)
            if shutil.which("perf"):
                show_symbols(run(bench, operation, count), pids, folder)


if __name__ == "__main__":
    main()
