"""A service on any host: verifies tokens with PyJWT by the keys that jeton publishes. It needs no
library of jeton's, and knows of no revocation: a token is good here until it ends.

    ISSUER=https://login.example.org \\
        python3 -m uvicorn --app-dir examples/resource-server-python server:app

    curl -H "Authorization: Bearer $token" http://127.0.0.1:8000/readings
"""
import os
import time
from typing import Any, Dict, Optional

import jwt
from fastapi import Depends, FastAPI, HTTPException, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes

ISSUER = os.environ["ISSUER"]
AUDIENCE = "https://metrics.example"
ALGORITHM = "ES256"  # what jetond.conf says of the audience; a token's header never chooses

Claims = Dict[str, Any]


class Keys(jwt.PyJWKClient):
    """An unknown key may be new, and is asked for; but not each time that somebody makes one up."""

    asked_at = float("-inf")

    def get_jwk_set(self, refresh: bool = False) -> jwt.PyJWKSet:
        try:
            return super().get_jwk_set(refresh and time.monotonic() - self.asked_at > 1)
        except (jwt.PyJWTError, ValueError) as error:  # no answer, or one that is no key set
            raise HTTPException(503, "no token can be verified now") from error

    def fetch_data(self) -> Any:
        self.asked_at = time.monotonic()
        return super().fetch_data()


keys = Keys(ISSUER + "/.well-known/jwks.json")
app = FastAPI(title="metrics")


def refusal(status: int, challenge: str, sentence: str) -> HTTPException:
    """RFC 6750 3."""
    return HTTPException(status, sentence, {"WWW-Authenticate": challenge})


def verified(token: str) -> Claims:
    try:
        key = keys.get_signing_key_from_jwt(token)
        found = jwt.api_jwt.decode_complete(
            token, key.key, algorithms=[ALGORITHM], issuer=ISSUER, audience=AUDIENCE, leeway=10,
            options={"require": ["exp", "iat", "sub"]})
    except (jwt.PyJWTError, RecursionError):  # the second: brackets within brackets within ...
        raise refusal(401, 'Bearer error="invalid_token"', "the token is not good") from None
    if found["header"].get("typ") != "at+jwt":  # RFC 9068 4: there are others than access tokens
        raise refusal(401, 'Bearer error="invalid_token"', "this is no access token")
    claims: Claims = found["payload"]
    return claims


def caller(needed: SecurityScopes, credentials: Optional[HTTPAuthorizationCredentials] = Depends(
        HTTPBearer(auto_error=False))) -> Claims:
    if credentials is None:
        raise refusal(401, "Bearer", "this needs a token")
    claims = verified(credentials.credentials)
    if not set(needed.scopes) <= set(claims.get("scope", "").split()):
        raise refusal(403, 'Bearer error="insufficient_scope"', "the token's scope is not enough")
    return claims


def operator(claims: Claims = Depends(caller)) -> Claims:
    if "operator" not in claims.get("roles", []):
        raise refusal(403, 'Bearer error="insufficient_scope"', "this needs the role operator")
    return claims


@app.get("/readings")
def readings(claims: Claims = Security(caller, scopes=["metrics:read"])) -> "dict[str, str]":
    return {"welcome": claims.get("username", claims["sub"])}


@app.get("/operators")
def operators(claims: Claims = Depends(operator)) -> "dict[str, str]":
    return {"welcome": claims.get("username", claims["sub"])}
