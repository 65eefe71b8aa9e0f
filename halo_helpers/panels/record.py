"""The end of a walk: its record, shown as it reads in the ticket, and the entry in a tenants file."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from html import escape
from pathlib import Path

from ..errors import ConfigError, HaloError, unwritable
from ..guide.rules import RECORD_WRITTEN, RULES
from ..guide.steps import STEPS
from ..guide.walk_states import WORDS, StepState, states_of
from ..guide.walk_store import Result, note_results
from ..report.walk_record import Record, record_for_ticket, record_text, summary_of
from ..secrets.redaction import redact
from ..system.files import read_regular, write_whole
from ..system.paths import make_data_folder
from ..system.plain_text import count_of
from ..system.timestamps import utc_text
from ..tenants.answers import read_answers, walks_folder
from ..tenants.edit_file import add_tenant
from ..tenants.find import tenants_file
from ..verification.result import WORDS as VERDICTS
from ..verification.result import Verification
from .base.style import OF_VERDICT, SHAPES, box, button, copy_button, of_error, state_html
from .base.view import Background, CardView, Message, Panel
from .kept_results import USES
from .state import RECORD_SCHEMA, WalkState

_FILE = "record.json"


class RecordPanel(Panel):
    """Writes and shows the record. Messages: `record`, `fleet`."""

    view: CardView

    def __init__(self, walk: WalkState) -> None:
        self.walk = walk
        self.work = Background()
        self._said = ""
        about = "Check everything once more, and write the record of this walk."
        super().__init__(box(f"<p>{about}</p>"), about)
        self.view = CardView(self._receive)
        self.refresh()

    def refresh(self) -> None:
        """Show the record as it was written, or what is left before one is complete."""
        record = _kept(self.walk) if self.walk.is_live else None
        foot = self._foot(record)
        self.view.html = (_shown(record, foot) if record else _nothing(self.walk, foot)) + self._fleet()

    def _foot(self, record: Record | None) -> str:
        if self.work.running:
            return "<p role='status' class='h-soft'>Checking everything, then writing …</p>"
        said = f"<p role='status'>{self._said}</p>" if self._said else ""
        if record is None:
            return (
                "<div class='h-row h-foot'>"
                f"{button('Check everything and write it', 'record', 'main')}{said}</div>"
            )
        text, plain = record_text(record), record_for_ticket(record)
        encoded = base64.b64encode(text.encode()).decode()
        return (
            "<div class='h-row h-foot'>"
            f"{copy_button(plain, 'the record', words='Copy for the ticket', kind='main')}"
            f"<a class='h-btn' download='record.md' href='data:text/markdown;base64,{encoded}'>Download "
            "record.md</a>"
            f"{button('Check and write it anew', 'record', 'quiet')}{said}</div>"
        )

    def _fleet(self) -> str:
        if self.walk.is_practice or self.walk.file:
            return ""
        fields = "".join(
            f"<label for='halo-{name}'>{label}</label><input class='h-input' id='halo-{name}' name='{name}' "
            f"data-key='{name}' placeholder='{hint}' autocomplete='off' spellcheck='false'>"
            for name, label, hint in (
                ("file", "Tenants file", "folder and name, such as C:/msp/tenants.yaml"),
                ("owner", "Owner", "who is asked when it breaks"),
            )
        )
        return (
            "<details class='h-fold' data-key='fleet'><summary>Add to the nightly run …</summary>"
            "<div class='h-well' data-form><p>This puts the tenant into a tenants file, with a reference "
            "to the "
            f"secret and without the secret.</p>{fields}<div class='h-row'>"
            f"{button('Add to the tenants file', 'fleet')}</div></div></details>"
        )

    def _receive(self, message: Message) -> None:
        actions: dict[str, Callable[[], str]] = {
            "record": lambda: write_record(self.walk),
            "fleet": lambda: add_to_fleet(self.walk, message),
        }
        action = actions.get(str(message.get("do")))
        if action is not None:
            self.walk.begin()
            self.view.results = ""
            self.work.start(lambda _: self.view.guarded(lambda: self._do(action)))
            self.refresh()

    def _do(self, action: Callable[[], str]) -> None:
        self._said = ""
        try:
            self._said = action()
        except HaloError as error:
            self.view.results = of_error(error)
        finally:
            self.work.done()
            self.walk.refresh()


def _nothing(walk: WalkState, foot: str) -> str:
    """Say what is left before a record is complete."""
    states = walk.states()
    left = [
        one
        for one in states.values()
        if RULES[one.id].counted and one.id != "record" and not one.is_done and one.state != "overridden"
    ]
    if not left:
        return (
            f"<div class='h-card'><p>All other steps are done: the record will be complete.</p>{foot}</div>"
        )
    head = state_html("todo", f"Not finished: {count_of(len(left), 'step')} left")
    links = " · ".join(map(_link, left))
    return (
        f"<div class='h-card'><div class='h-band h-top' data-is='todo'><h3>{head}</h3></div><p>{links}</p>"
        f"<p class='h-soft'>A record that is written now says so in its first line.</p>{foot}</div>"
    )


def _link(state: StepState) -> str:
    step = STEPS[state.id]
    return f"<a href='{step.notebook}.ipynb' data-open='{step.where}'>{escape(step.title)}</a>"


def _shown(record: Record, foot: str) -> str:
    summary = summary_of(record)
    facts = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in summary.facts)
    steps = "".join(
        f"<li><span>{escape(step['title'])}<br><small>{escape(step['claim'])}</small></span>"
        f"{state_html(step['state'], WORDS[step['state']])}</li>"
        for step in record["steps"]
    )
    checks = "".join(
        f"<li><span>{escape(check['title'])}<br><small>{escape(check['seen'])}</small></span>"
        f"{state_html(OF_VERDICT[check['verdict']], VERDICTS[check['verdict']])}</li>"
        for check in record["verification"]["checks"]
    )
    return (
        f"<div class='h-card' role='group' aria-label='The record'><div class='h-band h-top' "
        f"data-is='{SHAPES[summary.state]}'><h3>{state_html(summary.state, summary.headline)}</h3></div>"
        f"<p>{escape(summary.counts)}</p><dl class='h-facts'>{facts}</dl>"
        "<details class='h-fold' data-key='steps'><summary>All steps</summary><ul class='h-list'>"
        f"{steps}</ul>"
        "</details><details class='h-fold' data-key='checks'><summary>All checks</summary>"
        f"<ul class='h-list'>{checks}</ul></details>{foot}</div>"
    )


def _kept(walk: WalkState) -> Record | None:
    """Return the record that was written, None when there is none of this walk that can be read."""
    if RECORD_WRITTEN not in walk.store().results:
        return None
    try:
        value: Record = json.loads(read_regular(walks_folder() / walk.name / _FILE))
        if value["schema"] != RECORD_SCHEMA:
            return None
        summary_of(value)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return value


def write_record(walk: WalkState) -> str:
    """Ask everything, write `record.json` and `record.md`, and say where.

    Raises: ConfigError when answers are missing, or the folder cannot be written.
    """
    result = walk.ask(())
    answers, store = walk.answers_now(), walk.store()
    written = Result("pass", f"written, verdict {VERDICTS[result.verdict]}", utc_text(), answers)
    states = states_of(replace(store, results={**store.results, RECORD_WRITTEN: written}), answers, USES)
    # once, so that what is shown, copied and written is the same
    text = redact(json.dumps(record_of(walk, result, states), indent=1, ensure_ascii=False))
    folder = walks_folder() / walk.name
    try:
        make_data_folder(folder)
        write_whole(folder / _FILE, text + "\n")
        write_whole(folder / "record.md", record_text(json.loads(text)))
    except OSError as error:
        raise unwritable(error, folder) from None
    note_results(walk.name, {RECORD_WRITTEN: written})
    return f"Written: record.md and record.json in <code>{escape(str(folder))}</code>"


def record_of(walk: WalkState, result: Verification, states: dict[str, StepState]) -> Record:
    """Return the record of a walk.

    Shape: `halo-runbook/record/1`: tenant, practice, written_at, answers (without the secret), steps,
    verification.
    """
    answers = walk.shown_answers() | {"secret_set_at": read_answers(walk.name).get("secret_set_at", "")}
    if result.agent is not None:
        answers["agent_id"] = str(result.agent.id)
    return {
        "schema": RECORD_SCHEMA,
        "tenant": walk.name,
        "practice": result.practice,
        "edition": walk.edition,
        "written_at": utc_text(),
        "answers": {k: v for k, v in answers.items() if v},
        "agent": result.agent.label if result.agent else None,
        "secret": walk.about_secret(),
        "steps": [{"title": STEPS[step_id].title} | state.as_json() for step_id, state in states.items()],
        "verification": result.as_json(),
    }


def add_to_fleet(walk: WalkState, message: Message) -> str:
    """Put the tenant into a tenants file.

    Raises: ConfigError when the secret is nowhere where a fleet run could find it, or the file cannot be
    changed.
    """
    answers = read_answers(walk.name)
    reference = answers.get("client_secret", "")
    if not reference.startswith(("file:", "keyring:")):
        raise ConfigError(
            "the secret is only in memory: choose a private file or the keyring in 30-credentials "
            "first, so that a fleet run finds it"
        )
    named = str(message.get("file") or "").strip()
    file = Path(named).expanduser() if named else tenants_file()
    if file is None or not file.is_absolute():
        # the kernel's own folder is this customer's, and goes with it
        raise ConfigError(
            "name the tenants file with its folder, such as C:/msp/tenants.yaml or ~/msp/tenants.yaml"
        )
    entry = {
        "name": walk.name,
        "base_url": walk.instance,
        "client_id": answers.get("client_id"),
        "client_secret": reference,
        "agent_id": walk.tenant.agent_id,
        "label": answers.get("label"),
        "owner": str(message.get("owner") or "").strip() or None,
    }
    add_tenant(file, entry)
    return f"{escape(walk.name)} stands in {escape(str(file.absolute()))} now."
