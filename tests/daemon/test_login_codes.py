"""One-time login codes: a short code takes the place of the password once, at a PAM prompt of one
service, made by whoever has just shown his password."""
import base64
import concurrent.futures
import json
import os
import subprocess
import time

import pytest
from harness import PASSWORD, Daemon, in_process_of, is_root, wait_until, while_he_waits

from test_audit import audit_lines, wait_for

CONFIG = """
issuer = "https://host.example"
min-uid = 1
login-code = {"sshd", "sudo"}
audience "https://other.example" { }
"""
ALICE, BOB = 4100, 4101
MAX_AGE = 300
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# Of the form of a code, and a password all the same.
CODE_LIKE = "abcd-efgh-jkmn-pqrs"
needs_root = pytest.mark.skipif(not is_root(), reason="needs root, to be several uids")


def claims_of(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


@pytest.fixture(scope="module")
def host():
    with Daemon(CONFIG) as daemon:
        daemon.add_user("alice", uid=ALICE)
        daemon.add_user("bob", uid=BOB)
        daemon.add_user("unlinked")
        yield daemon


@pytest.fixture(autouse=True)
def nobody_waits(request):
    yield
    if "host" in request.fixturenames:
        request.getfixturevalue("host").unlock("alice", "bob")


def mint(host, token, service="sshd", **how):
    return host.post("/login-codes", token=token, data={"service": service}, **how)


def log_in(host, name="alice"):
    """Who is revoked several times within a second must wait for it to be over."""
    deadline = time.monotonic() + 10
    while (reply := host.login(name)).status == 503:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return reply.json()


def code_of(host, name="alice", service="sshd", token=None):
    reply = mint(host, token or log_in(host, name)["access_token"], service)
    assert reply.status == 200, reply
    return reply.json()["code"]


def pam(host, password, uid=ALICE, service="sshd", phase="auth", **form):
    """The claims of the ticket that such a login gets."""
    by, peer = form.pop("by", None), form.pop("peer", True)
    reply = host.post(f"/pam/{phase}", uid=by, peer=peer, form={
        "username": {ALICE: "alice", BOB: "bob"}[uid], "uid": str(uid), "service": service,
        "nonce": base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip("="),
        **({"password": password} if phase == "auth" else {}), **form})
    assert reply.status == 200, reply
    return claims_of(reply.body.decode())


def verdict(host, password, **how):
    host.unlock("alice", "bob")
    return pam(host, password, **how)["verdict"]


# --- what a code is and does ---

def test_a_code_is_80_bits_that_are_easy_to_type(host):
    reply = mint(host, host.token("alice"))
    body = reply.json()
    assert set(body) == {"code", "expires_in", "service"}
    assert body["expires_in"] == 60 and body["service"] == "sshd"
    groups = body["code"].split("-")
    assert [len(group) for group in groups] == [4] * 4
    assert set("".join(groups)) <= set(ALPHABET)
    assert reply.headers["cache-control"] == "no-store"


def test_no_two_codes_are_equal(host):
    token = host.token("alice")
    assert len({code_of(host, token=token) for _ in range(50)}) == 50


def test_a_code_lets_its_owner_in_once_and_says_how(host):
    code = code_of(host)
    ticket = pam(host, code)
    assert ticket["verdict"] == "granted" and ticket["amr"] == ["otp"]
    assert verdict(host, code) == "denied"
    assert verdict(host, PASSWORD) == "granted"


def test_a_login_with_the_password_is_none_with_a_code(host):
    code = code_of(host)
    assert pam(host, PASSWORD)["amr"] == ["pwd"]
    assert verdict(host, code) == "granted"


@pytest.mark.parametrize("spelling", [
    str.lower, lambda code: code.replace("-", ""), lambda code: code.replace("-", " "),
    lambda code: " " + code + " ", lambda code: code.replace("0", "o").replace("1", "l"),
    lambda code: code.replace("0", "O").replace("1", "I").lower()])
def test_as_people_type_it(host, spelling):
    assert verdict(host, spelling(code_of(host))) == "granted"


def test_cut_short_longer_or_changed_it_is_no_code(host):
    code = code_of(host)
    assert verdict(host, code[:-1]) == "denied"
    assert verdict(host, code + "0") == "denied"
    assert verdict(host, code + "\n") == "denied"
    assert verdict(host, "") == "denied"
    changed = code[:-1] + ("0" if code[-1] != "0" else "1")
    assert verdict(host, changed) == "denied"
    assert verdict(host, code) == "granted"


def test_a_code_is_for_its_service_and_its_user_alone(host):
    code = code_of(host)
    assert verdict(host, code, service="login") == "denied"
    assert verdict(host, code, service="sudo") == "denied"
    assert verdict(host, code, uid=BOB) == "denied"
    assert verdict(host, code) == "granted"


def test_codes_of_two_services_stand_side_by_side(host):
    first, second = code_of(host), code_of(host, service="sudo")
    assert verdict(host, second, service="sudo") == "granted"
    assert verdict(host, first) == "granted"


def test_the_newest_code_of_a_service_is_the_only_one(host):
    first, second = code_of(host), code_of(host)
    assert verdict(host, first) == "denied"
    assert verdict(host, second) == "granted"


def test_three_wrong_tries_use_it_up(host):
    for tries, expected in ((2, "granted"), (3, "denied")):
        code = code_of(host)
        for _ in range(tries):
            assert verdict(host, CODE_LIKE) == "denied"
        assert verdict(host, code) == expected


def test_wrong_passwords_that_have_not_its_form_leave_it(host):
    code = code_of(host)
    for _ in range(4):
        assert verdict(host, "wrong password") == "denied"
    assert verdict(host, code) == "granted"


def test_after_its_time_it_is_nothing(fresh):
    host = fresh(CONFIG + 'login-code-lifetime = "1s"\n')
    host.add_user("alice", uid=ALICE)
    host.add_user("bob", uid=BOB)
    reply = mint(host, host.token("alice"))
    assert reply.json()["expires_in"] == 1
    time.sleep(1.1)
    assert verdict(host, reply.json()["code"]) == "denied"
    wait_until(lambda: verdict(host, code_of(host)) == "granted")


def test_a_restart_ends_it(fresh):
    host = fresh(CONFIG)
    host.add_user("alice", uid=ALICE)
    host.add_user("bob", uid=BOB)
    code = code_of(host)
    assert code.encode() not in b"".join(
        file.read_bytes() for file in (host.state / "db").iterdir() if file.is_file())
    host.stop()
    host.start()
    assert verdict(host, code) == "denied"


def test_of_many_at_once_one_gets_in(host):
    """From as many remote hosts, so that none waits for the attempt of another."""
    for _ in range(5):
        code = code_of(host)
        host.unlock("alice")
        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            logins = [pool.submit(pam, host, code, rhost=f"192.0.2.{i}") for i in range(12)]
        assert [login.result()["verdict"] for login in logins].count("granted") == 1


def test_a_password_of_its_form_stays_a_password(host):
    host.add_user("carol", CODE_LIKE)
    host.request("PATCH", "/users/alice", peer=True, data={"uid": None})
    host.request("PATCH", "/users/carol", peer=True, data={"uid": ALICE})
    try:
        assert host.login("carol", CODE_LIKE).status == 200
        ticket = pam(host, CODE_LIKE)
        assert ticket["verdict"] == "granted" and ticket["amr"] == ["pwd"]
        code = code_of(host, token=host.token("carol", CODE_LIKE))
        assert pam(host, CODE_LIKE)["verdict"] == "granted"
        assert pam(host, code)["verdict"] == "granted"
    finally:
        host.request("DELETE", "/users/carol", peer=True)
        host.request("PATCH", "/users/alice", peer=True, data={"uid": ALICE})


def test_a_login_by_code_leaves_the_stored_hash_alone(fresh):
    """An outdated hash is replaced by one of the password that was given, which a code is not."""
    host = fresh(CONFIG)
    host.add_user("alice", uid=ALICE)
    host.add_user("bob", uid=BOB)
    old = subprocess.run(["openssl", "passwd", "-6", PASSWORD], capture_output=True, text=True,
                         check=True).stdout.strip()
    code = code_of(host)
    host.store_hash("alice", old)
    assert verdict(host, code) == "granted"
    host.settle()
    assert host.stored_hash("alice") == old
    assert verdict(host, PASSWORD) == "granted"
    host.wait_for_log("is of the current scheme now")
    assert verdict(host, PASSWORD) == "granted"


# --- who may have one ---

def test_codes_are_for_whoever_has_shown_his_password(host):
    """Not by a token that a refresh made later, either: auth_time is the login's."""
    tokens = log_in(host)
    refreshed = host.post("/token", form={"grant_type": "refresh_token",
                                          "refresh_token": tokens["refresh_token"]}).json()
    assert mint(host, refreshed["access_token"]).status == 200
    for age, status in ((MAX_AGE - 30, 200), (60, 401)):
        with host.database() as rows:
            assert rows.execute("UPDATE sessions SET auth_time = auth_time - ? WHERE sid = ?",
                                (age, claims_of(tokens["access_token"])["sid"])).rowcount == 1
        refreshed = host.post("/token", form={
            "grant_type": "refresh_token", "refresh_token": refreshed["refresh_token"]}).json()
        reply = mint(host, refreshed["access_token"])
        assert reply.status == status, reply
    assert reply.json()["error"] == "insufficient_user_authentication"
    assert "log in again" in reply.json()["error_description"]
    assert reply.headers["www-authenticate"] == (
        'Bearer realm="jeton", error="insufficient_user_authentication", max_age="300"')
    assert mint(host, tokens["access_token"]).status == 200  # its own claims are young


def test_a_login_that_is_dated_in_the_future_is_of_an_unknown_age(host):
    tokens = log_in(host)
    with host.database() as rows:
        rows.execute("UPDATE sessions SET auth_time = auth_time + 50 WHERE sid = ?",
                     (claims_of(tokens["access_token"])["sid"],))
    token = host.post("/token", form={"grant_type": "refresh_token",
                                      "refresh_token": tokens["refresh_token"]}).json()
    assert mint(host, token["access_token"]).status == 401


def session_token(host, password):
    """The token in the file of a session that such a login opened."""
    form = {"username": "alice", "uid": str(ALICE), "service": "sshd", "nonce": "A" * 43}
    proof = {}
    if password:
        proof["proof"] = host.post("/pam/auth", peer=True,
                                   form={**form, "password": password}).body.decode()
    reply = host.post("/pam/session", peer=True, form={**form, **proof})
    assert reply.status == 200, (reply, host.log()[-3000:])
    ticket = claims_of(reply.body.decode())
    assert ticket["verdict"] == "granted", host.log()
    return (host.state / "run" / "tokens" / str(ALICE) / ticket["sid"]).read_text().strip()


def test_a_session_that_a_code_opened_makes_no_other(host):
    """Its token says otp; that of a session which a password opened says pwd, and may."""
    by_password = session_token(host, PASSWORD)
    assert claims_of(by_password)["amr"] == ["pwd"]
    by_code = session_token(host, code_of(host, token=by_password))
    assert claims_of(by_code)["amr"] == ["otp"] and claims_of(by_code)["auth_time"]
    by_nothing = session_token(host, None)
    for token in (by_code, by_nothing):
        reply = mint(host, token)
        assert reply.status == 401 and reply.json()["error"] == "insufficient_user_authentication"


def test_a_session_that_a_code_opened_administers_nothing(host):
    host.request("PATCH", "/users/alice", peer=True, data={"roles": ["admin"]})
    try:
        by_code = session_token(host, code_of(host))
        assert "jeton:admin" in claims_of(by_code)["scope"]
        assert host.get("/users", token=session_token(host, PASSWORD)).status == 200
        reply = host.get("/users", token=by_code)
        assert reply.status == 403 and "with a password" in reply.json()["error_description"]
    finally:
        host.request("PATCH", "/users/alice", peer=True, data={"roles": []})


def test_what_else_is_asked_of_the_asker(host):
    assert mint(host, host.token("unlinked")).status == 409
    assert mint(host, host.token("alice", audience="https://other.example")).status == 401
    assert mint(host, "a.b.c").status == 401
    assert host.post("/login-codes", data={"service": "sshd"}).status == 401
    assert host.post("/login-codes", data={"service": "sshd"}, peer=True).status == 401
    token = host.token("alice")
    for service in ("login", "su", "su-l", "nothing", "", "a b", "x" * 65, "ss\u0000hd"):
        reply = mint(host, token, service)
        assert reply.status == 400 and reply.json()["error"] == "invalid_request", service
    assert host.post("/login-codes", token=token, data={}).status == 400
    assert host.post("/login-codes", token=token, data={"service": "sshd", "x": 1}).status == 400


@needs_root
def test_only_his_own_account_root_and_admins_get_his_code(host):
    """A service that was shown his token, or a proxy, does not become him."""
    token = host.token("alice")
    for uid, status in ((ALICE, 200), (0, 200), (BOB, 403), (65000, 403)):
        assert mint(host, token, uid=uid).status == status, uid


def test_unless_configured_sudo_and_its_kin_take_none(fresh):
    host = fresh('issuer = "https://host.example"\nmin-uid = 1\n')
    host.add_user("alice", uid=ALICE)
    token = host.token("alice")
    for service in ("sshd", "login"):
        assert mint(host, token, service).status == 200
    for service in ("sudo", "sudo-i", "su", "su-l", "doas", "polkit-1", "ssh", "cron", "other"):
        assert mint(host, token, service).status == 400


def test_a_reload_can_take_the_service_from_those_that_are_out(fresh):
    host = fresh(CONFIG)
    host.add_user("alice", uid=ALICE)
    host.add_user("bob", uid=BOB)
    code, again = code_of(host), code_of(host, service="sudo")
    host.config_file.write_text(CONFIG.replace('"sshd", ', ""))
    host.jetond_process_signal(1)
    host.wait_for_log("the new settings are in force")
    assert verdict(host, code) == "denied"
    assert mint(host, host.token("alice")).status == 400
    assert verdict(host, again, service="sudo") == "granted"
    host.config_file.write_text(CONFIG.replace('{"sshd", "sudo"}', "{}"))
    host.jetond_process_signal(1)
    deadline = time.monotonic() + 10
    while mint(host, host.token("alice"), "sudo").status != 400:
        assert time.monotonic() < deadline
        time.sleep(0.05)


# --- what ends it ---

def end_session(host, tokens):
    sid = claims_of(tokens["access_token"])["sid"]
    assert host.request("DELETE", f"/sessions/{sid}", peer=True).status == 204


def log_out(host, tokens):
    assert host.post("/revoke", form={"token": tokens["refresh_token"]}).status == 200


def end_the_token(host, tokens):
    assert host.post("/revoke", form={"token": tokens["access_token"]}).status == 200


def change_password(host, tokens):
    assert host.request("PUT", "/users/me/password", token=tokens["access_token"], data={
        "current_password": PASSWORD, "new_password": PASSWORD + "2"}).status == 204
    assert host.request("PATCH", "/users/alice", peer=True, data={"password": PASSWORD}).status == 200


def disable(host, _):
    for disabled in (True, False):
        assert host.request("PATCH", "/users/alice", peer=True,
                            data={"disabled": disabled}).status == 200


def revoke_all(host, _):
    assert host.post("/revocations", peer=True, data={"all": True}).status == 204
    log_in(host)


@pytest.mark.parametrize("end", [end_session, log_out, end_the_token, change_password, disable,
                                 revoke_all])
def test_with_the_login_that_made_it_ends_the_code(host, end):
    tokens = log_in(host)
    code = code_of(host, token=tokens["access_token"])
    end(host, tokens)
    assert verdict(host, code) == "denied"
    assert verdict(host, code_of(host)) == "granted"


def test_the_end_of_another_session_does_not_end_it(host):
    other = log_in(host)
    code = code_of(host)
    end_session(host, other)
    assert verdict(host, code) == "granted"


def test_while_he_is_disabled_expired_or_lacks_the_role_nobody_gets_in(host):
    code = code_of(host)
    for change, back in (({"disabled": True}, {"disabled": False}),
                         ({"expires_at": "2020-01-01T00:00:00Z"}, {"expires_at": None})):
        host.request("PATCH", "/users/alice", peer=True, data=change)
        assert verdict(host, code) == "denied"
        host.request("PATCH", "/users/alice", peer=True, data=back)
    code = code_of(host)
    assert verdict(host, code, role="operator") == "denied"
    assert verdict(host, code) == "granted"  # it was not looked at


def test_a_code_is_for_the_account_that_was_linked(host):
    code = code_of(host)
    assert host.request("PATCH", "/users/alice", peer=True, data={"uid": None}).status == 200
    assert verdict(host, code) == "denied"
    assert host.request("PATCH", "/users/bob", peer=True, data={"uid": None}).status == 200
    assert host.request("PATCH", "/users/alice", peer=True, data={"uid": BOB}).status == 200
    assert verdict(host, code, uid=BOB) == "denied"
    assert host.request("PATCH", "/users/alice", peer=True, data={"uid": ALICE}).status == 200
    assert host.request("PATCH", "/users/bob", peer=True, data={"uid": BOB}).status == 200


# --- what it is no good for ---

def test_a_code_is_no_password_elsewhere(host):
    tokens = log_in(host)
    code = code_of(host, token=tokens["access_token"])
    assert host.login("alice", code).status == 400
    host.unlock("alice")
    reply = host.request("PUT", "/users/me/password", token=tokens["access_token"], data={
        "current_password": code, "new_password": PASSWORD + "2"})
    assert reply.status == 400
    for grant in ("refresh_token", "authorization_code"):
        reply = host.post("/token", form={"grant_type": grant, "refresh_token": code, "code": code})
        assert reply.status == 400
    assert host.get("/users/me", token=code).status == 401
    assert verdict(host, code) == "granted"  # none of these used it up


def test_tokens_are_no_passwords(host):
    tokens = log_in(host)
    ticket = host.post("/pam/auth", form={
        "username": "alice", "uid": str(ALICE), "service": "sshd", "nonce": "A" * 43,
        "password": PASSWORD}).body.decode()
    for token in (tokens["access_token"], tokens["refresh_token"], ticket):
        for password in (token, token[:511], token.split(".")[-1]):
            assert verdict(host, password) == "denied"
            host.unlock("alice")
            assert host.login("alice", password).status == 400
            host.unlock("alice")


# --- guessing ---

def test_codes_are_guessed_no_faster_than_passwords(host):
    code = None

    def guess():
        nonlocal code
        code = code_of(host)
        host.unlock("alice")
        assert pam(host, CODE_LIKE)["verdict"] == "denied"

    assert while_he_waits(guess, lambda: pam(host, code)["verdict"]) == "denied"
    time.sleep(1.2)
    assert pam(host, code)["verdict"] == "granted"


@needs_root
def test_who_is_not_believed_about_the_service_uses_up_no_code(host):
    """Any process may ask about any account; the service is its own word."""
    code = code_of(host)
    for _ in range(4):
        assert verdict(host, CODE_LIKE, by=BOB) == "denied"
    assert verdict(host, code, by=BOB) == "denied"
    assert verdict(host, code, by=ALICE) == "granted"


def test_nor_does_who_is_believed_unless_he_asks_by_that_right(host):
    code = code_of(host)
    assert verdict(host, code, peer=False) == "denied"
    assert verdict(host, code) == "granted"


def test_wrong_codes_take_as_long_with_a_code_out_as_without(host):
    """Coarsely: both take the password's way, and leave on the same marks of the grid."""
    took = {}
    for has_code in (True, False):
        for _ in range(6):
            if has_code:
                code_of(host, "bob")
            host.unlock("bob")
            began = time.monotonic()
            assert pam(host, CODE_LIKE, uid=BOB)["verdict"] == "denied"
            took.setdefault(has_code, []).append(time.monotonic() - began)
        code = code_of(host, "bob")
        assert verdict(host, code, uid=BOB) == "granted"
    medians = [sorted(times)[len(times) // 2] for times in took.values()]
    assert 0.045 < min(medians) and max(medians) < 2 * min(medians) + 0.2


# --- what is told of it ---

def test_the_audit_tells_each_step_and_never_the_code(fresh):
    host = fresh(CONFIG)
    host.add_user("alice", uid=ALICE)
    host.add_user("bob", uid=BOB)
    tokens = log_in(host)
    sid = claims_of(tokens["access_token"])["sid"]
    minted = mint(host, tokens["access_token"])
    code = minted.json()["code"]
    line = wait_for(host, request=minted.headers["x-request-id"])
    assert (line["event"], line["result"], line["user"]) == ("login-code", "granted", "alice")
    assert (line["sid"], line["service"], line["expires_in"]) == (sid, "sshd", "60")
    refused = mint(host, tokens["access_token"], "cron")
    line = wait_for(host, request=refused.headers["x-request-id"])
    assert (line["event"], line["result"], line["sid"]) == ("login-code", "refused", sid)
    pam(host, CODE_LIKE)
    line = wait_for(host, event="pam-auth", result="refused", code="wrong", sid=sid)
    assert line["reason"] == "credentials" and line["service"] == "sshd"
    assert verdict(host, code) == "granted"
    line = wait_for(host, event="pam-auth", result="granted", amr="otp", sid=sid)
    assert line["user"] == "alice"
    again = code_of(host, token=tokens["access_token"])
    for _ in range(3):
        verdict(host, CODE_LIKE)
    wait_for(host, event="pam-auth", result="refused", code="spent", sid=sid)
    text = host.log().upper()
    for secret in (code, again, CODE_LIKE.upper()):
        assert secret not in text and secret.replace("-", "") not in text
    assert audit_lines(host.log())


# --- the command ---

def test_the_command_prints_the_code_alone(host, tmp_path):
    file = tmp_path / "token"
    file.write_text(host.token("alice"))
    for words in ((), ("--service", "ssh"), ("--service", "sshd")):
        done = host.jeton("login-code", "--token-file", str(file), *words)
        assert done.returncode == 0, done.stderr
        assert len(done.stdout) == 20 and "sshd" in done.stderr and "60 s" in done.stderr
        assert verdict(host, done.stdout.strip()) == "granted"
    done = host.jeton("login-code", "--service", "cron", "--token-file", str(file))
    assert done.returncode == 1 and "no login codes" in done.stderr and not done.stdout
    done = host.jeton("login-code", "--service", "sudo", "--token-file", str(file), "--json")
    answer = json.loads(done.stdout)
    assert answer["service"] == "sudo" and len(answer["code"]) == 19


def test_the_command_says_to_log_in_again(host, tmp_path):
    tokens = log_in(host)
    with host.database() as rows:
        rows.execute("UPDATE sessions SET auth_time = auth_time - 400 WHERE sid = ?",
                     (claims_of(tokens["access_token"])["sid"],))
    file = tmp_path / "token"
    file.write_text(host.post("/token", form={
        "grant_type": "refresh_token",
        "refresh_token": tokens["refresh_token"]}).json()["access_token"])
    done = host.jeton("login-code", "--token-file", str(file))
    assert done.returncode == 1 and not done.stdout
    assert "log in again" in done.stderr and "jeton login --save" in done.stderr
    assert "is not, or no longer, good" not in done.stderr
