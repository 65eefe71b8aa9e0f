"""Routes of agents: the list, one agent, the agent of the token."""

from __future__ import annotations

from collections.abc import Iterable

from ..seed.values import Record
from ..wire import Answer, Ask, as_json, empty, whole_number
from ..world.agents import UNASSIGNED_ID, Agent
from ..world.world import World
from .fields.agents import agent_object, agent_row
from .paging import read_paging
from .refusals import not_a_number, refused
from .rights import AGENT_SCOPES, Identity, is_administrator


def answer_agents(who: Identity, ask: Ask, key: str | None) -> Answer:
    """Answer `/Agent`, `/Agent/{id}` and `/Agent/me` (facts 4.2, W26-W30)."""
    settings = who.world.settings
    if key == "me":
        if who.agent is None:
            return empty(404)
        if not who.scopes and settings.scopes_enforced == "yes":
            return refused(settings)
        return as_json(agent_object(who.world, who.agent, claims=True))
    if who.agent is None or not (who.may(AGENT_SCOPES[settings.agents_scope]) or who.lists_are_open):
        return refused(settings)
    if key is None:
        return _agent_list(who, ask)
    number = whole_number(key)
    if number is None:
        return not_a_number(key)
    agent = who.world.agent(number)
    return empty(404) if agent is None else as_json(with_right(who, agent_object(who.world, agent)))


def with_right(who: Identity, shown: Record) -> Record:
    """Say with an agent whether who asks may change it, where the settings say that this is told (W56)."""
    form = who.world.settings.can_update
    if form == "absent":
        del shown["_canupdate"]
        return shown
    return shown | {"_canupdate": form == "always" or is_administrator(who.agent)}


def _agent_list(who: Identity, ask: Ask) -> Answer:
    world = who.world
    assert who.agent is not None  # noqa: S101 - answer_agents has refused others
    disabled, enabled = ask.flag("includedisabled") is True, ask.flag("includeenabled") is not False
    api_only = ask.flag("includeapiagents") is True or world.settings.api_agents_listed == "yes"
    unassigned = ask.flag("includeunassigned") is True
    everyone: Iterable[Agent] = world.every_agent() if who.agent.team_ids else [who.agent]
    chosen = [
        agent
        for agent in everyone
        if (disabled if agent.is_disabled else enabled)
        and (api_only or not agent.is_api_only)
        and agent.listed
        and (unassigned or agent.id != UNASSIGNED_ID)
    ]
    search = ask.query.get("search", "").lower()
    if search:
        chosen = [agent for agent in chosen if search in agent.name.lower()]
    return _agent_envelope(world, ask, chosen)


def _agent_envelope(world: World, ask: Ask, chosen: list[Agent]) -> Answer:
    form = world.settings.agents_envelope
    paging = ask.flag("pageinate") is True
    if form == "array" or (form == "auto" and not paging):
        return as_json([agent_row(world, agent) for agent in chosen])
    page = read_paging(ask, world.settings)
    if isinstance(page, Answer):
        return page
    number, size, _ = page
    here = chosen[(number - 1) * size : number * size] if number else chosen
    rows = [agent_row(world, agent) for agent in here]
    body: Record = {"record_count": len(chosen)}
    if number:
        body |= {"page_no": number, "page_size": size}
    for key in ("results", "agents") if form == "auto" else (form,):
        body[key] = rows
    return as_json(body)
