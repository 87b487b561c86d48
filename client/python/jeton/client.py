"""The calls. Each is its function of libjeton; the contracts are the comments of <jeton.h>."""
import ctypes
import os
import threading
from typing import Any, Optional, Union

from . import _arguments
from ._arguments import Secret, Text, Words
from ._handle import Handle
from ._library import (CLAIMS, ENUM, LIBRARY, PERSON, TOKENS, jeton_exchange_request,
                       jeton_login_request, jeton_token_request)
from .errors import NotValid, Outcome, Refused, Verdict
from .results import Claims, Person, Tokens, take_claims, take_person, take_tokens

ANY_AUDIENCE = "*"


class Jeton:
    """A handle: one daemon, one timeout. `with Jeton() as handle:` closes it at the end.

    `socket_path` is the daemon's socket: None stands for that of JETON_SOCKET, else
    /run/jeton/jeton.sock. `timeout` is for each call as a whole, in seconds; None: ten.

    Any thread may use it, one at a time: a call waits until another thread's is over, and close()
    too. It is not for a child after fork(), which makes its own, nor for handlers of signals.

    Passwords and tokens may be str or bytes; a bytearray is one that the caller can wipe. This
    package wipes its own copies; copies that str and bytes have made are Python's."""

    def __init__(self, socket_path: "Union[str, bytes, os.PathLike[str], None]" = None,
                 timeout: Optional[float] = None) -> None:
        self._handle = Handle(_arguments.path(socket_path), _arguments.milliseconds(timeout))

    def __enter__(self) -> "Jeton":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Wipes and frees; a second time does nothing. Calls raise ValueError from then on."""
        self._held().close()

    @property
    def closed(self) -> bool:
        return self._held().closed

    def _held(self) -> Handle:
        return self._handle

    # --- tokens ---

    def login(self, username: str, password: Text, *, audience: Optional[Words] = None,
              scope: Optional[Words] = None) -> Tokens:
        """Logs in with a password; Refused when the daemon gives no token.

        `audience`: None is the issuer; `scope`: None is all that the user may have there."""
        secret = Secret(password, "password")
        del password
        with secret:
            request = jeton_login_request(
                ctypes.sizeof(jeton_login_request), _arguments.text(username, "username"),
                ctypes.cast(secret.pointer, ctypes.c_char_p), secret.length,
                _arguments.words(audience, "audience"), _arguments.words(scope, "scope"))
            return self._grant(LIBRARY.jeton_login, ctypes.byref(request))

    def refresh(self, refresh_token: Text, *, scope: Optional[Words] = None) -> Tokens:
        """Trades a refresh token, which works once, for an access token and its successor. After a
        lost reply (Failure) ask again with the same one, within a minute; Refused: log in again."""
        secret = Secret(refresh_token, "refresh_token")
        del refresh_token
        with secret:
            return self._grant(LIBRARY.jeton_refresh, secret.pointer,
                               _arguments.words(scope, "scope"))

    def token(self, *, audience: Optional[Words] = None, scope: Optional[Words] = None,
              client_id: Optional[str] = None) -> Tokens:
        """A token for this process itself, with no secret: the kernel tells the daemon who calls.

        `client_id` names the identity section of jetond.conf(5) where several have this process."""
        request = jeton_token_request(
            ctypes.sizeof(jeton_token_request), _arguments.text(client_id, "client_id"),
            _arguments.words(audience, "audience"), _arguments.words(scope, "scope"))
        return self._grant(LIBRARY.jeton_token, ctypes.byref(request))

    def exchange(self, token: Text, *, audience: Optional[Words] = None,
                 scope: Optional[Words] = None, roles: Optional[Words] = None,
                 lifetime: Optional[int] = None) -> Tokens:
        """A narrower token for one's own, never wider. `scope` and `roles`: None is all that is
        left, an empty `roles` none; `lifetime`: at most so many seconds."""
        secret = Secret(token, "token")
        del token
        with secret:
            request = jeton_exchange_request(
                ctypes.sizeof(jeton_exchange_request),
                ctypes.cast(secret.pointer, ctypes.c_char_p),
                _arguments.words(audience, "audience"), _arguments.words(scope, "scope"),
                _arguments.words(roles, "roles"), _arguments.seconds(lifetime))
            return self._grant(LIBRARY.jeton_exchange, ctypes.byref(request))

    def _grant(self, function: Any, *arguments: Any) -> Tokens:
        outcome, tokens = ENUM(), TOKENS()
        sentence = self._held().call(function, *arguments, ctypes.byref(outcome),
                                     ctypes.byref(tokens))
        if Outcome(outcome.value) is not Outcome.GRANTED:
            raise Refused(Outcome(outcome.value), sentence)
        return take_tokens(tokens)

    def revoke(self, token: Text) -> None:
        """Ends an access token, or with a refresh token its session. A token that nobody knows is
        none to end, and no error."""
        secret = Secret(token, "token")
        del token
        if _cannot_be_one(secret):
            return
        with secret:
            self._held().call(LIBRARY.jeton_revoke, secret.pointer)

    # --- who a token is ---

    def verify(self, token: Text, audience: Optional[str] = None) -> Claims:
        """What a good access token says; NotValid for any other. No round trip, and the daemon need
        not be running.

        `audience` is who the caller is, to the byte; None: the issuer itself; ANY_AUDIENCE is for
        tools that only look. Failure: the daemon's keys or revocations cannot be read, which says
        nothing of the token."""
        secret = Secret(token, "token")
        del token
        return self._verify(secret, audience)

    def _verify(self, secret: Secret, audience: Optional[str]) -> Claims:
        return self._claims(LIBRARY.jeton_verify, secret, audience)

    def introspect(self, token: Text, audience: Optional[str] = None) -> Claims:
        """Asks the daemon instead: for a token that verify() leaves to it (Verdict.ASK_DAEMON),
        because its key is not published. NotValid does not say why, but for the audience."""
        secret = Secret(token, "token")
        del token
        return self._claims(LIBRARY.jeton_introspect, secret, audience)

    def _claims(self, function: Any, secret: Secret, audience: Optional[str]) -> Claims:
        expected = _arguments.text(audience, "audience")
        verdict, claims = ENUM(), CLAIMS()
        with _token(secret):
            self._held().call(function, secret.pointer, expected, ctypes.byref(verdict),
                              ctypes.byref(claims))
        if Verdict(verdict.value) is not Verdict.VALID:
            raise NotValid(Verdict(verdict.value))
        return take_claims(claims)

    def userinfo(self, token: Text) -> Person:
        """Asks the daemon what it knows now of a token's owner; NotValid when it refuses the token.
        The token's audience must be the issuer."""
        secret = Secret(token, "token")
        del token
        verdict, person = ENUM(), PERSON()
        with _token(secret):
            self._held().call(LIBRARY.jeton_userinfo, secret.pointer, ctypes.byref(verdict),
                              ctypes.byref(person))
        if Verdict(verdict.value) is not Verdict.VALID:
            raise NotValid(Verdict(verdict.value))
        return take_person(person)


def _token(secret: Secret) -> Secret:
    if _cannot_be_one(secret):
        raise NotValid(Verdict.INVALID)
    return secret


def _cannot_be_one(secret: Secret) -> bool:
    """Bytes from outside that no token has are the caller's bad token, and not his mistake."""
    if isinstance(secret.trouble, ValueError):
        secret.wipe()
        return True
    return False


class OfThisThread(Jeton):
    """A handle for each thread, made at its first call and closed with the thread: what the functions
    of the package use. No thread waits for another."""

    def __init__(self) -> None:
        self._local = threading.local()

    def _held(self) -> Handle:
        handle = getattr(self._local, "handle", None)
        if handle is None:
            handle = self._local.handle = self._open()
        return handle

    @staticmethod
    def _open() -> Handle:
        return Handle(None, 0)


OWN = OfThisThread()
