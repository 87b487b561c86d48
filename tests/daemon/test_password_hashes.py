"""Hashes that other systems made: brought for a new user, verified, replaced. The hashes are made
here by programs that are not ours."""
import statistics
import time
import warnings

import argon2
import bcrypt
import pytest
from harness import PASSWORD

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it tries Python's crypt, which newer ones have not
    from passlib import hash as passlib

WRONG = "x" + PASSWORD  # descrypt reads eight characters


def argon2_hash(*costs, kind=argon2.Type.ID, digest=32, salt=16):
    passes, memory, lanes = costs
    return argon2.PasswordHasher(passes, memory, lanes, digest, salt, type=kind).hash(PASSWORD)


def bcrypt_hash(prefix):
    made = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(5)).decode()
    return prefix + made[4:]


ELSEWHERE = {
    "argon2-cffi and passlib, version 21": lambda: argon2_hash(2, 102400, 8, digest=16),
    "argon2-cffi and pwdlib, RFC 9106": lambda: argon2_hash(3, 65536, 4),
    "the ceiling": lambda: argon2_hash(3, 131072, 1),
    "PHP": lambda: argon2_hash(4, 65536, 1),
    "Argon2i": lambda: argon2_hash(2, 4096, 2, kind=argon2.Type.I),
    "the longest Argon2": lambda: argon2_hash(1, 512, 64, digest=64, salt=64),
    "the shortest Argon2": lambda: argon2_hash(1, 8, 1, digest=16, salt=8),
    "passlib argon2": lambda: passlib.argon2.using(rounds=2, memory_cost=1024).hash(PASSWORD),
    "passlib pbkdf2_sha256": lambda: passlib.pbkdf2_sha256.hash(PASSWORD),
    "passlib pbkdf2_sha512": lambda: passlib.pbkdf2_sha512.hash(PASSWORD),
    "pbkdf2 with OWASP's rounds": lambda: passlib.pbkdf2_sha256.using(rounds=600000).hash(PASSWORD),
    "pbkdf2 with every digit": lambda: passlib.pbkdf2_sha256.using(
        rounds=10, salt=bytes(range(200, 248))).hash(PASSWORD),
    "bcrypt 2a": lambda: bcrypt_hash("$2a$"),
    "bcrypt 2b": lambda: bcrypt_hash("$2b$"),
    "bcrypt 2y": lambda: bcrypt_hash("$2y$"),
    "sha512crypt": lambda: passlib.sha512_crypt.using(rounds=5000).hash(PASSWORD),
    "sha256crypt": lambda: passlib.sha256_crypt.using(rounds=1000).hash(PASSWORD),
    "sha1crypt": lambda: passlib.sha1_crypt.using(rounds=1000).hash(PASSWORD),
    "md5crypt": lambda: passlib.md5_crypt.hash(PASSWORD),
    "Sun's md5": lambda: passlib.sun_md5_crypt.using(rounds=10).hash(PASSWORD),
    "NT": lambda: "$3$$" + passlib.nthash.hash(PASSWORD),
    "bsdicrypt": lambda: passlib.bsdi_crypt.using(rounds=101).hash(PASSWORD),
    "descrypt": lambda: passlib.des_crypt.hash(PASSWORD),
}


def bring(jetond, name, made, **how):
    return jetond.post("/users", data={"username": name, "password_hash": made},
                       **(how or {"peer": True}))


@pytest.mark.parametrize("number,kind", enumerate(ELSEWHERE))
def test_a_hash_from_elsewhere_verifies_and_is_replaced(jetond, number, kind):
    name, made = f"elsewhere{number}", ELSEWHERE[kind]()
    reply = bring(jetond, name, made)
    assert reply.status == 201, (made, reply)
    assert made not in reply.body.decode()
    assert jetond.login(name, WRONG).status == 400
    assert jetond.stored_hash(name) == made
    jetond.unlock(name)
    assert jetond.login(name).status == 200
    jetond.wait_for_log(f"the password hash of user {reply.json()['id']} is of the current scheme")
    assert jetond.stored_hash(name).startswith("$y$j9T$")
    assert jetond.login(name).status == 200
    assert jetond.login(name, WRONG).status == 400


def test_argon2_with_many_lanes_starts_no_thread(jetond):
    """A thread would be a system call that ends the worker."""
    before = sorted(jetond.children()["worker"])
    assert bring(jetond, "lanes", argon2_hash(1, 4096, 16)).status == 201
    assert jetond.login("lanes").status == 200
    assert sorted(jetond.children()["worker"]) == before


# ---- what is not taken ----

SALT, DIGEST = "c29tZXNhbHQ", "A" * 43

ABSURD = {  # each asks for more than a worker is to give
    "$argon2id$v=19$m=4194304,t=1,p=1": "argon2id",
    "$argon2id$v=19$m=65536,t=4294967295,p=1": "argon2id",
    "$argon2i$v=19$m=131072,t=3,p=1000": "argon2i",
    "$pbkdf2-sha256$2000000000": "pbkdf2-sha256",
    "$6$rounds=999999999": "sha512crypt",
    "$5$rounds=999999999": "sha256crypt",
    "$y$jFT": "yescrypt",
    "$7$KU..../....": "scrypt",
    "$md5,rounds=4000000000": "sunmd5",
}

MALFORMED = [
    "$argon2id$m=8,t=1,p=1", "$argon2id$v=16$m=8,t=1,p=1", "$argon2id$v=19$m=8,t=1",
    "$argon2id$v=19$m=08,t=1,p=1", "$argon2id$v=19$m=8,m=8,t=1,p=1",
    "$argon2id$v=19$m=8,t=1,p=1,data=AA", "$argon2id$v=19$m=99999999999999999999,t=1,p=1",
    "$argon2id$v=19$m=8,t=1,p=0", "$argon2d$v=19$m=8,t=1,p=1", "$pbkdf2-sha256$",
    "$pbkdf2-sha256$0", "$pbkdf2-sha256$01", "$pbkdf2-sha256$+1", "$pbkdf2$1",
    "$scrypt$ln=4,r=8,p=1", "$9$x",
]


def whole(setting):
    digests = {"$6$": "A" * 86, "$md5": "A" * 22}
    return f"{setting}${SALT}$" + digests.get(setting[:3], digests.get(setting[:4], DIGEST))


@pytest.mark.parametrize("setting", ABSURD)
def test_an_absurd_cost_is_not_brought(jetond, setting):
    reply = bring(jetond, "absurd", whole(setting))
    assert reply.status == 400
    assert "cost" in reply.json()["error_description"]
    assert jetond.get("/users/absurd", peer=True).status == 404


@pytest.mark.parametrize("made", [whole(setting) for setting in MALFORMED] + [
    "!", "*", "x", "plain words", "a" * 384, "$6$", f"$argon2id$v=19$m=8,t=1,p=1${SALT}",
    f"$argon2id$v=19$m=8,t=1,p=1$c2FsdA${DIGEST}", f"$argon2id$v=19$m=8,t=1,p=1${SALT}=${DIGEST}",
    f"$argon2id$v=19$m=8,t=1,p=1${SALT}${DIGEST}=", f"$argon2id$v=19$m=8,t=1,p=1${SALT}${DIGEST}\n",
    f"!$argon2id$v=19$m=8,t=1,p=1${SALT}${DIGEST}"])
def test_what_is_no_hash_is_not_brought(jetond, made):
    reply = bring(jetond, "malformed", made)
    assert reply.status == 400
    assert "hash" in reply.json()["error_description"]
    assert jetond.get("/users/malformed", peer=True).status == 404


@pytest.mark.parametrize("fields", [
    {}, {"password": PASSWORD, "password_hash": whole("$argon2id$v=19$m=8,t=1,p=1")},
    {"password_hash": ""}, {"password_hash": None}, {"password_hash": 7},
    {"password_hash": "$6$a\u0000b"}, {"password": PASSWORD, "password_hash": ""}])
def test_it_is_a_password_or_a_hash(jetond, fields):
    reply = jetond.post("/users", peer=True, data={"username": "either", **fields})
    assert reply.status == 400
    assert jetond.get("/users/either", peer=True).status == 404


def test_a_hash_is_brought_by_an_administrator_alone(fresh):
    jetond = fresh('registration = "open"\n')
    made = argon2_hash(1, 8, 1)
    jetond.add_user("ada", roles=["admin"])
    jetond.add_user("bob")
    assert jetond.post("/users", data={"username": "eve", "password_hash": made}).status == 403
    assert bring(jetond, "eve", made, token=jetond.token("bob")).status == 403
    assert jetond.get("/users/eve", peer=True).status == 404
    assert bring(jetond, "eve", made, token=jetond.token("ada")).status == 201
    for method, path in (("PATCH", "/users/eve"), ("PUT", "/users/eve")):
        reply = jetond.request(method, path, peer=True, data={"password_hash": made})
        assert reply.status == 400
    assert jetond.login("eve").status == 200


# ---- what is in the database all the same ----

def login_time(jetond, name):
    jetond.unlock("bomb", "wrong")
    began = time.monotonic()
    assert jetond.login(name).status == 400
    return time.monotonic() - began


@pytest.mark.parametrize("setting", ABSURD)
def test_a_stored_hash_of_absurd_cost_fails_like_a_wrong_password(jetond, setting):
    if jetond.get("/users/bomb", peer=True).status == 404:
        jetond.add_user("bomb")
        jetond.add_user("wrong", password=WRONG)
    user = jetond.get("/users/bomb", peer=True).json()["id"]
    jetond.store_hash("bomb", whole(setting))
    workers = sorted(jetond.children()["worker"])
    times = {name: [] for name in ("bomb", "wrong")}
    for _ in range(3):
        for name, list_of in times.items():
            list_of.append(login_time(jetond, name))
    medians = [statistics.median(times[name]) for name in times]
    assert max(medians) < min(medians) + 0.2
    assert sorted(jetond.children()["worker"]) == workers
    jetond.wait_for_log(f"the password of user {user} cannot be verified: "
                        f"the hash ({ABSURD[setting]}) is over the ceiling of cost")
    assert setting not in jetond.log() and SALT not in jetond.log()


@pytest.mark.parametrize("setting", MALFORMED)
def test_a_stored_text_that_is_no_hash_fails_like_a_wrong_password(jetond, setting):
    if jetond.get("/users/broken", peer=True).status == 404:
        jetond.add_user("broken")
    jetond.store_hash("broken", whole(setting))
    assert jetond.login("broken").status == 400
    jetond.wait_for_log("is none that is known here")
    assert setting not in jetond.log() and SALT not in jetond.log()


# ---- the command, and what is written down ----

def test_the_command_brings_a_hash_from_one_line(fresh):
    jetond = fresh()
    made = argon2_hash(2, 1024, 4)
    done = jetond.jeton("user", "add", "ann", "--admin", "--hash-stdin",
                        standard_input=made + "\nanother line\n")
    assert done.returncode == 0, done
    assert made not in done.stdout + done.stderr
    assert jetond.get("/users", token=jetond.token("ann")).status == 200
    line = next(line for line in jetond.log().splitlines() if "event=user-add" in line)
    assert "result=done" in line and line.endswith("hash=argon2id")
    assert made not in jetond.log() and made.split("$")[-1] not in jetond.log()


@pytest.mark.parametrize("words,line", [
    ("missing", ""), ("missing", "\n"), ("hash", "$9$x$y\n"), ("longer", "a" * 600 + "\n"),
    ("cost", whole("$6$rounds=999999999") + "\n")])
def test_the_command_says_what_is_wrong_with_a_hash(jetond, words, line):
    done = jetond.jeton("user", "add", "mistaken", "--hash-stdin", standard_input=line)
    assert done.returncode == 1
    assert words in done.stderr
    assert not line.strip() or line.strip() not in done.stderr
    assert jetond.get("/users/mistaken", peer=True).status == 404


def test_the_command_takes_a_password_or_a_hash(jetond):
    done = jetond.jeton("user", "add", "two", "--hash-stdin", "--password-stdin",
                        standard_input=PASSWORD + "\n")
    assert done.returncode == 2 and "--hash-stdin" in done.stderr
