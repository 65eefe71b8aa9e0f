"""HaloPSA's objects as the administrator's lane reads them: the fields that decide something, nothing else.

What an answer does not tell is None, which is no finding. A Client Secret in an answer is dropped here.
Source: facts 4.2, 4.8; wire contract 38 to 44, 53 to 55.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

from ...client.models import Json, agent_label, agent_row, as_id, as_name, as_object, as_text
from ...errors import ShapeError

T = TypeVar("T")
_MOST = 200
"""Entries of a list in an object that are read."""


def _ticked(value: Json) -> bool | None:
    return value if isinstance(value, bool) else None


def _list(row: Mapping[str, Any], name: str, read: Callable[[dict[str, Any]], T]) -> tuple[T, ...] | None:
    rows = row.get(name)
    if not isinstance(rows, list) or not all(isinstance(one, dict) for one in rows):
        return None
    return tuple(read(one) for one in rows[:_MOST])


@dataclass(frozen=True)
class Application:
    """An API application. `method` and `login_entity` are as the instance writes them, in a text."""

    id: str
    client_id: str
    name: str
    is_system: bool
    is_inactive: bool | None = None
    method: str = ""
    login_entity: str = ""
    agent_id: int | None = None
    client_login: int | None = None
    supplier_login: int | None = None
    scopes: tuple[str, ...] | None = None
    mark: str = ""
    """What changes with each write, by its name (`concurrencyToken`); empty where it is not told."""
    lists: Mapping[str, list[Any]] = field(default_factory=dict, repr=False)
    """Its scopes as they came: a list is written whole (wire contract 37)."""

    @classmethod
    def from_json(cls, value: Json) -> Self:
        """Parse NHD_Identity_Application.

        Raises: ShapeError without an id.
        """
        row = as_object(value, "an application")
        if not as_text(row.get("id")):
            raise ShapeError("bad-json", "an application came without an id")
        return cls(
            id=as_text(row["id"]).lower(),
            client_id=as_text(row.get("clientId")).lower(),
            name=as_name(row.get("displayName")),
            is_system=bool(as_text(row.get("system_use"))) or row.get("_issystem") is True,
            is_inactive=_ticked(row.get("inactive")),
            method=_code(row.get("grant_type")),
            login_entity=_code(row.get("loginentity")),
            agent_id=as_id(row.get("loginas_agent_id")),
            client_login=as_id(row.get("loginas_client_id")),
            supplier_login=as_id(row.get("loginas_supplier_id")),
            scopes=_list(row, "scopes", lambda one: as_text(one.get("name"))),
            mark=as_text(row.get("concurrencyToken")),
            lists={name: row[name] for name in ("scopes",) if isinstance(row.get(name), list)},
        )


def _code(value: Json) -> str:
    """Return a code that may be a number or a word (wire contract 39)."""
    number = as_id(value)
    return as_name(value) if number is None or isinstance(value, str) else str(number)


@dataclass(frozen=True)
class Membership:
    """An agent's place in a team; `for_tickets` is None where it is not told (its meaning is inferred)."""

    team_id: int | None
    name: str
    for_tickets: bool | None


@dataclass(frozen=True)
class AgentSetUp:
    """An agent, as far as it decides what may be done."""

    id: int
    name: str
    email: str
    is_disabled: bool | None
    is_api_only: bool | None
    is_admin: bool | None
    teams: tuple[Membership, ...] | None
    roles: tuple[tuple[str, str], ...] | None
    """Each with its id and name."""
    workday_id: int | None
    clients: int | None
    """How many clients it is restricted to, as far as the list `clients` says it; its form is open."""
    mark: str = ""
    lists: Mapping[str, list[Any]] = field(default_factory=dict, repr=False)
    """Its teams and roles as they came."""

    @property
    def label(self) -> str:
        """Name and id, for sentences."""
        return agent_label(self.name, self.id)

    @classmethod
    def from_json(cls, value: Json) -> Self:
        """Parse Uname.

        Raises: ShapeError without a usable id.
        """
        row, number = agent_row(value)
        return cls(
            id=number,
            name=as_name(row.get("name")),
            email=as_name(row.get("email")),
            is_disabled=_ticked(row.get("isdisabled")),
            is_api_only=_ticked(row.get("isapiagent")),
            is_admin=_ticked(row.get("is_admin")),
            teams=_list(row, "teams", _membership),
            roles=_list(row, "roles", lambda one: (as_text(one.get("id")).lower(), as_name(one.get("name")))),
            workday_id=as_id(row.get("workday_id")),
            clients=len(row["clients"]) if isinstance(row.get("clients"), list) else None,
            mark=as_text(row.get("last_modified")),
            lists={name: row[name] for name in ("teams", "roles") if isinstance(row.get(name), list)},
        )


def _membership(row: dict[str, Any]) -> Membership:
    told = [_ticked(row.get(name)) for name in ("in_section", "fortickets")]
    known = [one for one in told if one is not None]
    return Membership(as_id(row.get("team_id")), as_name(row.get("team_name")), all(known) if known else None)


@dataclass(frozen=True)
class Webhook:
    """A webhook. `events` is None where the answer has none of them, as the rows of the list."""

    id: str
    name: str
    url: str
    is_active: bool | None
    is_disabled: bool | None
    events: int | None = None

    @property
    def host(self) -> str:
        """The host that it goes to, with its port where it names one; empty for no URL."""
        try:
            return urlsplit(self.url).netloc.rpartition("@")[2].lower()
        except ValueError:
            return ""

    @classmethod
    def from_json(cls, value: Json) -> Self:
        """Parse Webhook.

        Raises: ShapeError when it is no object.
        """
        row = as_object(value, "a webhook")
        return cls(
            as_text(row.get("id")).lower(),
            as_name(row.get("name")),
            as_text(row.get("url"), 2000),
            _ticked(row.get("active")),
            _ticked(row.get("disabled")),
            len(row["events"]) if isinstance(row.get("events"), list) else None,
        )


@dataclass(frozen=True)
class Named:
    """An entry of a list: a team, a role, working hours or a module; `off` where it is inactive."""

    id: str
    name: str
    off: bool | None = None

    @classmethod
    def from_json(cls, value: Json) -> Self:
        """Parse a row of `/Team`, `/Roles`, `/Workday` or `/Features`.

        Raises: ShapeError when it is no object.
        """
        row = as_object(value, "an entry of a list")
        number = as_id(row.get("id"))
        told = [row["inactive"]] if isinstance(row.get("inactive"), bool) else []
        told += [not row[name] for name in ("enabled", "licensed") if isinstance(row.get(name), bool)]
        return cls(
            as_text(row.get("id")).lower() if number is None else str(number),
            as_name(row.get("name")) or as_name(row.get("module_name")),
            any(told) if told else None,
        )
