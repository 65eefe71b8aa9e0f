"""Routes of the records that are made from the seed, and of a ticket's actions."""

from __future__ import annotations

from collections.abc import Sequence

from ..seed.record_kinds import COLLECTIONS, Collection
from ..seed.tickets import CLOSED
from ..wire import Answer, Ask, as_json, empty
from .paging import answer_page
from .refusals import not_a_number, refused
from .rights import Identity


def answer_collection(who: Identity, ask: Ask, kind: Collection, key: str | None) -> Answer:
    """Answer `/{route}` and `/{route}/{id}` of one kind of record."""
    settings = who.world.settings
    if key == "me":
        return empty(401 if kind.route == "Client" else 404)
    if not who.may(kind.scopes) or who.agent is None or kind.area in who.agent.denied:
        return refused(settings, kind.refused_with if who.agent and who.may(kind.scopes) else 403)
    data = who.world.data
    if key is None:
        return _listing(who, ask, kind)
    number = kind.find(data, key)
    if number is None and kind.numbered:
        return not_a_number(key)
    return (
        as_json(kind.one(data, number))
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
    if everything:
        return ids
    inactive = {"Client": data.client_inactive, "Users": data.user_inactive}.get(kind.route)
    if inactive is not None:
        with_active = ask.flag("includeactive") is not False
        with_inactive = ask.flag("includeinactive") is True
        ids = [n for n in ids if (with_inactive if inactive(n) else with_active)]
    if kind.route == "Tickets":
        if ask.flag("open_only"):
            ids = [n for n in ids if data.ticket_status(n) != CLOSED]
        client = ask.number("client_id")
        if client is not None:
            ids = [n for n in ids if data.ticket(n)["client_id"] == client]
    return ids


def _listing(who: Identity, ask: Ask, kind: Collection) -> Answer:
    data = who.world.data
    ids = _visible(who, ask, kind)
    if not kind.pages:
        return as_json([kind.make(data, n) for n in ids])
    return answer_page(ask, who.world.settings, kind.key, ids, lambda n: kind.make(data, n))


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
        [who.world.data.action(ticket, n) for n in range(1, 1 + ticket % 4)]
        if visible and ticket is not None
        else []
    )
    count = ask.number("count")
    return as_json({"record_count": len(rows), "actions": rows if count is None else rows[:count]})
