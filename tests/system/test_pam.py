"""pamtester through the real PAM stack of the system layout."""
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from conftest import PEOPLE, PREFIX
from harness import PASSWORD

pytestmark = pytest.mark.skipif(not shutil.which("pamtester"), reason="pamtester is not installed")


@pytest.fixture(scope="module", autouse=True)
def stack(system):
    module = PREFIX / "security" / "pam_jeton.so"
    Path("/etc/pam.d/jeton-try").write_text(f"auth required {module}\naccount required {module}\n")


def log_in(user, password, *phases):
    began = time.monotonic()
    result = subprocess.run(["pamtester", "jeton-try", user, *(phases or ("authenticate",))],
                            input=password + "\n", capture_output=True, text=True, timeout=30)
    return result.returncode, result.stdout + result.stderr, time.monotonic() - began


def test_the_right_password_logs_in(system):
    status, said, _ = log_in("pat", PASSWORD, "authenticate", "acct_mgmt")
    assert status == 0, said


def test_a_wrong_password_does_not(system):
    status, said, _ = log_in("pat", "wrong")
    assert status != 0
    assert "Authentication failure" in said


def test_an_unlinked_user_is_unknown_and_not_asked(system):
    status, said, _ = log_in("sam", PASSWORD)
    assert status != 0
    assert "User not known" in said
    assert "assword" not in said.split("pamtester")[0]


@pytest.fixture(scope="module")
def namesake(system):
    system.add_user("sam", allow_account_name=True)
    yield system
    system.request("DELETE", "/users/sam", peer=True)


def test_a_person_of_the_database_with_the_name_of_an_account_is_not_that_account(namesake):
    status, said, _ = log_in("sam", PASSWORD)
    assert status != 0
    assert "User not known" in said


def test_root_is_unknown_here(system):
    assert log_in("root", PASSWORD)[0] != 0


def test_linking_and_unlinking_count_at_once(namesake):
    namesake.request("PATCH", "/users/sam", peer=True, data={"uid": PEOPLE["sam"]})
    assert log_in("sam", PASSWORD)[0] == 0
    namesake.request("PATCH", "/users/sam", peer=True, data={"uid": None})
    assert log_in("sam", PASSWORD)[0] != 0


def test_with_the_daemon_stopped_the_answer_is_unavailable_and_quick(stopped):
    status, said, seconds = log_in("pat", PASSWORD)
    assert status != 0
    assert "cannot retrieve authentication info" in said
    assert seconds < 4
