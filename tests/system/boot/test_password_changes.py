"""Passwords are changed by Debian's own passwd, and where a login asks for another one: by sshd, login
and su, with the shipped profile."""
import pytest
from harness import PASSWORD
from logins import (FILE, KEY, SSH, TOKEN, at_console, by_key, by_ssh, by_su, is_there, saying)
from machine import missing, wait_until

pytestmark = pytest.mark.skipif(bool(missing()), reason=f"not there: {' '.join(missing())}")

NEW = "another good one"
PASSWD = f"printf '%s\\n' '{PASSWORD}' '{NEW}' '{NEW}' | passwd; "
CHANGED = "The password at jeton has been changed"


@pytest.fixture
def changing(people):
    """pat's password is PASSWORD again afterwards."""
    yield people
    people.get("jeton", "user", "passwd", "pat", text=PASSWORD + "\n")


@pytest.fixture
def expired(changing):
    changing.get("jeton", "user", "expire-password", "pat")
    return changing


def is_active(host, token):
    return host.run("jeton", "whoami", "--token-file", "-", text=token).returncode == 0


def check_changed(host):
    assert by_ssh(host, "pat", NEW).got_in
    assert not by_ssh(host, "pat", PASSWORD).got_in


def has_to_change(host):
    return "must be changed" in host.get("jeton", "user", "show", "pat")


# --- passwd ---

def test_passwd_changes_jetons_password_and_no_local_one(changing):
    host = changing
    local = host.get("getent", "shadow", "pat")
    said = by_ssh(host, "pat", PASSWORD, what=f"{PASSWD}{saying('$?')}")
    assert said.said == "0", said
    assert host.get("getent", "shadow", "pat") == local
    check_changed(host)


def test_passwd_ends_every_session_but_its_own(changing):
    host, login = changing, changing.token("pat")
    with host.start(*SSH, "-i", KEY, "pat@127.0.0.1", f"{FILE}; exec sleep 300") as other:
        file = other.stdout.readline().strip().removeprefix("in:")
        assert is_there(host, file) and is_active(host, login)
        own = by_key(host, "pat", f"{PASSWD}{TOKEN}").said
        other_is_over = wait_until("its file is gone", 20, lambda: not is_there(host, file))
        other.kill()
    assert other_is_over and own and not is_active(host, login)


def test_who_does_not_know_it_changes_nothing(changing):
    wrong = PASSWD.replace(PASSWORD, "wrong")
    assert by_key(changing, "pat", f"{wrong}{saying('$?')}").said != "0"
    assert by_ssh(changing, "pat", PASSWORD).got_in


# --- a login that asks for another one ---

def test_sshd_has_it_changed_before_the_login_goes_on(expired):
    login = by_ssh(expired, "pat", PASSWORD, "keyboard-interactive", new=NEW)
    assert login.said == expired.get("id", "-u", "pat").strip(), login
    assert not has_to_change(expired)
    check_changed(expired)


def test_sshd_lets_nobody_in_who_does_not_change_it(expired):
    """Where it cannot ask, too: without a terminal, after a login by password or key."""
    attempts = [by_ssh(expired, "pat", PASSWORD, "keyboard-interactive", new="short"),
                by_ssh(expired, "pat", PASSWORD), by_key(expired, "pat")]
    assert [login for login in attempts if login.got_in] == []
    assert has_to_change(expired)


def test_login_has_it_changed_before_the_shell(expired):
    login = at_console(expired, "pat", PASSWORD, new=NEW)
    assert login.said == expired.get("id", "-u", "pat").strip(), login
    check_changed(expired)


def test_su_has_it_changed_by_the_lines_of_other(expired):
    """Debian's su has no lines of its own for passwords."""
    login = by_su(expired, "pat", "\n".join([PASSWORD, PASSWORD, NEW, NEW]))
    assert login.said == expired.get("id", "-u", "pat").strip(), login
    check_changed(expired)


def test_nobody_is_asked_while_the_change_cannot_be_made(expired):
    expired.get("systemctl", "stop", "jetond")
    try:
        assert by_key(expired, "pat").got_in
    finally:
        expired.get("systemctl", "start", "jetond")
