"""The package's layouts, enumerators and prototypes are the header's, by the C compiler's word."""
import ctypes
import re
import subprocess

import pytest
from harness import TOP
from jeton import _library

HEADER = (TOP / "include" / "jeton.h").read_text(encoding="utf-8")
STRUCTS = [one for one in vars(_library).values()
           if isinstance(one, type) and issubclass(one, ctypes.Structure) and hasattr(one, "_fields_")]

# Calls that Python has no use for: it looks in the lists itself.
NOT_BOUND = {"jeton_claims_has_audience", "jeton_claims_has_scope", "jeton_claims_has_role"}


def compiled(tmp_path, text, *options):
    source = tmp_path / "layout.c"
    source.write_text(text)
    return subprocess.run(["cc", "-std=gnu11", f"-I{TOP}/include", *options, str(source),
                           "-o", str(tmp_path / "layout")],
                          capture_output=True, text=True, check=False, timeout=60)


def said_by_c(tmp_path, statements):
    """{name: number} of what a C program prints."""
    answer = compiled(tmp_path, "#include <jeton.h>\n#include <stdio.h>\n#include <stddef.h>\n"
                      "int main(void)\n{\n" + "\n".join(statements) + "\n}\n")
    assert answer.returncode == 0, answer.stderr
    lines = subprocess.run([str(tmp_path / "layout")], capture_output=True, text=True, check=True,
                           timeout=60).stdout.split("\n")
    return {name: int(number) for name, number in (line.split() for line in lines if line)}


def show(name, expression):
    return f'printf("%s %zu\\n", "{name}", (size_t)({expression}));'


def test_every_struct_has_the_headers_fields_at_the_headers_places(tmp_path):
    mine, statements = {}, []
    for struct in STRUCTS:
        tag = f"struct {struct.__name__}"
        mine[struct.__name__] = ctypes.sizeof(struct)
        statements.append(show(struct.__name__, f"sizeof({tag})"))
        for name, _ in struct._fields_:
            here = f"{struct.__name__}.{name}"
            mine[here] = getattr(struct, name).offset
            mine[here + ":size"] = getattr(struct, name).size
            statements += [show(here, f"offsetof({tag}, {name})"),
                           show(here + ":size", f"sizeof((({tag} *)0)->{name})")]
    assert len(mine) > 30
    assert said_by_c(tmp_path, statements) == mine


def fields_of(body):
    return re.findall(r"(\w+);", re.sub(r"/\*.*?\*/", "", body, flags=re.S))


def test_no_struct_and_no_field_of_the_header_is_missing():
    header = {name: fields_of(body)
              for name, body in re.findall(r"^struct (\w+) \{(.*?)^\};", HEADER, re.M | re.S)}
    assert header == {one.__name__: [name for name, _ in one._fields_] for one in STRUCTS}


@pytest.mark.parametrize("tag,mine", [("jeton_login_outcome", _library.OUTCOMES),
                                      ("jeton_verdict", _library.VERDICTS)])
def test_enumerators_are_the_headers(tmp_path, tag, mine):
    body = re.search(rf"^enum {tag} \{{(.*?)^\}};", HEADER, re.M | re.S).group(1)
    assert re.findall(r"\bJETON_\w+", re.sub(r"/\*.*?\*/", "", body, flags=re.S)) == list(mine)
    assert said_by_c(tmp_path, [show(name, name) for name in mine]) == mine
    (size,) = said_by_c(tmp_path, [show("size", f"sizeof(enum {tag})")]).values()
    assert size == ctypes.sizeof(_library.ENUM)


WORDS = {None: "void", ctypes.c_int: "int", ctypes.c_uint: "unsigned", ctypes.c_bool: "bool",
         ctypes.c_char_p: "char *", ctypes.c_int64: "int64_t", ctypes.c_uint32: "uid_t"}


def in_c(kind):
    """The C of a type of ctypes."""
    if kind in WORDS:
        return WORDS[kind]
    if issubclass(kind, ctypes.Structure):
        return f"struct {kind.__name__}"
    return in_c(kind._type_) + " *"


def declared(name, gives, takes):
    return f"{in_c(gives)} {name}({', '.join(map(in_c, takes))});\n"


# const is left out on both sides, since ctypes has none; the headers that use it are read before.
WITHOUT_CONST = ("#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>\n"
                 "#include <sys/types.h>\n#define const\n#include <jeton.h>\n")


def test_the_compiler_finds_no_conflict_between_our_prototypes_and_the_headers(tmp_path):
    ours = "".join(declared(name, *how) for name, how in _library.PROTOTYPES.items())
    answer = compiled(tmp_path, WITHOUT_CONST + ours, "-c")
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize("name", _library.PROTOTYPES)
def test_the_compiler_would_find_a_conflict(tmp_path, name):
    gives, takes = _library.PROTOTYPES[name]
    wrong = declared(name, gives, [*takes, ctypes.c_int])
    assert "conflicting types" in compiled(tmp_path, WITHOUT_CONST + wrong, "-c").stderr


def test_every_function_of_the_header_is_bound():
    header = set(re.findall(r"\b(jeton_\w+)\(", re.sub(r"/\*.*?\*/", "", HEADER, flags=re.S)))
    assert header - NOT_BOUND == set(_library.PROTOTYPES)
