"""A page of docs/ as somebody follows it: its fenced blocks, one after the other, in one shell at a
terminal.

```sh         commands: each succeeds; `sh refused`: the last one does not; `sh by hand`: not run here
```text       what the block of commands before it prints; `...` is anything
```LANG FILE  what is added at the end of FILE
"""
import contextlib
import os
import pty
import re
import select
import shlex
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import harness

FENCE = re.compile(r"^```([^\n]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ENDED = re.compile(r"\x01(\d+)\x01")
PROMPT = re.compile(r"(?:assword[^\n]*|Once more): \Z")
PAGE_SECONDS = 240
BEGINNING = """
exec 2>&1
set -E -o pipefail
trap 'failed=$?' ERR
"""


class Block:
    """One block of commands: its line, what it is to print (None: anything), whether it is refused."""

    def __init__(self, line, commands, refused=False):
        self.line, self.commands, self.refused = line, commands, refused
        self.answer = None
        self.printed, self.failed = None, None

    def complaint(self):
        """What is not as the page says, or None."""
        if self.printed is None:
            return f"line {self.line} was not reached"
        if bool(self.failed) != self.refused:
            return f"line {self.line}: exit status {self.failed}:\n{self.commands}{self.printed}"
        if self.answer is not None and not is_like(self.answer, self.printed):
            return f"line {self.line} prints:\n{self.printed}\nand not:\n{self.answer}"
        return None


def is_like(stated, printed):
    """`...` within a line is anything there, alone in a line any lines; empty lines do not count."""
    pattern = ""
    for line in lines_of(stated):
        words = re.escape(line).replace(re.escape("..."), "[^\n]*")
        pattern += "(?:[^\n]*\n)*" if line == "..." else words + "\n"
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in lines_of(printed))) is not None


def lines_of(text):
    return [line.rstrip() for line in text.splitlines() if line.strip()]


def blocks_of(text):
    """The blocks that are run, in their order, and the lines of those that are not."""
    blocks, by_hand = [], []
    for fence in FENCE.finditer(text):
        line = text.count("\n", 0, fence.start()) + 1
        language, _, more = fence[1].partition(" ")
        if language == "sh" and more == "by hand":
            by_hand.append(line)
        elif language == "sh":
            blocks.append(Block(line, fence[2], refused=more == "refused"))
        elif language == "text":
            blocks[-1].answer = fence[2]
        else:
            blocks.append(Block(line, f"cat >>{more} <<'END-OF-FILE'\n{fence[2]}END-OF-FILE\n"))
    return blocks, by_hand


class Terminal:
    """A process at a terminal of its own; whoever is asked for a password gives `password`."""

    def __init__(self, command, password, **how):
        self.master, slave = pty.openpty()
        self.password, self.said = password, ""
        self.process = subprocess.Popen(["setsid", "--ctty", *command], stdin=slave, stdout=slave,
                                        stderr=slave, **how)
        os.close(slave)

    def read_until(self, pattern, deadline):
        """What was said until then, and the match; None when it ends or the time is over."""
        answered = 0
        while not pattern.search(self.said):
            if not self.read(deadline):
                return None
            if len(self.said) > answered and PROMPT.search(self.said):
                os.write(self.master, self.password.encode() + b"\n")
                answered = len(self.said)
        found = pattern.search(self.said)
        before, self.said = self.said[:found.start()], self.said[found.end():]
        return before, found

    def read(self, deadline):
        ready, _, _ = select.select([self.master], [], [], max(0, deadline - time.monotonic()))
        try:
            data = os.read(self.master, 65536) if ready else b""
        except OSError:  # the last process at it has ended
            data = b""
        self.said += data.decode(errors="replace").replace("\r\n", "\n")
        return bool(data)

    def end(self):
        """Ends what is left at the terminal: the shell, and what it has left running."""
        for pid in self.members():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        self.process.wait(20)
        os.close(self.master)

    def members(self):
        """The processes of its session."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(fields[3]) == self.process.pid:
                found.append(int(folder.name))
        return found


def follow(blocks, shell, password, folder, **how):
    """Runs the blocks in one shell: `shell` is how bash is called, `folder` where it finds them,
    as a path here and there."""
    here, there = folder
    script = BEGINNING
    for number, block in enumerate(blocks):
        Path(here, f"block{number}").write_text(block.commands)
        script += f"failed=0; . {shlex.quote(f'{there}/block{number}')}; " \
                  "printf '\\001%d\\001\\n' $failed\n"
    Path(here, "page").write_text(script)
    terminal = Terminal([*shell, f"{there}/page"], password, **how)
    try:
        listen(terminal, blocks)
    finally:
        terminal.end()
    return [complaint for complaint in (block.complaint() for block in blocks) if complaint]


def listen(terminal, blocks):
    deadline = time.monotonic() + PAGE_SECONDS
    for block in blocks:
        heard = terminal.read_until(ENDED, deadline)
        if heard is None:
            block.commands += f"(it said: {terminal.said})"
            return
        block.printed, block.failed = heard[0], int(heard[1][1])


def scratch():
    """A short path, because sockets are below it."""
    return tempfile.TemporaryDirectory(prefix="jeton-page.", dir="/tmp")


def section(page, first, behind=None):
    """The part of a page of docs/ from one heading up to another, or to the end."""
    text = (harness.TOP / "docs" / page).read_text()
    begin = text.index(f"\n## {first}\n")
    return text[begin:text.index(f"\n## {behind}\n") if behind else None]
