"""The rights, area by area: what is not OK first, the rest folded."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Protocol

from ...checks.access import AREAS
from ...system.plain_text import count_of
from ...verification.result import WORDS, Verification
from ..base.style import OF_VERDICT, box, state_html, state_words
from ..base.view import CardView, Panel
from ..state import WalkState

VERDICTS: dict[str, str] = {str(verdict): word for verdict, word in WORDS.items()}


class RightsPanel(Panel):
    """The rights as the walk's last check saw them; nobody clicks in it."""

    view: CardView

    def __init__(self, walk: WalkState, asked: Panel) -> None:
        super().__init__(asked.html, asked.plain)
        self.walk = walk
        self.view = CardView(lambda _: None)
        self.refresh()

    def refresh(self) -> None:
        """Show the rights as they are known now."""
        found = self.walk.store().results
        known = {
            key: row for key, row in found.items() if key.startswith("access.") or key == "webhooks.manage"
        }
        state = self.walk.states()["check-rights"]
        if len(known) <= len(AREAS) or state.state in {"todo", "needs"}:
            words = f"{state_words(state)}: the areas are shown once they were asked."
            self.view.html = f"<div class='h-card'><p class='h-soft'>{escape(words)}</p></div>"
        else:
            self.view.html = _html(_rows(known))


def rights_panel(result: Verification) -> Panel:
    """Show for each area what Neo Agent does there, and whether reading it worked: writing is not asked."""
    rows = _rows({check.id: check for check in result.checks})
    plain = "\n".join(
        f"{title}: {VERDICTS[found.verdict]}, {found.seen} (Neo Agent {does})" for title, does, found in rows
    )
    return Panel(box(_html(rows)), plain)


class Answer(Protocol):
    """What a check answered."""

    @property
    def verdict(self) -> str:
        """Its verdict."""

    @property
    def seen(self) -> str:
        """What it saw."""


Row = tuple[str, str, Answer]


def _rows(found: Mapping[str, Answer]) -> list[Row]:
    """Return each area with what Neo Agent does there and what its check answered."""
    rows: list[Row] = [
        (area.title, "reads and writes" if area.writes else "reads", found[f"access.{area.name}"])
        for area in AREAS
    ]
    return [*rows, ("Webhooks", "registers its own", found["webhooks.manage"])]


def _html(rows: list[Row]) -> str:
    odd = [row for row in rows if row[2].verdict != "pass"]
    fine = [row for row in rows if row[2].verdict == "pass"]
    head = f"{count_of(len(fine), 'area')} of {len(rows)} can be read"
    shown = "".join(_line(*row) for row in odd)
    folded = (
        f"<details class='h-fold' data-key='fine'{'' if odd else ' open'}><summary>{head}</summary>"
        f"<ul class='h-list'>{''.join(_line(*row) for row in fine)}</ul></details>"
    )
    body = f"<ul class='h-list'>{shown}</ul>" if shown else ""
    return f"<div class='h-card'>{body}{folded}</div>"


def _line(title: str, does: str, found: Answer) -> str:
    word = state_html(OF_VERDICT[found.verdict], VERDICTS[found.verdict])
    seen = f"Neo Agent {does}; {found.seen}"
    return f"<li><span>{escape(title)}<br><small>{escape(seen)}</small></span>{word}</li>"
