"""Who may do what: every route, every kind of caller, both sockets, cell by cell.

EXPECTED has one row for each route. docs/protocol.md has one heading for each route. The two name
the same routes, so that a route without a row fails here.
"""
import grp
import os
import re

import pytest
from harness import PASSWORD, TOP, Daemon, is_root

STRANGER = 65533  # a uid that no configuration names

# Kinds of callers, as the columns of EXPECTED.
CALLERS = ["nobody", "admin_peer", "other_peer", "user", "admin", "unscoped"]
SOCKETS = ["local", "web"]

# What a cell may say: the statuses of a caller who was let in (his request is good, or lacks only
# what has nothing to do with who he is), and of one who was not.
IN, UNKNOWN, FORBIDDEN, NO_ROUTE = "in", 401, 403, 404

PEERS_UNKNOWN = {"admin_peer": UNKNOWN, "other_peer": UNKNOWN}  # web.sock knows no peer
ANYONE = {caller: IN for caller in CALLERS}
ONESELF = {"nobody": UNKNOWN, "admin_peer": IN, "other_peer": FORBIDDEN, "user": IN, "admin": IN,
           "unscoped": IN}
ONESELF_WEB = {**ONESELF, **PEERS_UNKNOWN}
ANYONE_WEB = {**ANYONE, **PEERS_UNKNOWN}
BEARER = {"nobody": UNKNOWN, "admin_peer": UNKNOWN, "other_peer": UNKNOWN, "user": IN, "admin": IN,
          "unscoped": IN}
ADMIN = {"nobody": UNKNOWN, "admin_peer": IN, "other_peer": FORBIDDEN, "user": FORBIDDEN,
         "admin": IN, "unscoped": FORBIDDEN}
ADMIN_WEB = {**ADMIN, **PEERS_UNKNOWN}
REGISTER, REGISTER_WEB = {**ADMIN, "nobody": FORBIDDEN}, {**ADMIN_WEB, "nobody": FORBIDDEN}
NOWHERE = {**{caller: NO_ROUTE for caller in CALLERS}, **PEERS_UNKNOWN}
CLIENTS_WEB = {caller: UNKNOWN for caller in CALLERS}
ROOT = {**{caller: UNKNOWN for caller in CALLERS}, "admin_peer": IN, "other_peer": FORBIDDEN}
ROOT_OR_ONESELF = ROOT  # the other peer is not who he asks about

LOGIN = {"username": "target", "password": PASSWORD}
TICKET = {"username": "target", "uid": "4000", "service": "sshd", "nonce": "A" * 43}

# route: (path to ask, JSON or form, on jeton.sock, on web.sock)
EXPECTED = {
    "POST /token": ("/token", {"form": LOGIN}, ANYONE, ANYONE_WEB),
    "POST /introspect": ("/introspect", {"form": {"token": "x"}}, ANYONE, CLIENTS_WEB),
    "GET /auth": ("/auth", {}, BEARER, BEARER),
    "POST /revoke": ("/revoke", {"form": {"token": "x"}}, ANYONE, CLIENTS_WEB),
    "POST /revocations": ("/revocations", {"data": {"client_id": "none-of-that-id"}}, ADMIN, ADMIN_WEB),
    "GET /sessions": ("/sessions", {}, ONESELF, ONESELF_WEB),
    "DELETE /sessions/{}": ("/sessions/" + "A" * 22, {}, ONESELF, ONESELF_WEB),
    "GET /userinfo": ("/userinfo", {}, BEARER, BEARER),
    "GET /users/me": ("/users/me", {}, BEARER, BEARER),
    "PATCH /users/me": ("/users/me", {"data": {}}, BEARER, BEARER),
    "PUT /users/me/password": ("/users/me/password", {"data": {
        "current_password": "wrong one", "new_password": "a new one"}}, BEARER, BEARER),
    "POST /users": ("/users", {"data": {"username": "taken", "password": PASSWORD}}, REGISTER,
                    REGISTER_WEB),
    "GET /users": ("/users", {}, ADMIN, ADMIN_WEB),
    "GET /users/{}": ("/users/target", {}, ADMIN, ADMIN_WEB),
    "PATCH /users/{}": ("/users/target", {"data": {}}, ADMIN, ADMIN_WEB),
    "PUT /users/{}": ("/users/target", {"data": {}}, ADMIN, ADMIN_WEB),
    "DELETE /users/{}": ("/users/target", {}, ADMIN, ADMIN_WEB),
    "POST /users/{}/unlock": ("/users/target/unlock", {}, ADMIN, ADMIN_WEB),
    "POST /import/users": ("/import/users", {"data": {"users": []}}, ROOT, NOWHERE),
    "GET /users/{}/links": ("/users/target/links", {}, ADMIN, ADMIN_WEB),
    "POST /users/{}/links": ("/users/target/links", {"data": {"issuer": "https://x.example", "sub": "x"}},
                             ADMIN, ADMIN_WEB),
    "DELETE /users/{}/links": ("/users/target/links?issuer=https://x.example&sub=x", {}, ADMIN, ADMIN_WEB),
    "GET /clients": ("/clients", {}, ADMIN, ADMIN_WEB),
    "POST /clients": ("/clients", {"data": {"id": "c", "audiences": ["https://x.example"]}}, ADMIN,
                      ADMIN_WEB),
    "GET /clients/{}": ("/clients/none", {}, ADMIN, ADMIN_WEB),
    "PATCH /clients/{}": ("/clients/none", {"data": {}}, ADMIN, ADMIN_WEB),
    "DELETE /clients/{}": ("/clients/none", {}, ADMIN, ADMIN_WEB),
    "POST /clients/{}/secret": ("/clients/none/secret", {}, ADMIN, ADMIN_WEB),
    "POST /policy/test": ("/policy/test", {"data": {"uid": 1}}, ADMIN, ADMIN_WEB),
    "GET /keys": ("/keys", {}, ADMIN, ADMIN_WEB),
    "POST /keys/rotate": ("/keys/rotate", {"data": {}}, ADMIN, ADMIN_WEB),
    "DELETE /keys/{}": ("/keys/" + "A" * 43, {}, ADMIN, ADMIN_WEB),
    "POST /pam/auth": ("/pam/auth", {"form": {**TICKET, "password": PASSWORD}}, ANYONE, NOWHERE),
    "POST /pam/account": ("/pam/account", {"form": TICKET}, ROOT_OR_ONESELF, NOWHERE),
    "POST /pam/session": ("/pam/session", {"form": TICKET}, ROOT, NOWHERE),
    "POST /pam/session/close": ("/pam/session/close", {"form": {**TICKET, "sid": "A" * 22}}, ROOT,
                                NOWHERE),
    "POST /login-codes": ("/login-codes", {"data": {"service": "sshd"}}, BEARER, NOWHERE),
    "POST /pam/password": ("/pam/password", {"form": {**TICKET, "password": PASSWORD,
                                                      "new_password": "another good one"}},
                           ROOT_OR_ONESELF, NOWHERE),
    "POST /pam/password/check": ("/pam/password/check", {"form": {**TICKET, "password": PASSWORD}},
                                 ROOT_OR_ONESELF, NOWHERE),
    "GET /health": ("/health", {}, ANYONE, ANYONE_WEB),
    "GET /metrics": ("/metrics", {}, ADMIN, NOWHERE),
    "GET /.well-known/jwks.json": ("/.well-known/jwks.json", {}, ANYONE, ANYONE_WEB),
    "GET /.well-known/oauth-authorization-server": (
        "/.well-known/oauth-authorization-server", {}, ANYONE, ANYONE_WEB),
    "GET /.well-known/oauth-authorization-server/{}": (
        "/.well-known/oauth-authorization-server/a", {}, ANYONE, ANYONE_WEB),
    "GET /.well-known/openid-configuration": (
        "/.well-known/openid-configuration", {}, ANYONE, ANYONE_WEB),
    "GET /openapi.json": ("/openapi.json", {}, ANYONE, ANYONE_WEB),
    "GET /docs": ("/docs", {}, ANYONE, ANYONE_WEB),
}

WEB_COLUMN = {"local": 2, "web": 3}


def routes_of_the_documentation():
    """Its headings, as "### GET /users/{id or name}", several with commas between them."""
    text = (TOP / "docs" / "protocol.md").read_text()
    found = set()
    for heading in re.findall(r"^### (.*)$", text, re.MULTILINE):
        for method, path in re.findall(r"\b(GET|POST|PUT|PATCH|DELETE) (/[^,(]*)", heading):
            path = re.sub(r"\{[^}]*\}", "{}", path.split("?")[0].strip())
            found.add(f"{method} {path}")
    return found


def test_every_route_has_a_row_and_every_row_a_route():
    assert routes_of_the_documentation() == set(EXPECTED)


def test_the_program_has_the_routes_of_the_documentation():
    source = (TOP / "daemon" / "frontend" / "routes.c").read_text()
    rows = re.findall(r'\{"([A-Z]+)",\s*"(/[^"]*)"', source)
    holes = re.compile(r"\{[^}]*\}")
    assert ({f"{method} {holes.sub('{}', path)}" for method, path in rows}
            == routes_of_the_documentation())


@pytest.fixture(scope="module")
def host():
    group = grp.getgrgid(os.getegid()).gr_name
    config = (f'issuer = "https://host.example/a"\nmin-uid = 1\npassword-grant = "web"\n'
              f'web {{ group = "{group}" }}\n')
    with Daemon(config) as daemon:
        daemon.add_user("taken")
        for name in ("user", "admin", "unscoped"):
            daemon.add_user(f"the_{name}", roles=["admin"] if name == "admin" else [])
        daemon.tokens = {name: daemon.token(f"the_{name}") for name in ("user", "admin", "unscoped")}
        daemon.request("PATCH", "/users/the_unscoped", peer=True, data={"roles": ["admin"]})
        yield daemon


def identity(host, caller):
    """How that caller asks. What the peer itself asks carries Authorization: Peer."""
    if caller == "nobody":
        return {}
    if caller == "admin_peer":
        return {"peer": True}
    if caller == "other_peer":
        return {"peer": True, "uid": STRANGER}
    return {"token": host.tokens[caller]}


def renew_target(host):
    """Whom the requests are about, as he was before the last cell."""
    if host.get("/users/target", peer=True).status == 200:
        host.request("DELETE", "/users/target", peer=True)
    host.add_user("target")


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("socket", SOCKETS)
@pytest.mark.parametrize("route", EXPECTED)
def test_cell(host, route, socket, caller):
    path, body, *_ = EXPECTED[route]
    expected = EXPECTED[route][WEB_COLUMN[socket]][caller]
    how = identity(host, caller)
    if "uid" in how and (socket == "web" or not is_root()):
        how.pop("uid")  # web.sock is closed to strangers by its mode; the peer is the proxy
        if socket == "local":
            pytest.skip("needs root to become another uid")
    if "target" in path or route.startswith("POST /token"):
        renew_target(host)
    reply = host.request(route.split(" ")[0], path, web=socket == "web", **how, **body)
    if expected == IN:
        assert reply.status in (200, 201, 204, 400, 404, 409), reply
        assert b"no such path" not in reply.body
    else:
        assert reply.status == expected, reply
    if reply.status == 403:
        assert reply.json()["error"] == "insufficient_scope"
        assert reply.json()["error_description"]
