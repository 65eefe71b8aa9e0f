"""A secret value that does not show itself, and the forms of what HaloPSA gives out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

from .redaction import remember

EMAIL = re.compile(r"[^\s@<>\"'(),;:]{1,64}@[A-Za-z0-9.-]{1,255}")
GUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
CLIENT_SECRET = re.compile(rf"{GUID.pattern}-{GUID.pattern}")
"""HaloPSA's Client Secret: two GUIDs joined by a hyphen, 73 characters (facts 2.4)."""
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad"


class Secret:
    """A secret value. It has no text form, can be neither pickled nor copied into JSON.

    >>> from halo_helpers import Secret, Tenant
    >>> given = Secret("what-your-own-vault-returned")
    >>> Tenant("acme", "https://acme.halopsa.com", client_id="1b6c", client_secret=given).client_secret
    Secret('…')

    `source` says in words where it came from; `was_trimmed` whether white space around it was dropped.
    """

    __slots__ = ("__value", "source", "was_trimmed")

    def __init__(self, value: str, *, source: str = "kept in memory") -> None:
        trimmed = trim(value)
        self.__value = trimmed
        self.was_trimmed = trimmed != value
        self.source = source
        remember(trimmed)

    def reveal(self) -> str:
        """Return the value, for the one request that needs it."""
        return self.__value

    def __bool__(self) -> bool:
        return bool(self.__value)

    def __repr__(self) -> str:
        return "Secret('…')"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written anywhere")


@dataclass(frozen=True)
class Unresolved:
    """Stands in a secret's place where it was resolved without success; says why, with the diagnosis code."""

    reason: str
    code: str = "secret-unavailable"


def trim(value: str) -> str:
    """Take away what pasting adds: white space around a value and characters that nobody sees (F6 row 14)."""
    return value.translate(dict.fromkeys(map(ord, _INVISIBLE))).strip()


def looks_like_secret(text: str) -> bool:
    """Whether a text holds something of a Client Secret's form, or a long random word."""
    return bool(CLIENT_SECRET.search(text)) or (
        len(text) >= 20 and ":" not in text and " " not in text and not GUID.fullmatch(text)
    )
