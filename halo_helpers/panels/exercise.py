"""An exercise: three practice tenants are broken on purpose, and the learner says what is wrong with each."""

from __future__ import annotations

import random
from dataclasses import dataclass
from html import escape
from typing import Any

from ..errors import ConfigError, HaloError
from ..guide.steps import STEPS
from ..practice.control import PracticeError, ask
from ..practice.scenarios import SCENARIOS
from ..system.plain_text import count_of
from ..tenants.practice import from_ready_entry, practice_url
from ..verification.result import Verification
from ..verification.run_checks import verify
from .base.style import box, button, of_error, state_html
from .base.view import Background, CardView, Message, Panel, static
from .cards.finding import findings_html
from .state import WalkState

TENANTS = 3
CHOICES = 4
DISTINCT = (
    "wrong-grant",
    "login-type-user",
    "agent-mismatch",
    "agent-disabled",
    "agent-api-only",
    "agent-without-team",
    "scope-missing-teams",
    "scope-missing-webhooks",
    "scope-none",
    "tickets-refused",
)
"""Scenarios that can be told apart by what is seen."""


@dataclass
class Task:
    """One broken tenant: what is wrong, what is offered, what is seen, and how far the learner is."""

    scenario: str
    choices: list[str]
    result: Verification
    neo_agent: str
    """What Neo Agent says of it."""
    hinted: bool = False
    answered: str = ""


def exercise_panel(walk: WalkState) -> Panel:
    """Offer the exercise; nothing is broken before the learner begins."""
    if not walk.is_practice:
        return static("The exercise breaks practice tenants, never a customer's: it is in the practice walk.")
    return ExercisePanel(walk)


class ExercisePanel(Panel):
    """One broken tenant at a time. Messages: `begin`, `answer`, `hint`, `next`."""

    view: CardView

    def __init__(self, walk: WalkState) -> None:
        super().__init__(box(f"<p>{_ABOUT}</p>"), "three practice tenants to diagnose, one at a time")
        self.walk = walk
        self.work = Background()
        self._left: list[str] = []
        self._task: Task | None = None
        self.view = CardView(self._receive)
        self.refresh()

    def refresh(self) -> None:
        """Show the tenant of now."""
        if self.work.running:
            self.view.html = (
                "<div class='h-card'><p role='status'>A tenant is broken and looked at …</p></div>"
            )
        elif self._task is None:
            self.view.html = (
                f"<div class='h-card'><p>{_ABOUT}</p><div class='h-row h-foot'>{button('Begin', 'begin')}"
                "</div></div>"
            )
        else:
            self.view.html = self._card(self._task)

    def _card(self, task: Task) -> str:
        number = TENANTS - len(self._left)
        solved = task.answered == task.scenario
        foot = self._feet(task, number, solved=solved)
        return (
            "<div class='h-card' data-form role='group' aria-label='Exercise'><div class='h-top'>"
            f"<h3>What is wrong? {number} of {TENANTS}</h3><span class='h-mark'>practice: nobody’s "
            "data</span>"
            f"</div>{_symptom(task)}{_said(task)}"
            f"{self._verdict(task, number) if solved else _choices(task)}"
            f"<div class='h-row h-foot'>{foot}</div></div>"
        )

    def _feet(self, task: Task, number: int, *, solved: bool) -> str:
        if solved:
            return (
                button("Three others", "begin") if number == TENANTS else button("Next one", "next", "main")
            )
        return button("Answer", "answer", "main") + ("" if task.hinted else button("A hint", "hint", "quiet"))

    def _verdict(self, task: Task, number: int) -> str:
        cards = findings_html(self.walk, task.result.checks, _tenant(number))
        return f"<p>This is what the tool says:</p>{cards}"

    def _receive(self, message: Message) -> None:
        task = self._task
        self.view.results = ""
        match message.get("do"):
            case "begin":
                self._left = random.sample(DISTINCT, TENANTS)
                self._go_on()
            case "next" if self._left and task is not None and task.answered == task.scenario:
                self._go_on()
            case "hint" if task is not None:
                task.hinted = True
            case "answer" if task is not None:
                answer = str(message.get("answer"))
                if answer not in task.choices:
                    raise ConfigError("choose what is wrong first")
                task.answered = answer
        self.refresh()

    def _go_on(self) -> None:
        """Break the next tenant and look at it, in the background."""
        self.work.start(lambda _: self.view.guarded(self._break_next))

    def _break_next(self) -> None:
        try:
            self._task = _task(self._left[0], _tenant(TENANTS - len(self._left) + 1))
            self._left.pop(0)
        except HaloError as error:
            self.view.results = of_error(error)
        finally:
            self.work.done()
            self.refresh()


def _task(scenario: str, name: str) -> Task:
    """Put a tenant into a scenario and say what is seen of it.

    Raises: ConfigError when the practice server does not answer.
    """
    base_url = practice_url()
    try:
        entry: dict[str, Any] = ask(base_url, f"tenants/{name}/scenario", "POST", name=scenario)
        tests: list[dict[str, Any]] = ask(base_url, f"tenants/{name}/neo-agent")["tests"]
    except PracticeError as error:
        raise ConfigError(str(error)) from None
    failed = next((one for one in tests if one["passed"] is False), None)
    said = f"{failed['title']}: failed, {failed['seen']}" if failed else "its four tests succeed"
    others = random.sample([one for one in DISTINCT if one != scenario], CHOICES - 1)
    choices = random.sample([scenario, *others], CHOICES)
    return Task(scenario, choices, verify(from_ready_entry(entry, base_url)), said)


def _tenant(number: int) -> str:
    return f"exercise-{number}"


def _symptom(task: Task) -> str:
    """Say what a person sees: Neo Agent's test, and the first check that is not OK, without its meaning."""
    wrong = next(check for check in task.result.checks if check.verdict not in {"pass", "skip"})
    skipped = sum(check.verdict == "skip" for check in task.result.checks)
    fine = sum(check.verdict == "pass" for check in task.result.checks)
    more = f"{count_of(fine, 'check')} OK, {skipped} not reached"
    return (
        f"<dl class='h-facts'><dt>Neo Agent says</dt><dd>{escape(task.neo_agent)}</dd><dt>First check "
        "that is "
        f"not OK</dt><dd>{escape(wrong.title)}: {escape(wrong.seen)} <small>{more}</small></dd></dl>"
    )


def _said(task: Task) -> str:
    """Say whether the answer was right, and the hint when it was asked for."""
    parts = []
    if task.answered == task.scenario:
        parts.append(state_html("ok", f"Right: {SCENARIOS[task.scenario].title}"))
    elif task.answered:
        parts.append(state_html("broken", f"Not this: {SCENARIOS[task.answered].title}. Try once more."))
    if task.hinted and task.answered != task.scenario:
        step = STEPS[task.result.findings[0][1].step or "test-connection"]
        parts.append(f"A hint: it is mended at “{escape(step.title)}”, in {step.notebook}.")
    return "".join(f"<p role='status'>{part}</p>" for part in parts)


def _choices(task: Task) -> str:
    rows = "".join(
        f"<span class='h-pick'><input type='radio' name='answer' id='halo-x-{name}' value='{name}' "
        f"data-key='{name}'{' checked' if name == task.answered else ''}>"
        f"<label for='halo-x-{name}'>{escape(SCENARIOS[name].title)}</label></span>"
        for name in task.choices
    )
    return f"<fieldset class='h-choices'><legend class='h-hidden'>What is wrong</legend>{rows}</fieldset>"


_ABOUT = (
    "Three tenants are broken, each in one way and one after the other. You see what a technician is "
    "told; say "
    "what is wrong, and read what the tool says."
)
