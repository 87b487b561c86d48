"""The header by itself, in every language that takes it, and what comes with the library."""
import re
import subprocess

import pytest
from harness import BUILD, TOP

HEADER = (TOP / "include/jeton.h").read_text(encoding="utf-8")
FUNCTIONS = re.findall(r"\b(jeton_\w+)\(", re.sub(r"/\*.*?\*/", "", HEADER, flags=re.S))

# Every function by its address and every initializer; the header twice, and nothing before it.
PROGRAM = f"""
#include <jeton.h>
#include <jeton.h>

typedef void (*any)(void);
static const any functions[] = {{ {", ".join(f"(any){name}" for name in FUNCTIONS)} }};

int main(void)
{{
    const struct jeton_login_request login = JETON_LOGIN_REQUEST_INIT;
    const struct jeton_token_request token = JETON_TOKEN_REQUEST_INIT;
    const struct jeton_exchange_request exchange = JETON_EXCHANGE_REQUEST_INIT;
    struct jeton_options options = JETON_OPTIONS_INIT;
    struct jeton *jeton = 0;
    size_t i;

    for (i = 0; i < sizeof functions / sizeof functions[0]; i++)
        if (!functions[i])
            return 2;
    options.socket_path = "/nowhere/jeton.sock";
    if (jeton_open(&options, &jeton) != 0)
        return 3;
    jeton_close(jeton);
    return login.size == sizeof login && token.size == sizeof token
        && exchange.size == sizeof exchange ? 0 : 4;
}}
"""

LANGUAGES = [("cc", "c99"), ("cc", "c11"), ("cc", "gnu17"), ("g++", "c++11"), ("g++", "c++14"),
             ("g++", "c++17"), ("g++", "c++20")]


@pytest.mark.parametrize("compiler,language", LANGUAGES, ids=[" ".join(one) for one in LANGUAGES])
def test_a_program_of_every_language_compiles_without_a_warning_and_runs(installed, tmp_path,
                                                                         compiler, language):
    source = tmp_path / ("use.c" if compiler == "cc" else "use.cc")
    source.write_text(PROGRAM)
    # A cast between types of functions is what the table is made of.
    command = [compiler, f"-std={language}", "-Wno-cast-function-type"]
    installed.run(installed.compiled(command, source, tmp_path / "use"))


# --- what comes with it ---------------------------------------------------------------------------

def test_a_program_links_with_nothing_but_the_library(installed):
    assert installed.run("pkg-config", "--libs", "jeton").split()[-1] == "-ljeton"
    assert installed.run("pkg-config", "--libs-only-l", "jeton").split() == ["-ljeton"]
    assert installed.run("pkg-config", "--print-requires", "jeton") == ""
    assert installed.run("pkg-config", "--print-requires-private", "jeton").split() == ["jansson",
                                                                                     "libcrypto"]


def test_the_library_needs_what_the_manual_says_and_no_more():
    dynamic = subprocess.run(["readelf", "-d", BUILD / "lib/libjeton.so.0"], check=True, text=True,
                             capture_output=True).stdout
    needed = re.findall(r"\(NEEDED\).*\[(.+?)\.so", dynamic)
    manual = (TOP / "client/libjeton.3").read_text(encoding="utf-8")
    said = re.search(r"Beside the C library it needs (lib\w+) and (lib\w+)\.", manual).groups()
    assert {name for name in needed if not name.startswith("ld-")} == {"libc", *said}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_function_has_a_page_that_shows_it(installed, name):
    page = installed.prefix / f"share/man/man3/{name}.3"
    text = page.read_text(encoding="utf-8")
    assert f".Fn {name}" in text or f".Fo {name}\n" in text
    assert page.resolve().name in ("jeton_open.3", "jeton_login.3", "jeton_token.3",
                                   "jeton_verify.3", "jeton_userinfo.3")


def test_the_pages_that_the_header_names_are_there(installed):
    named = set(re.findall(r"\b(\w+)\(3\)", HEADER))
    there = {page.stem for page in (installed.prefix / "share/man/man3").iterdir()}
    assert len(named) > 10 and named <= there


def test_only_functions_of_the_header_can_be_seen():
    table = subprocess.run(["nm", "-D", "--defined-only", BUILD / "lib/libjeton.so.0"], check=True,
                           text=True, capture_output=True).stdout
    names = {line.split()[-1].split("@")[0] for line in table.splitlines()}
    assert names - {"JETON_0"} == set(FUNCTIONS)
