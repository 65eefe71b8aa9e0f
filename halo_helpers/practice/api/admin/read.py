"""Applications, the audit, configuration commits and features (W39, W41, W54)."""

from __future__ import annotations

from functools import partial

from ...seed.values import EPOCH, Record, guid, stamp
from ...wire import Answer, Ask, as_json, empty
from ..fields.applications import application_row, id_of
from ..paging import answer_page
from ..refusals import refused
from ..rights import Identity, administration_refused, unless

_COMMITS = 4655
"""As many as on the live instance that was seen."""
_ROUTES = {"Sales": "opportunities", "Contracts": "clientcontract", "Assets": "asset"}
"""A route of a module, as its answers are called in the world."""
_MODULES = ("Tickets", "Assets", "Contracts", "Sales", "Knowledge Base", "Projects", "Reporting")


@unless(administration_refused)
def answer_applications(who: Identity, ask: Ask, key: str | None) -> Answer:
    """Answer `/Application` and `/Application/{guid}`, never with a secret."""
    applications = who.world.applications.values()
    if key is None:
        return as_json([application_row(who.world, one) for one in applications])
    found = next((one for one in applications if id_of(who.world, one) == key), None)
    details = who.world.settings.application_scopes != "details" or ask.flag("includedetails") is True
    return empty(404) if found is None else as_json(application_row(who.world, found, details=details))


@unless(administration_refused)
def answer_audit(who: Identity, ask: Ask, key: str | None) -> Answer:
    """Answer `/Audit`: nothing without parameters; by the object, where the settings say so."""
    form = who.world.settings.audit
    if form == "refused":
        return refused(who.world.settings)
    if key is not None:
        row = next((one for one in who.world.audit if str(one["id"]) == key), None)
        return empty(404) if row is None else as_json(row)
    table, number = ask.query.get("table_name", ""), ask.number("id1")
    rows = [
        row
        for row in who.world.audit
        if form == "by-object" and table and row["table_name"] == table and row["id1"] == number
    ]
    return as_json({"record_count": len(rows), "audit": rows})


@unless(administration_refused)
def answer_commits(who: Identity, ask: Ask, key: str | None) -> Answer:
    """Answer `/ConfigCommit`: all rows at once in spite of a page size, as on a live instance."""
    form = who.world.settings.config_commits
    if form == "refused":
        return refused(who.world.settings)
    if key is not None:
        return empty(404)
    numbers = range(1, _COMMITS + 1)
    if form == "paged" and ask.flag("pageinate"):
        return answer_page(ask, who.world.settings, "commits", numbers, partial(_commit, who))
    return as_json({"record_count": _COMMITS, "commits": [_commit(who, number) for number in numbers]})


@unless(administration_refused)
def answer_features(who: Identity, _: Ask, key: str | None) -> Answer:
    """Answer `/Features`: a bare array of modules (ModuleSetup); what is not licensed has no routes."""
    if key is not None:
        return empty(404)
    return as_json(
        [
            {
                "id": number,
                "intent": "",
                "module_name": name,
                "actual_name": name,
                "enabled": who.world.answers.get(_ROUTES.get(name, "")) != 404,
                "core": number == 1,
                "licensed": who.world.answers.get(_ROUTES.get(name, "")) != 404,
                "accesslevel": 0,
                "halointegratorenabled": False,
            }
            for number, name in enumerate(_MODULES, 1)
        ]
    )


def _commit(who: Identity, number: int) -> Record:
    """Return a change of the configuration (ConfigCommit)."""
    return {
        "id": number,
        "guid": guid(who.world.seed, "commit", number),
        "timestamp": stamp(EPOCH),
        "source_instance_id": 0,
        "agent_id": 2,
        "summary": f"Change {number}",
        "object_guid": guid(who.world.seed, "commit-object", number % 40),
        "operation": "update",
        "payload": "{}",
        "rolled_back": False,
        "is_merge": False,
    }
