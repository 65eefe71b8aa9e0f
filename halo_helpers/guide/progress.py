"""How far a walk through the guide is: one record a step, the same from any notebook, never a secret.

It lies in the walk's folder as `.progress.json`. A step whose result rests on an answer that was changed
since is
stale. Writers lock, so that two open notebooks do not lose each other's records.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from ..errors import unreadable, unwritable
from ..system.account import account_name
from ..system.files import locked, write_whole
from ..system.paths import make_data_folder
from ..system.timestamps import utc_text
from ..tenants.answers import read_answers, walks_folder
from .steps import STEPS

State = Literal["todo", "running", "ok", "warn", "failed", "error", "stale"]
WORDS: dict[State, str] = {
    "todo": "to do",
    "running": "running",
    "ok": "OK",
    "warn": "look at",
    "failed": "broken",
    "error": "could not check",
    "stale": "stale: an answer changed since",
}
OF_VERDICT: dict[str, State] = {
    "pass": "ok",
    "warn": "warn",
    "fail": "failed",
    "error": "error",
    "skip": "error",
}
_FILE = ".progress.json"
_FROM_STEP = {
    "base_url": "prerequisites",
    "agent_id": "note-agent-id",
    "client_id": "save-application",
    "secret_set_at": "save-application",
}
"""From which step on a result rests on an answer."""


@dataclass(frozen=True)
class StepRecord:
    """What is known of one step: its state, when and by whom, and what the result rested on."""

    state: State = "todo"
    at: str = ""
    by: str = ""
    summary: str = ""
    codes: tuple[str, ...] = ()
    by_hand: bool = False
    """Ticked as done, not checked."""
    went_on_past: tuple[str, ...] = ()
    """Blockers that a person decided to go on past."""
    answers: dict[str, str] = field(default_factory=dict)

    @property
    def is_done(self) -> bool:
        """Whether the next step may build on it."""
        return self.state in {"ok", "warn"}


def read_progress(name: str, answers: dict[str, str] | None = None) -> dict[str, StepRecord]:
    """Return the record of each step; with the answers of now, steps that rest on other ones are stale.

    Raises: ConfigError when the file is damaged.
    """
    file = walks_folder() / name / _FILE
    try:
        rows = json.loads(file.read_text(encoding="utf-8"))
        found = {
            step_id: StepRecord(**row | {k: tuple(row[k]) for k in ("codes", "went_on_past")})
            for step_id, row in rows.items()
            if step_id in STEPS
        }
    except FileNotFoundError:
        found = {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise unreadable(error, file) from None
    now = read_answers(name) if answers is None else answers
    return {step_id: _aged(step_id, found.get(step_id, StepRecord()), now) for step_id in STEPS}


def _aged(step_id: str, record: StepRecord, now: dict[str, str]) -> StepRecord:
    if record.state == "todo":
        return record
    changed = any(record.answers.get(name, "") != now.get(name, "") for name in rests_on(step_id))
    return replace(record, state="stale") if changed else record


def rests_on(step_id: str) -> list[str]:
    """Return the answers that a step's result rests on."""
    order = list(STEPS)
    return [name for name, first in _FROM_STEP.items() if order.index(first) <= order.index(step_id)]


def note_step(name: str, step_id: str, answers: dict[str, str], **changes: Any) -> StepRecord:
    """Write down what became of a step; who and when are added.

    Raises: ConfigError when the folder cannot be written.
    """
    folder = walks_folder() / name
    try:
        make_data_folder(folder)
        with locked(folder / f"{_FILE}.lock"):
            known = read_progress(name, answers)
            kept = {n: answers.get(n, "") for n in rests_on(step_id)}
            given: dict[str, Any] = {
                "at": utc_text(),
                "by": account_name(),
                "answers": kept,
                "went_on_past": known[step_id].went_on_past,
            } | changes
            record = replace(StepRecord(), **given)
            stored = _stored(folder / _FILE) | {step_id: asdict(record)}
            write_whole(folder / _FILE, json.dumps(stored, indent=1, ensure_ascii=False) + "\n", mode=0o600)
    except OSError as error:
        raise unwritable(error, folder) from None
    return record


def _stored(file: Path) -> dict[str, Any]:
    """Return the records as they lie on disk: stale is a view of them, not a state that is stored."""
    if not file.exists():
        return {}
    value: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return value
