"""Tokens that verifiers have seen and remember: a process with libjeton, which asks nobody, the
frontend, and the authority itself. What ends a token ends it for all three at the next look."""
import os
import signal
import subprocess
import time

import pytest

from harness import BUILD, Daemon
from test_keys import active, drop, rotate
from test_refresh import CONFIG, log_in

GOOD = ("valid", True, 200)


def order(daemon, **body):
    assert daemon.post("/revocations", peer=True, data=body).status == 204


def revoke(daemon, token):
    assert daemon.post("/revoke", form={"token": token}).status == 200


@pytest.fixture(scope="session")
def program(tmp_path_factory):
    folder = tmp_path_factory.mktemp("verifier")
    (folder / "verifier.c").write_text(VERIFIER)
    subprocess.run(["cc", "-Wall", "-Wextra", "-Werror", "-I", str(BUILD.parent / "include"), "-o",
                    str(folder / "verifier"), str(folder / "verifier.c"),
                    str(BUILD / "lib" / "libjeton.so.0"), f"-Wl,-rpath,{BUILD / 'lib'}"],
                   check=True)
    return folder / "verifier"


VERIFIER = r"""
#include <jeton.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
        struct jeton_options options = JETON_OPTIONS_INIT;
        struct jeton_claims *claims;
        enum jeton_verdict verdict;
        struct jeton *jeton;
        char token[8192];

        options.socket_path = argv[argc - 1];
        if (jeton_open(&options, &jeton) < 0)
                return 1;
        while (fgets(token, sizeof token, stdin)) {
                token[strcspn(token, "\n")] = '\0';
                if (jeton_verify(jeton, token, JETON_ANY_AUDIENCE, &verdict, &claims) < 0) {
                        puts(jeton_error(jeton));
                } else {
                        puts(jeton_verdict_text(verdict));
                        jeton_claims_free(claims);
                }
                fflush(stdout);
        }
        jeton_close(jeton);
        return 0;
}
"""


class Verifier:
    """A process with one handle of libjeton, which looks at tokens for as long as it lives."""

    def __init__(self, program, daemon):
        self.daemon = daemon
        self.process = subprocess.Popen([str(program), str(daemon.socket)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.communicate(timeout=20)

    def says(self, token):
        self.process.stdin.write(token + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def all_say(self, token):
        """libjeton, the frontend, the authority."""
        return (self.says(token),
                self.daemon.post("/introspect", form={"token": token}).json()["active"],
                self.daemon.get("/users/me", token=token).status)

    def has_seen(self, token):
        assert [self.all_say(token) for _ in range(2)] == [GOOD] * 2, self.daemon.log()
        return token


@pytest.fixture(scope="module")
def daemon():
    with Daemon(CONFIG + 'leeway = "3s"\n') as made:
        for name in ("alice", "bob", "carol"):
            made.add_user(name)
        yield made


@pytest.fixture
def verifier(program, daemon):
    with Verifier(program, daemon) as made:
        yield made


# --- what ends a token ---

def test_the_look_after_the_reply_of_a_revocation_refuses(daemon, verifier):
    token = verifier.has_seen(log_in(daemon)["access_token"])
    other = verifier.has_seen(log_in(daemon)["access_token"])
    revoke(daemon, token)
    begun = time.monotonic()
    assert verifier.says(token) == "revoked"
    print(f"refused {(time.monotonic() - begun) * 1000:.3f} ms after the reply")
    assert verifier.all_say(token) == ("revoked", False, 401)
    assert verifier.all_say(other) == GOOD


@pytest.mark.parametrize("end", ["session", "user", "account", "all"])
def test_so_does_each_other_way_to_end_it(daemon, verifier, end):
    login = log_in(daemon, "bob")
    token = verifier.has_seen(login["access_token"])
    sid = daemon.post("/introspect", form={"token": token}).json()["sid"]
    ends = {"session": lambda: revoke(daemon, login["refresh_token"]),
            "user": lambda: order(daemon, user="bob"),
            "account": lambda: daemon.request("DELETE", f"/sessions/{sid}", peer=True),
            "all": lambda: order(daemon, all=True)}
    ends[end]()
    assert verifier.all_say(token) == ("revoked", False, 401)


def test_a_key_that_is_dropped_takes_what_it_signed_with_it(daemon, verifier):
    old_key = active(daemon)
    old = verifier.has_seen(log_in(daemon)["access_token"])
    rotate(daemon, now=True)
    assert active(daemon) != old_key
    new = verifier.has_seen(log_in(daemon)["access_token"])
    assert verifier.all_say(old) == GOOD
    assert drop(daemon, old_key).status in (200, 204)
    assert verifier.all_say(old) == ("invalid", False, 401)
    assert verifier.all_say(new) == GOOD


def test_its_time_does(daemon, verifier):
    """libjeton itself grants a minute more."""
    reply = daemon.post("/token", form={
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", "requested_lifetime": "1",
        "subject_token": log_in(daemon)["access_token"],
        "subject_token_type": "urn:ietf:params:oauth:token-type:access_token"})
    assert reply.status == 200, reply
    token = reply.json()["access_token"]
    expires = daemon.post("/introspect", form={"token": token}).json().get("exp", 0)
    while verifier.all_say(token) == GOOD:
        assert time.time() < expires + 20
        time.sleep(0.05)
    assert time.time() >= expires + 3
    assert verifier.all_say(token) == ("valid", False, 401)


def test_nothing_like_it_is_taken_for_it(daemon, verifier):
    token = verifier.has_seen(log_in(daemon)["access_token"])
    header, claims, signature = token.split(".")
    other = "B" if signature[0] == "A" else "A"
    for forged in (f"{header}.{claims}.{other}{signature[1:]}", f"{header}.{claims}.",
                   f"{header}.{claims[:9]}{other}{claims[10:]}.{signature}", token + "A",
                   token[:-1], token + "="):
        assert verifier.all_say(forged) == ("invalid", False, 401), forged
    assert verifier.all_say(token) == GOOD


# --- without the daemon ---

def test_a_verifier_goes_on_while_the_daemon_stands_still_or_is_gone(fresh, program):
    daemon = fresh(CONFIG)
    daemon.add_user("alice")
    with Verifier(program, daemon) as verifier:
        revoked, good, unseen = (log_in(daemon)["access_token"] for _ in range(3))
        verifier.has_seen(revoked)
        verifier.has_seen(good)
        revoke(daemon, revoked)
        os.killpg(daemon.process.pid, signal.SIGSTOP)
        try:
            said = [verifier.says(token) for token in (revoked, good, unseen)]
        finally:
            os.killpg(daemon.process.pid, signal.SIGCONT)
        assert said == ["revoked", "valid", "valid"]
        os.killpg(daemon.process.pid, signal.SIGKILL)
        daemon.process.wait()
        assert [verifier.says(token) for token in (revoked, good)] == ["revoked", "valid"]
        with Verifier(program, daemon) as other:
            assert [other.says(token) for token in (revoked, good)] == ["revoked", "valid"]
        daemon.start()
        assert [verifier.says(token) for token in (revoked, good)] == ["revoked", "valid"]
        revoke(daemon, good)
        assert verifier.all_say(good) == ("revoked", False, 401)
