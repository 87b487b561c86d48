"""docs/conformance.md: every row says one thing, every test it names is there, its counts are true."""
import os
import re
import subprocess
from pathlib import Path

import pytest
from harness import TOP

PAGE = (TOP / "docs" / "conformance.md").read_text()
STANDARDS = ["6749", "6750", "7009", "7515", "7517", "7519", "7662", "8414", "8693", "8725", "9068",
             "OpenID Connect Core 1.0"]
CITATION = re.compile(r"`([\w./-]+)::(\w+)`")
STATES = {
    "shown": re.compile(r"`[\w./-]+::\w+`(, `[\w./-]+::\w+`)*"),
    "not applicable": re.compile(r"does not apply: .+"),
    "not yet": re.compile(r"not yet: .+"),
}


def tables():
    """{standard: its rows, each a list of cells}"""
    found = {}
    for line in PAGE.splitlines():
        heading = re.match(r"## (?:RFC )?([\w .]+):", line)
        if heading:
            rows = found.setdefault(heading[1], [])
        elif line.startswith("|") and not line.startswith(("| section", "|---")):
            rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return found


def rows():
    return [(rfc, *row) for rfc, table in tables().items() for row in table]


def state_of(shown_by):
    return [name for name, form in STATES.items() if form.fullmatch(shown_by)]


def python_tests():
    """What pytest collects, without parameters, in every folder that needs no more than this one."""
    folders = sorted({str(file.parent) for file in (TOP / "tests").glob("*/test_*.py")} -
                     {str(TOP / "tests" / "web")})
    found = set()
    for folder in folders:
        answer = subprocess.run(["/usr/bin/python3", "-B", "-m", "pytest", "-q", "--collect-only",
                                 "-p", "no:cacheprovider", folder], cwd=TOP, text=True, timeout=60,
                                capture_output=True, env={**os.environ, "PYTEST_ADDOPTS": ""})
        assert answer.returncode == 0, answer.stdout
        for line in answer.stdout.splitlines():
            if "::" in line:
                file, name = line.split("::")[:2]
                found.add((Path(file).name, name.split("[")[0]))
    return found


def functions(pattern, declaration, name_of):
    return {(name_of(file), name) for file in (TOP / "tests").glob(pattern)
            for name in re.findall(declaration, file.read_text(), re.MULTILINE)}


@pytest.fixture(scope="module")
def known():
    return (python_tests() |
            functions("unit/test_*.c", r"^static void (\w+)\(void \*\*", lambda file: file.name) |
            functions("web/test_*.py", r"^def (test_\w+)", lambda file: file.name) |
            functions("clients/node/*.mjs", r"^export async function (\w+)",
                      lambda file: f"node/{file.name}"))


def test_every_standard_has_its_table():
    assert list(tables()) == STANDARDS
    assert all(tables().values())


def test_every_row_says_a_section_a_demand_and_one_state():
    for row in rows():
        assert len(row) == 4, row
        _, section, demand, shown_by = row
        assert re.fullmatch(r"\d+(\.\d+)*", section), row
        assert demand, row
        assert len(state_of(shown_by)) == 1, row


def test_no_demand_is_listed_twice():
    listed = [row[:3] for row in rows()]
    assert len(set(listed)) == len(listed)


def test_every_test_that_is_named_is_there(known):
    cited = CITATION.findall(PAGE)
    assert len(cited) > 100
    assert sorted(set(cited) - known) == []


def test_the_counts_are_those_of_the_rows():
    states = [state for row in rows() for state in state_of(row[3])]
    said = re.search(r"^Counts: (\d+) rows, (\d+) shown, (\d+) not applicable, (\d+) not yet\.$", PAGE,
                     re.MULTILINE)
    assert said, "the line of the counts is missing"
    assert list(map(int, said.groups())) == [len(rows()), *map(states.count, STATES)]
