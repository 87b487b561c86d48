"""Rules by unit: beside its uid, the kernel says in which unit of systemd a process is. What was read
of a process counts while that very process is there, whoever gets its number next."""
import ctypes
import os
import signal
import socket
import subprocess
import time

import pytest
from harness import BUILD, Daemon, compose, encode_form, in_process_of, is_root
from pids import fork_with_pid

pytestmark = pytest.mark.skipif(not is_root(), reason="needs root to make cgroups and other uids")

METRICS = "https://metrics.example"
GRAFANA, OTHER, LONG = 61001, 61002, 61003
LONG_UNIT = "a" * 92 + ".service"
DOCKER_UNIT = "docker-" + "0123456789abcdef" * 4 + ".scope"
CONFIG = f"""
issuer = "https://host.example"
min-uid = 1
audience "{METRICS}" {{ scope "metrics:read" {{ }} }}
identity "grafana" {{
    user = {{"{GRAFANA}"}}
    unit = "grafana.service"
    audience = {{"{METRICS}"}}
    scope = {{"metrics:read"}}
}}
identity "long" {{ user = {{"{LONG}"}} unit = "{LONG_UNIT}" audience = {{"{METRICS}"}} }}
identity "plain" {{ user = {{"{OTHER}"}} audience = {{"{METRICS}"}} }}
"""
FORM = {"grant_type": "client_credentials", "audience": METRICS}
WAIT_SECONDS = 20
CLONE_NEWPID = 0x20000000


@pytest.fixture(scope="module")
def jetond(groups):
    with Daemon(CONFIG) as daemon:
        yield daemon


@pytest.fixture
def own_jetond(groups):
    with Daemon(CONFIG) as daemon:
        yield daemon


def ask(jetond, groups, uid, unit=None, **form):
    """client_credentials from a process of that uid in that unit."""
    def enter_and_ask():
        if unit:
            groups.enter(unit)
        return jetond.post("/token", form={**FORM, **form}, uid=uid)

    return in_process_of(0, enter_and_ask)


def claims(jetond, reply):
    assert reply.status == 200, (reply, jetond.log())
    return jetond.post("/introspect", form={"token": reply.json()["access_token"]}).json()


def is_refused(reply):
    return (reply.status, reply.json().get("error")) == (400, "unauthorized_client")


def ask_on(connection):
    connection.send(compose("POST", "/token", [("Content-Type",
                                                "application/x-www-form-urlencoded")],
                            encode_form(FORM)))
    return connection.reply()


class Connecter:
    """A process of grafana's, in its unit, that connects for this one and then lives or dies."""

    def __init__(self, jetond, groups, unit="grafana.service", uid=GRAFANA):
        ours, theirs = socket.socketpair()
        self.connection = None
        self.hold, release = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            ours.close()
            os.close(self.hold)
            groups.enter(unit)
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            connection = jetond.connect()
            socket.send_fds(theirs, [b"x"], [connection.socket.fileno()])
            theirs.recv(1)
            os._exit(0)
        os.close(release)
        theirs.close()
        self.ours = ours
        _, (fd,), _, _ = socket.recv_fds(ours, 1, 1)
        self.connection = jetond.connect()
        self.connection.socket.close()
        self.connection.socket = socket.socket(fileno=fd)
        self.connection.socket.settimeout(WAIT_SECONDS)

    def end(self):
        """It has ended, and its number is free."""
        self.ours.close()
        os.waitpid(self.pid, 0)


def test_a_process_of_the_user_in_the_unit_has_the_token_and_the_audit_says_which_unit(jetond,
                                                                                         groups):
    said = claims(jetond, ask(jetond, groups, GRAFANA, "grafana.service"))
    assert said["sub"] == "svc:grafana" and said["amr"] == ["peer"]
    line = jetond.wait_for_log("event=peer-token result=granted")
    assert 'peer_unit="grafana.service"' in line and f"peer_uid={GRAFANA}" in line


@pytest.mark.parametrize("unit", [None, "other.service", "grafana.scope", "xgrafana.service",
                                  "box.service/grafana.service",
                                  "user@61001.service/app.slice/grafana.service"])
def test_the_same_user_elsewhere_has_nothing(jetond, groups, unit):
    assert is_refused(ask(jetond, groups, GRAFANA, unit))
    assert is_refused(ask(jetond, groups, GRAFANA, unit, client_id="grafana"))


def test_why_is_in_the_log_with_the_unit(jetond, groups):
    assert is_refused(ask(jetond, groups, GRAFANA, "elsewhere.service"))
    line = jetond.wait_for_log("unit elsewhere.service")
    assert f"no identity has uid {GRAFANA}" in line
    assert 'peer_unit="elsewhere.service"' in line


def test_a_long_name_counts_whole_and_is_in_the_log(jetond, groups):
    assert is_refused(ask(jetond, groups, LONG, LONG_UNIT[1:]))
    assert claims(jetond, ask(jetond, groups, LONG, LONG_UNIT))["sub"] == "svc:long"
    line = jetond.wait_for_log(f'peer_unit="{LONG_UNIT}"')
    assert "event=peer-token result=granted" in line and f"peer_uid={LONG}" in line


def test_of_who_needs_no_unit_a_long_one_is_in_the_log_too(jetond, groups):
    """No request waits for it: it is there when the question at accept has its answer."""
    connecter = Connecter(jetond, groups, DOCKER_UNIT, OTHER)
    jetond.settle()
    assert claims(jetond, ask_on(connecter.connection))["sub"] == "svc:plain"
    jetond.wait_for_log(f'peer_unit="{DOCKER_UNIT}"')
    connecter.end()
    connecter.connection.socket.close()


@pytest.mark.parametrize("uid", [0, 61009])
def test_another_user_in_the_unit_has_nothing(jetond, groups, uid):
    assert is_refused(ask(jetond, groups, uid, "grafana.service"))


def test_below_the_unit_is_in_the_unit(jetond, groups):
    said = claims(jetond, ask(jetond, groups, GRAFANA, "grafana.service/workers"))
    assert said["sub"] == "svc:grafana"


def test_a_rule_without_a_unit_does_not_mind_one(jetond, groups):
    assert claims(jetond, ask(jetond, groups, OTHER, "grafana.service"))["sub"] == "svc:plain"
    assert claims(jetond, ask(jetond, groups, OTHER))["sub"] == "svc:plain"


def test_who_was_given_a_connection_speaks_for_the_process_that_made_it_while_that_is_there(
        jetond, groups):
    connecter = Connecter(jetond, groups)
    assert claims(jetond, ask_on(connecter.connection))["sub"] == "svc:grafana"
    connecter.end()
    assert is_refused(ask_on(connecter.connection))
    connecter.connection.socket.close()


def test_a_process_that_moved_on_is_where_it_is_now(jetond, groups):
    connecter = Connecter(jetond, groups, "other.service")
    assert is_refused(ask_on(connecter.connection))
    groups.enter("grafana.service", connecter.pid)
    assert ask_on(connecter.connection).status == 200
    groups.enter("other.service", connecter.pid)
    assert is_refused(ask_on(connecter.connection))
    connecter.end()
    connecter.connection.socket.close()


def test_a_number_that_was_given_away_again_opens_nothing(jetond, groups):
    """The process that connected is gone; the unit's own, of the right user, has its pid."""
    connecter = Connecter(jetond, groups, "other.service")
    connecter.end()
    hold, release = os.pipe()
    heir = fork_with_pid(connecter.pid)
    if heir == 0:
        os.close(release)
        os.read(hold, 1)
        os._exit(0)
    try:
        assert heir == connecter.pid
        groups.enter("grafana.service", heir)
        assert is_refused(ask_on(connecter.connection))
    finally:
        os.close(release)
        os.waitpid(heir, 0)
        os.close(hold)
        connecter.connection.socket.close()


def enter_pids_of(pid):
    """The caller's children are in the pid namespace of that process."""
    with open(f"/proc/{pid}/ns/pid") as namespace:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(namespace.fileno(), CLONE_NEWPID) != 0:
            raise OSError(ctypes.get_errno(), "setns")


def test_by_a_proc_of_another_pid_namespace_nobody_is_in_any_unit(groups):
    """A process there has the number that one of the unit's own has here."""
    def ask_as_its_namesake():
        enter_pids_of(jetond.jetond_pid())
        namesake = fork_with_pid(connecter.pid)
        if namesake == 0:
            os.setresuid(GRAFANA, GRAFANA, GRAFANA)
            os._exit(is_refused(jetond.post("/token", form=FORM)))
        return os.waitstatus_to_exitcode(os.waitpid(namesake, 0)[1])

    with Daemon(CONFIG, wrapper=("unshare", "--pid", "--fork")) as jetond:
        jetond.wait_for_log("nobody is in any unit")
        connecter = Connecter(jetond, groups)
        assert in_process_of(0, ask_as_its_namesake) == 1, jetond.log()
        connecter.end()
        connecter.connection.socket.close()


def test_while_units_hangs_only_those_wait_whose_unit_matters_and_its_end_is_a_503(own_jetond,
                                                                                   groups):
    jetond = own_jetond
    units_pid = jetond.children()["units"][0]
    os.kill(units_pid, signal.SIGSTOP)
    connecter = Connecter(jetond, groups)
    connecter.connection.send(compose("POST", "/token", [
        ("Content-Type", "application/x-www-form-urlencoded")], encode_form(FORM)))
    assert claims(jetond, ask(jetond, groups, OTHER))["sub"] == "svc:plain"
    os.kill(units_pid, signal.SIGKILL)
    assert connecter.connection.reply().status == 503
    deadline = time.monotonic() + WAIT_SECONDS
    while ask_on(connecter.connection).status == 503 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert claims(jetond, ask_on(connecter.connection))["sub"] == "svc:grafana"
    connecter.end()
    connecter.connection.socket.close()


def test_a_rule_by_unit_that_a_reload_brings_is_for_new_connections(own_jetond, groups):
    jetond = own_jetond
    jetond.config_file.write_text(CONFIG.replace('unit = "grafana.service"\n', ""))
    jetond.jetond_process_signal(signal.SIGHUP)
    jetond.wait_for_log("the new settings are in force")
    connecter = Connecter(jetond, groups)
    assert ask_on(connecter.connection).status == 200
    jetond.config_file.write_text(CONFIG)
    jetond.jetond_process_signal(signal.SIGHUP)
    deadline = time.monotonic() + WAIT_SECONDS
    while not is_refused(ask(jetond, groups, GRAFANA)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert is_refused(ask_on(connecter.connection))
    assert ask(jetond, groups, GRAFANA, "grafana.service").status == 200
    connecter.end()
    connecter.connection.socket.close()


def test_policy_test_takes_a_unit(jetond):
    options = ("policy", "test", "--uid", str(GRAFANA), "--audience", METRICS)
    granted = jetond.jeton(*options, "--unit", "grafana.service")
    assert granted.returncode == 0, granted
    assert "  unit        grafana.service\n" in granted.stdout and "svc:grafana" in granted.stdout
    other = jetond.jeton(*options, "--unit", "other.service")
    assert other.returncode == 1 and "unit other.service" in other.stdout
    assert jetond.jeton(*options).returncode == 1
    reply = jetond.post("/policy/test", peer=True, data={"uid": GRAFANA, "unit": "a" * 256})
    assert reply.status == 400


def test_on_an_older_kernel_a_rule_by_unit_is_an_error_by_name_and_reason(tmp_path):
    file = tmp_path / "jetond.conf"
    file.write_text(CONFIG)
    answer = subprocess.run([str(BUILD / "tests/daemon/refuse_call"), "peerpidfd",
                             str(BUILD / "bin/jetond"), "-n", "--state", str(tmp_path)],
                            capture_output=True, text=True, timeout=30, check=False)
    assert answer.returncode == 1
    assert "unit: this kernel does not tell which process is at the other end of a socket " \
           "(SO_PEERPIDFD, Linux 6.5)" in answer.stderr
