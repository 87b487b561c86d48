"""What is taken from somebody while his call waits for a worker or the signer is not given to him
when it goes on."""
import base64
import contextlib
import json
import os
import signal
import sqlite3
import time

import pytest
from harness import PASSWORD, compose, encode_form, is_root

ADMIN = {"roles": ["admin"]}
UID = 12345
FORM = [("Content-Type", "application/x-www-form-urlencoded")]


@pytest.fixture(scope="module")
def jetond():
    from harness import Daemon
    with Daemon('issuer = "https://host.example"\nmin-uid = 1\n') as daemon:
        yield daemon


@pytest.fixture
def ann(jetond):
    """Somebody, linked to an account, who is gone after the test."""
    user = jetond.add_user("ann", uid=UID)
    yield user
    jetond.request("DELETE", f"/users/{user['id']}", peer=True)


@contextlib.contextmanager
def at_rest(jetond, process):
    """Shorter than a worker's deadline."""
    pids = jetond.children()[process]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def meanwhile(jetond, process, request, order):
    """The request's reply, when that process was at rest until the order was carried out."""
    with jetond.connect() as connection:
        with at_rest(jetond, process):
            connection.send(request)
            jetond.settle()
            reply = order()
            assert reply.status in (200, 204), reply
        return connection.reply()


def form(path, **fields):
    headers = FORM + [("Authorization", "Peer")] if path.startswith("/pam/") else FORM
    return compose("POST", path, headers, encode_form(fields))


def body(method, path, data, token):
    headers = [("Content-Type", "application/json"), ("Authorization", f"Bearer {token}")]
    return compose(method, path, headers, json.dumps(data).encode())


def login_request():
    return form("/token", grant_type="password", username="ann", password=PASSWORD)


def pam_request(phase, **more):
    nonce = base64.urlsafe_b64encode(bytes(32)).rstrip(b"=").decode()
    fields = {"service": "sshd", "username": "annshost", "uid": UID, "nonce": nonce}
    if phase == "auth":
        fields["password"] = PASSWORD
    return form(f"/pam/{phase}", **{**fields, **more})


def verdict(reply):
    if reply.status != 200:
        return None
    return json.loads(base64.urlsafe_b64decode(reply.body.split(b".")[1] + b"=="))["verdict"]


def patch(jetond, **fields):
    return lambda: jetond.request("PATCH", "/users/ann", peer=True, data=fields)


def ending(jetond, how):
    return {"disabled": patch(jetond, disabled=True),
            "ended": patch(jetond, expires_at="2020-01-01T00:00:00Z"),
            "unlinked": patch(jetond, uid=None),
            "removed": lambda: jetond.request("DELETE", "/users/ann", peer=True),
            "revoked": lambda: jetond.post("/revocations", peer=True, data={"user": "ann"})}[how]


@pytest.mark.parametrize("how", ["disabled", "ended", "removed", "revoked"])
@pytest.mark.parametrize("process", ["worker", "signer"])
def test_a_login(jetond, ann, process, how):
    reply = meanwhile(jetond, process, login_request(), ending(jetond, how))
    assert (reply.status, reply.json()["error"]) == (400, "invalid_grant")
    assert jetond.get("/sessions", peer=True).json() == []


@pytest.mark.parametrize("how", ["disabled", "ended", "removed", "revoked"])
def test_a_refresh(jetond, ann, how):
    token = jetond.login("ann").json()["refresh_token"]
    request = form("/token", grant_type="refresh_token", refresh_token=token)
    reply = meanwhile(jetond, "signer", request, ending(jetond, how))
    assert (reply.status, reply.json()["error"]) == (400, "invalid_grant")
    assert jetond.get("/sessions", peer=True).json() == []


def test_a_refresh_whose_login_was_before_the_time_that_is_revoked(jetond, ann):
    token = jetond.login("ann").json()["refresh_token"]
    rows = sqlite3.connect(jetond.state / "db" / "jeton.db", isolation_level=None)
    assert rows.execute("UPDATE sessions SET auth_time = auth_time - 1000").rowcount == 1
    rows.close()
    request = form("/token", grant_type="refresh_token", refresh_token=token)
    reply = meanwhile(jetond, "signer", request,
                      lambda: jetond.post("/revocations", peer=True, data={
                          "user": "ann", "before": int(time.time()) - 500}))
    assert (reply.status, reply.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize("how", ["disabled", "ended", "removed", "unlinked"])
def test_a_system_login_at_the_worker(jetond, ann, how):
    assert verdict_of_auth(jetond) == "granted"
    reply = meanwhile(jetond, "worker", pam_request("auth"), ending(jetond, how))
    assert verdict(reply) == "denied"


def verdict_of_auth(jetond):
    with jetond.connect() as connection:
        connection.send(pam_request("auth"))
        return verdict(connection.reply())


@pytest.mark.skipif(not is_root(), reason="needs root, to ask of anybody's account")
@pytest.mark.parametrize("how", ["disabled", "ended", "removed"])
@pytest.mark.parametrize("phase", ["auth", "account"])
def test_a_system_login_at_the_signer(jetond, ann, phase, how):
    reply = meanwhile(jetond, "signer", pam_request(phase), ending(jetond, how))
    assert verdict(reply) != "granted"


@pytest.mark.parametrize("how", ["token", "session", "user"])
def test_a_change_of_ones_own_password(jetond, ann, how):
    granted = jetond.login("ann").json()
    sid = jetond.get("/sessions?user=ann", peer=True).json()[0]["sid"]
    order = {"token": lambda: jetond.post("/revoke", form={"token": granted["access_token"]}),
             "session": lambda: jetond.request("DELETE", f"/sessions/{sid}", peer=True),
             "user": lambda: jetond.post("/revocations", peer=True, data={"user": "ann"})}[how]
    change = {"current_password": PASSWORD, "new_password": PASSWORD + "2"}
    request = body("PUT", "/users/me/password", change, granted["access_token"])
    reply = meanwhile(jetond, "worker", request, order)
    assert (reply.status, reply.json()["error"]) == (401, "invalid_token")
    assert jetond.login("ann").status == 200


NEW = PASSWORD + " 2"


def test_a_change_by_passwd_of_an_account_that_becomes_anothers(jetond, ann):
    """Neither his whose it was nor his whose it is."""
    jetond.add_user("eve", NEW)

    def move():
        assert patch(jetond, uid=None)().status == 200
        return jetond.request("PATCH", "/users/eve", peer=True, data={"uid": UID})

    try:
        request = pam_request("password", password=PASSWORD, new_password=NEW + "3")
        assert verdict(meanwhile(jetond, "worker", request, move)) == "denied"
        assert jetond.login("ann").status == jetond.login("eve", NEW).status == 200
    finally:
        jetond.request("DELETE", "/users/eve", peer=True)


def test_a_reset_by_passwd_of_an_account_that_is_unlinked(jetond, ann):
    request = pam_request("password", new_password=NEW)
    reply = meanwhile(jetond, "worker", request, ending(jetond, "unlinked"))
    assert verdict(reply) in ("denied", "unknown")
    assert jetond.login("ann").status == 200


@pytest.mark.skipif(not is_root(), reason="needs root, to ask of anybody's account")
@pytest.mark.parametrize("what", ["token", "session", "client", "user"])
def test_a_system_login_by_a_code_at_the_signer(jetond, ann, what):
    """It ends with whatever made the code."""
    granted = jetond.login("ann").json()
    claims = jetond.post("/introspect", form={"token": granted["access_token"]}).json()
    code = jetond.post("/login-codes", token=granted["access_token"], data={"service": "sshd"})
    assert code.status == 200
    order = {"token": lambda: jetond.post("/revoke", form={"token": granted["access_token"]}),
             "session": lambda: jetond.request("DELETE", f"/sessions/{claims['sid']}", peer=True),
             "client": lambda: jetond.post("/revocations", peer=True, data={"client_id": "local"}),
             "user": lambda: jetond.post("/revocations", peer=True, data={"user": "ann"})}[what]
    reply = meanwhile(jetond, "signer", pam_request("auth", password=code.json()["code"]), order)
    assert verdict(reply) != "granted"
    line = jetond.wait_for_log(f"from_jti={claims['jti']}")
    assert "result=refused" in line and f'sid="{claims["sid"]}"' in line
    assert 'client="local"' in line


def together(jetond, *requests):
    """The replies to requests that the authority hears in one turn, whose changes are one commit."""
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(jetond.connect()) for _ in requests]
        jetond.settle()  # they are accepted
        with at_rest(jetond, "authority"):
            for connection, request in zip(connections, requests):
                connection.send(request)
            jetond.settle()
        return [connection.reply() for connection in connections]


TAKING = {"role": ("PATCH", {"roles": []}), "disabled": ("PATCH", {"disabled": True}),
          "removed": ("DELETE", {})}


@pytest.mark.parametrize("how", TAKING)
def test_two_administrators_who_take_the_right_from_one_another(jetond, how):
    names = ("chief", "boss")
    users = {name: jetond.add_user(name, **ADMIN) for name in names}
    try:
        tokens = [jetond.token(name, scope="jeton:admin") for name in names]
        method, data = TAKING[how]
        replies = together(jetond, *(body(method, f"/users/{name}", data, token)
                                     for name, token in zip(reversed(names), tokens)))
        won, lost = sorted(replies, key=lambda reply: reply.status)
        assert won.status in (200, 204) and lost.status == 409, replies
        assert "admin" in lost.json()["error_description"]
        left = names[replies.index(won)]
        shown = jetond.get(f"/users/{left}", peer=True).json()
        assert shown == {**users[left], "locked_until": None}
        assert jetond.get("/users", token=tokens[replies.index(won)]).status == 200
        order = jetond.request(method, f"/users/{left}", peer=True, data=data)
        assert order.status == won.status, "by the kernel's word the last one goes too"
    finally:
        for user in users.values():
            jetond.request("DELETE", f"/users/{user['id']}", peer=True)


def test_a_change_that_conflicts_ends_no_session(jetond, ann):
    """With others of the same commit, which hold."""
    jetond.add_user("eve")
    try:
        tokens = {name: jetond.login(name).json() for name in ("ann", "eve")}
        admin = [("Content-Type", "application/json"), ("Authorization", "Peer")]

        def patch_of(name, fields):
            return compose("PATCH", f"/users/{name}", admin, json.dumps(fields).encode())

        replies = together(jetond, patch_of("ann", {"full_name": "Ann"}),
                           patch_of("eve", {"uid": UID, "disabled": True}),
                           patch_of("ann", {"email": "a@b"}))
        assert [reply.status for reply in replies] == [200, 409, 200]
        conflict = jetond.request("PATCH", "/users/eve", peer=True,
                                  data={"uid": UID, "password": PASSWORD + "2"})
        assert conflict.status == 409
        assert jetond.get("/users/ann", peer=True).json()["email"] == "a@b"
        for name, token in tokens.items():
            assert jetond.get("/users/me", token=token["access_token"]).status == 200
            assert jetond.post("/token", form={"grant_type": "refresh_token",
                                               "refresh_token": token["refresh_token"]}
                               ).status == 200
            assert jetond.login(name).status == 200
    finally:
        jetond.request("DELETE", "/users/eve", peer=True)


LOSING = {"role": {"roles": []}, "disabled": {"disabled": True}}


@pytest.mark.parametrize("how", ["role", "disabled", "session"])
@pytest.mark.parametrize("method, path, data", [
    ("POST", "/users", {"username": "accomplice", "password": PASSWORD, "roles": ["admin"],
                        "allow_account_name": True}),
    ("PATCH", "/users/victim", {"password": PASSWORD + "2"})])
def test_an_administrators_order(jetond, method, path, data, how):
    jetond.add_user("victim")
    admin = jetond.add_user("chief", **ADMIN)
    token = jetond.token("chief", scope="jeton:admin")
    sid = jetond.get("/sessions?user=chief", peer=True).json()[0]["sid"]
    try:
        order = ((lambda: jetond.request("DELETE", f"/sessions/{sid}", peer=True))
                 if how == "session" else
                 (lambda: jetond.request("PATCH", "/users/chief", peer=True, data=LOSING[how])))
        reply = meanwhile(jetond, "worker", body(method, path, data, token), order)
        assert reply.status in (401, 403), reply
        assert jetond.get("/users/accomplice", peer=True).status == 404
        assert jetond.login("victim").status == 200
    finally:
        for name in (admin["id"], "victim", "accomplice"):
            jetond.request("DELETE", f"/users/{name}", peer=True)
