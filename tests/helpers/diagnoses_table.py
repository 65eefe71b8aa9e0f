"""DIAGNOSES.md, made from the registry and from what was seen."""

from __future__ import annotations

import re

from halo_helpers.checks import DIAGNOSES
from halo_helpers.checks.findings import FIXERS
from halo_helpers.guide.steps import STEPS
from halo_helpers.practice.scenarios import SCENARIOS
from halo_helpers.report.text import step_words


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def table(examples: dict[str, str]) -> str:
    """Write the table: by layer, what each code means, with an example as it was really seen."""
    rows: dict[int, list[str]] = {}
    for scenario in SCENARIOS.values():
        if scenario.row is not None:
            for code in scenario.expect:
                rows.setdefault(scenario.row, []).append(code)
    lines = [
        "# Diagnoses",
        "",
        (
            "Made from the registry of checks and from what its tests really saw "
            "(`tests/test_diagnoses.py`). *Verdict* is the"
        ),
        (
            "usual one; a check may be milder or stricter where it says so. Codes are stable: none is "
            "renamed or used again."
        ),
        "",
        "| code | verdict | for example, seen | why | what to do | where | who can |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in DIAGNOSES.values():
        example = _settled(examples.get(one.code, "this tool failed inside"))
        where = step_words(one.step) if one.step in STEPS else "the run folder"
        cells = (f"`{one.code}`", one.verdict, example, one.cause, one.remedy, where, FIXERS[one.fixer])
        lines.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _settled(text: str) -> str:
    """Leave out what differs from run to run."""
    text = re.sub(r"127\.0\.0\.1:\d+", "acme.halopsa.com", text)
    return re.sub(r"\d+\.\d+ s|\d{2,} s (?=behind|ahead)", "some seconds ", text)
