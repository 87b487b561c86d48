"""JetonBearer in FastAPI: who comes in, who does not, and in which words (RFC 6750 3)."""
import logging
from typing import Optional

import jeton
import pytest
from attacks import every_attack
from fastapi import APIRouter, Depends, FastAPI, Security
from fastapi.testclient import TestClient
from forge import Forge
from harness import PASSWORD
from jeton.fastapi import JetonBearer

METRICS = "https://metrics.example"
BARE = 'Bearer realm="jeton"'
INVALID = 'Bearer realm="jeton", error="invalid_token", error_description='


def service():
    app = FastAPI()
    anybody = JetonBearer()
    metrics = JetonBearer(audience=METRICS)
    router = APIRouter(prefix="/operators", dependencies=[Depends(JetonBearer(roles="operator"))])

    @app.get("/me")
    async def me(caller: jeton.Claims = Depends(anybody)):
        assert isinstance(caller, jeton.Claims)
        return {"username": caller.username}

    @app.get("/read", dependencies=[Depends(JetonBearer(audience=METRICS, scope="metrics:read"))])
    def read():
        return "read"

    @app.get("/both", dependencies=[
        Depends(JetonBearer(audience=METRICS, scope=["metrics:read", "metrics:write"]))])
    def both():
        return "both"

    @app.get("/secured")
    def secured(caller: jeton.Claims = Security(metrics, scopes=["metrics:write"])):
        return caller.subject

    @app.get("/roles", dependencies=[Depends(JetonBearer(roles="operator admin"))])
    def roles():
        return "roles"

    @app.get("/welcome")
    def welcome(caller: Optional[jeton.Claims] = Depends(JetonBearer(auto_error=False))):
        return caller.username if caller else "stranger"

    @router.get("/list")
    def operators():
        return "operators"

    @app.websocket("/socket")
    async def talk(websocket, caller: jeton.Claims = Depends(anybody)):
        await websocket.accept()

    app.include_router(router)
    return app


@pytest.fixture(scope="module")
def client(jetond):
    with TestClient(service()) as client:
        yield client


def get(client, path, token=None, **headers):
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    return client.get(path, headers=headers)


def token_of(name="alice", **how):
    return jeton.login(name, PASSWORD, **how).access


def test_a_good_token_comes_in_and_its_claims_are_typed(client):
    reply = get(client, "/me", token_of())
    assert (reply.status_code, reply.json()) == (200, {"username": "alice"})


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer "])
def test_the_scheme_has_no_case_and_may_have_blanks_behind(client, scheme):
    assert get(client, "/me", Authorization=f"{scheme} {token_of()}").status_code == 200


@pytest.mark.parametrize("headers", [{}, {"Authorization": ""}, {"Authorization": "Basic YTpi"},
                                     {"Authorization": "Peer"}, {"Authorization": "Bearerx y"},
                                     {"X-Authorization": "Bearer x"}], ids=str)
def test_without_a_bearer_the_challenge_is_bare(client, headers):
    reply = get(client, "/me", **headers)
    assert reply.status_code == 401 and reply.headers["www-authenticate"] == BARE
    assert "Bearer" in reply.json()["detail"]


def test_where_nobody_needs_a_token_a_bad_one_is_refused_all_the_same(client):
    assert get(client, "/welcome").json() == "stranger"
    assert get(client, "/welcome", Authorization="Basic YTpi").json() == "stranger"
    assert get(client, "/welcome", token_of()).json() == "alice"
    assert get(client, "/welcome", "a.b.c").status_code == 401


def test_a_token_elsewhere_than_in_the_field_is_none(client):
    """RFC 6750 2.2 and 2.3 are other ways, which are not ours."""
    assert client.get("/me", params={"access_token": token_of()}).status_code == 401
    assert client.get("/me", headers={"Cookie": f"access_token={token_of()}"}).status_code == 401


@pytest.mark.parametrize("field", ["Bearer", "Bearer ", "Bearer x", "Bearer a.b.c", "Bearer a b"])
def test_what_is_no_token_is_an_invalid_one(client, field):
    reply = get(client, "/me", Authorization=field)
    assert reply.status_code == 401 and reply.headers["www-authenticate"].startswith(INVALID)


def test_a_bad_token_is_told_why_and_nothing_of_itself(client):
    good = token_of()
    for token, word in [(good[:-6] + "AAAAAA", "invalid"),
                        (token_of(audience=METRICS), "wrong audience")]:
        reply = get(client, "/me", token)
        assert reply.status_code == 401
        assert reply.headers["www-authenticate"] == INVALID + f'"the token is not good: {word}"'
        assert token not in reply.text


def test_a_revoked_token_is_out_at_once(client):
    token = token_of()
    assert get(client, "/me", token).status_code == 200
    jeton.revoke(token)
    assert "revoked" in get(client, "/me", token).headers["www-authenticate"]


def test_a_scope_that_is_not_there_is_named(client):
    token = token_of(audience=METRICS, scope="metrics:read")
    assert get(client, "/read", token).status_code == 200
    reply = get(client, "/both", token)
    assert reply.status_code == 403 and reply.headers["www-authenticate"] == (
        'Bearer realm="jeton", error="insufficient_scope", '
        'error_description="the token\'s scope is not enough", scope="metrics:read metrics:write"')
    assert get(client, "/both", token_of(audience=METRICS)).status_code == 200


def test_scopes_of_security_are_demanded_too(client):
    reply = get(client, "/secured", token_of(audience=METRICS, scope="metrics:read"))
    assert reply.status_code == 403 and 'scope="metrics:write"' in reply.headers["www-authenticate"]
    assert get(client, "/secured", token_of(audience=METRICS, scope="metrics:write")).status_code == 200


def test_every_role_must_be_there(client):
    reply = get(client, "/roles", token_of())
    assert reply.status_code == 403
    assert 'error="insufficient_scope"' in reply.headers["www-authenticate"]
    assert "admin" in reply.json()["detail"]


def test_a_router_guards_all_of_its_routes(client):
    assert get(client, "/operators/list", token_of("alice")).status_code == 200
    assert get(client, "/operators/list", token_of("bob")).status_code == 403
    assert get(client, "/operators/list").status_code == 401


def test_a_websocket_does_not_come_in(client):
    with pytest.raises(Exception), client.websocket_connect("/socket"):  # noqa: B017
        raise AssertionError("it did")


def test_no_attack_on_tokens_comes_in(jetond, client):
    forge = Forge(jetond.token("alice"), jetond.state / "keys")
    assert get(client, "/me", forge.with_claims()).status_code == 200
    for name, token in every_attack(forge):
        if token != token.strip(" \t"):
            continue  # HTTP takes the blanks at the ends of a field away
        reply = client.get("/me", headers={b"Authorization": b"Bearer " + token.encode()})
        assert reply.status_code == 401, name
        assert reply.headers["www-authenticate"].startswith(INVALID), name


def test_without_the_daemons_pages_it_is_503_and_the_log_knows(tmp_path, caplog):
    app = FastAPI()
    handle = jeton.Jeton(tmp_path / "no.sock")

    @app.get("/", dependencies=[Depends(JetonBearer(handle=handle))])
    def root():
        return "in"

    with TestClient(app) as client, caplog.at_level(logging.ERROR, "jeton"):
        reply = get(client, "/", "a.b.c")
        assert reply.status_code == 503 and str(tmp_path) not in reply.text
        assert "keys" in caplog.text and "a.b.c" not in caplog.text
        assert get(client, "/").status_code == 401
    handle.close()


def test_the_document_shows_the_scheme(client):
    document = client.get("/openapi.json").json()
    assert document["components"]["securitySchemes"]["JetonBearer"] == {
        "type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    assert "JetonBearer" in document["paths"]["/me"]["get"]["security"][0]


@pytest.mark.parametrize("how", [
    {"audience": "*"}, {"audience": "a\0b"}, {"scope": 'a"b'}, {"scope": "a\r\nX: y"},
    {"scope": ["a b"]}, {"scope": "a  b"}, {"roles": "a\\b"}, {"roles": [""]}, {"roles": "é"}],
    ids=str)
def test_demands_that_cannot_be_met_or_said_are_refused_at_once(how):
    with pytest.raises(ValueError):
        JetonBearer(**how)


@pytest.mark.parametrize("how", [{"audience": 7}, {"scope": 7}, {"roles": None}, {"roles": b"a"},
                                 {"scope": [7]}], ids=str)
def test_demands_of_another_type_are_refused_at_once(how):
    with pytest.raises(TypeError):
        JetonBearer(**how)
