"""HaloPSA's objects as this package reads them: one tolerant parser each.

Tolerant means: a missing field is a null one, ids may be floats or digits in text, unknown fields are
ignored (facts 3.3, 3.5, 4.2). What cannot be read at all is a ShapeError.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from ..errors import ShapeError
from ..secrets.redaction import redact
from ..system.plain_text import NAME_LENGTH, plain_text
from ..system.timestamps import utc_text

Json = Any
_TOO_LARGE = 10**15
_NAMES = 20
"""Teams or roles of one agent that are read."""
UNASSIGNED_ID = 1
"""HaloPSA's built-in "Unassigned" agent (facts 4.2)."""


def as_object(value: Json, what: str) -> dict[str, Any]:
    """Return a JSON object.

    Raises: ShapeError when it is something else.
    """
    if not isinstance(value, dict):
        raise ShapeError("bad-json", f"{what} is {_kind(value)}, expected an object")
    return value


def as_rows(value: Json, what: str, *keys: str) -> tuple[list[dict[str, Any]], int | None]:
    """Return the rows of a list answer and its `record_count`.

    A list is a bare array, or an envelope with one of `keys`.

    Raises: ShapeError when no array of objects can be found.
    """
    count: int | None = None
    rows = value
    if isinstance(value, dict):
        count = as_id(value.get("record_count"))
        count = None if count is not None and count < 0 else count
        rows = next((value[key] for key in (*keys, "results") if isinstance(value.get(key), list)), None)
        if rows is None:
            rows = next((entry for entry in value.values() if isinstance(entry, list)), None)
    if not isinstance(rows, list):
        if count == 0:
            return [], 0
        raise ShapeError("bad-json", f"{what} is {_kind(value)} without a list in it")
    return [row for row in rows if isinstance(row, dict)], count


def as_id(value: Json) -> int | None:
    """Return a whole number from an int, a float such as 12.0 or digits in text; None from anything else.

    Numbers of more than 15 digits are none of HaloPSA's.
    """
    number: int | None = None
    if isinstance(value, str):
        digits = value.strip()
        number = int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= 15 else None
    elif isinstance(value, float):
        number = int(value) if value.is_integer() else None
    elif isinstance(value, int) and not isinstance(value, bool):
        number = value
    return number if number is not None and abs(number) < _TOO_LARGE else None


def as_text(value: Json, length: int = NAME_LENGTH) -> str:
    """Return text made plain and at most that long; empty for anything that is no text."""
    return plain_text(value, length) if isinstance(value, str) else ""


def as_time(value: Json) -> str:
    """Return a date and time of HaloPSA's, which is UTC, as ISO 8601; empty for none, or for 1900."""
    try:
        at = dt.datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        at = None
    if at is None or at.year < 1990:  # HaloPSA writes 1900 for "never"
        return ""
    return utc_text(at if at.tzinfo else at.replace(tzinfo=dt.UTC))


def as_name(value: Json, length: int = NAME_LENGTH) -> str:
    """Return text to show to people: as `as_text`, without any secret that this process has seen."""
    return redact(as_text(value, length))


def _kind(value: Json) -> str:
    names = {
        dict: "an object",
        list: "an array",
        str: "a text",
        bool: "a boolean",
        int: "a number",
        float: "a number",
    }
    return names.get(type(value), "null")


DETAILS = frozenset({"isdisabled", "isapiagent", "teams", "roles", "workday_id"})
"""Fields of an agent that rows of the list may leave out."""


def agent_label(name: str, number: int) -> str:
    """Return an agent's name and id, for sentences."""
    return f"{name or 'agent without a name'} (ID {number})"


def agent_row(value: Json) -> tuple[dict[str, Any], int]:
    """Return an agent's object and its id.

    Raises: ShapeError without a usable id.
    """
    row = as_object(value, "an agent")
    agent_id = as_id(row.get("id"))
    if agent_id is None:
        raise ShapeError("bad-json", "an agent came without a usable id")
    return row, agent_id


@dataclass(frozen=True)
class Agent:
    """An agent (technician) of HaloPSA.

    `team_names` and `role_names` are None when the answer did not hold the field at all, which the rows of
    the list may leave out. `is_api_only` likewise. `workday` is the name or id of the working hours.
    """

    id: int
    name: str
    email: str = ""
    is_disabled: bool = False
    is_api_only: bool | None = None
    team_names: tuple[str, ...] | None = None
    role_names: tuple[str, ...] | None = None
    workday: str | None = None
    changed_at: str = ""
    """When it was changed last (UTC, ISO 8601), empty when the answer does not tell."""
    fields: frozenset[str] = field(default=frozenset(), repr=False)

    @property
    def label(self) -> str:
        """Name and id, for sentences."""
        return agent_label(self.name, self.id)

    @classmethod
    def from_answer(cls, value: Json) -> Self:
        """Read what HaloPSA sends, a row of the list or the whole record; not what `as_json` returns.

        Raises: ShapeError without a usable id.
        Source: GET /Agent, /Agent/{id}, /Agent/me (facts 4.2).
        """
        row, agent_id = agent_row(value)
        teams = _names(row.get("teams"), "team_name", "team_id")
        if not teams and as_name(row.get("team")):
            teams = (as_name(row.get("team")),)
        roles = _names(row.get("roles"), "name", "id")
        if not roles and as_name(row.get("role_list")):
            roles = tuple(part.strip() for part in as_name(row["role_list"], 2000).split(",") if part.strip())
        api_only = row.get("isapiagent")
        workday = as_name(row.get("workday_name")) or (str(as_id(row.get("workday_id")) or "") or None)
        return cls(
            id=agent_id,
            name=as_name(row.get("name")),
            email=as_name(row.get("email")),
            is_disabled=row.get("isdisabled") is True,
            is_api_only=api_only if isinstance(api_only, bool) else None,
            team_names=teams,
            role_names=roles,
            workday=workday,
            changed_at=as_time(row.get("last_modified")),
            fields=frozenset(DETAILS & row.keys()),
        )

    def as_json(self) -> dict[str, object]:
        """Return an entry of `agents`, as `halo-runbook agents --json` prints it."""
        return {
            "id": self.id,
            "name": self.name,
            "email": self.email or None,
            "is_disabled": self.is_disabled,
            "is_api_only": self.is_api_only,
            "teams": None if self.team_names is None else list(self.team_names),
        }


def _names(value: Json, name_key: str, id_key: str) -> tuple[str, ...] | None:
    if not isinstance(value, list):
        return None
    rows: Iterable[Mapping[str, Any]] = (row for row in value[:_NAMES] if isinstance(row, dict))
    return tuple(as_name(row.get(name_key)) or str(as_id(row.get(id_key)) or "?") for row in rows)


@dataclass(frozen=True)
class AuthInfo:
    """What `authinfo` says: the authorisation server and HaloPSA's own tenant name."""

    auth_url: str
    tenant_id: str

    @classmethod
    def from_answer(cls, value: Json) -> Self:
        """Parse the answer; an empty `auth_url` means that it named none.

        Raises: ShapeError when it is no object.
        Source: GET /api/authinfo (facts 2.2).
        """
        row = as_object(value, "authinfo")
        return cls(
            auth_url=as_text(row.get("auth_url"), 2000).rstrip("/"), tenant_id=as_text(row.get("tenant_id"))
        )


@dataclass(frozen=True)
class Instance:
    """What `InstanceInfo` says of the HaloPSA installation."""

    version: str
    name: str
    hosted_group: str
    tenant_id: str
    practice: bool
    agents: int | None = None
    """Agents that use a Named Licence, as InstanceInfo counts them; None when it does not say."""
    licensed_agents: int | None = None
    """Named Licences; 0 or None when it does not say."""

    @classmethod
    def from_answer(cls, value: Json) -> Self:
        """Parse the answer.

        Raises: ShapeError when it is no object.
        Source: GET /api/InstanceInfo (facts 2.2, 3.6).
        """
        row = as_object(value, "InstanceInfo")
        return cls(
            version=as_name(row.get("app_version")),
            name=as_name(row.get("app_name")),
            hosted_group=as_name(row.get("hosted_group")),
            tenant_id=as_text(row.get("tenant_id")),
            practice=row.get("practice") is True,
            agents=as_id(row.get("agent_count")),
            licensed_agents=as_id(row.get("licensed_agent_count")),
        )

    def as_json(self) -> dict[str, object]:
        """Shape of `instance` in a Verification."""
        return {
            "version": self.version or None,
            "name": self.name or None,
            "hosted_group": self.hosted_group or None,
        }


@dataclass(frozen=True)
class Page:
    """What is kept of a page of a list: its first row, and how many there are in all where it said so."""

    rows: list[dict[str, Any]]
    record_count: int | None
    received: int
    """Rows that came."""

    @property
    def total(self) -> int:
        """The number of records, as far as it is known."""
        return self.received if self.record_count is None else self.record_count
