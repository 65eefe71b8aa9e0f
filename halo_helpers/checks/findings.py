"""What a check finds: a stable code with its cause and remedy, and a finding of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from ..errors import HaloError
from ..guide.steps import STEPS

Verdict = Literal["pass", "warn", "fail", "skip", "error"]
WORST_FIRST: tuple[Verdict, ...] = ("fail", "error", "warn", "pass", "skip")
OF_TENANTS = WORST_FIRST[:-1]
"""Verdicts that a tenant can have; worst first, too."""
BROKEN: frozenset[Verdict] = frozenset({"fail", "error"})
"""Verdicts of what does not work, or could not be checked."""


FIXERS = {
    "customer-admin": "the customer's HaloPSA administrator",
    "us": "us",
    "neo": "Neo Agent support",
    "network": "whoever runs the network",
    "halopsa": "HaloPSA support",
}
"""Who can mend something, and how that reads."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check found, in a few words as `headline`. `seen` is what was observed this time.

    `fixer` says who can mend it: `customer-admin`, `us`, `neo`, `network` or `halopsa`. One that follows from
    another names that one's code in `folds_into`, and one that stands in another's place in `refines`.
    """

    code: str
    verdict: Verdict
    headline: str
    seen: str
    cause: str
    remedy: str
    step: str | None
    fixer: str
    retryable: bool = False
    folds_into: str | None = None
    """The code of the finding that this one follows from: it advises nothing of its own then."""
    refines: str | None = None
    """The code that this one stands in the place of, since it is more exact."""

    @property
    def link(self) -> str | None:
        """The deep link of the step, a path on the instance, where one is known."""
        return (STEPS[self.step].link or None) if self.step else None

    def as_json(self) -> dict[str, object]:
        """Return an entry of `findings` in a verification's JSON."""
        return {
            "code": self.code,
            "verdict": self.verdict,
            "headline": self.headline,
            "seen": self.seen,
            "cause": self.cause,
            "remedy": self.remedy,
            "step": self.step,
            "fixer": self.fixer,
            "folds_into": self.folds_into,
            "refines": self.refines,
        }


@dataclass(frozen=True)
class Diagnosis:
    """A stable code with what it means: in a few words, why, what to do, at which step, who can."""

    code: str
    verdict: Verdict
    headline: str
    cause: str
    remedy: str
    step: str | None
    fixer: str
    retryable: bool

    def __call__(self, seen: str, **changes: str | None) -> Finding:
        """Build a finding; headline, cause, remedy, step or verdict may be more exact than the code's own."""
        finding = Finding(
            self.code,
            self.verdict,
            self.headline,
            seen,
            self.cause,
            self.remedy,
            self.step,
            self.fixer,
            self.retryable,
        )
        return replace(finding, **changes) if changes else finding  # type: ignore[arg-type]


class Skipped(Exception):
    """A check finds while running that what it needs is not there; `requires` names the checks."""

    def __init__(self, seen: str, *requires: str) -> None:
        super().__init__(seen)
        self.seen = seen
        self.requires = requires


DIAGNOSES: dict[str, Diagnosis] = {}


def diagnosis(
    code: str,
    verdict: Verdict,
    *,
    headline: str,
    cause: str,
    remedy: str,
    step: str | None,
    fixer: str = "customer-admin",
    retryable: bool = False,
) -> Diagnosis:
    """Declare a diagnosis code."""
    if code in DIAGNOSES or (step is not None and step not in STEPS) or fixer not in FIXERS:
        raise ValueError(f"diagnosis {code}: declared twice, or with an unknown step or fixer")
    DIAGNOSES[code] = Diagnosis(code, verdict, headline, cause, remedy, step, fixer, retryable)
    return DIAGNOSES[code]


def diagnose(error: HaloError) -> Finding:
    """Turn an error into the finding of its code."""
    known = DIAGNOSES.get(error.code) or DIAGNOSES["internal-error"]
    return known(error.seen)
