"""The file of a survey, `halo-runbook/survey/1`: held against closed lists before it is written or used."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from ..errors import ConfigError, Mistake, unreadable, unwritable
from ..practice.settings import OPTIONS, takes
from ..system.files import read_regular, write_whole
from .questions import FIELDS, HOSTINGS, NOT_ASKED, QUESTIONS, WHY

SURVEY_SCHEMA = "halo-runbook/survey/1"
_MOST_BYTES = 256 * 1024
_MONTH, _VERSION = re.compile(r"20\d\d-(0[1-9]|1[0-2])"), re.compile(r"\d{1,4}\.\d{1,6}|unknown")
_ID = re.compile(r"[a-z][a-z0-9-]{0,39}")
_LANES = ("application", "admin")
_KEYS = frozenset({"schema", "asked", "app_version", "hosting", "lanes", "questions"})
Document = dict[str, Any]


def mistakes_of(value: object) -> list[str]:
    """Say what in a document is not from the closed lists; nothing when all is."""
    if not isinstance(value, dict) or value.get("schema") != SURVEY_SCHEMA:
        return [f"is no {SURVEY_SCHEMA}"]
    found = [f"holds “{key}”, which no survey has" for key in value.keys() - _KEYS if isinstance(key, str)]
    for name, form in (("asked", _MONTH), ("app_version", _VERSION)):
        if not isinstance(value.get(name), str) or not form.fullmatch(value[name]):
            found.append(f"“{name}” has another form than it should")
    if value.get("hosting") not in HOSTINGS:
        found.append("“hosting” is none of the list")
    lanes = value.get("lanes")
    if not isinstance(lanes, list) or not set(map(str, lanes)) <= set(_LANES):
        found.append("“lanes” are none of the list")
    rows = value.get("questions")
    if not isinstance(rows, list):
        return [*found, "“questions” is no list"]
    for number, row in enumerate(rows, 1):
        found += [f"question {number}: {what}" for what in _mistakes_of_row(row)]
    return found


def _mistakes_of_row(row: object) -> list[str]:
    question = QUESTIONS.get(str(row.get("id"))) if isinstance(row, dict) else None
    if not isinstance(row, dict) or question is None:
        return ["is none of this version"]
    found = []
    if row.keys() - {"id", "asked", "answer", "why", "evidence"}:
        found.append("holds a field that no question has")
    if row.get("asked") != question.asked:
        found.append("is asked in other words")
    if not _is_answer(question.id, row.get("answer")):
        found.append("has an answer that is none of its own")
    if ("why" in row) != (row.get("answer") == NOT_ASKED) or row.get("why", WHY[0]) not in WHY:
        found.append("says in other words why it was not asked")
    return found + _mistakes_of_evidence(row.get("evidence", {}))


def _is_answer(name: str, answer: object) -> bool:
    """Whether an answer is of the closed list, or a number where the setting takes one."""
    return isinstance(answer, str) and (
        answer in QUESTIONS[name].answers or (name in OPTIONS and takes(name, answer))
    )


def _mistakes_of_evidence(evidence: object) -> list[str]:
    if not isinstance(evidence, dict):
        return ["has an evidence that is none"]
    found = [] if not evidence.keys() - {"status", "fields", "more_fields"} else ["has another evidence"]
    status, fields = evidence.get("status", []), evidence.get("fields", [])
    if not isinstance(status, list) or not all(isinstance(one, int) and 100 <= one < 600 for one in status):
        found.append("has a status that is none")
    if not isinstance(fields, list) or not set(map(str, fields)) <= FIELDS:
        found.append("names a field that is none of the list")
    if not isinstance(evidence.get("more_fields", 0), int):
        found.append("counts fields with something else than a number")
    return found


def write_survey(file: Path, document: Document) -> None:
    """Write a survey.

    Raises: ConfigError when something in it is not from the closed lists, or it cannot be written.
    """
    problems = mistakes_of(document)
    if problems:
        raise ConfigError(f"the survey is not written, please report it: {problems[0]}")
    try:
        write_whole(file, json.dumps(document, indent=1) + "\n")
    except OSError as error:
        raise unwritable(error, file) from None


def read_survey(file: Path) -> Document:
    """Read a survey, of another version, too: of questions that this one does not have the id alone is kept.

    Raises: ConfigError with everything in it that is not from the closed lists.
    """
    try:
        value = json.loads(read_regular(file, _MOST_BYTES))
    except (OSError, ValueError, RecursionError) as error:
        raise unreadable(error, file) from None
    value, unknown = _of_this_version(value)
    problems = mistakes_of(value)
    if problems:
        raise ConfigError([Mistake(problem, str(file)) for problem in problems[:20]])
    return dict(value) | {"questions": [*value["questions"], *({"id": name} for name in unknown)]}


def _of_this_version(value: Any) -> tuple[Any, list[str]]:
    """Return a document with this version's questions in this version's words, and the ids of the others."""
    rows = value.get("questions") if isinstance(value, dict) else None
    if not isinstance(rows, list):
        return value, []
    known, unknown = [], []
    for row in rows:
        name = row.get("id") if isinstance(row, dict) else None
        if isinstance(name, str) and name in QUESTIONS:
            known.append(row | {"asked": QUESTIONS[name].asked})
        elif isinstance(name, str) and _ID.fullmatch(name):
            unknown.append(name)
        else:
            known.append(row)
    return value | {"questions": known}, unknown


def settings_of(document: Document) -> tuple[dict[str, str], list[str]]:
    """Return the practice tenant's settings that a survey answers, and the ids that change none."""
    rows = document["questions"]
    answered = {
        row["id"]: row["answer"] for row in rows if row["id"] in OPTIONS and takes(row["id"], row["answer"])
    }
    unknown = {row["id"] for row in rows} - QUESTIONS.keys()
    return answered, sorted((OPTIONS.keys() - answered.keys()) | unknown)
