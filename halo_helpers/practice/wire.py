"""Requests and answers as the routes see them: no framework on the hot path."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

JSON = "application/json; charset=utf-8"
HTML = "text/html; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
CONTROL_HEADER = "x-halo-practice"
"""Needed for `/practice/…`: a page in a browser cannot send it to another origin without being allowed to."""

Headers = list[tuple[str, str]]


@dataclass(frozen=True)
class Ask:
    """One request: path as sent, query names in lower case (a repeated one keeps its last value)."""

    method: str
    path: str
    origin: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""

    def flag(self, name: str) -> bool | None:
        """Return a boolean parameter, None when it is absent or not a boolean (W11)."""
        return {"true": True, "false": False}.get(self.query.get(name, "").lower())

    def number(self, name: str) -> int | None:
        """Return a whole number parameter, None when it is absent or no such number."""
        return whole_number(self.query.get(name, ""))


@dataclass(frozen=True)
class Answer:
    """One answer; `close` drops the connection instead of answering."""

    status: int
    body: bytes = b""
    kind: str | None = None
    headers: Headers = field(default_factory=list)
    close: bool = False


def whole_number(text: str, digits: int = 9) -> int | None:
    """Return the whole number that a text stands for, None when it is none or has too many digits."""
    return int(text) if text.isdecimal() and text.isascii() and len(text) <= digits else None


def parse_query(raw: bytes) -> dict[str, str]:
    """Return a query string or form by name; never fails, undecodable bytes are replaced."""
    pairs = parse_qsl(raw.decode("latin-1"), keep_blank_values=True, errors="replace", max_num_fields=None)
    return {name.lower(): value for name, value in pairs}


def as_json(value: object, status: int = 200, headers: Headers | None = None) -> Answer:
    """Answer with JSON."""
    body = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    return Answer(status, body, JSON, headers or [])


def empty(status: int, headers: Headers | None = None) -> Answer:
    """Answer with a status and no body, as HaloPSA does for 401, 403, 404 and 500 (facts 3.3)."""
    return Answer(status, headers=headers or [])


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the known words that are close to another one, else all of them, as the end of a sentence."""
    import difflib

    listed = list(known)
    close = difflib.get_close_matches(word.lower(), listed, n=3)
    return f"did you mean {' or '.join(close)}?" if close else f"known are {', '.join(listed)}"
