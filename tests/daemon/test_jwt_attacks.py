"""Forged, broken and oddly spelled tokens. None is ever active, opens nothing, passes no local
verification, and costs the daemon nothing.

Where a case is signed with the daemon's own key, taken from its state directory, the checks behind
the signature are what is tried."""
import base64
import itertools
import json
import os
import shutil
import subprocess
import time
import zlib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import utils
from forge import HMAC_DIGESTS, ORDER, Forge, base64url, base64url_bytes, compact, scalars
from harness import BUILD, PASSWORD, encode_form

ISSUER = "https://host.example"
BODY_MAX = 65536
HEAD_MAX = 16384
NONCE = "A" * 43


@pytest.fixture(scope="module")
def forge(jetond):
    return Forge(jetond.token("alice"), jetond.state / "keys")


@pytest.fixture(autouse=True)
def no_process_is_replaced(jetond):
    before = jetond.children()
    yield
    assert jetond.get("/health").status == 200
    assert jetond.children() == before, "a process was replaced"


def introspect(jetond, token):
    return jetond.post("/introspect", form={"token": token})


def in_form(jetond, token):
    """What introspection says of it; a body beyond the bound is refused unread."""
    reply = introspect(jetond, token)
    if len(encode_form({"token": token})) > BODY_MAX:
        assert reply.status == 413
    else:
        assert reply.status == 200 and reply.json() == {"active": False}, reply


def in_header(jetond, token):
    """401, but where the field itself is no HTTP."""
    reply = jetond.get("/users/me", token=token.encode().decode("latin-1"))
    if any(ord(byte) < 32 and byte != "\t" for byte in token):
        assert reply.status == 400
    elif len(token) > HEAD_MAX:
        assert reply.status == 431
    else:
        assert reply.status == 401, reply
        assert 'error="invalid_token"' in reply.headers["www-authenticate"]


def in_process(jetond, token):
    answer = jetond.jeton("verify", standard_input=token)
    assert answer.returncode == 1, (token[:200], answer)
    assert not answer.stdout.startswith("valid"), answer
    assert answer.stderr, "a refusal without a word"


def assert_refused(jetond, token):
    """By the frontend, by the authority, and by the library."""
    in_form(jetond, token)
    in_header(jetond, token)
    in_process(jetond, token)


def cases(mapping):
    return pytest.mark.parametrize("case", list(mapping.values()), ids=list(mapping))


def test_what_the_forge_signs_with_the_real_key_is_active(jetond, forge):
    """The measure of all that follows: a case fails for what it changed, not for how it was made."""
    for token in (forge.with_claims(), forge.with_member("exp", str(forge.claims["exp"])),
                  forge.with_header(forge.header_json), forge.with_claims(jti="A" * 22)):
        assert introspect(jetond, token).json()["active"] is True
        assert jetond.get("/users/me", token=token).status == 200
        assert jetond.jeton("verify", standard_input=token).returncode == 0


# --- alg ------------------------------------------------------------------------------------------

NONES = ["".join(letters) for letters in itertools.product("nN", "oO", "nN", "eE")]
ALG_VALUES = {
    **{spelling: f'"{spelling}"' for spelling in NONES},
    "escaped": '"\\u006e\\u006f\\u006e\\u0065"', "one escape": '"\\u006eone"',
    "blank before": '" none"', "blank behind": '"none "', "NUL": '"none\\u0000"', "empty": '""',
    "null": "null", "true": "true", "0": "0", "array": '["none"]', "object": '{"none":1}',
    "ES256 in an array": '["ES256"]', "es256": '"es256"', "ES256 escaped": '"\\u0045S256"',
    "ES256 with NUL": '"ES256\\u0000"', "ES256K": '"ES256K"', "ES384": '"ES384"', "RS256": '"RS256"',
    "PS256": '"PS256"', "EdDSA": '"EdDSA"', "HS256": '"HS256"', "dir": '"dir"',
    "PBES2": '"PBES2-HS256+A128KW"', "RSA-OAEP": '"RSA-OAEP"',
}
SIGNATURES = {
    "no signature": lambda forge, body: "",
    "the real one": lambda forge, body: forge.signature_part,
    "the key's": lambda forge, body: base64url(forge.sign(body)),
    "the attacker's": lambda forge, body: base64url(forge.sign(body, forge.attacker)),
}


@pytest.mark.parametrize("signature", SIGNATURES.values(), ids=SIGNATURES)
@cases(ALG_VALUES)
def test_alg_in_a_header_chooses_nothing(jetond, forge, case, signature):
    header = f'{{"alg":{case},"typ":"at+jwt","kid":"{forge.header["kid"]}"}}'
    body = f"{base64url(header)}.{forge.payload_part}"
    assert_refused(jetond, f"{body}.{signature(forge, body)}")


HEADERS = {
    "alg twice, none first": '{"alg":"none","alg":"ES256","typ":"at+jwt","kid":"KID"}',
    "alg twice, none last": '{"alg":"ES256","typ":"at+jwt","kid":"KID","alg":"none"}',
    "alg twice, the same": '{"alg":"ES256","alg":"ES256","typ":"at+jwt","kid":"KID"}',
    "alg twice, one escaped": '{"alg":"ES256","\\u0061lg":"none","typ":"at+jwt","kid":"KID"}',
    "ALG": '{"ALG":"ES256","typ":"at+jwt","kid":"KID"}',
    "kid twice": '{"alg":"ES256","typ":"at+jwt","kid":"KID","kid":"KID"}',
    "typ twice": '{"alg":"ES256","typ":"at+jwt","typ":"at+jwt","kid":"KID"}',
    "no alg": '{"typ":"at+jwt","kid":"KID"}',
    "no kid": '{"alg":"ES256","typ":"at+jwt"}',
    "no typ": '{"alg":"ES256","kid":"KID"}',
    "another order": '{"kid":"KID","typ":"at+jwt","alg":"ES256"}',
    "blanks": '{ "alg": "ES256", "typ": "at+jwt", "kid": "KID" }',
    "newline behind": '{"alg":"ES256","typ":"at+jwt","kid":"KID"}\n',
    "BOM": '\ufeff{"alg":"ES256","typ":"at+jwt","kid":"KID"}',
    "empty object": "{}", "array": "[]", "null": "null", "nothing": "", "text": '"ES256"',
    "deep": "[" * 3000 + "]" * 3000,
    "unknown crit": '{"alg":"ES256","typ":"at+jwt","kid":"KID","crit":["exp"],"exp":1}',
    "empty crit": '{"alg":"ES256","typ":"at+jwt","kid":"KID","crit":[]}',
    "crit null": '{"alg":"ES256","typ":"at+jwt","kid":"KID","crit":null}',
    "crit of known names": '{"alg":"ES256","typ":"at+jwt","kid":"KID","crit":["alg"]}',
    "b64 false": '{"alg":"ES256","typ":"at+jwt","kid":"KID","crit":["b64"],"b64":false}',
    "b64 false without crit": '{"alg":"ES256","typ":"at+jwt","kid":"KID","b64":false}',
    "zip": '{"alg":"ES256","typ":"at+jwt","kid":"KID","zip":"DEF"}',
    "nested JWT": '{"alg":"ES256","typ":"at+jwt","kid":"KID","cty":"JWT"}',
    "encrypted": '{"alg":"dir","enc":"A128GCM","typ":"at+jwt","kid":"KID"}',
}


@cases(HEADERS)
def test_a_header_that_is_not_ours_is_refused_though_the_key_signed_it(jetond, forge, case):
    assert_refused(jetond, forge.with_header(case.replace("KID", forge.header["kid"])))


TYPES = ["jeton-login+jwt", "JEton-login+jwt", "AT+JWT", "at+JWT", "jwt", "Jwt", "JWT ", "JWS", "JOSE",
         "application/at+jwt", "application/jwt", "secevent+jwt", "logout+jwt", "dpop+jwt",
         "id_token", "rt+jwt", ""]


@pytest.mark.parametrize("typ", TYPES)
def test_a_type_that_is_no_access_tokens_is_refused(jetond, forge, typ):
    """RFC 8725 3.11, RFC 9068 4: the key signed it, for something else."""
    assert_refused(jetond, forge.with_header(compact({**forge.header, "typ": typ})))


def test_a_login_ticket_is_no_access_token(jetond, forge):
    ticket = jetond.post("/pam/auth", form={
        "username": "alice", "uid": "4321", "service": "sshd", "nonce": NONCE,
        "password": PASSWORD}).body.decode()
    assert json.loads(base64url_bytes(ticket.split(".")[0]))["typ"] == "jeton-login+jwt"
    assert_refused(jetond, ticket)
    assert_refused(jetond, forge.signed(forge.header_part, ticket.split(".")[1]))


def test_an_access_token_is_no_login_ticket(jetond, forge):
    """Claims of an access token under a ticket's header."""
    header = forge.header_json.replace("at+jwt", "jeton-login+jwt")
    assert_refused(jetond, forge.with_header(header))


# --- the public key as a secret -------------------------------------------------------------------

def lines(pem):
    return b"".join(pem.splitlines()[1:-1])


SECRETS = {
    "PEM": lambda f: f.public_pem(),
    "PEM without its newline": lambda f: f.public_pem().rstrip(),
    "PEM with CRLF": lambda f: f.public_pem().replace(b"\n", b"\r\n"),
    "PEM with NUL": lambda f: f.public_pem() + b"\0",
    "PEM's base64": lambda f: lines(f.public_pem()),
    "PEM escaped": lambda f: f.public_pem().replace(b"\n", b"\\n"),
    "DER": lambda f: f.public_der(),
    "hex of DER": lambda f: f.public_der().hex().encode(),
    "base64url of DER": lambda f: base64url(f.public_der()).encode(),
    "x and y": lambda f: f.public_point()[1:],
    "the point": lambda f: f.public_point(),
    "the compressed point": lambda f: f.public_point(serialization.PublicFormat.CompressedPoint),
    "hex of the point": lambda f: f.public_point().hex().encode(),
    "x": lambda f: f.public_point()[1:33],
    "x in base64url": lambda f: f.jwk()["x"].encode(),
    "JWK": lambda f: compact(f.jwk()).encode(),
    "JWK as published": lambda f: compact({**f.jwk(), "kid": f.header["kid"], "use": "sig",
                                           "alg": "ES256"}).encode(),
    "JWK with blanks": lambda f: json.dumps(f.jwk()).encode(),
    "JWKS": lambda f: compact({"keys": [f.jwk()]}).encode(),
    "the thumbprint": lambda f: f.header["kid"].encode(),
    "the thumbprint's bytes": lambda f: base64url_bytes(f.header["kid"]),
    "the issuer": lambda f: ISSUER.encode(),
    "nothing": lambda f: b"",
    "one NUL": lambda f: b"\0",
    "32 NUL": lambda f: bytes(32),
    "secret": lambda f: b"secret",
}


@pytest.mark.parametrize("algorithm", HMAC_DIGESTS)
@cases(SECRETS)
def test_nothing_public_is_a_secret(jetond, forge, case, algorithm):
    assert_refused(jetond, forge.with_hmac(algorithm, case(forge)))


def test_the_published_document_itself_is_no_secret(jetond, forge):
    document = jetond.get("/.well-known/jwks.json").body
    for algorithm in HMAC_DIGESTS:
        assert_refused(jetond, forge.with_hmac(algorithm, document))


# --- kid and keys that a token brings -------------------------------------------------------------

KIDS = {
    "another": '"' + "A" * 43 + '"', "empty": '""', "dot": '"."', "dots": '".."',
    "path": '"../../../../etc/passwd"', "absolute": '"/etc/passwd"', "null device": '"/dev/null"',
    "own file": '"KID.pem"', "folder": '"keys/KID"', "dot before": '"./KID"', "query": '"KID?x=1"',
    "NUL behind": '"KID\\u0000"', "NUL and path": '"KID\\u0000/../x"', "newline": '"KID\\n"',
    "blank": '"KID "', "cut": '"' + "A" * 42 + '"', "prefix": '"xKID"', "SQL": "\"' OR '1'='1\"",
    "SQL union": "\"x' UNION SELECT 'secret';--\"", "SQL comment": '"KID\';--"',
    "format": '"%s%n%x%p"', "shell": '"$(id)`id`;|id"', "header": '"KID\\r\\nX: y"',
    "URL": '"https://attacker.example/key"', "LDAP": '"*)(kid=*"', "template": '"{{7*7}}"',
    "unicode": '"\\u212aID"', "escaped slash": '"..\\/..\\/x"', "number": "1", "negative": "-1",
    "null": "null", "true": "true", "array": '["KID"]', "object": '{"kid":"KID"}',
    "nested": "[" * 500 + "]" * 500, "4 kB": '"' + "A" * 4096 + '"', "100 kB": '"' + "A" * 100000 + '"',
}
SIGNERS = {"the key": lambda f: f.key, "the attacker": lambda f: f.attacker}


@pytest.mark.parametrize("signer", SIGNERS.values(), ids=SIGNERS)
@cases(KIDS)
def test_a_hostile_kid_finds_no_key(jetond, forge, case, signer):
    kid = case.replace("KID", forge.header["kid"])
    assert_refused(jetond, forge.with_header(f'{{"alg":"ES256","typ":"at+jwt","kid":{kid}}}',
                                             signer(forge)))


@cases(KIDS)
def test_a_hostile_kid_opens_no_way_for_a_token_without_a_signature(jetond, forge, case):
    kid = case.replace("KID", forge.header["kid"])
    header = base64url(f'{{"alg":"none","typ":"at+jwt","kid":{kid}}}')
    assert_refused(jetond, f"{header}.{forge.payload_part}.")


OFFERED = {
    "jwk": lambda f: {"jwk": f.jwk(f.attacker)},
    "private jwk": lambda f: {"jwk": {**f.jwk(f.attacker), "d": base64url(b"\1" * 32)}},
    "symmetric jwk": lambda f: {"jwk": {"kty": "oct", "k": ""}},
    "jku": lambda f: {"jku": "https://attacker.example/jwks.json"},
    "jku of a file": lambda f: {"jku": "file:///tmp/jwks.json"},
    "jku beneath the issuer": lambda f: {"jku": ISSUER + "/.well-known/jwks.json#@attacker"},
    "x5u": lambda f: {"x5u": "https://attacker.example/key.pem"},
    "x5c": lambda f: {"x5c": [base64.b64encode(f.public_der()).decode()]},
    "x5t": lambda f: {"x5t": base64url(b"\1" * 20)},
    "x5t#S256": lambda f: {"x5t#S256": base64url(b"\1" * 32)},
    "iss in the header": lambda f: {"iss": ISSUER},
    "epk": lambda f: {"epk": f.jwk(f.attacker)},
}


@pytest.mark.parametrize("signer", SIGNERS.values(), ids=SIGNERS)
@pytest.mark.parametrize("with_kid", [True, False], ids=["kid", "no kid"])
@cases(OFFERED)
def test_a_key_that_a_token_brings_is_not_looked_at(jetond, forge, case, with_kid, signer):
    header = {**forge.header, **case(forge)}
    if not with_kid:
        del header["kid"]
    assert_refused(jetond, forge.with_header(compact(header), signer(forge)))


def test_the_attackers_own_signature_is_refused(jetond, forge):
    assert_refused(jetond, forge.signed(forge.header_part, forge.payload_part, forge.attacker))


# --- the signature --------------------------------------------------------------------------------

TOP = 2 ** 256 - 1
NUMBERS = {
    "r=s=0": lambda r, s: (0, 0), "r=0": lambda r, s: (0, s), "s=0": lambda r, s: (r, 0),
    "r=s=1": lambda r, s: (1, 1), "r=n": lambda r, s: (ORDER, s), "s=n": lambda r, s: (r, ORDER),
    "r=s=n": lambda r, s: (ORDER, ORDER), "n-1": lambda r, s: (ORDER - 1, ORDER - 1),
    "n+1": lambda r, s: (ORDER + 1, ORDER + 1), "r=n, s=0": lambda r, s: (ORDER, 0),
    "r=0, s=n": lambda r, s: (0, ORDER), "top": lambda r, s: (TOP, TOP),
    "n-r": lambda r, s: (ORDER - r, s), "both from n": lambda r, s: (ORDER - r, ORDER - s),
    "exchanged": lambda r, s: (s, r), "r twice": lambda r, s: (r, r), "s+1": lambda r, s: (r, s + 1),
}


@cases(NUMBERS)
def test_numbers_that_sign_nothing(jetond, forge, case):
    assert_refused(jetond, forge.with_signature(scalars(*case(*forge.numbers()))))


BYTES = {
    "DER": lambda f: utils.encode_dss_signature(*f.numbers()),
    "one short": lambda f: base64url_bytes(f.signature_part)[:-1],
    "one long": lambda f: base64url_bytes(f.signature_part) + b"\0",
    "33 bytes each": lambda f: b"".join(b"\0" + n.to_bytes(32, "big") for n in f.numbers()),
    "little end first": lambda f: b"".join(n.to_bytes(32, "little") for n in f.numbers()),
    "r alone": lambda f: base64url_bytes(f.signature_part)[:32],
    "twice": lambda f: base64url_bytes(f.signature_part) * 2,
    "none": lambda f: b"", "one byte": lambda f: b"\0", "96 bytes": lambda f: b"\1" * 96,
    "4 kB": lambda f: b"\1" * 4096, "hex": lambda f: base64url_bytes(f.signature_part).hex().encode(),
    "base64url twice": lambda f: f.signature_part.encode(),
}


@cases(BYTES)
def test_bytes_that_are_no_signature(jetond, forge, case):
    assert_refused(jetond, forge.with_signature(case(forge)))


def test_the_twin_with_n_minus_s_is_the_same_token(jetond, forge):
    """ECDSA makes it as good as the first: so nothing may be keyed by a token's text. It says the
    same of itself, under the same jti."""
    r, s = forge.numbers()
    twin = forge.with_signature(scalars(r, ORDER - s))
    assert twin != forge.token
    assert introspect(jetond, twin).json() == introspect(jetond, forge.token).json()
    assert jetond.get("/users/me", token=twin).status == 200
    assert jetond.jeton("verify", standard_input=twin).returncode == 0


def test_a_revoked_token_is_dead_in_every_spelling(jetond):
    """Revocation goes by jti and time: whoever writes the token anew wins nothing."""
    revoked = Forge(jetond.token("alice"), jetond.state / "keys")
    r, s = revoked.numbers()
    spellings = [revoked.token, revoked.with_signature(scalars(r, ORDER - s)), revoked.with_claims(),
                 revoked.with_claims(sid=None), revoked.with_claims(username="bob")]
    assert all(introspect(jetond, token).json()["active"] for token in spellings)
    assert jetond.post("/revoke", form={"token": spellings[1]}).status == 200
    for token in spellings:
        assert_refused(jetond, token)


# --- spelling -------------------------------------------------------------------------------------

LAST = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def with_stray_bits(part):
    """The same bytes to a lenient decoder: the last character has bits that belong to no byte."""
    assert len(part) % 4, "no bits to spare"
    return part[:-1] + LAST[LAST.index(part[-1]) | 1]


def payload_with_bits_to_spare(forge):
    """The real claims under a name so long that their last character has stray bits."""
    payloads = (compact({**forge.claims, "username": "a" * length}) for length in (1, 2, 3))
    return next(payload for payload in payloads if len(payload.encode()) % 3)


# All of one value to a lenient decoder.
SPELLINGS = {
    "one =": lambda part: part + "=", "two =": lambda part: part + "==",
    "four =": lambda part: part + "====", "= before": lambda part: "=" + part,
    "newline": lambda part: part + "\n", "CRLF": lambda part: part + "\r\n",
    "newline within": lambda part: part[:8] + "\n" + part[8:],
    "blank": lambda part: part[:8] + " " + part[8:], "blank before": lambda part: " " + part,
    "tab": lambda part: part[:8] + "\t" + part[8:], "NUL behind": lambda part: part + "\0",
    "NUL within": lambda part: part[:8] + "\0" + part[8:], "stray bits": with_stray_bits,
    "percent": lambda part: part + "%3D", "one more": lambda part: part + "A",
    "foreign byte": lambda part: part[:8] + "!" + part[8:], "é": lambda part: part + "é",
    "+": lambda part: part[:8] + "+" + part[8:], "quoted": lambda part: f'"{part}"',
}
PARTS = {"header": 0, "payload": 1, "signature": 2}


def respell(token, part, spell):
    parts = token.split(".")
    parts[part] = spell(parts[part])
    return ".".join(parts)


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
@cases(SPELLINGS)
def test_a_part_has_one_spelling(jetond, forge, case, part):
    token = forge.with_payload(payload_with_bits_to_spare(forge))
    assert_refused_unless_trimmed(jetond, token, respell(token, part, case))


def assert_refused_unless_trimmed(jetond, good, token):
    """A field's value and the command's input begin and end where the blanks do (RFC 9110 5.5): what
    only adds blanks there is the good token by the time it is looked at."""
    in_form(jetond, token)
    if token.strip(" \t\r\n") == good:
        return
    in_header(jetond, token)
    in_process(jetond, token)


@cases(SPELLINGS)
def test_the_key_makes_no_other_spelling_of_a_payload_good(jetond, forge, case):
    """Signed as it is spelled, so only the decoder can refuse it."""
    payload = base64url(payload_with_bits_to_spare(forge))
    assert_refused(jetond, forge.signed(forge.header_part, case(payload)))


def test_the_other_alphabet_is_refused(jetond, forge):
    for number in range(1000):
        token = forge.with_claims(jti=f"{number:022d}")
        signature = token.rsplit(".", 1)[1]
        if "-" in signature and "_" in signature:
            break
    other = signature.replace("-", "+").replace("_", "/")
    assert_refused(jetond, f"{token.rsplit('.', 1)[0]}.{other}")


WHOLES = {
    "nothing around dots": lambda f: "..", "one dot": lambda f: ".", "a dot behind": lambda f: f.token + ".",
    "a dot before": lambda f: "." + f.token, "a fourth part": lambda f: f.token + ".AAAA",
    "JWE's five parts": lambda f: f.token + ".AAAA.AAAA", "two parts": lambda f: f.token.rsplit(".", 1)[0],
    "no payload": lambda f: f"{f.header_part}..{f.signature_part}",
    "no header": lambda f: f".{f.payload_part}.{f.signature_part}",
    "twice": lambda f: f.token + f.token, "Bearer before": lambda f: "Bearer " + f.token,
    "upper case": lambda f: f.token.upper(), "lower case": lambda f: f.token.lower(),
    "reversed": lambda f: f.token[::-1], "BOM before": lambda f: "\ufeff" + f.token,
    "comma list": lambda f: f"{f.token},{f.token}", "JSON serialisation": lambda f: compact({
        "payload": f.payload_part, "protected": f.header_part, "signature": f.signature_part}),
    "fullwidth dot": lambda f: f.token.replace(".", "\uff0e", 1),
    "percent dot": lambda f: f.token.replace(".", "%2E"),
    "NUL behind": lambda f: f.token + "\0", "NUL and more behind": lambda f: f.token + "\0" + "A" * 9,
}


@cases(WHOLES)
def test_a_token_has_one_spelling(jetond, forge, case):
    assert_refused(jetond, case(forge))


# --- claims signed by the real key ----------------------------------------------------------------

BAD_NUMBERS = ["1e400", "1e9", "1E10", "18446744073709551616", "18446744073709551615",
               "9223372036854775808", "9223372036854775807", "9007199254740993", "-1",
               "-9223372036854775808", "-0", "0", "1.5", "1795266243.0", "01795266243",
               "+1795266243", "0x6b000000", "NaN", "Infinity", "-Infinity", "null", "true", "[]",
               "{}", "[1795266243]", '"1795266243"', '"2030-01-01T00:00:00Z"', '""', "",
               "9" * 4000]


@pytest.mark.parametrize("claim", ["exp", "iat", "auth_time"])
@pytest.mark.parametrize("value", BAD_NUMBERS, ids=[value[:24] or "nothing" for value in BAD_NUMBERS])
def test_a_time_is_a_plain_number(jetond, forge, claim, value):
    assert_refused(jetond, forge.with_member(claim, value))


BAD_STRINGS = ["1", "-1", "1.5", "null", "true", "false", "{}", '""', '"\\u0000"', '"a\\u0000b"',
               '"\\n"', '"\\ud800"', '"\\udc00\\ud800"', '"\\x41"', '"\x01"', "[1]", "[[]]", "[null]",
               '[""]', "[]", '"' + "x" * 4000 + '"', '{"$ne":null}', "'1'", '"\x7f"']


@pytest.mark.parametrize("claim", ["iss", "sub", "aud", "jti", "sid", "client_id", "username"])
@pytest.mark.parametrize("value", BAD_STRINGS, ids=range(len(BAD_STRINGS)))
def test_a_text_is_a_text(jetond, forge, claim, value):
    assert_refused(jetond, forge.with_member(claim, value))


@pytest.mark.parametrize("claim", ["iss", "sub", "aud", "exp", "iat", "jti", "client_id"])
def test_a_required_claim_may_not_be_missing(jetond, forge, claim):
    """RFC 9068 2.2."""
    assert_refused(jetond, forge.with_claims(**{claim: None}))


@pytest.mark.parametrize("claim", ["iss", "sub", "aud", "exp", "iat", "jti", "sid", "client_id",
                                   "username", "auth_time", "amr"])
@pytest.mark.parametrize("at", ["before", "behind", "escaped"])
def test_a_claim_may_not_be_there_twice(jetond, forge, claim, at):
    member = f'"{claim}":{compact(forge.claims[claim])}'
    escaped = f'"\\u{ord(claim[0]):04x}{claim[1:]}":{compact(forge.claims[claim])}'
    rest = forge.payload_json[1:-1]
    assert_refused(jetond, forge.with_payload("{" + {
        "before": f"{member},{rest}", "behind": f"{rest},{member}",
        "escaped": f"{rest},{escaped}"}[at] + "}"))


ISSUERS = ["https://host.exampl", "https://host.example/", "https://host.example.evil",
           "https://host.example:443", "HTTPS://HOST.EXAMPLE", "http://host.example", "host.example",
           "https://evil@host.example", "https://host.example?", "https://host.example ",
           " https://host.example", "ost.examp", "https://host.example#", "https://evil.example",
           ["https://host.example"], ["https://host.example", "https://evil.example"],
           {"https://host.example": 1}]


@pytest.mark.parametrize("issuer", ISSUERS, ids=map(str, ISSUERS))
def test_the_issuer_is_ours_to_the_byte(jetond, forge, issuer):
    assert_refused(jetond, forge.with_claims(iss=issuer))


AUDIENCES = [1, -1, True, {}, {"aud": ISSUER}, [], [""], [1], [None], [[ISSUER]], "", " ",
             ISSUER + " https://metrics.example", [ISSUER, 1], [ISSUER, ""], [ISSUER, [ISSUER]],
             [ISSUER + " x"], [ISSUER] * 40]


@pytest.mark.parametrize("audience", AUDIENCES, ids=[compact(aud)[:40] for aud in AUDIENCES])
def test_an_audience_is_a_word_or_words(jetond, forge, audience):
    assert_refused(jetond, forge.with_claims(aud=audience))


FOREIGN = ["https://metrics.example", ISSUER + "/", ISSUER[:-1], ISSUER.upper(), "*", "jeton:login",
           ["https://metrics.example", ISSUER + "/"]]


@pytest.mark.parametrize("audience", FOREIGN, ids=map(str, FOREIGN))
def test_a_token_for_somebody_else_opens_nothing_here(jetond, forge, audience):
    token = forge.with_claims(aud=audience)
    in_header(jetond, token)
    in_process(jetond, token)


SUBJECTS = ["0", "01", "+1", "-1", "1 ", " 1", "1e0", "0x1", "1.0", "2", "999999", "alice",
            "18446744073709551617", "9223372036854775808", "1\u200b", "\uff11", "client:1", "svc:1",
            "uid:0", "1;1", "1 OR 1=1"]


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_subject_that_is_no_person_is_nobody(jetond, forge, subject):
    in_header(jetond, forge.with_claims(sub=subject))


PAYLOADS = {
    "nothing": lambda p: "", "null": lambda p: "null", "array": lambda p: f"[{p}]",
    "text": lambda p: json.dumps(p), "two objects": lambda p: p + p, "comma behind": lambda p: p[:-1] + ",}",
    "newline behind": lambda p: p + "\n", "blank before": lambda p: " " + p, "NUL behind": lambda p: p + "\0",
    "BOM": lambda p: "\ufeff" + p, "blanks": lambda p: json.dumps(json.loads(p)),
    "cut": lambda p: p[:-1], "comment": lambda p: p[:-1] + "/**/}", "empty object": lambda p: "{}",
    "UTF-16": lambda p: p.encode("utf-16"), "Latin-1": lambda p: p.replace("alice", "\xe9").encode("latin-1"),
    "overlong": lambda p: p.encode().replace(b"alice", b"\xc0\xae"),
    "surrogates in UTF-8": lambda p: p.encode().replace(b"alice", b"\xed\xa0\x80\xed\xb0\x80"),
    "nbf in the future": lambda p: p[:-1] + f',"nbf":{int(time.time()) + 3600}}}',
    "unknown member": lambda p: p[:-1] + ',"is_admin":true}',
    "prototype": lambda p: p[:-1] + ',"__proto__":{"roles":["admin"]}}',
    "nested 2000 deep": lambda p: p[:-1] + ',"x":' + "[" * 2000 + "]" * 2000 + "}",
    "objects 900 deep": lambda p: p[:-1] + ',"x":' + '{"x":' * 900 + "1" + "}" * 900 + "}",
    "nested 100,000 deep": lambda p: p[:-1] + ',"x":' + "[" * 100000 + "]" * 100000 + "}",
    "a token within": lambda p: base64url(p) + "." + base64url(p) + ".AAAA",
    "a thousand members": lambda p: p[:-1] + "".join(f',"m{i}":1' for i in range(1000)) + "}",
    "deflated": lambda p: zlib.compress(p.encode()),
    "roles as an object": lambda p: p[:-1] + ',"roles":{"admin":1}}',
    "roles as a text": lambda p: p[:-1] + ',"roles":"admin"}',
    "a role with a blank": lambda p: p[:-1] + ',"roles":["a admin"]}',
    "uid as a text": lambda p: p[:-1] + ',"uid":"0"}', "uid -1": lambda p: p[:-1] + ',"uid":-1}',
    "uid 2^32": lambda p: p[:-1] + ',"uid":4294967296}', "uid 0.5": lambda p: p[:-1] + ',"uid":0.5}',
    "scope as an array": lambda p: p[:-1] + ',"scope":["jeton:admin"]}',
}


@cases(PAYLOADS)
def test_a_payload_that_is_not_ours_is_refused_though_the_key_signed_it(jetond, forge, case):
    assert_refused(jetond, forge.with_payload(case(forge.payload_json)))


def test_claims_of_a_role_make_no_administrator(jetond, forge):
    """The role is the database's: even the key's word for it does not count."""
    token = forge.with_claims(roles=["admin"], scope="jeton:admin")
    assert jetond.get("/users", token=token).status == 403


# --- time -----------------------------------------------------------------------------------------

TIMES = {
    "expired an hour ago": lambda now: (now - 7200, now - 3600),
    "expired in 1970": lambda now: (1, 2), "issued in an hour": lambda now: (now + 3600, now + 4500),
    "issued in a century": lambda now: (now + 3200000000, now + 3200000900),
    "over before it began": lambda now: (now - 60, now - 3600),
    "32 bits ago": lambda now: (now - 2 ** 32, now - 2 ** 32 + 900),
    "32 bits ahead": lambda now: (now + 2 ** 32, now + 2 ** 32 + 900),
}


@cases(TIMES)
def test_expired_and_future_tokens_are_refused(jetond, forge, case):
    issued, expires = case(int(time.time()))
    if issued <= 0:
        issued, expires = 1, max(expires, 2)
    assert_refused(jetond, forge.with_claims(iat=issued, exp=expires))


def test_a_token_dies_at_its_second(fresh):
    jetond = fresh('issuer = "https://host.example"\nleeway = "0s"\n')
    jetond.add_user("alice")
    forge = Forge(jetond.token("alice"), jetond.state / "keys")
    token = forge.with_claims(exp=int(time.time()) + 2)
    assert introspect(jetond, token).json()["active"] is True
    time.sleep(2.1)
    in_form(jetond, token)
    in_header(jetond, token)


@pytest.mark.parametrize("offset,words", [("+1 day", "its time is over"), ("-1 day", "in the future"),
                                          ("+50 years", "its time is over")])
def test_a_moved_clock_makes_no_token_good(jetond, forge, offset, words):
    assert shutil.which("faketime"), "faketime is not installed: packaging/build-deps check"
    answer = subprocess.run(["faketime", "-f", offset.replace(" day", "d").replace(" years", "y"),
                             str(BUILD / "bin" / "jeton"), "verify"], input=forge.token, text=True,
                            capture_output=True, timeout=30,
                            env={"PATH": os.environ["PATH"], "JETON_SOCKET": str(jetond.socket)})
    assert answer.returncode == 1 and words in answer.stderr, answer


# --- size -----------------------------------------------------------------------------------------

SIZES = {
    "8192 dots": "." * 8192, "12,000 dots": "." * 12000, "60,000 dots": "." * 60000,
    "100,000 dots": "." * 100000, "1 MB of A": "A" * 1000000, "60,000 A": "A" * 60000,
    "60,000 brackets": "[" * 60000, "two dots in 60,000": "A" * 30000 + ".A." + "A" * 29000,
}


def resident_kb(pids):
    return sum(int(line.split()[1]) for pid in pids
               for line in Path(f"/proc/{pid}/status").read_text().splitlines()
               if line.startswith("VmRSS"))


@cases(SIZES)
def test_a_huge_token_is_refused_and_leaves_no_memory_behind(jetond, forge, case):
    frontends = jetond.children()["frontend"]
    for _ in range(3):
        introspect(jetond, case)
        in_header(jetond, case)
    before = resident_kb(frontends)
    for _ in range(30):
        introspect(jetond, case)
        in_header(jetond, case)
    assert resident_kb(frontends) <= before + 256
    assert_refused(jetond, case)
