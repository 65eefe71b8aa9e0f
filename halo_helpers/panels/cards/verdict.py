"""The verdict card: everything that is known of the connection, one card a cause, the worst first."""

from __future__ import annotations

from html import escape

from ...checks import CHECKS
from ...guide.walk_states import listed
from ...system.plain_text import count_of
from ...verification.result import WORDS, CheckResult
from ..base.style import OF_VERDICT, button, state_html, time_html
from ..base.view import CardView, Message, Panel
from ..kept_results import checks_of
from ..state import WalkState
from .finding import findings_html
from .header import verdict_of


class VerdictPanel(Panel):
    """The verdict of the walk's results, whoever asked them. Message: `check`."""

    view: CardView

    def __init__(self, walk: WalkState, asked: Panel) -> None:
        super().__init__(asked.html, asked.plain)
        self.walk = walk
        self.view = CardView(self._receive)
        self.refresh()

    def refresh(self) -> None:
        """Show what is known now."""
        self.view.html = _card(self.walk)

    def _receive(self, message: Message) -> None:
        if message.get("do") == "check":
            self.walk.begin()
            self.walk.ask_all()


def _card(walk: WalkState) -> str:
    state, sentence, at = verdict_of(walk.states(), walk.running)
    checks = checks_of(walk.store(), list(CHECKS))
    cards = findings_html(walk, checks, above=sentence)
    missing = walk.missing()
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        foot = f"<small>Asked as soon as {escape(listed(missing))} {verb} known.</small>"
    else:
        foot = button("Check again" if checks else "Check", "check", "main")
    head = f"<h2>{state_html(state, sentence)}</h2><small>{time_html(at)}</small>"
    return (
        f"<div class='h-card' data-step='verdict'><div class='h-top'>{head}</div>{cards}{_rows(checks)}"
        f"<div class='h-row h-foot'>{foot}</div></div>"
    )


def _rows(checks: list[CheckResult]) -> str:
    """Return all checks as a folded list, by their headings."""
    if not checks:
        return ""
    fine = sum(check.verdict == "pass" for check in checks)
    skipped = sum(check.verdict == "skip" for check in checks)
    words = f"{count_of(fine, 'check')} OK" + (f", {skipped} not reached" if skipped else "")
    rows = "".join(map(_row, checks))
    return (
        f"<details class='h-fold' data-key='checks'><summary>{words}</summary>"
        f"<ul class='h-list'>{rows}</ul></details>"
    )


def _row(check: CheckResult) -> str:
    word = state_html(OF_VERDICT[check.verdict], WORDS[check.verdict])
    seen = f"<code class='h-id'>{check.id}</code> {escape(check.seen)}"
    return f"<li><span>{escape(check.headline)}<br><small>{seen}</small></span>{word}</li>"
