"""What the desk shows, as HTML."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING

from ...checks.findings import BROKEN
from ...panels.base.style import OF_VERDICT, button, copy_button, state_html
from ...report import headline
from ...report.over_time.status import runs_of
from ...system.plain_text import count_of
from ...tenants.tenant import Tenant
from ...verification.causes import cards_of
from ...verification.result import WORDS

if TYPE_CHECKING:
    from .file import TenantsFile
    from .panel import Desk

SHOWN = 50
"""Tenants in the table at a time; a word narrows it."""
_BROKEN_SHOWN = 10


def desk_html(desk: Desk) -> str:
    """Show the file, what is wrong in it, the run, and the tenants."""
    said = f"<p role='status'>{escape(desk.said)}</p>" if desk.said else ""
    parts = [_file(desk.file), said, _mistakes(desk.file)]
    if desk.file.is_usable:
        parts += [_run(desk), _tenants(desk)]
    parts.append(_add(desk))
    return f"<div class='h-desk'>{''.join(parts)}</div>"


def _file(file: TenantsFile) -> str:
    about = count_of(len(file.tenants), "tenant") if file.tenants else "cannot be used yet"
    warnings = "".join(f"<p>{state_html('warn')} {escape(line)}</p>" for line in file.warnings)
    path = escape(str(file.path))
    return (
        "<div class='h-card'><div class='h-top'><h3>The tenants file</h3>"
        f"<small>{escape(about)}</small></div><div class='h-entry' data-form>"
        f"<label for='halo-desk-file'>File</label><input class='h-input' id='halo-desk-file' name='file' "
        f"data-key='file' value='{path}' spellcheck='false' autocomplete='off'>"
        f"{button('Open', 'open', 'main')}</div>"
        f"{warnings}</div>"
    )


def _mistakes(file: TenantsFile) -> str:
    if not file.lines and not file.problems:
        return ""
    whole = "".join(f"<p>{state_html('broken')} {escape(problem)}</p>" for problem in file.problems)
    rows = []
    for line in file.lines:
        hidden = line.text is None
        hint = "This line may hold a secret and is not shown: type what shall stand there" if hidden else ""
        rows.append(
            f"<div><p>{state_html('broken', f'Line {line.number}')} {escape('; '.join(line.problems))}</p>"
            f"<label class='h-hidden' for='halo-line-{line.number}'>Line {line.number}</label>"
            f"<input class='h-input' id='halo-line-{line.number}' name='line-{line.number}' "
            f"data-key='line-{line.number}' value='{escape(line.text or '')}' placeholder='{hint}' "
            "spellcheck='false' autocomplete='off'></div>"
        )
    more = f"<p>{count_of(file.more, 'line')} more after these.</p>" if file.more else ""
    save = f"<div class='h-row h-foot'>{button('Save these lines', 'mend', 'main')}</div>" if rows else ""
    return (
        "<div class='h-card now' data-form role='group' aria-label='Mistakes'><div class='h-top'>"
        f"<h3>What is wrong in the file</h3></div>{whole}{''.join(rows)}{more}{save}</div>"
    )


def _run(desk: Desk) -> str:
    fleet = desk.fleet
    if fleet.is_running:
        words = "Stop at once" if fleet.stop.no_more else "Cancel"
        total = fleet.total or len(desk.file.tenants)
        state = "stopping; what is under way is finished" if fleet.stop.no_more else "verifying"
        waits = f"<p>{state_html('warn', 'Waiting')} {escape(fleet.waits_for)}</p>" if fleet.waits_for else ""
        body = (
            f"<p role='status'>{state_html('checking', state)} {fleet.done} of {total}, {fleet.broken} "
            "broken</p>"
            f"<progress max='{total}' value='{fleet.done}' aria-label='Tenants done'></progress>{waits}"
        )
        foot = button(words, "cancel", "main")
    else:
        body = _outcome(desk)
        active = sum(not tenant.is_paused(_today()) for tenant in desk.file.tenants)
        foot = button(f"Verify {count_of(active, 'tenant')} now", "run", "main")
        if (desk.out / "index.html").exists():
            foot += button("All runs", "all-runs", "quiet")
    return (
        f"<div class='h-card' role='group' aria-label='A run'><div class='h-top'><h3>A run</h3></div>{body}"
        f"<div class='h-row h-foot'>{foot}</div></div>"
    )


def _outcome(desk: Desk) -> str:
    """Say how the last run of this desk came out; without one, when the file was verified last."""
    fleet = desk.fleet
    problem = f"<p>{state_html('error')} {escape(fleet.problem)}</p>" if fleet.problem else ""
    run = fleet.run
    if run is None:
        newest = next(runs_of(desk.out), None)
        last = f"The last run here: {newest.manifest.started_at[:16].replace('T', ' ')}." if newest else ""
        return problem + (f"<p>{escape(last)} {escape(headline(newest.manifest))}</p>" if newest else "")
    rows = []
    for result in [one for one in run.results if one.verdict in BROKEN][:_BROKEN_SHOWN]:
        card = next(iter(cards_of(result.checks)), None)
        rows.append(
            f"<p><b>{escape(result.tenant)}</b> "
            f"{state_html(OF_VERDICT[result.verdict], WORDS[result.verdict])} "
            f"{escape(card.headline + '. ' + card.cause.remedy) if card else ''}</p>"
        )
    page = run.folder / "report.html"
    return (
        f"{problem}<p>{escape(headline(run.manifest))}</p>{''.join(rows)}"
        f"<div class='h-row'>{button('Open the report', 'report')}"
        f"{copy_button(str(page), 'the path of the report', 'Copy its path')}</div>"
    )


def _tenants(desk: Desk) -> str:
    found = [
        tenant
        for tenant in desk.file.tenants
        if not desk.find
        or desk.find in f"{tenant.name} {tenant.label or ''} {tenant.owner or ''} {tenant.base_url}".lower()
    ]
    last = {result.tenant: result.verdict for result in desk.fleet.run.results} if desk.fleet.run else {}
    rows = "".join(_tenant(tenant, last) for tenant in found[:SHOWN])
    counted = f"{len(found[:SHOWN])} of {len(desk.file.tenants)}"
    return (
        f"<div class='h-card'><div class='h-top'><h3>Tenants</h3><small>{counted}</small></div>"
        "<div class='h-entry' data-form>"
        "<label for='halo-desk-find'>Find</label><input class='h-input' id='halo-desk-find' name='find' "
        f"data-key='find' value='{escape(desk.find)}' placeholder='name, host or owner' autocomplete='off'>"
        f"{button('Find', 'find')}</div>{_pause(desk.pausing) if desk.pausing else ''}"
        "<div class='h-wide'><table><thead><tr><th scope='col'>Tenant</th><th scope='col'>Base URL and "
        "secret</th>"
        "<th scope='col'>State</th><th scope='col'><span class='h-hidden'>What to do</span></th></tr></thead>"
        f"<tbody>{rows}</tbody></table></div></div>"
    )


def _tenant(tenant: Tenant, last: Mapping[str, str]) -> str:
    paused = tenant.is_paused(_today())
    verdict = last.get(tenant.name)
    state = ""
    if paused:
        state = f"paused until {tenant.paused_until}: {escape(tenant.paused_reason or '')}"
    elif verdict:
        state = state_html(OF_VERDICT[verdict], WORDS[verdict])  # type: ignore[index]
    one = {"name": tenant.name}
    act = (
        button("Verify again from now", "resume", "small", **one)
        if paused
        else button("Verify", "run", "small", **one) + button("Pause …", "ask-pause", "small quiet", **one)
    )
    more = ", ".join(filter(None, (tenant.label, tenant.owner and f"owner {tenant.owner}")))
    return (
        f"<tr><th scope='row'><b>{escape(tenant.name)}</b><br><small>{escape(more)}</small></th>"
        f"<td>{escape(tenant.base_url)}<br><small>{escape(str(tenant.client_secret))}</small></td>"
        f"<td>{state}</td><td><div class='h-acts'>{act}</div></td></tr>"
    )


def _pause(name: str) -> str:
    return (
        f"<div class='h-well' data-form role='group' aria-label='Pause {escape(name)}'>"
        f"<p><b>Pause {escape(name)}</b></p><div class='h-entry'><label for='halo-until'>Until (a "
        "day)</label>"
        f"<input class='h-input' id='halo-until' type='date' name='until-{escape(name)}' data-key='until'>"
        "</div>"
        "<div class='h-entry'><label for='halo-reason'>Why</label><input class='h-input' id='halo-reason' "
        f"name='reason-{escape(name)}' data-key='reason' placeholder='moves to another instance'></div>"
        f"<div class='h-row'>{button('Keep verifying it', 'keep', safe='')}"
        f"{button('Pause', 'pause', 'main', name=name)}</div></div>"
    )


def _add(desk: Desk) -> str:
    fields = (
        ("name", "Short name", "acme"),
        ("base_url", "Base URL", "https://acme.halopsa.com"),
        ("client_id", "Client ID", ""),
        ("client_secret", "Secret", "a reference: env:HALO_ACME_SECRET, file:acme.secret, keyring:"),
        ("agent_id", "Agent ID", "a number or the username"),
        ("label", "Name for people", ""),
        ("owner", "Owner", "who is asked when it breaks"),
        ("halo_tenant", "HaloPSA’s tenant", "only where it is needed"),
    )
    rows = "".join(
        f"<div class='h-entry'><label for='halo-add-{name}'>{label}</label><input class='h-input' "
        f"id='halo-add-{name}' name='{name}-{desk.added}' data-key='add-{name}' placeholder='{hint}' "
        "autocomplete='off' spellcheck='false'></div>"
        for name, label, hint in fields
    )
    return (
        "<details class='h-fold' data-key='add'><summary>Add a tenant …</summary><div class='h-well' "
        "data-form>"
        f"{rows}<div class='h-row'>{button('Add', 'add', 'main')}</div></div></details>"
    )


def _today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()
