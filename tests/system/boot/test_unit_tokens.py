"""Units of a booted systemd: a token by LoadCredential= and one by asking, for the unit alone."""
import base64
import ctypes
import json
import os
import signal
import socket
from pathlib import Path

import pytest
from harness import compose, encode_form
from machine import wait_until
from pids import fork_with_pid

WAIT_SECONDS = 20
METRICS = "https://metrics.example"
CONFIG = f"""
audience "{METRICS}" {{ scope "metrics:read" {{ }} }}
identity "grafana" {{
    user = {{"grafana"}} unit = "grafana.service" audience = {{"{METRICS}"}} scope = {{"metrics:read"}}
}}
identity "scope" {{ user = {{"grafana"}} unit = "grafana.scope" audience = {{"{METRICS}"}} }}
"""
SERVICE = f"""
[Unit]
After=jetond.service
StartLimitIntervalSec=0
[Service]
Type=oneshot
RemainAfterExit=yes
User=grafana
RuntimeDirectory=grafana
LoadCredential=token:/run/jeton/credentials.sock
ExecStart=/bin/sh -c 'cp "$CREDENTIALS_DIRECTORY/token" /run/grafana/credential'
ExecStart=/bin/sh -c 'exec jeton token --audience {METRICS} >/run/grafana/asked'
"""
# perl is on every Debian. What a unit's name in the address is worth to who binds it.
FETCH = """
use Socket;
socket(my $s, PF_UNIX, SOCK_STREAM, 0) or die "socket: $!";
bind($s, pack_sockaddr_un("\\0" . "1f/unit/$ARGV[0]/token")) or die "bind: $!";
connect($s, pack_sockaddr_un("/run/jeton/credentials.sock")) or die "connect: $!";
shutdown($s, 1);
local $/;
print scalar <$s>;
"""


def claims_of(token):
    part = token.strip().split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


@pytest.fixture(scope="module")
def grafana(with_pat):
    host = with_pat
    host.get("useradd", "--system", "grafana")
    Path(host.root, "etc/systemd/system/grafana.service").write_text(SERVICE)
    Path(host.root, "usr/local/bin/fetch.pl").write_text(FETCH)
    with host.config(CONFIG):
        host.get("systemctl", "daemon-reload")
        host.get("systemctl", "restart", "jetond")
        yield host
        host.run("systemctl", "stop", "grafana.service")
    host.get("systemctl", "restart", "jetond")


@pytest.fixture
def started(grafana):
    answer = grafana.run("systemctl", "restart", "grafana.service")
    assert answer.returncode == 0, (answer, grafana.journal(), grafana.run(
        "journalctl", "--no-pager", "-u", "grafana.service").stdout)
    return grafana


def test_a_unit_has_its_token_in_a_file_that_systemd_fetched(started):
    token = started.get("cat", "/run/grafana/credential")
    assert token == token.strip()
    said = claims_of(token)
    assert (said["sub"], said["client_id"], said["aud"]) == ("svc:grafana", "grafana", METRICS)
    assert said["scope"] == "metrics:read"
    answer = started.jeton("verify", "--audience", METRICS, text=token)
    assert answer.returncode == 0, answer
    assert "event=unit-credential result=granted" in started.journal()
    assert token not in started.journal()


def test_a_unit_asks_as_its_user_and_each_start_has_a_token_of_its_own(started):
    asked = claims_of(started.get("cat", "/run/grafana/asked"))
    first = claims_of(started.get("cat", "/run/grafana/credential"))
    assert asked["sub"] == "svc:grafana" and asked["jti"] != first["jti"]
    started.get("systemctl", "restart", "grafana.service")
    again = claims_of(started.get("cat", "/run/grafana/credential"))
    assert again["jti"] not in (first["jti"], asked["jti"])


@pytest.mark.parametrize("unit", ["other.service", "grafana-2.service"])
def test_the_same_user_in_another_unit_has_nothing(started, unit):
    answer = started.run("systemd-run", "--quiet", "--wait", "--pipe", f"--unit={unit}",
                         "--uid=grafana", "jeton", "token", "--audience", METRICS)
    assert answer.returncode != 0 and "eyJ" not in answer.stdout
    assert f"unit {unit}" in started.journal()


def test_the_same_user_in_no_unit_has_nothing(started):
    answer = started.run("jeton", "token", "--audience", METRICS, user="grafana")
    assert answer.returncode != 0 and "eyJ" not in answer.stdout


def test_who_binds_the_address_of_a_unit_gains_nothing(started):
    stranger = started.run("perl", "/usr/local/bin/fetch.pl", "grafana.service", user="pat")
    assert stranger.returncode != 0 and "Permission denied" in stranger.stderr
    own_user = started.run("perl", "/usr/local/bin/fetch.pl", "grafana.service", user="grafana")
    assert own_user.returncode != 0 and "Permission denied" in own_user.stderr
    root = started.run("systemd-run", "--quiet", "--collect", "--wait", "--pipe",
                       "--unit=stranger.service", "perl",
                       "/usr/local/bin/fetch.pl", "grafana.service")
    assert (root.returncode, root.stdout) == (0, ""), root
    assert "the process is not in the unit of its address" in started.journal()


def test_a_unit_that_no_rule_names_starts_with_an_empty_credential(started):
    answer = started.run("systemd-run", "--quiet", "--collect", "--wait", "--pipe",
                         "--unit=empty.service", "-p",
                         "LoadCredential=token:/run/jeton/credentials.sock", "sh", "-c",
                         'stat -c %s "$CREDENTIALS_DIRECTORY/token"')
    assert (answer.returncode, answer.stdout) == (0, "0\n"), answer


def test_without_the_daemon_a_unit_that_wants_a_credential_does_not_start(started):
    started.get("systemctl", "stop", "jetond")
    try:
        assert started.run("systemctl", "restart", "grafana.service").returncode != 0
        result = started.get("systemctl", "show", "--value", "-p", "ExecMainStatus",
                             "grafana.service")
        assert result.strip() == "243"  # EXIT_CREDENTIALS
    finally:
        started.get("systemctl", "start", "jetond")
        started.run("systemctl", "reset-failed", "grafana.service")
    started.get("systemctl", "restart", "grafana.service")
    assert claims_of(started.get("cat", "/run/grafana/credential"))["sub"] == "svc:grafana"


# --- a unit that runs anew under the pid of who connected ---

def in_pid_namespace_of(pid, function):
    """What function says, in a process that has a pid where that one has."""
    reading, writing = os.pipe()
    outer = os.fork()
    if outer == 0:
        file = os.open(f"/proc/{pid}/ns/pid", os.O_RDONLY)
        if ctypes.CDLL(None, use_errno=True).setns(file, 0) != 0:
            os._exit(1)
        inner = os.fork()
        if inner == 0:
            try:
                os.write(writing, repr(function()).encode())
                os._exit(0)
            except BaseException as error:  # handed to the test, whatever it is
                os.write(writing, repr(error).encode())
                os._exit(1)
        os._exit(os.waitstatus_to_exitcode(os.waitpid(inner, 0)[1]) & 0xff)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode()
    assert os.waitpid(outer, 0)[1] == 0, said
    return said


def test_a_unit_that_was_given_the_pid_of_who_connected_lends_it_nothing(started):
    uid = int(started.get("id", "-u", "grafana"))
    run = os.open(f"/proc/{started.systemd}/root/run/jeton", os.O_PATH)

    def connect(connection):
        os.setresuid(uid, uid, uid)
        connection.connect(f"/proc/self/fd/{run}/jeton.sock")

    def ask(connection):
        connection.settimeout(WAIT_SECONDS)
        connection.sendall(compose(
            "POST", "/token", [("Content-Type", "application/x-www-form-urlencoded")],
            encode_form({"grant_type": "client_credentials", "audience": METRICS})))
        return connection.recv(65536).decode()

    def is_in_scope(pid):
        return started.run("grep", "-q", "/grafana.scope", f"/proc/{pid}/cgroup").returncode == 0

    def reuse():
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        stranger = os.fork()
        if stranger == 0:
            connect(connection)
            os._exit(0)
        os.waitpid(stranger, 0)
        heir = fork_with_pid(stranger)
        if heir == 0:
            os.execvp("nsenter", ["nsenter", "-t", str(started.systemd), "-m", "-C", "env", "-i",
                                  "PATH=/usr/bin:/bin", "systemd-run", "--quiet", "--scope",
                                  "--unit=grafana", "--uid=grafana", "sleep", "60"])
        try:
            wait_until("the unit has that pid", WAIT_SECONDS, lambda: is_in_scope(stranger))
            return heir == stranger, ask(connection)
        finally:
            os.kill(heir, signal.SIGKILL)
            os.waitpid(heir, 0)

    try:
        same, said = eval(in_pid_namespace_of(started.systemd, reuse))  # of our own making
        assert same and "unauthorized_client" in said and "access_token" not in said, said
    finally:
        os.close(run)
