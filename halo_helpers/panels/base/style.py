"""The one style sheet of the panels, and small pieces of HTML that wear it.

Every piece has to read well without the sheet, too: stored pages on a code host have none.
"""

from __future__ import annotations

from html import escape
from pathlib import Path

from ...guide.progress import WORDS, State, StepRecord

CSS = (Path(__file__).parent / "panels.css").read_text(encoding="utf-8")
SHEET = f"<style>\n{CSS}</style>"


def box(content: str) -> str:
    """Wrap content in the sheet's scope."""
    return f'<div class="halo">{content}</div>'


def chip(record: StepRecord, note: str = "") -> str:
    """Name a step's state in a word and a colour, with when and by whom."""
    words = WORDS[record.state]
    if record.by_hand and record.is_done:
        words = "done by hand"
    when = (
        f" <small>{escape(record.at[:16].replace('T', ' '))} UTC, {escape(record.by)}</small>"
        if record.at and record.state != "running"
        else ""
    )
    more = f" <small>{escape(note)}</small>" if note else ""
    return box(
        f'<span class="halo-chip halo-{record.state}" role="status">{escape(words)}</span>{when}{more}'
    )


def state_word(state: State) -> str:
    """Name a state in its colour."""
    return f'<b class="halo-{state}">{escape(WORDS[state])}</b>'


def sentence(text: str, kind: State = "failed") -> str:
    """Make a card of one sentence of plain text."""
    return box(
        f'<div class="halo-card" role="alert"><b class="halo-{kind}">{escape(WORDS[kind])}</b>: '
        f"{escape(text)}</div>"
    )
