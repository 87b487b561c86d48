"""What programs that are compiled already rely on is what client/libjeton.abi says; a difference is
meant, and then committed with `make abi`, or a mistake. A line that goes or changes breaks programs
and needs a new soname; one that is added does not."""
import difflib
import re
import subprocess

import pytest
from harness import BUILD, TOP

LIBRARY, HEADER = BUILD / "lib/libjeton.so.0", TOP / "include/jeton.h"
COMMITTED = TOP / "client/libjeton.abi"


def dump(header=HEADER):
    return subprocess.run([TOP / "tests/library/abi", LIBRARY, header], check=True, text=True,
                          capture_output=True, timeout=60).stdout.splitlines()


def test_the_library_is_what_programs_rely_on():
    assert list(difflib.unified_diff(COMMITTED.read_text(encoding="utf-8").splitlines(), dump(),
                                     "client/libjeton.abi", "the build", n=0, lineterm="")) == []


def test_what_is_exported_is_what_the_header_declares():
    lines = dump()
    exported = {line.split()[1].split("@")[0] for line in lines if line.startswith("symbol ")}
    declared = {re.search(r"(jeton_\w+)\(", line).group(1)
                for line in lines if line.startswith("function ")}
    assert exported == declared


def test_each_symbol_has_a_version():
    for line in dump():
        if line.startswith("symbol "):
            assert re.fullmatch(r"symbol jeton_\w+@JETON_\d+", line)


# Ways to break a program that is compiled already, each as a change of the header.
BREAKS = {
    "a field within": ("unsigned timeout_ms;", "int more;\n        unsigned timeout_ms;"),
    "another type of a field": ("unsigned timeout_ms;", "long timeout_ms;"),
    "another order": ("const char *username;\n        const char *password;",
                      "const char *password;\n        const char *username;"),
    "a field less": ("unsigned lifetime_s;", ""),
    "another number": ("JETON_EXPIRED,", "JETON_EXPIRED = 9,"),
    "an enumerator within": ("JETON_EXPIRED,", "JETON_LATE,\n        JETON_EXPIRED,"),
    "an argument more": ("int jeton_revoke(struct jeton *jeton, const char *token);",
                         "int jeton_revoke(struct jeton *jeton, const char *token, int how);"),
    "another result": ("void jeton_close(", "int jeton_close("),
}


@pytest.mark.parametrize("old,new", BREAKS.values(), ids=BREAKS)
def test_a_break_is_seen(tmp_path, old, new):
    text = HEADER.read_text(encoding="utf-8")
    assert old in text
    changed = tmp_path / "jeton.h"
    changed.write_text(text.replace(old, new, 1), encoding="utf-8")
    assert set(dump()) - set(dump(changed)) != set()
