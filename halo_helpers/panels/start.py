"""The start of a walk: the map of the steps, a new customer, a colleague's record."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any

from ..errors import ConfigError, Mistake
from ..guide.progress import WORDS, note_step
from ..guide.steps import NOTEBOOKS, STEPS
from ..guide.working_copy import open_walk
from ..tenants.answers import ANSWERS, known_walks, read_answers, write_answers
from ..tenants.base_url import parse_address
from ..tenants.tenant import NAME, PRACTICE, RESERVED, WINDOWS_DEVICES
from .base.form import FormPanel
from .base.style import state_word
from .base.view import Panel
from .state import RECORD_SCHEMA, WalkState


def start_panel(walk: WalkState) -> Panel:
    """Show the map, and the form that opens a customer."""
    steps = "".join(
        (
            f"<li><a href='{name}.ipynb'>{name}</a>: "
            f"{', '.join(escape(s.title) for s in STEPS.values() if s.notebook == name)}</li>"
        )
        for name in NOTEBOOKS[1:]
    )
    plain = "the notebooks in order, and a form to open a customer"
    panel = FormPanel(
        f"<p><b>The notebooks, in order</b></p><ol>{steps}</ol>",
        plain,
        [
            {"name": "name", "label": "Short name", "hint": "acme"},
            {"name": "url", "label": "Base URL", "hint": "https://acme.halopsa.com"},
            {
                "name": "record",
                "label": "A colleague's record",
                "hint": "a file record.json, to go on where it ends",
            },
        ],
        {
            "open": ("Open this customer", lambda m: _open(walk, m)),
            "map": ("Refresh the map", lambda _: map_html(walk)),
        },
    )
    panel.view.results = f'<div class="halo">{map_html(walk)}</div>'
    return panel


def map_html(walk: WalkState) -> str:
    """Show every step with its state."""
    progress = walk.progress()
    rows = []
    for name in NOTEBOOKS:
        steps = "".join(
            f"<br>{escape(s.title)}: {state_word(progress[s.id].state)}"
            for s in STEPS.values()
            if s.notebook == name
        )
        done = sum(progress[s.id].is_done for s in STEPS.values() if s.notebook == name)
        count = sum(s.notebook == name for s in STEPS.values())
        rows.append(
            f"<tr><td><a href='{name}.ipynb'>{name}</a></td><td>{done} of {count} done<details>"
            f"<summary>steps</summary>{steps[4:]}</details></td></tr>"
        )
    known = (
        ", ".join(
            f"<a href='../{escape(n)}/00-start.ipynb'>{escape(n)}</a>" for n in known_walks() if n != PRACTICE
        )
        or "none yet"
    )
    return (
        f"<p><b>How far {escape(walk.name)} is</b></p><table>{''.join(rows)}</table><p>Customers so far: "
        f"{known}</p>"
    )


def _open(walk: WalkState, message: dict[str, Any]) -> str:
    """Open a customer's walk, with a base URL or a colleague's record.

    Raises: ConfigError for a name or a record that cannot be used.
    """
    name = str(message.get("name", "")).strip().lower()
    if not NAME.fullmatch(name) or name in RESERVED | WINDOWS_DEVICES:
        raise ConfigError("the short name takes a-z, 0-9 and -, and is none of the reserved words")
    url, record = str(message.get("url", "")).strip(), str(message.get("record", "")).strip()
    if record:
        load_record(name, Path(record).expanduser())
    elif url:
        write_answers(name, base_url=parse_address(url).url)
    elif not read_answers(name):
        raise ConfigError("a new customer needs a base URL")
    open_walk(name, walk.file)
    return (
        f"<p>Go on in <a href='../{escape(name)}/00-start.ipynb' "
        f"target='_blank'>{escape(name)}/00-start.ipynb</a>: it is this customer's own copy.</p>"
    )


def load_record(name: str, file: Path) -> None:
    """Take over answers and steps of a colleague's record.

    The secret is not in it and has to be entered again.

    Raises: ConfigError when it cannot be read, or is no record of a customer.
    """
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
        if value["schema"] != RECORD_SCHEMA:
            raise ValueError(f"schema is {value['schema']!r}")  # noqa: TRY301 - one message for all
        answers = {
            key: str(text)
            for key, text in value["answers"].items()
            if key in ANSWERS and key != "client_secret"
        }
        steps = {step["id"]: _step(step) for step in value["steps"] if step["id"] in STEPS}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(Mistake(f"is no record of a walk: {error}", str(file))) from None
    if value.get("practice"):
        raise ConfigError("this is the record of a practice tenant; a customer's walk does not go on from it")
    write_answers(name, **answers)
    for step_id, step in steps.items():
        note_step(name, step_id, answers, **step)


def _step(given: dict[str, Any]) -> dict[str, Any]:
    """Return what a record says of a step; a stale one has to be done again.

    Raises: KeyError, ValueError when it says too little, or something else.
    """
    state = "todo" if given["state"] == "stale" else given["state"]
    if state not in WORDS:
        raise ValueError(f"no step is {state!r}")
    words = {name: str(given[name]) for name in ("at", "by", "summary")}
    lists = {name: tuple(map(str, given[name])) for name in ("codes", "went_on_past")}
    return {"state": state, "by_hand": bool(given["by_hand"]), **words, **lists}
