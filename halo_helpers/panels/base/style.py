"""The one style sheet of the panels, and small pieces of HTML that wear it.

Every piece has to read well without the sheet, too: stored pages on a code host have none.
"""

from __future__ import annotations

from html import escape
from pathlib import Path

from ...errors import ConfigError, HaloError
from ...guide.walk_states import WORDS, State, StepState
from ...secrets.redaction import redact
from ...system.timestamps import clock_text

CSS = (Path(__file__).parent / "panels.css").read_text(encoding="utf-8")
SHEET = "<style>" + " ".join(CSS.split()) + "</style>"
"""The same in one line, for stored pages."""

SHAPES: dict[State, str] = {
    "todo": "todo",
    "checking": "run",
    "ok": "ok",
    "warn": "warn",
    "broken": "bad",
    "error": "unsure",
    "needs": "needs",
    "confirmed": "word",
    "overridden": "past",
    "outdated": "old",
    "implied": "implied",
}
"""The shape and colour of each state in the sheet."""
OF_VERDICT: dict[str, State] = {
    "pass": "ok",
    "warn": "warn",
    "fail": "broken",
    "error": "error",
    "skip": "needs",
}


def box(content: str) -> str:
    """Wrap content in the sheet's scope."""
    return f'<div class="halo">{content}</div>'


def state_html(state: State, words: str = "") -> str:
    """Name a state by shape, word and colour."""
    shown = words or WORDS[state][0].upper() + WORDS[state][1:]
    return f'<span class="h-state" data-is="{SHAPES[state]}">{escape(shown)}</span>'


def state_words(step: StepState) -> str:
    """Say a step's state in a few words, with what it rests on."""
    match step.state:
        case "confirmed":
            return f"Confirmed by {step.who}"
        case "outdated":
            return f"Outdated: {step.claim}"
        case "needs":
            return f"Needs {step.claim}"
        case "broken" | "error" | "overridden":
            return f"{WORDS[step.state][0].upper()}{WORDS[step.state][1:]}: {step.claim}"
    return WORDS[step.state][0].upper() + WORDS[step.state][1:]


def time_html(at: str | None) -> str:
    """Show a moment as people say it; empty without one."""
    return f"<time datetime='{escape(at)}'>{escape(clock_text(at))}</time>" if at else ""


def button(words: str, do: str, kind: str = "", **data: str) -> str:
    """Make a button that asks the kernel to do something."""
    more = "".join(f" data-{name.replace('_', '-')}='{escape(value)}'" for name, value in data.items())
    return (
        f"<button type='button' class='h-btn {kind}' data-key='{escape(do)}{escape(data.get('name', ''))}' "
        f"data-do='{escape(do)}'{more}>{escape(words)}</button>"
    )


def copy_button(text: str, label: str, words: str = "", kind: str = "small", **data: str) -> str:
    """Make a button that copies a text; `words` are what it says besides *Copy*."""
    more = "".join(f" data-{name}='{escape(value)}'" for name, value in data.items())
    named = "" if words else f" aria-label='Copy {escape(label)}'"
    return (
        f"<button type='button' class='h-btn {kind}' data-key='copy {escape(label)}' "
        f"data-copy='{escape(text)}' data-label='{escape(label)}'{named}{more}>"
        f"{escape(words or 'Copy')}</button>"
    )


def sentence(text: str, state: State = "broken", words: str = "") -> str:
    """Make a card of one sentence of plain text."""
    return box(f'<div class="h-card" role="alert"><p>{state_html(state, words)}: {escape(text)}</p></div>')


def of_error(error: HaloError) -> str:
    """Make a card of an error: what a person can enter otherwise is no fault of the customer's system."""
    text = redact(error.seen)
    return sentence(text, "todo", "Not done") if isinstance(error, ConfigError) else sentence(text)
