"""The hand-over: the four values, the record of the walk, the entry in the fleet's tenants file."""

from __future__ import annotations

import json
from dataclasses import asdict
from html import escape
from pathlib import Path
from typing import Any

from ..errors import ConfigError, HaloError, unwritable
from ..guide.progress import WORDS
from ..guide.steps import STEPS
from ..report.evidence import evidence_html
from ..secrets.redaction import redact
from ..system.files import write_whole
from ..system.paths import make_data_folder
from ..system.plain_text import as_markdown
from ..system.timestamps import utc_text
from ..tenants.answers import read_answers, walks_folder
from ..tenants.edit_file import add_tenant
from ..tenants.find import tenants_file
from ..tenants.trust import secret_of
from ..verification.result import Verification
from .base.form import FormPanel
from .base.style import box
from .base.view import Panel, static
from .state import RECORD_SCHEMA, WalkState


def handover_panel(walk: WalkState) -> Panel:
    """Show the four values; of the secret only where it is kept."""
    try:
        tenant = walk.tenant
        result = walk.verify(("address.url", "token.form", "identity.agent"))
        source = secret_of(tenant).source
    except HaloError as error:
        return static(redact(error.seen))
    agent = result.agent
    rows = [
        ("Client ID", tenant.client_id),
        ("Client Secret", f"never shown here; {source}"),
        ("HaloPSA Base URL", result.base_url),
        ("Agent ID", f"{agent.id} ({agent.name})" if agent else str(tenant.agent_id or "not known yet")),
    ]
    html = (
        "<table>"
        + "".join(
            f"<tr><th style='text-align:left'>{k}</th><td style='text-align:left'>{escape(v)}</td></tr>"
            for k, v in rows
        )
        + "</table>"
    )
    if walk.is_practice:
        html += "<p>These are the practice tenant's: do not enter them in Neo Agent.</p>"
    return Panel(box(html), "\n".join(f"{k}: {v}" for k, v in rows))


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
    walk.note_result("record", result, answers)
    value = record_of(walk, result)
    folder = walks_folder() / walk.name
    try:
        make_data_folder(folder)
        write_whole(folder / "record.json", redact(json.dumps(value, indent=1, ensure_ascii=False)) + "\n")
        write_whole(folder / "record.md", redact(record_text(value)))
    except OSError as error:
        raise unwritable(error, folder) from None
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
    steps = [
        {"id": step_id, "title": STEPS[step_id].title} | asdict(record)
        for step_id, record in walk.progress().items()
    ]
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
        "| step | state | when (UTC) | who | what was found |",
        "|---|---|---|---|---|",
    ]
    for step in value["steps"]:
        state = "done by hand" if step["by_hand"] and step["state"] == "ok" else WORDS[step["state"]]
        past = f"; went on past: {', '.join(step['went_on_past'])}" if step["went_on_past"] else ""
        lines.append(
            f"| {step['title']} | {state} | {step['at']} | {as_markdown(step['by'])} | "
            f"{as_markdown(step['summary'])}{past} |"
        )
    lines += ["", "| check | result | seen |", "|---|---|---|"]
    lines += [
        f"| {c['id']} | {c['verdict']} | {as_markdown(c['seen'])} |" for c in value["verification"]["checks"]
    ]
    return "\n".join(lines) + "\n"


def _add_to_fleet(walk: WalkState, message: dict[str, Any]) -> str:
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
