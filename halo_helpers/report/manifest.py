"""`run.json`: what a fleet run was started with, and how it came out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar, Self

from ..system.plain_text import plain_text
from ..tenants.tenant import NAME
from ..verification.fingerprint import plain_fingerprint

_LONG = 4000
RUN_SCHEMA = "halo-runbook/run/1"
Changes = dict[str, list[dict[str, str]]]
"""What is new, fixed, still and gone, each a list of {tenant, check, code}."""


@dataclass(frozen=True)
class Entry:
    """A tenant of a run, as it stood in the tenants file."""

    name: str
    base_url: str = ""
    label: str | None = None
    owner: str | None = None

    def as_json(self) -> dict[str, str | None]:
        """Shape of an entry of `tenants`."""
        return {"name": self.name, "base_url": self.base_url, "label": self.label, "owner": self.owner}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Self:
        """Read what `as_json` returns.

        Raises: KeyError, TypeError, ValueError without a tenant's name: it becomes part of paths.
        """
        if not NAME.fullmatch(row["name"]):
            raise ValueError("a name in it is no tenant's")
        url, label, owner = (_plain_or_none(row.get(name)) for name in ("base_url", "label", "owner"))
        return cls(row["name"], url or "", label, owner)


@dataclass(frozen=True)
class Pause:
    """A tenant that was not judged: until which date (ISO 8601), and why."""

    name: str
    until: str | None
    reason: str | None

    def as_json(self) -> dict[str, str | None]:
        """Shape of an entry of `paused`."""
        return {"name": self.name, "until": self.until, "reason": self.reason}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Self:
        """Read what `as_json` returns.

        Raises: KeyError, TypeError without a name.
        """
        return cls(_text(row["name"]), _plain_or_none(row.get("until")), _plain_or_none(row.get("reason")))


@dataclass(frozen=True)
class Undone:
    """A tenant that a run did not judge, which is our failure: `run-crashed` or `run-cancelled`."""

    tenant: str
    code: str
    seen: str
    verdict: ClassVar[str] = "error"

    def summary(self) -> str:
        """Say it in a line, as a Verification does."""
        return f"not verified, by no fault of the tenant: {self.seen}"

    def as_json(self) -> dict[str, str]:
        """Shape of an entry of `undone`."""
        return {"tenant": self.tenant, "code": self.code, "seen": self.seen}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Self:
        """Read what `as_json` returns.

        Raises: KeyError, TypeError, ValueError without a tenant's name.
        """
        if not NAME.fullmatch(row["tenant"]):
            raise ValueError("a name in it is no tenant's")
        return cls(row["tenant"], plain_text(row["code"]), plain_text(row["seen"], _LONG))


SUMMARY = ("network", "compared_with", "changes", "trend", "since", "drift", "unaccepted")
"""What a run has only when it was summed up."""


@dataclass(frozen=True)
class Manifest:
    """One run. Times are UTC, ISO 8601; durations in seconds; `totals` counts tenants by verdict.

    What a run lacks, such as one of an earlier version, stays lacking when it is written again. Keys that
    only a later version knows are kept in `other`.
    """

    id: str
    version: str
    engine: str
    python: str
    tenants_file: str
    parameters: dict[str, Any]
    started_at: str
    finished_at: str | None = None
    duration_s: float | None = None
    verdict: str | None = None
    totals: dict[str, int] | None = None
    tenants: tuple[Entry, ...] = ()
    paused: tuple[Pause, ...] = ()
    warnings: tuple[str, ...] = ()
    undone: tuple[Undone, ...] = ()
    network: bool = False
    compared_with: str | None = None
    changes: Changes | None = None
    trend: tuple[dict[str, Any], ...] = ()
    since: dict[str, str] = field(default_factory=dict)
    drift: tuple[dict[str, Any], ...] = ()
    """What changed in set-ups since each tenant was judged last: {tenant, field, before, after, since}."""
    unaccepted: tuple[dict[str, Any], ...] = ()
    """The same against what was accepted last."""
    other: dict[str, Any] = field(default_factory=dict)
    lacking: frozenset[str] = frozenset(SUMMARY)

    def as_json(self) -> dict[str, Any]:
        """Shape: `halo-runbook/run/1` (design, section 6)."""
        value: dict[str, Any] = {"schema": RUN_SCHEMA}
        for name in _KEYS:
            if name not in self.lacking:
                value[name] = _plain(getattr(self, name))
        return value | self.other

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """Read what `as_json` returns.

        Raises: ValueError, KeyError, TypeError, AttributeError when it is something else.
        """
        if value["schema"] != RUN_SCHEMA:
            raise ValueError(f"schema is {value['schema']!r}")
        given = {name: value[name] for name in _KEYS if name in value}
        if value.get("started_at") and dt.datetime.fromisoformat(value["started_at"]).tzinfo is None:
            raise ValueError("its time has no zone")
        given["tenants"] = tuple(map(Entry.from_json, value["tenants"]))
        given["paused"] = tuple(map(Pause.from_json, value.get("paused") or ()))
        given["undone"] = tuple(map(Undone.from_json, value.get("undone") or ()))
        given["trend"] = tuple(map(_bar, value.get("trend") or ()))
        given["warnings"] = tuple(plain_text(line, _LONG) for line in value.get("warnings") or ())
        given["since"] = {name: plain_text(at) for name, at in (value.get("since") or {}).items()}
        for name in ("drift", "unaccepted"):
            given[name] = tuple(map(_change, value.get(name) or ()))
        given["changes"] = _changes(value.get("changes"))
        for name in ("finished_at", "verdict", "compared_with"):
            given[name] = _plain_or_none(value.get(name))
        if value.get("totals") is not None:
            given["totals"] = {plain_text(name): int(count) for name, count in value["totals"].items()}
        given.setdefault("tenants_file", "")  # a path, as it is
        for name in _TEXTS:
            given[name] = plain_text(given.get(name, ""), _LONG)
        given.setdefault("parameters", {})
        return cls(
            **given,
            other={name: entry for name, entry in value.items() if name not in {"schema", *_KEYS}},
            lacking=frozenset(name for name in _KEYS if name not in value),
        )

    @property
    def names(self) -> list[str]:
        """The names of its tenants, in order."""
        return [entry.name for entry in self.tenants]

    def resumed(self, active: Collection[str], paused: Iterable[Pause], done: Collection[str]) -> Self:
        """Return it without tenants that were paused or retired since it began, and are not judged yet."""
        left = [name for name in self.names if name not in active and name not in done]
        newly = [pause for pause in paused if pause.name in left]
        retired = sorted(set(left) - {pause.name for pause in newly})
        words = "is not in the tenants file any more, and was not verified"
        return replace(
            self,
            tenants=tuple(entry for entry in self.tenants if entry.name not in left),
            paused=(*self.paused, *newly),
            warnings=(*self.warnings, *(f"{name}: {words}" for name in retired)),
        )

    def judged(self, verdict: str | None, totals: dict[str, int], undone: Iterable[Undone]) -> Self:
        """Return it with the verdict and the totals of its results, and who has none."""
        return replace(
            self, verdict=verdict, totals=totals, undone=tuple(undone), lacking=self.lacking - {"undone"}
        )

    def summed_up(
        self,
        *,
        network: bool,
        compared_with: str | None,
        changes: Changes | None,
        trend: Sequence[dict[str, Any]],
        since: dict[str, str],
        drift: Sequence[dict[str, Any]],
        unaccepted: Sequence[dict[str, Any]],
    ) -> Self:
        """Return it with what its results say together, and against those before."""
        return replace(
            self,
            network=network,
            compared_with=compared_with,
            changes=changes,
            trend=tuple(trend),
            since=since,
            drift=tuple(drift),
            unaccepted=tuple(unaccepted),
            lacking=self.lacking - set(SUMMARY),
        )

    def without(self, tenant: str, names_it: Callable[[str], bool]) -> Self:
        """Return it without a tenant; `names_it` says whether a warning is about it."""
        changes = self.changes and {
            kind: [row for row in rows if row["tenant"] != tenant] for kind, rows in self.changes.items()
        }
        only = self.parameters.get("only")
        parameters = self.parameters
        if only is not None:
            parameters = parameters | {"only": [name for name in only if name != tenant]}
        return replace(
            self,
            tenants=tuple(entry for entry in self.tenants if entry.name != tenant),
            paused=tuple(pause for pause in self.paused if pause.name != tenant),
            undone=tuple(entry for entry in self.undone if entry.tenant != tenant),
            warnings=tuple(line for line in self.warnings if not names_it(line)),
            parameters=parameters,
            since={name: at for name, at in self.since.items() if name != tenant},
            drift=tuple(row for row in self.drift if row["tenant"] != tenant),
            unaccepted=tuple(row for row in self.unaccepted if row["tenant"] != tenant),
            changes=changes,
        )


_KEYS = tuple(entry.name for entry in fields(Manifest) if entry.name not in {"other", "lacking"})
_TEXTS = ("id", "version", "engine", "python", "started_at")


def _plain(value: Any) -> Any:
    if isinstance(value, Entry | Pause | Undone):
        return value.as_json()
    return [_plain(entry) for entry in value] if isinstance(value, tuple) else value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a name is no text")
    return value


def _bar(run: dict[str, Any]) -> dict[str, Any]:
    """Read a run of the trend: its name, when, and how many tenants by verdict."""
    counts = {verdict: int(run[verdict]) for verdict in ("pass", "warn", "fail", "error")}
    return {"run": plain_text(run["run"]), "started_at": plain_text(run["started_at"]), **counts}


def _change(row: dict[str, Any]) -> dict[str, Any]:
    """Read a change of a set-up; every text in it is made plain."""
    field_name = plain_text(row["field"])
    old, new = (plain_fingerprint({field_name: row[name]}).get(field_name) for name in ("before", "after"))
    return {
        "tenant": plain_text(row["tenant"]),
        "field": field_name,
        "before": old,
        "after": new,
        "since": plain_text(row["since"]),
    }


def _changes(given: Any) -> Changes | None:
    """Read what changed; every text in it is made plain."""
    if given is None:
        return None
    return {
        plain_text(kind): [{name: plain_text(text) for name, text in row.items()} for row in rows]
        for kind, rows in given.items()
    }


def _plain_or_none(text: str | None) -> str | None:
    return None if text is None else plain_text(text)
