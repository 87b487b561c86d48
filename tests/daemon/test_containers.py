"""Callers in containers: the daemon's folder is bound into another mount namespace, and who asks
there is who the host's kernel says. No container is started: what one is made of is."""
import os
import select
import subprocess
import tempfile
from pathlib import Path

import pytest
from cgroups import units
from harness import BUILD, Connection, Daemon, compose, encode_form, in_process_of, is_root
from namespaces import check, in_user_namespace, libc

pytestmark = pytest.mark.skipif(not is_root(), reason="needs root to make namespaces and other uids")

METRICS = "https://metrics.example"
SERVICE, BOXED, MAPPED = 61001, 61002, 165536
CONFIG = f"""
issuer = "https://host.example"
min-uid = 1
audience "{METRICS}" {{ }}
identity "service" {{ user = {{"{SERVICE}"}} audience = {{"{METRICS}"}} }}
identity "boxed" {{ user = {{"{BOXED}"}} unit = "box.service" audience = {{"{METRICS}"}} }}
identity "inner" {{ user = {{"{BOXED}"}} unit = "inner.service" audience = {{"{METRICS}"}} }}
identity "nobody" {{ user = {{"65534"}} audience = {{"{METRICS}"}} }}
"""
SELF = f'self {{ audience = {{"{METRICS}"}} }}\n'
CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC = 0x20000, 0x2000000, 0x4000000, 0x8000000
CLONE_NEWPID, CLONE_NEWNET = 0x20000000, 0x40000000
CONTAINER = (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID |
             CLONE_NEWNET)
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
WAIT_SECONDS = 20

TOKEN = compose("POST", "/token", [("Content-Type", "application/x-www-form-urlencoded")],
                encode_form({"grant_type": "client_credentials", "audience": METRICS}))
USERS = compose("GET", "/users", [("Authorization", "Peer")])


@pytest.fixture(scope="module")
def groups():
    with units() as made:
        yield made


@pytest.fixture(scope="module")
def jetond():
    with Daemon(CONFIG) as daemon:
        yield daemon


@pytest.fixture
def place():
    with tempfile.TemporaryDirectory(prefix="jeton-box.") as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


def mount(source, target, flags):
    check(libc.mount(str(source).encode(), str(target).encode(), None, flags, None), "mount")


def in_container(daemon, place, function, uid=0, groups=None, unit=None):
    """What function says in a process of that uid, in namespaces of its own but for the user's, where
    the daemon's folder is bound at `place`, read-only."""
    def enter():
        if unit:
            groups.enter(unit)
        check(libc.unshare(CONTAINER), "unshare")
        mount("none", "/", MS_REC | MS_PRIVATE)
        mount(daemon.state / "run", place, MS_BIND)
        mount("none", place, MS_BIND | MS_REMOUNT | MS_RDONLY)
        return in_process_of(uid, function)  # the first process of the new pid namespace

    return in_process_of(0, enter)


def ask(path):
    """The subject of a token, or the error; and the status of the list of users."""
    with Connection(path) as connection:
        connection.send(TOKEN)
        token = connection.reply().json()
        connection.send(USERS)
        return token.get("access_token") or token["error"], connection.reply().status


def subject(daemon, token):
    return daemon.post("/introspect", form={"token": token}).json().get("sub")


def jeton(place, *arguments, text=""):
    return subprocess.run([str(BUILD / "bin/jeton"), *arguments, "--socket",
                           str(place / "jeton.sock")], input=text, capture_output=True, text=True,
                          timeout=60, check=False)


def test_a_service_in_a_container_is_its_uid_on_the_host(jetond, place):
    token, users = in_container(jetond, place, lambda: ask(place / "jeton.sock"), SERVICE)
    assert (subject(jetond, token), users) == ("svc:service", 403)


def test_the_command_works_there_and_verifies_by_the_bound_pages(jetond, place):
    def get_and_verify():
        token = jeton(place, "token", "--audience", METRICS)
        return token.stdout, jeton(place, "verify", "--audience", METRICS, text=token.stdout)

    token, verified = in_container(jetond, place, get_and_verify, SERVICE)
    assert subject(jetond, token.strip()) == "svc:service"
    assert verified.returncode == 0, verified


def test_root_of_a_container_without_a_user_namespace_is_root(jetond, place):
    """docs/containers.md says so: such a container is given the socket for an uid of its own."""
    assert in_container(jetond, place, lambda: ask(place / "jeton.sock"), 0)[1] == 200


def test_a_restart_of_the_daemon_is_seen_through_the_bound_folder(place):
    asked, restarted = os.pipe(), os.pipe()

    def ask_twice():
        first = ask(place / "jeton.sock")[0]
        os.write(asked[1], b"x")
        os.read(restarted[0], 1)
        return first, ask(place / "jeton.sock")[0]

    with Daemon(CONFIG) as daemon:
        container = os.fork()
        if container == 0:
            tokens = in_container(daemon, place, ask_twice, SERVICE)
            os._exit(0 if [token.count(".") for token in tokens] == [2, 2] else 1)
        assert select.select([asked[0]], [], [], WAIT_SECONDS)[0], daemon.log()
        daemon.stop()
        daemon.start()
        os.write(restarted[1], b"x")
        assert os.waitpid(container, 0)[1] == 0, daemon.log()
    for end in (*asked, *restarted):
        os.close(end)


@pytest.mark.parametrize("maps, expected", [
    (f"0 {SERVICE} 1\n", "svc:service"),
    (f"0 {MAPPED} 65536\n", "unauthorized_client"),
    (f"0 {MAPPED} 1\n{SERVICE} {SERVICE} 1\n", "unauthorized_client"),
])
def test_root_of_a_user_namespace_is_whom_it_is_mapped_to(jetond, maps, expected):
    path = jetond.socket
    said, users = in_user_namespace(lambda: ask(path), maps)
    assert users == 403
    assert expected == (subject(jetond, said) if "." in said else said)


def test_there_the_command_does_not_believe_a_server_that_it_cannot_tell_from_others(jetond):
    """The host's root has no uid in there: it looks like every other that has none."""
    def get():
        return jeton(jetond.state / "run", "token", "--audience", METRICS)

    outside = in_process_of(SERVICE, get)
    assert outside.returncode == 0 and subject(jetond, outside.stdout.strip()) == "svc:service"
    answer = in_user_namespace(get, f"0 {SERVICE} 1\n")
    assert answer.returncode == 1 and answer.stdout == ""
    assert answer.stderr.endswith("jeton.sock: neither root nor you started what listens there\n")


class Contained(Daemon):
    """A daemon in a user namespace in which root alone has a uid."""

    def command(self):
        return ["unshare", "--user", "--map-root-user", *super().command()]


@pytest.mark.parametrize("config", [CONFIG, CONFIG + SELF])
def test_a_daemon_that_has_no_uid_for_the_caller_gives_nothing_though_rules_name_the_overflow_uid(
        config):
    with Contained(config) as daemon:
        reply = daemon.post("/token", uid=SERVICE, form={"grant_type": "client_credentials",
                                                         "audience": METRICS})
        assert (reply.status, reply.json()["error"]) == (400, "unauthorized_client")
        daemon.wait_for_log("uid 65534 stands for all that this host does not know")


@pytest.mark.parametrize("unit", ["box.service", "box.service/payload",
                                  "box.service/payload/system.slice/inner.service"])
def test_a_container_is_in_the_unit_that_started_it_whatever_runs_in_there(jetond, place, groups,
                                                                            unit):
    token, _ = in_container(jetond, place, lambda: ask(place / "jeton.sock"), BOXED, groups, unit)
    assert subject(jetond, token) == "svc:boxed"


def test_the_same_container_elsewhere_is_in_no_unit_of_the_rules(jetond, place, groups):
    said, _ = in_container(jetond, place, lambda: ask(place / "jeton.sock"), BOXED, groups,
                           "other.service")
    assert said == "unauthorized_client"
