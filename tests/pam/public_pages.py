"""The two public pages, written as common/jwt/pages.h lays them out, and keys to put in them."""
import base64
import hashlib
import json
import os
import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

ISSUER = "https://jeton.test"
KEYS_LAYOUT = 1
STATUS_LAYOUT = 2
ES256 = 1
ACTIVE = 2
KEYS_MAX = 16
PUBLIC_MAX = 528
UIDS_MAX = 65536
REVOCATIONS_MAX = 65536
REVOCATION_SIZE = 40

HEAD = struct.Struct("=8sIII44x")
KEY = struct.Struct(f"=44sIII{PUBLIC_MAX}s")
KEYS_TABLE = struct.Struct("=256sII")
STATUS_TABLE = struct.Struct("=IIII")


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Key:
    """An ES256 key pair with the kid of RFC 7638."""

    def __init__(self):
        self.private = ec.generate_private_key(ec.SECP256R1())
        numbers = self.private.public_key().public_numbers()
        self.x, self.y = (n.to_bytes(32, "big") for n in (numbers.x, numbers.y))
        jwk = {"crv": "P-256", "kty": "EC", "x": base64url(self.x), "y": base64url(self.y)}
        canonical = json.dumps(jwk, separators=(",", ":"), sort_keys=True).encode()
        self.kid = base64url(hashlib.sha256(canonical).digest())

    def sign(self, data):
        r, s = utils.decode_dss_signature(self.private.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def page(magic, layout, table, size):
    """A page that publishes `table`, which the count 2 finds in its first half."""
    return HEAD.pack(magic, layout, HEAD.size + 2 * size, 2) + table.ljust(2 * size, b"\0")


def keys_page(*keys, issuer=ISSUER):
    table = KEYS_TABLE.pack(issuer.encode(), len(keys), 0)
    for key in keys:
        table += KEY.pack(key.kid.encode(), ES256, ACTIVE, 64, key.x + key.y)
    return page(b"jetnkeys", KEYS_LAYOUT, table, KEYS_TABLE.size + KEYS_MAX * KEY.size)


def status_page(*uids, is_full=False):
    """`is_full`: more is revoked than it holds, so that it says none of it."""
    table = STATUS_TABLE.pack(len(uids), 0, is_full, 0) + struct.pack(f"={len(uids)}I", *sorted(uids))
    size = STATUS_TABLE.size + 4 * UIDS_MAX + REVOCATION_SIZE * REVOCATIONS_MAX
    return page(b"jetnstat", STATUS_LAYOUT, table, size)


def write(path, content):
    """0644 whatever the umask is: a page that others may write is none."""
    if os.path.lexists(path):
        os.unlink(path)
    with open(path, "wb") as file:
        file.write(content)
    os.chmod(path, 0o644)
