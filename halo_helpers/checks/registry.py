"""What checks and diagnoses are, and the registry that holds them (floor 3).

A new check is one function in one file of this package, decorated with `check`; the diagnosis codes that
it gives stand beside it, declared with `diagnosis`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from ..errors import HaloError
from ..guide.steps import STEPS

if TYPE_CHECKING:
    from .probe import Probe

Verdict = Literal["pass", "warn", "fail", "skip", "error"]
WORST_FIRST: tuple[Verdict, ...] = ("fail", "error", "warn", "pass", "skip")
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
    """One thing that a check found. `seen` is what was observed this time."""

    code: str
    verdict: Verdict
    seen: str
    cause: str
    remedy: str
    step: str | None
    fixer: str
    retryable: bool = False

    @property
    def link(self) -> str | None:
        """The deep link of the step, a path on the instance, where one is known."""
        return (STEPS[self.step].link or None) if self.step else None

    def as_json(self) -> dict[str, object]:
        """Shape of an entry of `findings`."""
        return {"code": self.code, "verdict": self.verdict, "seen": self.seen, "cause": self.cause,
                "remedy": self.remedy, "step": self.step, "fixer": self.fixer}  # fmt: skip


@dataclass(frozen=True)
class Diagnosis:
    """A stable code with what it means: the likeliest cause first, what to do, at which step, who can."""

    code: str
    verdict: Verdict
    cause: str
    remedy: str
    step: str | None
    fixer: str
    retryable: bool

    def __call__(self, seen: str, **changes: str) -> Finding:
        """Make a finding; cause, remedy, step or verdict may be more exact than the code's own."""
        finding = Finding(
            self.code, self.verdict, seen, self.cause, self.remedy, self.step, self.fixer, self.retryable
        )
        return replace(finding, **changes) if changes else finding  # type: ignore[arg-type]


class Skipped(Exception):
    """A check finds while running that what it needs is not there; `requires` names the checks."""

    def __init__(self, seen: str, *requires: str) -> None:
        super().__init__(seen)
        self.seen = seen
        self.requires = requires


DIAGNOSES: dict[str, Diagnosis] = {}


def diagnosis(code: str, verdict: Verdict, *, cause: str, remedy: str, step: str | None,
              fixer: str = "customer-admin", retryable: bool = False) -> Diagnosis:  # fmt: skip
    """Declare a diagnosis code."""
    if code in DIAGNOSES or (step is not None and step not in STEPS) or fixer not in FIXERS:
        raise ValueError(f"diagnosis {code}: declared twice, or with an unknown step or fixer")
    DIAGNOSES[code] = Diagnosis(code, verdict, cause, remedy, step, fixer, retryable)
    return DIAGNOSES[code]


def diagnose(error: HaloError) -> Finding:
    """Turn an error into the finding of its code."""
    known = DIAGNOSES.get(error.code) or DIAGNOSES["internal-error"]
    return known(error.seen)


Function = Callable[["Probe"], AsyncIterator["Finding | str"]]


@dataclass(frozen=True)
class Check:
    """One question. `ask` yields findings, and texts that say what was seen when all is well.

    `needs` are checks that must not have failed, `after` checks that are only waited for.
    """

    id: str
    title: str
    needs: tuple[str, ...]
    codes: tuple[str, ...]
    step: str | None
    ask: Function
    after: tuple[str, ...] | Literal["*"] = ()

    @property
    def layer(self) -> str:
        """The part of the id before the dot."""
        return self.id.partition(".")[0]


CHECKS: dict[str, Check] = {}


def check(check_id: str, *, title: str, needs: tuple[str, ...] = (), codes: tuple[Diagnosis, ...] = (),
          step: str | None = None, after: tuple[str, ...] | Literal["*"] = ()) -> Callable[[Function], Function]:  # fmt: skip
    """Register a check; the ones it needs are registered before it."""

    def register(ask: Function) -> Function:
        unknown = [need for need in needs if need not in CHECKS]
        if check_id in CHECKS or unknown:
            raise ValueError(f"check {check_id}: registered twice, or needs unknown {unknown}")
        CHECKS[check_id] = Check(check_id, title, needs, tuple(code.code for code in codes), step, ask, after)
        return ask

    return register


def select(only: tuple[str, ...] | list[str] | None) -> list[str]:
    """Give the ids of the checks to run for ids and layers, with all that they need, in order.

    Raises: ValueError with the known ids when one is unknown.
    """
    if not only:
        return list(CHECKS)
    wanted: set[str] = set()
    for word in only:
        matches = [entry.id for entry in CHECKS.values() if word in {entry.id, entry.layer}]
        if not matches:
            layers = sorted({entry.layer for entry in CHECKS.values()})
            raise ValueError(
                f"no check or layer is called {word!r}; layers are {', '.join(layers)}; checks are {', '.join(CHECKS)}"
            )
        wanted.update(matches)
    todo = list(wanted)
    while todo:
        for need in CHECKS[todo.pop()].needs:
            if need not in wanted:
                wanted.add(need)
                todo.append(need)
    return [check_id for check_id in CHECKS if check_id in wanted]
