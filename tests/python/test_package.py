"""The package as it is installed: where Python finds it, what it needs, what it says otherwise."""
import os
import re
import signal
import subprocess
import sys
import time

import jeton
import pytest
from harness import BUILD, PASSWORD, TOP, Connection, compose

SOURCE = TOP / "client" / "python"
METRICS = "https://metrics.example"


def python(*arguments, path=SOURCE, library=BUILD / "lib", **environment):
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(path),
                   "LD_LIBRARY_PATH": str(library), **environment}
    return subprocess.run([sys.executable, "-B", *arguments], capture_output=True, text=True,
                          timeout=120, check=False, env=environment)


def make(root, *arguments):
    answer = subprocess.run(["make", "-s", f"BUILD={BUILD}", f"DESTDIR={root}", *arguments], cwd=TOP,
                            capture_output=True, text=True, timeout=300, check=False)
    assert answer.returncode == 0, answer.stderr


def files_below(root):
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


# --- what it needs --------------------------------------------------------------------------------

# Importing the package, with FastAPI installed, and telling what came with it.
IMPORTED = """
import sys
import jeton
print(*sorted({name.partition(".")[0] for name in sys.modules} - set(sys.stdlib_module_names)))
"""


def test_the_core_needs_nothing_but_the_standard_library():
    answer = python("-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(SOURCE)!r})\n{IMPORTED}")
    assert answer.stdout.split() == ["__main__", "jeton"] or answer.stdout.split() == ["jeton"], answer


WITHOUT_FASTAPI = """
import sys
sys.modules["fastapi"] = None
import jeton
import jeton.fastapi
"""


def test_without_fastapi_its_module_says_what_is_missing():
    answer = python("-c", WITHOUT_FASTAPI)
    assert answer.returncode == 1
    assert answer.stderr.endswith("ImportError: jeton.fastapi needs FastAPI "
                                  "(Debian's package python3-fastapi)\n")


def test_without_the_library_the_import_says_what_is_missing(tmp_path):
    (tmp_path / "libjeton.so.0").write_text("no library")
    answer = python("-c", "import jeton", library=tmp_path)
    assert answer.returncode == 1
    assert "ImportError: jeton needs libjeton.so.0, which cannot be loaded" in answer.stderr


def test_a_library_that_is_too_old_is_told_so(tmp_path):
    (tmp_path / "old.c").write_text("int jeton_open(void) { return 0; }\n")
    subprocess.run(["cc", "-shared", "-fPIC", "-Wl,-soname,libjeton.so.0", "-o",
                    str(tmp_path / "libjeton.so.0"), str(tmp_path / "old.c")], check=True, timeout=60)
    answer = python("-c", "import jeton", library=tmp_path)
    assert answer.returncode == 1 and "is older than this module: no jeton_close" in answer.stderr


def test_types_are_complete():
    examples = [TOP / "examples" / name for name in ("fastapi-tutorial", "resource-server-python")]
    files = [str(file) for example in examples for file in sorted(example.glob("*.py"))]
    answer = subprocess.run(["mypy", "--config-file", str(SOURCE / "pyproject.toml"),
                             "--cache-dir=/dev/null", "--python-executable", sys.executable,
                             "jeton", *files], cwd=SOURCE, capture_output=True, text=True,
                            timeout=300, check=False,
                            env={**os.environ, "MYPYPATH": ":".join(map(str, examples))})
    assert answer.returncode == 0, answer.stdout


def test_everything_public_has_its_docstring():
    for name in jeton.__all__:
        thing = getattr(jeton, name)
        if name == "ANY_AUDIENCE":
            continue
        assert thing.__doc__, name
        for member, value in vars(thing).items() if isinstance(thing, type) else ():
            if callable(value) and not member.startswith("_"):
                assert value.__doc__, f"{name}.{member}"


# --- where it is ----------------------------------------------------------------------------------

# The prefixes of a package and of an administrator, as Debian's Python looks there.
@pytest.mark.parametrize("prefix", ["/usr", "/usr/local"])
def test_debians_python_looks_where_it_is_installed(tmp_path, prefix):
    make(tmp_path, f"PREFIX={prefix}", "install-python")
    (package,) = {path.parent for path in tmp_path.rglob("jeton/py.typed")}
    place = "/" + str(package.parent.relative_to(tmp_path))
    looked = subprocess.run(["/usr/bin/python3", "-c", "import site; print(*site.getsitepackages())"],
                            capture_output=True, text=True, check=True, timeout=60).stdout.split()
    assert place in looked and place.startswith(prefix + "/lib/")
    assert files_below(package) == files_below_source()
    answer = python("-c", "import jeton; print(jeton.__file__)", path=package.parent)
    assert answer.stdout.startswith(str(package)), answer


def files_below_source():
    return [name for name in files_below(SOURCE / "jeton") if "__pycache__" not in name]


def test_uninstall_takes_it_back_with_what_python_wrote_there(tmp_path):
    make(tmp_path, "PYTHONDIR=/opt/python", "install-python")
    package = tmp_path / "opt" / "python" / "jeton"
    assert files_below(package) == files_below_source()
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(package)], check=True, timeout=60)
    assert (package / "__pycache__").is_dir()
    make(tmp_path, "PYTHONDIR=/opt/python", "uninstall")
    assert not package.exists()


def test_the_version_is_the_projects():
    ours = re.search(r'^version = "(.*)"', (SOURCE / "pyproject.toml").read_text(), re.M).group(1)
    assert ours == re.search(r"^VERSION +:= (.*)$", (TOP / "Makefile").read_text(), re.M).group(1)


# --- the example ----------------------------------------------------------------------------------

@pytest.fixture
def metrics(jetond, tmp_path):
    """The socket of the example, run as its head says."""
    socket = tmp_path / "metrics.sock"
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE),
                   "LD_LIBRARY_PATH": str(BUILD / "lib"), "JETON_SOCKET": str(jetond.socket)}
    with open(tmp_path / "log", "w+b") as log:
        process = subprocess.Popen(
            [sys.executable, "-B", "-m", "uvicorn", "--app-dir", str(TOP / "examples/python-service"),
             "--uds", str(socket), "service:app"], env=environment, stdout=log, stderr=log)
        deadline = time.monotonic() + 30
        while not socket.exists():
            assert process.poll() is None and time.monotonic() < deadline, log.seek(0) or log.read()
            time.sleep(0.05)
        yield socket
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def ask(socket, method, path, token=None):
    return ask_with(socket, method, path, [f"Bearer {token}"] if token else [])


def ask_with(socket, method, path, fields):
    with Connection(socket) as connection:
        connection.send(compose(method, path, [("Authorization", field) for field in fields]))
        return connection.reply()


def test_the_example_serves_those_whom_the_tokens_allow(metrics):
    writer = jeton.login("alice", PASSWORD, audience=METRICS).access
    reader = jeton.token(audience=METRICS).access
    path = "/readings/load"
    assert ask(metrics, "GET", path).status == 401
    assert ask(metrics, "PUT", path + "?value=0.5", reader).status == 403
    assert ask(metrics, "PUT", path + "?value=0.5", writer).json() == {"stored": "load", "by": "alice"}
    assert ask(metrics, "GET", path, reader).json() == {"load": 0.5}
    assert ask(metrics, "GET", "/readings/other", reader).status == 404
    assert ask(metrics, "GET", path, jeton.login("alice", PASSWORD).access).status == 401


def test_two_authorization_fields_are_no_request(metrics):
    """Which of them counts would be a guess."""
    good = f"Bearer {jeton.token(audience=METRICS).access}"
    for second in (good, "Bearer x", "Basic YTpi", ""):
        reply = ask_with(metrics, "GET", "/readings/load", [good, second])
        assert reply.status == 400
        assert 'error="invalid_request"' in reply.headers["www-authenticate"]
