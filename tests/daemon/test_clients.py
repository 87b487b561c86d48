"""Confidential clients: made by an administrator, known by an id and a secret, on both sockets."""
import base64
import grp
import os
import signal
import urllib.parse

import pytest
from harness import Daemon

METRICS = "https://metrics.example"


@pytest.fixture(scope="module")
def jetond():
    group = grp.getgrgid(os.getegid()).gr_name
    config = f"""
        issuer = "https://host.example"
        web {{ group = "{group}" }}
        audience "{METRICS}" {{ lifetime = 5m scope "read" {{ }} scope "write" {{ role = {{"x"}} }} }}
        audience "https://other.example" {{ scope "else" {{ }} }}
        identity "taken" {{ user = {{"61001"}} audience = {{"{METRICS}"}} }}
        """
    with Daemon(config) as daemon:
        yield daemon


def add(jetond, client, **fields):
    data = {"id": client, "audiences": [METRICS], "scopes": ["read", "write"], **fields}
    return jetond.post("/clients", data=data, peer=True)


@pytest.fixture(scope="module")
def secret(jetond):
    reply = add(jetond, "robot", name="A röbot")
    assert reply.status == 201, (reply, jetond.log())
    assert reply.headers["cache-control"] == "no-store"
    return reply.json()["secret"]


def basic(name, secret, quote=urllib.parse.quote_plus):
    pair = f"{quote(name)}:{quote(secret)}".encode()
    return [("Authorization", "Basic " + base64.b64encode(pair).decode())]


def ask(jetond, headers=(), web=False, **form):
    form = {"grant_type": "client_credentials", "audience": METRICS, **form}
    return jetond.post("/token", form=form, headers=headers, web=web)


def failed(reply, error="invalid_client", status=401):
    assert (reply.status, reply.json()["error"]) == (status, error), reply
    return reply.headers.get("www-authenticate")


@pytest.mark.parametrize("web", [False, True])
def test_rfc6749_4_4_a_client_gets_a_token_by_basic_and_by_post(jetond, secret, web):
    for reply in (ask(jetond, headers=basic("robot", secret), web=web),
                  ask(jetond, client_id="robot", client_secret=secret, web=web),
                  ask(jetond, headers=basic("robot", secret), client_id="robot", web=web)):
        assert reply.status == 200, (reply, jetond.log())
        assert reply.json()["expires_in"] == 300 and reply.json()["scope"] == "read write"
        assert "refresh_token" not in reply.json()  # RFC 6749 4.4.3
        said = jetond.post("/introspect", form={"token": reply.json()["access_token"]}).json()
        assert (said["sub"], said["client_id"]) == ("client:robot", "robot")
        assert said["roles"] == [] and said["amr"] == [] and "username" not in said


def test_rfc6749_2_3_1_basic_is_form_encoded_before_it_is_base64(jetond, secret):
    def every_byte(text):
        return "".join(f"%{ord(c):02X}" for c in text)

    assert ask(jetond, headers=basic("robot", secret, every_byte)).status == 200


def test_a_scope_and_an_audience_are_bounded_by_the_client(jetond, secret):
    who = {"client_id": "robot", "client_secret": secret}
    assert ask(jetond, scope="read", **who).json()["scope"] == "read"
    failed(ask(jetond, scope="read else", **who), "invalid_scope", 400)
    failed(ask(jetond, **{**who, "audience": "https://other.example"}), "invalid_target", 400)
    failed(ask(jetond, **{**who, "audience": "https://host.example"}), "invalid_target", 400)


@pytest.mark.parametrize("web", [False, True])
def test_rfc6749_5_2_a_wrong_proof_is_401_and_basic_is_challenged(jetond, secret, web):
    challenge = 'Basic realm="jeton"'
    for name, proof in (("robot", secret[:-1]), ("robot", secret + "x"), ("nobody", secret),
                        ("local", secret), ("robot", "x"), ("robot", secret.swapcase()),
                        ("x" * 129, "x"), ("robot", "y" * 129), ("taken", "x")):
        assert failed(ask(jetond, headers=basic(name, proof), web=web)) == challenge
        assert failed(ask(jetond, client_id=name, client_secret=proof, web=web)) == challenge


@pytest.mark.parametrize("value", ["Basic", "Basic !", "Basic cm9ib3Q=", "Basic Og==x", "Basic Og",
                                   "Basic cm9ib3Q6", "Basic OnNlY3JldA==", "Basic cm9ib3R=" * 400,
                                   "Basic JXp6OiV6eg==", "Basic YSZiOmM=", "Basic cm9-bzpi"])
def test_basic_that_holds_no_client_is_refused(jetond, value):
    assert failed(ask(jetond, headers=[("Authorization", value)]))


def test_rfc6749_2_3_one_proof_at_a_time(jetond, secret):
    failed(ask(jetond, headers=basic("robot", secret), client_secret=secret, client_id="robot"),
           "invalid_request", 400)
    failed(ask(jetond, headers=basic("robot", secret), client_id="other"), "invalid_request", 400)
    failed(ask(jetond, client_secret=secret), "invalid_request", 400)


def test_the_secret_is_shown_once_and_never_written(jetond, secret):
    assert len(secret) == 43
    shown = jetond.get("/clients/robot", peer=True)
    assert shown.status == 200 and "secret" not in shown.json()
    assert shown.json() == {"id": "robot", "name": "A röbot", "audiences": [METRICS],
                            "scopes": ["read", "write"], "enabled": True,
                            "created_at": shown.json()["created_at"]}
    assert secret not in jetond.get("/clients", peer=True).body.decode()
    assert secret not in jetond.log()
    for file in jetond.state.rglob("jeton.db*"):
        assert secret.encode() not in file.read_bytes()


def test_clients_are_listed_and_deleted_and_their_tokens_end_with_them(fresh, jetond):
    jetond = fresh(jetond.config_file.read_text())
    for name in ("c", "a", "b"):
        secret = add(jetond, name).json()["secret"]
    assert [c["id"] for c in jetond.get("/clients", peer=True).json()] == ["a", "b", "c"]
    page = jetond.get("/clients?skip=1&limit=1", peer=True)
    assert [c["id"] for c in page.json()] == ["b"] and page.headers["x-total-count"] == "3"
    token = ask(jetond, client_id="b", client_secret=secret).json()["access_token"]
    assert jetond.request("DELETE", "/clients/b", peer=True).status == 204
    assert jetond.request("DELETE", "/clients/b", peer=True).status == 404
    failed(ask(jetond, client_id="b", client_secret=secret))
    assert jetond.post("/introspect", form={"token": token}).json() == {"active": False}
    again = add(jetond, "b").json()["secret"]
    failed(ask(jetond, client_id="b", client_secret=secret))
    token = ask(jetond, client_id="b", client_secret=again).json()["access_token"]
    assert jetond.post("/introspect", form={"token": token}).json()["active"] is True


def test_clients_survive_a_restart(fresh, jetond):
    jetond = fresh(jetond.config_file.read_text())
    secret = add(jetond, "keeper").json()["secret"]
    jetond.stop()
    jetond.start()
    assert ask(jetond, client_id="keeper", client_secret=secret).status == 200


@pytest.mark.parametrize("fields,status", [
    ({"id": "robot"}, 409), ({"id": "taken"}, 409), ({"id": "local"}, 400), ({"id": ""}, 400),
    ({"id": "a b"}, 400), ({"id": "x" * 65}, 400), ({"id": "a/b"}, 400), ({"id": "é"}, 400),
    ({"id": "n", "audiences": []}, 400), ({"id": "n", "audiences": ["https://x.example"]}, 400),
    ({"id": "n", "scopes": ["else"]}, 400), ({"id": "n", "name": "a\nb"}, 400),
    ({"id": "n", "secret": "mine"}, 400), ({"id": 7}, 400)])
def test_a_client_that_cannot_be_is_refused(jetond, secret, fields, status):
    assert add(jetond, fields.pop("id"), **fields).status == status
    assert jetond.get("/clients/n", peer=True).status == 404


@pytest.mark.parametrize("method,path", [("GET", "/clients"), ("POST", "/clients"),
                                         ("GET", "/clients/robot"), ("DELETE", "/clients/robot")])
def test_clients_are_for_administrators(jetond, secret, method, path):
    data = {"id": "n", "audiences": [METRICS]} if method == "POST" else None
    assert jetond.request(method, path, data=data).status == 401
    token = ask(jetond, client_id="robot", client_secret=secret).json()["access_token"]
    assert jetond.request(method, path, data=data, token=token).status == 401
    if os.geteuid() == 0:
        assert jetond.request(method, path, data=data, peer=True, uid=61009).status == 403


def test_rfc7662_2_1_introspection_on_web_sock_takes_a_client(jetond, secret):
    token = ask(jetond, client_id="robot", client_secret=secret).json()["access_token"]

    def introspect(headers=(), **form):
        return jetond.post("/introspect", form={"token": token, **form}, headers=headers, web=True)

    assert introspect(basic("robot", secret)).json()["active"] is True
    assert introspect(client_id="robot", client_secret=secret).json()["sub"] == "client:robot"
    assert failed(introspect()) == 'Basic realm="jeton"'
    assert failed(introspect(basic("robot", "x"))) == 'Basic realm="jeton"'
    assert failed(introspect(client_id="robot", client_secret="x"))
    assert failed(introspect(client_id="robot"))
    assert introspect(basic("robot", secret), token="x").json() == {"active": False}


def test_a_password_is_not_for_confidential_clients(jetond, secret):
    form = {"grant_type": "password", "username": "a", "password": "b"}
    failed(jetond.post("/token", form=form, headers=basic("robot", secret)))


def test_the_metadata_names_the_grants_and_the_proofs(jetond):
    said = jetond.get("/.well-known/oauth-authorization-server").json()
    assert {"client_credentials", "urn:ietf:params:oauth:grant-type:token-exchange"} <= set(
        said["grant_types_supported"])
    proofs = {"none", "client_secret_basic", "client_secret_post"}
    assert set(said["token_endpoint_auth_methods_supported"]) == proofs
    assert set(said["introspection_endpoint_auth_methods_supported"]) == proofs


# --- refresh and revocation: each its own ----------------------------------------------------------

@pytest.fixture(scope="module")
def alice(jetond):
    jetond.add_user("alice")
    return "alice"


def is_active(jetond, token):
    return jetond.post("/introspect", form={"token": token}).json()["active"]


def robots_token(jetond, secret):
    return ask(jetond, client_id="robot", client_secret=secret).json()["access_token"]


def test_rfc6749_6_a_refresh_token_is_bound_to_its_client(jetond, secret, alice):
    login = jetond.login(alice).json()

    def refresh(headers=(), **form):
        return jetond.post("/token", headers=headers, form={
            "grant_type": "refresh_token", "refresh_token": login["refresh_token"], **form})

    failed(refresh(basic("robot", secret)), "invalid_grant", 400)
    failed(refresh(client_id="robot", client_secret=secret), "invalid_grant", 400)
    failed(refresh(basic("robot", "x")))
    failed(refresh(client_id="robot"))
    failed(refresh(client_id="local", client_secret="x"))
    assert is_active(jetond, login["access_token"])  # no refusal ended the family
    assert refresh(client_id="local").status == 200


def revoke(jetond, token, headers=(), web=False, **form):
    return jetond.post("/revoke", form={"token": token, **form}, headers=headers, web=web)


@pytest.mark.parametrize("web", [False, True])
def test_rfc7009_2_1_a_client_revokes_what_it_was_given(jetond, secret, web):
    token = robots_token(jetond, secret)
    assert failed(revoke(jetond, token, basic("robot", "x"), web))
    assert failed(revoke(jetond, token, client_id="robot", client_secret="x", web=web))
    assert is_active(jetond, token)
    assert revoke(jetond, token, basic("robot", secret), web).status == 200
    assert not is_active(jetond, token)
    token = robots_token(jetond, secret)
    assert revoke(jetond, token, client_id="robot", client_secret=secret, web=web).status == 200
    assert not is_active(jetond, token)


@pytest.mark.parametrize("web", [False, True])
def test_rfc7009_2_1_a_client_revokes_nothing_of_another(jetond, secret, alice, web):
    other = add(jetond, f"other{web}").json()["secret"]
    token, login = robots_token(jetond, secret), jetond.login(alice).json()
    for foreign in (token, login["access_token"], login["refresh_token"]):
        failed(revoke(jetond, foreign, basic(f"other{web}", other), web), "invalid_grant", 400)
    assert is_active(jetond, token) and is_active(jetond, login["access_token"])


def test_a_clients_token_is_not_ended_by_whoever_was_shown_it(jetond, secret):
    token = robots_token(jetond, secret)
    assert failed(revoke(jetond, token))
    assert failed(revoke(jetond, token, client_id="robot"))
    failed(revoke(jetond, token, client_id="local"), "invalid_grant", 400)
    failed(revoke(jetond, token, client_id="a\0b"))
    assert is_active(jetond, token)


def test_a_login_is_ended_by_whoever_holds_it_on_this_host(jetond, alice):
    for named in ({}, {"client_id": "local"}, {"client_id": "None"}):
        login = jetond.login(alice).json()
        assert revoke(jetond, login["refresh_token"], **named).status == 200
        assert not is_active(jetond, login["access_token"])


def test_revocation_on_web_sock_takes_a_client(jetond, secret):
    assert failed(revoke(jetond, "x", web=True))
    assert failed(revoke(jetond, "x", web=True, client_id="local"))
    for unknown in ("x", "A" * 9000):
        assert revoke(jetond, unknown, basic("robot", secret), web=True).status == 200
    assert failed(revoke(jetond, "A" * 9000, basic("robot", "x"), web=True))


# --- a client in the hands of an administrator -----------------------------------------------------

def change(jetond, client, **fields):
    return jetond.request("PATCH", f"/clients/{client}", data=fields, peer=True)


def test_a_client_that_is_switched_off_proves_nothing_and_what_it_had_ends(jetond):
    secret = add(jetond, "switch").json()["secret"]
    who = {"client_id": "switch", "client_secret": secret}
    token = ask(jetond, **who).json()["access_token"]
    reply = change(jetond, "switch", enabled=False)
    assert reply.status == 200 and reply.json()["enabled"] is False and "secret" not in reply.json()
    assert not is_active(jetond, token)
    failed(ask(jetond, **who))
    failed(jetond.post("/introspect", form={"token": token, **who}, web=True))
    assert change(jetond, "switch", enabled=True).json()["enabled"] is True
    assert is_active(jetond, ask(jetond, **who).json()["access_token"])
    assert not is_active(jetond, token)


def test_a_client_is_changed_member_by_member(jetond):
    secret = add(jetond, "member", name="before").json()["secret"]
    who = {"client_id": "member", "client_secret": secret}
    assert change(jetond, "member").json()["name"] == "before"
    assert change(jetond, "member", name=None).json()["name"] is None
    said = change(jetond, "member", scopes=["read"]).json()
    assert said["scopes"] == ["read"] and said["audiences"] == [METRICS] and said["enabled"] is True
    assert ask(jetond, **who).json()["scope"] == "read"
    failed(ask(jetond, scope="write", **who), "invalid_scope", 400)
    said = change(jetond, "member", audiences=["https://other.example"], scopes=["else"]).json()
    assert said == jetond.get("/clients/member", peer=True).json()
    failed(ask(jetond, **who), "invalid_target", 400)


@pytest.mark.parametrize("fields", [
    {"audiences": []}, {"audiences": ["https://x.example"]}, {"scopes": ["else"]},
    {"audiences": ["https://other.example"]}, {"name": "a\nb"}, {"enabled": 1}, {"id": "x"},
    {"secret": "mine"}, {"name": "x" * 300}])
def test_a_change_that_cannot_be_changes_nothing(jetond, secret, fields):
    before = jetond.get("/clients/robot", peer=True).json()
    assert change(jetond, "robot", **fields).status == 400
    assert jetond.get("/clients/robot", peer=True).json() == before
    assert change(jetond, "nobody", name="x").status == 404


def test_a_new_secret_takes_the_place_of_the_old_one(jetond):
    old = add(jetond, "renewed").json()["secret"]
    token = ask(jetond, client_id="renewed", client_secret=old).json()["access_token"]
    reply = jetond.post("/clients/renewed/secret", peer=True)
    assert reply.status == 200 and reply.headers["cache-control"] == "no-store"
    new = reply.json()["secret"]
    assert len(new) == 43 and new != old and new not in jetond.log()
    failed(ask(jetond, client_id="renewed", client_secret=old))
    assert ask(jetond, client_id="renewed", client_secret=new).status == 200
    assert is_active(jetond, token)
    assert jetond.post("/clients/nobody/secret", peer=True).status == 404


# --- what the log says ------------------------------------------------------------------------------

def lines(jetond, *words):
    return [line for line in jetond.log().splitlines()
            if ": audit " in line and all(word in line for word in words)]


def test_each_decision_about_a_client_is_a_line(jetond):
    secret = add(jetond, "logged").json()["secret"]
    who = {"client_id": "logged", "client_secret": secret}
    ask(jetond, **who)
    ask(jetond, **{**who, "audience": "https://other.example"})
    ask(jetond, scope="read else", **who)
    ask(jetond, client_id="logged", client_secret="x")
    change(jetond, "logged", enabled=False)
    jetond.post("/clients/logged/secret", peer=True)
    jetond.request("DELETE", "/clients/logged", peer=True)
    for event, said in (("client-add", 'client="logged"'),
                        ("client-token", f'audience="{METRICS}" client="logged"'),
                        ("client-token", "client logged has not the audience https://other.example"),
                        ("client-token", "client logged has not all of the scope read else"),
                        ("client-token", "no such client, disabled or a wrong secret"),
                        ("client-change", "changed=enabled enabled=0"),
                        ("client-secret", 'client="logged"'),
                        ("client-delete", 'client="logged"')):
        jetond.wait_for_log(said)
        assert lines(jetond, f"event={event} ", said), (event, said, jetond.log())
    assert secret not in jetond.log()


@pytest.mark.parametrize("web", [False, True])
def test_rfc7662_4_a_client_sees_the_tokens_of_its_audiences_and_its_own(jetond, secret, web):
    def is_active(token, asker, of):
        reply = jetond.post("/introspect", form={"token": token}, headers=basic(asker, of), web=web)
        assert reply.status == 200, reply
        return reply.json()["active"]

    reader = f"reader-{'web' if web else 'local'}"
    other = add(jetond, reader, audiences=["https://other.example"], scopes=["else"]).json()["secret"]
    both = add(jetond, f"both-{reader}", audiences=[METRICS, "https://other.example"],
               scopes=["read", "else"]).json()["secret"]
    token = ask(jetond, headers=basic("robot", secret)).json()["access_token"]
    theirs = ask(jetond, headers=basic(reader, other),
                 audience="https://other.example").json()["access_token"]
    assert is_active(token, "robot", secret) and is_active(theirs, reader, other)
    assert not is_active(token, reader, other) and not is_active(theirs, "robot", secret)
    assert is_active(token, f"both-{reader}", both) and is_active(theirs, f"both-{reader}", both)
    # Its audiences are taken away, what it was given is still its own.
    changed = jetond.request("PATCH", f"/clients/{reader}", data={"audiences": [METRICS],
                                                                 "scopes": ["read"]}, peer=True)
    assert changed.status in (200, 204), changed
    assert is_active(theirs, reader, other) and is_active(token, reader, other)
    # On jeton.sock the kernel's word is enough, and any token may be looked at.
    for any_token in (token, theirs):
        assert jetond.post("/introspect", form={"token": any_token}).json()["active"]


def test_a_client_is_not_the_identity_that_was_given_its_name_later(fresh):
    config = f"""
        issuer = "https://host.example"
        audience "{METRICS}" {{ scope "read" {{ }} }}
        audience "https://other.example" {{ scope "else" {{ }} }}
        """
    jetond = fresh(config)
    proof = {"client_id": "namesake", "client_secret":
             add(jetond, "namesake", scopes=["read"]).json()["secret"]}
    jetond.config_file.write_text(config + f"""
        identity "namesake" {{ user = {{"{os.geteuid()}"}} audience = {{"https://other.example"}} }}
        """)
    jetond.jetond_process_signal(signal.SIGHUP)
    jetond.wait_for_log("the new settings are in force")
    reply = jetond.post("/token", form={"grant_type": "client_credentials",
                                        "audience": "https://other.example"})
    assert reply.status == 200, reply
    token = reply.json()["access_token"]
    assert jetond.post("/introspect", form={"token": token, **proof}).json() == {"active": False}
    failed(jetond.post("/revoke", form={"token": token, **proof}), "invalid_grant", 400)
    assert is_active(jetond, token)
