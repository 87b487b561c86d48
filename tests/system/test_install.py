"""What `make install` places: found by the system, and taken back by `make uninstall`."""
import os
import pwd

import pytest

from conftest import PASSWORD, run

STACK = "/etc/pam.d/jeton-test"


def files_of(root):
    return sorted(os.path.join(at, name).removeprefix(str(root))
                  for at, _, names in os.walk(root) for name in names)


@pytest.fixture(scope="module")
def stack(alice):
    with open(STACK, "w", encoding="utf-8") as file:
        file.write("auth required pam_jeton.so\naccount required pam_jeton.so\n")
    return os.path.basename(STACK)


def test_each_process_has_an_account_of_its_own(installed):
    accounts = ["jeton", "jeton-signer", "jeton-frontend", "jeton-worker"]
    assert len({pwd.getpwnam(account).pw_uid for account in accounts}) == len(accounts)


def test_the_unit_is_one_that_systemd_understands(installed):
    answer = run("systemd-analyze", "verify", "--man=no",
                 "/usr/local/lib/systemd/system/jetond.service", check=False)
    complaints = [line for line in answer.stdout.splitlines() if "jetond.service" in line]
    assert complaints == []


def test_programs_find_the_library_by_pkg_config(installed, tmp_path):
    source = tmp_path / "use.c"
    source.write_text("#include <jeton.h>\n"
                      "int main(void) { jeton_close(0); return 0; }\n")
    flags = run("pkg-config", "--cflags", "--libs", "jeton").stdout.split()
    run("cc", "-Wall", "-Werror", "-o", str(tmp_path / "use"), str(source), *flags)
    run(str(tmp_path / "use"))


def test_the_installed_command_looks_for_its_library_nowhere_of_its_own(installed):
    dynamic = run("readelf", "-d", "/usr/local/bin/jeton").stdout
    assert "RUNPATH" not in dynamic and "RPATH" not in dynamic


@pytest.mark.parametrize("password, status", [(PASSWORD, 0), ("wrong", 1)])
def test_a_login_through_the_systems_own_pam(alice, stack, password, status):
    answer = run("pamtester", stack, alice, "authenticate", "acct_mgmt", given=password + "\n",
                 check=False)
    assert answer.returncode == status, answer.stdout


def test_root_is_not_known_to_jeton(stack):
    answer = run("pamtester", stack, "root", "authenticate", given=PASSWORD + "\n", check=False)
    assert answer.returncode != 0
    assert "User not known" in answer.stdout


def test_an_edited_configuration_stays_and_everything_else_is_taken_back(tmp_path):
    destination = f"DESTDIR={tmp_path}"
    build = f"BUILD={os.environ.get('BUILD', 'build')}"
    config = tmp_path / "etc/jeton/jetond.conf"
    run("make", "-s", build, destination, "install")
    config.write_text("# mine\n")
    run("make", "-s", build, destination, "install")
    assert config.read_text() == "# mine\n"
    run("make", "-s", build, destination, "uninstall")
    assert files_of(tmp_path) == ["/etc/jeton/jetond.conf"]


def test_an_untouched_configuration_is_taken_back_too(tmp_path):
    destination = f"DESTDIR={tmp_path}"
    build = f"BUILD={os.environ.get('BUILD', 'build')}"
    run("make", "-s", build, destination, "install")
    run("make", "-s", build, destination, "uninstall")
    assert files_of(tmp_path) == []
