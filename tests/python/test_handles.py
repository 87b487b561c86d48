"""The life of a handle: many threads, one close, and no secret where somebody could read it."""
import ctypes
import gc
import os
import subprocess
import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

import jeton
import pytest
from harness import BUILD, PASSWORD, TOP
from jeton import _handle
from jeton._arguments import Secret

MARK = "Z3kr1t-Z3kr1t"


class Library:
    """libjeton, counting who is in it."""

    def __init__(self, real, delay=0.0):
        self.real, self.delay = real, delay
        self.closed, self.inside, self.most = 0, 0, 0

    def __getattr__(self, name):
        return getattr(self.real, name)

    def jeton_close(self, pointer):
        assert self.inside == 0, "closed under a call"
        self.closed += bool(pointer)
        self.real.jeton_close(pointer)

    def slowly(self, pointer):
        self.inside += 1
        self.most = max(self.most, self.inside)
        time.sleep(self.delay)
        self.inside -= 1
        return 0


@pytest.fixture
def library(monkeypatch):
    library = Library(_handle.LIBRARY, 0.02)
    monkeypatch.setattr(_handle, "LIBRARY", library)
    return library


# --- closing --------------------------------------------------------------------------------------

def test_a_with_block_closes_its_handle_once(library):
    with jeton.Jeton("/nowhere") as handle:
        assert not handle.closed
    assert handle.closed and library.closed == 1
    handle.close()
    del handle
    gc.collect()
    assert library.closed == 1


def test_a_closed_handle_takes_no_call(library):
    handle = jeton.Jeton("/nowhere")
    handle.close()
    for call in (lambda: handle.verify("x"), lambda: handle.login("a", "b"), handle.token,
                 lambda: handle.refresh("x"), lambda: handle.revoke("x"),
                 lambda: handle.exchange("x"), lambda: handle.userinfo("x"),
                 lambda: handle.introspect("x")):
        with pytest.raises(ValueError, match="closed"):
            call()


def test_a_forgotten_handle_is_closed(library):
    jeton.Jeton("/nowhere")
    gc.collect()
    assert library.closed == 1


def test_handles_are_closed_with_their_threads(library):
    def work():
        with pytest.raises(jeton.Failure):
            one.verify("x")

    one = jeton.client.OfThisThread()
    one._open = lambda: _handle.Handle(b"/nowhere", 0)
    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    gc.collect()
    assert library.closed == 8


# A process that ends with handles open, one of them within a call.
AT_EXIT = """
import ctypes, sys, threading, time
ctypes.CDLL(sys.argv[1])
import jeton
from jeton import _handle
class Library:
    def __getattr__(self, name): return getattr(real, name)
    def jeton_close(self, pointer):
        print("closed", flush=True)
        real.jeton_close(pointer)
real, _handle.LIBRARY = _handle.LIBRARY, Library()
idle, busy = jeton.Jeton("/nowhere"), jeton.Jeton("/nowhere")
def forever(pointer):
    time.sleep(60)
threading.Thread(target=lambda: busy._handle.call(forever), daemon=True).start()
time.sleep(0.2)
"""


def test_at_exit_open_handles_are_closed_and_a_busy_one_holds_nobody_up():
    began = time.monotonic()
    answer = subprocess.run([sys.executable, "-B", "-c", AT_EXIT, str(BUILD / "lib/libjeton.so.0")],
                            capture_output=True, text=True, timeout=50, check=False,
                            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(TOP / "client/python")})
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "closed\n", "")
    assert time.monotonic() - began < 30


def descriptors():
    return len(os.listdir("/proc/self/fd"))


def test_a_thousand_handles_leave_no_descriptor(jetond):
    token = jeton.login("alice", PASSWORD).access
    before = descriptors()
    for _ in range(1000):
        with jeton.Jeton(jetond.socket) as handle:
            handle.verify(token)
    assert descriptors() == before


def test_a_child_verifies_after_fork(jetond):
    token = jeton.login("alice", PASSWORD).access
    jeton.verify(token)
    child = os.fork()
    if child == 0:
        os._exit(0 if jeton.verify(token).username == "alice" else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert jeton.verify(token).username == "alice"


# --- threads --------------------------------------------------------------------------------------

def test_one_handle_is_used_by_one_thread_at_a_time(library):
    with jeton.Jeton("/nowhere") as handle, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: handle._handle.call(library.slowly), range(24)))
    assert library.most == 1


def test_closing_waits_for_the_call_of_another_thread(library):
    handle = jeton.Jeton("/nowhere")
    library.delay = 0.3
    thread = threading.Thread(target=lambda: handle._handle.call(library.slowly))
    thread.start()
    while not library.inside:
        time.sleep(0.001)
    handle.close()
    assert library.inside == 0 and library.closed == 1
    thread.join()


@pytest.mark.parametrize("shared", [True, False], ids=["one handle", "a handle each"])
def test_eight_threads_get_the_right_answers(jetond, shared):
    names = ["alice", "bob"]
    tokens = {name: jeton.login(name, PASSWORD).access for name in names}
    with jeton.Jeton(jetond.socket) as handle, ThreadPoolExecutor(8) as pool:
        def work(number):
            name = names[number % 2]
            verify = handle.verify if shared else jeton.verify
            assert verify(tokens[name]).username == name
            with pytest.raises(jeton.NotValid):
                verify(tokens[name][:-8] + "AAAAAAAA")
            if number % 50 == 0:
                assert (handle if shared else jeton).userinfo(tokens[name]).username == name
        list(pool.map(work, range(800)))


def test_a_slow_call_of_one_thread_holds_no_other_up(jetond, library):
    token = jeton.login("alice", PASSWORD).access
    library.delay = 1.0
    thread = threading.Thread(target=lambda: jeton.client.OfThisThread()._held().call(library.slowly))
    thread.start()
    while not library.inside:
        time.sleep(0.001)
    jeton.verify(token)
    assert library.inside == 1
    thread.join()


# --- secrets --------------------------------------------------------------------------------------

def frames_of(error):
    """Every local of this package's frames, and what is chained behind."""
    text = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    here = error.__traceback__
    while here:
        if "/jeton/" in here.tb_frame.f_code.co_filename:
            text += repr(here.tb_frame.f_locals)
        here = here.tb_next
    return text + repr(error) + str(error) + repr(error.args) + repr(error.__context__)


SECRETS = {"str": MARK, "bytes": MARK.encode(), "NUL": MARK + "\0" + MARK,
           "no UTF-8": MARK + "\udc80", "bytearray": bytearray(MARK.encode()),
           "list": [MARK], "dict": {MARK: 1}}
CALLS = {
    "login": lambda of, secret: of.login("alice", secret),
    "login to nowhere": lambda of, secret: of.login("alice", secret, audience="https://x.example"),
    "login wrongly": lambda of, secret: of.login(7, secret),
    "refresh": lambda of, secret: of.refresh(secret),
    "exchange": lambda of, secret: of.exchange(secret),
    "exchange wrongly": lambda of, secret: of.exchange(secret, lifetime=-1),
    "verify": lambda of, secret: of.verify(secret),
    "verify wrongly": lambda of, secret: of.verify(secret, 7),
    "introspect": lambda of, secret: of.introspect(secret),
    "userinfo": lambda of, secret: of.userinfo(secret),
    "revoke wrongly": lambda of, secret: of.revoke(secret + secret if secret else secret, 7),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
@pytest.mark.parametrize("reachable", [True, False], ids=["daemon", "no daemon"])
def test_no_frame_of_ours_and_no_error_tells_a_secret(jetond, call, secret, reachable):
    with jeton.Jeton(jetond.socket if reachable else "/nowhere") as handle:
        try:
            call(handle, secret)
        except (jeton.Error, TypeError, ValueError) as error:
            caught = error
    mine = [frame for frame in traceback.extract_tb(caught.__traceback__)
            if "/jeton/" in frame.filename]
    text = frames_of(caught.with_traceback(only_ours(caught.__traceback__)))
    assert MARK not in text and (mine or isinstance(caught, TypeError)), text


def only_ours(trace):
    """The frames from the package's first on: the test's own hold the secret, of course."""
    while trace and "/jeton/" not in trace.tb_frame.f_code.co_filename:
        trace = trace.tb_next
    return trace


def test_tokens_do_not_show_themselves(jetond):
    tokens = jeton.login("alice", PASSWORD)
    for text in (repr(tokens), str(tokens), f"{tokens}", f"{[tokens]}"):
        assert tokens.access not in text and tokens.refresh not in text and "900" in text


@pytest.mark.parametrize("value", [MARK, MARK.encode(), bytearray(MARK.encode()), MARK + "\0"],
                         ids=["str", "bytes", "bytearray", "NUL"])
def test_our_copy_is_wiped_whatever_comes(value):
    secret = Secret(value, "password")
    assert MARK.encode() in bytes(secret.pointer)
    with pytest.raises((RuntimeError, ValueError)), secret:
        raise RuntimeError
    assert bytes(secret.pointer) == bytes(ctypes.sizeof(secret.pointer))
    assert repr(secret) == "<secret>"
