"""GET /metrics: exactly what happened is counted, by names that are documented, for who may look."""
import os
import re
import signal
import time

import pytest
from harness import PASSWORD, TOP, Daemon, is_root
from metrics import Metrics, look, moved

MEMBER, STRANGER = 65532, 65533  # uids, and gids, of nobody
AUDIENCE = "https://api.example"
CONFIG = f"""
issuer = "https://host.example"
min-uid = 1
metrics-group = "{MEMBER}"
audience "{AUDIENCE}" {{ }}
self {{ audience = {{"{AUDIENCE}"}} }}
"""
needs_root = pytest.mark.skipif(not is_root(), reason="needs root, to be several uids")

ISSUED = "jeton_tokens_issued_total grant="
REFUSED = "jeton_refusals_total error="
RIGHT = {"jeton_password_attempts_total result=right": 1, "jeton_hashes_total": 1}
WRONG = {"jeton_password_attempts_total result=wrong": 1, "jeton_hashes_total": 1,
         "jeton_lockouts_total": 1, REFUSED + "invalid_grant": 1}
THROTTLED = {"jeton_password_attempts_total result=throttled": 1, REFUSED + "invalid_grant": 1}


@pytest.fixture(scope="module")
def jetond():
    with Daemon(CONFIG) as daemon:
        for name in ("alice", "bob", "carol"):
            daemon.add_user(name)
        reply = daemon.post("/clients", peer=True, data={"id": "robot", "audiences": [AUDIENCE]})
        daemon.robot = {"client_id": "robot", "client_secret": reply.json()["secret"]}
        yield daemon


def token_by(daemon, status=200, **form):
    reply = daemon.post("/token", form=form)
    assert reply.status == status, reply
    return reply.json()


def login(daemon, name, **form):
    return token_by(daemon, grant_type="password", username=name, password=PASSWORD, **form)


def refresh(daemon, token, status=200):
    return token_by(daemon, status, grant_type="refresh_token", refresh_token=token)


# --- what is counted ---


def test_nothing_but_itself_moves_by_a_look(jetond):
    assert moved(jetond, lambda: None) == {}


def test_a_login_is_a_token_and_a_right_password(jetond):
    assert moved(jetond, lambda: login(jetond, "alice")) == {ISSUED + "password": 1, **RIGHT}


def test_a_refresh_is_a_token_and_no_password(jetond):
    token = login(jetond, "alice")["refresh_token"]
    assert moved(jetond, lambda: refresh(jetond, token)) == {ISSUED + "refresh_token": 1}


def test_a_used_refresh_token_is_detected_once(jetond):
    first = login(jetond, "alice")["refresh_token"]
    second = refresh(jetond, first)["refresh_token"]
    refresh(jetond, second)  # the first one's grace is over
    before = look(jetond)["jeton_sessions", "kind=refresh"]
    assert moved(jetond, lambda: refresh(jetond, first, 400)) == {
        "jeton_refresh_reuse_detected_total": 1, REFUSED + "invalid_grant": 1}
    assert look(jetond)["jeton_sessions", "kind=refresh"] == before - 1
    assert moved(jetond, lambda: refresh(jetond, second, 400)) == {REFUSED + "invalid_grant": 1}


def test_other_grants_have_names_of_their_own(jetond):
    assert moved(jetond, lambda: token_by(
        jetond, grant_type="client_credentials", audience=AUDIENCE)) == {ISSUED + "peer": 1}
    assert moved(jetond, lambda: token_by(
        jetond, grant_type="client_credentials", audience=AUDIENCE, **jetond.robot)) == {
            ISSUED + "client_credentials": 1}
    token = login(jetond, "alice")["access_token"]
    assert moved(jetond, lambda: token_by(
        jetond, grant_type="urn:ietf:params:oauth:grant-type:token-exchange", subject_token=token,
        subject_token_type="urn:ietf:params:oauth:token-type:access_token",
        audience=AUDIENCE)) == {ISSUED + "token_exchange": 1}


def test_wrong_passwords_are_lockouts_and_what_comes_too_early_is_throttled(jetond):
    """However slow the machine is, the waits become longer than it is."""
    seen = []
    while THROTTLED not in seen and len(seen) < 30:
        seen.append(moved(jetond, lambda: jetond.login("bob", "not his password")))
        assert seen[-1] in (WRONG, THROTTLED)
    assert seen[0] == WRONG and THROTTLED in seen
    jetond.unlock("bob")


def test_a_refusal_is_counted_by_its_error(jetond):
    assert moved(jetond, lambda: jetond.get("/users/nobody", peer=True)) == {
        REFUSED + "not_found": 1}
    assert moved(jetond, lambda: jetond.get("/users/me", token="x.y.z")) == {
        REFUSED + "invalid_token": 1}
    assert moved(jetond, lambda: jetond.post("/token", form={
        "username": "alice", "password": PASSWORD, "audience": "https://unknown.example"})) == {
            REFUSED + "invalid_target": 1}


def test_each_answer_is_counted_by_route_and_status(jetond):
    def numbers(metrics, route, code):
        labels = ("method=none" if route == "none" else "method=GET", f"route={route}")
        name = "jeton_http_request_duration_seconds"
        return (metrics[(name + "_count", *labels)], metrics[(name + "_sum", *labels)],
                metrics["jeton_http_responses_total", "class=privileged", f"code={code}"])

    for path, route, code in (("/keys", "/keys", 401), ("/users/alice", "/users/{}", 401),
                              ("/nowhere", "none", 404)):
        before = numbers(look(jetond), route, code)
        assert jetond.get(path).status == code
        after = numbers(look(jetond), route, code)
        assert (after[0] - before[0], after[2] - before[2]) == (1, 1)
        assert after[1] > before[1]


def test_a_request_that_is_never_read_to_its_end_took_no_time(jetond):
    before = look(jetond)
    with jetond.connect() as connection:
        connection.send(b"nonsense\r\n\r\n")
        assert connection.reply().status == 400
    after = look(jetond)
    bad = ("jeton_http_responses_total", "class=privileged", "code=400")
    count = ("jeton_http_request_duration_seconds_count", "method=none", "route=none")
    assert after[bad] == before[bad] + 1
    assert after[count] == before[count]


def test_buckets_are_cumulative_and_the_last_one_has_all(jetond):
    metrics = look(jetond)
    rows = {}
    for (name, labels), value in metrics.samples.items():
        if name == "jeton_http_request_duration_seconds_bucket":
            rows.setdefault(labels[:2], []).append((labels[2][1], value))
    for labels, buckets in rows.items():
        values = [value for _, value in buckets]
        bounds = [float(bound) for bound, _ in buckets]
        assert bounds == sorted(bounds) and bounds[-1] == float("inf")
        assert values == sorted(values)
        assert values[-1] == metrics.samples["jeton_http_request_duration_seconds_count", labels]
    slow = rows[("method", "POST"), ("route", "/token")]
    assert slow[-1][1] > slow[0][1]  # a password's hash takes longer than 100 us


def test_what_is_so_at_the_moment(jetond):
    metrics = look(jetond)
    assert metrics["jeton_signing_keys", "alg=ES256", "state=active"] == 1
    assert metrics["jeton_signing_keys", "alg=RS256", "state=active"] == 0
    since = metrics["jeton_signing_key_active_since_seconds", "alg=ES256"]
    assert time.time() - 3600 < since <= time.time() + 1
    assert metrics["jeton_signing_key_active_since_seconds", "alg=HS256"] == 0
    assert metrics["jeton_workers"] == len(jetond.children()["worker"])
    assert metrics["jeton_connections", "class=privileged"] >= 1
    assert metrics["jeton_calls"] >= 1
    assert metrics["jeton_revocations_max"] == 65536
    with jetond.connect(), jetond.connect():
        jetond.settle()
        more = look(jetond)["jeton_connections", "class=privileged"]
    assert more >= 3


def test_revocations_are_shown(jetond):
    before = look(jetond)["jeton_revocations"]
    assert jetond.post("/revoke", form={"token": login(jetond, "carol")["access_token"]}).status == 200
    assert look(jetond)["jeton_revocations"] == before + 1


def test_no_word_of_a_caller_makes_a_series(jetond):
    before = look(jetond)
    for word in ("zebra-crossing", 'zebra"} 1\n', "zebra{}"):
        jetond.login(word)
        jetond.get("/users/zebra", peer=True)
        jetond.request("GET", "/zebra")
        jetond.post("/token", form={"grant_type": "zebra", "client_id": "zebra"})
    after = look(jetond)
    assert after.samples.keys() == before.samples.keys()
    assert "zebra" not in after.text


# --- the documentation ---


def documented():
    """metric: (type, {label: values}); the values of method and route are the routes'."""
    text = (TOP / "docs" / "metrics.md").read_text()
    found = {}
    for name, kind, labels in re.findall(r"^\| `(jeton_\w+)` \| (\w+) \|([^|]*)\|", text, re.M):
        found[name] = kind, {}
        for part in labels.split(";"):
            match = re.match(r"\s*`(\w+)`: ((?:`\w+` ?)+)$", part.rstrip())
            if match:
                found[name][1][match[1]] = set(re.findall(r"`(\w+)`", match[2]))
    return found


def routes():
    source = (TOP / "daemon" / "frontend" / "routes.c").read_text()
    return {*re.findall(r'\{"([A-Z]+)",\s*"(/[^"]*)"', source), ("none", "none")}


def test_the_documentation_has_every_metric_and_none_more(jetond):
    metrics = look(jetond)
    assert {name: kind for name, (kind, _) in documented().items()} == metrics.types
    assert metrics.helps.keys() == metrics.types.keys()
    assert {metrics.metric_of(name) for name, _ in metrics.samples} == set(metrics.types)


def test_each_value_of_a_label_is_there_and_no_other(jetond):
    metrics = look(jetond)
    seen = {name: {} for name in metrics.types}
    for name, labels in metrics.samples:
        for label, value in labels:
            seen[metrics.metric_of(name)].setdefault(label, set()).add(value)
    latency = seen.pop("jeton_http_request_duration_seconds")
    assert seen.pop("jeton_build_info").keys() == {"version"}
    assert {name: documented()[name][1] for name in seen} == seen
    assert latency["route"] == {route for _, route in routes()}
    assert latency["method"] == {method for method, _ in routes()}
    counted = {(dict(labels)["method"], dict(labels)["route"]) for name, labels in metrics.samples
               if name == "jeton_http_request_duration_seconds_count"}
    assert counted == routes()


# --- who may look ---


def test_peer_authority_is_asked_for(jetond):
    assert jetond.get("/metrics").status == 401


@needs_root
def test_a_member_of_the_group_may_look_when_he_asks_as_himself(jetond):
    reply = jetond.get("/metrics", peer=True, uid=MEMBER)
    assert reply.status == 200
    assert Metrics(reply.body.decode())["jeton_connections", "class=local"] >= 1
    assert jetond.get("/metrics", uid=MEMBER).status == 401
    assert jetond.get("/keys", peer=True, uid=MEMBER).status == 403


@needs_root
def test_nobody_else_may_look(jetond):
    reply = jetond.get("/metrics", peer=True, uid=STRANGER)
    assert (reply.status, reply.json()["error"]) == (403, "insufficient_scope")
    assert jetond.get("/metrics", token=login(jetond, "alice")["access_token"]).status == 403


# --- what ends, and what is used up ---


def when(daemon, condition):
    """The first look of which that is so; a process that was ended needs a moment."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            metrics = look(daemon)
        except (OSError, AssertionError):  # all processes are started anew
            metrics = None
        if metrics and condition(metrics):
            return metrics
        time.sleep(0.05)
    raise AssertionError(f"that never came: {metrics and metrics.text}\n{daemon.log()}")


@pytest.fixture
def fresh():
    with Daemon(CONFIG + "max-connections-per-uid = 3\n") as daemon:
        daemon.add_user("alice")
        yield daemon


def restarts(metrics, process):
    return metrics["jeton_process_restarts_total", f"process={process}"]


def test_over_budget_and_over_restarts(fresh):
    fresh.settle()
    with fresh.connect() as looking:
        def look_here():
            looking.send(b"GET /metrics HTTP/1.1\r\nHost: j\r\nAuthorization: Peer\r\n\r\n")
            return Metrics(looking.reply().body.decode())

        with fresh.connect(), fresh.connect(), fresh.connect() as fourth:
            assert fourth.is_closed()
            assert look_here()["jeton_over_budget_total", "budget=connections"] == 1
    fresh.settle()

    login(fresh, "alice")
    os.kill(fresh.children()["names"][0], signal.SIGKILL)
    before = when(fresh, lambda metrics: restarts(metrics, "names") == 1)
    assert before["jeton_tokens_issued_total", "grant=password"] == 1

    os.kill(fresh.children()["authority"][0], signal.SIGKILL)
    after = when(fresh, lambda metrics: restarts(metrics, "authority") == 1)
    assert restarts(after, "names") >= 1  # the parent has counted on; who ends with the authority
    # is counted where it was quicker than the parent
    assert after["jeton_tokens_issued_total", "grant=password"] == 0
    assert after["jeton_start_time_seconds"] >= before["jeton_start_time_seconds"]
    assert after["jeton_http_request_duration_seconds_count", "method=POST", "route=/token"] == 0
