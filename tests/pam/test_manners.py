"""The module is a guest in other people's programs: what it exports, imports, reads, keeps and leaves
behind."""
import os
import re
import resource
import shutil
import subprocess
import sys

import pytest

from conftest import MODULE, SOON_MS, TIMEOUT_MS, TOP
from fake_daemon import FakeDaemon, reply, sign

WELCOME = {"auth": "PAM_SUCCESS", "account": "PAM_SUCCESS"}
UNAVAILABLE = {"auth": "PAM_AUTHINFO_UNAVAIL", "account": "PAM_AUTHINFO_UNAVAIL"}


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def dynamic_symbols():
    """Names by whether the module defines them, from its dynamic symbol table."""
    symbols = {True: set(), False: set()}
    for line in output_of("readelf", "-W", "--dyn-syms", MODULE).splitlines():
        fields = line.split()
        if len(fields) >= 8 and fields[0].rstrip(":").isdigit():
            symbols[fields[6] != "UND"].add(fields[7].partition("@")[0])
    return symbols


def test_exports_nothing_but_its_phases():
    assert dynamic_symbols()[True] == {
        "pam_sm_authenticate", "pam_sm_acct_mgmt", "pam_sm_setcred", "pam_sm_open_session",
        "pam_sm_close_session", "pam_sm_chauthtok"}


# What a guest has no business with, by what it would do.
FORBIDDEN = {
    # but for one variable, when a password is changed (test_password.py)
    "reads the environment": {"secure_getenv", "setenv", "putenv", "environ", "clearenv"},
    "starts processes or threads": {"fork", "vfork", "clone", "system", "popen", "posix_spawn",
                                    "execve", "execv", "execl", "pthread_create", "thrd_create"},
    "changes signals": {"signal", "sigaction", "sigprocmask", "pthread_sigmask", "alarm",
                        "setitimer", "sigaltstack"},
    "writes to standard output or error": {"printf", "puts", "putchar", "stdout", "stderr", "perror",
                                           "fprintf", "vfprintf", "fputs", "fwrite", "err", "warn",
                                           "__printf_chk", "__fprintf_chk", "__vfprintf_chk"},
    "ends or changes the program": {"exit", "_exit", "abort", "atexit", "umask", "chdir", "setuid",
                                    "seteuid", "setgid", "setlocale", "dlopen", "openlog",
                                    "setrlimit", "prctl", "srand", "rand"},
    "uses what threads share": {"getpwnam", "getpwuid", "strtok", "strerror_r", "localtime", "gmtime"},
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_never(what):
    imported = dynamic_symbols()[False]
    assert "pam_get_item" in imported
    assert not imported & FORBIDDEN[what]


def test_links_libpam_libcrypto_and_nothing_else():
    needed = set(re.findall(r"\(NEEDED\).*\[(.*?)\]", output_of("readelf", "-d", "-W", MODULE)))
    names = {re.sub(r"\.so.*", "", name) for name in needed}
    assert {"libpam", "libcrypto"} <= names <= {"libpam", "libcrypto", "libc", "ld-linux-x86-64"}


def test_has_no_variable_of_its_own():
    """Writable data are the linker's relocated tables, nothing that changes while it runs."""
    sections = {fields[1]: int(fields[5], 16) for fields in (
        line.replace("[ ", "[").split() for line in output_of("readelf", "-S", "-W", MODULE)
        .splitlines()) if len(fields) > 6 and fields[0].startswith("[") and
        fields[1].startswith(".")}
    assert ".text" in sections
    # A word for the start-up code of the compiler each.
    assert sections.get(".data", 0) <= 16 and sections.get(".bss", 0) <= 16


def test_environment_is_not_read(stand):
    """A daemon behind every variable that somebody might read would let everybody in."""
    elsewhere = stand.directory / "elsewhere"
    elsewhere.mkdir()
    for page in ("keys", "status"):
        shutil.copy(stand.run_dir / page, elsewhere / page)
    lure = elsewhere / "jeton.sock"
    names = ["JETON_SOCKET", "JETON_RUN_DIR", "JETON_STATE", "XDG_RUNTIME_DIR", "HOME", "TMPDIR",
             "BEARER_TOKEN_FILE", "http_proxy", "HTTP_PROXY", "ALL_PROXY", "OPENSSL_CONF",
             "OPENSSL_MODULES", "OPENSSL_ENGINES", "SSL_CERT_FILE", "RANDFILE", "TZ"]
    environment = {"PATH": os.environ["PATH"], **{name: str(lure) for name in names}}
    with FakeDaemon(lure, stand.honest) as daemon:
        assert stand.try_login(environment=environment).codes == UNAVAILABLE
    assert daemon.connections == 0
    with stand.daemon():
        assert stand.try_login(environment=environment).codes == WELCOME


def test_one_variable_is_read_in_one_place():
    source = "".join(file.read_text() for folder in ("pam_module", "client/exchange.c", "common")
                     for file in ([TOP / folder] if folder.endswith(".c") else
                                  sorted((TOP / folder).rglob("*.c"))))
    assert re.findall(r"\bgetenv\((\w+)\)", source.replace("pam_getenv", "")) == ["VARIABLE"]


def test_openssl_configuration_is_not_loaded(stand):
    """Opening a FIFO that nobody writes to would hang."""
    trap = stand.directory / "openssl.cnf"
    os.mkfifo(trap)
    with stand.daemon():
        outcome = stand.try_login(environment={"OPENSSL_CONF": str(trap)})
    assert outcome.codes == WELCOME


def test_works_with_standard_descriptors_closed(stand):
    with stand.daemon():
        outcome = stand.try_login(standard="closed")
    assert outcome.codes == WELCOME
    assert outcome.descriptors[0] == outcome.descriptors[1]


def test_server_that_hangs_up_kills_nobody(stand):
    """SIGPIPE is at its default in pam_try: one that got through would end it."""
    with stand.daemon(serve=lambda connection: connection.close()):
        assert stand.try_login(repeat=50).codes == UNAVAILABLE


def test_no_descriptor_is_left_for_the_next_login(stand):
    with stand.daemon():
        outcome = stand.try_login(repeat=100)
    assert outcome.codes == WELCOME
    assert outcome.descriptors[0] == outcome.descriptors[1]


def test_descriptors_used_up_is_no_login(stand):
    with stand.daemon():
        for limit in range(3, 9):
            ended = subprocess.run(
                stand.command(), capture_output=True, text=True, timeout=60,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)))
            granted = ended.stdout.count("PAM_SUCCESS")
            assert ended.returncode >= 0 and granted in (0, 2), (limit, ended.stdout)


def test_ten_threads_at_once(stand):
    with stand.daemon() as daemon:
        outcome = stand.try_login(threads=10, repeat=5)
    assert outcome.all_codes == [*WELCOME.items()] * 10
    assert len({request.form["nonce"] for request in daemon.requests}) == 100
    assert outcome.descriptors[0] == outcome.descriptors[1] and outcome.tasks == 1


def test_ten_threads_of_which_all_are_kept_waiting(stand):
    stand.configure(timeout=f"{TIMEOUT_MS}ms")
    with stand.daemon(serve=lambda connection: daemon.ending.wait(20)) as daemon:
        outcome = stand.try_login(threads=10, phases="auth")
    assert outcome.all_codes == [("auth", "PAM_AUTHINFO_UNAVAIL")] * 10
    assert outcome.ms["auth"] < SOON_MS


def valgrind(stand, **settings):
    """What pam_try said: nothing leaked, and the standard descriptors alone are open at the end."""
    if not shutil.which("valgrind"):
        pytest.skip("valgrind is not installed")
    ended = subprocess.run(
        ["valgrind", "--error-exitcode=99", "--leak-check=full", "--track-fds=yes",
         "--errors-for-leak-kinds=definite,indirect", "--show-leak-kinds=definite,indirect",
         "--fair-sched=yes", *stand.command(**settings)],
        capture_output=True, text=True, timeout=600, stdin=subprocess.DEVNULL)
    assert ended.returncode == 0, ended.stderr
    assert re.search(r"FILE DESCRIPTORS: 3 open", ended.stderr), ended.stderr
    return ended.stdout


WHOLE = "auth,account,setcred,open,close"


def test_loaded_a_thousand_times_it_leaks_nothing(stand):
    """Each transaction loads the module and unloads it. For a stranger first, a thousand times; then
    with whole logins, which are slow under valgrind."""
    said = valgrind(stand, user="root", repeat=1000)
    assert "auth PAM_USER_UNKNOWN" in said
    with stand.daemon():
        said = valgrind(stand, repeat=20, phases=WHOLE)
    assert [said.count(f"{phase} PAM_SUCCESS") for phase in WHOLE.split(",")] == [1] * 5


def test_threads_under_valgrind(stand):
    stand.configure(timeout="60s")
    with stand.daemon():
        said = valgrind(stand, threads=10, phases=WHOLE)
    assert [said.count(f"{phase} PAM_SUCCESS") for phase in WHOLE.split(",")] == [10] * 5


GROWTH = """
import ctypes, os, sys
def resident():
    return int(open("/proc/self/statm").read().split()[1])
libdl = ctypes.CDLL(None)
libdl.dlopen.restype = ctypes.c_void_p
libdl.dlclose.argtypes = [ctypes.c_void_p]
def again(times):
    for _ in range(times):
        module = libdl.dlopen(sys.argv[1].encode(), 2)
        assert module
        assert libdl.dlclose(module) == 0
resident()
again(1000)
before = resident()
again(1000)
print(resident() - before)
"""


def test_loaded_and_unloaded_a_thousand_times_memory_does_not_grow():
    pages = int(output_of(sys.executable, "-c", GROWTH, str(MODULE)))
    assert pages <= 8


# What pam_try's search=yes looks for, which it has for a password.
MARK = "".join(chr(ord("a") + i * i % 23) for i in range(40))


def ticket(**changed):
    return lambda stand, request: reply(sign(stand.key, request.claims(**changed)))


ENDINGS = {
    "granted": ticket(), "denied": ticket(verdict="denied"), "disabled": ticket(verdict="disabled"),
    "another nonce": ticket(nonce="A" * 43), "another user": ticket(username="mallory"),
    "cut short": lambda stand, request: stand.honest(request)[:-1],
    "refused": lambda stand, request: reply("{}", "403 Forbidden", "application/json"),
    "nothing": lambda stand, request: b"",
    # What the daemon says is in memory as long as a password is.
    "sent back as a ticket": lambda stand, request: reply(MARK),
    "sent back as garbage": lambda stand, request: MARK.encode(),
    "sent back in part": lambda stand, request: reply(MARK * 3)[:-1],
}


@pytest.mark.parametrize("name", ENDINGS)
def test_password_is_not_left_in_memory(stand, name):
    """After pam_end no copy is in the heap, on the stack or anywhere that can be written."""
    with stand.daemon(lambda request: ENDINGS[name](stand, request)) as daemon:
        outcome = stand.try_login(phases="auth,account,open,close", search="yes")
    assert daemon.requests[0].form["password"] == MARK
    assert outcome.residues == 0


def test_password_that_could_not_be_sent_is_not_left_in_memory(stand):
    assert stand.try_login(phases="auth", search="yes").residues == 0
    with stand.daemon(serve=lambda connection: connection.close()):
        assert stand.try_login(phases="auth", search="yes").residues == 0


def test_password_of_an_earlier_module_is_not_left_in_memory(stand):
    line = stand.module_line("use_first_pass")
    stand.stack(f"auth optional {stand.module_line(require_role='nobodys')}", f"auth required {line}")
    with stand.daemon() as daemon:
        assert stand.try_login(phases="auth", search="yes").residues == 0
    assert [request.form["password"] for request in daemon.requests] == [MARK, MARK]
