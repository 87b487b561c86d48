"""Tokens that a daemon would never sign: made of a real one's parts, with the daemon's own key (its
file is in the state directory) or with an attacker's."""
import base64
import hashlib
import hmac
import json

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

# FIPS 186-4 D.1.2.3: the order of P-256's base point.
ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551
HMAC_DIGESTS = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}


def base64url(data):
    if isinstance(data, str):
        data = data.encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def base64url_bytes(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def compact(value):
    """JSON as the daemon writes it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def scalars(r, s):
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


class Forge:
    """A real token of a daemon taken apart, its key, and an attacker's."""

    def __init__(self, token, key_folder):
        self.take_apart(token)
        (file,) = key_folder.glob(self.header["kid"] + "*")
        self.key = serialization.load_pem_private_key(file.read_bytes(), None)

    def take_apart(self, token):
        self.token = token
        self.header_part, self.payload_part, self.signature_part = token.split(".")
        self.header_json = base64url_bytes(self.header_part).decode()
        self.header = json.loads(self.header_json)
        self.payload_json = base64url_bytes(self.payload_part).decode()
        self.claims = json.loads(self.payload_json)
        self.attacker = ec.generate_private_key(ec.SECP256R1())

    # --- signatures ---

    def sign(self, signed, key=None):
        """The bytes of an ES256 signature, by the daemon's key unless told."""
        der = (key or self.key).sign(signed.encode("utf-8", "surrogateescape"),
                                     ec.ECDSA(hashes.SHA256()))
        return scalars(*utils.decode_dss_signature(der))

    def signed(self, header_part, payload_part, key=None):
        body = f"{header_part}.{payload_part}"
        return f"{body}.{base64url(self.sign(body, key))}"

    def with_header(self, header_json, key=None):
        """The real claims under another header, signed."""
        return self.signed(base64url(header_json), self.payload_part, key)

    def with_payload(self, payload_json):
        """Other claims under the real header, signed by the daemon's key."""
        return self.signed(self.header_part, base64url(payload_json))

    def with_claims(self, **changes):
        """The real claims with these in place of theirs; None takes one away."""
        claims = {**self.claims, **changes}
        return self.with_payload(compact({name: value for name, value in claims.items()
                                          if value is not None}))

    def with_signature(self, signature):
        """The real token with the bytes of another signature."""
        return f"{self.header_part}.{self.payload_part}.{base64url(signature)}"

    def with_member(self, name, json_value):
        """The real claims with one value spelled as given, signed by the daemon's key."""
        members = [f'"{key}":{json_value if key == name else compact(value)}'
                   for key, value in self.claims.items()]
        return self.with_payload("{" + ",".join(members) + "}")

    def with_hmac(self, algorithm, secret):
        header = base64url(compact({**self.header, "alg": algorithm}))
        body = f"{header}.{self.payload_part}"
        digest = hmac.new(secret, body.encode(), HMAC_DIGESTS[algorithm]).digest()
        return f"{body}.{base64url(digest)}"

    # --- what is public ---

    def numbers(self):
        """r and s of the real signature."""
        signature = base64url_bytes(self.signature_part)
        return int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")

    def public(self, encoding, form):
        return self.key.public_key().public_bytes(encoding, form)

    def public_pem(self):
        return self.public(serialization.Encoding.PEM,
                           serialization.PublicFormat.SubjectPublicKeyInfo)

    def public_point(self, form=serialization.PublicFormat.UncompressedPoint):
        return self.public(serialization.Encoding.X962, form)

    def public_der(self):
        return self.public(serialization.Encoding.DER,
                           serialization.PublicFormat.SubjectPublicKeyInfo)

    def jwk(self, key=None):
        numbers = (key or self.key).public_key().public_numbers()
        x, y = (base64url(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
        return {"crv": "P-256", "kty": "EC", "x": x, "y": y}
