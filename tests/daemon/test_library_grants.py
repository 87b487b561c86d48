"""libjeton as a C program sees it: jeton_token() and jeton_exchange() against the real daemon."""
import subprocess

import pytest
from harness import BUILD, Daemon, in_process_of, is_root, let_everybody_in

pytestmark = pytest.mark.skipif(not is_root(), reason="needs root to become other uids")

METRICS, ISSUER = "https://metrics.example", "https://host.example"
CONFIG = f"""
issuer = "{ISSUER}"
min-uid = 1
audience "{METRICS}" {{ scope "read" {{ }} scope "write" {{ }} }}
identity "robot" {{
    user = {{"61001"}}
    audience = {{"{METRICS}", "{ISSUER}"}}
    scope = {{"read", "write"}}
    role = {{"machine", "other"}}
}}
identity "one" {{ user = {{"61002"}} audience = {{"{METRICS}"}} }}
identity "two" {{ user = {{"61002"}} audience = {{"{METRICS}"}} }}
"""

# program SOCKET own CLIENT-ID|- AUDIENCE|-
# program SOCKET narrow TOKEN AUDIENCE|- SCOPE|- ROLES|- SECONDS
PROGRAM = r"""
#include <jeton.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *given(const char *word)
{
        return strcmp(word, "-") == 0 ? NULL : word;
}

static int own(struct jeton *jeton, char **words, enum jeton_login_outcome *outcome,
               struct jeton_tokens **tokens)
{
        struct jeton_token_request request = JETON_TOKEN_REQUEST_INIT;

        request.client_id = given(words[0]);
        request.audience = given(words[1]);
        return jeton_token(jeton, &request, outcome, tokens);
}

static int narrow(struct jeton *jeton, char **words, enum jeton_login_outcome *outcome,
                  struct jeton_tokens **tokens)
{
        struct jeton_exchange_request request = JETON_EXCHANGE_REQUEST_INIT;

        request.token = words[0];
        request.audience = given(words[1]);
        request.scope = given(words[2]);
        request.roles = given(words[3]);
        request.lifetime_s = (unsigned)atoi(words[4]);
        return jeton_exchange(jeton, &request, outcome, tokens);
}

static void tell(struct jeton *jeton, const struct jeton_tokens *tokens)
{
        struct jeton_claims *claims;
        enum jeton_verdict verdict;

        if (jeton_verify(jeton, jeton_tokens_access(tokens), JETON_ANY_AUDIENCE, &verdict, &claims) ||
            verdict != JETON_VALID)
                exit(9);
        printf("%s|%s|%s|%s|%lld|%s|%s\n", jeton_claims_subject(claims),
               jeton_claims_audience(claims), jeton_tokens_scope(tokens),
               jeton_claims_roles(claims), (long long)jeton_tokens_expires_in(tokens),
               jeton_tokens_refresh(tokens) ? "refresh" : "", jeton_tokens_access(tokens));
        jeton_claims_free(claims);
}

int main(int argc, char **argv)
{
        struct jeton_options options = JETON_OPTIONS_INIT;
        struct jeton_tokens *tokens = NULL;
        enum jeton_login_outcome outcome = JETON_LOGIN_REFUSED;
        struct jeton *jeton;
        int r;

        options.socket_path = argv[1];
        if (argc < 5 || jeton_open(&options, &jeton))
                return 9;
        r = (strcmp(argv[2], "own") ? narrow : own)(jeton, argv + 3, &outcome, &tokens);
        if (r == 0 && outcome == JETON_LOGIN_GRANTED)
                tell(jeton, tokens);
        else
                printf("%d %d %s\n", r, outcome, jeton_error(jeton));
        jeton_tokens_free(tokens);
        jeton_close(jeton);
        return 0;
}
"""
REFUSED, BAD_SCOPE, BAD_AUDIENCE, NOT_ALLOWED = range(4)


@pytest.fixture(scope="module")
def jetond():
    with Daemon(CONFIG) as daemon:
        daemon.add_user("alice", roles=["clerk"])
        yield daemon


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    folder = tmp_path_factory.mktemp("program")
    let_everybody_in(folder)
    source = folder / "program.c"
    source.write_text(PROGRAM)
    subprocess.run(["cc", "-Wall", "-Wextra", "-Werror", "-I", str(BUILD.parent / "include"), "-o",
                    str(folder / "program"), str(source), str(BUILD / "lib/libjeton.so.0"),
                    f"-Wl,-rpath,{BUILD / 'lib'}"], check=True)
    return str(folder / "program")


@pytest.fixture
def call(jetond, program):
    def run(uid, *words):
        done = in_process_of(uid, lambda: subprocess.run(
            [program, str(jetond.socket), *words], capture_output=True, text=True, timeout=30,
            env={}))
        assert done.returncode == 0, done
        return done.stdout.strip()
    return run


def test_a_process_gets_its_own_token_and_narrows_it(call):
    *facts, token = call(61001, "own", "-", "-").split("|")
    assert facts == ["svc:robot", ISSUER, "", "machine other", "900", ""]
    *facts, token = call(61009, "narrow", token, METRICS, "read", "machine", "60").split("|")
    assert facts == ["svc:robot", METRICS, "read", "machine", "60", ""]
    *facts, _ = call(61009, "narrow", token, "-", "-", "", "0").split("|")
    assert facts[:4] == ["svc:robot", METRICS, "read", ""] and 55 <= int(facts[4]) <= 60


def test_a_persons_token_is_narrowed_by_whoever_holds_it(jetond, call):
    *facts, _ = call(61009, "narrow", jetond.token("alice"), METRICS, "read", "-", "0").split("|")
    assert facts[1:4] == [METRICS, "read", "clerk"]


@pytest.mark.parametrize("uid, words, r, outcome, says", [
    (61009, ["-", METRICS], 0, NOT_ALLOWED, "no rule here"),
    (0, ["-", METRICS], 0, NOT_ALLOWED, "no rule here"),
    (61002, ["-", METRICS], -22, REFUSED, "name one of them as client_id"),
    (61001, ["one", METRICS], 0, NOT_ALLOWED, "no rule here"),
    (61001, ["-", "https://unknown.example"], 0, BAD_AUDIENCE, "not declared"),
])
def test_each_refusal_is_an_outcome_with_a_sentence(call, uid, words, r, outcome, says):
    said = call(uid, "own", *words)
    assert said.startswith(f"{r} {outcome} ") and says in said


def test_an_exchange_is_never_wider(jetond, call):
    token = jetond.token("alice")
    narrow = call(61009, "narrow", token, METRICS, "read", "-", "0").split("|")[-1]
    for subject, bounds, outcome in (
            (token, ["-", "-", "boss", "0"], REFUSED),
            (token, [METRICS, "unheard", "-", "0"], BAD_SCOPE),
            (narrow, ["-", "write", "-", "0"], BAD_SCOPE),
            (narrow, [ISSUER, "-", "-", "0"], BAD_AUDIENCE),
            ("a.b.c", ["-", "-", "-", "0"], REFUSED)):
        assert call(61009, "narrow", subject, *bounds).startswith(f"0 {outcome} ")
