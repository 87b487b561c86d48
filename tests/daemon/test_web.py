"""web.sock: behind it is a proxy, so no peer is anybody."""
import grp
import os

import pytest
from harness import PASSWORD, Daemon


@pytest.fixture(scope="module", params=["local", "web"])
def web(request):
    group = grp.getgrgid(os.getegid()).gr_name
    config = f'password-grant = "{request.param}"\nweb {{ group = "{group}" }}\n'
    with Daemon(config) as daemon:
        daemon.add_user("alice")
        daemon.grant = request.param
        yield daemon


def test_the_socket_is_for_the_proxys_group_alone(web):
    assert web.web_socket.stat().st_mode & 0o777 == 0o660
    assert web.web_socket.stat().st_gid == os.getegid()


def test_root_behind_a_proxy_is_nobody(web):
    for method, path, data in (("GET", "/users", None), ("GET", "/users/alice", None),
                               ("POST", "/users", {"username": "eve", "password": PASSWORD}),
                               ("PATCH", "/users/alice", {"uid": 4242})):
        assert web.request(method, path, data=data, peer=True, web=True).status == 401
        nobody = 403 if method == "POST" else 401
        assert web.request(method, path, data=data, web=True).status == nobody
    assert web.get("/users/eve", peer=True).status == 404


def test_the_password_grant_is_open_only_where_configured(web):
    reply = web.post("/token", web=True, form={"username": "alice", "password": PASSWORD})
    if web.grant == "web":
        assert reply.status == 200
        token = reply.json()["access_token"]
        assert web.get("/users/me", token=token, web=True).status == 200
    else:
        assert reply.status == 400
        assert reply.json()["error"] == "unauthorized_client"


def test_introspection_needs_a_client_there(web):
    reply = web.post("/introspect", web=True, form={"token": "x"})
    assert reply.status == 401
    assert reply.json()["error"] == "invalid_client"


def test_system_logins_are_not_to_be_had_there(web):
    for path in ("/pam/auth", "/pam/account"):
        assert web.post(path, web=True, form={"username": "alice"}).status == 404


def test_forwarding_headers_are_welcome_there(web):
    assert web.get("/health", web=True, headers=[("X-Forwarded-For", "192.0.2.1")]).status == 200
    assert web.get("/.well-known/jwks.json", web=True).status == 200
