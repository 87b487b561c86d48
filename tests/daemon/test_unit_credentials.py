"""credentials.sock: a unit's first token, fetched by systemd. Who asks is uid 0, in the unit that its
address names; whatever else connects there is given the end of the connection."""
import os
import re
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from harness import Daemon, in_process_of, is_root

pytestmark = pytest.mark.skipif(not is_root(), reason="needs root to make cgroups, and to be systemd")

METRICS, BILLING = "https://metrics.example", "https://billing.example"
CONFIG = f"""
issuer = "https://host.example"
min-uid = 1
audience "{METRICS}" {{ scope "metrics:read" {{ }} }}
audience "{BILLING}" {{ }}
identity "grafana" {{
    user = {{"61001"}} unit = "grafana.service"
    audience = {{"{METRICS}", "{BILLING}"}} scope = {{"metrics:read"}} lifetime = "5m"
}}
identity "reader" {{ user = {{"61002"}} unit = "two.service" audience = {{"{METRICS}"}} }}
identity "biller" {{ user = {{"61002"}} unit = "two.service" audience = {{"{BILLING}"}} }}
identity "plain" {{ user = {{"0"}} audience = {{"{METRICS}"}} }}
"""
WAIT_SECONDS = 20


@pytest.fixture(scope="module")
def jetond(groups):
    with Daemon(CONFIG) as daemon:
        yield daemon


def fetch(jetond, address):
    """What systemd reads: everything until the end."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asker:
        asker.settimeout(WAIT_SECONDS)
        if address is not None:
            asker.bind(address)
        asker.connect(str(jetond.state / "run" / "credentials.sock"))
        asker.shutdown(socket.SHUT_WR)
        data = b""
        while part := asker.recv(65536):
            data += part
        return data.decode()


def address_of(unit, name="token"):
    return f"\0{os.urandom(8).hex()}/unit/{unit}/{name}"


def fetch_in(jetond, groups, unit, address):
    def enter_and_fetch():
        if unit:
            groups.enter(unit)
        return fetch(jetond, address)

    return in_process_of(0, enter_and_fetch)


def claims(jetond, token):
    answer = jetond.post("/introspect", form={"token": token}).json()
    assert answer["active"] is True, jetond.log()
    return answer


def test_a_unit_is_given_a_token_for_the_first_audience_of_its_rule(jetond, groups):
    token = fetch_in(jetond, groups, "grafana.service", address_of("grafana.service"))
    said = claims(jetond, token)
    assert (said["sub"], said["client_id"], said["aud"]) == ("svc:grafana", "grafana", METRICS)
    assert said["scope"] == "metrics:read" and said["exp"] - said["iat"] == 300
    assert said["amr"] == ["peer"] and "uid" not in said
    line = jetond.wait_for_log("event=unit-credential result=granted")
    assert 'peer_unit="grafana.service"' in line and "peer_uid=0" in line
    assert token not in jetond.log()


def test_below_the_unit_is_where_systemd_may_be_too(jetond, groups):
    token = fetch_in(jetond, groups, "grafana.service/.control", address_of("grafana.service"))
    assert claims(jetond, token)["sub"] == "svc:grafana"


def test_of_several_rules_the_name_of_the_credential_is_one(jetond, groups):
    for name in ("reader", "biller"):
        token = fetch_in(jetond, groups, "two.service", address_of("two.service", name))
        assert claims(jetond, token)["sub"] == f"svc:{name}"
    assert fetch_in(jetond, groups, "two.service", address_of("two.service")) == ""
    jetond.wait_for_log("several identities name that unit")


@pytest.mark.parametrize("unit", [None, "other.service", "box.service/grafana.service"])
def test_an_address_opens_nothing_to_who_is_in_another_unit(jetond, groups, unit):
    assert fetch_in(jetond, groups, unit, address_of("grafana.service")) == ""
    jetond.wait_for_log("the process is not in the unit of its address: unit grafana.service")


@pytest.mark.parametrize("address", [
    None, "\0token", "\0x/unit/grafana.service", "\0x/unit/grafana.service/a/b",
    "\0x/unit/grafana.service/a\nb", "\0x/unit/../grafana.service/a", "\0" + "/" * 100,
])
def test_what_is_no_address_of_systemd_opens_nothing(jetond, groups, address):
    assert fetch_in(jetond, groups, "grafana.service", address) == ""
    jetond.wait_for_log("not the address of a service")


def test_a_unit_that_no_rule_names_has_an_empty_credential(jetond, groups):
    assert fetch_in(jetond, groups, "other.service", address_of("other.service")) == ""
    jetond.wait_for_log("no identity names that unit: unit other.service, credential token")


def test_a_bound_path_opens_nothing(jetond, groups):
    path = str(jetond.directory / "bound")
    assert fetch_in(jetond, groups, "grafana.service", path) == ""


def test_others_than_root_do_not_reach_the_socket(jetond, groups):
    def as_stranger():
        groups.enter("grafana.service")
        return in_process_of(61001, lambda: fetch(jetond, address_of("grafana.service")))

    with pytest.raises(RuntimeError, match="PermissionError"):
        in_process_of(0, as_stranger)


def test_who_reaches_it_all_the_same_is_not_root_to_the_kernel(jetond, groups):
    """Root bound the address and opened the socket's mode: the uid of connect(2) is what counts."""
    sock = jetond.state / "run" / "credentials.sock"
    os.chmod(sock, 0o666)
    try:
        def as_stranger():
            groups.enter("grafana.service")
            return in_process_of(61001, lambda: fetch(jetond, address_of("grafana.service")))

        assert in_process_of(0, as_stranger) == ""
        jetond.wait_for_log("a connection on credentials.sock was closed unread")
    finally:
        os.chmod(sock, 0o600)


def test_a_connection_that_says_something_is_not_heard(jetond, groups):
    def speak():
        groups.enter("grafana.service")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asker:
            asker.settimeout(WAIT_SECONDS)
            asker.bind(address_of("other.service"))
            asker.connect(str(jetond.state / "run" / "credentials.sock"))
            try:
                asker.sendall(b"GET /users HTTP/1.1\r\nHost: x\r\nAuthorization: Peer\r\n\r\n")
                return asker.recv(65536)
            except OSError:
                return b""

    assert in_process_of(0, speak) == b""


def descriptors(jetond):
    return len(os.listdir(f"/proc/{jetond.children()['authority'][0]}/fd"))


def is_asking(jetond, groups, unit):
    """Whether the authority holds a process of that unit."""
    holders = Path(f"/proc/{jetond.children()['authority'][0]}/fdinfo")
    held = re.findall(r"^Pid:\s*(\d+)$", "".join(map(read_if_there, holders.iterdir())), re.M)
    return bool({*held} & {*(groups.group(unit) / "cgroup.procs").read_text().split()})


def read_if_there(path):
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""


def wait_until(condition):
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_connections_there_leave_nothing_behind(jetond, groups):
    fetch_in(jetond, groups, "grafana.service", address_of("grafana.service"))
    before = descriptors(jetond)
    for _ in range(15):
        fetch_in(jetond, groups, "grafana.service", address_of("grafana.service"))
        fetch_in(jetond, groups, "other.service", address_of("grafana.service"))
    wait_until(lambda: descriptors(jetond) <= before)


def test_who_asks_while_units_is_being_replaced_waits_for_the_next(groups):
    """systemd would start the service with an empty credential and not ask again."""
    with Daemon(CONFIG) as jetond, ThreadPoolExecutor() as pool:
        units_pid = jetond.children()["units"][0]
        os.kill(units_pid, signal.SIGSTOP)
        token = pool.submit(fetch_in, jetond, groups, "grafana.service",
                            address_of("grafana.service"))
        wait_until(lambda: is_asking(jetond, groups, "grafana.service"))
        os.kill(units_pid, signal.SIGKILL)
        assert claims(jetond, token.result())["sub"] == "svc:grafana"


def test_the_socket_is_roots_alone(jetond):
    status = os.stat(jetond.state / "run" / "credentials.sock")
    assert status.st_mode & 0o777 == 0o600 and status.st_uid == 0


def test_the_rules_own_processes_go_on_asking_by_uid(jetond, groups):
    """A rule by unit is for the first token too, not instead."""
    def ask():
        groups.enter("grafana.service")
        return jetond.post("/token", uid=61001, form={"grant_type": "client_credentials",
                                                      "audience": METRICS})

    assert in_process_of(0, ask).status == 200
