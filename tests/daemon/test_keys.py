"""The signing keys: algorithms by audience, their life without a restart, what is never published."""
import base64
import hashlib
import hmac
import json
import os
import signal
import threading
import time

import jwt
import pytest
from harness import Daemon

ISSUER = "https://host.example"
AUDIENCES = {"RS256": "https://rs.example", "EdDSA": "https://ed.example",
             "HS256": "https://hs.example"}
CONFIG = f"""
issuer = "{ISSUER}"
min-uid = 1
""" + "".join(f'audience "{name}" {{ alg = "{alg}" }}\n' for alg, name in AUDIENCES.items())


@pytest.fixture(scope="module")
def jetond():
    with Daemon(CONFIG) as daemon:
        daemon.add_user("alice")
        yield daemon


@pytest.fixture
def fresh():
    daemons = []

    def make(config=CONFIG, start=True):
        daemon = Daemon(config)
        daemons.append(daemon)
        if start:
            daemon.start()
            daemon.add_user("alice")
        return daemon

    yield make
    for daemon in daemons:
        daemon.remove()


def keys(daemon):
    reply = daemon.get("/keys", peer=True)
    assert reply.status == 200, reply
    return reply.json()


def active(daemon, alg="ES256"):
    kid, = [key["kid"] for key in keys(daemon) if (key["alg"], key["state"]) == (alg, "active")]
    return kid


def rotate(daemon, **how):
    reply = daemon.post("/keys/rotate", peer=True, data=how)
    assert reply.status == 200, (reply, daemon.log())
    return reply.json()


def drop(daemon, kid):
    return daemon.request("DELETE", f"/keys/{kid}", peer=True)


def jwks(daemon):
    return daemon.get("/.well-known/jwks.json").json()["keys"]


def is_active(daemon, token):
    return daemon.post("/introspect", form={"token": token}).json()["active"]


def verify_here(daemon, token):
    """`jeton verify`: by the keys page alone, the daemon need not run."""
    return daemon.jeton("verify", "--audience", "*", "-", standard_input=token)


def judge(daemon, token, alg, audience):
    header = jwt.get_unverified_header(token)
    assert header["alg"] == alg
    key = next(k for k in jwt.PyJWKSet.from_dict({"keys": jwks(daemon)}).keys
               if k.key_id == header["kid"])
    return jwt.decode(token, key.key, algorithms=[alg], audience=audience, issuer=ISSUER)


# --- algorithms ---

@pytest.mark.parametrize("alg", ["ES256", "RS256", "EdDSA"])
def test_another_library_verifies_each_algorithm_by_the_jwks(jetond, alg):
    audience = AUDIENCES.get(alg, ISSUER)
    token = jetond.token("alice", audience=audience)
    assert judge(jetond, token, alg, audience)["username"] == "alice"
    assert is_active(jetond, token)
    assert verify_here(jetond, token).stdout.startswith("valid\n")


@pytest.mark.parametrize("alg", ["RS256", "EdDSA"])
def test_a_refreshed_token_is_of_its_audiences_algorithm_too(jetond, alg):
    refresh_token = jetond.login("alice", audience=AUDIENCES[alg]).json()["refresh_token"]
    for _ in range(2):
        answer = jetond.post("/token", form={"grant_type": "refresh_token",
                                             "refresh_token": refresh_token}).json()
        assert judge(jetond, answer["access_token"], alg, AUDIENCES[alg])["username"] == "alice"
        refresh_token = answer["refresh_token"]


def secret_of(daemon, kid):
    done = daemon.jeton("key", "export", kid)
    assert done.returncode == 0, done.stderr
    return base64.urlsafe_b64decode(done.stdout.strip() + "=")


def test_an_hs256_token_verifies_with_the_exported_secret_alone(jetond):
    token = jetond.token("alice", audience=AUDIENCES["HS256"])
    header = jwt.get_unverified_header(token)
    secret = secret_of(jetond, header["kid"])
    assert len(secret) == 32
    claims = jwt.decode(token, secret, algorithms=["HS256"], audience=AUDIENCES["HS256"])
    assert claims["username"] == "alice"
    assert is_active(jetond, token)
    # Whoever shares the secret can make tokens: that is what HS256 means, and the manual says so.
    forged = jwt.encode({**claims, "username": "bob"}, secret, algorithm="HS256",
                        headers={"kid": header["kid"], "typ": "at+jwt"})
    assert jwt.decode(forged, secret, algorithms=["HS256"], audience=AUDIENCES["HS256"])


def test_of_an_hs256_key_nothing_but_kid_and_algorithm_leaves_the_signer(jetond):
    kid = active(jetond, "HS256")
    secret = secret_of(jetond, kid)
    assert kid not in [key["kid"] for key in jwks(jetond)]
    page = (jetond.state / "run" / "keys").read_bytes()
    assert kid.encode() in page
    for spelling in (secret, base64.urlsafe_b64encode(secret).rstrip(b"="), secret.hex().encode()):
        assert spelling not in page
        assert spelling not in json.dumps(jwks(jetond)).encode()
        assert spelling not in jetond.log().encode()
        assert spelling not in jetond.get("/keys", peer=True).body
    # Not derived from the secret either.
    assert base64.urlsafe_b64encode(hashlib.sha256(secret).digest()).rstrip(b"=") != kid.encode()


def test_the_library_says_of_an_hs256_token_that_the_daemon_must_be_asked(jetond):
    token = jetond.token("alice", audience=AUDIENCES["HS256"])
    done = verify_here(jetond, token)
    assert done.returncode == 1
    assert done.stdout == "ask the daemon\n"
    assert "introspect" in done.stderr


def test_a_changed_hs256_token_is_inactive(jetond):
    token = jetond.token("alice", audience=AUDIENCES["HS256"])
    for at in range(0, len(token), 11):
        if token[at] != ".":
            other = "A" if token[at] != "A" else "B"
            assert not is_active(jetond, token[:at] + other + token[at + 1:]), at
    assert not is_active(jetond, token + "A")
    assert not is_active(jetond, token.rsplit(".", 1)[0] + ".")


def test_a_revoked_hs256_token_is_inactive(jetond):
    token = jetond.token("alice", audience=AUDIENCES["HS256"])
    other = jetond.token("alice", audience=AUDIENCES["HS256"])
    is_active = lambda one: jetond.post("/introspect", form={"token": one}).json()["active"]
    assert is_active(token)
    assert jetond.post("/revoke", form={"token": token[:-4] + "AAAA"}).status == 200
    assert is_active(token)
    assert jetond.post("/revoke", form={"token": token}).status == 200
    assert not is_active(token)
    assert is_active(other)


def test_an_hs256_token_is_no_bearer_for_jeton_itself(jetond):
    token = jetond.token("alice", audience=AUDIENCES["HS256"])
    assert jetond.get("/users/me", token=token).status == 401


def encode(value):
    return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).decode(
        ).rstrip("=")


def unpadded(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def test_a_published_key_is_no_hs256_secret(jetond):
    """CVE-2015-9235 and its descendants, with every published key in several spellings."""
    payload = jetond.token("alice").split(".")[1]
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    hs_kid = active(jetond, "HS256")
    for jwk in jwks(jetond):
        key = jwt.PyJWK.from_dict(jwk).key
        secrets = [key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
                   key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
                   json.dumps(jwk).encode(), b"", jwk["kid"].encode()]
        secrets += [base64.urlsafe_b64decode(jwk[m] + "==") for m in "xyn" if m in jwk]
        for secret in secrets:
            for kid in (jwk["kid"], hs_kid):
                for alg in ("HS256", jwk["alg"]):
                    head = encode({"alg": alg, "typ": "at+jwt", "kid": kid})
                    mac = hmac.new(secret, f"{head}.{payload}".encode(), hashlib.sha256).digest()
                    token = f"{head}.{payload}.{unpadded(mac)}"
                    assert not is_active(jetond, token), (jwk, alg, kid)
                    assert jetond.get("/users/me", token=token).status == 401


def test_a_token_of_one_key_with_the_header_of_another_is_refused(jetond):
    tokens = {alg: jetond.token("alice", audience=AUDIENCES.get(alg, ISSUER))
              for alg in ("ES256", "RS256", "EdDSA", "HS256")}
    for one, its in tokens.items():
        for other, foreign in tokens.items():
            token = ".".join([foreign.split(".")[0], *its.split(".")[1:]])
            assert is_active(jetond, token) == (one == other), (one, other)


def test_the_metadata_name_the_algorithms_of_the_published_keys(jetond):
    for path in ("openid-configuration", "oauth-authorization-server"):
        document = jetond.get(f"/.well-known/{path}").json()
        named = document["id_token_signing_alg_values_supported"]
        assert sorted(named) == ["ES256", "EdDSA", "RS256"]


def test_hs256_is_no_algorithm_for_the_issuer_itself(fresh):
    daemon = fresh('algorithm = "HS256"\n', start=False)
    daemon.spawn()
    assert daemon.process.wait(10) != 0
    assert "algorithm must be one of ES256 RS256 EdDSA" in daemon.log()


@pytest.mark.parametrize("alg", ["RS256", "EdDSA"])
def test_the_default_algorithm_signs_for_the_issuer_and_for_logins(fresh, alg):
    daemon = fresh(f'issuer = "{ISSUER}"\nalgorithm = "{alg}"\n')
    token = daemon.token("alice")
    assert jwt.get_unverified_header(token)["alg"] == alg
    assert daemon.get("/users/me", token=token).status == 200
    assert [key["alg"] for key in jwks(daemon)] == [alg]


# --- the JWKS is cached ---

def test_the_jwks_has_an_entity_tag_and_304_answers_it(jetond):
    first = jetond.get("/.well-known/jwks.json")
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "public, max-age=300"
    for field in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        reply = jetond.get("/.well-known/jwks.json", headers=[("If-None-Match", field)])
        assert (reply.status, reply.body, reply.headers["etag"]) == (304, b"", tag), field
    for field in ('"other"', tag[:-1], "", tag.strip('"')):
        reply = jetond.get("/.well-known/jwks.json", headers=[("If-None-Match", field)])
        assert (reply.status, reply.body) == (200, first.body), field


def test_a_connection_goes_on_after_a_304(jetond):
    tag = jetond.get("/.well-known/jwks.json").headers["etag"]
    request = (f"GET /.well-known/jwks.json HTTP/1.1\r\nHost: jeton\r\nIf-None-Match: {tag}\r\n"
               "\r\n").encode()
    with jetond.connect() as connection:
        for _ in range(3):
            connection.send(request)
            assert connection.reply().status == 304


def test_the_entity_tag_changes_with_the_keys(fresh):
    daemon = fresh()
    tag = daemon.get("/.well-known/jwks.json").headers["etag"]
    rotate(daemon)
    reply = daemon.get("/.well-known/jwks.json", headers=[("If-None-Match", tag)])
    assert reply.status == 200 and reply.headers["etag"] != tag


# --- the life of a key ---

def states(daemon, alg="ES256"):
    return sorted(key["state"] for key in keys(daemon) if key["alg"] == alg)


def test_a_rotation_publishes_the_successor_before_it_signs(fresh):
    daemon = fresh()
    old = active(daemon)
    listed = rotate(daemon, alg="ES256")
    assert sorted(k["state"] for k in listed if k["alg"] == "ES256") == ["active", "prepared"]
    prepared, = [k for k in listed if k["state"] == "prepared"]
    assert prepared["active_at"] > prepared["since"]
    assert prepared["kid"] in [key["kid"] for key in jwks(daemon)]
    assert jwt.get_unverified_header(daemon.token("alice"))["kid"] == old
    # Once more changes nothing: there is one successor.
    assert rotate(daemon, alg="ES256") == listed
    assert states(daemon, "RS256") == ["active"]


def test_a_rotation_at_once_leaves_the_old_tokens_good(fresh):
    daemon = fresh()
    before = {alg: daemon.token("alice", audience=AUDIENCES.get(alg, ISSUER))
              for alg in ("ES256", "RS256", "EdDSA", "HS256")}
    rotate(daemon, now=True)
    for alg, token in before.items():
        assert states(daemon, alg) == ["active", "retired"]
        after = daemon.token("alice", audience=AUDIENCES.get(alg, ISSUER))
        assert jwt.get_unverified_header(after)["kid"] == active(daemon, alg)
        assert jwt.get_unverified_header(token)["kid"] != active(daemon, alg)
        assert is_active(daemon, token) and is_active(daemon, after)


def test_each_state_lives_through_a_restart(fresh):
    daemon = fresh()
    tokens = [daemon.token("alice")]
    rotate(daemon, now=True)
    tokens.append(daemon.token("alice"))
    rotate(daemon)
    listed = keys(daemon)
    assert {key["state"] for key in listed} == {"prepared", "active", "retired"}
    daemon.stop()
    for token in tokens:
        assert verify_here(daemon, token).stdout.startswith("valid\n")
    daemon.start()
    assert sorted(keys(daemon), key=str) == sorted(listed, key=str)
    assert all(is_active(daemon, token) for token in tokens)


def test_keys_rotate_by_time_and_no_good_token_is_refused(fresh):
    """Verifiers of three kinds, while the keys change every two seconds."""
    daemon = fresh(f'issuer = "{ISSUER}"\nmax-lifetime = 30s\naccess-lifetime = 30s\n'
                   'key-rotate = 2s\nkey-prepare = 1s\n')
    wrong, kids, checked, ends = [], set(), [0], time.monotonic() + 9

    def look():
        while time.monotonic() < ends:
            token = daemon.token("alice")
            kids.add(jwt.get_unverified_header(token)["kid"])
            if not is_active(daemon, token) or daemon.get("/users/me", token=token).status != 200:
                wrong.append(token)
            judge(daemon, token, "ES256", ISSUER)
            checked[0] += 1

    threads = [threading.Thread(target=look) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(8):
        token = daemon.token("alice")
        done = verify_here(daemon, token)
        if not done.stdout.startswith("valid\n"):
            wrong.append(done)
        time.sleep(0.5)
    for thread in threads:
        thread.join()
    assert not wrong
    assert len(kids) >= 3 and checked[0] > 20, (len(kids), checked)


def test_commanded_rotations_under_load_refuse_no_good_token(fresh):
    daemon = fresh(f'issuer = "{ISSUER}"\n')
    wrong, done = [], threading.Event()

    def look():
        while not done.is_set():
            token = daemon.token("alice")
            if not is_active(daemon, token) or daemon.get("/users/me", token=token).status != 200:
                wrong.append(token)

    thread = threading.Thread(target=look)
    thread.start()
    tokens = []
    for _ in range(12):
        tokens.append(daemon.token("alice"))
        rotate(daemon, now=True)
    done.set()
    thread.join()
    assert not wrong
    assert all(is_active(daemon, token) for token in tokens)


def test_when_the_page_is_full_a_rotation_is_refused_and_nothing_changes(fresh):
    daemon = fresh(f'issuer = "{ISSUER}"\n')
    for _ in range(15):
        rotate(daemon, now=True)
    listed = keys(daemon)
    assert len(listed) == 16
    reply = daemon.post("/keys/rotate", peer=True, data={"now": True})
    assert reply.status == 409
    assert keys(daemon) == listed
    assert daemon.login("alice").status == 200
    retired = next(key["kid"] for key in listed if key["state"] == "retired")
    assert drop(daemon, retired).status == 200
    rotate(daemon, now=True)


# --- the emergency ---

def test_a_dropped_key_is_seen_at_once_by_every_verifier(fresh):
    daemon = fresh()
    token, kid = daemon.token("alice"), active(daemon)
    assert verify_here(daemon, token).stdout.startswith("valid\n")
    listed = drop(daemon, kid).json()
    assert kid not in [key["kid"] for key in listed]
    assert states(daemon) == ["active"]
    assert not is_active(daemon, token)
    assert daemon.get("/users/me", token=token).status == 401
    assert kid not in [key["kid"] for key in jwks(daemon)]
    assert not list((daemon.state / "keys").glob(f"{kid}*"))
    daemon.stop()
    assert verify_here(daemon, token).stdout == "invalid\n"
    daemon.start()
    assert not is_active(daemon, token)
    assert is_active(daemon, daemon.token("alice"))


def test_a_dropped_hs256_key_is_inactive_at_once(fresh):
    daemon = fresh()
    token = daemon.token("alice", audience=AUDIENCES["HS256"])
    assert is_active(daemon, token)
    assert drop(daemon, active(daemon, "HS256")).status == 200
    assert not is_active(daemon, token)
    assert is_active(daemon, daemon.token("alice", audience=AUDIENCES["HS256"]))


@pytest.mark.parametrize("kid", ["x", "A" * 43, "../" + "A" * 40, "A" * 42 + "=", "%2e%2e", "A" * 44])
def test_a_kid_that_is_none_is_not_found(jetond, kid):
    before = keys(jetond)
    assert drop(jetond, kid).status in (400, 404)
    assert keys(jetond) == before


# --- who may ---

ROUTES = [("GET", "/keys", None), ("POST", "/keys/rotate", {}), ("DELETE", "/keys/" + "A" * 43, None)]


@pytest.mark.parametrize("method,path,data", ROUTES)
def test_the_keys_are_for_admins(jetond, method, path, data):
    before = keys(jetond)
    token = jetond.token("alice")
    assert jetond.request(method, path, data=data).status == 401
    assert jetond.request(method, path, data=data, token=token).status == 403
    assert jetond.request(method, path, data=data, token=token[:-2] + "AA").status == 401
    if os.geteuid() == 0:
        assert jetond.request(method, path, data=data, peer=True, uid=4242).status == 403
    assert keys(jetond) == before


@pytest.mark.parametrize("data", [{"alg": "none"}, {"alg": "es256"}, {"alg": 1}, {"now": 1},
                                  {"alg": "ES256", "more": 1}, []])
def test_a_malformed_rotation_changes_nothing(jetond, data):
    before = keys(jetond)
    assert jetond.post("/keys/rotate", peer=True, data=data).status == 400
    assert keys(jetond) == before


def test_an_algorithm_that_is_not_in_use_is_not_rotated(fresh):
    daemon = fresh(f'issuer = "{ISSUER}"\n')
    assert daemon.post("/keys/rotate", peer=True, data={"alg": "RS256"}).status == 404


# --- reload ---

def test_a_reload_brings_and_retires_algorithms(fresh):
    daemon = fresh(f'issuer = "{ISSUER}"\n')
    old = daemon.token("alice")
    daemon.config_file.write_text(
        f'issuer = "{ISSUER}"\nalgorithm = "EdDSA"\n'
        f'audience "{AUDIENCES["RS256"]}" {{ alg = "RS256" }}\n')
    daemon.jetond_process_signal(signal.SIGHUP)
    daemon.wait_for_log("(RS256) is active")
    daemon.wait_for_log("the new settings are in force")
    assert jwt.get_unverified_header(daemon.token("alice"))["alg"] == "EdDSA"
    token = daemon.token("alice", audience=AUDIENCES["RS256"])
    assert judge(daemon, token, "RS256", AUDIENCES["RS256"])
    assert states(daemon, "ES256") == ["retired"]
    assert is_active(daemon, old)


# --- crashes ---

def test_a_file_that_states_does_not_name_is_set_aside_at_the_start(fresh):
    daemon = fresh()
    listed = keys(daemon)
    rotate(daemon, alg="ES256", now=True)
    daemon.stop()
    folder = daemon.state / "keys"
    lines = (folder / "states").read_text().splitlines(True)
    kid, = [line.split()[0] for line in lines if " ES256 retired " in line]
    os.chmod(folder / "states", 0o600)
    (folder / "states").write_text("".join(line for line in lines if kid not in line))
    (folder / ".new-half").write_text("half")
    daemon.start()
    assert not (folder / f"{kid}.pem").exists() and not (folder / ".new-half").exists()
    assert (folder / f"{kid}.pem.aside").exists()
    assert f"keys/{kid}.pem: is in no line of keys/states, set aside as {kid}.pem.aside" \
        in daemon.log()
    assert kid in [key["kid"] for key in listed]
    assert kid not in [key["kid"] for key in keys(daemon)]


def test_a_state_without_its_file_refuses_to_start_by_name(fresh):
    daemon = fresh()
    kid = active(daemon, "HS256")
    daemon.stop()
    (daemon.state / "keys" / f"{kid}.hs256").unlink()
    daemon.spawn()
    assert daemon.wait_for_log(f"keys/{kid}.hs256: is missing")


@pytest.mark.parametrize("text", [
    "", "x\n", "A\n", f"{'A' * 43} ES256 active 0\n", f"{'A' * 43} ES256 active 0 0",
    f"{'A' * 43} none active 0 0\n", f"{'A' * 43} ES256 dead 0 0\n",
    f"{'A' * 43} ES256 active -1 0\n", f"{'/' * 43} ES256 active 0 0\n"])
def test_a_broken_states_file_refuses_to_start_by_name(fresh, text):
    daemon = fresh()
    daemon.stop()
    path = daemon.state / "keys" / "states"
    os.chmod(path, 0o600)
    path.write_text(text)
    daemon.spawn()
    assert daemon.wait_for_log("keys/states: ")


def test_the_signer_killed_in_the_midst_of_rotations_keeps_what_it_acknowledged(fresh):
    daemon = fresh(f'issuer = "{ISSUER}"\n')
    tokens = []
    for turn in range(6):
        daemon.wait_until_healthy()
        tokens.append(daemon.token("alice"))
        pid, = daemon.children()["signer"]
        killer = threading.Timer(0.002 * turn, os.kill, (pid, signal.SIGKILL))
        killer.start()
        acknowledged = None
        try:
            reply = daemon.post("/keys/rotate", peer=True, data={"now": True})
            if reply.status == 200:
                acknowledged = next(key["kid"] for key in reply.json() if key["state"] == "active")
        except OSError:
            pass
        killer.join()
        deadline = time.monotonic() + 20
        while daemon.children().get("signer", [pid]) == [pid]:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        daemon.wait_until_healthy()
        listed = {key["kid"]: key["state"] for key in keys(daemon)}
        assert sorted(listed.values()).count("active") == 1
        if acknowledged:
            assert listed[acknowledged] == "active"
        files = {path.name for path in (daemon.state / "keys").iterdir()
                 if path.suffix != ".aside"}
        assert files == {f"{kid}.pem" for kid in listed} | {"states"}
        assert all(is_active(daemon, token) for token in tokens)


# --- the command ---

def test_the_command_lists_rotates_and_drops(fresh):
    daemon = fresh()
    kid = active(daemon)
    done = daemon.jeton("key", "list")
    assert done.returncode == 0 and f"{kid}  ES256  active" in done.stdout
    done = daemon.jeton("key", "rotate", "--alg", "ES256", "--now")
    assert done.returncode == 0 and f"{kid}  ES256  retired" in done.stdout
    done = daemon.jeton("key", "drop", kid)
    assert done.returncode == 0 and kid not in done.stdout
    assert kid not in daemon.jeton("key", "list", "--json").stdout
    assert daemon.jeton("key", "drop", kid).returncode == 1
    assert daemon.jeton("key", "drop", "../../etc/passwd").returncode == 2
    for alg in ("ES256", "RS256", "EdDSA", "HS256"):
        assert f"{alg} active" in daemon.jeton("status").stdout


def test_export_takes_a_kid_of_an_hs256_key_and_nothing_else(fresh):
    daemon = fresh()
    for kid in (active(daemon), "A" * 43, "../db/jeton.db", "", "../" * 14 + "A"):
        done = daemon.jeton("key", "export", kid)
        assert done.returncode == 1 and done.stdout == "", kid
    kid = active(daemon, "HS256")
    jwk = json.loads(daemon.jeton("key", "export", "--json", kid).stdout)
    assert (jwk["kty"], jwk["alg"], jwk["kid"]) == ("oct", "HS256", kid)
    daemon.stop()
    assert daemon.jeton("key", "export", kid).returncode == 0
