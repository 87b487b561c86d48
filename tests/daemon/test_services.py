"""Services by uid: the kernel says who asks, the configuration what he may have. Default deny."""
import base64
import grp
import os

import pytest
from harness import PASSWORD, Daemon, in_process_of, is_root

pytestmark = pytest.mark.skipif(not is_root(), reason="needs root to become other uids")

METRICS, BILLING, API = "https://metrics.example", "https://billing.example", "https://api.example"
EMPTY_GID = 64123  # of nobody here
CONFIG = f"""
issuer = "https://host.example"
min-uid = 1
web {{ group = "{grp.getgrgid(0).gr_name}" }}
audience "{METRICS}" {{ scope "metrics:read" {{ }} scope "metrics:write" {{ }} }}
audience "{BILLING}" {{ role = {{"clerk"}} scope "bill" {{ role = {{"clerk"}} }} }}
audience "{API}" {{ typ = "JWT" scope "read" {{ }} scope "write" {{ role = {{"clerk"}} }} }}
identity "grafana" {{
    user = {{"61001"}}
    audience = {{"{METRICS}"}}
    scope = {{"metrics:read"}}
    role = {{"machine"}}
    lifetime = "5m"
}}
identity "biller" {{ group = {{"{EMPTY_GID}"}} audience = {{"{BILLING}"}} scope = {{"bill"}} }}
identity "both" {{ user = {{"61002"}} audience = {{"{METRICS}"}} }}
identity "again" {{ user = {{"61002"}} audience = {{"{BILLING}"}} }}
identity "broken" {{ user = {{"65534"}} audience = {{"{METRICS}"}} }}
identity "door" {{ user = {{"61005"}} act-for = true }}
"""
SELF = f'self {{ audience = {{"{API}", "{BILLING}"}} scope = {{"read", "write", "bill"}} ' \
       'role = {"clerk"} }\n'


@pytest.fixture(scope="module")
def jetond():
    with Daemon(CONFIG) as daemon:
        yield daemon


@pytest.fixture(scope="module")
def selfish():
    with Daemon(CONFIG + SELF) as daemon:
        daemon.add_user("alice", roles=["clerk", "boss"], uid=61010)
        daemon.add_user("bob", uid=61011)
        yield daemon


def ask(jetond, as_uid, groups=(), gid=None, web=False, **form):
    """client_credentials without credentials, from a process with these ids."""
    def exchange():
        return jetond.post("/token", form={"grant_type": "client_credentials", **form}, web=web)

    def with_groups():
        os.setgroups(list(groups))
        os.setresgid(*[as_uid if gid is None else gid] * 3)
        return in_process_of(as_uid, exchange, keep_groups=True)

    return in_process_of(0, with_groups)


def claims(jetond, reply):
    assert reply.status == 200, (reply, jetond.log())
    answer = jetond.post("/introspect", form={"token": reply.json()["access_token"]}).json()
    assert answer["active"] is True
    return answer


def refused(reply, status, error):
    assert (reply.status, reply.json()["error"]) == (status, error), reply
    return reply.json()["error_description"]


def test_a_service_is_known_by_its_uid(jetond):
    reply = ask(jetond, 61001, audience=METRICS)
    assert reply.json()["expires_in"] == 300
    assert reply.json()["scope"] == "metrics:read"
    assert reply.headers["cache-control"] == "no-store"
    said = claims(jetond, reply)
    assert said["sub"] == "svc:grafana" and said["client_id"] == "grafana"
    assert said["aud"] == METRICS and said["amr"] == ["peer"] and said["roles"] == ["machine"]
    assert "username" not in said and "uid" not in said and "sid" not in said


def test_everybody_else_is_refused_without_being_told_why_and_the_log_says_it(jetond):
    for uid in (0, 61009):
        text = refused(ask(jetond, uid, audience=METRICS), 400, "unauthorized_client")
        assert "identity" not in text and str(uid) not in text
        line = jetond.wait_for_log(f"no identity has uid {uid}")
        assert "event=peer-token result=refused" in line


def test_the_overflow_uid_is_refused_though_a_rule_names_it(jetond):
    refused(ask(jetond, 65534, audience=METRICS), 400, "unauthorized_client")
    jetond.wait_for_log("uid 65534 stands for all that this host does not know")


@pytest.mark.parametrize("how", [{"gid": EMPTY_GID}, {"groups": [4, EMPTY_GID, 20]}])
def test_a_group_counts_as_primary_and_as_supplementary(jetond, how):
    reply = ask(jetond, 61003, audience=BILLING, **how)
    assert claims(jetond, reply)["sub"] == "svc:biller"
    assert reply.json()["scope"] == "bill"


def test_the_groups_are_those_of_the_process_not_those_of_the_name_service(jetond):
    refused(ask(jetond, 61003, audience=BILLING, groups=[EMPTY_GID + 1]), 400,
            "unauthorized_client")


def test_more_groups_than_are_kept_are_none(jetond):
    many = list(range(70000, 70256)) + [EMPTY_GID]
    refused(ask(jetond, 61003, audience=BILLING, groups=many), 400, "unauthorized_client")
    jetond.wait_for_log("uid 61003 has more than 256 groups")
    assert claims(jetond, ask(jetond, 61003, audience=BILLING, groups=many[-256:]))


def test_of_several_rules_the_caller_names_one(jetond):
    text = refused(ask(jetond, 61002, audience=METRICS), 400, "invalid_request")
    assert "client_id" in text
    said = claims(jetond, ask(jetond, 61002, audience=METRICS, client_id="both"))
    assert said["client_id"] == "both" and "scope" not in said
    said = claims(jetond, ask(jetond, 61002, audience=BILLING, client_id="again"))
    assert said["sub"] == "svc:again"


@pytest.mark.parametrize("name", ["grafana", "nobody", "local", "x" * 65, "a b", "\x1b[31m"])
def test_a_name_that_is_not_the_callers_opens_nothing(jetond, name):
    refused(ask(jetond, 61002, audience=METRICS, client_id=name), 400, "unauthorized_client")
    assert "\x1b" not in jetond.log()


def test_what_a_rule_does_not_list_is_refused(jetond):
    refused(ask(jetond, 61001, audience=BILLING), 400, "invalid_target")
    refused(ask(jetond, 61001, audience="https://unknown.example"), 400, "invalid_target")
    refused(ask(jetond, 61001), 400, "invalid_target")  # the issuer
    refused(ask(jetond, 61001, audience=METRICS, scope="metrics:write"), 400, "invalid_scope")
    refused(ask(jetond, 61001, audience=METRICS, scope="bill"), 400, "invalid_scope")


def test_ids_in_the_form_mean_nothing(jetond):
    reply = ask(jetond, 61009, audience=METRICS, uid="61001", user="grafana", pid="1")
    refused(reply, 400, "unauthorized_client")


def test_the_kernels_word_says_nothing_on_web_sock(jetond):
    text = refused(ask(jetond, 0, web=True, audience=METRICS), 401, "invalid_client")
    assert "secret" in text


def test_a_service_token_is_no_login(jetond):
    token = ask(jetond, 61001, audience=METRICS).json()["access_token"]
    assert jetond.get("/users/me", token=token).status == 401


def test_self_is_for_every_account_about_itself(selfish):
    said = claims(selfish, ask(selfish, 61020, audience=API))
    assert said["sub"] == "uid:61020" and said["uid"] == 61020
    assert said["client_id"] == "local" and said["amr"] == ["peer"] and said["roles"] == []
    assert said["scope"] == "read"  # write is for clerks, and a uid has no role
    refused(ask(selfish, 61020, audience=BILLING), 400, "invalid_target")
    assert claims(selfish, ask(selfish, 0, audience=API))["sub"] == "uid:0"


def test_self_of_a_linked_account_is_its_user(selfish):
    said = claims(selfish, ask(selfish, 61010, audience=API))
    assert said["sub"] == "1" and said["username"] == "alice" and said["uid"] == 61010
    assert said["roles"] == ["clerk"]  # boss is not in the rule
    assert said["scope"] == "read write"
    assert claims(selfish, ask(selfish, 61010, audience=BILLING))["scope"] == "bill"
    bob = claims(selfish, ask(selfish, 61011, audience=API))
    assert bob["username"] == "bob" and bob["roles"] == [] and bob["scope"] == "read"


def test_a_rule_of_its_own_comes_before_self_and_local_names_self(selfish):
    assert claims(selfish, ask(selfish, 61001, audience=METRICS))["sub"] == "svc:grafana"
    said = claims(selfish, ask(selfish, 61001, audience=API, client_id="local"))
    assert said["sub"] == "uid:61001"


def test_rights_over_others_are_no_token(selfish):
    assert claims(selfish, ask(selfish, 61005, audience=API))["sub"] == "uid:61005"


def pam_account(jetond, uid):
    form = {"username": "alice", "uid": "61010", "service": "sshd", "nonce": "A" * 43}
    return jetond.post("/pam/account", form=form, uid=uid, peer=True).status


def test_who_may_act_for_others_may_ask_about_their_logins(selfish):
    assert pam_account(selfish, 61005) == 200
    assert pam_account(selfish, 61001) == 403
    assert selfish.get("/users", peer=True, uid=61005).status == 403


def policy(jetond, **asked):
    reply = jetond.post("/policy/test", data=asked, peer=True)
    assert reply.status == 200, reply
    return reply.json()


def test_a_decision_is_explained_to_an_administrator(jetond):
    good = policy(jetond, uid=61001, audience=METRICS)
    assert good["granted"] is True and good["sub"] == "svc:grafana"
    assert good["reason"] == "identity grafana matches"
    assert (good["scope"], good["roles"], good["expires_in"]) == ("metrics:read", ["machine"], 300)
    bad = policy(jetond, uid=61009, audience=METRICS)
    assert bad["granted"] is False and bad["error"] == "unauthorized_client"
    assert "no identity has uid 61009" in bad["reason"] and "sub" not in bad
    assert policy(jetond, uid=61009, groups=[str(EMPTY_GID)], audience=BILLING)["granted"] is True
    assert "does not open the audience" in policy(jetond, uid=61001, audience=BILLING)["reason"]
    assert policy(jetond, uid=61002)["error"] == "invalid_request"
    assert policy(jetond, uid=61001, audience=METRICS, scope="bill")["error"] == "invalid_scope"


def test_a_decision_is_what_the_process_would_get(selfish):
    for uid in (0, 61001, 61002, 61005, 61010, 61011, 65534):
        for audience in (METRICS, BILLING, API, ""):
            told = policy(selfish, uid=uid, audience=audience)
            got = ask(selfish, uid, audience=audience)
            assert told["granted"] is (got.status == 200), (uid, audience)
            if not told["granted"]:
                assert told["error"] == got.json()["error"]


def test_a_decision_is_explained_to_administrators_alone(jetond):
    assert jetond.post("/policy/test", data={"uid": 1}).status == 401
    assert jetond.post("/policy/test", data={"uid": 1}, peer=True, uid=61001).status == 403


def test_a_disabled_user_has_no_self(fresh):
    jetond = fresh(CONFIG + SELF)
    jetond.add_user("carol", uid=61012)
    assert ask(jetond, 61012, audience=API).status == 200
    assert jetond.request("PATCH", "/users/carol", data={"disabled": True}, peer=True).status == 200
    refused(ask(jetond, 61012, audience=API), 400, "unauthorized_client")


def test_the_overflow_gid_is_no_group(fresh):
    """It stands for all groups that this host does not know."""
    jetond = fresh(CONFIG.replace(f'"{EMPTY_GID}"', '"65534"'))
    refused(ask(jetond, 61003, audience=BILLING, gid=65534), 400, "unauthorized_client")
    refused(ask(jetond, 61003, audience=BILLING, groups=[4, 65534]), 400, "unauthorized_client")
    assert policy(jetond, uid=61003, groups=["65534"], audience=BILLING)["granted"] is False


def test_who_may_act_for_others_is_throttled_by_the_remote_host(selfish):
    """As root's programs are: one who guesses from elsewhere does not shut out all others."""
    def login(rhost, password, uid):
        form = {"username": "bob", "uid": "61011", "service": "sshd", "nonce": "A" * 43,
                "rhost": rhost, "password": password}
        return selfish.post("/pam/auth", form=form, uid=uid, peer=True).body

    def is_good(ticket):
        part = ticket.split(b".")[1]
        return b'"granted"' in base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4))

    for _ in range(4):
        login("192.0.2.1", "wrong", 61005)
    assert is_good(login("192.0.2.2", PASSWORD, 61005))
    for _ in range(4):
        login("192.0.2.1", "wrong", 61001)
    assert not is_good(login("192.0.2.2", PASSWORD, 61001))


def test_a_grant_is_a_line_with_what_was_granted(jetond):
    reply = ask(jetond, 61001, audience=METRICS)
    jti = claims(jetond, reply)["jti"]
    line = jetond.wait_for_log(f'jti="{jti}"')
    assert 'event=peer-token result=granted user="svc:grafana"' in line
    assert f'audience="{METRICS}"' in line and 'client="grafana"' in line and "peer_uid=61001" in line
