"""The tree of errors.

    HaloError
    ├── ConfigError            bad usage, configuration or input; lists every mistake
    ├── SecretError            a secret reference does not resolve
    │   └── LabSilentError     the lab did not answer: whether it holds the secret is open
    ├── ConnectionFailedError  nothing usable came back: DNS, TCP, TLS, time, size, form
    ├── AuthError              no token was given
    ├── ApiError               the API answered with a refusal or fault
    │   ├── NotFoundError      404
    │   ├── RefusedError       401 or 403
    │   └── RateLimitedError   429
    ├── ShapeError             an answer is not what HaloPSA sends
    ├── BudgetError            the caps on time or requests are used up
    ├── VerdictError           a verification came out as somebody wanted to hear of by an error
    ├── StoppedError           a verification was stopped by who had asked for it
    └── GuardError             our own client was about to do what verification must not do

Each has a `code` (those that a check can meet: DIAGNOSES.md) and `seen`, a sentence for people without
secrets. `ConfigError.mistakes` lists what is wrong, each with `message`, `file` and `line`. All of them can
be pickled.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class HaloError(Exception):
    """Base of all errors of this package."""

    def __init__(self, code: str, seen: str) -> None:
        super().__init__(code, seen)
        self.code = code
        self.seen = seen

    def __str__(self) -> str:
        return self.seen


class VerdictError(HaloError):
    """A verification came out at the verdict from which on somebody wanted an error, or worse."""


class StoppedError(HaloError):
    """A verification was stopped by who had asked for it."""

    def __init__(self) -> None:
        super().__init__("stopped", "the verification was stopped before its end")

    def __reduce__(self) -> tuple[type, tuple[()]]:
        return type(self), ()


@dataclass(frozen=True)
class Mistake:
    """One mistake in what a person gave us, with the place where it stands."""

    message: str
    file: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        place = (
            f"{self.file}:{self.line}: " if self.file and self.line else f"{self.file}: " if self.file else ""
        )
        return place + self.message

    def as_json(self) -> dict[str, object]:
        """Shape of an entry of `errors` (design, section 11)."""
        given = {"message": self.message, "file": self.file, "line": self.line}
        return {name: value for name, value in given.items() if value is not None}


class ConfigError(HaloError):
    """Bad usage, configuration or input. `mistakes` holds all of them."""

    def __init__(self, mistakes: str | Mistake | Iterable[Mistake]) -> None:
        if isinstance(mistakes, str):
            mistakes = Mistake(mistakes)
        self.mistakes = [mistakes] if isinstance(mistakes, Mistake) else list(mistakes)
        super().__init__("configuration", "\n".join(map(str, self.mistakes)))

    def __reduce__(self) -> tuple[type, tuple[list[Mistake]]]:
        return type(self), (self.mistakes,)


def unwritable(error: OSError, path: object) -> ConfigError:
    """Build the error for a file or folder that cannot be written."""
    return ConfigError(Mistake(f"cannot be written: {error.strerror or type(error).__name__}", str(path)))


def unreadable(error: Exception, path: object) -> ConfigError:
    """Build the error for a file that cannot be read, or holds something else than it should."""
    why = error.strerror if isinstance(error, OSError) and error.strerror else error
    return ConfigError(Mistake(f"cannot be read: {why}", str(path)))


class SecretError(HaloError):
    """A secret reference does not resolve, or must not be used (`reference-moved`)."""

    def __init__(self, seen: str, code: str = "secret-unavailable") -> None:
        super().__init__(code, seen)

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        return type(self), (self.seen, self.code)


class LabSilentError(SecretError):
    """The lab did not answer, so nobody knows whether its memory holds a secret."""


class ConnectionFailedError(HaloError):
    """Nothing usable came back."""


class AuthError(HaloError):
    """The authorisation server gave no token."""


class ApiError(HaloError):
    """The API answered with a refusal or fault; `status` is the HTTP status."""

    def __init__(self, code: str, seen: str, status: int) -> None:
        super().__init__(code, seen)
        self.args = (code, seen, status)
        self.status = status


class NotFoundError(ApiError):
    """404: no such route, or no such record."""


class RefusedError(ApiError):
    """401 with a good token, or 403."""


class RateLimitedError(ApiError):
    """429."""


class ShapeError(HaloError):
    """An answer is not what HaloPSA sends."""


class BudgetError(HaloError):
    """The caps on time or requests for one tenant are used up."""

    def __init__(self, seen: str) -> None:
        super().__init__("budget-exhausted", seen)

    def __reduce__(self) -> tuple[type, tuple[str]]:
        return type(self), (self.seen,)


class GuardError(HaloError):
    """Our own client was about to write, or to send credentials where they do not belong."""

    def __init__(self, seen: str) -> None:
        super().__init__("guard", seen)

    def __reduce__(self) -> tuple[type, tuple[str]]:
        return type(self), (self.seen,)
