"""What is kept of a customer's walk: answers of checks, words of people, overrides; never a secret.

It lies in the walk's folder as `.walk.json`. Writers lock, so that two open notebooks do not lose each
other's notes. States are worked out from it and are not stored.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..errors import unreadable, unwritable
from ..system.account import account_name
from ..system.files import locked, read_regular, write_whole
from ..system.paths import make_data_folder
from ..system.timestamps import utc_text
from ..tenants.answers import walks_folder
from .rules import RULES
from .steps import STEPS

SCHEMA = "halo-runbook/walk-store/1"
_FILE, _BEFORE = ".walk.json", ".progress.json"


@dataclass(frozen=True)
class Found:
    """One finding of a check: enough to say what is wrong, why, what to do and at which step."""

    code: str
    verdict: str
    headline: str
    step: str | None = None
    seen: str = ""
    cause: str = ""
    remedy: str = ""
    fixer: str = ""
    folds_into: str | None = None
    """The code of the finding that it follows from."""


@dataclass(frozen=True)
class Result:
    """What a check answered, when, and the answers that it was asked with, by name."""

    verdict: str
    seen: str
    at: str
    used: Mapping[str, str]
    found: tuple[Found, ...] = ()
    requires: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """What was seen besides the findings, a fact each."""


@dataclass(frozen=True)
class Word:
    """A person's word for a step, or for a part of one."""

    who: str
    at: str
    said: str = ""


@dataclass(frozen=True)
class Override:
    """The decision to go on although a step is broken: who, when, why, and past which codes."""

    who: str
    at: str
    reason: str
    codes: tuple[str, ...]


@dataclass(frozen=True)
class Store:
    """All that is kept of one walk. `notes` are times and lists of the walk itself, by name."""

    results: Mapping[str, Result] = field(default_factory=dict)
    words: Mapping[str, Word] = field(default_factory=dict)
    overrides: Mapping[str, Override] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the shape of `.walk.json`."""
        return {"schema": SCHEMA} | asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Store:
        """Return the store that `as_json` wrote.

        Raises: ValueError, KeyError, TypeError, AttributeError when it is something else.
        """
        if value["schema"] != SCHEMA:
            raise ValueError(f"its schema is {value['schema']!r}")
        results = {
            name: Result(
                **row
                | {"found": tuple(Found(**one) for one in row["found"]), "requires": tuple(row["requires"])}
                | {"notes": tuple(row.get("notes", ()))}
            )
            for name, row in value["results"].items()
        }
        overrides = {
            name: Override(**row | {"codes": tuple(row["codes"])}) for name, row in value["overrides"].items()
        }
        words = {name: Word(**row) for name, row in value["words"].items()}
        return cls(results, words, overrides, {k: str(v) for k, v in value["notes"].items()})


def read_store(name: str) -> Store:
    """Return what is kept of a customer's walk; empty when it was not begun.

    Raises: ConfigError when the file is damaged.
    """
    folder = walks_folder() / name
    for file, read in ((folder / _FILE, Store.from_json), (folder / _BEFORE, _from_before)):
        try:
            return read(json.loads(read_regular(file)))
        except FileNotFoundError:
            continue
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise unreadable(error, file) from None
    return Store()


def _from_before(rows: dict[str, Any]) -> Store:
    """Return what the version before kept: its ticks are words, and what it checked is outdated."""
    words, results = {}, {}
    for step_id, row in rows.items():
        if step_id not in STEPS or row["state"] == "todo":
            continue
        if row["by_hand"]:
            words[step_id] = Word(str(row["by"]), str(row["at"]))
            continue
        for check_id in RULES[step_id].checks:
            if "." in check_id:
                results[check_id] = Result("pass", str(row["summary"]), str(row["at"]), {"version": "before"})
    return Store(results, words)


def change_store(name: str, change: Callable[[Store], Store]) -> Store:
    """Change what is kept of a walk, and return it.

    Raises: ConfigError when the folder cannot be written.
    """
    folder = walks_folder() / name
    try:
        make_data_folder(folder)
        with locked(folder / f"{_FILE}.lock"):
            store = change(read_store(name))
            text = json.dumps(store.as_json(), indent=1, ensure_ascii=False) + "\n"
            write_whole(folder / _FILE, text, mode=0o600)
    except OSError as error:
        raise unwritable(error, folder) from None
    return store


def note_results(name: str, results: Mapping[str, Result], *, of: str | None = None) -> None:
    """Keep what checks answered, in place of what they answered before.

    An override stands as long as the codes that it went past. With `of`, the tenant of a learner's walk,
    nothing is kept once that was begun anew.
    """

    def change(store: Store) -> Store:
        if of is not None and store.notes.get("tenant", "") != of:
            return store
        return Store({**store.results, **results}, store.words, store.overrides, store.notes)

    change_store(name, change)


def drop_results(name: str, *checks: str) -> None:
    """Forget what checks answered."""

    def change(store: Store) -> Store:
        rest = {key: row for key, row in store.results.items() if key not in checks}
        return Store(rest, store.words, store.overrides, store.notes)

    change_store(name, change)


def give_word(name: str, step: str, said: str = "", *, who: str = "") -> None:
    """Keep a person's word; theirs whose account this is, unless a name is given."""
    word = Word(who or account_name(), utc_text(), said)
    change_store(name, lambda s: Store(s.results, {**s.words, step: word}, s.overrides, s.notes))


def take_back(name: str, step: str) -> None:
    """Take a word back, and an override of the same step."""

    def without(rows: Mapping[str, Any]) -> dict[str, Any]:
        return {key: row for key, row in rows.items() if key != step}

    change_store(name, lambda s: Store(s.results, without(s.words), without(s.overrides), s.notes))


def override(name: str, step: str, reason: str, codes: tuple[str, ...], *, who: str = "") -> None:
    """Keep the decision to go on past what is broken."""
    given = Override(who or account_name(), utc_text(), reason, codes)
    change_store(name, lambda s: Store(s.results, s.words, {**s.overrides, step: given}, s.notes))


def note(name: str, **notes: str) -> None:
    """Keep notes of the walk itself; an empty one is forgotten."""

    def change(store: Store) -> Store:
        merged = {key: text for key, text in {**store.notes, **notes}.items() if text}
        return Store(store.results, store.words, store.overrides, merged)

    change_store(name, change)


def store_file(name: str) -> Path:
    """Return the file of a walk's store, to see whether it changed."""
    return walks_folder() / name / _FILE
