"""examples/fastapi-tutorial, started as its README says, and driven as the tutorials' clients do."""
import json
import os
import sys
import time

import pytest
from example_runs import Service
from forge import Forge
from harness import BUILD, PASSWORD, TOP, Daemon, encode_form
from outside import GRANT, ID_TOKEN, Issuer, link

EXAMPLE = TOP / "examples" / "fastapi-tutorial"
PACKAGE = TOP / "client" / "python"
CLIENT_ID = "client-id.apps.googleusercontent.com"
BARE = 'Bearer realm="jeton"'


def configuration(google):
    """The example's own, in a daemon under this uid; the keys of google are in a file of the test's."""
    text = (EXAMPLE / "jetond.conf").read_text()
    assert f'issuer "{google.url}"' in text and f'{{"{CLIENT_ID}"}}' in text
    for theirs, ours in {'group = "www-data"': f'group = "{os.getegid()}"',
                         "/var/lib/jeton-issuers/google.json": str(google.file),
                         'jwks-uri = "https://www.googleapis.com/oauth2/v3/certs"': ""}.items():
        assert theirs in text
        text = text.replace(theirs, ours)
    return f'issuer = "https://host.example"\nmin-uid = 1\n{text}'


class Tutorial(Service):
    def __init__(self, daemon, directory):
        self.start(
            [sys.executable, "-B", "-m", "uvicorn", "--app-dir", str(EXAMPLE), "--port", "0",
             "main:app"], directory, PYTHONPATH=str(PACKAGE), LD_LIBRARY_PATH=str(BUILD / "lib"),
            JETON_SOCKET=str(daemon.socket), JETON_WEB_SOCKET=str(daemon.web_socket))

    def post(self, path, form=None, data=None, method="POST"):
        kind = "application/x-www-form-urlencoded" if data is None else "application/json"
        body = encode_form(form) if data is None else json.dumps(data).encode()
        return self.ask(method, path, fields=[("Content-Type", kind)], body=body)

    def login(self, name="rita", password=PASSWORD, **form):
        return self.post("/token", {"grant_type": "password", "username": name,
                                    "password": password, **form})

    def tokens(self, name="rita", **form):
        reply = self.login(name, **form)
        assert reply.status == 200, (reply.body, self.said())
        return json.loads(reply.body)

    def token(self, name="rita", **form):
        return self.tokens(name, **form)["access_token"]

    def refresh(self, token):
        return self.post("/token", {"grant_type": "refresh_token", "refresh_token": token})

    def outside(self, id_token):
        return self.post("/token", {"grant_type": GRANT, "subject_token_type": ID_TOKEN,
                                    "subject_token": id_token})


@pytest.fixture(scope="module")
def google(tmp_path_factory):
    return Issuer("https://accounts.google.com", tmp_path_factory.mktemp("google"))


@pytest.fixture(scope="module")
def jetond(google):
    with Daemon(configuration(google)) as daemon:
        daemon.add_user("rita")
        daemon.add_user("edith", roles=["editor"])
        daemon.add_user("boss", roles=["admin"])
        daemon.add_user("gina", roles=["editor"])
        daemon.add_user("emil", email="emil@example.org")
        assert link(daemon, "gina", google, "g-gina").status == 201
        yield daemon


@pytest.fixture(scope="module")
def app(jetond, tmp_path_factory):
    with Tutorial(jetond, tmp_path_factory.mktemp("tutorial")) as one:
        yield one


def body(reply):
    return json.loads(reply.body)


# --- logins ---------------------------------------------------------------------------------------

def test_a_login_gives_tokens_as_the_tutorials_expect(app):
    reply = app.login()
    assert reply.status == 200 and reply.getheader("Cache-Control") == "no-store"
    tokens = body(reply)
    assert tokens["token_type"] == "Bearer" and tokens["expires_in"] == 900
    me = body(app.ask("GET", "/users/me", tokens["access_token"]))
    assert me["username"] == "rita" and me["roles"] == [] and me["scope"] == ["items:read"]


def test_the_form_may_be_that_of_the_documents_button(app):
    form = {"grant_type": "password", "username": "rita", "password": PASSWORD, "scope": "",
            "client_id": "", "client_secret": ""}
    assert app.post("/token", form).status == 200
    assert app.post("/token", {"username": "rita", "password": PASSWORD}).status == 200


@pytest.mark.parametrize("name,password", [("rita", "wrong"), ("nobody_of_that_name", "wrong")])
def test_wrong_credentials_are_one_answer(app, jetond, name, password):
    reply = app.login(name, password)
    assert (reply.status, body(reply)["error"]) == (400, "invalid_grant")
    jetond.unlock("rita")


def test_guesses_elsewhere_do_not_keep_a_user_out(app, jetond):
    """A failed login makes the address wait that it came from, which the application tells."""
    for _ in range(3):
        jetond.request("POST", "/token", web=True, headers=[("X-Forwarded-For", "192.0.2.1")],
                       form={"username": "rita", "password": "wrong"})
    assert app.login().status == 200
    jetond.unlock("rita")


@pytest.mark.parametrize("form", [{}, {"username": "rita"}, {"audience": "https://host.example"}],
                         ids=str)
def test_half_a_form_is_400(app, form):
    assert app.post("/token", form).status == 400
    assert app.post("/token", data={"username": "rita", "password": PASSWORD}).status == 415


# --- tokens ---------------------------------------------------------------------------------------

def test_without_a_token_the_challenge_is_bare(app):
    for path in ("/users/me", "/items", "/admin/items"):
        assert app.challenge(path) == (401, BARE)


def test_other_tokens_are_told_why(app, jetond):
    forge = Forge(app.token(), jetond.state / "keys")
    now = int(time.time())
    for token, words in [(jetond.token("rita"), "wrong audience"), ("a.b.c", "invalid"),
                         (forge.with_claims(iat=now - 1000, exp=now - 100), "expired"),
                         (forge.with_claims(iss="https://elsewhere.example"), "wrong issuer")]:
        status, challenge = app.challenge("/users/me", token)
        assert status == 401 and f"the token is not good: {words}" in challenge


def test_who_needs_no_login_may_have_one(app):
    assert body(app.ask("GET", "/")) == {"welcome": "stranger"}
    assert body(app.ask("GET", "/", app.token())) == {"welcome": "rita"}
    assert app.challenge("/", "a.b.c")[0] == 401


def test_a_refresh_token_works_once_and_its_reuse_ends_the_login(app):
    first = app.tokens()
    second = body(app.refresh(first["refresh_token"]))
    third = body(app.refresh(second["refresh_token"]))
    assert app.ask("GET", "/users/me", third["access_token"]).status == 200
    assert body(app.refresh(first["refresh_token"]))["error"] == "invalid_grant"
    assert app.refresh(third["refresh_token"]).status == 400
    assert "revoked" in app.challenge("/users/me", third["access_token"])[1]


def test_logout_ends_every_token_at_once(app):
    tokens = app.tokens()
    other = app.token()
    assert app.post("/logout", data={"refresh_token": tokens["refresh_token"]}).status == 204
    assert "revoked" in app.challenge("/users/me", tokens["access_token"])[1]
    assert app.refresh(tokens["refresh_token"]).status == 400
    assert app.ask("GET", "/users/me", other).status == 200


@pytest.mark.parametrize("token", ["x", "a\0b", "\xe9", "x" * 9000],
                         ids=["unknown", "NUL", "no ASCII", "long"])
def test_logout_of_nothing_is_no_error(app, token):
    assert app.post("/logout", data={"refresh_token": token}).status == 204


# --- accounts -------------------------------------------------------------------------------------

def test_people_register_themselves(app):
    person = {"username": "newcomer", "password": PASSWORD, "email": "new@example.org"}
    reply = app.post("/users", data=person)
    assert reply.status == 201 and "password" not in body(reply)
    assert body(app.ask("GET", "/users/me", app.token("newcomer")))["roles"] == []
    assert app.post("/users", data=person).status == 409


@pytest.mark.parametrize("person,status", [
    ({"username": "x1", "password": "short"}, 400), ({"username": "x2"}, 400), ([], 400),
    ({"username": "x3", "password": PASSWORD, "roles": ["admin"]}, 403),
    ({"username": "no such\nname", "password": PASSWORD}, 400)], ids=str)
def test_what_nobody_may_register(app, person, status):
    assert app.post("/users", data=person).status == status


def test_a_new_password_ends_what_the_old_one_began(app, jetond):
    jetond.add_user("pat")
    tokens = app.tokens("pat")
    change = {"username": "pat", "current_password": "wrong", "new_password": "another long phrase"}
    assert app.post("/users/me/password", data=change, method="PUT").status == 400
    jetond.unlock("pat")
    change["current_password"] = PASSWORD
    assert app.post("/users/me/password", data=change, method="PUT").status == 204
    assert app.challenge("/users/me", tokens["access_token"])[0] == 401
    assert app.refresh(tokens["refresh_token"]).status == 400
    assert app.login("pat", "another long phrase").status == 200


def test_a_disabled_user_is_out_at_once(app, jetond):
    jetond.add_user("dora")
    token = app.token("dora")
    change = jetond.request("PATCH", "/users/dora", peer=True, data={"disabled": True})
    assert change.status == 200
    assert app.challenge("/users/me", token)[0] == 401
    assert app.login("dora").status == 400


# --- logins from elsewhere ------------------------------------------------------------------------

def test_who_has_signed_in_elsewhere_logs_in_with_that(app, google):
    reply = app.outside(google.token("g-gina", aud=CLIENT_ID))
    assert reply.status == 200, (reply.body, app.said())
    tokens = body(reply)
    me = body(app.ask("GET", "/users/me", tokens["access_token"]))
    assert me["username"] == "gina" and me["roles"] == ["editor"]
    assert app.ask("PUT", "/items/lamp?title=Lamp", tokens["access_token"]).status == 200
    assert app.refresh(tokens["refresh_token"]).status == 200


def test_a_verified_address_that_an_administrator_set_links_once(app, google):
    address = {"aud": CLIENT_ID, "email": "emil@example.org"}
    assert app.outside(google.token("g-emil", **address)).status == 400
    assert app.outside(google.token("g-emil", **address, email_verified=False)).status == 400
    assert app.outside(google.token("g-emil", **address, email_verified=True)).status == 200
    assert app.outside(google.token("g-emil", aud=CLIENT_ID)).status == 200
    assert app.outside(google.token("g-heir", **address, email_verified=True)).status == 400


def test_other_tokens_from_elsewhere_open_nothing(app, google, tmp_path):
    used = google.token("g-gina", aud=CLIENT_ID)
    assert app.outside(used).status == 200
    stranger = Issuer(google.url, tmp_path)
    now = int(time.time())
    for token in (used, google.token("g-nobody", aud=CLIENT_ID), google.token("g-gina"), "a.b.c",
                  google.token("g-gina", aud=CLIENT_ID, iat=now - 900, exp=now - 600),
                  google.token("g-gina", aud=CLIENT_ID, iss="https://elsewhere.example"),
                  stranger.token("g-gina", aud=CLIENT_ID), app.token("gina")):
        assert app.outside(token).status == 400
    assert app.ask("GET", "/users/me", used).status == 401


# --- roles and scopes -----------------------------------------------------------------------------

def test_scopes_say_what_a_token_is_for(app):
    writer, reader = app.token("edith"), app.token("edith", scope="items:read")
    assert app.ask("PUT", "/items/lamp?title=A+lamp", writer).status == 200
    assert body(app.ask("GET", "/items", reader)) == {"lamp": "A lamp"}
    reply = app.ask("PUT", "/items/lamp?title=Other", reader)
    assert reply.status == 403 and 'scope="items:write"' in reply.getheader("WWW-Authenticate")
    assert body(app.login("rita", scope="items:write"))["error"] == "invalid_scope"


def test_roles_guard_routes_and_routers(app):
    editor, rita, boss = (app.token(name) for name in ("edith", "rita", "boss"))
    owner = body(app.ask("GET", "/users/me", editor))["id"]
    assert app.ask("PUT", "/items/chair?title=A+chair", editor).status == 200
    assert app.ask("DELETE", f"/items/{owner}/chair", rita).status == 403
    assert app.ask("DELETE", f"/items/{owner}/chair", editor).status == 204
    assert app.ask("DELETE", f"/items/{owner}/chair", editor).status == 404
    assert app.ask("GET", "/admin/items", boss).status == 200
    status, challenge = app.challenge("/admin/items", rita)
    assert status == 403 and 'error="insufficient_scope"' in challenge


# --- around it ------------------------------------------------------------------------------------

def test_a_page_elsewhere_may_call(app):
    origin = ("Origin", "http://localhost:3000")
    asked = [origin, ("Access-Control-Request-Method", "GET"),
             ("Access-Control-Request-Headers", "authorization")]
    reply = app.ask("OPTIONS", "/users/me", fields=asked)
    assert reply.status == 200
    assert reply.getheader("Access-Control-Allow-Origin") == "http://localhost:3000"
    assert reply.getheader("Access-Control-Allow-Credentials") is None
    reply = app.ask("GET", "/users/me", app.token(), fields=[origin])
    assert reply.status == 200 and reply.getheader("Server-Timing").startswith("app;dur=")
    evil = [("Origin", "https://evil.example"), *asked[1:]]
    assert app.ask("OPTIONS", "/users/me", fields=evil).status == 400


def test_the_document_has_a_button_to_log_in(app):
    document = body(app.ask("GET", "/openapi.json"))
    scheme = document["components"]["securitySchemes"]["JetonBearer"]
    assert scheme["type"] == "oauth2" and scheme["flows"]["password"] == {
        "tokenUrl": "token", "scopes": {"items:read": "See your items.",
                                        "items:write": "Change them."}}
    assert "JetonBearer" in document["paths"]["/items"]["get"]["security"][0]


def test_without_the_daemon_tokens_are_good_and_nobody_logs_in(app, jetond):
    token, refresh = app.token(), app.tokens()["refresh_token"]
    jetond.stop()
    try:
        assert app.ask("GET", "/users/me", token).status == 200
        assert app.login().status == 503
        assert app.post("/logout", data={"refresh_token": refresh}).status == 503
    finally:
        jetond.start()
    reply = app.login()
    assert reply.status == 200, (reply.body, jetond.log())
