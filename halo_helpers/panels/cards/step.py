"""The card of one step: its state and claim, where to click, what to set, what to see, and one button.

It is lifted while it is the walk's next step; done and not yet are single lines.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from html import escape

from ...errors import ConfigError, HaloError
from ...guide.rules import NAMES, ROTATION, RULES, WEBHOOK_APPEARED, asked_by, ids_of
from ...guide.step import Field, Step
from ...guide.steps import STEPS
from ...guide.walk_states import StepState, holds, next_of
from ...guide.walk_store import give_word, note, override, take_back
from ...report.evidence import card_html
from ...secrets.redaction import redact
from ...system.account import account_name
from ...system.plain_text import count_of
from ...system.timestamps import clock_text, utc_text
from ...tenants.base_url import parse_address
from ...verification.causes import cards_of
from ...verification.result import CheckResult
from ...verification.run_checks import Stopped
from ..base.style import box, button, copy_button, sentence, state_html, state_words, time_html
from ..base.view import Background, CardView, Message, Panel
from ..kept_results import USES, checks_of
from ..new_webhook import look_for_new, note_webhooks
from ..state import WalkState, refuse_secret


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
        if (
            self._looks_for_webhook
            and self.walk.is_live
            and not self.walk.missing_answers()
            and not self._noted
        ):
            self._noted = True
            self.work.start(lambda _: self._quietly(lambda: note_webhooks(self.walk)))
        self._show(self.walk.states()[self.step.id])

    def _show(self, state: StepState) -> None:
        body = step_html(self.step, self.walk.edition, self.walk.instance, practice=self.walk.is_practice)
        is_next = self.walk.is_live and next_of(self.walk.states()) == self.step.id
        wrong = state.state in {"broken", "error", "warn", "overridden"}
        found = self._found or (self._cards() if wrong else "")
        self.view.html = _card(self.step, state, body, self._foot(state), is_next=is_next, found=found)

    def _foot(self, state: StepState) -> str:
        """Return the one button that moves this step on, and when it is checked."""
        if self.work.running:
            return f"{button('Cancel', 'cancel')}<small>{escape(self.view.spoken)}</small>"
        if self._why and state.state == "broken":
            return _reason_form()
        if self.step.id == ROTATION and not self.walk.store().notes.get(ROTATION):
            return f"{button('Begin', 'begin', 'main')}<small>Nothing changes in HaloPSA by this.</small>"
        return self._entries() + self._buttons(state)

    def _entries(self) -> str:
        """Return what is entered or said in this step besides its button."""
        parts: list[str] = []
        if self.step.id in _ENTRIES:
            parts.append(_entry(self.step.id, self.walk.shown_answers().get(_ENTRIES[self.step.id], "")))
        if self.step.id == ROTATION:
            at, _, before = self.walk.store().notes[ROTATION].partition(" ")
            same = before == self.walk.answers_now()["client_secret"]
            words = f"begun at {clock_text(at)}" + ("; still the secret of before" if same else "")
            parts.append(f"<small>{escape(words)}</small>")
        return "".join(parts) + (self._words() if RULES[self.step.id].words else "")

    def _buttons(self, state: StepState) -> str:
        takes_word = RULES[self.step.id].word and state.state == "todo"
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
        if self.step.id == ROTATION:
            parts.append(button("Give up" if not state.is_done else "Close", "give-up", "quiet"))
        if state.state == "broken":
            parts.append(button("Go on all the same …", "ask-why", "quiet"))
        return "".join(parts)

    def _can_check(self) -> bool:
        """Whether the answers that its checks read are there."""
        if not self.walk.missing_answers():
            return bool(self._asks) or self._looks_for_webhook
        return bool(self._asks) and not self.walk.missing(self.step)

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
            case "begin" | "give-up" as do if self.step.id == ROTATION:
                take_back(self.walk.name, f"{ROTATION} neo")
                entered = self.walk.answers_now()["client_secret"]
                note(self.walk.name, **{ROTATION: f"{utc_text()} {entered}" if do == "begin" else ""})
            case "take-back":
                take_back(self.walk.name, self.step.id)
            case "enter":
                self._enter(message)
            case "ask-why":
                self._why = True
            case "go-on":
                self._go_on(str(message.get("reason", "")).strip())
        self.walk.refresh()

    def _word(self, part: str) -> None:
        rule = RULES[self.step.id]
        if part in {name for name, _, _ in rule.words}:
            give_word(self.walk.name, f"{self.step.id} {part}")
        elif rule.word:
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
            self._found = sentence(redact(error.seen))
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
        answers = self.walk.answers_now()
        try:
            with self.walk.asking(self._asks):
                result = self.walk.verify(self._asks, on_result=self._on_result, stop=stop)
        except Stopped:
            self.view.spoken = "cancelled; nothing is recorded"
        except HaloError as error:
            self._found = sentence(redact(error.seen))
        else:
            self.walk.note_result(result, answers)
            self.view.spoken = state_words(self.walk.states()[self.step.id])
        finally:
            self.work.done()
            self.walk.refresh()

    def _on_result(self, result: CheckResult) -> None:
        """Say how many checks have ended, and the last of them."""
        self._ended += 1
        self.view.spoken = f"{count_of(self._ended, 'check')} done, the last: {result.headline}"
        self.refresh()

    def _cards(self) -> str:
        """Return what is wrong as cards, one a cause, whoever asked."""
        checks = checks_of(self.walk.store(), ids_of(RULES[self.step.id].checks, USES))
        return "".join(card_html(one, self.walk.instance, self.walk.edition) for one in cards_of(checks))


_ENTRIES = {"prerequisites": "base_url", "note-agent-id": "agent_id"}
"""Steps whose card takes an answer."""
_HINTS = {"base_url": "https://yourdomain.halopsa.com", "agent_id": "a number, or the username"}
_WHEN_CHECKED = (
    "<small>Checked as soon as the credentials are there, at the end of "
    "<a href='20-application.ipynb' data-open='20-application.ipynb#save-application'>20-application</a>."
    "</small>"
)


def _nobody(walk: WalkState) -> str:
    return (
        "<small>nobody has done this step: these cells were only executed</small>" if walk.is_practice else ""
    )


def _entry(step_id: str, value: str) -> str:
    name = _ENTRIES[step_id]
    words = NAMES[name].removeprefix("the ")
    words = words[0].upper() + words[1:]
    return (
        f"<div data-form class='h-entry'><label for='halo-{name}'>{words}</label>"
        f"<input class='h-input' id='halo-{name}' name='{name}' data-key='{name}' autocomplete='off' "
        f"spellcheck='false' value='{escape(value)}' placeholder='{_HINTS[name]}'>"
        f"{button('Enter', 'enter')}</div>"
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


def _card(step: Step, state: StepState, body: str, foot: str, *, is_next: bool, found: str) -> str:
    """Return the card: open while it is the next step or broken, else one line that unfolds."""
    claim = state.claim if state.state in {"ok", "warn", "implied", "confirmed", "todo"} else ""
    place = [one.id for one in STEPS.values() if one.notebook == step.notebook]
    count = f"step {place.index(step.id) + 1} of {len(place)}"
    row = f"<div class='h-row h-foot'>{foot}</div>" if foot else ""
    top = (
        f"<span tabindex='-1' data-key='top'>{state_html(state.state, state_words(state))}</span>"
        f"<span class='h-soft'>{escape(claim)}</span>"
    )
    if is_next or state.state in {"broken", "error", "checking"}:
        return (
            f"<div class='h-card {'now' if is_next else ''}' data-step='{step.id}' role='group' "
            f"aria-label='{escape(step.title)}'><div class='h-top'>{top}<small>{count}</small></div>"
            f"{found}{body}{row}</div>"
        )
    return (
        f"<div data-step='{step.id}'><details class='h-line' data-key='line'><summary>{top}"
        f"{time_html(state.at)}</summary><div>{body}{row}{found}</div></details></div>"
    )


def step_html(step: Step, edition: str, instance: str, *, practice: bool) -> str:
    """Show where to click, what to set and why, and what to see then."""
    lines = []
    target = step.practice_link if practice else step.link
    if step.path:
        opened, which = (
            ("practice screen", "?tenant=walk-practice") if practice else ("screen in HaloPSA", "")
        )
        link = (
            f"<a class='h-out' href='{escape(instance + target + which)}' target='_blank' rel='noopener'>"
            f"Open the {opened}</a> "
            if target and instance
            else ""
        )
        lines.append(f"<p>{link}<span class='h-path'>{escape(step.path)}</span></p>")
    if step.fields:
        rows = "".join(_field_html(field, edition) for field in step.fields)
        lines.append(f"<dl class='h-facts lined'>{rows}</dl>")
    lines += [f"<p><b>You should see:</b> {escape(step.see)}</p>"] if step.see else []
    other = [step.missing] if step.missing else []
    other += [f"The menu says: {step.also_called}."] if step.also_called else []
    if other:
        lines.append(
            "<details class='h-fold' data-key='other'><summary>It looks different here</summary>"
            f"{''.join(f'<p>{escape(text)}</p>' for text in other)}</details>"
        )
    return "".join(lines)


def _field_html(field: Field, edition: str) -> str:
    note = f" In the {edition} edition: {field.note(edition)}." if field.note(edition) else ""
    why = f"<small>{escape(field.why)}.{escape(note)}</small>" if field.why or note else ""
    copy = copy_button(field.value, field.name) if field.to_paste else ""
    return (
        f"<dt>{escape(field.name)}</dt><dd{' class=copy' if copy else ''}><span><b>{escape(field.value)}</b>"
        f"{why}</span>{copy}</dd>"
    )


def step_text(step: Step, edition: str) -> str:
    """Say the same in plain text."""
    lines = [f"Where: {step.path}"] if step.path else []
    lines += [
        f"{f.name}: {f.value}" + (f" ({edition} edition: {f.note(edition)})" if f.note(edition) else "")
        for f in step.fields
    ]
    lines += [f"You should see: {step.see}"] if step.see else []
    return "\n".join(lines)
