"""One cause as a card: what was seen, why, what to do, where, who can; and a message to them."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ...checks.findings import FIXERS
from ...guide.steps import STEPS
from ...practice.world.realm import WALK
from ...report.text import message_text
from ...verification.causes import Card, cards_of
from ...verification.result import CheckResult
from ..base.style import OF_VERDICT, SHAPES, copy_button, state_html
from ..state import WalkState
from .step_body import screen_link


def findings_html(
    walk: WalkState, checks: Sequence[CheckResult], practice: str = WALK, above: str = ""
) -> str:
    """Show what is wrong, one card a cause, the worst first; empty when nothing is.

    `practice` is the practice tenant whose screens are meant, in a practice walk. A headline that stands
    `above` already is not said again.
    """
    tenant = practice if walk.is_practice else ""
    return "".join(_card(walk, card, tenant, above) for card in cards_of(checks))


def _card(walk: WalkState, card: Card, tenant: str, above: str) -> str:
    finding = card.cause
    step = walk.named(STEPS[finding.step]) if finding.step in STEPS else None
    facts = [("Seen", escape(card.seen)), ("Cause", escape(finding.cause)), ("To do", escape(finding.remedy))]
    if step is not None and step.path:
        facts.append(("Where", screen_link(step, walk.instance, tenant, again=True)))
    if step is not None:
        said = [f"{f.name}: {f.note(walk.edition)}" for f in step.fields if f.note(walk.edition)]
        facts.append((f"Edition {walk.edition}", escape("; ".join(said))))
    if card.because_of_it:
        facts.append(("So too", escape(card.because_of_it)))
    rows = "".join(f"<dt>{name}</dt><dd>{shown}</dd>" for name, shown in facts if shown)
    who = f"<small>Who: {escape(FIXERS[finding.fixer])} · <code class='h-id'>{card.code}</code></small>"
    head = "" if card.headline in above else f"<p>{state_html(OF_VERDICT[card.verdict], card.headline)}</p>"
    return (
        f"<div class='h-found' data-is='{SHAPES[OF_VERDICT[card.verdict]]}'>"
        f"{head}<dl class='h-facts'>{rows}</dl>{who}{_message(walk, card)}</div>"
    )


def _message(walk: WalkState, card: Card) -> str:
    """Offer a message to whoever can mend it, where that is not the reader."""
    if walk.is_practice or card.cause.fixer == "us":
        return ""
    text = message_text(card, walk.instance)
    to = FIXERS[card.cause.fixer]
    return (
        f"<details class='h-fold' data-key='message {card.code}'><summary>A message to {escape(to)}</summary>"
        f"<pre class='h-text'>{escape(text)}</pre>{copy_button(text, 'the message')}</details>"
    )
