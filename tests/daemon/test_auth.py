"""GET /auth: what a proxy learns before it lets a request pass."""
import grp
import os
import time

import pytest
from forge import Forge
from harness import PASSWORD, Daemon, compose, encode_form

ISSUER = "https://host.example"
METRICS = "https://metrics.example"
CONFIG = """
issuer = "https://host.example"
min-uid = 1
password-grant = "web"
web {{ group = "{group}" }}
audience "https://metrics.example" {{
    scope "metrics:read" {{ }}
    scope "metrics:write" {{ }}
}}
audience "https://hs256.example" {{ alg = "HS256" }}
"""
SOCKETS = pytest.mark.parametrize("web", [False, True], ids=["local", "web"])


@pytest.fixture(scope="module")
def host():
    with Daemon(CONFIG.format(group=grp.getgrgid(os.getegid()).gr_name)) as daemon:
        alice = daemon.add_user("alice", roles=["operator", "reader"])
        daemon.alice = str(alice["id"])
        daemon.login_token = daemon.token("alice")
        daemon.metrics = daemon.token("alice", audience=METRICS, scope="metrics:read")
        yield daemon


def ask(host, token=None, query="", web=True, **how):
    return host.get("/auth" + query, token=token, web=web, **how)


def identity(reply):
    return {name: reply.headers.get("x-auth-" + name)
            for name in ("subject", "username", "client", "roles", "scope")}


def assert_no_identity(reply):
    assert not [name for name in reply.headers if name.startswith("x-auth-")], reply


# --- who passes -----------------------------------------------------------------------------------

@SOCKETS
def test_a_good_token_passes_with_whom_it_is_about(host, web):
    reply = ask(host, host.login_token, web=web)
    assert reply.status == 200, reply
    assert identity(reply) == {"subject": host.alice, "username": "alice", "client": "local",
                               "roles": "operator reader", "scope": None}
    assert reply.json() == {"sub": host.alice, "username": "alice", "client_id": "local",
                            "roles": ["operator", "reader"]}
    assert reply.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("query", ["", "?role=operator", "?role=reader+operator", "?aud=" + ISSUER,
                                   "?aud=https%3A%2F%2Fhost.example&role=reader"])
def test_what_the_token_has_is_enough(host, query):
    assert ask(host, host.login_token, query).status == 200


def test_a_scope_is_asked_of_a_token_for_its_audience(host):
    reply = ask(host, host.metrics, f"?aud={METRICS}&scope=metrics%3Aread")
    assert reply.status == 200, reply
    assert reply.headers["x-auth-scope"] == reply.json()["scope"] == "metrics:read"


def test_a_service_passes_by_its_subject(host):
    data = {"id": "robot", "audiences": [METRICS], "scopes": ["metrics:read"]}
    secret = host.post("/clients", peer=True, data=data).json()["secret"]
    form = {"grant_type": "client_credentials", "client_id": "robot", "client_secret": secret,
            "audience": METRICS}
    token = host.post("/token", form=form, web=True).json()["access_token"]
    reply = ask(host, token, "?aud=" + METRICS)
    assert reply.status == 200, reply
    assert identity(reply) == {"subject": "client:robot", "username": None, "client": "robot",
                               "roles": None, "scope": "metrics:read"}


def test_the_signer_is_asked_where_no_key_is_published(host):
    token = host.token("alice", audience="https://hs256.example")
    rule = "?aud=https://hs256.example"
    assert ask(host, token, rule + "&role=operator").headers["x-auth-username"] == "alice"
    assert ask(host, token, rule + "&role=admin").status == 403
    assert ask(host, token).status == 401
    broken = token[:-10] + ("A" if token[-10] != "A" else "B") + token[-9:]
    assert ask(host, broken, rule).status == 401


def test_head_says_the_same_without_a_body(host):
    reply = host.request("HEAD", "/auth", token=host.login_token, web=True)
    assert reply.status == 200 and reply.headers["x-auth-username"] == "alice" and not reply.body


# --- who does not ---------------------------------------------------------------------------------

def assert_refused(reply, status, error):
    assert reply.status == status and reply.json()["error"] == error, reply
    assert_no_identity(reply)


@SOCKETS
def test_without_a_token_the_challenge_is_bare(host, web):
    reply = ask(host, web=web)
    assert_refused(reply, 401, "invalid_token")
    assert reply.headers["www-authenticate"] == 'Bearer realm="jeton"'


def tokens_that_are_not_good(host):
    forge = Forge(host.login_token, host.state / "keys")
    now = int(time.time())
    yield "expired", forge.with_claims(exp=now - 3600, iat=now - 7200)
    yield "of the future", forge.with_claims(iat=now + 3600, exp=now + 7200)
    yield "of another issuer", forge.with_claims(iss="https://other.example")
    yield "no token", "x"
    yield "for another audience", host.metrics


def test_a_token_that_is_not_good_is_401_and_the_challenge_says_so(host):
    for what, token in tokens_that_are_not_good(host):
        reply = ask(host, token)
        assert_refused(reply, 401, "invalid_token")
        challenge = reply.headers["www-authenticate"]
        assert challenge == 'Bearer realm="jeton", error="invalid_token"', what


def test_a_token_for_the_issuer_opens_no_other_audience(host):
    assert_refused(ask(host, host.login_token, "?aud=" + METRICS), 401, "invalid_token")
    assert_refused(ask(host, host.metrics, "?aud=" + METRICS[:-1]), 401, "invalid_token")


@SOCKETS
def test_a_revoked_token_is_refused_with_the_reply_that_says_so(host, web):
    token = host.token("alice")
    assert ask(host, token, web=web).status == 200
    assert host.post("/revoke", form={"token": token}).status == 200
    assert_refused(ask(host, token, web=web), 401, "invalid_token")


def test_who_is_disabled_does_not_pass(host):
    host.add_user("craig")
    token = host.token("craig")
    assert ask(host, token).status == 200
    assert host.request("PATCH", "/users/craig", peer=True, data={"disabled": True}).status == 200
    assert_refused(ask(host, token), 401, "invalid_token")


@pytest.mark.parametrize("query", ["?role=admin", "?role=operator+admin", "?role=oper",
                                   "?scope=metrics:read"])
def test_a_role_or_scope_that_is_missing_is_403(host, query):
    reply = ask(host, host.login_token, query)
    assert_refused(reply, 403, "insufficient_scope")
    assert 'error="insufficient_scope"' in reply.headers["www-authenticate"]


def test_every_scope_must_be_there(host):
    rule = f"?aud={METRICS}&scope=metrics:read+metrics:write"
    assert_refused(ask(host, host.metrics, rule), 403, "insufficient_scope")


def test_a_refresh_token_and_a_ticket_are_no_access_tokens(host):
    host.add_user("dora", uid=4000)
    refresh = host.login("dora").json()["refresh_token"]
    ticket = host.post("/pam/auth", form={"username": "dora", "uid": "4000", "service": "sshd",
                                          "nonce": "A" * 43, "password": PASSWORD})
    assert ticket.status == 200, ticket
    for token in (refresh, ticket.body.decode()):
        assert_refused(ask(host, token), 401, "invalid_token")
        assert_refused(ask(host, token, "?aud=jeton:login"), 401, "invalid_token")


@pytest.mark.parametrize("scheme", ["Basic YWxpY2U6eA==", "Digest x", "Bearer", "Bearer a b"])
def test_only_a_bearer_counts(host, scheme):
    assert ask(host, headers=[("Authorization", scheme)]).status == 401


def test_the_peers_uid_is_no_token(host):
    assert ask(host, peer=True, web=False).status == 401
    assert ask(host, peer=True, web=True).status == 401


# --- where a token may not stand ------------------------------------------------------------------

def test_a_token_in_the_query_is_refused(host):
    """RFC 6750 2.3; with a good one in the header too: whoever writes it there leaks it."""
    for query in (f"?access_token={host.login_token}", f"?token={host.login_token}"):
        assert_refused(ask(host, None, query), 403, "invalid_request")
        assert_refused(ask(host, host.login_token, query), 403, "invalid_request")


def test_a_token_in_a_form_or_a_cookie_is_not_read(host):
    form = encode_form({"access_token": host.login_token})
    headers = [("Content-Type", "application/x-www-form-urlencoded")]
    assert ask(host, headers=headers, body=form).status == 401
    assert ask(host, headers=[("Cookie", f"access_token={host.login_token}")]).status == 401


def test_no_token_of_it_is_in_the_log(host):
    """Refusals are logged, of each second the first few."""
    ask(host, host.metrics)
    deadline = time.monotonic() + 20
    while "aud, scope and role" not in host.log() and time.monotonic() < deadline:
        ask(host, None, f"?access_token={host.login_token}")
        time.sleep(0.1)
    assert "aud, scope and role" in host.log()
    assert host.login_token.split(".")[2] not in host.log()
    assert host.metrics.split(".")[2] not in host.log()


# --- a rule that is not understood opens nothing --------------------------------------------------

@pytest.mark.parametrize("query", [
    "?role=", "?role", "?scope=", "?aud=", "?role=+", "?scope=%20", "?roles=operator",
    "?role=operator&role=operator", "?role=operator&scope=", "?Role=operator", "?role=OPERATOR",
    "?role=operator%2Creader", "?role=operator%00", "?scope=a%22b", "?aud=%2F%2F",
    f"?aud={ISSUER}&aud={METRICS}", f"?aud={ISSUER}+{METRICS}", f"?audience={ISSUER}", "?role=%zz",
    "?" + "&".join(f"x{i}=1" for i in range(70))])
def test_a_rule_that_is_not_understood_opens_nothing(host, query):
    """Not 400, which a proxy takes for a failure of ours."""
    reply = ask(host, host.login_token, query)
    assert_refused(reply, 403, "invalid_request")
    assert "www-authenticate" not in reply.headers


def test_headers_of_the_caller_are_no_identity(host):
    forged = [("X-Auth-Username", "root"), ("X-Auth-Roles", "admin"), ("X-Auth-Subject", "1"),
              ("X-Forwarded-User", "root"), ("X-Forwarded-For", "127.0.0.1")]
    reply = ask(host, host.login_token, headers=forged)
    assert identity(reply)["username"] == "alice" and identity(reply)["roles"] == "operator reader"
    assert_refused(ask(host, None, headers=forged), 401, "invalid_token")
    assert ask(host, host.login_token, "?role=admin", headers=forged).status == 403


def test_a_proxy_on_jeton_sock_is_told_where_to_go(host):
    reply = ask(host, host.login_token, web=False, headers=[("X-Forwarded-For", "192.0.2.1")])
    assert reply.status == 400 and "web.sock" in reply.json()["error_description"]


def test_other_methods_are_405(host):
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        reply = host.request(method, "/auth", token=host.login_token, web=True)
        assert reply.status == 405 and reply.headers["allow"] == "GET, HEAD"


# --- what it costs, and what it does not need -----------------------------------------------------

def test_it_is_answered_by_the_frontend_alone(host):
    """No line of the audit, and no name by which one would be found: the authority was not asked."""
    assert "x-request-id" not in ask(host, host.login_token).headers
    assert "x-request-id" in host.get("/users/me", token=host.login_token, web=True).headers


def test_one_connection_asks_for_many(host):
    with host.connect(path=host.web_socket) as connection:
        for token, status in [(host.login_token, 200), (host.metrics, 401), ("x", 401),
                              (host.login_token, 200)]:
            connection.send(compose("GET", "/auth", [("Authorization", f"Bearer {token}")]))
            assert connection.reply().status == status
