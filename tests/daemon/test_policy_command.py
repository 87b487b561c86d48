"""jeton policy test: a decision in words, the same that the daemon makes when the process asks."""
import grp
import json
import os
import pwd

import pytest
from harness import Daemon, in_process_of, is_root

METRICS, BILLING = "https://metrics.example", "https://billing.example"
ROOT_GROUP = grp.getgrgid(0).gr_name
CONFIG = f"""
issuer = "https://host.example"
audience "{METRICS}" {{ scope "read" {{ }} scope "write" {{ }} }}
audience "{BILLING}" {{ }}
identity "grafana" {{
    user = {{"61001"}}
    audience = {{"{METRICS}"}}
    scope = {{"read"}}
    role = {{"machine"}}
    lifetime = "5m"
}}
identity "group" {{ group = {{"61100"}} audience = {{"{BILLING}"}} }}
identity "wheel" {{ group = {{"{ROOT_GROUP}"}} audience = {{"{METRICS}"}} }}
identity "one" {{ user = {{"61002"}} audience = {{"{METRICS}"}} }}
identity "two" {{ user = {{"61002"}} audience = {{"{BILLING}"}} }}
"""


@pytest.fixture(scope="module")
def jetond():
    with Daemon(CONFIG) as daemon:
        yield daemon


def test(jetond, *options):
    return jetond.jeton("policy", "test", *options)


test.__test__ = False


def test_a_grant_names_the_rule_and_what_it_gives(jetond):
    answer = test(jetond, "--uid", "61001", "--audience", METRICS)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith("granted: identity grafana matches\n")
    for line in ("uid         61001", "sub         svc:grafana", f"audience    {METRICS}",
                 "scope       read", "roles       machine", "lives       300 s"):
        assert f"  {line}\n" in answer.stdout


@pytest.mark.parametrize("options, says", [
    (["--uid", "61009", "--audience", METRICS], "no identity has uid 61009"),
    (["--uid", "61001", "--audience", BILLING], f"does not open the audience {BILLING}"),
    (["--uid", "61001", "--audience", METRICS, "--scope", "write"], "does not open a scope"),
    (["--uid", "61001", "--audience", "https://unknown.example"], "not declared"),
    (["--uid", "65534", "--audience", METRICS], "always refused"),
])
def test_a_refusal_names_what_is_missing_and_is_status_1(jetond, options, says):
    answer = test(jetond, *options)
    assert answer.returncode == 1 and answer.stderr == ""
    first = answer.stdout.splitlines()[0]
    assert first.startswith("refused: ") and says in first
    decision = json.loads(test(jetond, *options, "--json").stdout)
    assert decision["granted"] is False and decision["error"] in answer.stdout


def test_several_that_match_take_a_client_id(jetond):
    several = test(jetond, "--uid", "61002", "--audience", BILLING)
    assert several.returncode == 1 and "client_id must name one" in several.stdout
    named = test(jetond, "--uid", "61002", "--audience", BILLING, "--client-id", "two")
    assert named.returncode == 0 and "svc:two" in named.stdout


def test_groups_are_those_that_are_named_or_the_accounts_own(jetond):
    assert test(jetond, "--uid", "61003", "--audience", BILLING).returncode == 1
    named = test(jetond, "--uid", "61003", "--group", "4", "--group", "61100", "--audience", BILLING)
    assert named.returncode == 0 and "groups      4 61100" in named.stdout
    by_name = test(jetond, "--uid", "61003", "--group", ROOT_GROUP, "--audience", METRICS)
    assert by_name.returncode == 0 and "svc:wheel" in by_name.stdout
    account = test(jetond, "--uid", pwd.getpwuid(0).pw_name, "--audience", METRICS)
    assert account.returncode == 0 and "svc:wheel" in account.stdout
    assert test(jetond, "--uid", "0", "--group", "4", "--audience", METRICS).returncode == 1


@pytest.mark.skipif(not is_root(), reason="needs root to become other uids")
@pytest.mark.parametrize("uid", [61001, 61009])
@pytest.mark.parametrize("audience", [METRICS, BILLING])
def test_it_says_what_the_process_itself_is_told(jetond, uid, audience):
    form = {"grant_type": "client_credentials", "audience": audience}
    reply = in_process_of(uid, lambda: jetond.post("/token", form=form))
    said = json.loads(test(jetond, "--uid", str(uid), "--audience", audience, "--json").stdout)
    assert said["granted"] == (reply.status == 200)
    assert said.get("error") == (None if said["granted"] else reply.json()["error"])


@pytest.mark.parametrize("options, status, says", [
    ([], 2, "--uid is missing"),
    (["--uid", "no-such-account-here"], 1, "no account"),
    (["--uid", "61001", "--group", "no-such-group-here"], 1, "no group"),
    (["--uid", "61001", "--frob"], 2, ""),
])
def test_what_cannot_be_asked_is_said(jetond, options, status, says):
    answer = test(jetond, *options)
    assert answer.returncode == status and answer.stdout == "" and says in answer.stderr


@pytest.mark.skipif(not is_root(), reason="needs root to become another uid")
def test_who_is_no_admin_is_told_so(jetond):
    answer = in_process_of(61001, lambda: test(jetond, "--uid", "61001", "--audience", METRICS))
    assert answer.returncode == 1 and "run it as root" in answer.stderr
    assert os.getuid() == 0
