"""ID tokens of outside issuers: who comes in by them, and who does not."""
import contextlib
import grp
import json
import os
import signal
import time
import urllib.parse

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from harness import PASSWORD, Daemon

import attacks
from forge import base64url, base64url_bytes, compact
from metrics import moved
from outside import (APP, GRANT, ID_TOKEN, Issuer, exchange, exchange_bytes, jwk_of, link,
                     rsa_key)

HERE = "https://here.example"


class Place:
    """A daemon that believes two issuers, and the issuers."""

    def __init__(self, folder):
        self.google = Issuer("https://accounts.google.example", folder)
        self.keycloak = Issuer(attacks.ISSUER, folder, alg="ES256", kid="a2V5LTE")
        self.daemon = Daemon(f'''
            issuer = "{HERE}"
            min-uid = 1
            refresh-idle = "1h"
            refresh-lifetime = "2h"
            web {{ group = "{grp.getgrgid(os.getegid()).gr_name}" }}
            {self.google.section(APP, "second.example")}
            {self.keycloak.section()}
            audience "https://metrics.example" {{ scope "read" {{ }} scope "write" {{ role = {{"clerk"}} }} }}
            ''')


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    made = Place(tmp_path_factory.mktemp("keys"))
    with made.daemon as daemon:
        daemon.add_user("alice", roles=["admin", "clerk"])
        assert link(daemon, "alice", made.google, "g-alice").status == 201
        assert link(daemon, "alice", made.keycloak, "k-alice").status == 201
        yield made


@pytest.fixture(scope="module")
def jetond(place):
    return place.daemon


def claims(token):
    return json.loads(base64url_bytes(token.split(".")[1]))


def refused(reply, error="invalid_request"):
    assert (reply.status, reply.json()["error"]) == (400, error), reply


def until(come, seconds=20):
    deadline = time.monotonic() + seconds
    while not come():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return True


def granted(jetond, reply):
    assert reply.status == 200, (reply, jetond.log())
    return reply.json()


# --- who is linked ---

@pytest.mark.parametrize("name", ["google", "keycloak"])
def test_a_linked_subject_logs_in(place, jetond, name):
    issuer = getattr(place, name)
    now = int(time.time())
    reply = granted(jetond, exchange(jetond, issuer.token(name[0] + "-alice", auth_time=now - 100)))
    assert reply["issued_token_type"].endswith(":access_token") and reply["refresh_token"]
    said = claims(reply["access_token"])
    assert said["iss"] == HERE and said["aud"] == HERE and said["username"] == "alice"
    assert said["amr"] == ["fed"] and said["roles"] == ["admin", "clerk"]
    assert said["auth_time"] == now - 100 and "uid" not in said
    assert jetond.get("/users/me", token=reply["access_token"]).json()["username"] == "alice"


def test_a_login_is_counted_as_what_it_was(place, jetond):
    token = place.google.token("g-alice")
    assert moved(jetond, lambda: granted(jetond, exchange(jetond, token))) == {
        "jeton_tokens_issued_total grant=id_token": 1}
    assert moved(jetond, lambda: refused(exchange(jetond, token))) == {
        "jeton_refusals_total error=invalid_request": 1}


def test_the_refresh_token_goes_on_as_the_same_login(place, jetond):
    first = granted(jetond, exchange(jetond, place.google.token("g-alice")))
    again = granted(jetond, jetond.post("/token", form={
        "grant_type": "refresh_token", "refresh_token": first["refresh_token"]}))
    old, new = claims(first["access_token"]), claims(again["access_token"])
    for same in ("sub", "sid", "amr", "auth_time", "scope"):
        assert new.get(same) == old.get(same), same


def old_login(place, jetond, name):
    """A user of that name comes in, who logged in at the issuer three hours ago."""
    jetond.add_user(name)
    assert link(jetond, name, place.google, f"g-{name}").status == 201
    token = place.google.token(f"g-{name}", auth_time=int(time.time()) - 3 * 3600)
    return granted(jetond, exchange(jetond, token))


def test_a_session_lives_from_when_it_began_here(place, jetond):
    """However long ago its user logged in at the issuer, as auth_time goes on to say: here
    refresh-idle is an hour, and refresh-lifetime two."""
    first = old_login(place, jetond, "petra")
    (session,) = jetond.get("/sessions", token=first["access_token"]).json()
    assert session["expires_at"] == session["used_at"] + 3600
    again = granted(jetond, jetond.post("/token", form={
        "grant_type": "refresh_token", "refresh_token": first["refresh_token"]}))
    login = claims(first["access_token"])["auth_time"]
    assert login == session["auth_time"] == claims(again["access_token"])["auth_time"]
    assert login < session["used_at"] - 2 * 3600


def test_with_a_login_of_before_ends_what_it_was_given_since(place, jetond):
    first = old_login(place, jetond, "quirin")
    assert jetond.post("/revocations", peer=True, data={
        "user": "quirin", "before": int(time.time()) - 2 * 3600}).status == 204
    assert jetond.post("/introspect", form={"token": first["access_token"]}).json() == {"active": False}


def test_it_works_on_the_web_where_passwords_do_not(place, jetond):
    form = {"grant_type": "password", "username": "alice", "password": PASSWORD}
    assert jetond.post("/token", web=True, form=form).json()["error"] == "unauthorized_client"
    by_password = jetond.login("alice").json()["refresh_token"]
    first = granted(jetond, exchange(jetond, place.google.token("g-alice"), web=True))
    renew = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    again = granted(jetond, jetond.post("/token", web=True, form=renew))
    assert claims(again["access_token"])["amr"] == ["fed"]
    refused(jetond.post("/token", web=True, form={**renew, "refresh_token": by_password}),
            "unauthorized_client")
    granted(jetond, jetond.post("/token", form={**renew, "refresh_token": by_password}))


def test_another_audience_and_a_scope_can_be_asked_for(place, jetond):
    reply = granted(jetond, exchange(jetond, place.google.token("g-alice"), scope="write",
                                     audience="https://metrics.example"))
    said = claims(reply["access_token"])
    assert said["aud"] == "https://metrics.example" and said["scope"] == "write"
    token = place.google.token("g-alice")
    refused(exchange(jetond, token, scope="nothing"), "invalid_scope")
    granted(jetond, exchange(jetond, token))


def test_nobody_administers_by_the_word_of_others(place, jetond):
    reply = granted(jetond, exchange(jetond, place.google.token("g-alice")))
    assert "jeton:admin" not in claims(reply["access_token"]).get("scope", "").split()
    assert jetond.get("/users", token=reply["access_token"]).status == 403
    refused(exchange(jetond, place.google.token("g-alice"), scope="jeton:admin"), "invalid_scope")


def test_an_unknown_subject_is_nobody(place, jetond):
    for sub in ("g-bob", "G-ALICE", "g-alice ", "1", "alice"):
        refused(exchange(jetond, place.google.token(sub)))
    refused(exchange(jetond, place.keycloak.token("g-alice")))


def test_a_token_is_good_for_one_login(place, jetond):
    token = place.google.token("g-alice")
    granted(jetond, exchange(jetond, token))
    refused(exchange(jetond, token))
    assert "reason=replayed" in jetond.wait_for_log("reason=replayed")


def test_the_twin_of_an_ecdsa_signature_is_the_same_token(place, jetond):
    forge = place.keycloak.forge("k-alice")
    r, s = forge.numbers()
    twin = forge.with_signature(r.to_bytes(32, "big") + (attacks.ORDER - s).to_bytes(32, "big"))
    granted(jetond, exchange(jetond, twin))
    refused(exchange(jetond, forge.token))


# --- what a token must be ---

def test_what_a_token_must_not_say(place, jetond):
    now, sub = int(time.time()), "g-alice"
    bad = {
        "expired": {"exp": now - 3600}, "no exp": {"exp": None}, "no iat": {"iat": None},
        "of the future": {"iat": now + 3600, "exp": now + 3700}, "not yet": {"nbf": now + 3600},
        "for a week": {"exp": now + 7 * 86400}, "exp as a text": {"exp": str(now + 300)},
        "no sub": {"sub": None}, "sub as a number": {"sub": 7}, "an empty sub": {"sub": ""},
        "a long sub": {"sub": "s" * 256}, "sub in UTF-8": {"sub": "g-\u00e4lice"},
        "another audience": {"aud": "other.example"}, "no audience": {"aud": None},
        "an empty list": {"aud": []}, "a stranger beside us": {"aud": [APP, "x.example"], "azp": APP},
        "several and no azp": {"aud": [APP, "second.example"]},
        "given to a stranger": {"azp": "x.example"}, "azp as a list": {"azp": [APP]},
        "audience with a space": {"aud": f"{APP} second.example"}, "an empty audience": {"aud": ""},
        "both in one": {"aud": [f"{APP} second.example"]}, "audience in capitals": {"aud": APP.upper()},
        "another issuer": {"iss": place.keycloak.url}, "a slash behind": {"iss": place.google.url + "/"},
        "no issuer": {"iss": None}, "issuer as a list": {"iss": [place.google.url]},
        "nonce as a number": {"nonce": 5}, "auth_time as a text": {"auth_time": "now"},
        "a login in the future": {"auth_time": now + 7200},
        "a logout token": {"events": {"http://schemas.openid.net/event/backchannel-logout": {}}},
        "an access token of Keycloak's": {"typ": "Bearer"},
    }
    for name, changes in bad.items():
        assert exchange(jetond, place.google.token(sub, **changes)).status == 400, name
    good = {
        "one in a list": {"aud": [APP]}, "several and azp": {"aud": [APP, "second.example"], "azp": APP},
        "azp": {"azp": "second.example"}, "a nonce": {"nonce": "n-0S6_WzA2Mj"},
        "times with fractions": {"exp": now + 300.5, "iat": now - 0.5},
        "an ID token of Keycloak's": {"typ": "ID"},
    }
    for name, changes in good.items():
        reply = exchange(jetond, place.google.token(sub, **changes))
        assert reply.status == 200, (name, reply, jetond.log())


def test_what_a_header_must_not_ask_for(place, jetond):
    bad = [{"crit": ["exp"]}, {"crit": []}, {"b64": False}, {"b64": True}, {"zip": "DEF"},
           {"cty": "JWT"}, {"jwk": place.google.jwk()}, {"jku": "https://x.example/jwks"},
           {"x5u": "https://x.example/cert"}, {"x5c": []}, {"typ": "at+jwt"}, {"typ": "logout+jwt"},
           {"kid": "two"}, {"kid": ""}, {"kid": "ONE"}]
    for header in bad:
        assert exchange(jetond, place.google.token("g-alice", header)).status == 400, header
    for header in ({"typ": "jwt"}, {"kid": None}, {"x5t": "AAAA"}, {"typ": None}):
        reply = exchange(jetond, place.google.token("g-alice", header))
        assert reply.status == 200, (header, reply, jetond.log())


def test_the_algorithm_is_the_configured_one_and_not_the_tokens(place, jetond):
    pem = place.google.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    forge = place.google.forge("g-alice")
    tokens = [forge.with_hmac(alg, secret) for alg in ("HS256", "HS384", "HS512")
              for secret in (pem, pem.strip(), b"", compact(place.google.jwk()).encode())]
    for alg in ("RS384", "RS512", "PS256"):
        tokens.append(place.google.token("g-alice", alg=alg))
    for alg in ("none", "None", "NONE", "", "RS256 ", "rs256"):
        for signature in ("", forge.signature_part):
            tokens.append(".".join([base64url(compact({"alg": alg, "kid": "one"})),
                                    forge.payload_part, signature]))
    tokens.append(place.keycloak.token("g-alice", iss=place.google.url))
    tokens.append(place.google.token("k-alice", iss=place.keycloak.url))
    tokens.append(place.google.token("g-alice", key=rsa_key()))
    for token in tokens:
        refused(exchange(jetond, token))


# Other spellings of one JSON text, and members that are no business of ours: signed by the issuer,
# they are good tokens.
HARMLESS = {
    "header no typ", "typ jwt", "typ Jwt", "auth_time 1e9", "auth_time -0", "auth_time 0",
    "auth_time 1.5", "auth_time 1795266243.0", "payload newline behind", "payload blank before",
    "payload blanks", "payload unknown member", "payload prototype", "payload objects 900 deep",
    "payload nested 2000 deep", "payload roles as an object", "payload roles as a text", "payload a role with a blank", "payload uid as a text",
    "payload uid -1", "payload uid 2^32", "payload uid 0.5", "payload scope as an array", "no jti",
    "no client_id",
}
NOT_OURS = ("sid ", "client_id ", "username ", "jti ", "x5t ", "x5t#S256 ", "iss in the header ", "epk ")


def is_harmless(name):
    return name in HARMLESS or (name.startswith(NOT_OURS) and "twice" not in name)


def test_every_attack_on_tokens_of_ours_fails_on_theirs(place, jetond):
    forge = place.keycloak.forge("k-alice", auth_time=int(time.time()), sid="s", client_id="c",
                                 username="alice", amr=["pwd"])
    came_in = [name for name, token in attacks.every_attack(forge)
               if exchange(jetond, token).status not in (400, 413)]
    assert [name for name in came_in if not is_harmless(name)] == []
    assert HARMLESS - set(came_in) == set(), "these would be refused for another reason"
    granted(jetond, exchange(jetond, forge.token))


def test_what_is_too_long_is_refused(place, jetond):
    token = place.google.token("g-alice")
    for size in (8193, 60000):
        refused(exchange(jetond, token + "A" * (size - len(token))))
    assert exchange(jetond, token + "A" * 65536).status == 413
    refused(exchange(jetond, place.google.token("g-alice", padding="x" * 20000)))
    granted(jetond, exchange(jetond, place.google.token("g-alice", picture="x" * 2000)))


# --- the keys ---

@pytest.fixture
def own(tmp_path):
    """An issuer and a daemon of a test's own, with alice linked."""
    issuer = Issuer("https://own.example", tmp_path)
    with Daemon(f'issuer = "{HERE}" min-uid = 1 {issuer.section()}') as daemon:
        daemon.add_user("alice")
        assert link(daemon, "alice", issuer, "a").status == 201
        yield daemon, issuer


def test_the_keys_of_today_count(own):
    daemon, issuer = own
    old = issuer.key
    granted(daemon, exchange(daemon, issuer.token("a")))
    issuer.key, issuer.kid = rsa_key(), "two"
    refused(exchange(daemon, issuer.token("a")))
    issuer.publish(jwk_of(old, kid="one"), issuer.jwk())
    granted(daemon, exchange(daemon, issuer.token("a")))
    granted(daemon, exchange(daemon, issuer.token("a", key=old, header={"kid": "one"})))
    refused(exchange(daemon, issuer.token("a", header={"kid": None})))
    refused(exchange(daemon, issuer.token("a", header={"kid": "one"})))
    issuer.publish(issuer.jwk())
    refused(exchange(daemon, issuer.token("a", key=old, header={"kid": "one"})))
    granted(daemon, exchange(daemon, issuer.token("a")))


def test_a_file_that_is_gone_or_broken_has_no_keys(own):
    daemon, issuer = own
    small = jwk_of(rsa_key(1024), kid="one")
    bad = ["", "{", "[]", "{}", '{"keys": {}}', '{"keys": []}', '{"keys": [], "keys": []}',
           json.dumps({"keys": [issuer.jwk(), issuer.jwk()]}), json.dumps({"keys": [small]}),
           json.dumps({"keys": [issuer.jwk(use="enc")]}), json.dumps({"keys": [issuer.jwk(alg="RS512")]}),
           json.dumps({"keys": [{"kty": "oct", "kid": "one", "k": "A" * 43}]}),
           json.dumps({"keys": [jwk_of(ec.generate_private_key(ec.SECP256R1()), kid="one")]}),
           json.dumps({"keys": [jwk_of(ed25519.Ed25519PrivateKey.generate(), kid="one")]}),
           json.dumps({"keys": [issuer.jwk()], "x": "x" * 70000})]
    for text in bad:
        issuer.publish(text=text)
        assert exchange(daemon, issuer.token("a")).status == 400, text[:80]
        issuer.publish(issuer.jwk())
        assert exchange(daemon, issuer.token("a")).status == 200, text[:80]
    issuer.file.unlink()
    refused(exchange(daemon, issuer.token("a")))
    other = issuer.file.with_suffix(".other")
    other.write_text(json.dumps({"keys": [issuer.jwk()]}))
    issuer.file.symlink_to(other)
    refused(exchange(daemon, issuer.token("a")))
    issuer.publish(issuer.jwk())
    granted(daemon, exchange(daemon, issuer.token("a")))


def test_the_process_can_be_replaced(own):
    daemon, issuer = own
    (pid,) = daemon.children()["issuer"]
    os.kill(pid, signal.SIGKILL)
    assert until(lambda: exchange(daemon, issuer.token("a")).status == 200)
    assert daemon.children()["issuer"] != [pid]


def test_a_reload_brings_other_issuers_in_other_folders(own, tmp_path_factory):
    daemon, issuer = own
    other = Issuer("https://another.example", tmp_path_factory.mktemp("other"), alg="ES256")
    daemon.config_file.write_text(f'issuer = "{HERE}" min-uid = 1 {other.section()} {issuer.section()}')
    daemon.jetond_process_signal(signal.SIGHUP)
    assert until(lambda: link(daemon, "alice", other, "o").status in (201, 409))
    assert until(lambda: exchange(daemon, other.token("o")).status == 200)
    assert until(lambda: exchange(daemon, issuer.token("a")).status == 200)
    refused(exchange(daemon, other.token("a")))
    daemon.config_file.write_text(f'issuer = "{HERE}" min-uid = 1 {issuer.section()}')
    daemon.jetond_process_signal(signal.SIGHUP)
    assert until(lambda: exchange(daemon, other.token("o")).status == 400)
    granted(daemon, exchange(daemon, issuer.token("a")))


def test_a_token_of_a_clock_that_is_ahead_ends_no_process(own):
    """By the whole leeway, and its login by as much again."""
    daemon, issuer = own
    now, before = int(time.time()), daemon.children()["issuer"]
    daemon.config_file.write_text(f'issuer = "{HERE}" min-uid = 1 leeway = "5m" {issuer.section()}')
    daemon.jetond_process_signal(signal.SIGHUP)
    assert until(lambda: exchange(daemon, issuer.token(
        "a", iat=now + 290, auth_time=now + 580, exp=now + 600)).status == 200)
    assert daemon.children()["issuer"] == before


def test_what_was_used_is_remembered_over_a_restart(own):
    daemon, issuer = own
    token = issuer.token("a")
    granted(daemon, exchange(daemon, token))
    assert daemon.stop() == 0
    daemon.start()
    refused(exchange(daemon, token))
    with daemon.database() as rows:
        # Longer than any leeway of a reload lets it be used, and than that takes.
        assert rows.execute("SELECT forget_at FROM outside_tokens").fetchall() == \
            [(claims(token)["exp"] + 300 + 60,)]
        rows.execute("UPDATE outside_tokens SET forget_at = 1")
    granted(daemon, exchange(daemon, issuer.token("a")))
    with daemon.database() as rows:
        assert rows.execute("SELECT count(*) FROM outside_tokens").fetchone() == (1,)


def test_a_revocation_of_everything_is_of_id_tokens_too(own):
    """As long as one of before may live: a day, whatever our own tokens' lifetime is."""
    daemon, issuer = own
    now = int(time.time())
    before, after = [issuer.token("a", iat=now - ago) for ago in (600, 400)]
    assert daemon.post("/revocations", peer=True, data={"all": True, "before": now - 500}).status == 204
    refused(exchange(daemon, before))
    assert "result=refused" in daemon.wait_for_log("reason=token-revoked")
    granted(daemon, exchange(daemon, after))
    with daemon.database() as rows:
        (drop_at,), = rows.execute("SELECT drop_at FROM revocations").fetchall()
    assert drop_at >= now + 86400 + 300


def test_without_a_section_no_id_token_is_taken(fresh):
    daemon = fresh()
    assert "issuer" not in daemon.children()
    reply = daemon.post("/token", form={"grant_type": GRANT, "subject_token": "a.b.c",
                                        "subject_token_type": ID_TOKEN})
    refused(reply)
    assert "no outside issuer" in reply.json()["error_description"]


# --- the account ---

def test_who_is_disabled_expired_or_removed_stays_out(place, jetond):
    def comes_in(sub):
        return exchange(jetond, place.google.token(sub)).status == 200

    jetond.add_user("dora")
    assert link(jetond, "dora", place.google, "g-dora").status == 201
    assert comes_in("g-dora")
    for change, back in (({"disabled": True}, {"disabled": False}),
                         ({"expires_at": "2001-01-01T00:00:00Z"}, {"expires_at": None}),
                         ({"must_change_password": True}, {"must_change_password": False})):
        assert jetond.request("PATCH", "/users/dora", peer=True, data=change).status == 200
        assert not comes_in("g-dora"), change
        assert jetond.request("PATCH", "/users/dora", peer=True, data=back).status == 200
        assert comes_in("g-dora"), back
    assert jetond.request("DELETE", "/users/dora", peer=True).status == 204
    jetond.add_user("dora")
    assert not comes_in("g-dora")


def test_who_has_to_wait_for_his_guesses_waits_here_too(place, jetond):
    jetond.add_user("wanda")
    assert link(jetond, "wanda", place.google, "g-wanda").status == 201

    def waits():  # on a busy machine the first waits, of a second, are over before one asks
        assert jetond.login("wanda", "wrong " * 3).status == 400
        return exchange(jetond, place.google.token("g-wanda")).status == 400

    until(waits, seconds=60)
    jetond.unlock("wanda")
    granted(jetond, exchange(jetond, place.google.token("g-wanda")))


def test_a_client_and_a_secret_are_not_for_it(place, jetond):
    token = place.google.token("g-alice")
    assert exchange(jetond, token, client_id="other").status == 401
    assert exchange(jetond, token, client_id="local", client_secret="x").status == 401
    refused(exchange(jetond, token, roles="clerk"))
    refused(exchange(jetond, token, requested_lifetime="5"))
    refused(exchange(jetond, token, requested_token_type=ID_TOKEN))
    refused(exchange(jetond, token, actor_token=token, actor_token_type=ID_TOKEN))
    granted(jetond, exchange(jetond, token, client_id="local"))


def test_a_login_here_is_exchanged_like_any_other(place, jetond):
    token = granted(jetond, exchange(jetond, place.google.token("g-alice")))["access_token"]
    access = "urn:ietf:params:oauth:token-type:access_token"
    reply = granted(jetond, jetond.post("/token", form={
        "grant_type": GRANT, "subject_token": token, "subject_token_type": access,
        "audience": "https://metrics.example"}))
    said = claims(reply["access_token"])
    assert said["amr"] == ["fed"] and said["scope"] == "read write"
    same = granted(jetond, jetond.post("/token", form={
        "grant_type": GRANT, "subject_token": token, "subject_token_type": access}))
    assert "jeton:admin" not in claims(same["access_token"]).get("scope", "").split()
    refused(exchange(jetond, token))


# --- e-mail, once ---

def person(jetond, name, email, **fields):
    jetond.add_user(name, email=email, **fields)
    return lambda: jetond.get(f"/users/{name}/links", peer=True).json()


def test_a_verified_email_that_an_administrator_set_links_once(place, jetond):
    links = person(jetond, "emma", "Emma@Example.org")
    said = {"email": "emma@example.org", "email_verified": True}
    refused(exchange(jetond, place.google.token("g-emma", email=said["email"])))
    for verified in (False, "true", "True", 1, [True], None):
        refused(exchange(jetond, place.google.token("g-emma", **{**said, "email_verified": verified})))
    assert links() == []
    granted(jetond, exchange(jetond, place.google.token("g-emma", **said)))
    (found,) = links()
    assert (found["issuer"], found["sub"], found["by"]) == (place.google.url, "g-emma", "email")
    granted(jetond, exchange(jetond, place.google.token("g-emma", email="new@example.org")))
    # The address was given to somebody else, who is another subject.
    refused(exchange(jetond, place.google.token("g-emma-2", **said)))
    refused(exchange(jetond, place.keycloak.token("k-emma", **said)))
    assert jetond.request("PATCH", "/users/emma", peer=True, data={"email": said["email"]}).status == 200
    refused(exchange(jetond, place.google.token("g-emma-2", **said)))
    assert "uid" in jetond.get("/users/emma", peer=True).json()
    assert jetond.get("/users/emma", peer=True).json()["uid"] is None


def test_an_email_that_its_user_set_links_nobody(place, jetond):
    links = person(jetond, "fred", "fred@example.org")
    token = jetond.token("fred")
    assert jetond.request("PATCH", "/users/me", token=token,
                          data={"email": "gina@example.org"}).status == 200
    said = {"email": "gina@example.org", "email_verified": True}
    refused(exchange(jetond, place.google.token("g-gina", **said)))
    assert jetond.request("PATCH", "/users/me", token=token,
                          data={"email": "fred@example.org"}).status == 200
    refused(exchange(jetond, place.google.token("g-fred", email="fred@example.org",
                                                email_verified=True)))
    assert links() == []
    # Whose it is by an administrator's word gets it, whoever else calls it his own.
    assert jetond.request("PATCH", "/users/me", token=token,
                          data={"email": "gina@example.org"}).status == 200
    gina = person(jetond, "gina", "gina@example.org")
    granted(jetond, exchange(jetond, place.google.token("g-gina", **said)))
    assert len(gina()) == 1 and links() == []


def test_an_email_of_two_users_links_nobody(place, jetond):
    links = person(jetond, "hans", "both@example.org"), person(jetond, "hugo", "BOTH@example.org")
    said = {"email": "both@example.org", "email_verified": True}
    refused(exchange(jetond, place.google.token("g-both", **said)))
    assert [read() for read in links] == [[], []]
    assert jetond.request("PATCH", "/users/hugo", peer=True, data={"email": None}).status == 200
    granted(jetond, exchange(jetond, place.google.token("g-both", **said)))


def test_who_has_a_link_is_not_linked_by_email(place, jetond):
    person(jetond, "ines", "ines@example.org")
    assert link(jetond, "ines", place.google, "g-ines").status == 201
    said = {"email": "ines@example.org", "email_verified": True}
    refused(exchange(jetond, place.google.token("g-other", **said)))
    query = urllib.parse.urlencode({"issuer": place.google.url, "sub": "g-ines"})
    assert jetond.request("PATCH", "/users/ines", peer=True,
                          data={"email": "ines@example.org"}).status == 200
    assert jetond.request("DELETE", f"/users/ines/links?{query}", peer=True).status == 204
    # Taken away, it does not come back by itself, nor by a record that is saved as it was; an
    # administrator who sets the e-mail says so.
    refused(exchange(jetond, place.google.token("g-ines", **said)))
    assert jetond.request("PUT", "/users/ines", peer=True,
                          data={"email": "ines@example.org", "roles": ["clerk"]}).status == 200
    refused(exchange(jetond, place.google.token("g-ines", jti="saved", **said)))
    for email in (None, "ines@example.org"):
        assert jetond.request("PATCH", "/users/ines", peer=True, data={"email": email}).status == 200
    # A token of the second in which all of his were revoked would be one of them: it is a 503 then.
    replies = []
    until(lambda: replies.append(exchange(jetond, place.google.token(
        "g-ines", jti=str(len(replies)), **said))) or replies[-1].status != 503)
    granted(jetond, replies[-1])


def test_a_disabled_user_is_not_linked_by_email(place, jetond):
    links = person(jetond, "jana", "jana@example.org")
    assert jetond.request("PATCH", "/users/jana", peer=True, data={"disabled": True}).status == 200
    refused(exchange(jetond, place.google.token("g-jana", email="jana@example.org",
                                                email_verified=True)))
    assert links() == []


# --- many at once ---

@contextlib.contextmanager
def issuer_at_rest(jetond):
    """No token is judged meanwhile. Where that takes 5 s the process is replaced, and who was asked
    about gets 503."""
    (pid,) = jetond.children()["issuer"]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def test_a_flood_from_one_address_keeps_no_other_from_his_login(fresh, tmp_path):
    issuer = Issuer("https://own.example", tmp_path, alg="ES256")
    jetond = fresh(f"""issuer = "{HERE}" max-hashes-per-uid = 3 {issuer.section()}
        web {{ group = "{grp.getgrgid(os.getegid()).gr_name}" }}""")
    jetond.add_user("alice")
    assert link(jetond, "alice", issuer, "a").status == 201

    def ask(address, subject):
        connection = jetond.connect(path=jetond.web_socket)
        connection.send(exchange_bytes(issuer.token(subject), [("X-Forwarded-For", address)]))
        return connection

    with issuer_at_rest(jetond):
        flood = [ask("192.0.2.1", "nobody") for _ in range(10)]
        jetond.settle()
        other = ask("192.0.2.2", "a")
        jetond.settle()
    granted(jetond, other.reply())
    replies = [connection.reply() for connection in flood]
    refusals = [reply for reply in replies if reply.status == 503]
    assert {reply.status for reply in replies} == {400, 503} and len(refusals) in (7, 8)
    for reply in refusals:
        assert reply.json()["error"] == "temporarily_unavailable"
        assert reply.headers["retry-after"] == "1"


# --- links, as an administrator makes them ---

def test_links_are_made_shown_and_taken_away(place, jetond):
    jetond.add_user("lena")
    path = "/users/lena/links"
    made = link(jetond, "lena", place.google, "g lena/?&+%")
    assert made.status == 201
    assert {**made.json(), "created_at": 0} == {
        "issuer": place.google.url, "sub": "g lena/?&+%", "by": "admin", "created_at": 0}
    assert link(jetond, "lena", place.google, "g lena/?&+%").status == 409
    assert link(jetond, "alice", place.google, "g lena/?&+%").status == 409
    listed = jetond.get(path, peer=True)
    assert listed.json() == [made.json()] and listed.headers["x-total-count"] == "1"
    login = granted(jetond, exchange(jetond, place.google.token("g lena/?&+%")))
    query = urllib.parse.urlencode({"issuer": place.google.url, "sub": "g lena/?&+%"})
    assert jetond.request("DELETE", f"/users/alice/links?{query}", peer=True).status == 404
    assert jetond.request("DELETE", f"{path}?{query}", peer=True).status == 204
    assert jetond.request("DELETE", f"{path}?{query}", peer=True).status == 404
    assert jetond.get(path, peer=True).json() == []
    refused(exchange(jetond, place.google.token("g lena/?&+%")))
    assert jetond.post("/introspect", form={"token": login["access_token"]}).json() == {"active": False}
    refused(jetond.post("/token", form={"grant_type": "refresh_token",
                                        "refresh_token": login["refresh_token"]}), "invalid_grant")


def test_what_cannot_be_a_link_is_refused(place, jetond):
    jetond.add_user("mona")
    for data in ({}, {"issuer": place.google.url}, {"sub": "x"},
                 {"issuer": "https://unknown.example", "sub": "x"},
                 {"issuer": place.google.url, "sub": ""}, {"issuer": place.google.url, "sub": "\u00e4"},
                 {"issuer": place.google.url, "sub": "x" * 256}, {"issuer": place.google.url, "sub": 5},
                 {"issuer": place.google.url, "sub": "x", "by": "email"}):
        assert jetond.post("/users/mona/links", peer=True, data=data).status == 400, data
    for query in ("", "issuer=x", "sub=x"):
        assert jetond.request("DELETE", f"/users/mona/links?{query}", peer=True).status == 400
    assert jetond.get("/users/nobody/links", peer=True).status == 404
    for number in range(16):
        assert link(jetond, "mona", place.google, f"m{number}").status == 201
    assert link(jetond, "mona", place.google, "m16").status == 409


def test_links_are_for_administrators(place, jetond):
    token = granted(jetond, exchange(jetond, place.google.token("g-alice")))["access_token"]
    for method, data in (("GET", None), ("POST", {"issuer": place.google.url, "sub": "x"}),
                         ("DELETE", None)):
        path = "/users/alice/links" + ("?issuer=x&sub=x" if method == "DELETE" else "")
        assert jetond.request(method, path, data=data, token=token).status == 403
        assert jetond.request(method, path, data=data).status == 401


def test_the_command_makes_shows_and_takes_links(place, jetond):
    jetond.add_user("nora")
    about = ("--issuer", place.google.url, "--subject", "n 1&2")
    done = jetond.jeton("user", "link", "nora", *about)
    assert done.returncode == 0 and "n 1&2" in done.stdout, done
    assert "n 1&2" in jetond.jeton("user", "links", "nora").stdout
    (listed,) = json.loads(jetond.jeton("user", "links", "nora", "--json").stdout)
    assert (listed["sub"], listed["by"]) == ("n 1&2", "admin")
    granted(jetond, exchange(jetond, place.google.token("n 1&2")))
    assert jetond.jeton("user", "link", "nora", *about).returncode == 1
    assert jetond.jeton("user", "link", "nora", *about[:2]).returncode == 2
    assert jetond.jeton("user", "link", "nora", "root", *about).returncode == 2
    done = jetond.jeton("user", "link", "nora", *about, "--remove", "--json")
    assert json.loads(done.stdout) == {"unlinked": "n 1&2"}, done
    again = jetond.jeton("user", "link", "nora", *about, "--remove")
    assert again.returncode == 1 and "`jeton user links nora` shows what there is" in again.stderr
    unknown = jetond.jeton("user", "link", "nora", "--issuer", "https://x.example", "--subject", "x")
    assert unknown.returncode == 1 and "counts from the next reload of jetond" in unknown.stderr
    assert "nora is linked to nobody" in jetond.jeton("user", "links", "nora").stdout
    assert json.loads(jetond.jeton("user", "links", "nora", "--json").stdout) == []
    assert jetond.jeton("user", "links", "of-nobody").returncode == 1


def test_the_log_says_who_came_in_by_whom(place, jetond):
    granted(jetond, exchange(jetond, place.google.token("g-alice")))
    line = jetond.wait_for_log(f'issuer="{place.google.url}"')
    assert "event=" in line
    assert "by=admin" in jetond.wait_for_log("event=link-add")
    refused(exchange(jetond, place.google.token("g-alice", aud="x")))
    assert "result=refused" in jetond.wait_for_log("reason=token-audience")
