"""The Python clients of Debian, as their manuals use them, and curl."""
import json
import subprocess
import urllib.request

import jwt
import pytest
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from authlib.jose import JsonWebKey, JsonWebToken
from authlib.jose.errors import JoseError
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from harness import PASSWORD
from oauthlib.oauth2 import InvalidGrantError, InvalidScopeError, LegacyApplicationClient
from requests_oauthlib import OAuth2Session

ALGORITHMS = ["ES256", "RS256", "EdDSA"]


def fetch(url):
    with urllib.request.urlopen(url, timeout=20) as reply:
        return json.load(reply)


def changed(token):
    return token[:-10] + ("A" if token[-10] != "A" else "B") + token[-9:]


# --- requests-oauthlib ----------------------------------------------------------------------------

def requests_session(scope=None):
    return OAuth2Session(client=LegacyApplicationClient(client_id="local", scope=scope))


def test_requests_oauthlib_logs_in_and_reads_the_profile(trusting):
    session = requests_session()
    token = session.fetch_token(trusting.url("/token"), username="alice", password=PASSWORD)
    assert token["token_type"] == "Bearer" and token["expires_in"] == 900
    assert session.get(trusting.url("/users/me")).json()["username"] == "alice"


def test_requests_oauthlib_asks_for_a_scope_and_an_audience(trusting):
    session = requests_session(["metrics:read"])
    token = session.fetch_token(trusting.url("/token"), username="alice", password=PASSWORD,
                                audience="https://metrics.example")
    assert token["scope"] == ["metrics:read"]


@pytest.mark.parametrize("name,scope,error", [("eve", None, InvalidGrantError),
                                              ("alice", ["frob"], InvalidScopeError)])
def test_requests_oauthlib_knows_our_refusals(trusting, name, scope, error):
    session = requests_session(scope)
    with pytest.raises(error):
        session.fetch_token(trusting.url("/token"), username=name, password=PASSWORD)


def test_requests_oauthlib_refreshes_by_itself(trusting):
    kept = []
    session = OAuth2Session(client=LegacyApplicationClient(client_id="local"),
                            auto_refresh_url=trusting.url("/token"), token_updater=kept.append,
                            auto_refresh_kwargs={"client_id": "local"})
    first = session.fetch_token(trusting.url("/token"), username="alice", password=PASSWORD)
    session.token = {**first, "expires_in": -1, "expires_at": 1}
    assert session.get(trusting.url("/users/me")).json()["username"] == "alice"
    assert kept and kept[0]["access_token"] != first["access_token"]


# --- authlib --------------------------------------------------------------------------------------

def test_authlib_logs_in_and_reads_userinfo(trusting):
    session = AuthlibSession("local", token_endpoint_auth_method="none")
    token = session.fetch_token(trusting.url("/token"), username="alice", password=PASSWORD)
    assert token["token_type"] == "Bearer" and not token.is_expired()
    info = session.get(trusting.url("/userinfo")).json()
    assert info["preferred_username"] == "alice" and info["name"] == "Alice Example"


def test_authlib_knows_our_refusals(trusting):
    session = AuthlibSession("local", token_endpoint_auth_method="none")
    with pytest.raises(OAuthError) as caught:
        session.fetch_token(trusting.url("/token"), username="mallory", password="wrong")
    assert caught.value.error == "invalid_grant"


def test_authlib_refreshes_introspects_and_revokes(trusting):
    session = AuthlibSession("local", token_endpoint_auth_method="none")
    first = session.fetch_token(trusting.url("/token"), username="alice", password=PASSWORD)
    token = session.refresh_token(trusting.url("/token"), first["refresh_token"])
    assert token["refresh_token"] != first["refresh_token"]

    def is_active():
        return session.introspect_token(trusting.local + "/introspect",
                                        token["access_token"]).json()["active"]

    assert is_active() is True
    assert session.revoke_token(trusting.local + "/revoke", token["refresh_token"]).status_code == 200
    assert is_active() is False


def test_authlib_finds_no_fault_with_the_metadata(trusting):
    """RFC 8414 2, by authlib's own judgement of each member; there is no authorization endpoint to
    judge, since no grant here needs one."""
    document = fetch(trusting.url("/.well-known/oauth-authorization-server"))
    metadata = AuthorizationServerMetadata(document)
    for member in metadata.REGISTRY_KEYS:
        if member != "authorization_endpoint":
            getattr(metadata, "validate_" + member)()
    assert metadata["issuer"] == trusting.issuer


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_authlib_verifies_by_the_published_keys(trusting, tokens, algorithm):
    audience, token = tokens[algorithm]
    keys = JsonWebKey.import_key_set(fetch(trusting.url("/.well-known/jwks.json")))
    options = {"iss": {"essential": True, "value": trusting.issuer},
               "aud": {"essential": True, "value": audience}}
    claims = JsonWebToken([algorithm]).decode(token, keys, claims_options=options)
    claims.validate()
    assert claims["username"] == "alice"
    with pytest.raises(JoseError):
        JsonWebToken([algorithm]).decode(changed(token), keys)


# --- python3-jwt ----------------------------------------------------------------------------------

@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_pyjwt_finds_the_key_and_verifies(trusting, tokens, algorithm):
    audience, token = tokens[algorithm]
    keys = jwt.PyJWKClient(trusting.url("/.well-known/jwks.json"))
    key = keys.get_signing_key_from_jwt(token).key
    judge = {"algorithms": [algorithm], "audience": audience, "issuer": trusting.issuer,
             "options": {"require": ["exp", "iat", "iss", "aud", "sub", "jti"]}}
    assert jwt.decode(token, key, **judge)["username"] == "alice"
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(changed(token), key, **judge)
    with pytest.raises(jwt.InvalidAudienceError):
        jwt.decode(token, key, **{**judge, "audience": "https://other.example"})


# --- curl -----------------------------------------------------------------------------------------

def curl(*arguments, check=True):
    answer = subprocess.run(["curl", "-q", "-sS", "--max-time", "20", *arguments], text=True,
                            capture_output=True, timeout=30)
    assert not check or answer.returncode == 0, answer
    return answer


@pytest.mark.parametrize("way", ["nginx", "socket"])
def test_curl_logs_in(trusting, way):
    base = [] if way == "nginx" else ["--unix-socket", str(trusting.daemon.socket)]
    host = trusting.issuer if way == "nginx" else "http://jeton"
    answer = curl(*base, "--data-urlencode", "username=alice", "--data-urlencode",
                  f"password={PASSWORD}", host + "/token")
    token = json.loads(answer.stdout)["access_token"]
    me = curl(*base, "-f", "--oauth2-bearer", token, host + "/users/me")
    assert json.loads(me.stdout)["username"] == "alice"


def test_curl_sees_a_refusal_by_its_status(trusting):
    answer = curl("-f", "-d", "username=craig&password=wrong", trusting.url("/token"), check=False)
    assert answer.returncode == 22
