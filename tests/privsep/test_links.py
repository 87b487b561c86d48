"""Which library is in which process: by what the files say, and by what is mapped in the running
processes after a login, because the name service loads libraries as it goes."""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from harness import BUILD, Daemon, is_root  # noqa: E402
from outside import Issuer, exchange, link  # noqa: E402

# Beside libc. A row is exact: one library more is a wall less.
LINKS = {
    "bin/jetond": {"libconfuse", "libseccomp", "libsystemd"},
    "libexec/jetond-frontend": {"libjansson", "libcrypto"},
    "libexec/jetond-authority": {"libsqlite3", "libcrypto"},
    "libexec/jetond-signer": {"libcrypto"},
    "libexec/jetond-worker": {"libcrypt", "libargon2", "libcrypto", "libpwquality"},
    "libexec/jetond-names": set(),
    "libexec/jetond-units": set(),
    "libexec/jetond-issuer": {"libjwt", "libjansson", "libcrypto"},
    "libexec/jeton-pam-test": {"libpam", "libjansson"},
    "libexec/jeton-import-sqlite": {"libsqlite3", "libjansson"},
    "libexec/jetond-pam": {"libpam"},
    "lib/libjeton.so.0": {"libcrypto", "libjansson"},
    "lib/pam_jeton.so": {"libpam", "libcrypto"},
}

OPTIONAL = {"libsystemd"}  # at build time
RUN_TIME = {"libc", "ld-linux-x86-64", "ld-linux-aarch64", "libasan", "libubsan", "libgcc_s",
            "libm"}

# Where else a library may be mapped than in the processes named here, it is a breach.
ONLY_IN = {
    "libsqlite3": {"authority"},
    "libcrypt": {"worker"},
    "libargon2": {"worker"},
    "libpwquality": {"worker"},
    "libcrack": {"worker"},
    "libnss_": {"names", "parent"},
    "libconfuse": {"parent"},
    "libseccomp": {"parent"},
    "libjansson": {"frontend", "issuer"},
    "libjwt": {"issuer"},
    "libpam": {"pam"},
}


def needed(file):
    output = subprocess.run(["readelf", "-d", file], capture_output=True, text=True,
                            check=True).stdout
    names = re.findall(r"\(NEEDED\).*\[(.+?)\.so", output)
    return set(names) - RUN_TIME


@pytest.mark.parametrize("file", LINKS)
def test_a_program_is_linked_with_its_libraries_and_no_other(file):
    assert needed(BUILD / file) | OPTIONAL == LINKS[file] | OPTIONAL


def test_every_program_is_in_the_table():
    built = {f"{place}/{file.name}" for place in ("bin", "libexec")
             for file in (BUILD / place).iterdir()} - {"bin/jeton"}
    assert built == {file for file in LINKS if not file.startswith("lib/")}


def mapped(pid):
    maps = Path(f"/proc/{pid}/maps").read_text()
    return {Path(line.split(maxsplit=5)[5]).name for line in maps.splitlines()
            if line.count("/") and ".so" in line}


def breaches(process, libraries):
    return [library for library in libraries for prefix, homes in ONLY_IN.items()
            if re.match(rf"{prefix}[.\w-]*\.so" if prefix.endswith("_") else rf"{prefix}[.-]",
                        library) and process not in homes]


def processes(daemon):
    yield "parent", daemon.jetond_pid()
    for name, pids in daemon.children().items():
        for pid in pids:
            yield name, pid


def test_after_a_login_each_process_has_its_own_libraries_mapped():
    """The children cannot be looked into but by root: without it, by root of a namespace."""
    if not is_root():
        done = subprocess.run(["unshare", "-Ur", sys.executable, "-B", __file__],
                              capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return
    look()


def look():
    with tempfile.TemporaryDirectory() as folder:
        issuer = Issuer("https://outside.example", Path(folder), alg="ES256")
        with Daemon(f'issuer = "https://here.example"\n{issuer.section()}') as daemon:
            look_at(daemon, issuer)


def look_at(daemon, issuer):
    daemon.add_user("alice")
    assert daemon.login("alice").status == 200
    assert link(daemon, "alice", issuer, "a").status == 201
    assert exchange(daemon, issuer.token("a")).status == 200
    seen = {}
    for process, pid in processes(daemon):
        libraries = mapped(pid)
        assert breaches(process, libraries) == [], (process, libraries)
        seen[process] = libraries
    assert set(seen) == {"parent", "frontend", "authority", "signer", "worker", "names", "units",
                         "issuer"}
    for library in ("libcrypt.", "libargon2.", "libcrypto."):
        assert any(name.startswith(library) for name in seen["worker"])
    assert any(name.startswith("libsqlite3.") for name in seen["authority"])


if __name__ == "__main__":
    look()
