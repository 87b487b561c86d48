"""What `make install` places can be used from there, and `make uninstall` takes it back."""
import os
import subprocess

import pytest
from harness import BUILD, TOP


def run(*command, **environment):
    return subprocess.run(command, cwd=TOP, env={**os.environ, **environment}, check=True, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout


def make(root, target):
    run("make", "-s", f"BUILD={BUILD}", f"DESTDIR={root}", target)


def files_of(root):
    return sorted(os.path.join(at, name).removeprefix(str(root))
                  for at, _, names in os.walk(root) for name in names)


@pytest.fixture
def root(tmp_path):
    make(tmp_path, "install")
    return tmp_path


def test_an_edited_configuration_stays_and_everything_else_is_taken_back(root):
    config = root / "etc/jeton/jetond.conf"
    config.write_text("# mine\n")
    make(root, "install")
    assert config.read_text() == "# mine\n"
    make(root, "uninstall")
    assert files_of(root) == ["/etc/jeton/jetond.conf"]


def test_an_untouched_configuration_is_taken_back_too(root):
    assert "/etc/jeton/jetond.conf" in files_of(root)
    make(root, "uninstall")
    assert files_of(root) == []


@pytest.mark.parametrize("tool", ["CC=no-such-cc", "PKG_CONFIG=no-such-pkg-config"])
def test_what_it_takes_to_build_is_named_when_it_is_missing(tmp_path, tool):
    answer = subprocess.run(["make", "-s", tool, f"BUILD={tmp_path}"], cwd=TOP, check=False, text=True,
                            capture_output=True)
    assert answer.returncode != 0
    assert f"{tool.partition('=')[2]} is missing: run packaging/build-deps" in answer.stderr


def test_programs_are_built_with_what_pkg_config_says(root):
    source = root / "use.c"
    source.write_text("#include <jeton.h>\nint main(void) { jeton_close(0); return 0; }\n")
    flags = run("pkg-config", "--cflags", "--libs", "jeton",
                PKG_CONFIG_PATH=f"{root}/usr/local/lib/pkgconfig",
                PKG_CONFIG_SYSROOT_DIR=str(root)).split()
    run("cc", "-Wall", "-Werror", "-o", str(root / "use"), str(source), *flags)
    run(str(root / "use"), LD_LIBRARY_PATH=f"{root}/usr/local/lib")


def test_the_installed_command_has_no_path_of_the_build_in_it(root):
    for program in ("bin/jeton", "sbin/jetond", "lib/libjeton.so.0"):
        dynamic = run("readelf", "-d", f"{root}/usr/local/{program}")
        assert "RUNPATH" not in dynamic and "RPATH" not in dynamic, program


def test_what_the_man_pages_name_is_there(root):
    share = root / "usr/local/share"
    assert (share / "doc/jeton/recovery.md").is_file() and (share / "doc/jeton/admin.md").is_file()
    assert "share/doc/jeton" in (share / "man/man1/jeton.1").read_text()
    # PREFIX is the packager's choice, so no page can know it.
    for page in share.glob("man/man*/*"):
        assert "/usr/local" not in page.read_text(), page


def test_each_shell_finds_its_completion_where_it_looks(root):
    share = root / "usr/local/share"
    assert "#compdef jeton" in (share / "zsh/site-functions/_jeton").read_text()
    assert "-F _jeton jeton" in (share / "bash-completion/completions/jeton").read_text()
    fish = run("fish", "-c", "string join \\n $fish_complete_path", XDG_DATA_DIRS="").split("\n")
    places = [place for place in fish if (root / place[1:] / "jeton.fish").is_file()]
    assert len(places) == 1 and "-c jeton" in (root / places[0][1:] / "jeton.fish").read_text()


@pytest.mark.parametrize("unit", ["jetond.service", "jeton-issuers.service", "jeton-issuers.timer"])
def test_the_unit_is_one_that_this_systemd_understands(root, unit):
    path = f"{root}/usr/local/lib/systemd/system/{unit}"
    answer = subprocess.run(["systemd-analyze", "verify", "--man=no", path], check=False, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout
    # The programs are not in their place here, which it says too.
    complaints = [line for line in answer.splitlines()
                  if f"{unit}:" in line and "is not executable" not in line]
    assert complaints == []


def test_the_accounts_are_five(root):
    with open(root / "usr/local/lib/sysusers.d/jeton.conf", encoding="utf-8") as file:
        names = [line.split()[1] for line in file if line.startswith("u ")]
    assert sorted(names) == ["jeton", "jeton-frontend", "jeton-issuers", "jeton-signer",
                             "jeton-worker"]
