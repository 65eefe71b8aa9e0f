"""Routes of the records that are made from the seed, and of a ticket's actions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..seed.record_kinds import COLLECTIONS, Collection
from ..seed.tenant_data import Data
from ..seed.tickets import CLOSED
from ..seed.values import Record
from ..wire import Answer, Ask, as_json, empty
from ..world.world import World
from .paging import answer_page
from .refusals import not_a_number, refused
from .rights import Identity


def answer_collection(who: Identity, ask: Ask, kind: Collection, key: str | None) -> Answer:
    """Answer `/{route}` and `/{route}/{id}` of one kind of record."""
    settings = who.world.settings
    if key == "me":
        return empty(401 if kind.route == "Client" else 404)
    may = who.may(kind.scopes) or (kind.route == "Workday" and who.lists_are_open)
    if not may or who.agent is None or kind.area in who.agent.denied:
        return refused(settings, kind.refused_with if who.agent and may else 403)
    data = who.world.data
    if key is None:
        return _listing(who, ask, kind)
    number = kind.find(data, key)
    if number is None and kind.numbered:
        return not_a_number(key)
    return (
        as_json(_changed(who, kind, number, kind.one))
        if number and number in _visible(who, ask, kind, everything=True)
        else empty(404)
    )


def _visible(who: Identity, ask: Ask, kind: Collection, *, everything: bool = False) -> Sequence[int]:
    """Return the ids that this agent may see and the filters let through, in order."""
    data = who.world.data
    agent = who.agent
    if agent is None or kind.area in agent.empty or (kind.key == "tickets" and not agent.team_ids):
        return ()
    ids: Sequence[int] = range(1, kind.count(data) + 1)
    if kind.route == "Tickets":
        ids = [*ids, *(number for number in who.world.tickets if number > len(ids))]
    if everything:
        return ids
    inactive = {"Client": data.client_inactive, "Users": data.user_inactive}.get(kind.route)
    if inactive is not None:
        with_active = ask.flag("includeactive") is not False
        with_inactive = ask.flag("includeinactive") is True
        ids = [n for n in ids if (with_inactive if inactive(n) else with_active)]
    if kind.route == "Tickets":
        if ask.flag("open_only"):
            ids = [n for n in ids if ticket_status(who.world, n) != CLOSED]
        client = ask.number("client_id")
        if client is not None:
            ids = [n for n in ids if _changed(who, kind, n, kind.make)["client_id"] == client]
    return ids


def _listing(who: Identity, ask: Ask, kind: Collection) -> Answer:
    data = who.world.data
    ids = _visible(who, ask, kind)
    if not kind.pages:
        return as_json([kind.make(data, n) for n in ids])
    return answer_page(ask, who.world.settings, kind.key, ids, lambda n: _changed(who, kind, n, kind.make))


def _changed(who: Identity, kind: Collection, number: int, make: Callable[[Data, int], Record]) -> Record:
    """Return a record as the API has left it: tickets can be written."""
    written = who.world.tickets.get(number, {}) if kind.route == "Tickets" else {}
    made = make(who.world.data, number) if number <= kind.count(who.world.data) else {}
    return made | written


def ticket_status(world: World, number: int) -> int:
    """Return the status of a ticket, as it was written last."""
    written = world.tickets.get(number, {}).get("status_id")
    return written if isinstance(written, int) else world.data.ticket_status(number)


def seeded_actions(world: World, ticket: int) -> list[Record]:
    """Return the actions that a ticket has of the seed; one that the API made has none."""
    count = ticket % 4 if ticket <= world.data.size.tickets else 0
    return [world.data.action(ticket, number) for number in range(1, 1 + count)]


def answer_actions(who: Identity, ask: Ask, key: str | None) -> Answer:
    """Answer `/Actions?ticket_id=N`, with the rights of tickets; none without a ticket (facts 4.4)."""
    tickets = COLLECTIONS["tickets"]
    if not who.may(tickets.scopes) or who.agent is None or tickets.area in who.agent.denied:
        return refused(who.world.settings)
    if key is not None:
        return empty(404)
    ticket = ask.number("ticket_id")
    visible = ticket is not None and ticket in _visible(who, ask, tickets, everything=True)
    rows = (
        [*seeded_actions(who.world, ticket), *who.world.actions.get(ticket, [])]
        if visible and ticket is not None
        else []
    )
    count = ask.number("count")
    return as_json({"record_count": len(rows), "actions": rows if count is None else rows[:count]})
