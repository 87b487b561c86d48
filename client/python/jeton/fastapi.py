"""Bearer tokens of jeton as a dependency of FastAPI, for a route or for all of a router.

    reader = JetonBearer(audience="https://metrics.example.org", scope="metrics:read")

    @app.get("/metrics")
    def metrics(caller: Claims = Depends(reader)) -> dict[str, str]: ...

    router = APIRouter(dependencies=[Depends(reader)])

The token is verified in this process. Answers are those of RFC 6750: 401 with a bare challenge
without credentials, 401 invalid_token for a token that is not good, 403 insufficient_scope for one
that may not do this; 503 when the daemon's keys or revocations cannot be read.
"""
import logging
from collections.abc import Mapping
from typing import Optional, Union

from . import _arguments
from ._arguments import Secret, Words
from .client import ANY_AUDIENCE, OWN, Jeton
from .errors import Failure, NotValid
from .results import Claims

try:
    from fastapi import HTTPException, Request
    from fastapi.openapi.models import HTTPBearer, OAuth2, OAuthFlowPassword, OAuthFlows
    from fastapi.security import SecurityScopes
    from fastapi.security.base import SecurityBase
except ModuleNotFoundError as error:
    raise ImportError("jeton.fastapi needs FastAPI (Debian's package python3-fastapi)",
                      name=error.name) from error

__all__ = ["Claims", "JetonBearer"]

_log = logging.getLogger("jeton")


class JetonBearer(SecurityBase):
    """Gives the Claims of a good bearer token that has every one of `scope` and every one of
    `roles`, each a text with blanks between words or several texts; what Security(..., scopes=)
    demands comes on top.

    `audience` is the service's own name, to the byte; None: the issuer. `auto_error=False` gives
    None to whoever brings no token; a bad one is refused all the same. `handle` is for another
    socket; the service leaves it to this dependency alone, because calls on a handle wait for each
    other. Routes of HTTP only: a websocket's route fails.

    `token_url`, where logins are (from the document's place), gives the pages of /docs their button
    "Authorize", and `scopes` are what it offers, each with its description."""

    def __init__(self, *, roles: Words = (), scope: Words = (), audience: Optional[str] = None,
                 handle: Optional[Jeton] = None, auto_error: bool = True,
                 token_url: Optional[str] = None,
                 scopes: Optional[Mapping[str, str]] = None) -> None:
        if audience == ANY_AUDIENCE:
            raise ValueError("a service takes tokens for itself, not for anybody: name its audience")
        _arguments.text(audience, "audience")
        self.roles = _spellable(roles, "roles")
        self.scope = _spellable(scope, "scope")
        self.audience = audience
        self.handle = handle if handle is not None else OWN
        self.auto_error = auto_error
        self.model = _scheme(token_url, dict(scopes or {}))
        self.scheme_name = type(self).__name__

    # On the event loop: nothing in it waits, and another thread would cost more than it does.
    async def __call__(self, request: Request,
                       security_scopes: SecurityScopes) -> Optional[Claims]:
        if len(request.headers.getlist("authorization")) > 1:
            raise _refusal(400, "invalid_request", "more than one Authorization field")
        secret = _bearer_of(request)
        if secret is None and not self.auto_error:
            return None
        if secret is None:
            raise _refusal(401, None, "this needs Authorization: Bearer with an access token")
        return self._permitted(self._verified(secret), security_scopes.scopes)

    def _verified(self, secret: Secret) -> Claims:
        try:
            return self.handle._verify(secret, self.audience)
        except NotValid as refused:
            raise _refusal(401, "invalid_token", str(refused)) from None
        except Failure as failure:
            _log.error("no token can be verified: %s", failure)
            raise HTTPException(503, "tokens cannot be verified now") from None

    def _permitted(self, claims: Claims, more: "list[str]") -> Claims:
        needed = tuple(dict.fromkeys((*self.scope, *more)))
        if not set(needed) <= set(claims.scope):
            raise _refusal(403, "insufficient_scope", "the token's scope is not enough", needed)
        if not set(self.roles) <= set(claims.roles):
            raise _refusal(403, "insufficient_scope",
                           "this needs the role " + " and ".join(self.roles), needed)
        return claims


def _scheme(token_url: Optional[str], scopes: "dict[str, str]") -> Union[HTTPBearer, OAuth2]:
    """What the OpenAPI document tells of it."""
    if token_url is None:
        return HTTPBearer(bearerFormat="JWT")
    return OAuth2(flows=OAuthFlows(password=OAuthFlowPassword(tokenUrl=token_url, scopes=scopes)))


def _spellable(value: Words, name: str) -> "tuple[str, ...]":
    """Words that can stand in a challenge: RFC 6749 3.3's, which have no quotes and no blanks."""
    words = _arguments.split(value, name)
    for word in words:
        if not word or not all("!" <= letter <= "~" and letter not in '"\\' for letter in word):
            raise ValueError(f"{name}: {word!r} cannot be one")
    return words


def _bearer_of(request: Request) -> Optional[Secret]:
    """None without bearer credentials. Without a token behind the scheme: an invalid one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return Secret(token.lstrip(" "), "token") if scheme.lower() == "bearer" else None


def _refusal(status: int, error: Optional[str], sentence: str,
             scope: "tuple[str, ...]" = ()) -> HTTPException:
    """RFC 6750 3: the words are all ours or the service's own."""
    challenge = 'Bearer realm="jeton"'
    if error is not None:
        challenge += f', error="{error}", error_description="{sentence}"'
    if scope:
        challenge += f', scope="{" ".join(scope)}"'
    return HTTPException(status, sentence, {"WWW-Authenticate": challenge})
