"""jeton token: by the kernel's word, from what is at hand, and narrowed by an exchange."""
import json
import os
import stat
import subprocess

import pytest
from harness import BUILD, PASSWORD, Daemon, in_process_of, is_root, let_everybody_in

pytestmark = pytest.mark.skipif(not is_root(), reason="needs root to become other uids")

METRICS, BILLING, ISSUER = "https://metrics.example", "https://billing.example", "https://host.example"
CONFIG = f"""
issuer = "{ISSUER}"
min-uid = 1
audience "{METRICS}" {{ scope "read" {{ }} scope "write" {{ }} }}
audience "{BILLING}" {{ role = {{"clerk"}} }}
audience "https://hs.example" {{ alg = "HS256" }}
identity "grafana" {{
    user = {{"61001"}}
    audience = {{"{METRICS}", "{ISSUER}", "https://hs.example"}}
    scope = {{"read"}}
    role = {{"machine", "other"}}
    lifetime = "5m"
}}
identity "one" {{ user = {{"61002"}} audience = {{"{METRICS}"}} }}
identity "two" {{ user = {{"61002"}} audience = {{"{METRICS}"}} scope = {{"write"}} }}
"""
GRAFANA, TWICE, NOBODY = 61001, 61002, 61009


@pytest.fixture(scope="module")
def jetond():
    with Daemon(CONFIG) as daemon:
        daemon.add_user("alice", roles=["clerk"])
        yield daemon


class Home:
    """Runs the command as a uid, with a runtime directory of its own."""

    def __init__(self, jetond, directory, uid):
        self.jetond, self.uid = jetond, uid
        self.runtime = directory / str(uid)
        self.runtime.mkdir(0o700)
        os.chown(self.runtime, uid, uid)

    def jeton(self, *words, standard_input="", **variables):
        environment = {"PATH": os.environ["PATH"], "JETON_SOCKET": str(self.jetond.socket),
                       "XDG_RUNTIME_DIR": str(self.runtime), **variables}
        return in_process_of(self.uid, lambda: subprocess.run(
            [str(BUILD / "bin/jeton"), *words], input=standard_input, capture_output=True,
            text=True, timeout=30, env=environment, cwd="/"))

    def token(self, *words, **how):
        answer = self.jeton("token", *words, **how)
        assert answer.returncode == 0, answer.stderr
        return answer.stdout.strip()

    def refused(self, *words, **how):
        answer = self.jeton("token", *words, **how)
        assert answer.returncode == 1 and answer.stdout == "", answer
        return answer.stderr

    def write(self, name, text, mode=0o600):
        path = self.runtime / name
        path.write_text(text)
        path.chmod(mode)
        os.chown(path, self.uid, self.uid)
        return str(path)


@pytest.fixture
def at(jetond, tmp_path_factory):
    directory = tmp_path_factory.mktemp("homes")
    let_everybody_in(directory)
    return lambda uid: Home(jetond, directory, uid)


def claims(jetond, token):
    said = jetond.post("/introspect", form={"token": token}).json()
    assert said["active"] is True
    return said


# --- by the kernel's word ---

def test_a_service_has_its_token_without_a_password(jetond, at):
    said = claims(jetond, at(GRAFANA).token("--audience", METRICS))
    assert (said["sub"], said["aud"], said["scope"]) == ("svc:grafana", METRICS, "read")
    assert claims(jetond, at(TWICE).token("--audience", METRICS, "--client-id", "two"))[
        "client_id"] == "two"


def test_nothing_at_hand_asks_by_the_kernels_word_too(jetond, at):
    assert claims(jetond, at(GRAFANA).token())["aud"] == ISSUER


def test_a_header_and_json_are_the_same_token_in_other_words(jetond, at):
    home = at(GRAFANA)
    assert home.token("--header").startswith("Authorization: Bearer ey")
    said = json.loads(home.token("--audience", METRICS, "--json"))
    assert said["expires_in"] == 300 and said["scope"] == "read" and said["token_type"] == "Bearer"
    assert claims(jetond, said["access_token"])["sub"] == "svc:grafana"


@pytest.mark.parametrize("uid, words, says", [
    (NOBODY, [], ["no rule here", "jeton login", "section identity"]),
    (TWICE, ["--audience", METRICS], ["name one of them as client_id"]),
    (TWICE, ["--audience", METRICS, "--client-id", "grafana"], ["no rule here"]),
    (GRAFANA, ["--audience", BILLING], ["invalid_target", "jeton policy test"]),
    (GRAFANA, ["--audience", METRICS, "--scope", "write"], ["invalid_scope", "jeton policy test"]),
])
def test_a_refusal_says_why_and_what_to_do(at, uid, words, says):
    error = at(uid).refused(*words)
    for word in says:
        assert word in error


# --- what is at hand, in its order ---

def test_the_order_is_file_then_environment_then_runtime_then_saved_then_peer(jetond, at):
    home = at(GRAFANA)
    tokens = [jetond.token("alice") for _ in range(4)]
    peer = home.token()
    assert claims(jetond, peer)["sub"] == "svc:grafana"
    done = home.jeton("login", "alice", "--password-stdin", "--save", standard_input=PASSWORD + "\n")
    assert done.returncode == 0, done.stderr
    saved = home.token()
    assert claims(jetond, saved)["username"] == "alice"
    home.write(f"bt_u{GRAFANA}", tokens[0] + "\n")
    assert home.token() == tokens[0]
    variable = home.write("variable", tokens[1])
    assert home.token(BEARER_TOKEN_FILE=variable) == tokens[1]
    assert home.token(BEARER_TOKEN=tokens[2], BEARER_TOKEN_FILE=variable) == tokens[2]
    named = home.write("named", tokens[3])
    assert home.token("--token-file", named, BEARER_TOKEN=tokens[2]) == tokens[3]
    assert claims(jetond, home.token("--audience", METRICS, BEARER_TOKEN=tokens[2]))[
        "sub"] == "svc:grafana"


def test_a_token_of_another_system_is_passed_over_where_nobody_named_it(jetond, at):
    home = at(GRAFANA)
    head, _, tail = jetond.token("alice").rpartition(".")
    other = f"{head}.{tail[::-1]}"
    assert claims(jetond, home.token(BEARER_TOKEN=other))["sub"] == "svc:grafana"
    assert "not good" in home.refused("--token-file", home.write("other", other))
    assert "no token in it" in home.refused("--token-file", home.write("empty", "\n"))
    assert "No such file" in home.refused("--token-file", "/nonexistent")


def test_a_token_at_hand_that_is_over_or_nearly_is_told_not_given(jetond, at):
    home = at(GRAFANA)
    held = jetond.token("alice")
    assert home.token("--min-valid", "600", BEARER_TOKEN=held) == held
    error = home.refused("--min-valid", "1000", BEARER_TOKEN=held)
    assert "--min-valid wants 1000" in error
    assert jetond.post("/revoke", form={"token": held}).status == 200
    assert "revoked" in home.refused(BEARER_TOKEN=held)


def test_a_token_that_only_the_daemon_can_judge_is_given_as_it_is(at):
    home = at(GRAFANA)
    secret = home.token("--audience", "https://hs.example")
    assert home.token(BEARER_TOKEN=secret) == secret


# --- to a file ---

def test_a_file_gets_the_token_for_its_owner_alone(jetond, at):
    home = at(GRAFANA)
    out = home.runtime / "token"
    home.write("token", "what was there before", mode=0o644)
    before = out.stat().st_ino
    answer = home.jeton("token", "--audience", METRICS, "--out", str(out))
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")
    assert stat.S_IMODE(out.stat().st_mode) == 0o600 and out.stat().st_ino != before
    assert claims(jetond, out.read_text().strip())["sub"] == "svc:grafana"
    said = json.loads(home.token("--header", "--json", "--out", str(out)))
    assert said["out"] == str(out) and said["expires_in"] == 300 and "access_token" not in said
    assert out.read_text().startswith("Authorization: Bearer ey")
    assert [entry.name for entry in home.runtime.iterdir()] == ["token"]


def test_a_link_is_replaced_and_what_it_names_stays(at):
    home = at(GRAFANA)
    target = home.write("target", "precious")
    (home.runtime / "link").symlink_to(target)
    assert home.token("--out", str(home.runtime / "link")) == ""
    assert (home.runtime / "target").read_text() == "precious"
    assert not (home.runtime / "link").is_symlink()


def test_a_pipe_and_a_link_that_is_what_dev_stdout_is_are_left(at):
    home = at(GRAFANA)
    os.mkfifo(home.runtime / "pipe")
    (home.runtime / "link").symlink_to("/proc/self/fd/1")
    for name in ("pipe", "link"):
        assert f"/{name}: no token was written: it is no plain file" in \
            home.refused("--out", str(home.runtime / name))
    assert (home.runtime / "pipe").is_fifo() and (home.runtime / "link").is_symlink()


@pytest.mark.parametrize("name", ["folder", "folder/", "missing/token"])
def test_a_file_that_cannot_be_written_leaves_nothing_behind(at, name):
    home = at(GRAFANA)
    (home.runtime / "folder").mkdir()
    assert "no token was written" in home.refused("--out", str(home.runtime / name))
    assert [entry.name for entry in home.runtime.iterdir()] == ["folder"]
    assert list((home.runtime / "folder").iterdir()) == []


def test_a_refusal_leaves_the_file_as_it_was(at):
    home = at(GRAFANA)
    home.write("token", "of before")
    home.refused("--audience", BILLING, "--out", str(home.runtime / "token"))
    assert (home.runtime / "token").read_text() == "of before"


# --- an exchange ---

def test_an_exchange_narrows_the_token_at_hand(jetond, at):
    home = at(NOBODY)
    held = jetond.token("alice")
    said = claims(jetond, home.token("--exchange", "--audience", METRICS, "--scope", "read",
                                     "--lifetime", "30", BEARER_TOKEN=held))
    assert (said["username"], said["aud"], said["scope"]) == ("alice", METRICS, "read")
    assert said["exp"] - said["iat"] == 30 and said["sid"] == claims(jetond, held)["sid"]
    assert said["roles"] == ["clerk"]
    without = home.token("--exchange", "--role", "", "--token-file", home.write("t", held))
    assert claims(jetond, without).get("roles", []) == []


def test_an_exchange_takes_the_saved_login_and_some_of_the_roles(jetond, at):
    home = at(GRAFANA)
    error = home.refused("--exchange")
    assert "no token at hand" in error and "jeton login --save" in error
    held = home.token()
    said = claims(jetond, home.token("--exchange", "--role", "machine", BEARER_TOKEN=held))
    assert said["roles"] == ["machine"] and said["sub"] == "svc:grafana"
    home.jeton("login", "alice", "--password-stdin", "--save", standard_input=PASSWORD + "\n")
    assert claims(jetond, home.token("--exchange", "--audience", BILLING))["username"] == "alice"


@pytest.mark.parametrize("words, says", [
    (["--role", "admin"], "has not all of those roles"),
    (["--audience", "https://unknown.example"], "invalid_target"),
    (["--audience", METRICS, "--scope", "unheard"], "invalid_scope"),
])
def test_an_exchange_is_never_wider(jetond, at, words, says):
    assert says in at(NOBODY).refused("--exchange", *words, BEARER_TOKEN=jetond.token("alice"))


# --- the command line ---

@pytest.mark.parametrize("words", [
    ["--exchange", "alice"], ["--exchange", "--client-id", "one"], ["--client-id", "one", "alice"],
    ["--client-id", "one", "--password-stdin"], ["--token-file", "x", "--client-id", "one"],
    ["--token-file", "x", "alice"], ["--lifetime", "5"], ["--role", "x"],
    ["--token-file", "x", "--audience", METRICS], ["--min-valid", "x"],
    ["--exchange", "--token-file", "/dev/null", "--lifetime"]])
def test_options_that_do_not_go_together_are_status_2(at, words):
    answer = at(GRAFANA).jeton("token", *words)
    assert answer.returncode == 2 and answer.stdout == "" and answer.stderr
