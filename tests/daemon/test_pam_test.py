"""jeton pam-test: a login by a copy of a stack, each phase with its code and what to do."""
import json
import os
import pwd
import subprocess

import pytest
from harness import BUILD, PASSWORD, Daemon

MODULE = BUILD / "lib/pam_jeton.so"
# Root is never jeton's.
ACCOUNT = pwd.getpwuid(os.geteuid() or 1)


@pytest.fixture(scope="module")
def jetond():
    with Daemon("min-uid = 1\n") as daemon:
        yield daemon


@pytest.fixture(scope="module")
def person(jetond):
    jetond.add_user(ACCOUNT.pw_name, uid=ACCOUNT.pw_uid, allow_account_name=True)
    return ACCOUNT.pw_name


def phases(answer):
    return {row["phase"]: row["code"] for row in json.loads(answer.stdout)}


def alone(jetond, user, *more, password=PASSWORD):
    return jetond.jeton("pam-test", user, "--json", "--module", str(MODULE),
                        "--argument", "min_uid=1", *more, standard_input=password + "\n")


def test_a_right_password_is_granted_in_both_phases(jetond, person):
    answer = alone(jetond, person)
    assert answer.returncode == 0, answer
    assert phases(answer) == {"authenticate": "PAM_SUCCESS", "account": "PAM_SUCCESS"}
    assert PASSWORD not in answer.stdout + answer.stderr


def test_a_wrong_one_is_refused_and_says_what_to_do(jetond, person):
    answer = alone(jetond, person, password="wrong password")
    assert answer.returncode == 1
    assert phases(answer) == {"authenticate": "PAM_AUTH_ERR", "account": "PAM_SUCCESS"}
    assert "jeton user" in json.loads(answer.stdout)[0]["advice"]
    jetond.post(f"/users/{person}/unlock", peer=True)
    text = jetond.jeton("pam-test", person, "--module", str(MODULE), "--argument", "min_uid=1",
                        standard_input="wrong\n")
    assert "PAM_AUTH_ERR" in text.stdout and "jeton user show" in text.stdout
    jetond.post(f"/users/{person}/unlock", peer=True)


def test_an_account_that_is_not_jetons_is_unknown_and_not_asked(jetond, person):
    answer = alone(jetond, "root", password="")
    assert phases(answer)["authenticate"] == "PAM_USER_UNKNOWN"


def test_a_daemon_that_is_away_is_told(jetond, person):
    answer = jetond.jeton("pam-test", person, "--json", "--module", str(MODULE), "--argument",
                          "min_uid=1", "--socket", str(jetond.directory / "nowhere"),
                          standard_input=PASSWORD + "\n")
    assert answer.returncode == 1
    assert phases(answer) == {"authenticate": "PAM_AUTHINFO_UNAVAIL",
                              "account": "PAM_AUTHINFO_UNAVAIL"}


def first_phase(answer):
    return json.loads(answer.stdout)[0]


def test_a_refusal_that_is_not_jetons_sends_nobody_to_jetons_users(tmp_path, person):
    """Who refused, the codes do not say; that it was not jeton is known."""
    module = f"auth sufficient {MODULE} socket={tmp_path}/nowhere min_uid=1\n"
    for lines, user, means in ((module, person, "could not be asked"), ("", person, "does not ask"),
                               ("", "nobody-of-that-name", "no such account"),
                               (module, "nobody-of-that-name", "no such account")):
        service(tmp_path, lines + "auth required pam_deny.so\n")
        answer = first_phase(copied(tmp_path, user=user))
        assert answer["code"] == "PAM_AUTH_ERR" and means in answer["means"], answer
        assert "jeton user" not in answer["advice"]


def test_an_account_that_is_missing_is_to_be_linked_to_nobody(jetond):
    answer = first_phase(alone(jetond, "nobody-of-that-name"))
    assert answer["code"] == "PAM_USER_UNKNOWN" and "no such account" in answer["means"]
    assert "jeton user" not in answer["advice"]


def test_an_argument_that_is_wrong_is_shown_from_the_log(jetond, person):
    answer = alone(jetond, person, "--argument", "tiemout=3s")
    assert phases(answer)["authenticate"] == "PAM_SERVICE_ERR"
    assert "tiemout" in answer.stderr


def service(root, text, name="login"):
    (root / "etc/pam.d").mkdir(parents=True, exist_ok=True)
    (root / "etc/pam.d" / name).write_text(text)


def copied(root, *more, user="root", password="", name="login"):
    return subprocess.run([str(BUILD / "bin/jeton"), "pam-test", user, "--json", "--service", name,
                           "--root", str(root), *more], input=password + "\n", text=True,
                          capture_output=True, timeout=30)


def test_the_copy_of_a_stack_means_what_the_stack_means(tmp_path):
    service(tmp_path, "auth substack inner\nauth required pam_debug.so auth=success\n"
            "@include both\n")
    service(tmp_path, "auth [success=1 default=die] pam_debug.so auth=success\n"
            "auth requisite pam_deny.so\nauth sufficient pam_permit.so\n", "inner")
    service(tmp_path, "account [acct_expired=1 default=ignore] pam_debug.so acct=acct_expired\n"
            "account requisite pam_deny.so\naccount required pam_permit.so\n", "both")
    answer = copied(tmp_path)
    assert phases(answer) == {"authenticate": "PAM_SUCCESS", "account": "PAM_SUCCESS"}, answer
    service(tmp_path, "auth required pam_deny.so\n", "inner")
    assert phases(copied(tmp_path))["authenticate"] == "PAM_AUTH_ERR"


def test_what_is_included_is_never_the_running_hosts(tmp_path):
    """libpam takes included files from /etc/pam.d whatever folder it was given."""
    service(tmp_path, "@include common-auth\n")
    service(tmp_path, "auth required pam_debug.so auth=maxtries\n", "common-auth")
    assert phases(copied(tmp_path))["authenticate"] == "PAM_MAXTRIES"


def test_a_stack_without_jeton_is_said_to_be_one(tmp_path):
    service(tmp_path, "auth required pam_permit.so\n@include common\n")
    service(tmp_path, "account required pam_permit.so\n", "common")
    assert "the stack of login has no line of pam_jeton" in copied(tmp_path).stderr
    service(tmp_path, "-account required /gone/pam_jeton.so\n", "common")
    assert "has no line" not in copied(tmp_path).stderr


def test_words_with_blanks_and_brackets_are_copied_whole(tmp_path, jetond):
    service(tmp_path, "auth required pam_permit.so [a b] [c\\]d]\naccount required pam_permit.so\n")
    assert copied(tmp_path).returncode == 0


def test_the_session_is_only_tried_when_asked_for_and_granted(tmp_path):
    service(tmp_path, "auth required pam_permit.so\naccount required pam_permit.so\n"
            "session required pam_debug.so open_session=session_err\n")
    assert set(phases(copied(tmp_path))) == {"authenticate", "account"}
    answer = copied(tmp_path, "--session")
    assert phases(answer)["open session"] == "PAM_SESSION_ERR" and answer.returncode == 1
    assert "close session" not in phases(answer)
    service(tmp_path, "auth required pam_deny.so\nsession required pam_permit.so\n")
    assert "open session" not in phases(copied(tmp_path, "--session"))


@pytest.mark.parametrize("arguments, status", [
    (["--service", "nowhere"], 1), (["--service", "../etc/passwd"], 1),
    (["--service", "login", "--argument", "debug"], 2), (["--argument", "a\nb"], 1)])
def test_what_cannot_be_tried_is_said(tmp_path, arguments, status):
    answer = subprocess.run([str(BUILD / "bin/jeton"), "pam-test", "root", *arguments], text=True,
                            capture_output=True, timeout=30, stdin=subprocess.DEVNULL)
    assert answer.returncode == status and answer.stdout == "" and answer.stderr


def test_a_stack_that_libpam_refuses_is_named_by_line(tmp_path):
    service(tmp_path, "auth required pam_permit.so\nfrob\n")
    answer = copied(tmp_path)
    assert answer.returncode == 1 and "/etc/pam.d/login:2" in answer.stderr


def test_nothing_is_left_behind(tmp_path, monkeypatch):
    import glob
    service(tmp_path, "auth required pam_permit.so\n")
    before = set(glob.glob("/tmp/jeton-pam-test.*"))
    copied(tmp_path)
    copied(tmp_path, name="nowhere")
    assert set(glob.glob("/tmp/jeton-pam-test.*")) == before


def test_the_command_itself_has_no_libpam():
    output = subprocess.run(["readelf", "-d", str(BUILD / "bin/jeton")], text=True, check=True,
                            capture_output=True).stdout
    assert "libpam" not in output


def test_a_password_is_no_argument(jetond):
    help_text = jetond.jeton("pam-test", "--help").stdout
    assert "--password" not in help_text
    assert jetond.jeton("pam-test", "root", "--password-stdin").returncode == 2
