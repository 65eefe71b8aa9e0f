"""From a verification to what a walk keeps of it, and back to results that cards can show."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import cast

from ..checks import CHECKS, DIAGNOSES, Verdict
from ..checks.registry import ON_REQUEST, known_check
from ..guide.walk_store import Found, Result, Store
from ..secrets.redaction import redact
from ..system.timestamps import utc_text
from ..verification.result import CheckResult, Verification

USES = {check.id: check.uses for check in CHECKS.values()}
"""By check: the answers that it reads."""


def results_of(result: Verification, answers: dict[str, str]) -> dict[str, Result]:
    """Return the answers of a verification as a walk keeps them, by check."""
    at = utc_text()
    return {row.id: _result(row, at, answers) for row in result.checks}


def _result(row: CheckResult, at: str, answers: dict[str, str]) -> Result:
    entry = known_check(row.id)
    used = {name: answers.get(name, "") for name in (entry.uses if entry else ())}
    found = tuple(
        Found(
            one.code,
            one.verdict,
            one.headline,
            one.step,
            redact(one.seen),
            one.cause,
            one.remedy,
            one.fixer,
            one.folds_into,
        )
        for one in row.findings
    )
    return Result(row.verdict, redact(row.seen), at, used, found, row.requires, row.notes)


def checks_of(store: Store, ids: Collection[str]) -> list[CheckResult]:
    """Return what a walk keeps of checks as their results, in the order of the registry."""
    return [
        _check_result(check_id, store.results[check_id])
        for check_id in (*CHECKS, *ON_REQUEST)
        if check_id in ids and check_id in store.results
    ]


def _check_result(check_id: str, row: Result) -> CheckResult:
    entry = known_check(check_id)
    findings = tuple(
        replace(
            DIAGNOSES[one.code](one.seen),
            verdict=cast(Verdict, one.verdict),
            headline=one.headline,
            cause=one.cause,
            remedy=one.remedy,
            step=one.step,
            folds_into=one.folds_into,
        )
        for one in row.found
        if one.code in DIAGNOSES
    )
    title, step = (entry.title, entry.step) if entry else (check_id, None)
    return CheckResult(check_id, title, cast(Verdict, row.verdict), row.seen, step, row.requires, findings)
