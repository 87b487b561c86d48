"""The measurements of bench/ run, have a figure of ours in each row, and leave nothing behind."""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from harness import BUILD, TOP

# Nothing is asked about how long anything takes: other tests run beside.
ENOUGH_SECONDS = 300


@pytest.fixture
def folder():
    """A short path: sockets are bound in it."""
    with tempfile.TemporaryDirectory(prefix="jeton-b.", dir="/tmp") as path:
        yield Path(path)


def test_the_comparison_has_a_figure_for_every_operation_and_cleans_up(folder):
    answer = subprocess.run([sys.executable, "-B", str(TOP / "bench/compare.py"), "0", "10"],
                            text=True, capture_output=True, timeout=ENOUGH_SECONDS,
                            env={**os.environ, "BUILD": str(BUILD), "TMPDIR": str(folder)})
    assert answer.returncode == 0, answer.stderr
    rows = [[cell.strip() for cell in line.strip("|").split("|")]
            for line in answer.stdout.splitlines() if line.startswith("|")]
    heads = [i for i, row in enumerate(rows) if set(row) == {"---"}]
    assert len(heads) == 2
    over_the_socket = rows[heads[0] + 1:heads[1] - 1]
    inside = rows[heads[1] + 1:]
    assert len(over_the_socket) == 6 and len(inside) == 3
    for row in over_the_socket:
        bare, ours, ratio = row[1:4]
        assert "CPU" in bare and "CPU" in ours and float(ratio.split()[0]) > 0, row
    assert all(row[2] for row in inside[:2])
    assert not list(folder.iterdir())
    assert not [pid for pid in Path("/proc").iterdir() if pid.name.isdigit()
                and str(folder) in command_of(pid)]


def command_of(pid):
    try:
        return (pid / "cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return ""
