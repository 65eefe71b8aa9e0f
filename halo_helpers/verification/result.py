"""What a verification found, and its JSON."""

from __future__ import annotations

import datetime as dt
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from typing import Any

from ..checks import CHECKS, DIAGNOSES, Finding, Verdict, known_check
from ..checks.findings import BROKEN, FIXERS, OF_TENANTS, WORST_FIRST
from ..client.models import Agent
from ..errors import ConfigError, VerdictError
from ..guide.steps import STEPS
from ..system.plain_text import did_you_mean, plain_text
from ..system.timestamps import utc_text
from .fingerprint import plain_fingerprint

SCHEMA = "halo-runbook/verification/1"
_LONG = 4000
"""Characters of a sentence in a result file that are read."""
RUN = "run.execution"
"""The id of the row that a run adds when a tenant's notebook itself failed."""
RUN_TITLES = ("The verification ran to its end", "The verification did not run to its end")
"""Its headings: when it holds, and when it does not."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The answer to one check: its verdict, what was seen, and every finding, worst first.

    `step` is the step of the guide where it is set right. `requires` names the checks that had to hold first.
    """

    id: str
    title: str
    verdict: Verdict
    seen: str
    step: str | None
    requires: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    duration_s: float = 0.0
    notes: tuple[str, ...] = ()
    """What was seen besides the findings, a fact each; not part of the JSON."""

    @property
    def headline(self) -> str:
        """What to say above what was seen: what it earned when the check holds, else that it does not."""
        known = known_check(self.id)
        if self.verdict not in BROKEN:
            return known.earned if known and self.verdict == "pass" else self.title
        return RUN_TITLES[1] if self.id == RUN else known.otherwise if known else self.title

    @property
    def code(self) -> str | None:
        """The code of the worst finding."""
        return self.findings[0].code if self.findings else None

    def as_json(self, base_url: str = "") -> dict[str, object]:
        """Return an entry of `checks` in a verification's JSON; with `base_url` its link is whole."""
        worst = self.findings[0] if self.findings else None
        link = STEPS[self.step].link if self.step else ""
        if worst:
            link = worst.link or ""
        return {
            "id": self.id,
            "title": self.title,
            "verdict": self.verdict,
            "code": self.code,
            "seen": self.seen,
            "cause": worst.cause if worst else "",
            "remedy": worst.remedy if worst else "",
            "step": worst.step if worst else self.step,
            "link": f"{base_url}{link}" if link and base_url else None,
            "fixer": worst.fixer if worst else None,
            "retryable": bool(worst and worst.retryable),
            "requires": list(self.requires),
            "duration_s": round(self.duration_s, 3),
            "findings": [finding.as_json() for finding in self.findings],
        }

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> CheckResult:
        """Read what `as_json` returns; texts are made plain, since anybody may have written the file."""
        findings = tuple(
            Finding(
                plain_text(f["code"]),
                _one_of(f["verdict"], WORST_FIRST),
                plain_text(f.get("headline") or row["title"]),
                plain_text(f["seen"], _LONG),
                plain_text(f["cause"], _LONG),
                plain_text(f["remedy"], _LONG),
                f["step"] and _one_of(f["step"], STEPS),
                _one_of(f["fixer"], FIXERS),
                f["code"] in DIAGNOSES and DIAGNOSES[f["code"]].retryable,
                _plain_or_none(f.get("folds_into")),
                _plain_or_none(f.get("refines")),
            )
            for f in row["findings"]
        )
        verdict = _one_of(row["verdict"], WORST_FIRST)
        if verdict in BROKEN and not findings:
            raise ValueError(f"{plain_text(row['id'])} is {verdict} without a finding")
        return cls(
            plain_text(row["id"]),
            plain_text(row["title"]),
            verdict,
            plain_text(row["seen"], _LONG),
            row["step"] and _one_of(row["step"], STEPS),
            tuple(map(plain_text, row["requires"])),
            findings,
            float(row["duration_s"]),
        )


@dataclass(frozen=True)
class Verification:
    """What was found of one tenant. `verdict` is the worst of its checks; skips do not count.

    Verdicts are `pass`, `warn`, `fail` (it does not work), `error` (it could not be checked) and, of a check,
    `skip` (not reached). In texts they read OK, look at, broken, could not check and not reached.
    `result["token.grant"]` is the result of one check, and iterating gives their ids.
    """

    tenant: str
    base_url: str
    checks: tuple[CheckResult, ...]
    started_at: dt.datetime
    duration_s: float = 0.0
    practice: bool = False
    label: str | None = None
    owner: str | None = None
    instance: dict[str, object] = field(default_factory=dict)
    agent: Agent | None = None
    scopes: dict[str, list[str]] = field(default_factory=dict)
    fingerprint: dict[str, Any] = field(default_factory=dict)
    """The set-up in a few fields (`verification/fingerprint.py`)."""
    secret_source: str = ""
    control_asked: bool = False
    attempts: int = 1
    """How often a fleet run tried it."""

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of the checks, in the order fail, error, warn, pass."""
        found = {result.verdict for result in self.checks}
        return next((verdict for verdict in OF_TENANTS if verdict in found), "error")

    @property
    def findings(self) -> list[tuple[CheckResult, Finding]]:
        """Every finding with its check, worst verdict first, then in the order of the checks."""
        pairs = [(result, finding) for result in self.checks for finding in result.findings]
        return sorted(pairs, key=lambda pair: WORST_FIRST.index(pair[1].verdict))

    @property
    def broken(self) -> set[tuple[str, str, str]]:
        """What does not work, as (tenant, check, code)."""
        return {(self.tenant, result.id, f.code) for result, f in self.findings if f.verdict in BROKEN}

    @property
    def codes(self) -> list[str]:
        """The codes of all findings, each once, sorted."""
        return sorted({finding.code for _, finding in self.findings})

    def __getitem__(self, check_id: str) -> CheckResult:
        """Return the result of one check.

        Raises: KeyError for a check that did not run, with those that are alike.
        """
        found = next((result for result in self.checks if result.id == check_id), None)
        if found is None:
            ids = list(self)
            raise KeyError(f"no check {check_id!r} is in it{did_you_mean(str(check_id), ids) or f': {ids}'}")
        return found

    def __contains__(self, check_id: object) -> bool:
        return any(result.id == check_id for result in self.checks)

    def __iter__(self) -> Iterator[str]:
        """Yield the ids of the checks, as a mapping does its keys."""
        return (result.id for result in self.checks)

    def as_json(self) -> dict[str, Any]:
        """Return it for `json.dumps`: `schema` is `halo-runbook/verification/1`, the rest named as here.

        `agent` holds id and name, `started_at` is UTC in ISO 8601, each of `checks` has its `findings`.
        Nothing in it is a secret.
        """
        return {
            "schema": SCHEMA,
            "tenant": self.tenant,
            "label": self.label,
            "owner": self.owner,
            "practice": self.practice,
            "base_url": self.base_url,
            "verdict": self.verdict,
            "codes": self.codes,
            "started_at": utc_text(self.started_at),
            "duration_s": round(self.duration_s, 3),
            "instance": self.instance,
            "agent": {"id": self.agent.id, "name": self.agent.name} if self.agent else None,
            "scopes": self.scopes,
            "fingerprint": self.fingerprint,
            "secret_source": self.secret_source,
            "control_asked": self.control_asked,
            "attempts": self.attempts,
            "checks": [result.as_json(self.base_url) for result in self.checks],
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Verification:
        """Read what `as_json` returns; what that leaves out, such as the rest of the agent, stays empty.

        Raises: ValueError when it is something else.
        """
        if not isinstance(value, dict) or value.get("schema") != SCHEMA:
            raise ValueError(f"no {SCHEMA}")
        try:
            agent = value["agent"]
            return cls(
                tenant=plain_text(value["tenant"]),
                base_url=plain_text(value["base_url"], _LONG),
                practice=value["practice"],
                checks=tuple(map(CheckResult.from_json, value["checks"])),
                started_at=dt.datetime.fromisoformat(value["started_at"]),
                duration_s=float(value["duration_s"]),
                label=_plain_or_none(value.get("label")),
                owner=_plain_or_none(value.get("owner")),
                instance=value["instance"],
                agent=Agent(int(agent["id"]), plain_text(agent["name"])) if agent else None,
                scopes=value["scopes"],
                fingerprint=plain_fingerprint(value.get("fingerprint")),
                secret_source=value.get("secret_source", ""),
                control_asked=value.get("control_asked", False),
                attempts=int(value.get("attempts", 1)),
            )
        except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
            raise ValueError(f"a damaged {SCHEMA}: {error}") from None

    def raise_on(self, verdict: str) -> None:
        """Raise when it came out at this verdict or worse: `warn`, `error`, `fail`; never for an empty text.

        Raises: VerdictError with the codes; ConfigError for another word.
        """
        refuse_unknown_verdict(verdict)
        if verdict and self.verdict in TO_FAIL_ON[: TO_FAIL_ON.index(verdict) + 1]:
            raise VerdictError("verdict", f"{self.tenant}: {self.summary()}")

    def summary(self) -> str:
        """One line: counts by verdict, and the codes."""
        counts = [
            f"{sum(r.verdict == verdict for r in self.checks)} {word}"
            for verdict, word in WORDS.items()
            if any(r.verdict == verdict for r in self.checks)
        ]
        return f"{WORDS[self.verdict]}: {', '.join(counts)}" + (
            f"; {', '.join(self.codes)}" if self.codes else ""
        )

    def __repr__(self) -> str:
        return f"<Verification {self.tenant}: {self.summary()}>"

    def __str__(self) -> str:
        """Write the summary, and a line for each cause: where, what was seen, what to do."""
        causes = [(check, one) for check, one in self.findings if one.folds_into is None]
        lines = [f"  {check.id}  {one.code}: {one.seen.rstrip('.')}. {one.remedy}" for check, one in causes]
        return "\n".join([f"{self.tenant}: {self.summary()}", *lines])

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ARG002 - as IPython calls it
        printer.text(str(self))


WORDS: dict[Verdict, str] = {
    "pass": "OK",
    "warn": "look at",
    "fail": "broken",
    "error": "could not check",
    "skip": "not reached",
}
"""How verdicts read on screens and in reports (design, section 2)."""


TO_FAIL_ON = ("fail", "error", "warn")
"""Verdicts from which on a person may want an error; worst first."""


def refuse_unknown_verdict(verdict: object) -> None:
    """Let a verdict of `TO_FAIL_ON` pass, and an empty text.

    Raises: ConfigError.
    """
    if verdict not in {"", *TO_FAIL_ON}:
        raise ConfigError(f"to fail on are {', '.join(TO_FAIL_ON)}, not {plain_text(str(verdict))!r}")


def _one_of(text: Any, known: Container[str]) -> Any:
    """Return a word of ours that a file holds.

    Raises: ValueError for another one.
    """
    if text not in known:
        raise ValueError(f"it says {plain_text(str(text))!r}")
    return text


def _plain_or_none(text: str | None) -> str | None:
    return None if text is None else plain_text(text)


def failed_run(
    tenant: str,
    code: str,
    seen: str,
    *,
    base_url: str = "",
    label: str | None = None,
    owner: str | None = None,
    started_at: dt.datetime | None = None,
    duration_s: float = 0.0,
    practice: bool = False,
) -> Verification:
    """Return the Verification of a tenant whose notebook did not come to its end.

    It has one error; the rest is not reached.
    """
    finding = DIAGNOSES[code](seen)
    first = CheckResult(
        RUN,
        RUN_TITLES[0],
        "error",
        seen,
        None,
        findings=(finding,),
        duration_s=duration_s,
    )
    rest = tuple(
        CheckResult(entry.id, entry.title, "skip", "not reached", entry.step, (RUN,))
        for entry in CHECKS.values()
    )
    return Verification(
        tenant=tenant,
        base_url=base_url,
        checks=(first, *rest),
        practice=practice,
        label=label,
        owner=owner,
        started_at=started_at or dt.datetime.now(dt.UTC),
        duration_s=duration_s,
    )
