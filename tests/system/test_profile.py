"""The shipped profile, written into the common stack by pam-auth-update itself: whatever is wrong with
jeton, local passwords get in, and wrong ones do not."""
import json
import shutil
import subprocess
import time
from pathlib import Path

import common_stack
import pytest
from conftest import PREFIX
from harness import BUILD, PASSWORD

pytestmark = pytest.mark.skipif(not shutil.which("pam-auth-update"),
                                reason="pam-auth-update is not installed")
LOCAL = "a local battery"
NEW = "another good one"


def hash_of(password):
    return subprocess.run(["openssl", "passwd", "-6", "-stdin"], input=password, text=True,
                          check=True, capture_output=True).stdout.strip()


def give_password(account, hashed):
    shadow = Path("/etc/shadow")
    shadow.write_text("".join(
        f"{account}:{hashed}:19000::::::\n" if line.startswith(f"{account}:") else line
        for line in shadow.read_text().splitlines(True)))


@pytest.fixture(scope="module")
def root(system, tmp_path_factory):
    """A root with the stack that the profile makes; sam has a local password, pat is jeton's."""
    root = tmp_path_factory.mktemp("root")
    common_stack.write(root, f"{PREFIX}/security/pam_jeton.so")
    (root / "etc/pam.d/login").write_text("".join(f"@include common-{group}\n" for group in (
        "auth", "account", "session", "password")))
    give_password("sam", hash_of(LOCAL))
    return root


def try_login(root, user, password):
    began = time.monotonic()
    answer = subprocess.run([str(BUILD / "bin/jeton"), "pam-test", user, "--service", "login", "--root",
                             str(root), "--json"], input=password + "\n", text=True, timeout=60,
                            capture_output=True)
    seconds = time.monotonic() - began
    codes = {row["phase"]: row["code"] for row in json.loads(answer.stdout)}
    return codes["authenticate"], codes["account"], seconds


GOOD = ("PAM_SUCCESS", "PAM_SUCCESS")


def test_the_module_is_in_the_stack(root):
    for name in ("common-auth", "common-account", "common-password"):
        assert "pam_jeton.so" in (root / "etc/pam.d" / name).read_text()


@pytest.mark.parametrize("name", ["common-session", "common-session-noninteractive"])
def test_no_session_depends_on_the_module(root, name):
    """Another module stands before it, for where all say PAM_IGNORE libpam refuses."""
    lines = [line.split() for line in (root / "etc/pam.d" / name).read_text().splitlines()]
    modules = [Path(words[2]).name for words in lines if words[:1] == ["session"]
               and not words[1].startswith("[")]
    assert modules[-1] == "pam_jeton.so" and "pam_unix.so" in modules
    assert [words[1] for words in lines if words and words[-1].endswith("pam_jeton.so")] == [
        "optional"]


def test_both_passwords_get_in_and_wrong_ones_do_not(root, system):
    assert try_login(root, "sam", LOCAL)[:2] == GOOD
    assert try_login(root, "pat", PASSWORD)[:2] == GOOD
    assert try_login(root, "sam", "wrong")[0] == "PAM_AUTH_ERR"
    assert try_login(root, "pat", "wrong")[0] != "PAM_SUCCESS"
    system.post("/users/pat/unlock", peer=True)


def test_whom_jeton_has_disabled_does_not_get_in(root, system):
    system.jeton("user", "disable", "pat", check=True)
    try:
        assert try_login(root, "pat", PASSWORD)[1] == "PAM_ACCT_EXPIRED"
    finally:
        system.jeton("user", "enable", "pat", check=True)


def change_expired(root, user, password):
    """What a login program goes on with when the account phase asks for a change. An @include of
    Debian's is looked for in /etc whatever the folder."""
    folder = root / "etc/pam.d"
    (folder / "whole").write_text("".join((folder / f"common-{group}").read_text()
                                          for group in ("account", "password")))
    done = subprocess.run([BUILD / "tests/pam/pam_try", f"confdir={folder}", "service=whole",
                           f"user={user}", "phases=account,expired,account", f"password={password}",
                           f"new-password={NEW}"], text=True, timeout=60, capture_output=True,
                          stdin=subprocess.DEVNULL, check=True)
    lines = [line.split(" ", 1) for line in done.stdout.splitlines()]
    return ([rest.split()[0] for word, rest in lines if word in ("account", "expired")],
            [rest for word, rest in lines if word == "said"])


@pytest.fixture
def expired(system):
    system.jeton("user", "expire-password", "pat", check=True)
    yield
    system.jeton("user", "passwd", "pat", standard_input=PASSWORD + "\n", check=True)


def test_whose_password_must_be_changed_changes_it_and_is_in(root, system, expired):
    assert system.login("pat").json()["error"] == "invalid_grant"
    assert try_login(root, "pat", PASSWORD)[:2] == ("PAM_SUCCESS", "PAM_NEW_AUTHTOK_REQD")
    codes, said = change_expired(root, "pat", PASSWORD)
    assert codes == ["PAM_NEW_AUTHTOK_REQD", "PAM_SUCCESS", "PAM_SUCCESS"]
    assert said[0] == "Your password at jeton must be changed"
    assert said[-1] == "The password at jeton has been changed"
    assert system.login("pat", NEW).status == 200
    assert try_login(root, "pat", NEW)[:2] == GOOD


def test_who_does_not_know_it_does_not_change_it(root, system, expired):
    codes, _ = change_expired(root, "pat", "wrong")
    assert codes[1] not in ("PAM_SUCCESS", "PAM_IGNORE") and codes[2] == "PAM_NEW_AUTHTOK_REQD"
    assert try_login(root, "pat", NEW)[0] != "PAM_SUCCESS"
    system.post("/users/pat/unlock", peer=True)


def test_nobody_is_asked_for_a_change_that_cannot_be_made(root, system, expired):
    system.stop()
    try:
        assert change_expired(root, "pat", PASSWORD)[0][0] == "PAM_SUCCESS"
    finally:
        system.start()


def stop(system):
    system.stop()
    return system.start


def without_pages(system):
    system.stop()
    for page in ("keys", "status"):
        Path("/run/jeton", page).unlink()
    return system.start


def without_module(system):
    module = PREFIX / "security/pam_jeton.so"
    module.rename(module.with_suffix(".away"))
    return lambda: module.with_suffix(".away").rename(module)


def linked_and_stopped(system):
    """sam has a local password and is a user of jeton as well."""
    system.add_user("sam", uid=4802)
    system.stop()

    def undo():
        system.start()
        system.request("DELETE", "/users/sam", peer=True)
    return undo


@pytest.mark.parametrize("harm", [stop, without_pages, without_module, linked_and_stopped])
def test_whatever_is_wrong_with_jeton_a_local_password_gets_in(root, system, harm):
    undo = harm(system)
    try:
        auth, account, seconds = try_login(root, "sam", LOCAL)
        assert (auth, account) == GOOD and seconds < 5
        assert try_login(root, "sam", "wrong")[0] != "PAM_SUCCESS"
        assert try_login(root, "pat", PASSWORD)[0] != "PAM_SUCCESS"
    finally:
        undo()


def test_a_misspelt_argument_locks_no_local_account_out(root, system):
    for name in ("common-auth", "common-account"):
        file = root / "etc/pam.d" / name
        file.write_text(file.read_text().replace("pam_jeton.so", "pam_jeton.so frob"))
    try:
        assert try_login(root, "sam", LOCAL)[:2] == GOOD
        assert try_login(root, "sam", "wrong")[0] != "PAM_SUCCESS"
    finally:
        for name in ("common-auth", "common-account"):
            file = root / "etc/pam.d" / name
            file.write_text(file.read_text().replace("pam_jeton.so frob", "pam_jeton.so"))


def test_the_doctor_finds_nothing_wrong_with_it(root):
    answer = subprocess.run([str(BUILD / "bin/jeton"), "doctor", "--json", "--root", str(root)],
                            text=True, capture_output=True, timeout=60)
    about = [finding for finding in json.loads(answer.stdout) if finding["check"] == "pam"
             and "No such file" not in finding["found"]]
    assert [f for f in about if f["verdict"] in ("warning", "broken")] == [], about


def test_taking_it_out_leaves_the_stack_as_it_was_without(root):
    common_stack.update(root, "--disable", "jeton")
    for name in ("common-auth", "common-account", "common-password", "common-session"):
        assert "pam_jeton" not in (root / "etc/pam.d" / name).read_text()
    assert try_login(root, "sam", LOCAL)[:2] == GOOD
