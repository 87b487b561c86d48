"""POST /token and what its token opens: the tutorials' login, judged by an independent library."""
import base64
import json
import time

import jwt
import pytest
from harness import PASSWORD

ISSUER = "https://host.example"


def published_key(jetond, token):
    keys = jwt.PyJWKSet.from_dict(jetond.get("/.well-known/jwks.json").json())
    kid = jwt.get_unverified_header(token)["kid"]
    return next(key.key for key in keys.keys if key.key_id == kid)


def judge(jetond, token, audience=ISSUER, **options):
    return jwt.decode(token, published_key(jetond, token), algorithms=["ES256"],
                      audience=audience, issuer=ISSUER, **options)


def test_a_password_becomes_a_token_that_another_library_verifies(jetond):
    before = int(time.time())
    reply = jetond.login("alice")
    assert reply.status == 200
    answer = reply.json()
    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == 900
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["pragma"] == "no-cache"
    token = answer["access_token"]
    assert jwt.get_unverified_header(token).keys() == {"alg", "typ", "kid"}
    assert jwt.get_unverified_header(token)["typ"] == "at+jwt"
    claims = judge(jetond, token)
    assert claims["sub"] == "1"
    assert claims["username"] == "alice"
    assert claims["client_id"] == "local"
    assert claims["amr"] == ["pwd"]
    assert claims["exp"] - claims["iat"] == 900
    assert before <= claims["iat"] <= time.time() + 1
    assert before <= claims["auth_time"] <= time.time() + 1
    assert len(claims["jti"]) == 22 and len(claims["sid"]) == 22
    assert "roles" not in claims or claims["roles"] == []
    assert "uid" not in claims


def test_two_logins_share_no_jti_and_no_sid(jetond):
    one, two = (judge(jetond, jetond.token("alice")) for _ in range(2))
    assert one["jti"] != two["jti"]
    assert one["sid"] != two["sid"]


def test_the_tutorials_form_without_grant_type_is_a_login(jetond):
    reply = jetond.post("/token", form={"username": "alice", "password": PASSWORD})
    assert reply.status == 200
    assert judge(jetond, reply.json()["access_token"])["username"] == "alice"


@pytest.mark.parametrize("extra", [
    {"client_id": "local"}, {"client_id": ""}, {"client_id": "None"}, {"scope": ""},
    {"audience": ISSUER}, {"resource": ISSUER}])
def test_what_client_libraries_add_changes_nothing(jetond, extra):
    assert jetond.login("alice", **extra).status == 200


@pytest.mark.parametrize("credentials", [":", "local:"])
def test_a_basic_header_without_a_secret_is_the_public_client(jetond, credentials):
    basic = base64.b64encode(credentials.encode()).decode()
    reply = jetond.post("/token", headers=[("Authorization", f"Basic {basic}")],
                        form={"username": "alice", "password": PASSWORD})
    assert reply.status == 200


def test_a_client_that_does_not_exist_is_invalid_client(jetond):
    secret = base64.b64encode(b"robot:secret").decode()
    for reply in (jetond.login("alice", client_id="robot"),
                  jetond.post("/token", headers=[("Authorization", f"Basic {secret}")],
                              form={"username": "alice", "password": PASSWORD})):
        assert reply.status == 401
        assert reply.json()["error"] == "invalid_client"
        assert reply.headers["www-authenticate"].startswith("Basic")


def test_one_changed_byte_anywhere_and_the_token_is_refused(jetond):
    token = jetond.token("alice")
    assert jetond.get("/users/me", token=token).status == 200
    for at in range(0, len(token), 7):
        if token[at] == ".":
            continue
        changed = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1:]
        reply = jetond.get("/users/me", token=changed)
        assert reply.status == 401, (at, changed)
        assert jetond.post("/introspect", form={"token": changed}).json() == {"active": False}
    with pytest.raises(jwt.InvalidTokenError):
        judge(jetond, token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1])


REFUSED = [("alice", "wrong"), ("nobody-of-that-name", PASSWORD), ("alice", ""), ("", ""),
           ("alice", "x" * 512), ("alice", "x" * 60000), ("alice", PASSWORD + "\0"),
           ("alice", PASSWORD + "x"), ("alice", PASSWORD[:-1]), ("ALICE", PASSWORD),
           ("alice\n", PASSWORD), ("a" * 4096, PASSWORD), ("alice/..", PASSWORD),
           ("\u00e9l\u00e8ve", PASSWORD)]


def test_every_refused_login_gets_the_same_answer(jetond):
    answers = set()
    for name, password in REFUSED:
        if name == "" or password == "":
            continue
        reply = jetond.login(name, password)
        answers.add((reply.status, reply.body, tuple(sorted(reply.headers))))
    assert len(answers) == 1, answers
    (status, body, _), = answers
    assert status == 400
    assert json.loads(body)["error"] == "invalid_grant"


def test_a_missing_name_or_password_is_an_invalid_request_or_a_refusal(jetond):
    for form in ({"username": "alice"}, {"password": PASSWORD}, {"grant_type": "password"}, {}):
        reply = jetond.post("/token", form=form)
        assert reply.status == 400
        assert reply.json()["error"] == "invalid_request"


def test_refused_logins_leave_on_the_time_grid(jetond):
    """Every refusal takes a whole multiple of 50 ms (its clock counts milliseconds), whatever its
    reason; a slow machine may add some, a shortcut would show as a fast one."""
    for name, password in (("alice", "wrong"), ("nobody-of-that-name", "wrong"),
                           ("alice", "x" * 512)):
        began = time.monotonic()
        assert jetond.login(name, password).status == 400
        assert time.monotonic() - began >= 0.049


@pytest.mark.parametrize("form,error", [
    ([("username", "alice"), ("username", "alice"), ("password", PASSWORD)], "invalid_request"),
    ([("username", "alice"), ("password", PASSWORD), ("password", PASSWORD)], "invalid_request"),
    ([("username", "alice"), ("password", PASSWORD), ("scope", "a"), ("scope", "b")],
     "invalid_request"),
    ([("grant_type", "password"), ("grant_type", "password"), ("username", "alice"),
      ("password", PASSWORD)], "invalid_request"),
    ([("grant_type", "authorization_code"), ("code", "x")], "unsupported_grant_type"),
    ([("grant_type", "refresh"), ("username", "alice"), ("password", PASSWORD)],
     "unsupported_grant_type"),
    ([("username", "alice"), ("password", PASSWORD), ("audience", "https://unknown.example")],
     "invalid_target"),
    ([("username", "alice"), ("password", PASSWORD), ("audience", "https://closed.example")],
     "invalid_target"),
    ([("username", "alice"), ("password", PASSWORD), ("scope", "jeton:admin")], "invalid_scope"),
    ([("username", "alice"), ("password", PASSWORD), ("scope", "openid")], "invalid_scope"),
    ([("username", "alice"), ("password", PASSWORD), ("audience", "https://metrics.example"),
      ("scope", "metrics:read metrics:write")], "invalid_scope"),
])
def test_a_wrong_form_gets_its_own_error(jetond, form, error):
    reply = jetond.post("/token", form=form)
    assert reply.status == 400
    assert reply.json()["error"] == error
    assert reply.json()["error_description"].isascii()


def test_an_audience_has_its_own_lifetime_and_scopes(jetond):
    reply = jetond.login("alice", audience="https://metrics.example")
    answer = reply.json()
    assert answer["scope"] == "metrics:read"
    assert answer["expires_in"] == 300
    claims = judge(jetond, answer["access_token"], "https://metrics.example")
    assert claims["aud"] == "https://metrics.example"
    assert claims["scope"] == "metrics:read"
    assert jetond.get("/users/me", token=answer["access_token"]).status == 401


def test_roles_open_scopes_and_audiences(fresh):
    jetond = fresh()
    jetond.add_user("olga", roles=["operator"])
    answer = jetond.login("olga", audience="https://metrics.example").json()
    assert set(answer["scope"].split()) == {"metrics:read", "metrics:write"}
    assert judge(jetond, answer["access_token"], "https://metrics.example")["roles"] == ["operator"]
    assert jetond.login("olga", audience="https://closed.example").status == 200


def test_an_audience_for_old_verifiers_gets_typ_jwt(jetond):
    token = jetond.token("alice", audience="https://old.example")
    assert jwt.get_unverified_header(token)["typ"] == "JWT"
    assert judge(jetond, token, "https://old.example")["username"] == "alice"


def test_users_me_and_userinfo_show_who_the_token_is_about(jetond):
    token = jetond.token("alice")
    reply = jetond.get("/users/me", token=token)
    me = reply.json()
    assert me["username"] == "alice" and me["id"] == 1 and me["roles"] == []
    assert me["full_name"] == "Alice Example" and me["uid"] is None and me["disabled"] is False
    assert not [name for name in me if "hash" in name or name.startswith("password")]
    assert reply.headers["cache-control"] == "no-store"
    info = jetond.get("/userinfo", token=token).json()
    assert info == {"sub": "1", "preferred_username": "alice", "name": "Alice Example",
                    "email": "alice@example.org"}


def test_without_a_token_the_challenge_is_bare_and_with_a_bad_one_it_says_so(jetond):
    for path in ("/users/me", "/userinfo"):
        bare = jetond.get(path)
        assert bare.status == 401
        assert "error" not in bare.headers["www-authenticate"]
        bad = jetond.get(path, token="bad")
        assert bad.status == 401
        assert 'error="invalid_token"' in bad.headers["www-authenticate"]


def test_a_token_in_the_query_is_refused(jetond):
    token = jetond.token("alice")
    for more in ({}, {"token": token}):
        reply = jetond.get(f"/users/me?access_token={token}", **more)
        assert reply.status == 400 and reply.json()["error"] == "invalid_request"


def test_introspection_tells_a_good_token_and_nothing_of_a_bad_one(jetond):
    token = jetond.token("alice")
    answer = jetond.post("/introspect", form={"token": token, "token_type_hint": "x"}).json()
    claims = judge(jetond, token)
    assert answer["active"] is True
    for name in ("iss", "sub", "aud", "exp", "iat", "jti", "sid", "client_id"):
        assert answer[name] == claims[name]
    assert answer["token_type"] == "Bearer"
    for bad in ("x", "a.b.c", token + "x", token.upper(), "." * 1000):
        assert jetond.post("/introspect", form={"token": bad}).json() == {"active": False}


def test_a_disabled_users_token_and_password_are_dead_at_once(fresh):
    jetond = fresh()
    jetond.add_user("bob")
    token = jetond.token("bob")
    assert jetond.get("/users/me", token=token).status == 200
    import sqlite3
    with sqlite3.connect(jetond.state / "db" / "jeton.db") as database:
        database.execute("UPDATE users SET disabled = 1 WHERE name = 'bob'")
    database.close()
    assert jetond.get("/users/me", token=token).status == 401
    assert jetond.login("bob").json()["error"] == "invalid_grant"


def test_metadata_and_jwks_are_what_clients_expect(jetond):
    one = jetond.get("/.well-known/oauth-authorization-server").json()
    assert one == jetond.get("/.well-known/openid-configuration").json()
    assert one["issuer"] == ISSUER
    assert one["token_endpoint"] == ISSUER + "/token"
    assert one["jwks_uri"] == ISSUER + "/.well-known/jwks.json"
    assert one["response_types_supported"] == ["none"]
    assert "RS256" in one["id_token_signing_alg_values_supported"]
    assert not [name for name, value in one.items() if value == []]
    reply = jetond.get("/.well-known/jwks.json")
    (key,) = reply.json()["keys"]
    assert key.keys() == {"kty", "crv", "x", "y", "kid", "alg", "use"}
    assert (key["kty"], key["crv"], key["alg"], key["use"]) == ("EC", "P-256", "ES256", "sig")


def test_the_kid_is_the_rfc_7638_thumbprint(jetond):
    import hashlib
    (key,) = jetond.get("/.well-known/jwks.json").json()["keys"]
    members = {name: key[name] for name in ("crv", "kty", "x", "y")}
    canonical = json.dumps(members, separators=(",", ":"), sort_keys=True).encode()
    digest = base64.urlsafe_b64encode(hashlib.sha256(canonical).digest()).rstrip(b"=")
    assert key["kid"] == digest.decode()


def test_no_password_and_no_token_is_in_the_log(jetond):
    secret = "a very secret password 42"
    jetond.add_user("carol", secret)
    token = jetond.token("carol", secret)
    jetond.login("carol", secret + "!")
    jetond.get("/users/me", token=token)
    log = jetond.log()
    assert secret not in log
    assert token not in log and token.split(".")[2] not in log
    assert "$y$" not in log
