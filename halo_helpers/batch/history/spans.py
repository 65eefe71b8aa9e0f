"""Spans: a tenant that comes out the same night after night takes one row, not one a night."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ...report.over_time.index_page import LETTERS


@dataclass(frozen=True)
class Span:
    """How a tenant came out from one run to another, both counted. Runs are named; their names sort by time.

    `file` is the tenants file of the runs: a whole run of another file says nothing of this tenant.
    """

    first_run: str
    first_at: str
    last_run: str
    verdict: str
    broken: str
    file: str

    def is_like(self, other: Span) -> bool:
        """Whether both came out the same."""
        return (self.verdict, self.broken, self.file) == (other.verdict, other.broken, other.file)

    def holds(self, run: str) -> bool:
        """Whether a run is in it, or between two that are."""
        return self.first_run <= run <= self.last_run


class Nights:
    """The whole runs of one tenants file, oldest first, each with its time."""

    def __init__(self, at: Mapping[str, str]) -> None:
        self.at = dict(sorted(at.items()))
        self.runs = list(self.at)

    def lies_between(self, earlier: str, later: str) -> bool:
        """Whether one lies between two runs."""
        return bisect_right(self.runs, earlier) < bisect_left(self.runs, later)

    def within(self, span: Span) -> list[str]:
        """Return those that a span holds."""
        return self.runs[bisect_left(self.runs, span.first_run) : bisect_right(self.runs, span.last_run)]


def placed(spans: Sequence[Span], one: Span, nights: Mapping[str, Nights]) -> list[Span]:
    """Return a tenant's spans, in order, with one more result; it replaces a result of the same run.

    `nights` are by tenants file: between two results in one span each night of its file judged the tenant,
    with the same outcome.
    """
    run, found = one.first_run, list[Span]()
    for span in spans:
        is_cut = span.holds(run) and not span.is_like(one)
        found += _without(span, run, nights[span.file]) if is_cut else [span]
    if not any(span.holds(run) for span in found):
        found = sorted([*found, one], key=lambda span: span.first_run)
    joined: list[Span] = []
    for span in found:
        last = joined[-1] if joined else None
        if last and last.is_like(span) and not nights[span.file].lies_between(last.last_run, span.first_run):
            joined[-1] = replace(last, last_run=span.last_run)
        else:
            joined.append(span)
    return joined


def _without(span: Span, run: str, nights: Nights) -> list[Span]:
    """Take a run out of a span: it ends at the night before, and goes on at the night after."""
    inside, parts = nights.within(span), list[Span]()
    if span.first_run < run:
        left = max((night for night in inside if night < run), default=span.first_run)
        parts.append(replace(span, last_run=left))
    if span.last_run > run:
        right = min((night for night in inside if night > run), default=span.last_run)
        parts.append(replace(span, first_run=right, first_at=nights.at.get(right, span.first_at)))
    return parts


def missed(spans: Sequence[Span], run: str, nights: Nights) -> list[Span]:
    """Return a tenant's spans without a night that did not judge it, and became known after later ones."""
    return [part for span in spans for part in (_without(span, run, nights) if span.holds(run) else [span])]


class Lines:
    """Draws life lines over some runs: a letter a run, “-” where a tenant was not judged."""

    def __init__(self, runs: Sequence[tuple[str, str]]) -> None:
        """Take the runs, oldest first, each with its tenants file."""
        self._length = len(runs)
        self._places: dict[str, tuple[list[str], list[int]]] = {}
        for place, (run, file) in enumerate(runs):
            names, places = self._places.setdefault(file, ([], []))
            names.append(run)
            places.append(place)

    def line(self, spans: Iterable[Span]) -> str:
        """Return the line of a tenant with these spans."""
        marks = ["-"] * self._length
        for span in spans:
            names, places = self._places.get(span.file, ([], []))
            for place in places[bisect_left(names, span.first_run) : bisect_right(names, span.last_run)]:
                marks[place] = LETTERS[span.verdict]
        return "".join(marks)
