"""jeton as packaged, on a Debian that systemd booted: its unit, its folders, its stacks of PAM.

Each test leaves the service running, the configuration as installed, and pat with the password.
"""
import base64
import json
import re
from pathlib import Path

import pytest
from harness import PASSWORD
from booted import ROOT_PASSWORD, STACKS
from machine import missing, wait_until

pytestmark = pytest.mark.skipif(bool(missing()), reason=f"not there: {' '.join(missing())}")

CHILDREN = {
    "jetond-authority": "jeton",
    "jetond-frontend": "jeton-frontend",
    "jetond-names": "jeton-worker",
    "jetond-units": "jeton-worker",
    "jetond-signer": "jeton-signer",
    "jetond-worker": "jeton-worker",
}
PLACES = {
    "/run/jeton": "root:root 755 directory",
    "/run/jeton/jeton.sock": "root:root 666 socket",
    "/run/jeton/credentials.sock": "root:root 600 socket",
    "/run/jeton/keys": "root:root 644 regular file",
    "/run/jeton/status": "root:root 644 regular file",
    "/run/jeton/tokens": "jeton:jeton 711 directory",
    "/var/lib/jeton": "root:root 755 directory",
    "/var/lib/jeton/db": "jeton:jeton 700 directory",
    "/var/lib/jeton/keys": "jeton-signer:jeton-signer 700 directory",
    "/var/lib/jeton-issuers": "jeton-issuers:jeton-issuers 755 directory",
}
QUICK_SECONDS = 4
START_SECONDS = 20


def claims_of(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def kept_by(host):
    """The process of the service, and how often systemd had to start it again."""
    return host.unit("MainPID"), host.unit("NRestarts")


def logs_in(host):
    return host.jeton("login", "pat", text=PASSWORD + "\n").returncode == 0


# --- a fresh machine ---

def test_the_unit_starts_on_a_fresh_machine(fresh):
    assert fresh.unit("ActiveState") == "active", fresh.journal()
    assert fresh.unit("Type") == "notify"
    assert fresh.unit("UnitFileState") == "enabled"
    assert fresh.unit("NRestarts") == "0"
    assert fresh.run("jeton", "status").returncode == 0


def test_the_unit_makes_five_accounts_that_nobody_logs_in_to(fresh):
    accounts = [line.split(":") for line in fresh.get("getent", "passwd").splitlines()]
    ours = {account[0]: account for account in accounts if account[0].startswith("jeton")}
    assert set(ours) == {"jeton", "jeton-signer", "jeton-frontend", "jeton-worker", "jeton-issuers"}
    assert len({account[2] for account in ours.values()}) == 5
    assert {Path(account[6]).name for account in ours.values()} == {"nologin"}


def test_each_process_runs_under_its_own_account(host):
    processes = list(host.processes().values())
    assert ("jetond", "root") in processes
    assert dict(process for process in processes if process[0] != "jetond") == CHILDREN
    assert [user for _, user in processes].count("root") == 1


def test_each_place_has_its_owner_and_mode(host):
    found = {path: host.get("stat", "-c", "%U:%G %a %F", path).strip() for path in PLACES}
    assert found == PLACES


def test_the_signer_has_its_memory_locked_or_says_that_it_has_not(host):
    # A container may lack what it takes to raise the limit.
    pid = host.pid_of("jetond-signer")
    status = host.get("cat", f"/proc/{pid}/status")
    locked = int(re.search(r"^VmLck:\s+(\d+) kB", status, re.MULTILINE)[1]) > 0
    warned = f"jetond[{pid}]: jetond-signer: the keys' memory is not locked"
    assert (warned in host.journal()) != locked


# --- logins ---

def test_a_linked_person_logs_in_and_the_token_says_who(host):
    token = host.token("pat")
    verified = host.jeton("verify", "-", text=token)
    assert verified.returncode == 0
    assert re.search(r"^ *username +pat$", verified.stdout, re.MULTILINE)
    Path(host.root, "home/pat/token").write_text(token)
    person = host.get("jeton", "whoami", "--token-file", "/home/pat/token", user="pat")
    uid = host.get("id", "-u", "pat").strip()
    assert re.search(rf"^ *uid +{uid}$", person, re.MULTILINE)


def test_a_wrong_password_gives_no_token(host):
    answer = host.jeton("login", "pat", text="wrong\n")
    assert answer.returncode != 0
    assert answer.stdout == ""


def test_a_changed_token_is_not_verified(host):
    head, body, signature = host.token("pat").split(".")
    changed = base64.urlsafe_b64encode(json.dumps({**claims_of(f".{body}."), "sub": "2"}).encode())
    answer = host.jeton("verify", "-", text=f"{head}.{changed.decode().rstrip('=')}.{signature}")
    assert answer.returncode != 0


@pytest.mark.parametrize("arguments", [("user", "list"), ("user", "add", "mallory"),
                                       ("user", "show", "pat")])
def test_an_ordinary_person_may_not_administer(host, arguments):
    answer = host.jeton(*arguments, text=PASSWORD + "\n", user="pat")
    assert answer.returncode != 0
    assert "admin" in answer.stderr
    assert "mallory" not in host.get("jeton", "user", "list")


def test_pam_lets_in_with_the_right_password_alone(host):
    status, said, _ = host.pam("jeton-alone", "pat", PASSWORD, "authenticate", "acct_mgmt")
    assert status == 0, said
    status, said, _ = host.pam("jeton-alone", "pat", "wrong")
    assert status != 0
    assert "Authentication failure" in said


@pytest.mark.parametrize("stack", ["jeton-first", "jeton-second"])
def test_pam_lets_local_accounts_and_linked_ones_in_by_one_stack(host, stack):
    phases = ("authenticate", "acct_mgmt")
    assert host.pam(stack, "pat", PASSWORD, *phases)[0] == 0
    assert host.pam(stack, "root", ROOT_PASSWORD, *phases)[0] == 0
    assert host.pam(stack, "root", PASSWORD, *phases)[0] != 0
    assert host.pam(stack, "sam", PASSWORD, *phases)[0] != 0


# --- the journal ---

def entries(host, *matches):
    host.get("journalctl", "--sync")
    return [json.loads(line)
            for line in host.get("journalctl", "-o", "json", *matches).splitlines()]


def test_a_login_is_found_in_the_journal_by_its_fields(host):
    claims = claims_of(host.token("pat"))
    (entry,) = entries(host, "JETON_EVENT=login", f"JETON_JTI={claims['jti']}")
    assert entry["JETON_RESULT"] == "granted" and entry["JETON_USER"] == "pat"
    assert entry["JETON_SID"] == claims["sid"] and entry["JETON_CLIENT"] == "local"
    assert entry["JETON_PEER_UID"] == entry["JETON_PEER_GID"] == "0"
    assert entry["JETON_PEER_COMM"] == "jeton" and entry["JETON_PEER_USER"] == "root"
    assert entry["JETON_CLASS"] == "privileged" and entry["JETON_REQUEST"]
    # What journald itself says of the sender, which no sender can choose.
    assert entry["_UID"] == host.get("id", "-u", "jeton").strip()
    assert entry["_SYSTEMD_UNIT"] == "jetond.service"
    (key,) = entries(host, "JETON_EVENT=key-active", f"JETON_KID={entry['JETON_KID']}")
    assert key["JETON_RESULT"] == "done" and key["JETON_REASON"] == "due"


@pytest.mark.parametrize("name", ["x\nJETON_RESULT=granted", 'x" result=granted y="'])
def test_a_name_makes_no_field_and_no_entry_of_its_own(host, name):
    before = len(entries(host, "JETON_RESULT=granted"))
    answer = host.jeton("login", name, text="wrong\n")
    assert answer.returncode != 0
    assert len(entries(host, "JETON_RESULT=granted")) == before


# --- without the service ---

def test_pam_without_the_service_is_unavailable_at_once(halted):
    status, said, seconds = halted.pam("jeton-alone", "pat", PASSWORD)
    assert status != 0
    assert "cannot retrieve authentication info" in said
    assert seconds < QUICK_SECONDS


@pytest.mark.parametrize("stack", ["jeton-first", "jeton-second"])
def test_root_logs_in_without_the_service_at_once(halted, stack):
    status, said, seconds = halted.pam(stack, "root", ROOT_PASSWORD, "authenticate", "acct_mgmt")
    assert status == 0, said
    assert seconds < QUICK_SECONDS
    assert halted.pam(stack, "root", "wrong")[0] != 0


def test_stopping_leaves_the_pages_and_takes_the_socket(halted):
    left = halted.get("ls", "/run/jeton").split()
    assert {"keys", "status", "tokens"} <= set(left)
    assert "jeton.sock" not in left
    assert halted.unit("Result") == "success"
    assert halted.processes() == {}


def test_a_token_is_verified_while_the_service_is_stopped(host):
    token = host.token("pat")
    host.get("systemctl", "stop", "jetond")
    answer = host.jeton("verify", "-", text=token)
    assert answer.returncode == 0, answer.stderr


# --- restarts ---

def test_a_restart_keeps_the_pages_and_the_tokens(host):
    def pages():
        return host.get("stat", "-c", "%i", "/run/jeton/keys", "/run/jeton/status")

    before, token = pages(), host.token("pat")
    host.get("systemctl", "restart", "jetond")
    assert pages() == before
    host.get("jeton", "verify", "-", text=token)
    host.get("jeton", "verify", "-", text=host.token("pat"))


@pytest.mark.parametrize("name", CHILDREN)
def test_a_killed_child_is_replaced_without_systemd(host, name):
    killed, service = host.pid_of(name), kept_by(host)
    host.get("sh", "-c", f"kill -KILL {killed}")
    wait_until(f"another {name}", START_SECONDS, lambda: host.pid_of(name) not in (None, killed))
    wait_until("pat logs in again", START_SECONDS, lambda: logs_in(host))
    assert kept_by(host) == service


def test_a_killed_service_is_started_again_and_leaves_no_child(host):
    before = host.processes()
    host.get("sh", "-c", f"kill -KILL {host.unit('MainPID')}")
    wait_until("pat logs in again", START_SECONDS, lambda: logs_in(host))
    assert not set(before) & set(host.processes())
    assert host.unit("ActiveState") == "active"


def test_a_reboot_keeps_the_people_and_the_key(host):
    token, people = host.token("pat"), host.get("jeton", "user", "list")
    host.stop()
    host.boot()
    assert host.unit("ActiveState") == "active", host.journal()
    assert host.get("jeton", "user", "list") == people
    host.get("jeton", "verify", "-", text=token)
    assert logs_in(host)


# --- reload ---

@pytest.fixture
def reload(host):
    yield lambda: host.get("systemctl", "reload", "jetond")
    host.get("systemctl", "reload", "jetond")


def test_a_reload_takes_a_new_setting(host, reload):
    service = kept_by(host)
    with host.config('access-lifetime = "7m"\n'):
        reload()
        claims = wait_until("the setting counts", START_SECONDS, lambda: next(
            (claims for claims in [claims_of(host.token("pat"))]
             if claims["exp"] - claims["iat"] == 420), None))
    assert claims["sub"] == "1"
    assert kept_by(host) == service


def test_a_reload_of_a_bad_file_changes_nothing_and_names_the_line(host, reload):
    service = kept_by(host)
    with host.config('access-lifetime = "7m"\nmin-uid = "banana"\n') as line:
        reload()
        wait_until("the journal names the line", START_SECONDS,
                   lambda: f"jetond.conf:{line}:" in host.journal())
        claims = claims_of(host.token("pat"))
    assert claims["exp"] - claims["iat"] == 900
    assert host.unit("ActiveState") == "active"
    assert kept_by(host) == service


# --- walls ---

def test_the_journal_holds_no_secret(host):
    token = host.token("pat")
    host.jeton("login", "pat", text="a wrong secret\n")
    host.pam("jeton-alone", "pat", PASSWORD)
    host.jeton("verify", "-", text=token)
    host.get("journalctl", "--sync")
    journal = host.get("journalctl", "--no-pager", "--all", "-o", "export")
    assert "event=login" in journal and "event=pam-auth" in journal
    for secret in (PASSWORD, "a wrong secret", "$y$", *token.split(".")[1:]):
        assert secret not in journal


def test_the_service_can_write_its_own_folders_alone(host):
    pid = host.unit("MainPID")

    def touch(folder):
        return host.run("nsenter", "-t", pid, "-m", "touch", f"{folder}/written")

    for folder in ("/run/jeton", "/var/lib/jeton"):
        assert touch(folder).returncode == 0
        host.get("rm", f"{folder}/written")
    for folder in ("/etc", "/etc/jeton", "/usr/lib", "/var/lib", "/var/lib/jeton-issuers",
                   "/var/log", "/run", "/boot"):
        answer = touch(folder)
        assert "Read-only file system" in answer.stderr, (folder, answer)
    for folder in ("/home/pat", "/root"):
        assert touch(folder).returncode != 0, folder
    # It has a /tmp of its own.
    assert touch("/tmp").returncode == 0
    assert host.run("test", "-e", "/tmp/written").returncode != 0


def test_systemd_finds_the_unit_well_confined(host):
    said = host.get("systemd-analyze", "security", "--no-pager", "jetond")
    exposure = float(re.search(r"exposure level for jetond.service: ([0-9.]+)", said)[1])
    assert exposure < 3.0, said


# --- uninstalled ---

def test_uninstalling_takes_back_what_was_installed_and_keeps_the_people(host):
    assert len(host.installed) > 10
    host.get("systemctl", "disable", "--now", "jetond")
    host.uninstall()
    left = {name for name in host.installed if Path(host.root, name.lstrip("/")).exists()}
    assert not {name for name in left if "jeton" in name or not Path(host.root, name[1:]).is_dir()}
    assert host.get("ls", "/var/lib/jeton/db")
    host.install()
    host.get("systemctl", "daemon-reload")
    host.get("systemctl", "enable", "--now", "jetond")
    assert logs_in(host)
