"""How a write is answered, and how a list in an object is written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ...seed.values import Record
from ...settings import Settings
from ...wire import Answer, as_json
from ..refusals import exception

Sent = dict[str, Any]
"""One object of a request, with whatever somebody sent in it."""


def written(settings: Settings, shown: Sequence[Record], *, updated: bool) -> Answer:
    """Answer with what was written: one object, or an array in the same order (W36)."""
    alone = len(shown) == 1 and settings.write_answer == "object"
    return as_json(shown[0] if alone else list(shown), int(settings.update_status) if updated else 201)


def wrong(message: str) -> Answer:
    """Answer 400 with a text, as for what is missing or does not exist."""
    return as_json(exception(message), 400)


def new_list(settings: Settings, old: Iterable[object], sent: Iterable[object]) -> list[object]:
    """Return a list after an update: what was sent, or both, as the settings say (W37)."""
    kept = list(old) if settings.list_update == "merge" else []
    return list(dict.fromkeys([*kept, *sent]))


def text_of(row: Sent, name: str, before: str, length: int = 200) -> str:
    """Return a text of a row, or what it was when the row does not name it."""
    return str(row[name])[:length] if row.get(name) is not None else before
