"""The record of a setup: what was changed, from what to what, and how it was read back. Never a secret.

Written before each request and after it, so that a process that was killed leaves what it was about to do.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from ...errors import ConfigError, Mistake, unreadable, unwritable
from ...system.files import write_whole
from ...system.paths import make_data_folder, setups_folder
from ...system.timestamps import utc_text
from .changes import Change

SCHEMA = "halo-runbook/setup-record/1"
State = Literal["planned", "sent", "kept", "not-kept", "refused"]


@dataclass
class Written:
    """A change with what became of it."""

    change: Change
    state: State = "planned"
    mark: str = ""
    """The object's mark of change when it was read back (wire contract 55)."""


@dataclass
class Record:
    """One setup, or its undoing."""

    tenant: str
    base_url: str
    version: str
    way: str
    scopes: list[str]
    administrator: int | None
    confirmed_at: str = field(default_factory=utc_text)
    undoes: str = ""
    """The name of the record that this one takes back."""
    written: list[Written] = field(default_factory=list)
    problem: str = ""
    path: Path | None = None

    @property
    def name(self) -> str:
        """What `--undo` takes."""
        return self.path.stem if self.path else ""

    def save(self) -> None:
        """Write it down.

        Raises: ConfigError when the data folder cannot be written; nothing is sent to HaloPSA then.
        """
        folder = setups_folder()
        try:
            make_data_folder(folder)
            if self.path is None:
                moment = self.confirmed_at.replace("-", "").replace(":", "")
                number = len(list(folder.glob(f"{self.tenant}-{moment}*.json")))
                self.path = folder / f"{self.tenant}-{moment}{f'-{number}' if number else ''}.json"
            text = json.dumps(self.as_json(), indent=1, ensure_ascii=False) + "\n"
            write_whole(self.path, text, mode=0o600)
        except OSError as error:
            raise unwritable(error, folder) from None

    def as_json(self) -> dict[str, Any]:
        """Shape: `halo-runbook/setup-record/1`."""
        return {
            "schema": SCHEMA,
            "tenant": self.tenant,
            "base_url": self.base_url,
            "version": self.version,
            "way": self.way,
            "scopes": self.scopes,
            "administrator": self.administrator,
            "confirmed_at": self.confirmed_at,
            "undoes": self.undoes,
            "changes": [
                one.change.as_json() | {"state": one.state, "mark": one.mark} for one in self.written
            ],
            "problem": self.problem,
        }

    @classmethod
    def read(cls, name: str) -> Self:
        """Read a record of this data folder by its name.

        Raises: ConfigError when it is not there, or no record.
        """
        path = setups_folder() / f"{Path(name).name.removesuffix('.json')}.json"
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise unreadable(error, path) from None
        if not isinstance(value, dict) or value.get("schema") != SCHEMA:
            raise ConfigError(Mistake("is no record of setup", str(path)))
        try:
            written = [_written(dict(row)) for row in value["changes"]]
            fields = ("tenant", "base_url", "version", "way", "scopes", "administrator")
            given = {name: value[name] for name in (*fields, "confirmed_at", "undoes", "problem")}
            return cls(**given, written=written, path=path)
        except (KeyError, TypeError, ValueError) as error:
            raise ConfigError(Mistake(f"is a damaged record: {error}", str(path))) from None


def _written(row: dict[str, Any]) -> Written:
    state, mark = row.pop("state"), row.pop("mark")
    return Written(Change.from_json(row), state, mark)


def own_marks(tenant: str) -> frozenset[str]:
    """Return the marks of change that setups of a tenant left: who has one of them was written by us."""
    found: set[str] = set()
    for path in setups_folder().glob(f"{tenant}-*.json"):
        try:
            found |= {one.mark for one in Record.read(path.stem).written if one.mark}
        except ConfigError:
            continue  # a damaged one says nothing
    return frozenset(found)
