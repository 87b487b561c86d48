"""What libjeton gives, read into objects of Python that never change."""
import ctypes
from dataclasses import dataclass, field
from typing import Any, Optional

from ._library import LIBRARY


@dataclass(frozen=True)
class Tokens:
    """What a login, or another grant, gave. `access` and `refresh` are secrets and not in its repr."""

    access: str = field(repr=False)
    refresh: Optional[str] = field(repr=False)
    expires_in: int
    """Seconds that the access token lives, counted from the login."""
    scope: "tuple[str, ...]"

    def __str__(self) -> str:
        return repr(self)


@dataclass(frozen=True)
class Claims:
    """What a valid token says (RFC 7519, RFC 9068). Times are seconds since 1970, UTC."""

    issuer: str
    subject: str
    audience: "tuple[str, ...]"
    client_id: str
    username: Optional[str]
    scope: "tuple[str, ...]"
    roles: "tuple[str, ...]"
    amr: "tuple[str, ...]"
    token_id: str
    session_id: Optional[str]
    expires_at: int
    issued_at: int
    login_at: Optional[int]
    uid: Optional[int]
    """The local account that the owner is linked to."""


@dataclass(frozen=True)
class Person:
    """What the daemon knows now of a token's owner."""

    subject: str
    username: Optional[str]
    full_name: Optional[str]
    email: Optional[str]


def _text(value: Optional[bytes]) -> Optional[str]:
    return None if value is None else value.decode("utf-8")


def _list(value: bytes) -> "tuple[str, ...]":
    return tuple(value.decode("utf-8").split())


def _uid(claims: Any) -> Optional[int]:
    uid = ctypes.c_uint32()
    return uid.value if LIBRARY.jeton_claims_uid(claims, ctypes.byref(uid)) else None


def take_tokens(tokens: Any) -> Tokens:
    """Reads and frees, as do the next two: libjeton wipes its copy."""
    try:
        return Tokens(access=LIBRARY.jeton_tokens_access(tokens).decode("ascii"),
                      refresh=_text(LIBRARY.jeton_tokens_refresh(tokens)),
                      expires_in=LIBRARY.jeton_tokens_expires_in(tokens),
                      scope=_list(LIBRARY.jeton_tokens_scope(tokens)))
    finally:
        LIBRARY.jeton_tokens_free(tokens)


def take_claims(claims: Any) -> Claims:
    try:
        return Claims(issuer=LIBRARY.jeton_claims_issuer(claims).decode("utf-8"),
                      subject=LIBRARY.jeton_claims_subject(claims).decode("utf-8"),
                      audience=_list(LIBRARY.jeton_claims_audience(claims)),
                      client_id=LIBRARY.jeton_claims_client_id(claims).decode("utf-8"),
                      username=_text(LIBRARY.jeton_claims_username(claims) or None),
                      scope=_list(LIBRARY.jeton_claims_scope(claims)),
                      roles=_list(LIBRARY.jeton_claims_roles(claims)),
                      amr=_list(LIBRARY.jeton_claims_amr(claims)),
                      token_id=LIBRARY.jeton_claims_token_id(claims).decode("utf-8"),
                      session_id=_text(LIBRARY.jeton_claims_session_id(claims) or None),
                      expires_at=LIBRARY.jeton_claims_expires_at(claims),
                      issued_at=LIBRARY.jeton_claims_issued_at(claims),
                      login_at=LIBRARY.jeton_claims_login_at(claims) or None,
                      uid=_uid(claims))
    finally:
        LIBRARY.jeton_claims_free(claims)


def take_person(person: Any) -> Person:
    try:
        return Person(subject=LIBRARY.jeton_person_subject(person).decode("utf-8"),
                      username=_text(LIBRARY.jeton_person_username(person)),
                      full_name=_text(LIBRARY.jeton_person_full_name(person)),
                      email=_text(LIBRARY.jeton_person_email(person)))
    finally:
        LIBRARY.jeton_person_free(person)
