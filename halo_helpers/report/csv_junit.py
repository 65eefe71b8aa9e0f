"""Verifications as CSV and JUnit. Text from a tenant is data: escaped wherever it is shown."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from ..checks import DIAGNOSES
from ..checks.findings import BROKEN
from ..system.timestamps import utc_text
from ..verification.causes import cards_of
from ..verification.result import RUN, WORDS, Verification
from .manifest import Undone

_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

CSV_COLUMNS = (
    "tenant",
    "label",
    "owner",
    "practice",
    "verdict",
    "codes",
    "seen",
    "what_to_do",
    "agent_id",
    "agent_name",
    "base_url",
    "started_at",
    "duration_s",
)


def to_csv(results: Sequence[Verification], undone: Sequence[Undone] = ()) -> str:
    """Return one row a tenant, those not verified last.

    Cells that a spreadsheet would take for a formula get a quote in front.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(CSV_COLUMNS)
    for result in results:
        first = next(iter(cards_of(result.checks)), None)
        row = (
            result.tenant,
            result.label,
            result.owner,
            "yes" if result.practice else "no",
            result.verdict,
            " ".join(result.codes),
            first.seen if first else "",
            first.cause.remedy if first else "",
            result.agent.id if result.agent else "",
            result.agent.name if result.agent else "",
            result.base_url,
            utc_text(result.started_at),
            round(result.duration_s, 3),
        )
        writer.writerow([_cell(cell) for cell in row])
    for left in undone:
        known = {"tenant": left.tenant, "verdict": "undone", "codes": left.code, "seen": left.seen}
        known |= {"what_to_do": DIAGNOSES[left.code].remedy} if left.code in DIAGNOSES else {}
        writer.writerow([_cell(known.get(name)) for name in CSV_COLUMNS])
    return out.getvalue()


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def to_junit(results: Sequence[Verification], undone: Sequence[Undone] = ()) -> str:
    """Return one suite a tenant and one case a check, as CI servers read them.

    A tenant that was not verified has one case, an error.
    """
    root = ET.Element("testsuites", name="halo-runbook")
    for result in results:
        counts = Counter(check.verdict for check in result.checks)
        suite = ET.SubElement(
            root,
            "testsuite",
            name=_xml(result.tenant),
            tests=str(len(result.checks)),
            failures=str(counts["fail"]),
            errors=str(counts["error"]),
            skipped=str(counts["skip"]),
            time=f"{result.duration_s:.3f}",
            timestamp=utc_text(result.started_at),
        )
        for check in result.checks:
            case = ET.SubElement(
                suite,
                "testcase",
                classname=_xml(result.tenant),
                name=check.id,
                time=f"{check.duration_s:.3f}",
            )
            if check.verdict in BROKEN:
                worst = check.findings[0]
                tag = "failure" if check.verdict == "fail" else "error"
                why = f"{worst.cause}\n{worst.remedy}"
                if worst.folds_into:
                    why = f"It follows from {worst.folds_into}."
                ET.SubElement(case, tag, type=worst.code, message=_xml(worst.seen)).text = _xml(why)
            elif check.verdict == "skip":
                ET.SubElement(case, "skipped", message=_xml(check.seen))
            elif check.verdict == "warn":
                ET.SubElement(case, "system-out").text = _xml(f"{WORDS[check.verdict]}: {check.seen}")
    for left in undone:
        suite = ET.SubElement(root, "testsuite", name=_xml(left.tenant), tests="1", errors="1")
        case = ET.SubElement(suite, "testcase", classname=_xml(left.tenant), name=RUN)
        ET.SubElement(case, "error", type=_xml(left.code), message=_xml(left.seen))
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _xml(text: str) -> str:
    """Drop what XML cannot hold."""
    return _NO_XML.sub("", text)
