"""Agents made, changed and deleted by the API (W38)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ...seed.values import now
from ...wire import Answer, as_json, empty, whole_number
from ...world.agents import ROLES, TEAMS, UNASSIGNED_ID, Agent
from ...world.world import World
from ..agents import with_right
from ..fields.agents import agent_object
from ..fields.teams_and_roles import role_object
from ..refusals import not_a_number, refused
from ..rights import Identity, is_administrator, unless
from .answers import Sent, new_list, text_of, written, wrong

_SCOPES = ("all", "admin", "all:teams", "edit:agents")


def _refuse(who: Identity) -> Answer | None:
    """A token with one of the scopes and an administrator are needed (W38, W56)."""
    if not who.may(_SCOPES):
        return refused(who.world.settings)
    return None if is_administrator(who.agent) else refused(who.world.settings, 401)


@unless(_refuse)
def write_agents(who: Identity, rows: list[Sent]) -> Answer:
    """Make agents, or change those whose id is given; nothing is written when one row is wrong."""
    world = who.world
    drafts: list[tuple[Agent, Agent | None]] = []
    for row in rows:
        number = row.get("id")
        earlier = {draft.id: draft for draft, _ in drafts if draft.id}
        known = earlier.get(number) or world.agent(number) if isinstance(number, int) else None
        if "id" in row and (known is None or known.id == UNASSIGNED_ID):
            return wrong(f"There is no agent with the id {str(number)[:50]}.")
        if not text_of(row, "name", known.name if known else "").strip():
            return wrong("Please enter a name.")
        begun = sum(_uses_a_licence(draft) and not (old and _uses_a_licence(old)) for draft, old in drafts)
        blank = replace(known) if known else Agent(0, "", team_ids=(), role_ids=())
        draft = _filled_in(world, row, blank, begun)
        if isinstance(draft, Answer):
            return draft
        drafts.append((draft, known))
    for draft, known in drafts:
        draft.id = draft.id or max([*world.agents, world.data.size.agents]) + 1
        if world.settings.change_marks == "yes":
            draft.modified_at = now()
        world.agents[draft.id] = draft
        if who.agent is not None:
            world.note_change("UNAME", draft.id, who.agent, known.name if known else "", draft.name)
    shown = [with_right(who, agent_object(world, draft)) for draft, _ in drafts]
    return written(world.settings, shown, updated=all(known for _, known in drafts))


@unless(_refuse)
def delete_agent(who: Identity, key: str) -> Answer:
    """Take an agent away; the answer is the agent deleted."""
    number = whole_number(key)
    if number is None:
        return not_a_number(key)
    agent = who.world.agent(number)
    if agent is None or agent.id == UNASSIGNED_ID:
        return empty(404)
    who.world.removed_agents.add(number)
    return as_json(agent_object(who.world, agent))


def _uses_a_licence(agent: Agent) -> bool:
    return not (agent.is_disabled or agent.is_api_only)


def _filled_in(world: World, row: Sent, agent: Agent, begun: int) -> Agent | Answer:
    """Put a row into an agent; what it does not name stays. A full licence is told as the settings say.

    `begun` are the licences that earlier rows take.
    """
    used_one = agent.id != 0 and _uses_a_licence(agent)
    agent.name = text_of(row, "name", agent.name, 100).strip()
    agent.email = text_of(row, "email", agent.email)
    agent.is_disabled = bool(row.get("isdisabled", agent.is_disabled))
    agent.is_api_only = bool(row.get("isapiagent", agent.is_api_only))
    if "workday_id" in row:
        agent.workday_id = row["workday_id"] if isinstance(row["workday_id"], int) else 0
    if isinstance(row.get("teams"), list):
        teams = _numbers(row["teams"], ("team_id", "id"))
        if not teams <= TEAMS.keys():
            return wrong("There is no such team.")
        sent = [team for team in TEAMS if team in teams]
        agent.team_ids = tuple(new_list(world.settings, agent.team_ids, sent))  # type: ignore[arg-type]
    if isinstance(row.get("roles"), list):
        wanted = {str(one.get("id")).lower() for one in row["roles"] if isinstance(one, dict)}
        sent = [role for role in ROLES if str(role_object(world, role)["id"]) in wanted]
        if len(sent) < len(wanted):
            return wrong("There is no such role.")
        agent.role_ids = tuple(new_list(world.settings, agent.role_ids, sent))  # type: ignore[arg-type]
    if _uses_a_licence(agent) and not used_one and not world.licence_is_free(begun):
        return _without_licence(world, agent)
    return agent


def _without_licence(world: World, agent: Agent) -> Agent | Answer:
    match world.settings.licence_full:
        case "api-only":
            agent.is_api_only = True
        case "disabled":
            agent.is_disabled = True
        case _:
            return wrong("You have no Named Licence left for another agent.")
    return agent


def _numbers(rows: Iterable[object], names: tuple[str, ...]) -> set[object]:
    """Return the numbers that rows of a list name; a row that names none stands for no number."""
    return {
        next((one[name] for name in names if one.get(name) is not None), None)
        for one in rows
        if isinstance(one, dict)
    }
