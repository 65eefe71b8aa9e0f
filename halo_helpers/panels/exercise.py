"""An exercise: three practice tenants are broken on purpose, and the learner says what is wrong."""

from __future__ import annotations

import random
from html import escape
from typing import Any

from ..errors import ConfigError
from ..practice.control import PracticeError, ask
from ..practice.scenarios import SCENARIOS
from ..practice.settings import OPTIONS
from ..report.evidence import evidence_html, word
from ..tenants.practice import from_ready_entry, practice_url
from ..verification.run_checks import verify
from .base.form import FormPanel
from .base.style import box
from .base.view import Message, Panel, static
from .state import WalkState

TENANTS = 3
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


def exercise_panel(walk: WalkState) -> Panel:
    """Offer the exercise; nothing is broken before the learner begins."""
    if not walk.is_practice:
        return static("The exercise breaks practice tenants, never a customer's: it is in the practice walk.")
    hidden: dict[str, str] = {}
    answers = [("", "choose …"), *((name, SCENARIOS[name].title) for name in DISTINCT)]
    about = (
        "<p>Three tenants called <code>exercise-1</code> to <code>exercise-3</code> are broken, each in "
        "one way. Look at one, say what is wrong with it, and read what the tool says.</p>"
    )
    inputs = [
        {
            "name": "which",
            "label": "Tenant",
            "options": [(str(n), f"exercise-{n}") for n in range(1, TENANTS + 1)],
        },
        {"name": "answer", "label": "What is wrong", "options": answers},
    ]
    actions = {
        "look": ("Look at it", lambda m: _look(hidden, m)),
        "answer": ("That is what is wrong", lambda m: _judge(hidden, m)),
        "anew": ("Break three others", lambda _: _break(hidden)),
    }
    return FormPanel(
        about, "three practice tenants to diagnose, when you run this in JupyterLab", inputs, actions
    )


def _break(hidden: dict[str, str]) -> str:
    """Put each exercise tenant into a scenario of its own.

    Raises: ConfigError when the practice server does not answer.
    """
    chosen = random.sample(DISTINCT, TENANTS)
    try:
        for number, name in enumerate(chosen, 1):
            ask(practice_url(), f"tenants/exercise-{number}/scenario", "POST", name=name)
    except PracticeError as error:
        raise ConfigError(str(error)) from None
    hidden.clear()
    hidden.update({str(number): name for number, name in enumerate(chosen, 1)})
    return "<p>Three tenants are broken. Look at the first one.</p>"


def _verify(hidden: dict[str, str], message: Message) -> tuple[str, Any]:
    if not hidden:
        _break(hidden)
    which = str(message.get("which"))
    if which not in hidden:
        raise ConfigError("choose one of the three tenants")
    base_url = practice_url()
    entries = {entry["name"]: entry for entry in ask(base_url, "tenants")["tenants"]}
    entry = entries.get(f"exercise-{which}")
    if entry is None:
        raise ConfigError("the practice server was started anew; break three others")
    return which, verify(from_ready_entry(entry, base_url))


def _look(hidden: dict[str, str], message: Message) -> str:
    """Show what is seen, without what it means."""
    which, result = _verify(hidden, message)
    rows = "".join(
        f"<tr><td>{escape(c.title)}</td><td>{word(c.verdict)}</td><td>{escape(c.seen)}</td></tr>"
        for c in result.checks
        if c.verdict != "pass"
    )
    fine = sum(c.verdict == "pass" for c in result.checks)
    return f"<p>exercise-{which}: {fine} checks are OK, these are not:</p><table>{rows}</table>"


def _judge(hidden: dict[str, str], message: Message) -> str:
    answer = str(message.get("answer"))
    if answer not in DISTINCT:
        raise ConfigError("choose what is wrong first")
    which, result = _verify(hidden, message)
    right = hidden[which] == answer
    words = "Right" if right else f"Not quite: it is “{SCENARIOS[hidden[which]].title}”"
    return (
        f"<p><b class='h-state' data-is='{'ok' if right else 'bad'}'>{words}.</b> This is what the tool "
        f"says:</p>{evidence_html(result)}"
    )


def settings_panel() -> Panel:
    """List the practice tenant's settings: the key, its values with the default first, what is open."""
    rows = "".join(
        f"<tr><td style='text-align:left'><code>{key}</code></td><td "
        f"style='text-align:left'>{escape(' | '.join(o.values))}{' | a number' if o.number else ''}</td>"
        f"<td style='text-align:left'>{escape(o.help)}</td></tr>"
        for key, o in OPTIONS.items()
    )
    plain = "\n".join(f"{key}: {' | '.join(o.values)}: {o.help}" for key, o in OPTIONS.items())
    return Panel(
        box(
            "<table><tr><th style='text-align:left'>Setting</th><th style='text-align:left'>Values, "
            f"the default first</th><th style='text-align:left'>What is open</th></tr>{rows}</table>"
        ),
        plain,
    )
