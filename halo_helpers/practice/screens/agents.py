"""The pages of agents: the list, and the form of one agent."""

from __future__ import annotations

from ..seed.values import now
from ..wire import Answer, whole_number
from ..world.agents import ROLES, TEAMS, UNASSIGNED_ID, Agent
from ..world.world import World
from .forms import ID_DIGITS, Form, agent_from
from .menu import AGENTS, here
from .notices import Notice, Notices
from .page import SHOWN, html_page, redirect
from .sign_in import Session


def agents_page(session: Session, search: str) -> Answer:
    """Return the list of agents, those found by `search`."""
    everyone = [
        agent
        for agent in session.world.every_agent()
        if agent.id != UNASSIGNED_ID and search.lower() in agent.name.lower()
    ]
    # those made here have the highest numbers: they are shown in a long list, too
    shown = everyone if len(everyone) <= SHOWN else everyone[: SHOWN // 2] + everyone[-SHOWN // 2 :]
    return html_page(
        session,
        "agents",
        path=here(AGENTS),
        agents=shown,
        teams=TEAMS,
        more=len(everyone) - len(shown),
        search=search,
    )


def _known_agent(world: World, key: str) -> Agent | None:
    number = whole_number(key, ID_DIGITS)
    return None if number is None else world.agent(number)


def agent_page(session: Session, key: str, form: Form, notices: Notices, notice: Notice) -> Answer:
    """Return the form of one agent, or of a new one; save it when it was sent."""
    world = session.world
    agent = Agent(0, "", team_ids=()) if key == "new" else _known_agent(world, key)
    if agent is None:
        return html_page(session, "missing", 404)
    problems = []
    if form.posted:
        agent = agent_from(form.fields, agent.id)
        if agent.name:
            agent.id = agent.id or max([*world.agents, world.data.size.agents]) + 1
            agent.modified_at = now()
            world.agents[agent.id] = agent
            return redirect(
                f"/config/agents/{agent.id}{notices.leave(saved=f'Saved. The Agent ID is {agent.id}.')}"
            )
        problems.append("Username is missing.")
    roles = [*((number, name) for number, name in ROLES.items()), ("", "none")]
    return html_page(
        session,
        "agent",
        path=here([*AGENTS, (agent.name or "New", "")]),
        agent=agent,
        roles=roles,
        teams=TEAMS,
        problems=problems,
        notice=notice,
    )
