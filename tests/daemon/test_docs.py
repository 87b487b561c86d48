"""The pages that a newcomer follows: their commands are run, and print what the pages say."""
import os
import re
import subprocess

import pages
import pytest
from harness import BUILD, PASSWORD, TOP

DOCS = sorted((TOP / "docs").glob("*.md")) + [TOP / name for name in
                                               ("README.md", "CONTRIBUTING.md", "SECURITY.md")]
MANUALS = sorted(page for part in ("client", "daemon", "pam_module")
                 for page in (TOP / part).rglob("*.[1-8]"))
LINK = re.compile(r"`((?:docs|packaging|examples|tests)/[A-Za-z0-9_./-]*)`")


def test_a_newcomer_gets_to_a_token_and_a_service_that_asks_for_one():
    blocks, by_hand = pages.blocks_of(pages.section("getting-started.md", "Build", "For good"))
    assert len(blocks) > 10 and len(by_hand) == 1
    with pages.scratch() as home:
        for block in blocks:
            block.commands = block.commands.replace("$PWD/build/", f"{BUILD}/")
            block.commands = block.commands.replace("--programs build/", f"--programs {BUILD}/")
        complaints = pages.follow(blocks, ["bash"], PASSWORD, (home, home), cwd=TOP, env={
            "HOME": home, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1"})
        assert not complaints, "\n".join(complaints)
        assert not os.path.exists(f"{home}/jeton-try")


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_what_a_page_names_is_there(page):
    named = LINK.findall(page.read_text())
    gone = [name for name in named if not (TOP / name).exists()]
    assert not gone


@pytest.mark.parametrize("page", MANUALS, ids=lambda page: page.name)
def test_no_line_of_a_manual_page_is_wider_than_a_terminal(page):
    shown = subprocess.run(["groff", "-k", "-t", "-mandoc", "-Tutf8", "-rLL=78n", "-P-cbou", page],
                           capture_output=True, timeout=60, check=True).stdout.decode()
    assert "NAME" in shown
    assert not [line for line in shown.splitlines() if len(line) > 80]


@pytest.mark.parametrize("stated,printed,like", [
    ("a", "a\n", True), ("a", "b", False), ("a\n...", "a\nb\nc\n", True), ("a\n...", "b\na", False),
    ("...\nc", "a\nb\nc", True), ("a ... c", "a b c", True), ("a ... c", "a b\n c", False),
    ("a", "a\nb", False), ("a\n...\nd", "a\nd", True)])
def test_an_answer_that_is_another_is_noticed(stated, printed, like):
    assert pages.is_like(stated, printed) is like
