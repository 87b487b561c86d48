"""The example of packaging/nginx as it is: a front for jeton, and pages that take a token."""
import concurrent.futures
import http.client
import json
import os
import signal
import ssl
import time

import pytest
from forge import Forge
from front import APP_NAME, HOST, LOGIN_NAME
from harness import PASSWORD, encode_form

APP = f"https://{APP_NAME}"
OUTSIDE = "https://elsewhere.example"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
OTHER_ADDRESS = "127.0.0.7"  # a caller who comes from elsewhere than the others


class Answer:
    def __init__(self, reply):
        self.status, self.body = reply.status, reply.read()
        self.fields = [(name.lower(), value) for name, value in reply.getheaders()]
        self.headers = dict(self.fields)

    def json(self):
        return json.loads(self.body)

    def seen(self, name):
        """What the server behind saw of one of its headers: all its values."""
        return [value for field, value in self.json()["headers"] if field.lower() == name.lower()]

    def __repr__(self):
        return f"<{self.status} {self.fields} {self.body[:300]!r}>"


class Site:
    """One of the names of the example, over TLS."""

    def __init__(self, front, name, port):
        self.front, self.name, self.port = front, name, port
        self.trust = ssl.create_default_context(cafile=str(front.authority))

    def ask(self, method, path, token=None, headers=(), body=None, source=None):
        connection = http.client.HTTPSConnection(
            HOST, self.port, timeout=20, context=self.trust,
            source_address=(source, 0) if source else None)
        try:
            connection.putrequest(method, path, skip_host=True)
            connection.putheader("Host", self.name)
            if token:
                connection.putheader("Authorization", f"Bearer {token}")
            for name, value in dict(headers).items() if isinstance(headers, dict) else headers:
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def get(self, path, token=None, **how):
        return self.ask("GET", path, token, **how)

    def form(self, path, fields, headers=(), **how):
        return self.ask("POST", path, headers=[*FORM.items(), *headers], body=encode_form(fields),
                        **how)


@pytest.fixture(scope="session")
def login(front):
    return Site(front, LOGIN_NAME, front.site_port)


@pytest.fixture(scope="session")
def app(front):
    return Site(front, APP_NAME, front.site_port)


@pytest.fixture(scope="session")
def olga(front):
    """An operator, and her token for the guarded pages."""
    front.daemon.olga = front.daemon.add_user("olga", roles=["operator"])
    return front.daemon.token("olga", audience=APP, scope="page:read")


@pytest.fixture(scope="session")
def reader(front):
    """Alice's, who is no operator."""
    return front.daemon.token("alice", audience=APP)


# --- guarded pages --------------------------------------------------------------------------------

def test_a_good_token_passes_and_the_server_behind_learns_whose_it_is(front, app, olga):
    answer = app.get("/page?a=1", olga)
    assert answer.status == 200 and answer.json()["path"] == "/page?a=1", answer
    assert answer.seen("X-Auth-Username") == ["olga"]
    assert answer.seen("X-Auth-Subject") == [str(front.daemon.olga["id"])]
    assert answer.seen("X-Auth-Client") == ["local"]
    assert answer.seen("X-Auth-Roles") == ["operator"]
    assert answer.seen("X-Auth-Scope") == ["page:read"]
    assert answer.seen("Authorization") == []


def test_a_body_reaches_the_server_behind_and_nobody_else(app, olga):
    answer = app.ask("POST", "/page", olga, FORM, b"access_token=x")
    assert answer.status == 200 and answer.json()["body"] == "access_token=x", answer


def test_a_role_opens_its_pages_and_its_lack_is_403(app, olga, reader):
    assert app.get("/admin/", olga).status == 200
    assert app.get("/page", reader).status == 200
    answer = app.get("/admin/", reader)
    assert answer.status == 403 and b"headers" not in answer.body, answer


def test_without_a_token_there_is_a_bare_challenge(app):
    answer = app.get("/page")
    assert answer.status == 401, answer
    assert [value for name, value in answer.fields if name == "www-authenticate"] == [
        'Bearer realm="jeton"']


def bad_tokens(front, olga):
    forge = Forge(olga, front.daemon.state / "keys")
    now = int(time.time())
    revoked = front.daemon.token("olga", audience=APP)
    assert front.daemon.post("/revoke", form={"token": revoked}).status == 200
    yield "expired", forge.with_claims(exp=now - 3600, iat=now - 7200)
    yield "revoked", revoked
    yield "for the issuer", front.daemon.token("olga")
    yield "for another audience", front.daemon.token("olga", audience="https://metrics.example")
    yield "signed by another key", forge.signed(forge.header_part, forge.payload_part,
                                                forge.attacker)
    yield "no token", "x"


def test_a_token_that_is_not_good_is_401_and_says_so(front, app, olga):
    for what, token in bad_tokens(front, olga):
        answer = app.get("/page", token)
        assert answer.status == 401, (what, answer)
        assert 'error="invalid_token"' in answer.headers["www-authenticate"], what
        assert b"headers" not in answer.body, what


def test_a_wrong_scope_is_403(front, login, olga):
    """A rule of one's own, asked as the example's rules are."""
    assert login.get(f"/auth?aud={APP}&scope=page:read", olga).status == 200
    assert login.get(f"/auth?aud={APP}&scope=page:write", olga).status == 403


FORGED = [("X-Auth-Username", "root"), ("X-Auth-Subject", "1"), ("X-Auth-Roles", "admin operator"),
          ("X-Auth-Scope", "everything"), ("X-Auth-Client", "trusted"),
          ("x-auth-username", "root"), ("X_Auth_Username", "root"), ("X_AUTH_ROLES", "admin")]


def test_what_the_caller_says_he_is_is_overwritten(front, app, olga, reader):
    answer = app.get("/page", olga, headers=FORGED)
    assert answer.seen("X-Auth-Username") == ["olga"]
    assert answer.seen("X-Auth-Subject") == [str(front.daemon.olga["id"])]
    assert answer.seen("X-Auth-Roles") == ["operator"]
    assert answer.seen("X-Auth-Scope") == ["page:read"]
    assert answer.seen("X_Auth_Username") == answer.seen("X_Auth_Roles") == []
    answer = app.get("/page", reader, headers=FORGED)
    assert answer.seen("X-Auth-Roles") == [], "what jeton does not say is not there at all"
    assert app.get("/page", headers=FORGED).status == 401
    assert app.get("/admin/", reader, headers=FORGED).status == 403


def test_forged_forwarding_headers_change_nothing(app, olga, reader):
    forged = [("X-Forwarded-For", "192.0.2.66"), ("Forwarded", "for=192.0.2.66"),
              ("X-Real-IP", "192.0.2.66"), ("X-Original-URI", "/page"),
              ("X-Forwarded-User", "root"), ("X-Forwarded-Uri", "/page"),
              ("X-Accel-Redirect", "/admin/")]
    answer = app.get("/page", olga, headers=forged)
    assert answer.status == 200 and answer.seen("X-Forwarded-For") == [HOST], answer
    assert app.get("/admin/", reader, headers=forged).status == 403
    assert app.get("/page", headers=forged).status == 401


def test_a_token_in_the_query_opens_nothing(app, olga):
    assert app.get(f"/page?access_token={olga}").status == 401
    assert app.get(f"/page?token={olga}&role=operator").status == 401


def test_two_tokens_open_nothing(app, olga, reader):
    answer = app.get("/admin/", reader, headers=[("Authorization", f"Bearer {olga}")])
    assert answer.status in (400, 401), answer


def test_the_rules_cannot_be_asked_or_changed_from_outside(app, reader):
    assert app.get("/_jeton/anyone", reader).status == 404
    assert app.get("/admin/?role=", reader).status == 403
    for path in ("/page/../admin/", "//admin/", "/%61dmin/", "/./admin/"):
        assert app.get(path, reader).status == 403, path


def test_what_else_the_caller_sends_does_not_reach_jeton(app, olga):
    """nginx takes more of it than jeton would."""
    long = [(f"X-Filler-{number}", "x" * 7000) for number in range(3)]
    assert app.get("/page", olga, headers=long).status == 200


def test_while_jeton_is_away_nobody_passes(front, app, olga):
    front.daemon.stop()
    try:
        answer = app.get("/page", olga)
        assert answer.status == 500 and b"headers" not in answer.body, answer
    finally:
        front.daemon.start()
    assert app.get("/page", olga).status == 200


# --- browsers -------------------------------------------------------------------------------------

def test_a_preflight_of_a_page_that_may_is_answered_by_nginx(login):
    answer = login.ask("OPTIONS", "/token", headers=[
        ("Origin", APP), ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", "authorization")])
    assert answer.status == 204, answer
    assert answer.headers["access-control-allow-origin"] == APP
    assert "Authorization" in answer.headers["access-control-allow-headers"]
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "access-control-allow-credentials" not in answer.headers


def test_an_answer_may_be_read_by_the_pages_that_may_and_by_no_other(login, olga):
    for token, status in ((olga, 401), (None, 401)):
        answer = login.get("/users/me", token, headers=[("Origin", APP)])
        assert answer.status == status
        assert [value for name, value in answer.fields
                if name == "access-control-allow-origin"] == [APP]
        assert answer.headers["vary"] == "Origin"
    for origin in (OUTSIDE, "null", APP + ".evil.example", "http" + APP[5:]):
        for method in ("OPTIONS", "GET"):
            answer = login.ask(method, "/users/me", headers=[("Origin", origin)])
            assert "access-control-allow-origin" not in answer.headers, origin


# --- jeton itself behind the example's front ------------------------------------------------------

def test_the_front_brings_the_protocol_to_the_network(front, login):
    answer = login.form("/token", {"username": "alice", "password": PASSWORD})
    token = answer.json()["access_token"]
    assert login.get("/users/me", token).json()["username"] == "alice"
    assert login.get("/.well-known/jwks.json").json()["keys"]


def test_the_kernels_word_about_the_proxy_is_nobodys(login):
    """nginx runs as the daemon's admin here: nothing of that reaches its callers."""
    grant = login.form("/token", {"grant_type": "client_credentials"})
    assert grant.status == 401 and grant.json()["error"] == "invalid_client"
    for path in ("/users", "/keys", "/clients", "/sessions"):
        assert login.get(path).status == 401
        assert login.get(path, headers=[("Authorization", "Peer")]).status == 401
    assert login.get("/auth", headers=[("Authorization", "Peer")]).status == 401


def test_what_is_for_this_host_alone_is_not_there(login):
    for path in ("/pam/auth", "/pam/session", "/pam/password", "/login-codes", "/metrics"):
        assert login.form(path, {"username": "alice"}).status == 404, path
        assert login.get(path).status == 404, path


def test_introspection_takes_a_client(front, login, olga):
    answer = login.form("/introspect", {"token": olga})
    assert answer.status == 401 and answer.json()["error"] == "invalid_client"
    data = {"id": "app", "audiences": [APP]}
    secret = front.daemon.post("/clients", peer=True, data=data).json()["secret"]
    proof = {"client_id": "app", "client_secret": secret}
    assert login.form("/introspect", {"token": olga, **proof}).json()["active"] is True
    assert login.form("/introspect", {"token": olga, "client_id": "app",
                                      "client_secret": secret[::-1]}).status == 401


def test_guesses_are_counted_by_the_callers_address(front, login):
    """Whatever he writes about himself; who comes from elsewhere is not kept waiting."""
    front.daemon.add_user("mary")

    def try_it(password, source=HOST, said=()):
        fields = {"username": "mary", "password": password}
        return login.form("/token", fields, said, source=source).status

    def waits_after_a_failure(said):
        """The right password, too early; on a slow machine it is not too early each time."""
        for _ in range(20):
            assert try_it("wrong", said=[("X-Forwarded-For", "192.0.2.8")]) == 400
            if try_it(PASSWORD, said=said) == 400:
                return True
        return False

    for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
        assert waits_after_a_failure([(name, "192.0.2.9")]), name
    assert try_it(PASSWORD, OTHER_ADDRESS) == 200
    assert front.daemon.login("mary").status == 200, "nor is this host's"


def reload_with(daemon, more):
    before = daemon.log().count("the new settings are in force")
    daemon.config_file.write_text(more)
    daemon.jetond_process_signal(signal.SIGHUP)
    deadline = time.monotonic() + 20
    while daemon.log().count("the new settings are in force") == before:
        assert time.monotonic() < deadline, daemon.log()
        time.sleep(0.02)


def test_one_address_does_not_use_up_what_another_may_have(front, login):
    """Two logins from one address, where one at a time may be: one of them is refused while the other
    waits for the signer, and so does one from elsewhere."""
    daemon, config = front.daemon, front.daemon.config_file.read_text()
    for name in ("first", "second", "third"):
        daemon.add_user(f"share_{name}")
    reload_with(daemon, config + "max-calls-per-uid = 1\n")
    signer, = daemon.children()["signer"]
    os.kill(signer, signal.SIGSTOP)
    try:
        with concurrent.futures.ThreadPoolExecutor() as pool:
            def log_in(name, source):
                return pool.submit(lambda: login.form("/token", {
                    "username": f"share_{name}", "password": PASSWORD}, source=source).status)

            ours = {log_in("first", HOST), log_in("second", HOST)}
            done, waiting = concurrent.futures.wait(ours, 20, concurrent.futures.FIRST_COMPLETED)
            theirs = log_in("third", OTHER_ADDRESS)
            time.sleep(0.3)
            daemon.settle()
            os.kill(signer, signal.SIGCONT)
            assert [one.result(20) for one in done] == [503]
            assert [one.result(20) for one in waiting] == [200]
            assert theirs.result(20) == 200
    finally:
        os.kill(signer, signal.SIGCONT)
        reload_with(daemon, config)


def test_the_audit_names_the_callers_address(front, login):
    forged = [("X-Forwarded-For", "192.0.2.9"), ("Forwarded", "for=192.0.2.9")]
    for source in (HOST, OTHER_ADDRESS):
        answer = login.get("/users/me", "a.b.c", headers=forged, source=source)
        assert answer.status == 401
        line = front.daemon.wait_for_log(f"request={answer.headers['x-request-id']}", seconds=20)
        assert f'peer=proxy remote="{source}"' in line


def test_a_proxy_on_jeton_sock_is_told_where_to_go(front):
    local = Site(front, HOST, front.local_port)
    answer = local.get("/proxied/health")
    assert answer.status == 400 and "web.sock" in answer.json()["error_description"], answer
    for said in ("Forwarded", "Via", "X-Real-IP", "X-Forwarded-For"):
        assert local.get("/health", headers=[(said, "for=192.0.2.1")]).status == 400, said
