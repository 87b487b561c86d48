"""What can be the matter: a refusal with its outcome, a token with its verdict, or a failure with its
errno. All are jeton.Error; none holds a password or a token."""
import enum

from ._library import LIBRARY, OUTCOMES, VERDICTS


class Outcome(enum.Enum):
    """Why no token was given (enum jeton_login_outcome)."""

    REFUSED = OUTCOMES["JETON_LOGIN_REFUSED"]
    BAD_SCOPE = OUTCOMES["JETON_LOGIN_BAD_SCOPE"]
    BAD_AUDIENCE = OUTCOMES["JETON_LOGIN_BAD_AUDIENCE"]
    NOT_ALLOWED = OUTCOMES["JETON_LOGIN_NOT_ALLOWED"]
    GRANTED = OUTCOMES["JETON_LOGIN_GRANTED"]

    @classmethod
    def _missing_(cls, value: object) -> "Outcome":
        """One that this module does not know yet is no grant."""
        return cls.REFUSED


class Verdict(enum.Enum):
    """What is the matter with a token (enum jeton_verdict)."""

    INVALID = VERDICTS["JETON_INVALID"]
    EXPIRED = VERDICTS["JETON_EXPIRED"]
    NOT_YET = VERDICTS["JETON_NOT_YET"]
    WRONG_ISSUER = VERDICTS["JETON_WRONG_ISSUER"]
    WRONG_AUDIENCE = VERDICTS["JETON_WRONG_AUDIENCE"]
    REVOKED = VERDICTS["JETON_REVOKED"]
    ASK_DAEMON = VERDICTS["JETON_ASK_DAEMON"]
    VALID = VERDICTS["JETON_VALID"]

    @classmethod
    def _missing_(cls, value: object) -> "Verdict":
        """One that this module does not know yet is not valid."""
        return cls.INVALID

    @property
    def text(self) -> str:
        """In words: "expired", "wrong audience" ..."""
        return bytes(LIBRARY.jeton_verdict_text(self.value)).decode("ascii")


class Error(Exception):
    """Everything that this package raises but for TypeError and ValueError, which are the caller's."""


class Refused(Error):
    """The daemon gave no token. `outcome` tells why, as far as it tells."""

    def __init__(self, outcome: Outcome, sentence: str) -> None:
        super().__init__(outcome, sentence)
        self.outcome = outcome
        self.sentence = sentence

    def __str__(self) -> str:
        return self.sentence


class NotValid(Error):
    """The token must not be believed. `verdict` tells why."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict)
        self.verdict = verdict

    def __str__(self) -> str:
        return f"the token is not good: {self.verdict.text}"


class Failure(Error, OSError):
    """It could not be found out: no daemon, no answer in time, no keys. `errno` as in <jeton.h>."""

    def __str__(self) -> str:
        return str(self.strerror)
