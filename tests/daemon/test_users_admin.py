"""Administration by bearer: role, scope and password login, each asked for anew at every request."""
import grp
import os

import pytest
from harness import PASSWORD, Daemon


@pytest.fixture(scope="module")
def jetond():
    group = grp.getgrgid(os.getegid()).gr_name
    config = f'issuer = "https://host.example"\nmin-uid = 1\nweb {{ group = "{group}" }}\n'
    with Daemon(config) as daemon:
        daemon.add_user("alice")
        daemon.add_user("ada", roles=["admin"])
        yield daemon


CALLS = [("GET", "/users", None, 200), ("GET", "/users/alice", None, 200),
         ("POST", "/users", {"username": "new", "password": PASSWORD}, 201),
         ("PATCH", "/users/alice", {"uid": None}, 200)]


@pytest.mark.parametrize("web", [False, True])
@pytest.mark.parametrize("method,path,data,status", CALLS)
def test_a_bearer_with_the_role_administers_on_both_sockets(jetond, method, path, data, status, web):
    if method == "POST":
        data = {**data, "username": "newweb" if web else "newlocal"}
    token = jetond.token("ada")
    reply = jetond.request(method, path, data=data, token=token, web=web)
    assert reply.status == status, reply


def test_the_log_names_the_administrator(jetond):
    token = jetond.token("ada")
    assert jetond.request("PATCH", "/users/alice", data={"uid": 4711}, token=token).status == 200
    assert 'admin="ada"' in jetond.wait_for_log("event=user-link")


def test_who_has_not_the_role_is_told_so(jetond):
    token = jetond.token("ada", scope="jeton:admin")
    assert jetond.get("/users", token=token).status == 200
    token = jetond.token("alice")
    reply = jetond.get("/users", token=token)
    assert reply.status == 403
    assert reply.json()["error"] == "insufficient_scope"
    assert "role admin" in reply.json()["error_description"]
    assert 'error="insufficient_scope"' in reply.headers["www-authenticate"]


@pytest.mark.parametrize("token", ["x", "a.b.c", "A" * 8192])
def test_a_bad_token_is_401_whatever_is_asked(jetond, token):
    for method, path, data, _ in CALLS:
        reply = jetond.request(method, path, data=data, token=token)
        assert reply.status == 401
        assert reply.json()["error"] == "invalid_token"


def test_a_token_for_another_audience_administers_nothing(fresh):
    jetond = fresh()
    jetond.add_user("ada", roles=["admin"])
    token = jetond.token("ada", audience="https://metrics.example")
    assert jetond.get("/users", token=token).status == 401
