"""Token exchange (RFC 8693): one's own token for a narrower one, never for a wider one."""
import base64
import grp
import json
import os
import signal
import time

import pytest
from harness import Daemon, compose, encode_form, is_root

ISSUER, METRICS, BILLING = "https://host.example", "https://metrics.example", \
    "https://billing.example"
FORM = ("Content-Type", "application/x-www-form-urlencoded")
GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS = "urn:ietf:params:oauth:token-type:access_token"


def config():
    group = grp.getgrgid(os.getegid()).gr_name
    return f"""
        issuer = "{ISSUER}"
        min-uid = 1
        web {{ group = "{group}" }}
        audience "{METRICS}" {{
            lifetime = 10m
            scope "read" {{ }} scope "write" {{ role = {{"clerk"}} }}
        }}
        audience "{BILLING}" {{ role = {{"clerk"}} typ = "JWT" scope "bill" {{ }} }}
        identity "machine" {{
            user = {{"61001"}} audience = {{"{METRICS}", "{ISSUER}"}} scope = {{"read"}}
            role = {{"robot", "spare"}}
        }}
        self {{ audience = {{"{ISSUER}", "{METRICS}"}} scope = {{"read"}} }}
        """


@pytest.fixture(scope="module")
def jetond():
    with Daemon(config()) as daemon:
        daemon.add_user("alice", roles=["admin", "clerk"], uid=61010)
        daemon.add_user("bob")
        yield daemon


def asked(token, **form):
    return {"grant_type": GRANT, "subject_token": token, "subject_token_type": ACCESS, **form}


def exchange(jetond, token, headers=(), web=False, **form):
    return jetond.post("/token", form=asked(token, **form), headers=headers, web=web)


def claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def narrowed(jetond, token, **form):
    reply = exchange(jetond, token, **form)
    assert reply.status == 200, (reply, jetond.log())
    assert reply.json()["issued_token_type"] == ACCESS
    assert reply.json()["token_type"] == "Bearer" and "refresh_token" not in reply.json()
    fresh = reply.json()["access_token"]
    assert jetond.post("/introspect", form={"token": fresh}).json()["active"] is True
    return fresh


def refused(reply, error):
    assert (reply.status, reply.json()["error"]) == (400, error), reply


def test_a_login_becomes_a_token_for_one_service(jetond):
    login = jetond.token("alice")
    old, new = claims(login), claims(narrowed(jetond, login, audience=METRICS))
    assert new["aud"] == METRICS and new["scope"] == "read write"
    for same in ("sub", "sid", "client_id", "username", "uid", "auth_time", "amr", "roles", "iss"):
        assert new[same] == old[same], same
    assert new["jti"] != old["jti"] and new["exp"] <= old["exp"]


def test_scope_roles_and_lifetime_are_narrowed(jetond):
    token = narrowed(jetond, jetond.token("alice"), audience=METRICS, scope="read", roles="clerk",
                     requested_lifetime="60")
    said = claims(token)
    assert said["scope"] == "read" and said["roles"] == ["clerk"]
    assert said["exp"] - said["iat"] == 60
    assert claims(narrowed(jetond, jetond.token("alice"), roles="-")).get("roles", []) == []


def test_a_narrowed_token_is_narrowed_again_and_never_widened(jetond):
    narrow = narrowed(jetond, jetond.token("alice"), audience=METRICS, scope="read", roles="clerk",
                      requested_lifetime="100")
    again = narrowed(jetond, narrow, requested_lifetime="50")
    assert claims(again)["scope"] == "read" and claims(again)["exp"] <= claims(narrow)["exp"]
    assert claims(narrowed(jetond, narrow))["exp"] <= claims(narrow)["exp"]
    assert claims(narrowed(jetond, narrow, requested_lifetime="9999"))["exp"] <= claims(narrow)["exp"]
    refused(exchange(jetond, narrow, scope="read write"), "invalid_scope")
    refused(exchange(jetond, narrow, scope="write"), "invalid_scope")
    refused(exchange(jetond, narrow, roles="admin"), "invalid_request")
    refused(exchange(jetond, narrow, audience=ISSUER), "invalid_target")
    refused(exchange(jetond, narrow, audience=BILLING), "invalid_target")


def test_what_the_roles_do_not_open_is_not_had_by_an_exchange(jetond):
    login = jetond.token("bob")
    assert claims(narrowed(jetond, login, audience=METRICS))["scope"] == "read"
    refused(exchange(jetond, login, audience=METRICS, scope="write"), "invalid_scope")
    refused(exchange(jetond, login, audience=BILLING), "invalid_target")
    refused(exchange(jetond, login, audience="https://unknown.example"), "invalid_target")
    refused(exchange(jetond, login, audience=METRICS + " " + ISSUER), "invalid_target")
    refused(exchange(jetond, login, roles="clerk"), "invalid_request")


def test_roles_that_were_given_away_open_nothing_at_the_next_audience(jetond):
    less = narrowed(jetond, jetond.token("alice"), roles="-")
    refused(exchange(jetond, less, audience=BILLING), "invalid_target")
    assert claims(narrowed(jetond, less, audience=METRICS))["scope"] == "read"
    assert "jeton:admin" not in claims(narrowed(jetond, jetond.token("alice"), roles="clerk")).get(
        "scope", "")


def test_a_role_that_was_lost_since_is_lost(fresh):
    jetond = fresh(config())
    jetond.add_user("carol", roles=["clerk"])
    login = jetond.token("carol")
    assert jetond.request("PATCH", "/users/carol", data={"roles": []}, peer=True).status == 200
    reply = exchange(jetond, login, audience=BILLING)
    assert reply.status == 400, reply
    assert exchange(jetond, login, audience=METRICS).status in (200, 400)


def test_a_token_of_a_disabled_user_is_exchanged_no_more(fresh):
    jetond = fresh(config())
    jetond.add_user("carol")
    login = jetond.token("carol")
    assert jetond.request("PATCH", "/users/carol", data={"disabled": True}, peer=True).status == 200
    refused(exchange(jetond, login), "invalid_request")


def test_a_token_with_an_account_that_is_no_longer_his_is_exchanged_no_more(fresh):
    jetond = fresh(config())
    jetond.add_user("carol", uid=61011)
    login = jetond.token("carol")
    narrowed(jetond, login, audience=METRICS)
    for uid in (None, 61012):
        assert jetond.request("PATCH", "/users/carol", data={"uid": uid}, peer=True).status == 200
        refused(exchange(jetond, login, audience=METRICS), "invalid_request")
    assert claims(narrowed(jetond, jetond.token("carol"), audience=METRICS))["uid"] == 61012


def test_the_time_left_is_the_most_that_is_given(fresh):
    jetond = fresh(config() + "access-lifetime = 10s\nleeway = 5s\n")
    jetond.add_user("carol")
    login = jetond.token("carol")
    time.sleep(2)
    said = claims(narrowed(jetond, login, audience=METRICS))
    assert said["exp"] == claims(login)["exp"]  # though METRICS has 10 minutes
    time.sleep(max(0, claims(login)["exp"] - time.time()) + 0.5)
    refused(exchange(jetond, login), "invalid_request")  # within the leeway, nothing is left


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "A" * 8193, "A" * 60000])
def test_rfc8693_2_2_2_what_is_no_access_token_is_invalid_request(jetond, token):
    refused(exchange(jetond, token), "invalid_request")


def test_a_login_ticket_is_no_subject(jetond):
    form = {"username": "alice", "uid": "61010", "service": "sshd", "nonce": "A" * 43,
            "password": "correct horse battery"}
    ticket = jetond.post("/pam/auth", form=form).body.decode()
    assert ticket.count(".") == 2
    refused(exchange(jetond, ticket), "invalid_request")


@pytest.mark.parametrize("form", [
    {"subject_token_type": ""}, {"subject_token_type": ACCESS.replace("access", "refresh")},
    {"subject_token_type": "urn:ietf:params:oauth:token-type:jwt"},
    {"requested_token_type": "urn:ietf:params:oauth:token-type:refresh_token"},
    {"requested_token_type": "urn:ietf:params:oauth:token-type:id_token"},
    {"requested_lifetime": "0"}, {"requested_lifetime": "-1"}, {"requested_lifetime": "1.5"},
    {"requested_lifetime": "99999999999"}])
def test_other_types_and_lifetimes_that_are_none_are_refused(jetond, form):
    refused(exchange(jetond, jetond.token("bob"), **form), "invalid_request")


@pytest.mark.parametrize("actor", [{"actor_token": "x"}, {"actor_token_type": ACCESS},
                                   {"actor_token": "x", "actor_token_type": ACCESS}])
def test_nobody_acts_for_another(jetond, actor):
    refused(exchange(jetond, jetond.token("bob"), **actor), "invalid_request")


def test_the_client_that_is_named_must_be_the_tokens(jetond):
    login = jetond.token("bob")
    assert exchange(jetond, login, client_id="local").status == 200
    refused(exchange(jetond, login, client_id="machine"), "invalid_grant")


def test_a_clients_token_takes_its_proof(jetond):
    secret = jetond.post("/clients", peer=True, data={
        "id": "robot", "audiences": [METRICS, ISSUER], "scopes": ["read"]}).json()["secret"]
    who = {"client_id": "robot", "client_secret": secret}
    token = jetond.post("/token", form={"grant_type": "client_credentials", **who}).json()[
        "access_token"]
    for web in (False, True):
        said = claims(exchange(jetond, token, web=web, audience=METRICS, **who).json()[
            "access_token"])
        assert said["sub"] == "client:robot" and said["scope"] == "read"
        for proof in ({}, {"client_id": "robot"}, {**who, "client_secret": "x"}):
            reply = exchange(jetond, token, web=web, audience=METRICS, **proof)
            assert (reply.status, reply.json()["error"]) == (401, "invalid_client")
    refused(exchange(jetond, token, audience=BILLING, **who), "invalid_target")


def test_a_login_is_narrowed_on_web_sock_too(jetond):
    reply = exchange(jetond, jetond.token("bob"), web=True, audience=METRICS)
    assert claims(reply.json()["access_token"])["aud"] == METRICS


def peer_token(jetond, uid, **form):
    reply = jetond.post("/token", form={"grant_type": "client_credentials", **form}, uid=uid)
    assert reply.status == 200, (reply, jetond.log())
    return reply.json()["access_token"]


@pytest.mark.skipif(not is_root(), reason="needs root to become other uids")
def test_a_services_token_is_bounded_by_its_rule(jetond):
    token = peer_token(jetond, 61001)
    said = claims(narrowed(jetond, token, audience=METRICS, roles="robot"))
    assert (said["sub"], said["scope"], said["roles"]) == ("svc:machine", "read", ["robot"])
    assert said["amr"] == ["peer"] and said["client_id"] == "machine"
    refused(exchange(jetond, token, audience=METRICS, scope="write"), "invalid_scope")
    refused(exchange(jetond, token, audience=BILLING), "invalid_target")


@pytest.mark.skipif(not is_root(), reason="needs root to become other uids")
def test_a_person_by_the_kernels_word_has_no_more_than_self(jetond):
    """alice is a clerk, and would have write and billing by her password."""
    token = peer_token(jetond, 61010)
    said = claims(narrowed(jetond, token, audience=METRICS))
    assert said["username"] == "alice" and said["scope"] == "read" and said["amr"] == ["peer"]
    refused(exchange(jetond, token, audience=METRICS, scope="write"), "invalid_scope")
    refused(exchange(jetond, token, audience=BILLING), "invalid_target")
    said = claims(narrowed(jetond, peer_token(jetond, 61020), audience=METRICS))
    assert said["sub"] == "uid:61020" and said["uid"] == 61020


@pytest.mark.skipif(not is_root(), reason="needs root to become other uids")
def test_rules_that_are_gone_open_nothing_any_more(fresh):
    import signal
    jetond = fresh(config())
    service, oneself = peer_token(jetond, 61001), peer_token(jetond, 61020)
    head = config().split("identity")[0]
    jetond.config_file.write_text(head)
    jetond.jetond_process_signal(signal.SIGHUP)
    jetond.wait_for_log("the new settings are in force")
    for token in (service, oneself):
        refused(exchange(jetond, token), "invalid_request")


def test_a_token_that_others_could_have_made_is_no_subject(fresh):
    """HS256: whoever verifies for that audience has the key, and could name anybody in a token."""
    jetond = fresh(config() + 'audience "https://hs.example" { alg = "HS256" }\n')
    jetond.add_user("carol")
    token = jetond.token("carol", audience="https://hs.example")
    assert jetond.post("/introspect", form={"token": token}).json()["active"] is True
    refused(exchange(jetond, token), "invalid_request")
    refused(exchange(jetond, token, audience=METRICS), "invalid_request")
    fresh_one = exchange(jetond, jetond.token("carol"), audience="https://hs.example")
    assert fresh_one.status == 200  # the other way round is as narrow as any


def test_a_secret_that_is_no_ones_is_refused(jetond):
    login = jetond.token("bob")
    for proof in ({"client_id": "local", "client_secret": "x"},
                  {"headers": [("Authorization", "Basic " + base64.b64encode(b"local:x").decode())]}):
        reply = exchange(jetond, login, **proof)
        assert (reply.status, reply.json()["error"]) == (401, "invalid_client")


def test_an_exchange_is_a_line_that_names_both_tokens(jetond):
    login = jetond.token("bob")
    fresh_one = narrowed(jetond, login, audience=METRICS)
    line = jetond.wait_for_log(f"jti=\"{claims(fresh_one)['jti']}\"")
    assert "event=exchange result=granted" in line
    assert f"from_jti={claims(login)['jti']} " in line and f'audience="{METRICS}"' in line
    assert f"sid=\"{claims(login)['sid']}\"" in line
    refused(exchange(jetond, login, audience=BILLING), "invalid_target")
    line = jetond.wait_for_log(f"audience {BILLING}")
    assert "event=exchange result=refused" in line
    assert login not in jetond.log() and fresh_one not in jetond.log()


def test_ending_the_session_ends_what_was_made_from_its_token(jetond):
    login = jetond.login("bob").json()
    narrow = narrowed(jetond, login["access_token"], audience=METRICS)
    assert jetond.post("/revoke", form={"token": login["refresh_token"]}).status == 200
    assert jetond.post("/introspect", form={"token": narrow}).json() == {"active": False}


@pytest.mark.skipif(not is_root(), reason="needs root to become other uids")
def test_by_the_kernels_word_the_roles_of_the_token_open_and_no_others(fresh):
    """The roles that self does not list are not the token's, and open nothing in it."""
    both = config().replace("self {", 'self { role = {"clerk"}').replace(
        f'audience = {{"{ISSUER}", "{METRICS}"}} scope = {{"read"}} }}',
        f'audience = {{"{ISSUER}", "{METRICS}", "{BILLING}"}} scope = {{"read", "write", "bill"}} }}')
    jetond = fresh(both)
    jetond.add_user("alice", roles=["clerk"], uid=61010)
    token = peer_token(jetond, 61010)
    assert claims(narrowed(jetond, token, audience=METRICS))["scope"] == "read write"
    less = narrowed(jetond, token, roles="-")
    assert claims(narrowed(jetond, less, audience=METRICS))["scope"] == "read"
    refused(exchange(jetond, less, audience=BILLING), "invalid_target")
    jetond = fresh(both.replace('role = {"clerk"} audience = ', "audience = ", 1))
    jetond.add_user("alice", roles=["clerk"], uid=61010)
    reply = jetond.post("/token", uid=61010, form={"grant_type": "client_credentials",
                                                   "audience": BILLING})
    refused(reply, "invalid_target")
    assert claims(narrowed(jetond, peer_token(jetond, 61010), audience=METRICS))["scope"] == "read"


@pytest.mark.skipif(not is_root(), reason="needs root to become other uids")
def test_what_was_revoked_while_it_was_made_is_not_given_out(fresh):
    """The signer is stopped in between: what it signs afterwards is of a later second."""
    jetond = fresh(config())
    jetond.add_user("carol")
    login = jetond.token("carol")
    signer, = jetond.children()["signer"]
    with jetond.connect() as connection:
        os.kill(signer, signal.SIGSTOP)
        try:
            connection.send(compose("POST", "/token", [FORM], encode_form(asked(login))))
            jetond.settle()
            assert jetond.post("/revocations", data={"user": "carol"}, peer=True).status == 204
            time.sleep(1.2)
        finally:
            os.kill(signer, signal.SIGCONT)
        refused(connection.reply(), "invalid_request")
    jetond.wait_for_log("revoked while it was made")


def test_the_scope_is_named_in_the_answer(jetond):
    login = jetond.token("alice")
    assert exchange(jetond, login, audience=METRICS).json()["scope"] == "read write"
    assert exchange(jetond, login, audience=METRICS, scope="read").json()["scope"] == "read"
