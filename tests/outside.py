"""Outside issuers of the tests' own making: keys, JWK sets and ID tokens (OpenID Connect Core 2)."""
import json
import time

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from forge import Forge, base64url, compact
from harness import compose, encode_form

GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"
APP = "app.example"


def rsa_key(bits=2048):
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def number(value):
    return base64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def jwk_of(key, **members):
    public = key.public_key()
    if isinstance(key, ec.EllipticCurvePrivateKey):
        size = (key.curve.key_size + 7) // 8
        numbers = public.public_numbers()
        base = {"kty": "EC", "crv": {256: "P-256", 384: "P-384"}[key.curve.key_size],
                "x": base64url(numbers.x.to_bytes(size, "big")),
                "y": base64url(numbers.y.to_bytes(size, "big"))}
    elif isinstance(key, ed25519.Ed25519PrivateKey):
        base = {"kty": "OKP", "crv": "Ed25519", "x": base64url(public.public_bytes(
                    serialization.Encoding.Raw, serialization.PublicFormat.Raw))}
    else:
        numbers = public.public_numbers()
        base = {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)}
    return {**base, "use": "sig", **members}


class Issuer:
    """One issuer: where he says he is, his key, and the file that jeton reads his keys from."""

    def __init__(self, url, folder, alg="RS256", key=None, kid="one"):
        self.url, self.alg, self.kid = url, alg, kid
        self.key = key or (rsa_key() if alg == "RS256" else ec.generate_private_key(ec.SECP256R1()))
        self.file = folder / (url.split("//")[1].replace("/", "-").replace(":", "-") + ".json")
        self.publish(self.jwk())

    def jwk(self, **members):
        return jwk_of(self.key, **{"kid": self.kid, "alg": self.alg, **members})

    def publish(self, *keys, text=None):
        """Puts a new file in the place of the old one, as a careful writer does."""
        fresh = self.file.with_suffix(".new")
        fresh.write_text(json.dumps({"keys": list(keys)}) if text is None else text)
        fresh.rename(self.file)

    def section(self, *audiences):
        names = ", ".join(f'"{name}"' for name in audiences or (APP,))
        return f'''
            issuer "{self.url}" {{ jwks = "{self.file}" audience = {{{names}}} alg = "{self.alg}" }}
            '''

    def claims(self, **changes):
        now = int(time.time())
        claims = {"iss": self.url, "aud": APP, "iat": now, "exp": now + 300,
                  "jti": base64url(time.monotonic_ns().to_bytes(8, "big")), **changes}
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, subject, header=None, key=None, alg=None, **changes):
        """An ID token for the app; None takes a claim away, as it does a member of the header."""
        head = {"alg": alg or self.alg, "typ": "JWT", "kid": self.kid, **(header or {})}
        parts = [{name: value for name, value in head.items() if value is not None},
                 self.claims(**{"sub": subject, **changes})]
        signed = ".".join(base64url(compact(part)) for part in parts)
        algorithm = jwt.algorithms.get_default_algorithms()[alg or self.alg]
        return f"{signed}.{base64url(algorithm.sign(signed.encode(), key or self.key))}"

    def forge(self, subject, **changes):
        return OutsideForge(self.token(subject, **changes), self.key)


class OutsideForge(Forge):
    """A token of an outside issuer taken apart; his key is at hand."""

    def __init__(self, token, key):  # pylint: disable=super-init-not-called
        self.take_apart(token)
        self.key = key


def exchange_form(token, **form):
    return {"grant_type": GRANT, "subject_token": token, "subject_token_type": ID_TOKEN, **form}


def exchange(daemon, token, web=False, headers=(), **form):
    return daemon.post("/token", web=web, headers=headers, form=exchange_form(token, **form))


def exchange_bytes(token, headers=()):
    """The request, for who waits for its reply later."""
    return compose("POST", "/token",
                   [("Content-Type", "application/x-www-form-urlencoded"), *headers],
                   encode_form(exchange_form(token)))


def link(daemon, name, issuer, sub):
    return daemon.post(f"/users/{name}/links", peer=True, data={"issuer": issuer.url, "sub": sub})
