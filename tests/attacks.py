"""Forged, broken and oddly spelled tokens, for everybody who verifies: none may be taken for good.

Where a case is signed with the daemon's own key, taken from its state directory, the checks behind
the signature are what is tried. A case is a text or makes one of a forge."""
import base64
import itertools
import json
import time
import zlib

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import utils
from forge import HMAC_DIGESTS, ORDER, base64url, base64url_bytes, compact, scalars

ISSUER = "https://host.example"


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


def with_alg(forge, value, sign):
    header = f'{{"alg":{value},"typ":"at+jwt","kid":"{forge.header["kid"]}"}}'
    body = f"{base64url(header)}.{forge.payload_part}"
    return f"{body}.{sign(forge, body)}"


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
TYPES = ["jeton-login+jwt", "JEton-login+jwt", "AT+JWT", "at+JWT", "jwt", "Jwt", "JWT ", "JWS", "JOSE",
         "application/at+jwt", "application/jwt", "secevent+jwt", "logout+jwt", "dpop+jwt",
         "id_token", "rt+jwt", ""]


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


def with_kid(forge, value, signer):
    kid = value.replace("KID", forge.header["kid"])
    return forge.with_header(f'{{"alg":"ES256","typ":"at+jwt","kid":{kid}}}', signer(forge))


def unsigned_with_kid(forge, value):
    kid = value.replace("KID", forge.header["kid"])
    header = base64url(f'{{"alg":"none","typ":"at+jwt","kid":{kid}}}')
    return f"{header}.{forge.payload_part}."


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


def with_offer(forge, offer, names_kid, signer):
    header = {**forge.header, **offer(forge)}
    if not names_kid:
        del header["kid"]
    return forge.with_header(compact(header), signer(forge))


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


# --- claims signed by the real key ----------------------------------------------------------------

BAD_NUMBERS = ["1e400", "1e9", "1E10", "18446744073709551616", "18446744073709551615",
               "9223372036854775808", "9223372036854775807", "9007199254740993", "-1",
               "-9223372036854775808", "-0", "0", "1.5", "1795266243.0", "01795266243",
               "+1795266243", "0x6b000000", "NaN", "Infinity", "-Infinity", "null", "true", "[]",
               "{}", "[1795266243]", '"1795266243"', '"2030-01-01T00:00:00Z"', '""', "",
               "9" * 4000]
BAD_STRINGS = ["1", "-1", "1.5", "null", "true", "false", "{}", '""', '"\\u0000"', '"a\\u0000b"',
               '"\\n"', '"\\ud800"', '"\\udc00\\ud800"', '"\\x41"', '"\x01"', "[1]", "[[]]", "[null]",
               '[""]', "[]", '"' + "x" * 4000 + '"', '{"$ne":null}', "'1'", '"\x7f"']
TIME_CLAIMS = ["exp", "iat", "auth_time"]
TEXT_CLAIMS = ["iss", "sub", "aud", "jti", "sid", "client_id", "username"]
REQUIRED_CLAIMS = ["iss", "sub", "aud", "exp", "iat", "jti", "client_id"]
ALL_CLAIMS = [*REQUIRED_CLAIMS, "sid", "username", "auth_time", "amr"]
TWICE = ["before", "behind", "escaped"]

ISSUERS = ["https://host.exampl", "https://host.example/", "https://host.example.evil",
           "https://host.example:443", "HTTPS://HOST.EXAMPLE", "http://host.example", "host.example",
           "https://evil@host.example", "https://host.example?", "https://host.example ",
           " https://host.example", "ost.examp", "https://host.example#", "https://evil.example",
           ["https://host.example"], ["https://host.example", "https://evil.example"],
           {"https://host.example": 1}]
AUDIENCES = [1, -1, True, {}, {"aud": ISSUER}, [], [""], [1], [None], [[ISSUER]], "", " ",
             ISSUER + " https://metrics.example", [ISSUER, 1], [ISSUER, ""], [ISSUER, [ISSUER]],
             [ISSUER + " x"], [ISSUER] * 40]
FOREIGN = ["https://metrics.example", ISSUER + "/", ISSUER[:-1], ISSUER.upper(), "*", "jeton:login",
           ["https://metrics.example", ISSUER + "/"]]


def with_claim_twice(forge, claim, at):
    member = f'"{claim}":{compact(forge.claims[claim])}'
    escaped = f'"\\u{ord(claim[0]):04x}{claim[1:]}":{compact(forge.claims[claim])}'
    rest = forge.payload_json[1:-1]
    return forge.with_payload("{" + {
        "before": f"{member},{rest}", "behind": f"{rest},{member}",
        "escaped": f"{rest},{escaped}"}[at] + "}")


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


# --- time -----------------------------------------------------------------------------------------

TIMES = {
    "expired an hour ago": lambda now: (now - 7200, now - 3600),
    "expired in 1970": lambda now: (1, 2), "issued in an hour": lambda now: (now + 3600, now + 4500),
    "issued in a century": lambda now: (now + 3200000000, now + 3200000900),
    "over before it began": lambda now: (now - 60, now - 3600),
    "32 bits ago": lambda now: (now - 2 ** 32, now - 2 ** 32 + 900),
    "32 bits ahead": lambda now: (now + 2 ** 32, now + 2 ** 32 + 900),
}


def at_time(forge, case):
    issued, expires = case(int(time.time()))
    if issued <= 0:
        issued, expires = 1, max(expires, 2)
    return forge.with_claims(iat=issued, exp=expires)


# --- size -----------------------------------------------------------------------------------------

SIZES = {
    "8192 dots": "." * 8192, "12,000 dots": "." * 12000, "60,000 dots": "." * 60000,
    "100,000 dots": "." * 100000, "1 MB of A": "A" * 1000000, "60,000 A": "A" * 60000,
    "60,000 brackets": "[" * 60000, "two dots in 60,000": "A" * 30000 + ".A." + "A" * 29000,
}


# --- all of it ------------------------------------------------------------------------------------


def headers_and_keys(forge):
    for (name, value), (how, sign) in itertools.product(ALG_VALUES.items(), SIGNATURES.items()):
        yield f"alg {name}, {how}", with_alg(forge, value, sign)
    for name, header in HEADERS.items():
        yield f"header {name}", forge.with_header(header.replace("KID", forge.header["kid"]))
    for typ in TYPES:
        yield f"typ {typ}", forge.with_header(compact({**forge.header, "typ": typ}))
    for (name, secret), algorithm in itertools.product(SECRETS.items(), HMAC_DIGESTS):
        yield f"{algorithm} by {name}", forge.with_hmac(algorithm, secret(forge))
    for name, value in KIDS.items():
        yield f"kid {name}, unsigned", unsigned_with_kid(forge, value)
        for who, signer in SIGNERS.items():
            yield f"kid {name} by {who}", with_kid(forge, value, signer)
    for (name, offer), (who, signer), names_kid in itertools.product(
            OFFERED.items(), SIGNERS.items(), (True, False)):
        yield f"{name} by {who}, {names_kid}", with_offer(forge, offer, names_kid, signer)


def signatures_and_spellings(forge):
    yield "the attacker's", forge.signed(forge.header_part, forge.payload_part, forge.attacker)
    for name, case in NUMBERS.items():
        yield f"signature {name}", forge.with_signature(scalars(*case(*forge.numbers())))
    for name, case in BYTES.items():
        yield f"signature {name}", forge.with_signature(case(forge))
    payload = payload_with_bits_to_spare(forge)
    for name, spell in SPELLINGS.items():
        yield f"signed payload {name}", forge.signed(forge.header_part, spell(base64url(payload)))
        for part, index in PARTS.items():
            yield f"{part} {name}", respell(forge.with_payload(payload), index, spell)
    for name, case in WHOLES.items():
        yield name, case(forge)


def claims_and_times(forge):
    for claim, value in itertools.product(TIME_CLAIMS, BAD_NUMBERS):
        yield f"{claim} {value}", forge.with_member(claim, value)
    for claim, value in itertools.product(TEXT_CLAIMS, BAD_STRINGS):
        yield f"{claim} {value}", forge.with_member(claim, value)
    for claim in REQUIRED_CLAIMS:
        yield f"no {claim}", forge.with_claims(**{claim: None})
    for claim, at in itertools.product(ALL_CLAIMS, TWICE):
        yield f"{claim} twice, {at}", with_claim_twice(forge, claim, at)
    for issuer in ISSUERS:
        yield f"iss {issuer}", forge.with_claims(iss=issuer)
    for audience in AUDIENCES + FOREIGN:
        yield f"aud {audience}", forge.with_claims(aud=audience)
    for name, case in PAYLOADS.items():
        yield f"payload {name}", forge.with_payload(case(forge.payload_json))
    for name, case in TIMES.items():
        yield name, at_time(forge, case)
    yield from SIZES.items()


def every_attack(forge):
    """(name, token) of each case that shows in the token alone."""
    yield from headers_and_keys(forge)
    yield from signatures_and_spellings(forge)
    yield from claims_and_times(forge)
