"""libjeton.so.0 as ctypes sees it: the layouts, enumerators and prototypes of <jeton.h>, and nothing
else. The classes bear the names of the structs, and a test compares all of it with the header by the
C compiler."""
import ctypes
from ctypes import POINTER, c_bool, c_char_p, c_int, c_int64, c_size_t, c_uint, c_uint32
from typing import Any

SONAME = "libjeton.so.0"


class jeton(ctypes.Structure):
    """Opaque, as are the next three."""


class jeton_tokens(ctypes.Structure):
    pass


class jeton_claims(ctypes.Structure):
    pass


class jeton_person(ctypes.Structure):
    pass


class jeton_options(ctypes.Structure):
    _fields_ = [("size", c_size_t), ("socket_path", c_char_p), ("timeout_ms", c_uint)]


class jeton_login_request(ctypes.Structure):
    _fields_ = [("size", c_size_t), ("username", c_char_p), ("password", c_char_p),
                ("password_len", c_size_t), ("audience", c_char_p), ("scope", c_char_p)]


class jeton_token_request(ctypes.Structure):
    _fields_ = [("size", c_size_t), ("client_id", c_char_p), ("audience", c_char_p),
                ("scope", c_char_p)]


class jeton_exchange_request(ctypes.Structure):
    _fields_ = [("size", c_size_t), ("token", c_char_p), ("audience", c_char_p),
                ("scope", c_char_p), ("roles", c_char_p), ("lifetime_s", c_uint)]


OUTCOMES = {"JETON_LOGIN_REFUSED": 0, "JETON_LOGIN_BAD_SCOPE": 1, "JETON_LOGIN_BAD_AUDIENCE": 2,
            "JETON_LOGIN_NOT_ALLOWED": 3, "JETON_LOGIN_GRANTED": 0x6a}
VERDICTS = {"JETON_INVALID": 0, "JETON_EXPIRED": 1, "JETON_NOT_YET": 2, "JETON_WRONG_ISSUER": 3,
            "JETON_WRONG_AUDIENCE": 4, "JETON_REVOKED": 5, "JETON_ASK_DAEMON": 6,
            "JETON_VALID": 0x6a}

HANDLE = POINTER(jeton)
TOKENS = POINTER(jeton_tokens)
CLAIMS = POINTER(jeton_claims)
PERSON = POINTER(jeton_person)
ENUM = c_uint  # without a negative enumerator, as gcc and clang lay it out
GRANTED = [POINTER(ENUM), POINTER(TOKENS)]

# name: (what it gives, what it takes)
PROTOTYPES: "dict[str, tuple[Any, list[Any]]]" = {
    "jeton_open": (c_int, [POINTER(jeton_options), POINTER(HANDLE)]),
    "jeton_close": (None, [HANDLE]),
    "jeton_error": (c_char_p, [HANDLE]),
    "jeton_login": (c_int, [HANDLE, POINTER(jeton_login_request), *GRANTED]),
    "jeton_refresh": (c_int, [HANDLE, c_char_p, c_char_p, *GRANTED]),
    "jeton_token": (c_int, [HANDLE, POINTER(jeton_token_request), *GRANTED]),
    "jeton_exchange": (c_int, [HANDLE, POINTER(jeton_exchange_request), *GRANTED]),
    "jeton_revoke": (c_int, [HANDLE, c_char_p]),
    "jeton_tokens_access": (c_char_p, [TOKENS]),
    "jeton_tokens_refresh": (c_char_p, [TOKENS]),
    "jeton_tokens_expires_in": (c_int64, [TOKENS]),
    "jeton_tokens_scope": (c_char_p, [TOKENS]),
    "jeton_tokens_free": (None, [TOKENS]),
    "jeton_verify": (c_int, [HANDLE, c_char_p, c_char_p, POINTER(ENUM), POINTER(CLAIMS)]),
    "jeton_introspect": (c_int, [HANDLE, c_char_p, c_char_p, POINTER(ENUM), POINTER(CLAIMS)]),
    "jeton_verdict_text": (c_char_p, [ENUM]),
    "jeton_claims_issuer": (c_char_p, [CLAIMS]),
    "jeton_claims_subject": (c_char_p, [CLAIMS]),
    "jeton_claims_audience": (c_char_p, [CLAIMS]),
    "jeton_claims_client_id": (c_char_p, [CLAIMS]),
    "jeton_claims_username": (c_char_p, [CLAIMS]),
    "jeton_claims_scope": (c_char_p, [CLAIMS]),
    "jeton_claims_roles": (c_char_p, [CLAIMS]),
    "jeton_claims_amr": (c_char_p, [CLAIMS]),
    "jeton_claims_token_id": (c_char_p, [CLAIMS]),
    "jeton_claims_session_id": (c_char_p, [CLAIMS]),
    "jeton_claims_expires_at": (c_int64, [CLAIMS]),
    "jeton_claims_issued_at": (c_int64, [CLAIMS]),
    "jeton_claims_login_at": (c_int64, [CLAIMS]),
    "jeton_claims_uid": (c_bool, [CLAIMS, POINTER(c_uint32)]),
    "jeton_claims_free": (None, [CLAIMS]),
    "jeton_userinfo": (c_int, [HANDLE, c_char_p, POINTER(ENUM), POINTER(PERSON)]),
    "jeton_person_subject": (c_char_p, [PERSON]),
    "jeton_person_username": (c_char_p, [PERSON]),
    "jeton_person_full_name": (c_char_p, [PERSON]),
    "jeton_person_email": (c_char_p, [PERSON]),
    "jeton_person_free": (None, [PERSON]),
}


def load() -> ctypes.CDLL:
    """The library with its prototypes; ImportError with a sentence where it is not, or too old."""
    try:
        library = ctypes.CDLL(SONAME)
    except OSError as error:
        raise ImportError(f"jeton needs {SONAME}, which cannot be loaded: {error}") from None
    for name, (gives, takes) in PROTOTYPES.items():
        try:
            function = getattr(library, name)
        except AttributeError:
            raise ImportError(f"{SONAME} is older than this module: no {name}") from None
        function.restype, function.argtypes = gives, takes
    return library


LIBRARY = load()
