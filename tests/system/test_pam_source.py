"""pam_unix and /etc/shadow as a source of passwords, in the system layout: the PAM worker is root, and
the accounts are those of this machine's (private) files."""
import subprocess
import time
from pathlib import Path

import pytest
from conftest import PEOPLE

SERVICE = "jeton-local"
SECRET = "of the local account"
TODAY = int(time.time() // 86400)
STACK = "auth required pam_unix.so\naccount required pam_unix.so\n"
CONFIG = """
source "database" {{
}}
source "pam:{}" {{
        {}
}}
"""


def shadow(name, **fields):
    """Sets that account's line: password (a hash), changed, longest, expires."""
    places = {"password": 1, "changed": 2, "longest": 4, "warned": 5, "expires": 7}
    lines = Path("/etc/shadow").read_text().splitlines()
    for number, line in enumerate(lines):
        parts = line.split(":")
        if parts[0] == name:
            for key, value in fields.items():
                parts[places[key]] = str(value)
            lines[number] = ":".join(parts)
    Path("/etc/shadow").write_text("\n".join(lines) + "\n")  # in place: it is a mount of its own


def crypt(password):
    return subprocess.run(["openssl", "passwd", "-6", "-stdin"], input=password + "\n",
                          capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture(scope="module")
def local(system):
    """The daemon with the source; pat's account has a password, and so has root's."""
    old = {name: Path(name).read_text() for name in ("/etc/jeton/jetond.conf", "/etc/shadow")}
    Path("/etc/pam.d", SERVICE).write_text(STACK)
    for name in ("root", "pat", "sam"):
        shadow(name, password=crypt(SECRET), changed=TODAY, longest="", warned="", expires="")
    system.stop()
    with system.config_file.open("a") as file:
        file.write(CONFIG.format(SERVICE, ""))
    system.start()
    yield system
    system.stop()
    for name, text in old.items():
        Path(name).write_text(text)
    system.start()


@pytest.fixture(autouse=True)
def as_before(local):
    yield
    shadow("pat", password=crypt(SECRET), changed=TODAY, longest="", warned="", expires="")
    shadow("sam", password=crypt(SECRET), changed=TODAY, longest="", warned="", expires="")


def try_login(daemon, name, password=SECRET):
    daemon.unlock()
    daemon.post(f"/users/{name}/unlock", peer=True)
    return daemon.login(name, password)


def test_the_password_of_etc_shadow_gives_a_token(local):
    reply = try_login(local, "pat")
    assert reply.status == 200, (reply, local.log())
    token = local.post("/introspect", form={"token": reply.json()["access_token"]}).json()
    assert token["username"] == "pat" and token["uid"] == PEOPLE["pat"]
    assert "source=pam:jeton-local" in local.wait_for_log("event=login result=granted user=\"pat\"")


def test_a_wrong_password_and_an_unlinked_account_are_refused(local):
    wrong, unlinked = try_login(local, "pat", "wrong"), try_login(local, "sam")
    assert wrong.status == unlinked.status == 400
    assert wrong.json() == unlinked.json()


@pytest.mark.parametrize("fields", [
    {"expires": TODAY - 1},                           # the account has ended
    {"changed": TODAY - 100, "longest": 10},          # the password has
    {"changed": 0},                                   # it must be changed first
    {"password": "!" + crypt(SECRET)},                # usermod -L
    {"password": "*"}, {"password": ""},
], ids=["account-expired", "password-expired", "must-change", "locked", "none", "empty"])
def test_an_account_that_may_not_log_in_gets_the_answer_of_a_wrong_password(local, fields):
    shadow("pat", **fields)
    reply = try_login(local, "pat")
    assert reply.status == 400
    assert reply.json() == try_login(local, "pat", "wrong").json()
    assert try_login(local, "pat", "").status == 400


def test_root_is_refused_by_min_uid_with_the_right_password(local):
    reply = try_login(local, "root")
    assert reply.status == 400 and reply.json()["error"] == "invalid_grant"
    shadow("pat", password="!")
    assert reply.json() == try_login(local, "pat").json()


def test_refusals_of_all_kinds_take_about_as_long(local):
    """pam_unix hashes for an unknown name too; what differs beyond the grid would be a finding."""
    def shortest(name, password):
        times = []
        for _ in range(4):
            local.unlock()
            local.post(f"/users/{name}/unlock", peer=True)
            began = time.monotonic()
            assert local.login(name, password).status == 400
            times.append(time.monotonic() - began)
        return min(times)

    times = {name: shortest(name, "wrong") for name in ("pat", "sam", "nobody-of-that-name", "root")}
    assert max(times.values()) - min(times.values()) < 0.11, times


def test_the_worker_is_root_with_few_capabilities_and_gains_none(local):
    Path("/etc/pam.d", SERVICE).write_text(
        "auth required pam_exec.so quiet expose_authtok /bin/sleep 1\n" + STACK)
    try:
        with local.connect() as connection:
            body = b"username=pat&password=x"
            connection.send(b"POST /token HTTP/1.1\r\nHost: jeton\r\n"
                            b"Content-Type: application/x-www-form-urlencoded\r\n"
                            b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
            deadline = time.monotonic() + 5
            while "pam" not in local.children() and time.monotonic() < deadline:
                time.sleep(0.01)
            pid, = local.children()["pam"]
            time.sleep(0.3)
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
            status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
            environment = Path(f"/proc/{pid}/environ").read_bytes()
            connection.reply()
    finally:
        Path("/etc/pam.d", SERVICE).write_text(STACK)
    assert status["Uid"].split() == ["0"] * 4
    kept = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 3 | 1 << 6 | 1 << 7 | 1 << 29
    for which in ("CapPrm", "CapEff", "CapBnd"):
        assert int(status[which], 16) & ~kept == 0, which
    assert status["NoNewPrivs"] == "1"
    assert b"JETON_SOCKET" not in environment and b"PATH=" not in environment


def test_a_file_that_others_may_write_stops_the_start_with_its_name(local):
    stack = Path("/etc/pam.d", SERVICE)
    stack.chmod(0o666)
    try:
        done = subprocess.run([*local.command(), "-n"], capture_output=True, text=True, timeout=20,
                              check=False)
    finally:
        stack.chmod(0o644)
    assert done.returncode != 0
    assert f"/etc/pam.d/{SERVICE}: writable by others" in done.stderr
    assert "jetond.conf:" in done.stderr
