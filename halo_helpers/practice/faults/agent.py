"""What is wrong with the agent, at the end what a check that only reads cannot see."""

from __future__ import annotations

from ..world.changes import agent, licences_used_up, routes, second_neo_agent, without_active_teams
from .scenario import Scenario

SCENARIOS = (
    Scenario(
        "agent-without-role",
        "Agent without a role",
        "no role is given to the agent",
        agent(role_ids=()),
        expect=("agent-role-missing",),
        row=25,
    ),
    Scenario(
        "agent-without-hours",
        "Agent without working hours",
        "no Working Hours on Preferences",
        agent(workday_id=0),
        expect=("agent-hours-missing",),
    ),
    Scenario(
        "agent-twins",
        "Two agents of one name",
        "another agent is called Neo Agent, too",
        second_neo_agent,
        expect=("agent-name-ambiguous",),
        row=49,
    ),
    Scenario(
        "agent-unlisted",
        "Agent not in the list",
        "the list of agents leaves the agent out",
        agent(listed=False),
        expect=("agent-unlisted",),
        row=24,
    ),
    Scenario(
        "agent-restricted",
        "Agent restricted to other clients",
        "the agent may see neither clients nor their contacts",
        agent(empty=frozenset({"clients", "users"})),
        expect=("area-empty",),
        row=26,
    ),
    Scenario(
        "contracts-hidden",
        "Contracts hidden",
        "the role has no access level for contracts",
        agent(denied=frozenset({"contracts"})),
        expect=("area-hidden",),
        row=25,
    ),
    Scenario(
        "no-sales-module",
        "Sales not licensed",
        "the instance has no opportunities",
        routes(opportunities=404),
        expect=("area-missing",),
        row=45,
    ),
    # what a check that only reads cannot see
    Scenario(
        "licences-used-up",
        "No Named Licence free",
        "every Named Licence is in use, Neo Agent's among them",
        licences_used_up,
    ),
    Scenario(
        "team-inactive",
        "Agent in an inactive team only",
        "the agent's only team is inactive, so no ticket can be given to it",
        without_active_teams,
    ),
    Scenario(
        "notes-refused",
        "Notes refused",
        "the role lets tickets be read, and no note be added",
        agent(denied=frozenset({"actions"})),
    ),
)
