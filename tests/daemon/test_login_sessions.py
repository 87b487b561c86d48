"""Sessions of system logins: a token in a file, fresh while the session lives, gone with it."""
import base64
import json
import os
import re
import secrets
import signal
import socket
import time
from pathlib import Path

import pytest
from harness import BUILD, PASSWORD, Daemon, in_process_of, is_root, wait_until
from forge import Forge

CONFIG = """
issuer = "https://host.example"
min-uid = 1
access-lifetime = 10s
audience "https://metrics.example" {
    scope "metrics:read" { }
    scope "metrics:write" { role = {"operator"} }
}
audience "https://closed.example" {
    role = {"operator"}
}
"""
HALF_LIFE = 5
UID, OTHER = 4000, 4001
PER_UID = 256


def claims_of(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


class OlderKernel(Daemon):
    """On a kernel that lacks something (refuse_call.c)."""

    def __init__(self, lacks):
        super().__init__(CONFIG)
        self.lacks = lacks

    def command(self):
        return [str(BUILD / "tests/daemon/refuse_call"), self.lacks, *super().command()]


class Session:
    def __init__(self, daemon, ticket):
        self.daemon, self.sid = daemon, ticket["sid"]
        self.file = daemon.state / "run/tokens" / str(ticket["uid"]) / self.sid

    def token(self):
        return self.file.read_text().rstrip("\n")

    def is_over(self):
        return not self.file.exists()


def ask(daemon, phase, uid=UID, **more):
    form = {"username": "alice", "uid": str(uid), "service": "sshd",
            "nonce": base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode(), **more}
    return daemon.request("POST", f"/pam/{phase}", form=form, peer=True)


def ticket(daemon, phase, **how):
    reply = ask(daemon, phase, **how)
    assert reply.status == 200 and reply.headers["content-type"] == "application/jwt", reply
    return claims_of(reply.body.decode())


def opened(daemon, **how):
    claims = ticket(daemon, "session", **how)
    assert claims["verdict"] == "granted", claims
    return Session(daemon, claims)


def refused(daemon, **how):
    claims = ticket(daemon, "session", **how)
    assert "sid" not in claims
    return claims["verdict"]


def closed(daemon, session, **how):
    return ticket(daemon, "session/close", sid=session.sid, **how)["verdict"]


def is_active(daemon, token):
    return daemon.request("POST", "/introspect", form={"token": token}).json()["active"]


class Opener:
    """Another process, which opens a session and goes on living."""

    def __init__(self, daemon, **how):
        reading, writing = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.write(writing, json.dumps(ticket(daemon, "session", **how)).encode())
            time.sleep(300)
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            self.session = Session(daemon, json.loads(os.read(pipe.fileno(), 4096)))

    def wait_until_kept(self):
        """Its row is written after the reply: nobody waits for the disk to log in."""
        with self.session.daemon.database() as rows:
            wait_until(lambda: rows.execute("SELECT 1 FROM logins WHERE sid = ?",
                                            (self.session.sid,)).fetchone())

    def kill(self):
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        self.pid = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()


@pytest.fixture(scope="module")
def host():
    with Daemon(CONFIG) as daemon:
        daemon.add_user("alice", uid=UID)
        daemon.add_user("bob", uid=OTHER)
        yield daemon


@pytest.fixture
def own():
    """A daemon of the test's own, to be stopped or to have its users changed."""
    with Daemon(CONFIG) as daemon:
        daemon.add_user("alice", uid=UID)
        yield daemon


# ---- opening ----

def test_the_file_holds_a_token_of_the_linked_user(host):
    session = opened(host)
    claims = claims_of(session.token())
    user = host.get("/users/alice", peer=True).json()
    assert claims["sub"] == str(user["id"]) and claims["username"] == "alice"
    assert claims["uid"] == UID and claims["sid"] == session.sid
    assert claims["aud"] == "https://host.example" and claims["exp"] - claims["iat"] == 10
    assert is_active(host, session.token())
    assert host.get("/users/me", token=session.token()).status == 200


def test_the_ticket_is_of_this_question(host):
    nonce = "A" * 43
    claims = ticket(host, "session", nonce=nonce)
    assert (claims["phase"], claims["verdict"], claims["nonce"]) == ("session", "granted", nonce)
    assert claims["uid"] == UID and claims["aud"] == "jeton:login"


def test_each_session_is_one_of_its_own(host):
    first, second = opened(host), opened(host)
    assert first.sid != second.sid
    assert closed(host, first) == "granted"
    assert first.is_over() and is_active(host, second.token())


def test_that_uid_alone_can_read_it(host):
    session = opened(host)
    folder = session.file.parent
    assert session.file.stat().st_mode & 0o7777 == 0o640  # the group's bits are the list's mask
    assert folder.stat().st_mode & 0o7777 == 0o711
    assert folder.parent.stat().st_mode & 0o7777 == 0o711
    if not is_root():
        pytest.skip("needs root to become another uid")
    assert in_process_of(UID, session.token) == session.token()
    for uid, action in ((OTHER, session.token), (OTHER, lambda: os.listdir(folder)),
                        (UID, lambda: os.listdir(folder)), (UID, lambda: session.file.unlink()),
                        (UID, lambda: session.file.open("a")), (UID, lambda: (folder / "x").touch())):
        with pytest.raises(RuntimeError, match="PermissionError"):
            in_process_of(uid, action)


def test_audience_and_scope_are_those_asked_for(host):
    session = opened(host, audience="https://metrics.example", scope="metrics:read")
    claims = claims_of(session.token())
    assert (claims["aud"], claims["scope"]) == ("https://metrics.example", "metrics:read")
    assert refused(host, audience="https://metrics.example", scope="metrics:write") == "denied"
    assert refused(host, audience="https://closed.example") == "denied"
    assert refused(host, audience="https://unknown.example") == "denied"
    host.wait_for_log("reason=policy")


@pytest.mark.parametrize("change, verdict", [
    ({"disabled": True}, "disabled"), ({"expires_at": "2020-01-01T00:00:00Z"}, "expired"),
    ({"uid": None}, "unknown")])
def test_who_may_not_log_in_gets_none(own, change, verdict):
    assert own.request("PATCH", "/users/alice", peer=True, data=change).status == 200
    assert refused(own) == verdict


def test_an_account_that_nobody_is_linked_to(host):
    assert refused(host, uid=4999) == "unknown"


@pytest.mark.parametrize("phase, field, value", [
    ("session", "scope", "x" * 1025), ("session", "audience", "x" * 513),
    ("session", "proof", "x" * 8193), ("session", "nonce", "short"), ("session", "uid", "-1"),
    ("session/close", "sid", ""), ("session/close", "sid", "../../../etc/passwd"),
    ("session/close", "sid", "A" * 23)])
def test_malformed_questions(host, phase, field, value):
    assert ask(host, phase, **{field: value}).status == 400


# ---- how the person came in ----

def proof(daemon, **how):
    reply = ask(daemon, "auth", password=PASSWORD, **how)
    return reply.body.decode()


def method(daemon, **how):
    return claims_of(opened(daemon, **how).token())


def test_without_a_password_the_token_says_peer(host):
    claims = method(host)
    assert claims["amr"] == ["peer"] and "auth_time" not in claims


def test_after_a_password_the_token_says_so(host):
    shown = proof(host)
    claims = method(host, proof=shown)
    assert claims["amr"] == ["pwd"] and claims["auth_time"] == claims_of(shown)["iat"]


def access_token(daemon):
    return daemon.token("alice")


def ticket_of_account(daemon):
    return ask(daemon, "account").body.decode()


def ticket_that_denies(daemon):
    reply = ask(daemon, "auth", password="wrong")
    daemon.unlock()
    return reply.body.decode()


def ticket_of_another_service(daemon):
    return proof(daemon, service="sudo")


def ticket_of_another_uid(daemon):
    return proof(daemon, uid=OTHER, username="bob")


def ticket_of_another_key(daemon):
    forge = Forge(proof(daemon), daemon.state / "keys")
    return forge.signed(forge.header_part, forge.payload_part, forge.attacker)


def ticket_of_long_ago(daemon):
    forge = Forge(proof(daemon), daemon.state / "keys")
    return forge.with_claims(iat=forge.claims["iat"] - 400, exp=forge.claims["exp"] - 400)


def ticket_cut_short(daemon):
    return proof(daemon)[:-5]


def garbage(daemon):
    return "garbage"


@pytest.mark.parametrize("shown", [
    access_token, ticket_of_account, ticket_that_denies, ticket_of_another_service,
    ticket_of_another_uid, ticket_of_another_key, ticket_of_long_ago, ticket_cut_short, garbage])
def test_what_is_no_proof_of_a_password(host, shown):
    assert method(host, proof=shown(host))["amr"] == ["peer"]


def test_a_session_without_a_password_administers_nothing(own):
    own.request("PATCH", "/users/alice", peer=True, data={"roles": ["admin"]})
    assert own.get("/users", token=opened(own).token()).status == 403
    assert own.get("/users", token=opened(own, proof=proof(own)).token()).status == 200


# ---- fresh ----

def test_the_token_is_replaced_at_half_of_its_life(host):
    session = opened(host)
    first = session.token()
    wait_until(lambda: session.token() != first)
    second = session.token()
    assert is_active(host, first) and is_active(host, second)
    one, other = claims_of(first), claims_of(second)
    assert other["iat"] >= one["iat"] + HALF_LIFE - 1
    assert other["exp"] > one["exp"]
    for name in ("sub", "sid", "amr", "aud"):
        assert one[name] == other[name]


def test_who_loses_the_right_has_no_new_token(own):
    own.request("PATCH", "/users/alice", peer=True, data={"roles": ["operator"]})
    both = opened(own, audience="https://metrics.example")
    one = opened(own, audience="https://closed.example")
    assert claims_of(both.token())["scope"] == "metrics:read metrics:write"
    own.request("PATCH", "/users/alice", peer=True, data={"roles": []})
    wait_until(one.is_over)
    wait_until(lambda: claims_of(both.token())["scope"] == "metrics:read")


# ---- over ----

def test_closing_revokes_and_removes(host):
    session = opened(host)
    token = session.token()
    assert closed(host, session) == "granted"
    assert session.is_over() and not is_active(host, token)
    assert closed(host, session) == "unknown"


def test_the_folder_of_a_uid_goes_with_its_last_session(own):
    sessions = [opened(own), opened(own)]
    assert closed(own, sessions[0]) == "granted" and sessions[0].file.parent.exists()
    assert closed(own, sessions[1]) == "granted" and not sessions[0].file.parent.exists()


def test_nobody_elses_session_is_closed(host):
    session = opened(host)
    assert closed(host, session, uid=OTHER) == "unknown"
    assert is_active(host, session.token())


def test_a_killed_process_takes_its_session_along(host):
    with Opener(host) as opener:
        token = opener.session.token()
        opener.kill()
    wait_until(opener.session.is_over)
    assert not is_active(host, token)


def test_without_so_peerpidfd_too():
    with OlderKernel("peerpidfd") as daemon:
        daemon.add_user("alice", uid=UID)
        with Opener(daemon) as opener:
            assert is_active(daemon, opener.session.token())
            opener.kill()
        wait_until(opener.session.is_over)


def test_a_connection_that_a_child_inherits_is_its_makers(host):
    """The process that called connect(2) is meant, as with every credential of a Unix socket."""
    nonce = "A" * 43
    form = f"username=alice&uid={UID}&service=sshd&nonce={nonce}"
    request = (f"POST /pam/session HTTP/1.1\r\nHost: x\r\nAuthorization: Peer\r\n"
               f"Content-Length: {len(form)}\r\n"
               f"Content-Type: application/x-www-form-urlencoded\r\n\r\n{form}").encode()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(host.socket))
        child = os.fork()
        if child == 0:
            connection.sendall(request)
            os._exit(0)
        os.waitpid(child, 0)
        answer = b""
        while b"\r\n\r\n" not in answer or not answer.endswith(answer.split(b"\r\n\r\n")[1]):
            answer += connection.recv(65536)
    session = Session(host, claims_of(answer.rpartition(b"\r\n")[2].decode()))
    time.sleep(0.3)
    assert is_active(host, session.token())


@pytest.mark.parametrize("change", [{"disabled": True}, {"password": "another password"}])
def test_what_ends_the_users_logins_ends_his_sessions(own, change):
    session = opened(own)
    token = session.token()
    assert own.request("PATCH", "/users/alice", peer=True, data=change).status == 200
    wait_until(session.is_over)
    assert not is_active(own, token)


def revoke_the_token(daemon, session):
    assert daemon.request("POST", "/revoke", form={"token": session.token()}).status == 200


def end_the_session(daemon, session):
    assert daemon.request("DELETE", f"/sessions/{session.sid}", peer=True).status == 204


def end_it_oneself(daemon, session):
    reply = daemon.request("DELETE", f"/sessions/{session.sid}", token=session.token())
    assert reply.status == 204


def revoke_all(daemon, session):
    reply = daemon.request("POST", "/revocations", peer=True, data={"all": True})
    assert reply.status in (200, 204), reply


@pytest.mark.parametrize("revoke", [revoke_the_token, end_the_session, end_it_oneself, revoke_all])
def test_revoked_by_whatever_means_is_over(own, revoke):
    session = opened(own)
    revoke(own, session)
    wait_until(session.is_over)
    assert closed(own, session) == "unknown"


# ---- bounds ----

@pytest.mark.parametrize("what", [{"user": "alice"}, {"client_id": "local"}, {"all": True}],
                         ids=["user", "client", "all"])
def test_what_began_before_the_time_that_is_revoked_ends_however_new_its_token(own, what):
    """As a session with a refresh token does; and what began after it goes on."""
    with Opener(own) as old:
        first = old.session.token()
        old.wait_until_kept()
        with own.database() as rows:
            assert rows.execute("UPDATE logins SET began_at = began_at - 1000").rowcount == 1
        os.kill(int(own.children()["authority"][0]), signal.SIGKILL)
        own.wait_for_log("all processes run again")
        own.wait_until_healthy()
        wait_until(lambda: old.session.token() != first)
        token, young = old.session.token(), opened(own)
        reply = own.post("/revocations", peer=True, data={**what, "before": int(time.time()) - 500})
        assert reply.status == 204
        assert not is_active(own, token) and is_active(own, young.token())
        wait_until(old.session.is_over)
        assert not young.is_over()


def test_one_uid_has_so_many_and_no_more(own):
    own.add_user("bob", uid=OTHER)
    sessions = [opened(own) for _ in range(PER_UID)]
    assert refused(own) == "denied"
    own.wait_for_log("reason=sessions")
    # One that is over counts until its token has expired: its revocation is still published.
    assert closed(own, sessions[0]) == "granted"
    assert refused(own) == "denied"
    assert opened(own, uid=OTHER)


def test_sessions_take_no_descriptor_that_connections_need():
    """However few connections there may be: the process behind each session is held as well."""
    with Daemon("max-connections = 16\nmax-connections-per-uid = 16\n" + CONFIG) as daemon:
        for name, uid in (("alice", UID), ("bob", OTHER)):
            daemon.add_user(name, uid=uid)
        for uid in (UID, OTHER):
            for _ in range(PER_UID):
                opened(daemon, uid=uid)
        with daemon.connect(), daemon.connect(), daemon.connect():
            assert daemon.get("/health").status == 200
            assert daemon.login("alice").status == 200


def test_logins_that_come_and_go_end_no_other(own):
    """64 revoked sessions of a subject are one entry for all of his tokens; these are not his."""
    token, session = own.token("alice"), opened(own)
    for _ in range(80):
        assert closed(own, opened(own)) == "granted"
    assert is_active(own, token) and is_active(own, session.token())


# ---- over a restart ----

def restart(daemon, meanwhile=lambda: None):
    daemon.stop()
    meanwhile()
    daemon.start()


def test_a_living_process_keeps_its_session(own):
    with Opener(own) as living:
        before = living.session.token()
        restart(own)
        wait_until(lambda: living.session.token() != before)
        assert claims_of(living.session.token())["sid"] == living.session.sid
        assert is_active(own, living.session.token())
        living.kill()
    wait_until(living.session.is_over)


def test_a_dead_process_has_none_after_it(own):
    with Opener(own) as dead:
        token = dead.session.token()
        restart(own, dead.kill)
        assert dead.session.is_over() and not is_active(own, token)
    own.wait_for_log(f"session {dead.session.sid} is over")


def test_killed_without_a_warning(own):
    """No time to tidy up: neither for the daemon nor for one of the two."""
    with Opener(own) as dead, Opener(own) as living:
        tokens = dead.session.token(), living.session.token()
        living.wait_until_kept()
        for pid in own.children()["authority"]:
            os.kill(pid, signal.SIGKILL)
        dead.kill()
        wait_until(dead.session.is_over)
        own.wait_until_healthy()
        wait_until(lambda: living.session.token() != tokens[1])
        assert not is_active(own, tokens[0])
        assert is_active(own, living.session.token())


@pytest.mark.parametrize("revoke", [revoke_all, revoke_the_token])
def test_revoked_is_over_although_the_daemon_is_killed_right_after_its_word(own, revoke):
    sessions = [opened(own) for _ in range(100)]
    authority, = own.children()["authority"]
    revoke(own, sessions[0])
    os.kill(int(authority), signal.SIGKILL)
    own.wait_for_log("all processes run again")
    own.wait_until_healthy()
    over = sessions if revoke is revoke_all else sessions[:1]
    wait_until(lambda: all(session.is_over() for session in over))
    own.settle()
    assert all(not session.is_over() for session in sessions[len(over):])


def test_the_session_in_which_the_password_was_changed_goes_on_after_a_crash_too(own):
    kept, other = opened(own, proof=proof(own)), opened(own)
    reply = own.request("PUT", "/users/me/password", token=kept.token(),
                        data={"current_password": PASSWORD, "new_password": PASSWORD + "2"})
    assert reply.status == 204
    os.kill(int(own.children()["authority"][0]), signal.SIGKILL)
    own.wait_for_log("all processes run again")
    own.wait_until_healthy()
    wait_until(lambda: not kept.is_over() and is_active(own, kept.token()))
    assert other.is_over()


def test_a_reset_ends_the_session_that_it_is_made_in_too(own):
    """As by root's passwd(1), in a shell inside the session."""
    sessions = opened(own, proof=proof(own)), opened(own)
    told = ticket(own, "password", new_password=PASSWORD + " 2", proof=sessions[0].token())
    assert told["verdict"] == "granted"
    for session in sessions:
        wait_until(session.is_over)
    assert "reset=1" in own.wait_for_log("event=user-change result=done")
    assert "reason=by-root" in own.wait_for_log("event=pam-password result=granted")


def test_a_change_by_who_knows_it_is_told_from_a_reset(own):
    kept = opened(own)
    told = ticket(own, "password", password=PASSWORD, new_password=PASSWORD + " 2",
                  proof=kept.token())
    assert told["verdict"] == "granted" and not kept.is_over()
    assert "reset=1" not in own.wait_for_log("event=user-change result=done")
    assert "by-root" not in own.wait_for_log("event=pam-password result=granted")


def test_the_session_in_which_the_password_was_changed_ends_when_all_are_revoked_after(own):
    """Also while the signer has not yet made its new token."""
    kept = opened(own, proof=proof(own))
    signer, = own.children()["signer"]
    os.kill(signer, signal.SIGSTOP)
    try:
        reply = own.request("PUT", "/users/me/password", token=kept.token(),
                            data={"current_password": PASSWORD, "new_password": PASSWORD + "2"})
        assert reply.status == 204
        revoke_all(own, kept)
        time.sleep(2)
    finally:
        os.kill(signer, signal.SIGCONT)
    wait_until(kept.is_over)


def test_the_session_that_a_new_password_keeps_outlives_a_crash_in_the_same_second(own):
    """Another one's end makes all of them be looked at, right after the start."""
    own.add_user("bob", uid=OTHER)
    with Opener(own, uid=OTHER, username="bob") as dead:
        kept = opened(own, proof=proof(own))
        time.sleep(1 - time.time() % 1)
        reply = own.request("PUT", "/users/me/password", token=kept.token(),
                            data={"current_password": PASSWORD, "new_password": PASSWORD + "2"})
        assert reply.status == 204
        os.kill(int(own.children()["authority"][0]), signal.SIGKILL)
        dead.kill()
        own.wait_for_log("all processes run again")
        own.wait_until_healthy()
        wait_until(dead.session.is_over)
        wait_until(lambda: kept.is_over() or is_active(own, kept.token()))
        own.settle()
        assert not kept.is_over() and is_active(own, kept.token())


def test_where_no_process_is_known_again_all_end():
    with OlderKernel("pidfs") as daemon:
        daemon.add_user("alice", uid=UID)
        with Opener(daemon) as opener:
            token = opener.session.token()
            restart(daemon)
            assert opener.session.is_over() and not is_active(daemon, token)


def test_what_nobody_knows_in_the_folder_is_removed(own):
    tokens = own.state / "run/tokens"

    def leave_things():
        for name in ("4000/.AAAAAAAAAAAAAAAAAAAAAA", "4000/AAAAAAAAAAAAAAAAAAAAAA", "4000/x", "7/y"):
            path = Path(tokens, name)
            path.parent.mkdir(exist_ok=True)
            path.write_text("x")

    restart(own, leave_things)
    assert not list(tokens.iterdir())
    assert opened(own)


def test_what_has_no_place_there_is_no_reason_not_to_start(own):
    tokens = own.state / "run/tokens"
    folders = [tokens / str(UID) / name for name in ("somebody's", "A" * 22)]

    def make():
        for folder in folders:
            folder.mkdir(parents=True)
            (folder / "x").touch()
        (tokens / "7").touch()
        (tokens / "8").symlink_to("4000")

    restart(own, make)
    assert opened(own)
    assert all(folder.exists() for folder in folders)
    assert [path.name for path in tokens.iterdir()] == [str(UID)]


def test_no_token_is_in_the_log(host):
    session = opened(host)
    closed(host, session)
    assert not re.search(r"eyJ[\w-]+\.eyJ", host.log())  # random ids may hold three such letters
