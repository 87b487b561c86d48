"""Who speaks on a connection is who made it, by the kernel's word of that moment: what the process
becomes, whom it hands the connection to and who gets its number later changes nothing. And the word
of root's connection has to be asked for."""
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from harness import PASSWORD, Connection, Daemon, compose, encode_form, in_process_of, is_root
from namespaces import in_user_namespace
from pids import fork_with_pid

pytestmark = pytest.mark.skipif(not is_root(), reason="needs root to become other uids")

METRICS = "https://metrics.example"
SERVICE, STRANGER = 61001, 61009
CONFIG = f"""
issuer = "https://host.example"
min-uid = 1
audience "{METRICS}" {{ }}
identity "service" {{ user = {{"{SERVICE}"}} audience = {{"{METRICS}"}} }}
identity "root" {{ user = {{"0"}} audience = {{"{METRICS}"}} }}
"""
SELF = f'self {{ audience = {{"{METRICS}"}} }}\n'
WAIT_SECONDS = 20


@pytest.fixture(scope="module")
def jetond():
    with Daemon(CONFIG) as daemon:
        daemon.add_user("alice")
        yield daemon


@pytest.fixture(scope="module")
def linked():
    with Daemon(CONFIG) as daemon:
        daemon.add_user("alice", uid=61010)
        yield daemon


@pytest.fixture(scope="module")
def selfish():
    with Daemon(CONFIG + SELF) as daemon:
        yield daemon


TOKEN = compose("POST", "/token", [("Content-Type", "application/x-www-form-urlencoded")],
                encode_form({"grant_type": "client_credentials", "audience": METRICS}))
USERS = compose("GET", "/users", [("Authorization", "Peer")])


def adopt(fd):
    """A connection of somebody else's making."""
    connection = Connection.__new__(Connection)
    connection.socket = socket.socket(fileno=fd)
    connection.socket.settimeout(WAIT_SECONDS)
    connection.unread = b""
    return connection


def said_on(connection):
    """The words of a token's refusal, and the status of the list of users."""
    connection.send(TOKEN)
    token = connection.reply()
    connection.send(USERS)
    return token.json().get("error"), connection.reply().status


NOTHING = ("unauthorized_client", 403)


def connected_by(uid, jetond):
    """A socket that a process of that uid, which is gone, connected; and the pid that it had."""
    asker = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        asker.connect(str(jetond.socket))
        os._exit(0)
    os.waitpid(child, 0)
    return adopt(asker.detach()), child


def test_the_words_of_the_others_are_good_or_the_tests_below_would_show_nothing(jetond):
    root = jetond.connect()
    root.send(TOKEN)
    assert root.reply().status == 200
    root.send(USERS)
    assert root.reply().status == 200
    reply = jetond.post("/token", uid=SERVICE, form={"grant_type": "client_credentials",
                                                     "audience": METRICS})
    assert reply.status == 200


def test_a_connection_that_was_handed_to_root_is_the_strangers(jetond):
    """By SCM_RIGHTS: who holds it speaks as who made it, be he root."""
    ours, theirs = socket.socketpair()

    def connect_and_pass():
        with jetond.connect() as connection:
            socket.send_fds(theirs, [b"x"], [connection.socket.fileno()])

    in_process_of(STRANGER, connect_and_pass)
    _, (fd,), _, _ = socket.recv_fds(ours, 1, 1)
    connection = adopt(fd)
    assert os.geteuid() == 0 and said_on(connection) == NOTHING
    connection.socket.close()
    ours.close()
    theirs.close()


@pytest.fixture
def setuid_python():
    """A program of root's that anybody may run as root, and that does what it is told."""
    for place in ("/tmp", "/var/tmp"):  # a container's /tmp may be mounted nosuid
        if not os.statvfs(place).f_flag & os.ST_NOSUID:
            break
    else:
        pytest.fail("setuid counts for nothing here")
    with tempfile.TemporaryDirectory(prefix="jetont.", dir=place) as folder:
        os.chmod(folder, 0o755)
        program = Path(shutil.copy(os.path.realpath("/usr/bin/python3"), folder))
        program.chmod(0o4755)
        yield program


def test_a_program_that_becomes_root_by_exec_is_who_it_was_when_it_connected(jetond, setuid_python):
    script = f"import os, sys; os.write(3, {TOKEN!r} + {USERS!r}); sys.exit(os.geteuid())"

    def connect_and_exec():
        with jetond.connect() as connection:
            os.dup2(connection.socket.fileno(), 3)
            answer = subprocess.run([setuid_python, "-I", "-S", "-c", script], pass_fds=[3], timeout=60,
                                    check=False)
            token, users = connection.reply(), connection.reply()
            return answer.returncode, (token.json().get("error"), users.status)

    assert in_process_of(STRANGER, connect_and_exec) == (0, NOTHING)


def test_a_uid_that_was_given_up_after_connecting_is_not_forgotten_either(jetond):
    """The other way round: a service that drops root keeps what it connected as, and no more."""
    connection, _ = connected_by(SERVICE, jetond)
    connection.send(TOKEN)
    assert connection.reply().status == 200
    connection.send(USERS)
    assert connection.reply().status == 403
    connection.socket.close()


@pytest.mark.parametrize("heir_uid", [0, SERVICE])
def test_who_gets_the_number_of_a_dead_caller_lends_it_nothing(jetond, heir_uid):
    connection, pid = connected_by(STRANGER, jetond)
    hold, release = os.pipe()
    heir = fork_with_pid(pid)
    if heir == 0:
        os.close(release)
        os.setresuid(heir_uid, heir_uid, heir_uid)
        os.read(hold, 1)
        os._exit(0)
    try:
        assert heir == pid
        deadline = time.monotonic() + WAIT_SECONDS
        while os.stat(f"/proc/{pid}").st_uid != heir_uid and time.monotonic() < deadline:
            time.sleep(0.02)
        assert said_on(connection) == NOTHING
    finally:
        os.close(release)
        os.waitpid(heir, 0)
        os.close(hold)
        connection.socket.close()


@pytest.mark.parametrize("maps, uid_there", [(f"0 {STRANGER} 1\n", 0), ("", 65534)])
def test_root_of_a_user_namespace_is_who_made_it(jetond, selfish, maps, uid_there):
    def ask():
        with jetond.connect() as connection:
            return os.geteuid(), said_on(connection)

    assert in_user_namespace(ask, maps, STRANGER) == (uid_there, NOTHING)

    def own_token():
        return selfish.post("/token", form={"grant_type": "client_credentials",
                                            "audience": METRICS}).json()["access_token"]

    token = in_user_namespace(own_token, maps, STRANGER)
    said = selfish.post("/introspect", form={"token": token}).json()
    assert said["sub"] == f"uid:{STRANGER}"


@pytest.mark.parametrize("method, path, how", [
    ("GET", "/users", {}),
    ("POST", "/users", {"data": {"username": "mallory", "password": "correct horse battery"}}),
    ("PATCH", "/users/alice", {"data": {"roles": ["admin"]}}),
    ("DELETE", "/users/alice", {}),
    ("POST", "/users/alice/unlock", {}),
    ("GET", "/sessions", {}),
    ("POST", "/revocations", {"data": {"all": True}}),
    ("POST", "/clients", {"data": {"client_id": "mallory"}}),
    ("POST", "/keys/rotate", {"data": {"alg": "ES256"}}),
    ("POST", "/policy/test", {"data": {"uid": 0}}),
])
def test_a_program_of_roots_that_was_made_to_connect_gives_nothing(jetond, method, path, how):
    """A URL or an address from outside chooses method, path and body, and no header."""
    reply = jetond.request(method, path, **how)
    assert reply.status in (401, 403), reply
    assert jetond.get("/users/alice", peer=True).json()["roles"] == []
    assert jetond.get("/users/mallory", peer=True).status == 404


def pam_form(**more):
    return {"username": "alice", "uid": "61010", "service": "sshd", "nonce": "A" * 43, **more}


@pytest.mark.parametrize("path, more", [
    ("/pam/account", {}),
    ("/pam/session", {}),
    ("/pam/session/close", {"sid": "A" * 22}),
    ("/pam/password/check", {}),
    ("/pam/password", {"new_password": "of somebody else's choosing"}),
    ("/pam/password", {"password": PASSWORD, "new_password": "of somebody else's choosing"}),
])
def test_nor_does_it_open_a_session_or_change_a_password(linked, path, more):
    """A form is a body that any page can make a browser send."""
    reply = linked.post(path, form=pam_form(**more))
    assert (reply.status, reply.headers["content-type"]) == (401, "application/json"), reply
    assert linked.login("alice").status == 200
    assert not list((linked.state / "run" / "tokens").glob("*/*"))


def test_with_the_word_root_has_its_right(linked):
    reply = linked.post("/pam/account", form=pam_form(), peer=True)
    assert (reply.status, reply.headers["content-type"]) == (200, "application/jwt")


@pytest.mark.parametrize("header", ["peer", "Peer x", "Peer,", "Basic Og==", "Basic cm9vdDo="])
def test_only_the_word_itself_asks_for_roots_right(jetond, header):
    reply = jetond.request("GET", "/users", headers=[("Authorization", header)])
    assert (reply.status == 200) == (header.lower() == "peer"), reply
