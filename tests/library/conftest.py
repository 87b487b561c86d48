"""The library as it is installed: into a folder of its own, found by pkg-config alone. A daemon with
people, and with a section for this process."""
import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from harness import BUILD, TOP, Daemon  # noqa: E402

READINGS = "https://readings.example"
CONFIG = f"""
issuer = "https://host.example"
min-uid = 1
audience "{READINGS}" {{
    scope "readings:read" {{ }}
    scope "readings:write" {{ }}
}}
identity "robot" {{
    user = {{"{os.geteuid()}"}}
    audience = {{"{READINGS}"}}
    scope = {{"readings:read", "readings:write"}}
}}
"""


@pytest.fixture(scope="session")
def daemon():
    with Daemon(CONFIG) as daemon:
        daemon.add_user("alice", roles=["operator", "reader"])
        yield daemon


class Installed:
    """What `make install` placed, and the environment in which it is used from there."""

    def __init__(self, root):
        self.root = root
        # With other flags than those of the build, everything would be built again.
        flags = ["WERROR=1"] if "-Werror" in (BUILD / "flags").read_text() else []
        answer = subprocess.run(["make", "-s", *flags, f"BUILD={BUILD}", f"DESTDIR={root}",
                                 "install"],
                                cwd=TOP, check=False, capture_output=True, text=True, timeout=600)
        assert answer.returncode == 0, answer.stderr
        self.prefix = root / "usr/local"
        self.environment = {"PATH": os.environ["PATH"],
                            "LD_LIBRARY_PATH": str(self.prefix / "lib"),
                            "PKG_CONFIG_PATH": str(self.prefix / "lib/pkgconfig"),
                            "PKG_CONFIG_SYSROOT_DIR": str(root)}

    def run(self, *command, status=0, **how):
        """What the command printed; it ends with that status."""
        answer = subprocess.run([str(word) for word in command], check=False, text=True,
                                capture_output=True, timeout=120,
                                **{"env": self.environment, **how})
        assert answer.returncode == status, (command, answer.stdout, answer.stderr)
        return answer.stdout

    def compiled(self, compiler, source, program):
        """Compiles and links with what pkg-config says and with every warning."""
        flags = self.run("pkg-config", "--cflags", "--libs", "jeton").split()
        self.run(*compiler, "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror", source,
                 "-o", program, *flags)
        return program


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    return Installed(tmp_path_factory.mktemp("root"))
