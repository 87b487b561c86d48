#!/usr/bin/python3
"""Verifies a token of jeton with PyJWT, knowing nothing but the published documents.

    curl ... http://jeton/.well-known/oauth-authorization-server >metadata.json
    curl ... http://jeton/.well-known/jwks.json >jwks.json
    verify_token.py metadata.json jwks.json <token

The audience is the issuer unless a third argument names another. The algorithm comes from the key,
never from the token.
"""
import json
import sys

import jwt


def read_json(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def main():
    issuer = read_json(sys.argv[1])["issuer"]
    published = {key["kid"]: key for key in read_json(sys.argv[2])["keys"]}
    audience = sys.argv[3] if len(sys.argv) > 3 else issuer
    token = sys.stdin.read().strip()
    try:
        key = published[jwt.get_unverified_header(token)["kid"]]
        claims = jwt.decode(token, jwt.PyJWK(key).key, algorithms=[key["alg"]],
                            audience=audience, issuer=issuer)
    except (jwt.PyJWTError, KeyError) as error:
        print(f"refused: {error!r}")
        return 1
    print(json.dumps(claims, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
