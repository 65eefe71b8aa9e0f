"""The card of one step: its state and claim, where to click, what to set, what to see, and one button.

It is lifted while it is the walk's next step; done and not yet are single lines.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping
from html import escape

from ...errors import ConfigError, HaloError, StoppedError
from ...guide.rules import NAMES, RULES, WEBHOOK_APPEARED, asked_by, ids_of
from ...guide.step import AGENT_NAME, APPLICATION_NAME, Step
from ...guide.steps import STEPS
from ...guide.walk_states import StepState, holds, next_of
from ...guide.walk_store import Result, give_word, override, take_back
from ...system.account import account_name
from ...system.plain_text import count_of, plain_text
from ...tenants.answers import read_answers
from ...tenants.base_url import parse_address
from ...verification.result import CheckResult, Verification
from ..answers import refuse_secret
from ..base.style import box, button, of_error, state_html, state_words, time_html
from ..base.view import Background, CardView, Message, Panel
from ..kept_results import USES, checks_of
from ..state import WalkState
from .finding import findings_html
from .new_webhook import look_for_new, note_webhooks
from .step_body import step_html, step_text


class StepPanel(Panel):
    """One step. Messages: `check`, `cancel`, `word`, `take-back`, `enter`, `ask-why`, `go-on`, `keep`."""

    view: CardView

    def __init__(self, walk: WalkState, step: Step) -> None:
        body = step_html(step, walk.edition, walk.instance, practice=walk.is_practice)
        self.walk, self.step = walk, step
        self._asks = asked_by(step.id, USES)
        self.work = Background()
        self._ended = 0
        self._looks_for_webhook = WEBHOOK_APPEARED in RULES[step.id].checks
        self._noted = False
        self._why = False
        self._found = ""
        state = walk.states()[step.id]
        nobody = "" if walk.is_live else _nobody(walk)
        words = state_html(state.state, state_words(state))
        super().__init__(
            box(f"<div class='h-card'><p>{words} {nobody or escape(state.claim)}</p>{body}</div>"),
            step_text(step, walk.edition),
        )
        self.view = CardView(self._receive)
        self._show(state)

    def refresh(self) -> None:
        """Show the step as it is now."""
        if self._looks_for_webhook and self.walk.is_live and not self.walk.missing() and not self._noted:
            self._noted = True
            self.work.start(lambda _: self._quietly(lambda: note_webhooks(self.walk)))
        self._show(self.walk.states()[self.step.id])

    def _show(self, state: StepState) -> None:
        body = step_html(
            self.walk.named(self.step), self.walk.edition, self.walk.instance, practice=self.walk.is_practice
        )
        is_next = self.walk.is_live and next_of(self.walk.known_states()) == self.step.id
        elsewhere = self._told_elsewhere(state) if state.state in _WRONG else ""
        found = self._found or elsewhere or (self._cards() if state.state in _WRONG else "")
        is_open = (
            is_next or state.state == "checking" or (state.state in {"broken", "error"} and not elsewhere)
        )
        self.view.html = _card(
            self.step, state, body, self._foot(state), is_next=is_next, is_open=is_open, found=found
        )

    def _foot(self, state: StepState) -> str:
        """Return the one button that moves this step on, and when it is checked."""
        if self.work.running:
            return f"{button('Cancel', 'cancel')}<small>{escape(self.view.spoken)}</small>"
        if self._why and state.state == "broken":
            return _reason_form()
        return self._entries() + self._buttons(state)

    def _entries(self) -> str:
        """Return what is entered or said in this step besides its button."""
        parts: list[str] = []
        if self.step.id in _ENTRIES:
            given = self.walk.shown_answers().get(_ENTRIES[self.step.id], "")
            parts.append(_entry(self.step.id, given, first=not given and RULES[self.step.id].word))
        if self.step.id in _NAMED:
            parts.append(
                _name_entry(self.step.id, read_answers(self.walk.name).get(_NAMED[self.step.id], ""))
            )
        return "".join(parts) + (self._words() if RULES[self.step.id].words else "")

    def _buttons(self, state: StepState) -> str:
        takes_word = RULES[self.step.id].word and state.state == "todo" and self.step.id not in _ENTRIES
        parts: list[str] = []
        if state.state in {"confirmed", "overridden"}:
            parts.append(button("Take it back", "take-back", "quiet"))
        elif takes_word:
            parts.append(button("I have done this", "word", "main"))
        if self._can_check():
            again = state.state in {"ok", "warn", "broken", "error", "outdated"}
            parts.append(button("Check again" if again else "Check", "check", "" if takes_word else "main"))
        elif self._asks:
            parts.append(_WHEN_CHECKED)
        if state.state == "broken":
            parts.append(button("Go on all the same …", "ask-why", "quiet"))
        return "".join(parts)

    def _can_check(self) -> bool:
        """Whether the answers that its checks read are there."""
        if not self.walk.missing():
            return bool(self._asks) or self._looks_for_webhook
        return bool(self._asks) and not self.walk.missing(self._asks)

    def _words(self) -> str:
        """Return the words that are needed beside the checks, a line each."""
        store, answers, lines = self.walk.store(), self.walk.answers_now(), []
        for name, what, checks in RULES[self.step.id].words:
            given = store.words.get(f"{self.step.id} {name}")
            if any(holds(check, store, answers) for check in checks):
                act = state_html("ok")
            elif given:
                act = state_html("confirmed", f"Confirmed by {given.who}")
            else:
                act = button("I confirm this", "word", "small", name=name)
            lines.append(f"<li><span>{escape(what[0].upper() + what[1:])}</span>{act}</li>")
        return f"<ul class='h-list h-said'>{''.join(lines)}</ul>"

    def _receive(self, message: Message) -> None:
        self.walk.begin()
        self._why = False
        match message.get("do"):
            case "check":
                self.check()
                return
            case "cancel":
                self.work.stop.set()
                return
            case "word":
                self._word(str(message.get("name", "")))
            case "take-back":
                take_back(self.walk.name, self.step.id)
            case "enter":
                self._enter(message)
            case "name" if self.step.id in _NAMED:
                self._name(str(message.get("name", "")).strip())
            case "ask-why":
                self._why = True
            case "go-on":
                self._go_on(str(message.get("reason", "")).strip())
        self.walk.refresh()

    def _word(self, part: str) -> None:
        rule = RULES[self.step.id]
        if part in {name for name, _, _ in rule.words}:
            give_word(self.walk.name, f"{self.step.id} {part}")
        elif rule.word and self.step.id not in _ENTRIES:  # there, what is entered is the word
            give_word(self.walk.name, self.step.id)

    def _enter(self, message: Message) -> None:
        """Take over an answer that is entered in this step.

        Raises: ConfigError for a value that cannot be right.
        """
        name = _ENTRIES[self.step.id]
        value = str(message.get(name, "")).strip()
        refuse_secret(value)
        if not value:
            raise ConfigError(f"{NAMES[name]} is empty")
        if name == "base_url":
            value = parse_address(value).url
        self.walk.change_answers(**{name: value})
        if RULES[self.step.id].word:
            give_word(self.walk.name, self.step.id, value)
        self.walk.ask_by_itself()

    def _name(self, chosen: str) -> None:
        """Take over what the agent or the application is called; an empty name is the guide's own again."""
        refuse_secret(chosen)
        self.walk.change_answers(**{_NAMED[self.step.id]: plain_text(chosen)})

    def _go_on(self, reason: str) -> None:
        state = self.walk.states()[self.step.id]
        refuse_secret(reason)
        if not reason:
            self._why = True
            raise ConfigError("a reason is needed: it stands in the record, with your name")
        if state.state == "broken":
            override(self.walk.name, self.step.id, reason, state.codes)

    def check(self) -> None:
        """Ask the system, in the background; a second click meanwhile does nothing."""
        if self.work.running:
            return
        if self._looks_for_webhook:
            self.work.start(lambda _: self.view.guarded(self._look_for_webhook))
            return
        self._ended, self._found = 0, ""
        self.view.results, self.view.spoken = "", "Checking …"
        self.work.start(lambda stop: self.view.guarded(lambda: self._check(stop)))
        self.walk.refresh()

    def _look_for_webhook(self) -> None:
        try:
            self.view.spoken = look_for_new(self.walk)
            found = self.walk.states()[self.step.id].state == "ok"
            self._found = "" if found else f"<p>{escape(self.view.spoken)}.</p>"
        except HaloError as error:
            self._found = of_error(error)
        finally:
            self.work.done()
            self.walk.refresh()

    def _quietly(self, work: Callable[[], None]) -> None:
        """Do something that a click on Check does again, and says then why it fails."""
        try:
            with contextlib.suppress(HaloError):
                work()
        finally:
            self.work.done()
            self.refresh()

    def _check(self, stop: threading.Event) -> None:
        before = self.walk.store().results
        try:
            with self.walk.asking(self._asks):
                result = self.walk.ask(self._asks, on_result=self._on_result, stop=stop)
        except StoppedError:
            self.view.spoken = "cancelled; nothing is recorded"
        except HaloError as error:
            self._found = of_error(error)
        else:
            self.view.spoken = state_words(self.walk.states()[self.step.id])
            if not self.walk.missing() and _is_other(before, result):
                self.walk.ask_all()  # what was mended here is the cause of more than this step's checks
        finally:
            self.work.done()
            self.walk.refresh()

    def _on_result(self, result: CheckResult) -> None:
        """Say how many checks have ended, and the last of them."""
        self._ended += 1
        self.view.spoken = f"{count_of(self._ended, 'check')} done, the last: {result.headline}"
        self.refresh()

    def _told_elsewhere(self, state: StepState) -> str:
        """Point to the card of this notebook that says the same, since one cause is one card; else empty."""
        if self.step.notebook == _WITH_VERDICT:
            where, title = "verdict", "at the top"
        else:
            same = [
                one.id
                for one in self.walk.states().values()
                if STEPS[one.id].notebook == self.step.notebook
                and (one.state, one.claim) == (state.state, state.claim)
            ]
            where = state.leads_to if state.leads_to in same else same[0]
            title = f"of “{STEPS[where].title}”"
        if where == self.step.id:
            return ""
        link = f"href='#{where}' data-open='{self.step.notebook}.ipynb#{where}'"
        return f"<p>The card <a {link}>{escape(title)}</a> says why, and what to do.</p>"

    def _cards(self) -> str:
        """Return what is wrong as cards, one a cause, whoever asked."""
        checks = checks_of(self.walk.store(), ids_of(RULES[self.step.id].checks, USES))
        return findings_html(self.walk, checks, above=self.walk.states()[self.step.id].claim)


_WRONG = frozenset({"broken", "error", "warn", "overridden"})
_WITH_VERDICT = STEPS["test-connection"].notebook
"""The notebook whose verdict card says all that is wrong."""
_ENTRIES = {"prerequisites": "base_url", "note-agent-id": "agent_id"}
"""Steps whose card takes an answer."""
_NAMED = {"create-agent": "agent_name", "application-fields": "application_name"}
"""Steps that give a name, which later texts use."""
_HINTS = {"base_url": "https://yourdomain.halopsa.com", "agent_id": "a number, or the username"}
_WHEN_CHECKED = (
    "<small>Checked as soon as the credentials are there, at the end of "
    "<a href='20-application.ipynb' data-open='20-application.ipynb#save-application'>20-application</a>."
    "</small>"
)


def _is_other(before: Mapping[str, Result], result: Verification) -> bool:
    """Whether a check that was asked before has another verdict now."""
    return any(row.id in before and before[row.id].verdict != row.verdict for row in result.checks)


def _nobody(walk: WalkState) -> str:
    return (
        "<small>nobody has done this step: these cells were only executed</small>" if walk.is_practice else ""
    )


def _entry(step_id: str, value: str, *, first: bool) -> str:
    """Return the field of a step's answer; `first` where entering it is what the step waits for."""
    name = _ENTRIES[step_id]
    words = NAMES[name].removeprefix("the ")
    words = words[0].upper() + words[1:]
    return (
        f"<div data-form class='h-entry'><label for='halo-{name}'>{words}</label>"
        f"<input class='h-input' id='halo-{name}' name='{name}' data-key='{name}' autocomplete='off' "
        f"spellcheck='false' value='{escape(value)}' placeholder='{_HINTS[name]}'>"
        f"{button('Enter', 'enter', 'main' if first else '')}</div>"
    )


def _name_entry(step_id: str, chosen: str) -> str:
    answer = _NAMED[step_id]
    usual = AGENT_NAME if answer == "agent_name" else APPLICATION_NAME
    return (
        f"<div data-form class='h-entry'><label for='halo-{answer}'>Another name</label><input "
        "class='h-input' "
        f"id='halo-{answer}' name='name' data-key='{answer}' autocomplete='off' spellcheck='false' "
        f"value='{escape(chosen)}' placeholder='{usual}, unless you choose another'>"
        f"{button('Use this name', 'name')}</div>"
    )


def _reason_form() -> str:
    return (
        "<div class='h-well' data-form role='group' aria-label='Go on although this is broken?'>"
        "<p><b>Go on although this is broken?</b> The step stays red; your name and the reason stand in the "
        "record.</p><label for='halo-reason'>Why</label>"
        "<textarea class='h-input' id='halo-reason' name='reason' data-key='reason' rows='2'></textarea>"
        f"<div class='h-row'>{button(f'Go on as {account_name()}', 'go-on', 'main')}"
        f"{button('Back', 'keep', safe='')}</div></div>"
    )


def _card(
    step: Step, state: StepState, body: str, foot: str, *, is_next: bool, is_open: bool, found: str
) -> str:
    """Return the card where it is open, else one line that unfolds."""
    claim = state.claim if state.state in {"ok", "warn", "implied", "confirmed", "todo"} else ""
    place = [one.id for one in STEPS.values() if one.notebook == step.notebook]
    count = f"step {place.index(step.id) + 1} of {len(place)}"
    row = f"<div class='h-row h-foot'>{foot}</div>" if foot else ""
    top = (
        f"<span tabindex='-1' data-key='top'>{state_html(state.state, state_words(state))}</span>"
        f"<span class='h-soft'>{escape(claim)}</span>"
    )
    if is_open:
        return (
            f"<div class='h-card {'now' if is_next else ''}' data-step='{step.id}' role='group' "
            f"aria-label='{escape(step.title)}'><div class='h-top'>{top}<small>{count}</small></div>"
            f"{found}{body}{row}</div>"
        )
    return (
        f"<div data-step='{step.id}'><details class='h-line' data-key='line'><summary>{top}"
        f"{time_html(state.at)}</summary><div>{body}{row}{found}</div></details></div>"
    )
