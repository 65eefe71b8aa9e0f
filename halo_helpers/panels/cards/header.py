"""The header of every notebook: whose walk it is, the one verdict, the one next step, how far it is."""

from __future__ import annotations

import os
import threading
from functools import partial
from html import escape
from urllib.parse import urlsplit

from ...guide.lab.jupyter import STEP
from ...guide.lab.run_by_itself import saved_header
from ...guide.lab.working_copy import older_copies, take_over
from ...guide.rules import RULES
from ...guide.steps import NOTEBOOKS, STEPS
from ...guide.walk_states import State, StepState, is_finished, listed, next_of
from ...system.plain_text import count_of
from ..base.style import SHAPES, SHEET, box, button, state_html, time_html
from ..base.view import CardView, Message, Panel
from ..state import WalkState

TITLES = dict(
    zip(NOTEBOOKS, ("Start", "Agent", "Application", "Credentials", "Connection", "Hand-over"), strict=True)
)
"""What the notebooks are called in a few letters."""
FOLLOWS_S = 0.5
"""How often a notebook looks whether another one has changed the walk."""


class HeaderPanel(Panel):
    """The header. Messages: `hello`, by which a page says that it shows this walk, and `take-over`."""

    view: CardView

    def __init__(self, walk: WalkState) -> None:
        self.walk = walk
        super().__init__(SHEET + box(saved_header(_header(walk, TITLES))), _plain(walk))
        self.view = CardView(self._receive, sticky=True, target=os.environ.get(STEP, ""))
        self._watch: threading.Thread | None = None
        self._known: tuple[object, ...] = ()
        self._taken, self._is_older = "", False
        self.refresh()

    def refresh(self) -> None:
        """Show the walk as it is now."""
        self.view.html = _header(self.walk, TITLES) + self._newer()

    def _newer(self) -> str:
        """Say that a newer guide is there than the one that this customer's notebooks were made of."""
        if self._taken:
            return f"<p role='status'>{self._taken}</p>"
        if not self._is_older:
            return ""
        words = "These notebooks are of an older guide. Answers stay, and so does what you changed."
        return (
            f"<div class='h-row'><small>{words}</small>{button('Take over the new one', 'take-over')}</div>"
        )

    def _take_over(self) -> None:
        kept = take_over(self.walk.name, self.walk.file)
        beside = f" What you had changed is kept as {escape(listed(kept))}." if kept else ""
        self._taken = f"The new guide is taken over: close this notebook and open it again.{beside}"

    def _receive(self, message: Message) -> None:
        if message.get("do") == "take-over":
            self._take_over()
            self.refresh()
        if message.get("do") != "hello":
            return
        if not self.walk.begin():
            self.walk.load()  # a page that was opened again: a learner's tenant may be another one
        self._is_older = bool(older_copies(self.walk.name))
        self.walk.refresh()
        self.walk.ask_by_itself()
        if self._watch is None:
            self._known = self.walk.version()
            self._watch = threading.Thread(target=self._follow, name="halo-follow", daemon=True)
            self._watch.start()

    def _follow(self) -> None:
        """Show within a second what another notebook of this customer has changed."""
        ended = threading.Event()
        while not ended.wait(FOLLOWS_S):
            if self.view.comm is None:
                return
            now = self.walk.version()
            if now != self._known:
                self.view.guarded(partial(self._catch_up, now))
                self.view.guarded(self.walk.ask_by_itself)

    def _catch_up(self, now: tuple[object, ...]) -> None:
        self.walk.refresh()
        self._known = now  # only now: what could not be shown is tried again


def verdict_of(states: dict[str, StepState], running: frozenset[str]) -> tuple[State, str, str | None]:
    """Return the one verdict of a walk: its state, its sentence, and when that was so."""
    if running:
        return "checking", f"Checking, {count_of(len(running), 'check')}", None
    asked = [one for one in states.values() if RULES[one.id].checks and RULES[one.id].counted]
    for state, word in (("broken", "Broken"), ("error", "Could not check")):
        found = next((one for one in asked if one.state == state), None)
        if found is not None:
            return found.state, f"{word}: {found.claim}", found.at
    past = next((one for one in asked if one.state == "overridden"), None)
    if past is not None:
        return "overridden", f"Broken, overridden by {past.who}", past.at
    old = next((one for one in asked if one.state == "outdated" and one.outdated_by != "notes"), None)
    if old is not None:
        return "outdated", f"Outdated: {old.claim}", old.at
    proofs = [states[one] for one in ("test-connection", "confirm-agent", "check-rights")]
    if all(one.state in {"ok", "warn"} for one in proofs):
        at = max(one.at or "" for one in proofs)
        looks = len({code for one in asked if one.state == "warn" for code in one.codes})
        words = f"Connection works, {count_of(looks, 'thing')} to look at" if looks else "Connection works"
        return ("warn" if looks else "ok"), words, at
    return "todo", "Not tested yet", None


def _header(walk: WalkState, titles: dict[str, str]) -> str:
    states = walk.known_states()
    state, sentence, at = verdict_of(states, walk.running)
    host = urlsplit(walk.instance).netloc or "base URL not entered yet"
    mark = "<span class='h-mark'>practice: nobody’s data</span> " if walk.is_practice else ""
    when = f" · {time_html(at)}" if at and state != "checking" else ""
    when += " · finished" if is_finished(states) and next_of(states) is None else ""
    segments = "".join(_segment(name, title, states) for name, title in titles.items())
    return (
        f"<div class='h-head {'practice' if walk.is_practice else ''}'>"
        f"<p class='h-who'>{mark}<b>{escape(walk.label)}</b> <span>{escape(host)}</span></p>"
        f"<p role='status'>{state_html(state, sentence)}<span class='h-soft'>{when}</span></p>"
        f"{_next(states)}<nav aria-label='The walk, by notebook' class='h-nav'><ol class='h-steps'>{segments}"
        "</ol></nav></div>"
    )


def _segment(name: str, title: str, states: dict[str, StepState]) -> str:
    counted = [one for one in states.values() if STEPS[one.id].notebook == name and RULES[one.id].counted]
    done = sum(one.is_done for one in counted)
    worst: State = next(
        (one.state for one in counted if one.state in {"broken", "error", "outdated"}),
        "ok" if done == len(counted) else "todo",
    )
    words = f"{title}, done" if done == len(counted) else f"{title}, {done} of {len(counted)}"
    return (
        f"<li><a href='{name}.ipynb' data-open='{name}.ipynb' data-is='{SHAPES[worst]}' "
        f"style='--p: {100 * done // max(1, len(counted))}%'>{words}</a></li>"
    )


def _next(states: dict[str, StepState]) -> str:
    step_id = next_of(states)
    if step_id is None:
        return ""
    step = STEPS[step_id]
    title = f"mend “{step.title}”" if any(one.state == "broken" for one in states.values()) else step.title
    return (
        f"<a class='h-btn main' data-key='next' href='{step.notebook}.ipynb' data-open='{step.where}'>"
        f"<span>Next<span class='h-more'>: {escape(title)}</span></span></a>"
    )


def _plain(walk: WalkState) -> str:
    kind = "Practice tenant" if walk.is_practice else "Customer"
    host = walk.instance or "base URL not entered yet"
    return f"{kind}: {walk.label} at {host}, edition {walk.edition}"
