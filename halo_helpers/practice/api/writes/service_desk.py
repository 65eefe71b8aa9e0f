"""Tickets and their actions written by the API (W45 to W47)."""

from __future__ import annotations

from ...seed.record_kinds import COLLECTIONS
from ...seed.tickets import CLOSED, STATUSES
from ...seed.values import Record, guid, now
from ...settings import Settings
from ...wire import Answer, as_json, empty
from ...world.world import World
from ..records import seeded_actions, ticket_status
from ..refusals import refused
from ..rights import Identity
from .answers import Sent, text_of, written, wrong

_MANDATORY = ("summary", "tickettype_id")
_WHOSE = ("client_id", "site_id", "user_id")
_NO_NOTE = "You do not have access to this Action at the moment"
_KEPT = (
    "summary",
    "details",
    "status_id",
    "priority_id",
    "agent_id",
    "tickettype_id",
    "client_id",
    "user_id",
)
"""Fields of a ticket that are written; others are taken and mean nothing here."""


def write_tickets(who: Identity, rows: list[Sent]) -> Answer:
    """Make tickets, or change those whose id is given; nothing is written when one row is wrong."""
    refusal = _refuse(who)
    if refusal is not None:
        return refusal
    world = who.world
    for row in rows:
        problem = _missing(row) if "id" not in row else _unknown(world, row)
        if problem:
            return wrong(problem)
    if any(row.get("_validate_only") for row in rows) and world.settings.validate_only == "checked":
        return as_json([], 200)
    shown = [_ticket(who, row) for row in rows]
    return written(world.settings, shown, updated=all("id" in row for row in rows))


def delete_ticket(who: Identity, _: str) -> Answer:
    """Refuse it with a text, as HaloPSA does where a role does not let it (facts 3.3)."""
    return _refuse(who) or as_json({"Message": "You do not have permission to delete tickets."}, 401)


def write_actions(who: Identity, rows: list[Sent]) -> Answer:
    """Add actions to tickets; one may give its ticket another status."""
    refusal = _refuse(who)
    if refusal is not None:
        return refusal
    world = who.world
    for row in rows:
        number = row.get("ticket_id")
        if not isinstance(number, int) or not (row.get("outcome") or row.get("outcome_id")):
            return wrong("A ticket and an outcome are needed.")
        if not _exists(world, number):
            return wrong(f"There is no ticket with the id {number}.")
        if who.agent is not None and "actions" in who.agent.denied:
            return _no_note(world.settings)
        if row.get("new_status") == CLOSED and _lacks_closing_note(world.settings, row):
            return wrong("Please complete the mandatory fields: Closure Note.")
    return written(world.settings, [_action(who, row) for row in rows], updated=False)


def _ticket(who: Identity, row: Sent) -> Record:
    world, data = who.world, who.world.data
    fields = {name: row[name] for name in _KEPT if row.get(name) is not None}
    touched = {"last_update": now(), "lastactiondate": now()}
    if "id" in row:
        number = int(row["id"])
        world.tickets[number] = world.tickets.get(number, {}) | fields | touched
    else:
        number = max([data.size.tickets, *world.tickets]) + 1
        made = data.ticket(number) | {
            "guid": guid(world.seed, world.name, "ticket-made", number),
            "details": "",
            "status_id": 1,
            "dateoccurred": now(),
            "agent_id": who.agent.id if who.agent else 0,
        }
        world.tickets[number] = made | fields | touched
    if fields.get("status_id") == CLOSED:
        world.tickets[number]["dateclosed"] = now()
    seeded = data.ticket(number) if number <= data.size.tickets else {}
    return seeded | world.tickets[number]


def _action(who: Identity, row: Sent) -> Record:
    world, ticket = who.world, int(row["ticket_id"])
    old_status = ticket_status(world, ticket)
    made = world.actions.setdefault(ticket, [])
    status = row.get("new_status") if isinstance(row.get("new_status"), int) else old_status
    action = {
        "id": len(seeded_actions(world, ticket)) + len(made) + 1,
        "ticket_id": ticket,
        "outcome_id": row.get("outcome_id") if isinstance(row.get("outcome_id"), int) else 0,
        "outcome": text_of(row, "outcome", "Note", 100),
        "who_type": 1,
        "who_agentid": who.agent.id if who.agent else 0,
        "actionby_application_id": who.application.name,
        "datetime": now(),
        "actiondatecreated": now(),
        "note": text_of(row, "note", "", 4000),
        "note_html": text_of(row, "note_html", "", 4000),
        "emailfrom": "",
        "emailto": "",
        "old_status": old_status,
        "new_status": status,
        "timetaken": float(row["timetaken"]) if isinstance(row.get("timetaken"), int | float) else 0.0,
        "hiddenfromuser": bool(row.get("hiddenfromuser")),
    }
    made.append(action)
    changes = {"status_id": status, "last_update": now(), "lastactiondate": now()}
    world.tickets[ticket] = world.tickets.get(ticket, {}) | changes
    return action


def _missing(row: Sent) -> str:
    missing = [name for name in _MANDATORY if not row.get(name)]
    if not any(row.get(name) for name in _WHOSE):
        missing.append("client_id")
    return f"Please complete the mandatory fields: {', '.join(missing)}." if missing else ""


def _unknown(world: World, row: Sent) -> str:
    number, status = row["id"], row.get("status_id")
    if not isinstance(number, int) or not _exists(world, number):
        return f"There is no ticket with the id {str(number)[:50]}."
    if status is not None and status not in dict(STATUSES):
        return "There is no such status."
    if status == CLOSED and _lacks_closing_note(world.settings, row):
        return "Please complete the mandatory fields: Closure Note."
    return ""


def _lacks_closing_note(settings: Settings, row: Sent) -> bool:
    return settings.close_refused == "needs-fields" and not (row.get("closure_note") or row.get("note"))


def _exists(world: World, number: int) -> bool:
    return 1 <= number <= world.data.size.tickets or number in world.tickets


def _no_note(settings: Settings) -> Answer:
    return wrong(_NO_NOTE) if settings.action_refusal == "400" else empty(int(settings.action_refusal))


def _refuse(who: Identity) -> Answer | None:
    kind = COLLECTIONS["tickets"]
    if not who.may(("all:standard", "edit:tickets")) or who.agent is None or kind.area in who.agent.denied:
        return refused(who.world.settings)
    return None
