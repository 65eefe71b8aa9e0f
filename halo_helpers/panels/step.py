"""The panel of one step: its state, what is closed and why, the check, and what it found."""

from __future__ import annotations

import threading
from html import escape
from typing import Any

import traitlets

from ..errors import HaloError
from ..guide.progress import StepRecord
from ..guide.steps import STEPS, Field, Step
from ..report.evidence import card_html, evidence_html
from ..secrets.redaction import redact
from ..system.plain_text import count_of
from ..verification.causes import cards_of
from ..verification.result import CheckResult
from ..verification.run_checks import Stopped
from .base.style import box, chip, sentence
from .base.view import Background, Panel, View, script
from .state import WalkState


class StepView(View):
    """The widget of a step."""

    _esm = script("step")
    state = traitlets.Unicode("").tag(sync=True)
    body = traitlets.Unicode("").tag(sync=True)
    closed = traitlets.Unicode("").tag(sync=True)
    progress = traitlets.Unicode("").tag(sync=True)
    to_copy: Any = traitlets.List().tag(sync=True)
    has_checks = traitlets.Bool(False).tag(sync=True)
    can_check = traitlets.Bool(True).tag(sync=True)
    running = traitlets.Bool(False).tag(sync=True)
    can_go_on = traitlets.Bool(False).tag(sync=True)
    by_hand = traitlets.Bool(False).tag(sync=True)


class StepPanel(Panel):
    """One step, shown. Clicks come as messages: `check`, `cancel`, `tick`, `go-on`."""

    view: StepView

    def __init__(self, walk: WalkState, step: Step) -> None:
        html = step_html(step, walk.edition, walk.instance, practice=walk.is_practice)
        super().__init__(html, step_text(step, walk.edition))
        self.walk, self.step = walk, step
        self.work = Background()
        self._results: list[CheckResult] = []
        pasted = [(field.name, field.value) for field in step.fields if field.to_paste]
        self.view = StepView(self._receive, body=box(html), to_copy=pasted, has_checks=bool(step.checks))
        self.refresh()

    def refresh(self) -> None:
        """Show the step's state and blockers as they are now."""
        record = self.walk.record(self.step.id)
        missing, earlier = self.walk.missing(self.step), self.walk.not_done_before(self.step)
        open_earlier = [step_id for step_id in earlier if step_id not in record.went_on_past]
        self.view.state = chip(record, record.summary if record.state in {"warn", "failed", "error"} else "")
        self.view.by_hand = record.by_hand
        self.view.can_check = not missing and not open_earlier
        self.view.can_go_on = not missing and bool(open_earlier)
        self.view.closed = _closed(missing, open_earlier)

    def _receive(self, message: dict[str, Any]) -> None:
        match message.get("do"):
            case "check":
                self.check()
            case "cancel":
                self.work.stop.set()
            case "tick":
                self.walk.note(
                    self.step.id,
                    state="ok" if message.get("on") else "todo",
                    by_hand=bool(message.get("on")),
                    summary="",
                    codes=(),
                )
                self.walk.refresh()
            case "go-on":
                self.walk.note_only(self.step.id, went_on_past=tuple(self.walk.not_done_before(self.step)))
                self.walk.refresh()

    def check(self) -> None:
        """Ask the system, in the background; a second click meanwhile does nothing."""
        if self.work.running:
            return
        self._results = []
        self.view.running, self.view.results, self.view.progress = True, "", "asking the system …"
        self.view.state = chip(StepRecord(state="running"))
        self.work.start(lambda stop: self.view.guarded(lambda: self._check(stop)))

    def _check(self, stop: threading.Event) -> None:
        answers = self.walk.answers_now()
        try:
            result = self.walk.verify(self.step.checks, on_result=self._on_result, stop=stop)
        except Stopped:
            self.view.progress = "cancelled; nothing is recorded"
        except HaloError as error:
            self.view.progress, self.view.results = "", sentence(redact(error.seen))
        else:
            self.view.progress = ""
            self.view.results = box(evidence_html(result, self.walk.edition))
            self.walk.note_result(self.step.id, result, answers)
        finally:
            self.view.running = False
            self.walk.refresh()

    def _on_result(self, result: CheckResult) -> None:
        """Show what came so far: how many checks ended, and each finding as a card."""
        self._results.append(result)
        self.view.progress = f"{count_of(len(self._results), 'check')} done, the last: {result.title}"
        cards = cards_of(self._results)
        if cards:
            self.view.results = box(
                "".join(card_html(one, self.walk.instance, self.walk.edition) for one in cards)
            )


def _closed(missing: list[str], earlier: list[str]) -> str:
    """Say what is missing, and which earlier steps are not done."""
    lines = [f"Closed: {escape(reason)}" for reason in missing]
    if earlier and not missing:
        names = ", ".join(
            f"<a href='{STEPS[s].notebook}.ipynb'>{escape(STEPS[s].title)}</a>" for s in earlier
        )
        lines.append(f"Closed: this step builds on what is not OK yet: {names}")
    return box("".join(f"<div class='halo-closed'>{line}</div>" for line in lines)) if lines else ""


def step_html(step: Step, edition: str, instance: str, *, practice: bool) -> str:
    """Show where to click, what to set and why, and what to see then."""
    lines = []
    target = step.practice_link if practice else step.link
    if step.path:
        link = (
            (
                f" (<a href='{escape(instance + target)}' target='_blank' rel='noopener'>open "
                f"it{' on the practice tenant' if practice else ''}</a>)"
            )
            if target and instance
            else ""
        )
        also = f" <small>also: {escape(step.also_called)}</small>" if step.also_called else ""
        lines.append(f"<p><b>Where:</b> {escape(step.path)}{link}{also}</p>")
    if step.fields:
        cell = "<td style='text-align:left;vertical-align:top;padding:.2em 1em .2em 0'>"
        head = "".join(f"{cell}<b>{word}</b></td>" for word in ("Field", "Set it to", "Because"))
        rows = "".join(
            (
                f"<tr>{cell}<b>{escape(f.name)}</b>"
                f"</td>{cell}{escape(f.value)}</td>{cell}{escape(f.why)}{_edition_notes(f, edition)}</td>"
                "</tr>"
            )
            for f in step.fields
        )
        lines.append(f"<table><tr>{head}</tr>{rows}</table>")
    lines += [f"<p><b>You should see:</b> {escape(step.see)}</p>"] if step.see else []
    lines += [f"<p><b>If not:</b> {escape(step.missing)}</p>"] if step.missing else []
    return "".join(lines)


def _edition_notes(field: Field, edition: str) -> str:
    """Say what the editions of the documentation say where they differ; the chosen edition comes first."""
    notes = sorted(field.by_edition, key=lambda note: note[0] != edition)
    return "".join(
        (
            f"<br><small>{'<b>' if name == edition else ''}{name} "
            f"edition{'</b>' if name == edition else ''}: {escape(text)}</small>"
        )
        for name, text in notes
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
