"""Logins and signed tokens of this host's jetond(8), by libjeton(3).

    import jeton

    tokens = jeton.login("alice", password)
    claims = jeton.verify(tokens.access)
    own = jeton.token(audience="https://metrics.example.org")

A refusal is jeton.Refused with its `outcome`, a token that must not be believed jeton.NotValid with
its `verdict`, what could not be found out jeton.Failure with its `errno`; all are jeton.Error.

The functions use a handle of each thread's own, with the socket of JETON_SOCKET, else
/run/jeton/jeton.sock, and ten seconds for a call; jeton.Jeton is a handle with others. They block for
as long: in a coroutine, asyncio.to_thread() is for all but verify(), which waits for nothing.

jeton.fastapi has a dependency for FastAPI; nothing else here needs more than Python.
"""
from .client import ANY_AUDIENCE, OWN, Jeton
from .errors import Error, Failure, NotValid, Outcome, Refused, Verdict
from .results import Claims, Person, Tokens

login = OWN.login
refresh = OWN.refresh
token = OWN.token
exchange = OWN.exchange
revoke = OWN.revoke
verify = OWN.verify
introspect = OWN.introspect
userinfo = OWN.userinfo

__all__ = ["ANY_AUDIENCE", "Claims", "Error", "Failure", "Jeton", "NotValid", "Outcome", "Person",
           "Refused", "Tokens", "Verdict", "exchange", "introspect", "login", "refresh",
           "revoke", "token", "userinfo", "verify"]
