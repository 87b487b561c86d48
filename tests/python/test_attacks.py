"""Tokens of an attacker and arguments of a fool: never valid, never a crash."""
import base64
import faulthandler
import os
import random
import resource

import jeton
import pytest
from attacks import ISSUER, every_attack
from forge import ORDER, Forge, scalars
from harness import PASSWORD

faulthandler.enable()


@pytest.fixture(scope="module")
def forge(jetond):
    return Forge(jetond.token("alice"), jetond.state / "keys")


def assert_not_valid(token, name):
    try:
        claims = jeton.verify(token)
    except jeton.NotValid as error:
        assert error.verdict is not jeton.Verdict.VALID and str(error)
    else:
        raise AssertionError(f"{name} is valid: {claims}")


def test_what_the_forge_signs_with_the_real_key_is_valid(jetond, forge):
    """The measure of what follows: a case fails for what it changed, not for how it was made."""
    for token in (forge.token, forge.with_claims(), forge.with_header(forge.header_json)):
        assert jeton.verify(token).issuer == ISSUER


def test_no_attack_on_tokens_is_taken_for_good(jetond, forge):
    tried = 0
    for name, token in every_attack(forge):
        assert_not_valid(token, name)
        assert_not_valid(token.encode("utf-8", "surrogatepass"), name)
        tried += 1
    assert tried > 800


def test_a_revoked_token_is_dead_in_every_spelling(jetond):
    forge = Forge(jetond.token("alice"), jetond.state / "keys")
    r, s = forge.numbers()
    spellings = [forge.token, forge.with_signature(scalars(r, ORDER - s)), forge.with_claims()]
    for token in spellings:
        jeton.verify(token)
    jeton.revoke(spellings[1])
    for token in spellings:
        assert_not_valid(token, "a spelling of a revoked token")


def random_part(source):
    return base64.urlsafe_b64encode(source.randbytes(source.randrange(120))).rstrip(b"=")


def changed(source, token):
    """A real token with some bytes of it replaced."""
    data = bytearray(token.encode())
    for _ in range(source.randrange(1, 6)):
        at = source.randrange(len(data))
        data[at] ^= source.randrange(1, 256)
    return bytes(data) if data != token.encode() else b"changed twice, and back"


KINDS = {
    "bytes": lambda source, forge: source.randbytes(source.randrange(1, 400)),
    "no NUL": lambda source, forge: source.randbytes(200).replace(b"\0", b"A"),
    "three parts": lambda source, forge: b".".join(random_part(source) for _ in range(3)),
    "our header": lambda source, forge: b".".join([forge.header_part.encode(), random_part(source),
                                                   random_part(source)]),
    "changed": lambda source, forge: changed(source, forge.token),
}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_ten_thousand_random_tokens_are_not_valid(jetond, forge, kind):
    seed = os.environ.get("JETON_SEED", "2026")
    source = random.Random(f"{seed} {kind.__code__.co_firstlineno}")
    with jeton.Jeton(jetond.socket) as handle:
        for number in range(10000):
            token = kind(source, forge)
            with pytest.raises(jeton.NotValid):
                handle.verify(token)
                raise AssertionError(f"{token!r} is valid (seed {seed}, {number})")


def resident_kb():
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize() // 1024


def test_good_and_bad_tokens_leave_no_memory_behind(jetond, forge):
    def work(times):
        for _ in range(times):
            jeton.verify(forge.token)
            assert_not_valid(forge.token + "A", "one more")
            assert_not_valid(forge.token + "\0", "NUL")

    work(2000)
    before = resident_kb()
    work(8000)
    assert resident_kb() - before < 4096


# --- absurd arguments -----------------------------------------------------------------------------

class Odd(str):
    """A text that lies about itself."""

    def encode(self, *_):
        raise RuntimeError("not asked")

    def __len__(self):
        return -1 + 1


def endless():
    """Words of which one is none."""
    yield "a"
    yield None


ABSURD = {
    "None": None, "0": 0, "-1": -1, "2^64": 2 ** 64, "1.5": 1.5, "nan": float("nan"),
    "inf": float("inf"), "True": True, "empty": "", "blank": " ", "NUL": "\0", "NUL within": "a\0b",
    "newlines": "a\r\nb: c", "surrogate": "\udc80", "pair": "\ud800\udc00", "4 MB": "A" * 4000000,
    "percent": "%s%n", "many words": "a " * 10000, "bytes": b"\xff\0", "no bytes": b"",
    "bytearray": bytearray(3), "memoryview": memoryview(b"abcdef")[::2], "list": ["a", ["b"]],
    "numbers": [1, 2], "tuple": (), "generator": endless, "dict": {"a": 1}, "object": object(),
    "function": print, "type": str, "odd": Odd("x"), "module": jeton, "complex": 1j,
}

# Each argument of each public function, the others as they should be.
GOOD = {
    "login": {"username": "alice", "password": PASSWORD, "audience": None, "scope": None},
    "refresh": {"refresh_token": "x", "scope": None},
    "token": {"audience": "https://metrics.example", "scope": None, "client_id": None},
    "exchange": {"token": "x", "audience": None, "scope": None, "roles": None, "lifetime": None},
    "revoke": {"token": "x"},
    "verify": {"token": "x", "audience": None},
    "introspect": {"token": "x", "audience": None},
    "userinfo": {"token": "x"},
    "Jeton": {"socket_path": "/nowhere", "timeout": None},
}
PLACES = [(function, argument) for function, arguments in GOOD.items() for argument in arguments]


@pytest.mark.parametrize("function,argument", PLACES, ids=["-".join(place) for place in PLACES])
def test_an_absurd_argument_is_an_error_of_its_kind_or_harmless(jetond, function, argument):
    """TypeError, ValueError or one of ours: nothing else, and no wrong yes."""
    for value in ABSURD.values():
        given = value() if value is endless else value
        try:
            getattr(jeton, function)(**{**GOOD[function], argument: given})
        except (TypeError, ValueError, jeton.Error):
            continue
        assert function in ("revoke", "Jeton") or argument in ("audience", "scope", "client_id"), \
            (function, argument, given)


def test_arguments_that_are_not_there_are_missing():
    for function, arguments in GOOD.items():
        with pytest.raises(TypeError):
            getattr(jeton, function)(**arguments, more=1)
    for function in ("login", "refresh", "exchange", "revoke", "verify", "introspect",
                     "userinfo"):
        with pytest.raises(TypeError):
            getattr(jeton, function)()


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf"), 1e300, 10 ** 400])
def test_a_timeout_that_cannot_be_is_refused(timeout):
    with pytest.raises(ValueError):
        jeton.Jeton("/nowhere", timeout=timeout)


def test_a_nul_never_cuts_what_is_compared(jetond, forge):
    """C would see the good token, and the caller's own name, before the NUL."""
    for token in (forge.token + "\0", forge.token.encode() + b"\0x"):
        assert_not_valid(token, "NUL")
    with pytest.raises(ValueError):
        jeton.verify(forge.token, ISSUER + "\0.evil.example")
    with pytest.raises(ValueError):
        jeton.login("alice\0mallory", PASSWORD)
