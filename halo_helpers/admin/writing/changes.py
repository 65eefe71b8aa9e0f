"""A change of one field of one object, a plan of changes, and what is left to a person's clicks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any, Self

from ...errors import ConfigError

AGENT, APPLICATION, WEBHOOK = "Agent", "Application", "Webhook"
_ORDER = (AGENT, APPLICATION, WEBHOOK)
"""An application logs in as the agent, so the agent comes first."""


@dataclass(frozen=True)
class Change:
    """One field. `before` and `after` are as the API has them, `shown` the same in the screen's words.

    `id` is None for an agent that is to be made; `code` is the finding that the change mends.
    """

    route: str
    id: int | str | None
    object: str
    field: str
    screen: str
    before: Any
    after: Any
    shown: tuple[str, str]
    code: str

    def back(self) -> Change:
        """Return the change that takes this one back."""
        was, is_now = self.shown
        return Change(
            *(self.route, self.id, self.object, self.field, self.screen),
            *(self.after, self.before, (is_now, was), self.code),
        )

    def as_json(self) -> dict[str, Any]:
        """Shape of an entry of `changes` in a record."""
        return asdict(self) | {"shown": list(self.shown)}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Self:
        """Read what `as_json` returns.

        Raises: ConfigError for something else.
        """
        try:
            was, is_now = map(str, row["shown"])
            change = cls(**row | {"shown": (was, is_now)})
        except (TypeError, KeyError, ValueError) as error:
            raise ConfigError(f"a damaged entry of a record of setup: {error}") from None
        if change.route not in _ORDER:
            raise ConfigError("a damaged entry of a record of setup: an unknown route")
        return change


@dataclass(frozen=True)
class Click:
    """What only a person may do: at which step of the guide, where, and what exactly."""

    step: str
    where: str
    todo: str
    code: str


@dataclass(frozen=True)
class Plan:
    """What would be written, and what is left to clicks. Nothing else of these objects is touched."""

    changes: tuple[Change, ...] = ()
    clicks: tuple[Click, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be done."""
        return not self.changes and not self.clicks

    def requests(self) -> Iterator[tuple[str, int | str | None, list[Change]]]:
        """Return the changes of each object: one request each, in the order in which they are sent."""
        ordered = sorted(self.changes, key=lambda one: (_ORDER.index(one.route), str(one.id)))
        for (route, _), own in groupby(ordered, key=lambda one: (one.route, str(one.id))):
            changes = list(own)
            yield route, changes[0].id, changes

    def is_like(self, other: Plan) -> bool:
        """Whether another plan would write the very same."""
        return _written(self) == _written(other)

    def as_json(self) -> dict[str, Any]:
        """Return `changes` and `clicks` of `halo-runbook/setup-plan/1`."""
        return {
            "changes": [one.as_json() for one in self.changes],
            "clicks": [asdict(one) for one in self.clicks],
        }

    def as_text(self) -> str:
        """Say what would be written, in the words of the screens, and what is to be clicked."""
        lines: list[str] = []
        for route, key, changes in self.requests():
            what = f"{route.lower()} “{changes[0].object}”"
            lines.append(f"make the {what}:" if key is None else f"change the {what} ({key}):")
            lines += [f"  {one.screen}: {one.shown[0]} → {one.shown[1]}" for one in changes]
        if self.changes:
            lines.append("Nothing else of these objects is touched, and no other object.")
        if self.clicks:
            lines.append("left for you to click:")
            lines += [f"  {number}. {one.where}: {one.todo}" for number, one in enumerate(self.clicks, 1)]
        return "\n".join(lines) or "nothing to do: every field that was seen is as it should be"


def _written(plan: Plan) -> str:
    return json.dumps([one.as_json() for one in plan.changes], sort_keys=True, default=str)
