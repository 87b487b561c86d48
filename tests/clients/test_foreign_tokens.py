"""`jeton verify --jwk` and `--jwks`: published vectors, and what a hostile or careless hand makes
of tokens and keys, each with its exit status."""
import base64
import hashlib
import hmac
import json
import os
import re
import subprocess
import time

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from harness import BUILD, TOP
from rfc_vectors import FRODO, KEYS, VECTORS

STATUSES = {"valid": 0, "malformed": 3, "wrong algorithm": 4, "unknown key": 5, "bad signature": 6,
            "wrong type": 7, "wrong issuer": 8, "expired": 9, "not yet valid": 10,
            "wrong audience": 11, "unusable key": 12}
USAGE = 2
NOW = 1700000000


def encode(data):
    data = data if isinstance(data, bytes) else data.encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def number(value, size=None):
    return encode(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


class Signer:
    """A private key, and its public JWK (of HS256: the secret)."""

    def __init__(self, algorithm, key=None):
        self.algorithm = algorithm
        self.key, self.jwk = getattr(self, "make_" + algorithm.lower())(key)

    def make_es256(self, key):
        key = key or ec.generate_private_key(ec.SECP256R1())
        point = key.public_key().public_numbers()
        return key, {"kty": "EC", "crv": "P-256",
                     "x": number(point.x, 32), "y": number(point.y, 32)}

    def make_rs256(self, key):
        key = key or rsa.generate_private_key(65537, 2048)
        numbers = key.public_key().public_numbers()
        return key, {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)}

    def make_eddsa(self, key):
        key = key or ed25519.Ed25519PrivateKey.generate()
        raw = serialization.Encoding.Raw, serialization.PublicFormat.Raw
        return key, {"kty": "OKP", "crv": "Ed25519",
                     "x": encode(key.public_key().public_bytes(*raw))}

    def make_hs256(self, key):
        key = key or os.urandom(32)
        return key, {"kty": "oct", "k": encode(key)}

    def sign(self, data):
        if self.algorithm == "ES256":
            r, s = utils.decode_dss_signature(self.key.sign(data, ec.ECDSA(hashes.SHA256())))
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")
        if self.algorithm == "RS256":
            return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        if self.algorithm == "EdDSA":
            return self.key.sign(data)
        return hmac.new(self.key, data, hashlib.sha256).digest()

    def token(self, claims=None, header=None, payload=None):
        header = header if isinstance(header, str) else json.dumps(
            {"alg": self.algorithm, **(header or {})})
        payload = payload if payload is not None else json.dumps(claims or {})
        body = f"{encode(header)}.{encode(payload)}"
        return f"{body}.{encode(self.sign(body.encode()))}"


ALGORITHMS = ("ES256", "RS256", "EdDSA", "HS256")
SIGNERS = {algorithm: Signer(algorithm) for algorithm in ALGORITHMS}
ES256 = SIGNERS["ES256"]


def jeton(*arguments, text=""):
    return subprocess.run([str(BUILD / "bin" / "jeton"), *arguments], input=text, text=True,
                          capture_output=True, timeout=60)


@pytest.fixture
def verify(tmp_path):
    """verify(token, key, options...): the answer; the key is JSON text, or what becomes it."""
    def verify_one(token, key, *options, option="--jwk"):
        file = tmp_path / "key"
        file.write_text(key if isinstance(key, str) else json.dumps(key))
        return jeton("verify", option, str(file), *options, text=token)
    return verify_one


def comes_to(answer, verdict):
    """The status, the words on both outputs, and nothing beside them."""
    assert answer.returncode == STATUSES[verdict], (verdict, answer)
    assert answer.stdout.splitlines()[0] == verdict
    assert (answer.stderr == "") == (verdict == "valid"), answer
    return True


# --- vectors of the RFCs --------------------------------------------------------------------------

@pytest.mark.parametrize("name,key,token,verdict", VECTORS, ids=[vector[0] for vector in VECTORS])
def test_a_published_vector(verify, name, key, token, verdict):
    comes_to(verify(token, key, "--raw"), verdict)


@pytest.mark.parametrize("name,key,token,verdict",
                         [vector for vector in VECTORS if vector[3] == "valid"],
                         ids=[vector[0] for vector in VECTORS if vector[3] == "valid"])
def test_a_published_vector_that_was_changed(verify, name, key, token, verdict):
    header, payload, signature = token.split(".")
    changed = bytearray(decode(signature))
    changed[len(changed) // 2] ^= 1
    comes_to(verify(f"{header}.{payload}.{encode(bytes(changed))}", key, "--raw"), "bad signature")
    comes_to(verify(f"{header}.{encode(decode(payload) + b' ')}.{signature}", key, "--raw"),
             "bad signature")
    comes_to(verify(f"{header}.{payload}.", key, "--raw"), "bad signature")
    other = {"keys": [json.loads(one) for one in KEYS.values() if one != key]}
    answer = verify(token, other, "--raw", option="--jwks")
    assert answer.returncode in (STATUSES["wrong algorithm"], STATUSES["unknown key"],
                                 STATUSES["bad signature"])


@pytest.mark.parametrize("name", ["7515 A.1", "7515 A.2", "7515 A.3"])
def test_the_claims_of_rfc_7515_end_in_2011(verify, name):
    """RFC 7519 4.1.4: the current time must be before exp, which is 1300819380 there."""
    key, token = next(vector[1:3] for vector in VECTORS if vector[0] == name)
    comes_to(verify(token, key), "expired")
    for second, verdict in ((1300819379, "valid"), (1300819380, "expired")):
        comes_to(verify(token, key, "--at", str(second), "--leeway", "0"), verdict)
    comes_to(verify(token, key, "--at", "1300819439"), "valid")
    comes_to(verify(token, key, "--at", "1300819440"), "expired")
    answer = verify(token, key, "--at", "1300819379", "--json")
    assert json.loads(answer.stdout)["claims"] == {
        "iss": "joe", "exp": 1300819380, "http://example.com/is_root": True}


def test_the_payload_of_rfc_7520_is_no_claims_and_is_printed_whole(verify):
    key, token = next(vector[1:3] for vector in VECTORS if vector[0] == "7520 4.1")
    comes_to(verify(token, key), "malformed")
    said = json.loads(verify(token, key, "--raw", "--json").stdout)
    assert said == {"verdict": "valid", "payload": FRODO,
                    "header": {"alg": "RS256", "kid": "bilbo.baggins@hobbiton.example"}}
    assert decode(FRODO).decode() in verify(token, key, "--raw").stdout


# --- the form -------------------------------------------------------------------------------------

GOOD = ES256.token({"iss": "joe"})
HEAD, BODY, SIGNATURE = GOOD.split(".")


def stray(part):
    """The same bytes by another last character, where there is one."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return part[:-1] + alphabet[alphabet.index(part[-1]) ^ 1]


def headed(text):
    return ES256.token({"iss": "joe"}, header=text)


FORMS = {
    "empty": "",
    "one part": HEAD,
    "two parts": f"{HEAD}.{BODY}",
    "four parts": f"{GOOD}.",
    "five parts": f"{HEAD}.{BODY}.{SIGNATURE}.{BODY}.{SIGNATURE}",
    "a JSON form": json.dumps({"protected": HEAD, "payload": BODY, "signature": SIGNATURE}),
    "padded": f"{HEAD}==.{BODY}.{SIGNATURE}",
    "a blank within": f"{HEAD}.{BODY[:4]} {BODY[4:]}.{SIGNATURE}",
    "another alphabet": f"{HEAD}.{BODY}.+{SIGNATURE[1:]}",
    "stray bits": f"{HEAD}.{BODY}.{stray(SIGNATURE)}",
    "no header": f".{BODY}.{SIGNATURE}",
    "a header that is no JSON": headed("alg=ES256"),
    "a header that is a list": headed('["ES256"]'),
    "a header with more behind it": headed('{"alg":"ES256"} {}'),
    "a header with alg twice": headed('{"alg":"ES256","alg":"ES256"}'),
    "a header that is no UTF-8": f"{encode(bytes.fromhex('7b22ff223a317d'))}.{BODY}.{SIGNATURE}",
    "no alg": headed('{"typ":"JWT"}'),
    "an alg that is no text": headed('{"alg":["ES256"]}'),
    "a kid that is no text": headed('{"alg":"ES256","kid":1}'),
    "a typ that is no text": headed('{"alg":"ES256","typ":null}'),
    "crit": headed('{"alg":"ES256","crit":["exp"],"exp":1}'),
    "an empty crit": headed('{"alg":"ES256","crit":[]}'),
    "an unencoded payload": headed('{"alg":"ES256","b64":false}'),
    "a payload that is no JSON": ES256.token(payload="hello"),
    "a payload that is a list": ES256.token(payload="[]"),
    "a payload with a claim twice": ES256.token(payload='{"iss":"a","iss":"joe"}'),
    "nothing as payload": ES256.token(payload=""),
    "deep": ES256.token(payload='{"a":' + "[" * 5000 + "]" * 5000 + "}"),
    "a number beyond all": ES256.token(payload='{"exp":1e999}'),
    "exp as text": ES256.token({"exp": "2000000000"}),
    "nbf as text": ES256.token({"nbf": "0"}),
    "iat as null": ES256.token({"iat": None}),
    "iss as number": ES256.token({"iss": 1}),
    "sub as list": ES256.token({"sub": ["a"]}),
    "aud as number": ES256.token({"aud": 1}),
    "aud with a number": ES256.token({"aud": ["a", 1]}),
    "longer than is read": "A" * 70000,
}


@pytest.mark.parametrize("form", FORMS)
def test_what_is_not_well_formed_is_malformed(verify, form):
    answer = verify(FORMS[form], ES256.jwk, "--audience", "*")
    assert answer.returncode == STATUSES["malformed"], answer
    assert answer.stdout == "malformed\n" and answer.stderr.count("not valid: ") == 1


def test_the_good_one_beside_them_is_valid(verify):
    comes_to(verify(GOOD, ES256.jwk), "valid")
    comes_to(verify(GOOD + "\n", ES256.jwk), "valid")
    comes_to(verify(headed('{"alg":"ES256","unknown":[1],"cty":"x","jku":"https://evil.example"}'),
                    ES256.jwk), "valid")


def test_a_header_brings_no_key(verify):
    """RFC 7515 4.1.3: the key that a token names itself proves nothing."""
    attacker = Signer("ES256")
    token = attacker.token({"iss": "joe"}, header={"jwk": attacker.jwk})
    comes_to(verify(token, ES256.jwk), "bad signature")


# --- the key decides the algorithm ----------------------------------------------------------------

@pytest.mark.parametrize("signer", ALGORITHMS)
@pytest.mark.parametrize("key", ALGORITHMS)
def test_a_token_is_good_for_its_own_kind_of_key_alone(verify, signer, key):
    comes_to(verify(SIGNERS[signer].token({"iss": "joe"}), SIGNERS[key].jwk),
             "valid" if signer == key else "wrong algorithm")


@pytest.mark.parametrize("key", ["ES256", "HS256"])
def test_alg_none_is_good_for_no_key(verify, key):
    for alg in ("none", "nOnE", "", "es256", "ES256 ", "ES384", "PS256", "HS512"):
        head = encode(json.dumps({"alg": alg}))
        comes_to(verify(f"{head}.{BODY}.", SIGNERS[key].jwk), "wrong algorithm")
    comes_to(verify(f"{encode(json.dumps({'alg': 'none'}))}.{BODY}.{SIGNATURE}", SIGNERS[key].jwk),
             "wrong algorithm")


def test_a_public_key_is_no_secret(verify):
    """RFC 8725 2.1: what an HMAC over the public key's text or bytes makes is nothing."""
    for key in ("RS256", "ES256"):
        jwk = SIGNERS[key].jwk
        for secret in (json.dumps(jwk).encode(), jwk["n" if key == "RS256" else "x"].encode()):
            forged = Signer("HS256", secret).token({"iss": "joe"})
            comes_to(verify(forged, jwk), "wrong algorithm")


# ECDSA: every scalar that is out of range, as Wycheproof's lists have them (FIPS 186-4 6.4.2).
ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551
FIELD = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffff
SCALARS = [0, 1, ORDER - 1, ORDER, ORDER + 1, FIELD, 2 ** 256 - 1]


@pytest.mark.parametrize("r", SCALARS)
def test_scalars_at_the_edges_verify_nothing(verify, r):
    body = f"{HEAD}.{BODY}"
    for s in (r, 1):
        signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        comes_to(verify(f"{body}.{encode(signature)}", ES256.jwk), "bad signature")


def test_a_signature_has_the_length_of_its_algorithm(verify):
    for algorithm in ALGORITHMS:
        signer = SIGNERS[algorithm]
        header, payload, signature = signer.token({"iss": "joe"}).split(".")
        raw = decode(signature)
        for bad in (raw[:-1], raw + b"\0", raw + raw, b"", bytes(600)):
            comes_to(verify(f"{header}.{payload}.{encode(bad)}", signer.jwk), "bad signature")


def test_an_ecdsa_signature_is_not_der(verify):
    body = f"{HEAD}.{BODY}"
    der = ES256.key.sign(body.encode(), ec.ECDSA(hashes.SHA256()))
    comes_to(verify(f"{body}.{encode(der)}", ES256.jwk), "bad signature")


def test_an_rsa_signature_has_one_padding_and_one_digest(verify):
    rs = SIGNERS["RS256"]
    body = f"{encode(json.dumps({'alg': 'RS256'}))}.{BODY}"
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
    for pad, digest in ((pss, hashes.SHA256()), (padding.PKCS1v15(), hashes.SHA1()),
                        (padding.PKCS1v15(), hashes.SHA512())):
        comes_to(verify(f"{body}.{encode(rs.key.sign(body.encode(), pad, digest))}", rs.jwk),
                 "bad signature")


# --- what claims say ------------------------------------------------------------------------------

CLAIMS = [
    ({}, [], "valid"),
    ({"exp": NOW + 1}, ["--leeway", "0"], "valid"),
    ({"exp": NOW}, ["--leeway", "0"], "expired"),
    ({"exp": NOW + 0.5}, ["--leeway", "0"], "valid"),
    ({"exp": NOW - 59}, [], "valid"),
    ({"exp": NOW - 60}, [], "expired"),
    ({"exp": 0}, [], "expired"),
    ({"exp": -1}, [], "expired"),
    ({"exp": 2 ** 62}, [], "valid"),
    ({"nbf": NOW}, ["--leeway", "0"], "valid"),
    ({"nbf": NOW + 1}, ["--leeway", "0"], "not yet valid"),
    ({"nbf": NOW + 60}, [], "valid"),
    ({"nbf": NOW + 61}, [], "not yet valid"),
    ({"iat": NOW + 61}, [], "not yet valid"),
    ({"exp": NOW - 100, "nbf": NOW + 100}, [], "expired"),
    ({"iss": "joe"}, ["--issuer", "joe"], "valid"),
    ({"iss": "joe"}, ["--issuer", "Joe"], "wrong issuer"),
    ({"iss": "joe"}, ["--issuer", "joe/"], "wrong issuer"),
    ({}, ["--issuer", "joe"], "wrong issuer"),
    ({"aud": "api"}, [], "wrong audience"),
    ({"aud": []}, [], "wrong audience"),
    ({"aud": "api"}, ["--audience", "api"], "valid"),
    ({"aud": "api"}, ["--audience", "api2"], "wrong audience"),
    ({"aud": "api other"}, ["--audience", "api"], "wrong audience"),
    ({"aud": ["other", "api"]}, ["--audience", "api"], "valid"),
    ({"aud": ["other", "api"]}, ["--audience", "x", "--audience", "api"], "valid"),
    ({"aud": []}, ["--audience", "api"], "wrong audience"),
    ({}, ["--audience", "api"], "wrong audience"),
    ({"aud": "api"}, ["--audience", "*"], "valid"),
    ({}, ["--audience", "*"], "valid"),
]


@pytest.mark.parametrize("claims,options,verdict", CLAIMS, ids=lambda one: json.dumps(one)[:60])
def test_claims_are_judged(verify, claims, options, verdict):
    comes_to(verify(ES256.token(claims), ES256.jwk, "--at", str(NOW), *options), verdict)


def test_without_at_it_is_now(verify):
    for distance, verdict in ((-3600, "expired"), (3600, "valid")):
        comes_to(verify(ES256.token({"exp": int(time.time()) + distance}), ES256.jwk), verdict)


@pytest.mark.parametrize("typ,wanted,verdict", [
    ("at+jwt", "at+jwt", "valid"), ("application/at+jwt", "at+jwt", "valid"),
    ("AT+JWT", "application/at+jwt", "valid"), ("JWT", "at+jwt", "wrong type"),
    ("at+jwtx", "at+jwt", "wrong type"), (None, "at+jwt", "wrong type"), ("JWT", None, "valid")])
def test_the_type_is_the_one_that_is_asked_for(verify, typ, wanted, verdict):
    token = ES256.token({}, header={"typ": typ} if typ else {})
    comes_to(verify(token, ES256.jwk, *(["--type", wanted] if wanted else [])), verdict)


# --- keys -----------------------------------------------------------------------------------------

EC, RSA, OKP, OCT = (SIGNERS[algorithm].jwk for algorithm in ("ES256", "RS256", "EdDSA", "HS256"))
WEAK = Signer("RS256", rsa.generate_private_key(65537, 1024)).jwk

KEY_FAULTS = {
    "no JSON": ("kty=EC", "no JSON"),
    "empty": ("", "no JSON"),
    "a list": ([EC], "no JSON object"),
    "a name twice": (json.dumps(EC)[:-1] + ', "kty": "EC"}', "a name twice"),
    "a set": ({"keys": [EC]}, "--jwks"),
    "no kty": ({**EC, "kty": None}, "no kty"),
    "an unknown kty": ({**EC, "kty": "ec"}, "none of EC, RSA, OKP and oct"),
    "an unknown curve": ({**EC, "crv": "P-384"}, "crv"),
    "another kind's curve": ({**OKP, "crv": "X25519"}, "crv"),
    "no curve": ({name: EC[name] for name in ("kty", "x", "y")}, "crv"),
    "a private key": ({**EC, "d": encode(bytes(32))}, "private key"),
    "a private RSA key": ({**RSA, "p": "AQ"}, "private key"),
    "use enc": ({**EC, "use": "enc"}, "use is not sig"),
    "use that is no text": ({**EC, "use": ["sig"]}, "use is not sig"),
    "key_ops sign": ({**EC, "key_ops": ["sign"]}, "key_ops"),
    "no key_ops": ({**EC, "key_ops": []}, "key_ops"),
    "key_ops as text": ({**EC, "key_ops": "verify"}, "key_ops"),
    "key_ops twice": ({**EC, "key_ops": ["verify", "verify"]}, "twice"),
    "key_ops with a number": ({**EC, "key_ops": ["verify", 1]}, "key_ops"),
    "another alg": ({**EC, "alg": "RS256"}, "its alg"),
    "alg of RSA with secrets": ({**RSA, "alg": "HS256"}, "its alg"),
    "alg PS256": ({**RSA, "alg": "PS256"}, "its alg"),
    "alg in small letters": ({**EC, "alg": "es256"}, "its alg"),
    "a kid that is no text": ({**EC, "kid": 7}, "kid"),
    "no x": ({name: EC[name] for name in ("kty", "crv", "y")}, "missing"),
    "x that is no text": ({**EC, "x": 1}, "missing"),
    "x padded": ({**EC, "x": EC["x"] + "="}, "base64url"),
    "x with stray bits": ({**EC, "x": stray(EC["x"])}, "base64url"),
    "x too short": ({**EC, "x": encode(decode(EC["x"])[:31])}, "full length"),
    "x too long": ({**EC, "x": encode(b"\0" + decode(EC["x"]))}, "full length"),
    "beside the curve": ({**EC, "y": encode(bytes([decode(EC["y"])[0] ^ 1]) + decode(EC["y"])[1:])},
                         "not on the curve"),
    "no point": ({**EC, "x": encode(bytes(32)), "y": encode(bytes(32))}, "not on the curve"),
    "beyond the field": ({**EC, "x": number(2 ** 256 - 1)}, "not on the curve"),
    "weak": (WEAK, "fewer than 2048 bits"),
    "too strong": ({**RSA, "n": number(2 ** 4160 + 1)}, "more than 4096 bits"),
    "2047 bits": ({**RSA, "n": number(2 ** 2046 + 1)}, "multiple of 8 bits"),
    "an even modulus": ({**RSA, "n": number(2 ** 2047 + 2)}, "even"),
    "zeros before n": ({**RSA, "n": encode(b"\0" + decode(RSA["n"]))}, "base64url"),
    "no n": ({**RSA, "n": ""}, "missing"),
    "e of 1": ({**RSA, "e": "AQ"}, "exponent"),
    "e of 3": ({**RSA, "e": "Aw"}, "exponent"),
    "an even e": ({**RSA, "e": encode(bytes([1, 0, 2]))}, "exponent"),
    "a great e": ({**RSA, "e": number(2 ** 32 + 1)}, "32 bits"),
    "no e": ({**RSA, "e": ""}, "missing"),
    "zeros before e": ({**RSA, "e": encode(bytes([0, 1, 0, 1]))}, "base64url"),
    "an Ed25519 key too short": ({**OKP, "x": encode(bytes(31))}, "full length"),
    "a short secret": ({**OCT, "k": encode(bytes(31))}, "too weak"),
    "no secret": ({"kty": "oct"}, "missing"),
    "a secret too long": ({**OCT, "k": encode(bytes(1025))}, "1024 bytes"),
}


@pytest.mark.parametrize("fault", KEY_FAULTS)
def test_a_key_that_cannot_be_used_says_why(verify, fault):
    key, words = KEY_FAULTS[fault]
    answer = verify(GOOD, key)
    assert comes_to(answer, "unusable key") and words in answer.stderr, answer


def test_what_a_key_may_say_beside_its_numbers(verify):
    for more in ({"use": "sig"}, {"alg": "ES256"}, {"key_ops": ["verify"]}, {"kid": "a"},
                 {"key_ops": ["sign", "verify"], "use": "sig"}, {"x5t": "zzz", "ext": True}):
        comes_to(verify(GOOD, {**EC, **more}), "valid")


def test_no_secret_and_no_text_of_the_file_is_repeated(verify):
    for key in ({**OCT, "alg": "HS512"}, json.dumps(OCT)[:-1], json.dumps(OCT) + "x",
                json.dumps(OCT)[:-1] + f', "k": "{OCT["k"]}"}}'):
        answer = verify(GOOD, key)
        assert comes_to(answer, "unusable key")
        assert OCT["k"][:8] not in answer.stdout + answer.stderr


@pytest.mark.parametrize("file,words", [
    ("/nonexistent/key", "No such file"), ("/", "Is a directory"), ("/dev/zero", "larger than"),
    ("/dev/null", "no JSON")])
def test_a_file_that_is_no_key_file(file, words):
    for option in ("--jwk", "--jwks"):
        answer = jeton("verify", option, file, text=GOOD)
        assert comes_to(answer, "unusable key") and words in answer.stderr, answer


# --- sets -----------------------------------------------------------------------------------------

def key_set(*keys):
    return {"keys": list(keys)}


@pytest.fixture
def verify_by_set(verify):
    return lambda token, keys, *options: verify(token, keys, *options, option="--jwks")


def test_a_set_finds_the_key_by_kid_and_by_algorithm(verify_by_set):
    other = Signer("ES256")
    keys = key_set({**other.jwk, "kid": "a"}, {**EC, "kid": "b"}, {**RSA, "kid": "c"}, OKP)
    for kid, verdict in (("a", "bad signature"), ("b", "valid"), ("c", "wrong algorithm"),
                         ("B", "wrong algorithm"), (None, "valid")):
        token = ES256.token({}, header={"kid": kid} if kid else {})
        comes_to(verify_by_set(token, keys), verdict)
    comes_to(verify_by_set(ES256.token({}, header={"kid": "x"}), key_set({**EC, "kid": "b"})),
             "unknown key")
    comes_to(verify_by_set(SIGNERS["EdDSA"].token({}, header={"kid": "any"}), keys), "valid")


def test_a_single_key_of_another_kid_is_an_unknown_key(verify):
    comes_to(verify(ES256.token({}, header={"kid": "x"}), {**EC, "kid": "y"}), "unknown key")
    comes_to(verify(ES256.token({}, header={"kid": "x"}), EC), "valid")


def test_keys_of_a_set_that_are_not_understood_are_passed_over(verify_by_set):
    """RFC 7517 5."""
    strange = [{**EC, "kid": "e", "use": "enc"}, {"kty": "AKP"}, 7, WEAK,
               {**RSA, "alg": "RSA-OAEP"}]
    comes_to(verify_by_set(GOOD, key_set(*strange, EC)), "valid")
    answer = verify_by_set(GOOD, key_set(*strange))
    assert comes_to(answer, "unusable key") and "use is not sig" in answer.stderr


@pytest.mark.parametrize("keys,words", [
    ({}, "no list"), ({"keys": {}}, "no list"), (EC, "no list"), (key_set(), "no key"),
    (key_set({**EC, "kid": "a"}, {**EC, "kid": "a"}), "two keys"),
    (key_set(*[{**EC, "kid": str(i)} for i in range(101)]), "more than 100"),
    ([EC], "no list"), ({"keys": [EC], "more": "x" * 300000}, "larger than")])
def test_a_set_that_cannot_be_used_says_why(verify_by_set, keys, words):
    answer = verify_by_set(GOOD, keys)
    assert comes_to(answer, "unusable key") and words in answer.stderr


def test_one_kid_may_name_keys_of_different_kinds(verify_by_set):
    """RFC 7517 4.5 has that as an example."""
    keys = key_set({**EC, "kid": "a"}, {**RSA, "kid": "a"})
    for algorithm in ("ES256", "RS256"):
        comes_to(verify_by_set(SIGNERS[algorithm].token({}, header={"kid": "a"}), keys), "valid")


def test_a_hundred_keys_are_taken(verify_by_set):
    others = [Signer("EdDSA").jwk for _ in range(99)]
    comes_to(verify_by_set(SIGNERS["EdDSA"].token(), key_set(*others, OKP)), "valid")


# --- the command ----------------------------------------------------------------------------------

@pytest.mark.parametrize("options", [
    ["--jwk", "x", "--jwks", "y"], ["--raw"], ["--issuer", "a"], ["--leeway", "1"], ["--at", "1"],
    ["--type", "JWT"], ["--jwk", "x", "--raw", "--issuer", "a"],
    ["--jwk", "x", "--raw", "--audience", "a"], ["--jwk", "x", "--raw", "--at", "1"],
    ["--jwk", "x", "--leeway", "-1"], ["--jwk", "x", "--leeway", "1.5"],
    ["--jwk", "x", "--leeway", "999999999"], ["--jwk", "x", "--at", "tomorrow"],
    ["--jwk", "x", "--at", "4294967296"], ["--jwk", "x", "--at", ""],
    ["--jwk", "x", *["--audience", "a"] * 17], ["--jwk", "x", "a", "b"], ["--jwk"]])
def test_a_command_line_that_cannot_be(options):
    answer = jeton("verify", *options, text=GOOD)
    assert answer.returncode == USAGE and answer.stdout == "" and answer.stderr


def test_json_has_the_verdict_and_the_reason(verify):
    said = json.loads(verify(GOOD, RSA, "--json").stdout)
    assert said == {"verdict": "wrong algorithm",
                    "reason": "alg is ES256, and the key is for RS256"}
    said = json.loads(verify(GOOD, {**EC, "use": "enc"}, "--json").stdout)
    assert said == {"verdict": "unusable key", "reason": "its use is not sig"}
    said = json.loads(verify(GOOD, EC, "--json").stdout)
    assert said == {"verdict": "valid", "header": {"alg": "ES256"}, "claims": {"iss": "joe"}}


def test_what_a_token_says_cannot_steer_a_terminal(verify):
    nasty = "\x1b]0;x\x07\u202e\n"
    token = ES256.token({"iss": nasty, "sub": nasty}, header={"kid": nasty})
    for answer in (verify(token, EC), verify(token, EC, "--issuer", "a"),
                   verify(token, {**EC, "kid": "k"}), verify(token, EC, "--json"),
                   verify(ES256.token(payload=nasty), EC, "--raw")):
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", answer.stdout + answer.stderr)


def test_a_token_is_taken_from_an_operand_or_a_file_too(tmp_path):
    (tmp_path / "key").write_text(json.dumps(EC))
    (tmp_path / "token").write_text(GOOD + "\n")
    for way in ([GOOD], ["--token-file", str(tmp_path / "token")]):
        comes_to(jeton("verify", "--jwk", str(tmp_path / "key"), *way), "valid")
    missing = jeton("verify", "--jwk", str(tmp_path / "key"), "--token-file", "/nonexistent")
    assert missing.returncode == 1 and "No such file" in missing.stderr


def test_the_manual_page_lists_every_status():
    page = (TOP / "client" / "cli" / "jeton.1").read_text()
    listed = re.findall(r"^\.It (\d+)\n([a-z ]+)", page[page.index("And of\n.Cm verify"):],
                        re.MULTILINE)
    assert [(words.strip(), int(number)) for number, words in listed] == [
        one for one in STATUSES.items() if one[1] > USAGE]
