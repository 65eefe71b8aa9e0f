"""The hand-over: the four values, in the order of Neo Agent's form, each to be copied."""

from __future__ import annotations

from html import escape
from typing import NamedTuple

from ..guide.rules import LINES, Answer
from ..guide.walk_store import note
from ..system.timestamps import clock_text, utc_text
from .base.style import box, button, copy_button
from .base.view import CardView, Message, Panel
from .copy_secret import copy_secret
from .state import WalkState

UNKNOWN = "not known yet"
SECRET: Answer = "client_secret"


class Line(NamedTuple):
    """One line: its answer, how Neo Agent calls it, what is shown, and where that comes from."""

    name: Answer
    label: str
    value: str
    source: str


class HandoverPanel(Panel):
    """The four lines. Messages: `copied`, `ask-copy`, `copy`, `code`, `keep`."""

    view: CardView

    def __init__(self, walk: WalkState) -> None:
        self.walk = walk
        self._question = ""
        """What stands below the lines while the copy of the secret is asked about."""
        lines = lines_of(walk)
        plain = "\n".join(f"{line.label}: {line.value or UNKNOWN}" for line in lines)
        super().__init__(box(_card(walk, "", live=False)), plain)
        self.view = CardView(self._receive)
        self.refresh()

    def refresh(self) -> None:
        """Show the lines as they are now."""
        self.view.html = _card(self.walk, self._question, live=self.walk.is_live)

    def _receive(self, message: Message) -> None:
        """Note that a line was copied: with its value, so that another one is not taken for copied."""
        self.walk.begin()
        self._question, self.view.results = "", ""
        match message.get("do"):
            case "copied":
                line = str(message.get("line"))
                value = self.walk.answers_now().get(line, "")
                if line in LINES and value:
                    note(self.walk.name, **{f"copied {line}": f"{utc_text()} {value}"})
            case "ask-copy":
                self._question = _COPY_QUESTION
            case "copy":
                self._copy("")
            case "code":
                self._copy(str(message.get("code") or ""))
        self.walk.refresh()

    def _copy(self, code: str) -> None:
        asked = copy_secret(self.walk, self.view, code)
        self._question = _code_question(asked) if asked else ""


def lines_of(walk: WalkState) -> list[Line]:
    """Return the four lines, without the secret."""
    answers = walk.answers_now()
    return [
        Line("client_id", "Client ID", answers["client_id"], "of the application"),
        Line(SECRET, "Client Secret", "••••••••" if answers[SECRET] else "", walk.about_secret()),
        Line("base_url", "HaloPSA Base URL", answers["base_url"], "without a slash at the end"),
        Line("agent_id", "Agent ID", answers["agent_id"], "of the column ID in the list of agents"),
    ]


def _card(walk: WalkState, question: str, *, live: bool) -> str:
    rows, notes, answers = [], walk.store().notes, walk.answers_now()
    for line in lines_of(walk):
        at, _, copied = notes.get(f"copied {line.name}", "").partition(" ")
        when = f"Copied {clock_text(at)}" if at and copied == answers.get(line.name) else ""
        act = _button(line, again=bool(when)) if live and line.value else ""
        done = f"<small>{when}</small> " if when else ""
        rows.append(
            f"<dt>{line.label}</dt><dd class='copy'><span><b>{escape(line.value or UNKNOWN)}</b>"
            f"<small>{escape(line.source)}</small></span><span class='h-acts'>{done}{act}</span></dd>"
        )
    return (
        "<div class='h-card' role='group' aria-label='The four values for Neo Agent'><div class='h-top'>"
        f"<h3>Enter these in Neo Agent</h3><small>{_where(walk)}</small></div>"
        f"<dl class='h-facts lined'>{''.join(rows)}</dl>{question}</div>"
    )


def _button(line: Line, *, again: bool) -> str:
    if line.name != SECRET:
        return copy_button(line.value, line.label, do="copied", line=line.name)
    pasted = "" if again else button("I have pasted it", "copied", "small quiet", line=SECRET)
    return pasted + button("Copy once …", "ask-copy", "small")


def _where(walk: WalkState) -> str:
    if not walk.is_practice:
        return "Neo Agent dashboard → Integrations → HaloPSA"
    link = f"<a class='h-out' href='{escape(walk.instance)}/neo-agent' target='_blank' rel='noopener'>"
    page = f"{link}Open the practice Neo Agent</a>: " if walk.instance else ""
    return f"{page}these open nothing at the real one"


_COPY_QUESTION = (
    "<div class='h-well' data-form role='group' aria-label='Copy the Client Secret?'><p><b>Put the "
    "Client Secret "
    "on the clipboard?</b> The time is written down. Paste it into Neo Agent at once: other programs on "
    "this machine can read the clipboard.</p><div class='h-row'>"
    f"{button('Cancel', 'keep', safe='')}{button('Copy it once', 'copy', 'main')}</div></div>"
)


def _code_question(asked: str) -> str:
    return (
        "<div class='h-well' data-form role='group' aria-label='A code is needed'>"
        f"<p role='status'>{escape(asked)}</p><label for='halo-code'>Code from the terminal</label>"
        "<input class='h-input' id='halo-code' name='code' data-key='code' inputmode='numeric' maxlength='6' "
        f"autocomplete='off'><div class='h-row'>{button('Copy with this code', 'code', 'main')}"
        f"{button('Cancel', 'keep', safe='')}</div></div>"
    )
