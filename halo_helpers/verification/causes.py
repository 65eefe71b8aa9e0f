"""One cause, one card: which findings follow from others, and what belongs on one card.

Source: guide-look, section 4. Where a check itself knows the cause (a scope that its token lacks), it says so
in `folds_into`; the rest is the table below.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ..checks.findings import WORST_FIRST, Finding, Verdict
from .result import CheckResult

_AREAS = ("area-refused", "area-hidden", "area-empty")
CONSEQUENCES: dict[str, tuple[str, ...]] = {
    "scopes-none": (*_AREAS, "webhooks-refused", "agents-not-listable"),
    "login-not-agent": (*_AREAS, "agents-not-listable"),
    "agent-disabled": (*_AREAS, "agents-not-listable"),
    "agent-role-missing": (*_AREAS, "agents-not-listable"),
    "agent-mismatch": ("agent-name-ambiguous",),
    "agent-without-team": ("area-empty", "agent-unlisted"),
}
"""By the code of a cause: the codes that follow from it."""
OUTAGES = ("maintenance", "rate-limited")
"""Codes that explain every other error: nothing else can be told of an instance that is away."""
_OURS = frozenset({"internal-error"})


def fold(results: Sequence[CheckResult]) -> tuple[CheckResult, ...]:
    """Return the results with each consequence pointing to the code of its cause."""
    found = {finding.code for result in results for finding in result.findings}
    return tuple(
        replace(result, findings=tuple(_folded(finding, found) for finding in result.findings))
        if result.findings
        else result
        for result in results
    )


def _folded(finding: Finding, found: set[str]) -> Finding:
    if finding.folds_into in found:
        return finding  # the check knows it better than the table
    cause = next((c for c, codes in CONSEQUENCES.items() if c in found and finding.code in codes), None)
    outage = next((code for code in OUTAGES if code in found), None)
    if cause is None and outage and finding.verdict == "error" and finding.code not in _OURS:
        cause = outage if finding.code != outage else None
    return replace(finding, folds_into=cause) if finding.folds_into != cause else finding


@dataclass(frozen=True)
class Card:
    """One cause: the findings of its code, and those that follow from it."""

    findings: tuple[tuple[CheckResult, Finding], ...]
    consequences: tuple[tuple[CheckResult, Finding], ...] = ()

    @property
    def cause(self) -> Finding:
        """The finding that says cause, remedy, step and who can mend it: the worst of its code."""
        return self.findings[0][1]

    @property
    def code(self) -> str:
        """The code of the cause."""
        return self.cause.code

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of the cause and what follows from it."""
        found = {finding.verdict for _, finding in (*self.findings, *self.consequences)}
        return next(verdict for verdict in WORST_FIRST if verdict in found)

    @property
    def headline(self) -> str:
        """What does not work, in a few words."""
        return _listed([finding.headline for _, finding in self.findings])

    @property
    def seen(self) -> str:
        """What was observed, of each check once."""
        return "; ".join(dict.fromkeys(finding.seen for _, finding in self.findings))

    @property
    def because_of_it(self) -> str:
        """What else does not work for this reason, empty when nothing does."""
        return _listed([finding.headline for _, finding in self.consequences])


def _listed(headlines: Iterable[str]) -> str:
    """Return up to three headlines, and how many more there are."""
    each = list(dict.fromkeys(headlines))
    return "; ".join(each[:3]) + (f"; and {len(each) - 3} more" if len(each) > 3 else "")


def cards_of(results: Sequence[CheckResult]) -> list[Card]:
    """Return what is to be done: a card a cause, the worst first, then in the order of the checks."""
    pairs = [(result, finding) for result in fold(results) for finding in result.findings]
    pairs.sort(key=lambda pair: WORST_FIRST.index(pair[1].verdict))
    causes: dict[tuple[str, str, str | None], list[tuple[CheckResult, Finding]]] = {}
    follow: dict[str, list[tuple[CheckResult, Finding]]] = {}
    for pair in pairs:
        finding = pair[1]
        if finding.folds_into:
            follow.setdefault(finding.folds_into, []).append(pair)
        else:
            causes.setdefault((finding.code, finding.cause, finding.step), []).append(pair)
    cards = [Card(tuple(own), tuple(follow.pop(key[0], ()))) for key, own in causes.items()]
    return sorted(cards, key=lambda card: WORST_FIRST.index(card.verdict))
