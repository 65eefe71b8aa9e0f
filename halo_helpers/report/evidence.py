"""A Verification as the output of a notebook cell: text, HTML, and data for the fleet run."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any

from ..errors import ConfigError
from ..guide.step import DEFAULT_EDITION, EDITIONS
from ..guide.steps import STEPS
from ..system.plain_text import count_of, plain_text
from ..verification.causes import Card, cards_of
from ..verification.result import WORDS, Verification, refuse_unknown_verdict
from .text import step_words, verification_text

MIME = "application/vnd.halo-runbook.verification+json"
"""The output by which a notebook hands over its Verification."""

_COLOURS = {
    "pass": "var(--h-ok, #1a7f4b)",
    "warn": "var(--h-warn, #9a6a00)",
    "fail": "var(--h-failed, #c62828)",
    "error": "var(--h-error, #8e44ad)",
    "skip": "var(--h-soft, #6b7683)",
}
"""The panels' colours where their style sheet is; ones that read on light and dark where it is not."""


def refuse_unknown(*, edition: str, control: object, fail_on: str) -> None:
    """Let the parameters of `verify-tenant.ipynb` pass, before anything is asked.

    Raises: ConfigError for a value that there is not.
    """
    if edition not in EDITIONS:
        raise ConfigError(f"unknown edition {plain_text(str(edition))!r}; known are {', '.join(EDITIONS)}")
    if not isinstance(control, bool):
        raise ConfigError(f"control takes True or False, not {plain_text(str(control))!r}")
    refuse_unknown_verdict(fail_on)


class Evidence:
    """Shows a Verification; as the last expression of a cell it is the evidence that a run keeps."""

    def __init__(self, result: Verification, edition: str = DEFAULT_EDITION) -> None:
        self.result = result
        self.edition = edition

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        return {
            MIME: self.result.as_json(),
            "text/plain": verification_text(self.result, details=False),
            "text/html": evidence_html(self.result, self.edition),
        }


def evidence_html(result: Verification, edition: str = DEFAULT_EDITION) -> str:
    """Return the banner, the findings as cards and all checks as a table, for a notebook page."""
    cards = "".join(card_html(card, result.base_url, edition) for card in cards_of(result.checks))
    rows = "".join(
        f"<tr><td style='text-align:left'>{code(c.id)}</td><td "
        f"style='text-align:left'>{escape(c.headline)}</td>"
        f"<td style='text-align:left'>{word(c.verdict)}</td><td "
        f"style='text-align:left'>{escape(c.seen)}</td></tr>"
        for c in result.checks
    )
    return (
        f"{banner(result)}{cards}<details{'' if result.findings else ' open'}><summary>All "
        f"{count_of(len(result.checks), 'check')}</summary>"
        "<table><tr style='text-align:left'><th style='text-align:left'>Check</th><th "
        "style='text-align:left'>Asks</th><th style='text-align:left'>Result</th><th "
        f"style='text-align:left'>Seen</th></tr>{rows}</table></details>"
    )


def banner(result: Verification) -> str:
    """Name customer and host, and tell practice and customer apart at a glance."""
    kind = "Practice tenant" if result.practice else "Customer"
    who = escape(result.label or result.tenant)
    acting = f" · acts as {escape(result.agent.label)}" if result.agent else ""
    return (
        f"<p style='border:2px {'dashed' if result.practice else 'solid'} "
        "#8894a3;border-radius:6px;padding:.4em .8em'>"
        f"<b>{kind}: {who}</b> · {escape(result.base_url)}{acting} · {word(result.verdict)}</p>"
    )


def word(verdict: str) -> str:
    """Return a verdict as a word in its colour."""
    return f"<b style='color:{_COLOURS[verdict]}'>{WORDS[verdict]}</b>"  # type: ignore[index]


def code(text: str) -> str:
    """Return an id or a code, which is never broken in the middle."""
    return f"<code style='white-space:nowrap'>{escape(text)}</code>"


def card_html(card: Card, base_url: str, edition: str) -> str:
    """Show one cause: its verdict in a word and a colour, what was seen, why, what to do and where."""
    finding = card.cause
    step = STEPS.get(finding.step or "")
    notes = [f"{f.name}: {f.note(edition)}" for f in step.fields if f.note(edition)] if step else []
    edition_line = (
        f"<br><small>In the {edition} edition of the documentation: {escape('; '.join(notes))}.</small>"
        if notes
        else ""
    )
    link = f" · <a href='{escape(base_url + finding.link)}'>open</a>" if finding.link and base_url else ""
    where = f"<br><b>Where:</b> {escape(step_words(finding.step))}{link}" if step else ""
    also = f"<br><b>So too:</b> {escape(card.because_of_it)}" if card.because_of_it else ""
    return (
        f"<div style='border-left:5px solid {_COLOURS[card.verdict]};padding:.2em 1em;margin:.6em 0'>"
        f"{word(card.verdict)} · {escape(card.headline)} {code(card.code)}<br>"
        f"<b>Seen:</b> {escape(card.seen)}<br><b>Cause:</b> {escape(finding.cause)}<br>"
        f"<b>To do:</b> {escape(finding.remedy)}{where}{edition_line}{also}</div>"
    )


def read_evidence(notebook: Path) -> dict[str, Any] | None:
    """Return the Verification that an executed notebook holds, None without one."""
    try:
        return evidence_of(json.loads(notebook.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError):
        return None


def evidence_of(notebook: dict[str, Any]) -> dict[str, Any] | None:
    """Return the Verification among the outputs of a notebook, None without one."""
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            value = output.get("data", {}).get(MIME)
            if isinstance(value, dict):
                return value
    return None
