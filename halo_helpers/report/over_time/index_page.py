"""`index.html` of a folder of runs: every run, the trend, and the life line of each tenant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...checks.findings import OF_TENANTS
from ...system.plain_text import count_of
from ...verification.result import WORDS
from ..html import embedded, template

INDEX_TEMPLATE = "index.html.jinja"
LETTERS = {"pass": "p", "warn": "w", "fail": "f", "error": "e"}
"""A verdict in a life line; “-” where a run did not judge the tenant."""


@dataclass(frozen=True)
class Line:
    """One run in the list.

    `counts` are tenants by verdict, empty for one that ended before it was summed up; `there` whether its
    folder is still kept.
    """

    run: str
    started_at: str
    there: bool
    practice: bool = False
    whole: bool = True
    finished: bool = False
    under_way: bool = False
    undone: int = 0
    new: int = 0
    fixed: int = 0
    drift: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def state(self) -> str:
        """What is odd about it, empty for a run as it should be."""
        if self.under_way:
            return "under way"
        return "" if self.finished else "interrupted"

    @property
    def parts(self) -> list[tuple[str, float]]:
        """Each verdict with its share of the tenants, in percent."""
        total = sum(self.counts.values()) or 1
        return [
            (verdict, 100 * self.counts[verdict] / total)
            for verdict in OF_TENANTS
            if self.counts.get(verdict)
        ]


@dataclass(frozen=True)
class Lives:
    """Tenants over the newest whole runs: the runs, oldest first, and a letter a run for each tenant."""

    runs: Sequence[str]
    lines: Mapping[str, str]


def to_index(lines: Sequence[Line], customers: Lives, practice: Lives) -> str:
    """Return the page; the life lines are drawn by its own script from compact data."""
    kinds: list[dict[str, Any]] = [
        {"title": title, "runs": list(lives.runs), "tenants": _worst_first(lives.lines)}
        for title, lives in (("Customers", customers), ("Practice tenants", practice))
        if lives.lines
    ]
    return template(INDEX_TEMPLATE).render(
        lines=lines,
        words=WORDS,
        count_of=count_of,
        both=len(kinds) > 1,
        data=embedded({"kinds": kinds, "letters": {LETTERS[verdict]: verdict for verdict in OF_TENANTS}}),
    )


def _worst_first(lines: Mapping[str, str]) -> list[list[str]]:
    """Order tenants: broken now, then those that were broken most often, then by name."""
    rank = {LETTERS[verdict]: number for number, verdict in enumerate(OF_TENANTS)}
    ordered = sorted(
        lines.items(),
        key=lambda one: (rank.get(one[1][-1:], 9), -one[1].count("f") - one[1].count("e"), one[0]),
    )
    return [list(pair) for pair in ordered]
