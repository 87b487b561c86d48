"""What RFC 6749, 6750 and 8414 ask of every answer, whatever it is about. docs/conformance.md says
which demand is shown where."""
import json
import re

import pytest
from harness import PASSWORD, encode_form

LOGIN = {"grant_type": "password", "username": "alice", "password": PASSWORD}

# RFC 6749 5.2 and RFC 6750 3: printable ASCII without the quotation mark and the backslash.
WORDS = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+")
ERRORS = {"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client",
          "unsupported_grant_type", "invalid_scope", "invalid_target"}

REFUSED = {
    "nothing": {}, "grant": {"grant_type": "implicit"}, "secret": {**LOGIN, "username": "eve"},
    "name": {**LOGIN, "username": 'a"b\\c\n'}, "scope": {**LOGIN, "scope": 'a"b\\c'},
    "unknown scope": {**LOGIN, "scope": "frob"}, "audience": {**LOGIN, "audience": 'https://"\\'},
    "client": {**LOGIN, "client_id": 'x"y\\z'}, "code": {"grant_type": "authorization_code"},
    "NUL": {**LOGIN, "username": "a\0b"}, "not ASCII": {**LOGIN, "scope": "\u00e9"},
}


@pytest.mark.parametrize("form", REFUSED.values(), ids=REFUSED)
def test_a_refusal_is_one_json_object_of_plain_words(jetond, form):
    reply = jetond.post("/token", form=form)
    assert reply.status in (400, 401)
    assert reply.headers["content-type"] == "application/json"
    answer = reply.json()
    assert answer.keys() == {"error", "error_description"}
    assert answer["error"] in ERRORS
    assert WORDS.fullmatch(answer["error_description"])


def test_parameters_that_mean_nothing_are_ignored(jetond):
    strange = {"frob": "1", "response_type": "code", "": "x", "state": "x", "uid": "0"}
    assert jetond.post("/token", form={**LOGIN, **strange}).status == 200
    token = jetond.token("alice")
    assert jetond.post("/introspect", form={"token": token, **strange}).json()["active"] is True


def test_a_token_comes_as_json_that_nobody_keeps(jetond):
    reply = jetond.post("/token", form=LOGIN)
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["cache-control"] == "no-store" and reply.headers["pragma"] == "no-cache"
    answer = reply.json()
    assert {"access_token", "token_type", "expires_in"} <= answer.keys()
    assert isinstance(answer["expires_in"], int)


def test_a_token_is_asked_for_by_post_alone(jetond):
    body = encode_form(LOGIN).decode()
    for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE"):
        assert jetond.request(method, f"/token?{body}").status == 405


def test_a_password_in_the_query_is_not_read(jetond):
    reply = jetond.post("/token?" + encode_form(LOGIN).decode(), form={"grant_type": "password"})
    assert reply.status == 400 and reply.json()["error"] == "invalid_request"


@pytest.mark.parametrize("token", [None, "bad", "a" * 9000, 'a"b', "\u00e9"])
def test_a_challenge_has_each_parameter_once(jetond, token):
    reply = jetond.get("/users/me", token=token)
    assert reply.status == 401
    scheme, parameters = reply.headers["www-authenticate"].split(" ", 1)
    assert scheme == "Bearer"
    pairs = re.findall(r'(\w+)="([^"\\]*)"', parameters)
    assert ", ".join(f'{name}="{value}"' for name, value in pairs) == parameters
    names = [name for name, _ in pairs]
    assert "realm" in names and len(set(names)) == len(names)
    assert all(WORDS.fullmatch(value) for _, value in pairs)


def test_a_token_in_the_body_is_not_read(jetond):
    reply = jetond.request("PATCH", "/users/me", form={"access_token": jetond.token("alice")})
    assert reply.status in (401, 415)


@pytest.mark.parametrize("name", ["oauth-authorization-server", "openid-configuration"])
def test_metadata_is_json_whose_addresses_are_plain(jetond, name):
    reply = jetond.get(f"/.well-known/{name}")
    assert reply.status == 200 and reply.headers["content-type"] == "application/json"
    document = reply.json()
    urls = [value for key, value in document.items()
            if key == "issuer" or key.endswith(("_endpoint", "_uri"))]
    assert len(urls) >= 4
    for url in urls:
        assert re.fullmatch(r"https://host\.example(/[\w./-]+)?", url)
    assert jetond.post(f"/.well-known/{name}", form={}).status == 405


def test_introspection_is_json_and_by_post_alone(jetond):
    reply = jetond.post("/introspect", form={"token": jetond.token("alice")})
    assert reply.headers["content-type"] == "application/json"
    assert jetond.get("/introspect").status == 405
    missing = jetond.post("/introspect", form={"token_type_hint": "access_token"})
    assert missing.status == 400 and missing.json()["error"] == "invalid_request"


def once(pairs):
    assert len(dict(pairs)) == len(pairs), "a member is there twice"
    return dict(pairs)


def test_the_keys_that_are_published_are_public(jetond):
    """RFC 7517 9.2, RFC 7518 6.2.2 and 6.3.2: no member of a private or symmetric key."""
    document = jetond.get("/.well-known/jwks.json").body
    keys = json.loads(document, object_pairs_hook=once)["keys"]
    assert keys and len({key["kid"] for key in keys}) == len(keys)
    for key in keys:
        assert not key.keys() & {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
        assert key["kty"] in ("EC", "RSA", "OKP") and key["use"] == "sig" and "key_ops" not in key


def test_rfc8414_3_1_an_issuer_with_a_path_has_its_document_behind_the_name(fresh):
    daemon = fresh('issuer = "https://host.example/a/b"\n')
    name = "/.well-known/oauth-authorization-server"
    document = daemon.get(f"{name}/a/b")
    assert document.status == 200 and document.json()["issuer"] == "https://host.example/a/b"
    assert document.json()["token_endpoint"] == "https://host.example/a/b/token"
    assert daemon.get(name).json() == document.json()
    for path in ("/a", "/a/bc", "/a/b/c", "/b"):
        assert daemon.get(name + path).status == 404, path
