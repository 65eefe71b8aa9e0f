"""The hand-over: the four values, the record of the walk, the entry in the fleet's tenants file."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any

from ..errors import ConfigError, unwritable
from ..guide.rules import LINES, RECORD_WRITTEN, Answer
from ..guide.steps import STEPS
from ..guide.walk_states import WORDS, State
from ..guide.walk_store import Result, note, note_results
from ..report.evidence import evidence_html
from ..secrets.redaction import redact
from ..system.files import write_whole
from ..system.paths import make_data_folder
from ..system.plain_text import as_markdown
from ..system.timestamps import clock_text, utc_text
from ..tenants.answers import read_answers, walks_folder
from ..tenants.edit_file import add_tenant
from ..tenants.find import tenants_file
from ..verification.result import WORDS as VERDICTS
from ..verification.result import Verification
from .base.form import FormPanel
from .base.style import box, button, copy_button
from .base.view import CardView, Message, Panel
from .state import RECORD_SCHEMA, WalkState

UNKNOWN = "not known yet"


class HandoverPanel(Panel):
    """The four lines, in the order of Neo Agent's form. Messages: `copied`, `copy`."""

    view: CardView

    def __init__(self, walk: WalkState) -> None:
        self.walk = walk
        lines = _lines(walk)
        plain = "\n".join(f"{label}: {value or UNKNOWN}" for _, label, value, _ in lines)
        super().__init__(box(_card(walk, lines, copies=False)), plain)
        self.view = CardView(self._receive)
        self.refresh()

    def refresh(self) -> None:
        """Show the lines as they are now."""
        self.view.html = _card(self.walk, _lines(self.walk), copies=True)

    def _receive(self, message: Message) -> None:
        """Note that a line was copied: with its value, so that another one is not taken for copied."""
        line = str(message.get("line"))
        value = self.walk.answers_now().get(line, "")
        if message.get("do") == "copied" and line in LINES and value:
            self.walk.begin()
            note(self.walk.name, **{f"copied {line}": f"{utc_text()} {value}"})
            self.walk.refresh()


def _lines(walk: WalkState) -> list[tuple[Answer, str, str, str]]:
    """Return each line of the hand-over: name, label, value, where the value comes from."""
    answers, secret = walk.answers_now(), walk.about_secret()
    return [
        ("client_id", "Client ID", answers["client_id"], "of the application"),
        ("client_secret", "Client Secret", f"never shown here; {secret}", "copied in 20-application"),
        (
            "base_url",
            "HaloPSA Base URL",
            answers["base_url"],
            "the address of HaloPSA, without what follows the host",
        ),
        ("agent_id", "Agent ID", answers["agent_id"], "of the column ID in the list of agents"),
    ]


def _card(walk: WalkState, lines: list[tuple[Answer, str, str, str]], *, copies: bool) -> str:
    rows, notes = [], walk.store().notes
    for name, label, value, source in lines:
        at, _, copied = notes.get(f"copied {name}", "").partition(" ")
        when = f"Copied {clock_text(at)}. " if at and copied == walk.answers_now().get(name) else ""
        if name == "client_secret":
            act = button("I have pasted it", "copied", "small", line=name) if copies and not when else ""
        else:
            act = copy_button(value, label, do="copied", line=name) if copies and value else ""
        rows.append(
            f"<dt>{label}</dt><dd class='copy'><span><b>{escape(value or UNKNOWN)}</b>"
            f"<small>{when}{escape(source)}</small></span>{act}</dd>"
        )
    where = (
        "These are the practice tenant's: do not enter them in Neo Agent."
        if walk.is_practice
        else "Neo Agent dashboard → Integrations → HaloPSA"
    )
    return (
        "<div class='h-card'><div class='h-top'><h3>Enter these in Neo Agent</h3>"
        f"<small>{where}</small></div>"
        f"<dl class='h-facts lined'>{''.join(rows)}</dl></div>"
    )


def record_panel(walk: WalkState) -> Panel:
    """Offer to write the record, and to put the tenant into a tenants file."""
    inputs: list[dict[str, Any]] = []
    actions = {"record": ("Check everything and write the record", lambda _: _write_record(walk))}
    about = (
        "<p>The record says who checked what and when, and holds no secret: attach it to the ticket. A "
        "colleague can go on from <code>record.json</code>.</p>"
    )
    if not walk.is_practice and not walk.file:
        about += (
            "<p>For the nightly fleet run, the tenant is put into its tenants file with a reference to "
            "the secret.</p>"
        )
        inputs = [
            {"name": "file", "label": "Tenants file", "hint": "folder and name, such as C:/msp/tenants.yaml"},
            {"name": "owner", "label": "Owner", "hint": "who is asked when it breaks"},
        ]
        actions["fleet"] = ("Add to the tenants file", lambda m: _add_to_fleet(walk, m))
    return FormPanel(about, "a button that writes the record of this walk", inputs, actions)


def _write_record(walk: WalkState) -> str:
    answers = walk.answers_now()
    result = walk.verify(())
    walk.note_result(result, answers)
    value = record_of(walk, result)
    folder = walks_folder() / walk.name
    try:
        make_data_folder(folder)
        write_whole(folder / "record.json", redact(json.dumps(value, indent=1, ensure_ascii=False)) + "\n")
        write_whole(folder / "record.md", redact(record_text(value)))
    except OSError as error:
        raise unwritable(error, folder) from None
    written = Result("pass", f"written, verdict {VERDICTS[result.verdict]}", utc_text(), answers)
    note_results(walk.name, {RECORD_WRITTEN: written})
    walk.refresh()
    return (
        "<p>Written: <a href='record.md' target='_blank'>record.md</a> and record.json in "
        f"<code>{escape(str(folder))}</code></p>"
        f"{evidence_html(result, walk.edition)}"
    )


def record_of(walk: WalkState, result: Verification) -> dict[str, Any]:
    """Return the record of a walk.

    Shape: `halo-runbook/record/1`: tenant, practice, written_at, answers (without the secret), steps,
    verification.
    """
    answers = walk.shown_answers() | {"secret_set_at": read_answers(walk.name).get("secret_set_at", "")}
    if result.agent is not None:
        answers["agent_id"] = str(result.agent.id)
    steps = [{"title": STEPS[step_id].title} | state.as_json() for step_id, state in walk.states().items()]
    return {
        "schema": RECORD_SCHEMA,
        "tenant": walk.name,
        "practice": result.practice,
        "edition": walk.edition,
        "written_at": utc_text(),
        "answers": {k: v for k, v in answers.items() if v},
        "agent": result.agent.label if result.agent else None,
        "secret": walk.about_secret(),
        "steps": steps,
        "verification": result.as_json(),
    }


def record_text(value: dict[str, Any]) -> str:
    """Write a record for people, as Markdown for a ticket."""
    answers = value["answers"]
    agent = f" ({as_markdown(value['agent'])})" if value["agent"] else ""
    lines = [
        f"# {'Practice: ' if value['practice'] else ''}HaloPSA and Neo Agent: {as_markdown(value['tenant'])}",
        "",
        f"Written {value['written_at']} (UTC).",
        "",
        f"- HaloPSA Base URL: {as_markdown(answers.get('base_url', '?'))}",
        f"- Client ID: {as_markdown(answers.get('client_id', '?'))}",
        f"- Agent ID: {as_markdown(answers.get('agent_id', '?'))}{agent}",
        f"- Client Secret: not written here; {as_markdown(value['secret'])}",
        "",
        "| step | state | when (UTC) | who | what is claimed |",
        "|---|---|---|---|---|",
    ]
    for step in value["steps"]:
        state: State = step["state"]
        lines.append(
            f"| {step['title']} | {WORDS[state]} | {step['at'] or ''} | "
            f"{as_markdown(step.get('who') or '')} | {as_markdown(step['claim'])} |"
        )
    lines += ["", "| check | result | seen |", "|---|---|---|"]
    lines += [
        f"| {c['id']} | {c['verdict']} | {as_markdown(c['seen'])} |" for c in value["verification"]["checks"]
    ]
    return "\n".join(lines) + "\n"


def _add_to_fleet(walk: WalkState, message: Message) -> str:
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
    return f"<p>{escape(walk.name)} stands in {escape(str(file.absolute()))} now.</p>"
