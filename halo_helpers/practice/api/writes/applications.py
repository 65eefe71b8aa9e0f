"""Applications made, changed and deleted by the API (W40, W41)."""

from __future__ import annotations

import secrets
from dataclasses import replace

from ...seed.values import Record, guid
from ...wire import Answer, as_json, empty
from ...world.applications import Application, new_secret
from ...world.scopes import KNOWN_SCOPES
from ..fields.applications import application_row, id_of, login_type_of, token_of
from ..refusals import refused_text
from ..rights import Identity, administration_refused, unless
from .answers import Sent, new_list, text_of, written, wrong

_SYSTEM = "This application is used by HaloPSA itself and cannot be changed."


@unless(administration_refused)
def write_applications(who: Identity, rows: list[Sent]) -> Answer:
    """Change applications by their id; make one, where the settings let that be."""
    world, settings = who.world, who.world.settings
    drafts: list[tuple[Application, Application | None]] = []
    known = {id_of(world, one): one for one in world.applications.values()}
    for row in rows:
        saved = known.get(str(row.get("id")).lower())
        if saved is None and row.get("id"):
            return wrong(f"There is no application with the id {str(row['id'])[:50]}.")
        if saved is None and settings.application_write == "refused":
            return empty(403)
        if saved is not None and saved.is_system and settings.system_applications == "refused":
            return refused_text(_SYSTEM)
        stale = saved is not None and row.get("concurrencyToken") not in (None, token_of(world, saved))
        if stale and settings.concurrency == "checked":
            return wrong("The application has been changed by somebody else.")
        earlier = next((one for one, of in reversed(drafts) if saved is not None and of is saved), saved)
        draft = replace(earlier) if earlier else _new()
        problem = _fill_in(who, row, draft)
        if problem:
            return wrong(problem)
        drafts.append((draft, saved))
    shown = [_save(who, draft, saved) for draft, saved in drafts]
    return written(settings, shown, updated=all(saved is not None for _, saved in drafts))


@unless(administration_refused)
def delete_application(who: Identity, key: str) -> Answer:
    """Take an application away, if it is none of HaloPSA's own."""
    found = next((one for one in who.world.applications.values() if id_of(who.world, one) == key), None)
    if found is None:
        return empty(404)
    if found.is_system and who.world.settings.system_applications == "refused":
        return refused_text(_SYSTEM)
    del who.world.applications[found.client_id]
    return as_json(application_row(who.world, found))


def _new() -> Application:
    return Application("", guid(secrets.token_hex(8)), "", 0, scopes=frozenset())


def _fill_in(who: Identity, row: Sent, application: Application) -> str:
    """Put a row into an application; return what is wrong with it."""
    application.name = text_of(row, "displayName", application.name, 100).strip()
    application.active = not row.get("inactive", not application.active)
    if "loginas_agent_id" in row:
        number = row["loginas_agent_id"]
        if not isinstance(number, int) or (number and who.world.agent(number) is None):
            return "There is no such agent."
        application.agent_id = number
    if "loginentity" in row:
        login_type = login_type_of(row["loginentity"])
        if login_type is None:
            return "There is no such login type."
        if login_type != application.login_type and who.world.settings.login_type_renews_secret == "yes":
            application.secret = new_secret()
        application.login_type = login_type
    if isinstance(row.get("scopes"), list):
        sent = [str(one.get("name")) for one in row["scopes"] if isinstance(one, dict)]
        if not set(sent) <= KNOWN_SCOPES:
            return "There is no such scope."
        kept = new_list(who.world.settings, sorted(application.scopes), sent)
        application.scopes = frozenset(map(str, kept))
    return "" if application.name else "Please enter a name."


def _save(who: Identity, draft: Application, saved: Application | None) -> Record:
    """Save an application; a new one may tell its secret in this answer alone."""
    world = who.world
    draft.writes += 1
    if saved is not None:
        vars(saved).update(vars(draft))
        _note(who, saved)
        return application_row(world, saved, details=True)
    once = world.settings.application_write == "secret-once"
    draft.secret = new_secret()
    world.applications[draft.client_id] = draft
    _note(who, draft)
    return application_row(world, draft, details=True) | ({"clientSecret": draft.secret} if once else {})


def _note(who: Identity, application: Application) -> None:
    if who.agent is not None:
        who.world.note_change("NHD_IDENTITY_APPLICATION", 0, who.agent, "", application.name)
