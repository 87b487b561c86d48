"""People log in through Debian's own sshd, sudo, su, login and cron, with the shipped profile."""
import json
from pathlib import Path

import pytest
from booted import ROOT_PASSWORD
from harness import PASSWORD, Connection, compose
from logins import (FILE, LOCAL, TOKEN, at_console, by_cron, by_key, by_ssh, by_su, by_sudo,
                    is_there)
from machine import missing, wait_until
from test_booted_machine import claims_of

pytestmark = pytest.mark.skipif(bool(missing()), reason=f"not there: {' '.join(missing())}")

METHODS = ["password", "keyboard-interactive"]
FOLDER = "/run/jeton/tokens"


def uid_of(host, who):
    return host.get("id", "-u", who).strip()


def check_gone(host, file):
    assert file.startswith(FOLDER), file
    wait_until("the file is gone", 10, lambda: not is_there(host, file))


def test_the_doctor_finds_nothing_wrong_with_debians_stacks(people):
    """Those of other tests, jeton-alone and so on, are not Debian's."""
    found = [finding["found"] for finding in json.loads(people.run("jeton", "doctor", "--json").stdout)
             if finding["check"] == "pam"]
    assert found and [line for line in found if "/etc/pam.d/jeton-" not in line] == []


# --- ssh ---

@pytest.mark.parametrize("method", METHODS)
def test_jetons_password_gets_in_by_ssh(people, method):
    login = by_ssh(people, "pat", PASSWORD, method, TOKEN)
    claims = claims_of(login.said)
    assert claims["username"] == "pat" and claims["uid"] == int(uid_of(people, "pat"))
    # Keyboard-interactive authentication is in a process of its own, as pam_jeton(8) says.
    assert claims["amr"] == ["pwd" if method == "password" else "peer"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("who, password", [("pat", "wrong"), ("pat", LOCAL), ("sam", PASSWORD)])
def test_a_wrong_password_does_not(people, method, who, password):
    assert not by_ssh(people, who, password, method).got_in


@pytest.mark.parametrize("method", METHODS)
def test_the_password_in_shadow_gets_in_by_ssh_without_a_token(people, method):
    assert by_ssh(people, "sam", LOCAL, method, FILE).said == "none"


def test_a_key_gets_in_and_has_a_token_that_ends_with_the_session(people):
    assert claims_of(by_key(people, "pat", TOKEN).said)["amr"] == ["peer"]
    check_gone(people, by_key(people, "pat", FILE).said)


# --- su, login, cron ---

def test_su_takes_jetons_password_and_its_session_has_a_token(people):
    assert claims_of(by_su(people, "pat", PASSWORD, TOKEN).said)["amr"] == ["pwd"]
    check_gone(people, by_su(people, "pat", PASSWORD, FILE).said)
    assert not by_su(people, "pat", "wrong").got_in


def test_su_to_root_takes_roots_password_alone(people):
    assert by_su(people, "root", ROOT_PASSWORD).said == "0"
    assert not by_su(people, "root", PASSWORD, starter="pat").got_in


def test_login_at_a_terminal_has_a_token_that_ends_with_it(people):
    login = at_console(people, "pat", PASSWORD, "$(cat $BEARER_TOKEN_FILE)")
    assert claims_of(login.said)["amr"] == ["pwd"]
    check_gone(people, at_console(people, "pat", PASSWORD, "$BEARER_TOKEN_FILE").said)
    assert not at_console(people, "pat", "wrong").got_in


def test_root_logs_in_at_a_terminal(people):
    login = at_console(people, "root", ROOT_PASSWORD, "$(id -u)${BEARER_TOKEN_FILE-none}")
    assert login.said == "0none"


def test_a_job_of_cron_has_a_token_while_it_runs(people):
    assert claims_of(by_cron(people, "pat", TOKEN).said)["amr"] == ["peer"]
    check_gone(people, by_cron(people, "pat", FILE).said)
    assert by_cron(people, "root", FILE).said == "none"


# --- sudo ---

def test_sudo_takes_jetons_password(people):
    assert by_sudo(people, "pat", PASSWORD).said == "0"
    assert not by_sudo(people, "pat", "wrong").got_in


@pytest.fixture
def sudo_for_operators(people):
    stack = Path(people.root, "etc/pam.d/sudo")
    shipped = stack.read_text()
    stack.write_text("auth required pam_jeton.so require_role=operator\n"
                     "account required pam_jeton.so require_role=operator\n"
                     "session required pam_unix.so\n")
    yield people
    stack.write_text(shipped)
    people.get("jeton", "user", "edit", "pat", "--role", "")


def test_sudo_for_those_with_a_role_alone(sudo_for_operators):
    host = sudo_for_operators
    assert not by_sudo(host, "pat", PASSWORD).got_in
    host.get("jeton", "user", "edit", "pat", "--role", "operator")
    assert by_sudo(host, "pat", PASSWORD).said == "0"
    host.get("jeton", "user", "edit", "pat", "--role", "other")
    assert not by_sudo(host, "pat", PASSWORD).got_in


# --- who does not get in ---

@pytest.fixture(params=[("disable", "pat", "enable", "pat"),
                        ("expire", "pat", "2020-01-01", "expire", "pat", "never")],
                ids=["disabled", "expired"])
def barred(people, request):
    half = len(request.param) // 2
    people.get("jeton", "user", *request.param[:half])
    yield people
    people.get("jeton", "user", *request.param[half:])


def test_who_is_disabled_or_expired_gets_in_nowhere(barred):
    attempts = [by_key(barred, "pat"), by_su(barred, "pat", PASSWORD),
                by_sudo(barred, "pat", PASSWORD), at_console(barred, "pat", PASSWORD),
                *(by_ssh(barred, "pat", PASSWORD, method) for method in METHODS)]
    assert [login for login in attempts if login.got_in] == []
    assert by_ssh(barred, "sam", LOCAL).got_in


def register(host, name):
    """As anybody may."""
    with Connection(f"/proc/{host.systemd}/root/run/jeton/jeton.sock") as connection:
        body = f'{{"username": "{name}", "password": "{PASSWORD}"}}'.encode()
        connection.send(compose("POST", "/users", [("Content-Type", "application/json")], body))
        return connection.reply().status


@pytest.fixture
def open_to_all(people):
    with people.config('registration = "open"\n'):
        people.get("systemctl", "restart", "jetond")
        yield people
    people.get("systemctl", "restart", "jetond")


def test_nobody_becomes_a_local_account_by_its_name(open_to_all):
    """Neither of one that is there when he registers, nor of one that is made afterwards."""
    host = open_to_all
    assert register(host, "sam") == 409 and register(host, "root") == 409
    assert register(host, "kim") == 201
    host.get("useradd", "--create-home", "kim")
    try:
        attempts = [by_ssh(host, "kim", PASSWORD), by_su(host, "kim", PASSWORD),
                    by_ssh(host, "sam", PASSWORD), by_su(host, "root", PASSWORD)]
        assert host.jeton("login", "kim", text=PASSWORD + "\n").returncode == 0
        assert [login for login in attempts if login.got_in] == []
        host.get("jeton", "user", "link", "kim")
        assert by_ssh(host, "kim", PASSWORD).got_in
    finally:
        host.get("jeton", "user", "delete", "kim")
        host.get("userdel", "--force", "--remove", "kim")
