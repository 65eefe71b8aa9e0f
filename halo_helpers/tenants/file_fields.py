"""From a row of a tenants file to a Tenant: every field read, every mistake noted with its line."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import ConfigError, ConnectionFailedError, Mistake
from ..secrets.references import check_reference
from ..secrets.value import CLIENT_SECRET, looks_like_secret, trim
from ..system.plain_text import plain_text
from .base_url import parse_address
from .tenant import FIELDS, NAME, RESERVED, WINDOWS_DEVICES, Tenant, read_agent_id

NEEDED = ("name", "base_url", "client_id", "client_secret")
Row = dict[str, tuple[Any, int]]
"""Values of one entry by field, each with its line."""


@dataclass
class Reader:
    """Collects the mistakes of one file."""

    file: str
    mistakes: list[Mistake] = field(default_factory=list)

    def note(self, message: str, line: int | None = None) -> None:
        """Note a mistake, with its line where it has one."""
        self.mistakes.append(Mistake(message, self.file, line))

    def stop(self) -> ConfigError:
        """Build the error that lists every mistake in the order of the lines."""
        return ConfigError(sorted(self.mistakes, key=lambda mistake: mistake.line or 0))


def shown_text(text: str) -> str:
    """Show a text from the file, unless it may be a secret."""
    return "…" if looks_like_secret(text) else text if len(text) <= 40 else text[:39] + "…"


def tenant_of(row: Row, reader: Reader, folder: Path) -> Tenant | None:
    """Build a tenant of a row; note every mistake in it and return None when there is one."""
    before = len(reader.mistakes)
    start = row[""][1]
    values: dict[str, Any] = {}
    for name in FIELDS:
        value, line = row.get(name, (None, start))
        if isinstance(value, dict) or (isinstance(value, list) and name != "scopes"):
            reader.note(f"“{name}” must be one value", line)
            continue
        if name in NEEDED and not value:
            reader.note(f"“{name}” is missing", line)
            continue
        if value is not None and value != "":
            values[name] = _VALUES.get(name, _text)(value, line, reader)
    if "paused_until" in values and "paused_reason" not in values:
        reader.note("“paused_until” needs a “paused_reason”", row["paused_until"][1])
    if len(reader.mistakes) > before:
        return None
    return Tenant(**values, folder=folder)


def _text(value: Any, line: int, reader: Reader) -> str:
    text = trim(str(value))
    if CLIENT_SECRET.search(text):
        reader.note(
            "a field other than client_secret holds what looks like a secret in clear; take it out", line
        )
    if not text.isprintable():
        reader.note("a value holds a control character, or one that is not seen", line)
    return text


def _words(value: Any, line: int, reader: Reader) -> str:
    """Read what is shown to people: in one line, and without what is not seen or steers a terminal."""
    return _text(plain_text(str(value)), line, reader)


def _name(value: Any, line: int, reader: Reader) -> str:
    text = str(value)
    if not NAME.fullmatch(text):
        reader.note(
            f"name “{shown_text(text)}” must be 1 to 63 of a-z, 0-9 and -, beginning with a letter or digit",
            line,
        )
    elif text in RESERVED or text in WINDOWS_DEVICES:
        reader.note(f"name “{text}” is reserved; choose another", line)
    return text


def _base_url(value: Any, line: int, reader: Reader) -> str:
    try:
        parse_address(str(value))
    except ConnectionFailedError as error:
        reader.note(f"base_url cannot be used: {error.seen}", line)
    return str(value)


def _client_secret(value: Any, line: int, reader: Reader) -> str:
    problem = check_reference(trim(str(value)))
    if problem:
        reader.note(f"client_secret {problem}", line)
    return trim(str(value))


def _client_id(value: Any, line: int, reader: Reader) -> str:
    if CLIENT_SECRET.search(str(value)):
        reader.note(
            "client_id holds what looks like a Client Secret; take it out and make a new secret", line
        )
    return trim(str(value))


def _agent_id(value: Any, line: int, reader: Reader) -> int | str | None:
    return read_agent_id(_text(value, line, reader))


def _scopes(value: Any, line: int, reader: Reader) -> tuple[str, ...]:
    words = value if isinstance(value, list) else re.split(r"[\s,]+", str(value).strip())
    for word in words:
        if not re.fullmatch(r"[A-Za-z_]+(?::[A-Za-z_]+)?", word):
            reader.note(f"scope “{shown_text(word)}” is none; scopes look like all:standard", line)
    return tuple(words)


def _webhook_host(value: Any, line: int, reader: Reader) -> str:
    text = trim(str(value)).lower()
    if not re.fullmatch(r"[a-z0-9.-]{1,253}(?::[0-9]{1,5})?", text):
        reader.note(f"webhook_host “{shown_text(text)}” is no host such as hooks.example.com", line)
    return text


def _date(value: Any, line: int, reader: Reader) -> dt.date | None:
    try:
        return dt.date.fromisoformat(str(value))
    except ValueError:
        reader.note(f"paused_until “{shown_text(str(value))}” is no date such as 2026-12-31", line)
        return None


_VALUES = {
    "name": _name,
    "label": _words,
    "owner": _words,
    "paused_reason": _words,
    "base_url": _base_url,
    "client_secret": _client_secret,
    "client_id": _client_id,
    "agent_id": _agent_id,
    "scopes": _scopes,
    "paused_until": _date,
    "webhook_host": _webhook_host,
}


def refuse_twins(rows: Iterable[Row], reader: Reader) -> None:
    """Note each name that stands in the file twice."""
    first: dict[str, int] = {}
    for row in rows:
        name, line = row.get("name", (None, 0))
        if not isinstance(name, str):
            continue
        if name in first:
            reader.note(f"name “{shown_text(name)}” stands already in line {first[name]}", line)
        first.setdefault(name, line)
