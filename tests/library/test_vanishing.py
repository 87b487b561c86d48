"""Callers that end at every step of a call: killed as they enter each system call of it, by strace.
The daemon forgets them and serves the next."""
import os
import re
import shutil
import subprocess
import time

import pytest
from conftest import CONFIG, READINGS
from harness import BUILD, PASSWORD, TOP, Daemon

WAIT_SECONDS = 30
STRACE = shutil.which("strace")

# vanish SOCKET CALL TOKEN: one call, between two marks in the trace.
PROGRAM = rb"""
#include <jeton.h>
#include <string.h>
#include <unistd.h>

static void ask(struct jeton *jeton, const char *what, const char *token)
{
    struct jeton_login_request login = JETON_LOGIN_REQUEST_INIT;
    struct jeton_token_request own = JETON_TOKEN_REQUEST_INIT;
    enum jeton_login_outcome outcome;
    struct jeton_claims *claims;
    struct jeton_person *person;
    struct jeton_tokens *tokens;
    enum jeton_verdict verdict;

    login.username = "alice";
    login.password = "correct horse battery";
    login.password_len = strlen(login.password);
    own.audience = "https://readings.example";
    if (strcmp(what, "token") == 0)
        jeton_token(jeton, &own, &outcome, &tokens);
    else if (strcmp(what, "login") == 0)
        jeton_login(jeton, &login, &outcome, &tokens);
    else if (strcmp(what, "userinfo") == 0)
        jeton_userinfo(jeton, token, &verdict, &person);
    else if (strcmp(what, "revoke") == 0)
        jeton_revoke(jeton, token);
    else
        jeton_verify(jeton, token, NULL, &verdict, &claims);
}

int main(int argc, char **argv)
{
    struct jeton_options options = JETON_OPTIONS_INIT;
    struct jeton *jeton;

    options.socket_path = argv[1];
    if (argc != 4 || jeton_open(&options, &jeton) < 0)
        return 2;
    getppid();
    ask(jeton, argv[2], argv[3]);
    getppid();
    return 0;
}
"""

ASKING = {"socket", "connect", "getsockopt", "sendmsg", "recvfrom"}
STEPS = {"token": ASKING, "login": ASKING, "userinfo": ASKING, "revoke": ASKING,
         "verify": {"openat", "pread64"}}


@pytest.fixture(scope="module")
def host():
    with Daemon(CONFIG) as daemon:
        daemon.add_user("alice")
        daemon.add_user("bob")
        yield daemon


@pytest.fixture(scope="module")
def vanish(tmp_path_factory):
    """Runs the program under strace with these options; gives the trace."""
    folder = tmp_path_factory.mktemp("vanish")
    source, program, trace = folder / "vanish.c", folder / "vanish", folder / "trace"
    source.write_bytes(PROGRAM)
    subprocess.run(["cc", f"-I{TOP}/include", source, "-o", program, f"-L{BUILD}/lib", "-ljeton",
                    f"-Wl,-rpath,{BUILD}/lib"], check=True, timeout=60)

    def run(host, what, *options):
        token = host.token("bob")
        subprocess.run([STRACE, "-o", trace, *options, program, host.socket, what, token],
                       check=False, capture_output=True, timeout=60)
        return trace.read_text(errors="replace").splitlines()

    return run


def steps(trace):
    """(system call, which of its calls from the beginning of the program) of each step of a call."""
    count, found, inside = {}, [], False
    for line in trace:
        name = re.match(r"\w+", line)
        if not name:
            continue
        name = name.group()
        count[name] = count.get(name, 0) + 1
        if name == "getppid":
            inside = not inside
        elif inside:
            found.append((name, count[name]))
    return found


def sockets_of(daemon):
    """How many descriptors its frontends and its authority hold."""
    children = daemon.children()
    return sum(len(os.listdir(f"/proc/{pid}/fd"))
               for name in ("authority", "frontend") for pid in children[name])


def wait_until_forgotten(daemon, before):
    deadline = time.monotonic() + WAIT_SECONDS
    while sockets_of(daemon) > before:
        assert time.monotonic() < deadline, daemon.log()
        time.sleep(0.02)


@pytest.mark.skipif(not STRACE, reason="strace is not installed")
@pytest.mark.parametrize("what", STEPS)
def test_a_caller_that_ends_at_any_step_harms_nobody(host, vanish, what):
    done, ended_at = steps(vanish(host, what)), set()
    children, before = host.children(), sockets_of(host)
    for name, number in done:
        trace = vanish(host, what, "-e", f"inject={name}:signal=KILL:when={number}")
        # A reply that comes in one piece this time has a step less.
        if (name, number) in steps(trace):
            assert trace[-1] == "+++ killed by SIGKILL +++", (name, number, trace[-5:])
            ended_at.add(name)
        # Another user: an attempt of alice may still be out, and others of hers wait for that.
        assert host.login("bob", PASSWORD).status == 200
    assert ended_at >= STEPS[what], done
    wait_until_forgotten(host, before)
    assert host.children() == children
    assert host.post("/token", form={"grant_type": "client_credentials",
                                     "audience": READINGS}).status == 200
