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
from ..rights import Identity, unless
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


def _refuse(who: Identity) -> Answer | None:
    kind = COLLECTIONS["tickets"]
    if not who.may(("all:standard", "edit:tickets")) or who.agent is None or kind.area in who.agent.denied:
        return refused(who.world.settings)
    return None


@unless(_refuse)
def write_tickets(who: Identity, rows: list[Sent]) -> Answer:
    """Make tickets, or change those whose id is given; nothing is written when one row is wrong."""
    world = who.world
    for row in rows:
        problem = _unknown(world, row["id"]) if "id" in row else _missing(row)
        problem = problem or _not_to_be(world.settings, row, row.get("status_id"))
        if problem:
            return wrong(problem)
    if any(row.get("_validate_only") for row in rows) and world.settings.validate_only == "checked":
        return as_json([], 200)
    shown = [_ticket(who, row) for row in rows]
    return written(world.settings, shown, updated=all("id" in row for row in rows))


@unless(_refuse)
def delete_ticket(_: Identity, __: str) -> Answer:
    """Refuse it with a text, as HaloPSA does where a role does not let it (facts 3.3)."""
    return as_json({"Message": "You do not have permission to delete tickets."}, 401)


@unless(_refuse)
def write_actions(who: Identity, rows: list[Sent]) -> Answer:
    """Add actions to tickets; one may give its ticket another status."""
    world = who.world
    for row in rows:
        number = row.get("ticket_id")
        if not isinstance(number, int) or not (row.get("outcome") or row.get("outcome_id")):
            return wrong("A ticket and an outcome are needed.")
        problem = _unknown(world, number)
        if problem:
            return wrong(problem)
        if who.agent is not None and "actions" in who.agent.denied:
            return _no_note(world.settings)
        problem = _not_to_be(world.settings, row, row.get("new_status"))
        if problem:
            return wrong(problem)
    return written(world.settings, [_action(who, row) for row in rows], updated=False)


def _ticket(who: Identity, row: Sent) -> Record:
    world, data = who.world, who.world.data
    fields = {name: row[name] for name in _KEPT if row.get(name) is not None}
    touched = _touched(fields.get("status_id"))
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
    seeded = data.ticket(number) if number <= data.size.tickets else {}
    return seeded | world.tickets[number]


def _action(who: Identity, row: Sent) -> Record:
    world, ticket = who.world, int(row["ticket_id"])
    old_status = ticket_status(world, ticket)
    made = world.actions.setdefault(ticket, [])
    status = old_status if row.get("new_status") is None else row["new_status"]
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
    changes = {"status_id": status} | _touched(row.get("new_status"))
    world.tickets[ticket] = world.tickets.get(ticket, {}) | changes
    return action


def _touched(status: object) -> Record:
    """Return what a write leaves on a ticket, with the time at which a status closed it."""
    closed = {"dateclosed": now()} if status == CLOSED else {}
    return {"last_update": now(), "lastactiondate": now(), **closed}


def _missing(row: Sent) -> str:
    missing = [name for name in _MANDATORY if not row.get(name)]
    if not any(row.get(name) for name in _WHOSE):
        missing.append("client_id")
    return f"Please complete the mandatory fields: {', '.join(missing)}." if missing else ""


def _unknown(world: World, number: object) -> str:
    known = isinstance(number, int) and (1 <= number <= world.data.size.tickets or number in world.tickets)
    return "" if known else f"There is no ticket with the id {str(number)[:50]}."


def _not_to_be(settings: Settings, row: Sent, status: object) -> str:
    """Say why a ticket cannot be given a status, by itself or by an action."""
    if status is not None and (not isinstance(status, int) or status not in dict(STATUSES)):
        return "There is no such status."
    noted = row.get("closure_note") or row.get("note")
    if status == CLOSED and settings.close_refused == "needs-fields" and not noted:
        return "Please complete the mandatory fields: Closure Note."
    return ""


def _no_note(settings: Settings) -> Answer:
    return wrong(_NO_NOTE) if settings.action_refusal == "400" else empty(int(settings.action_refusal))
