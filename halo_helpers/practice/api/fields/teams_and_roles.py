"""Fields of a team, of an agent's membership in it, and of a role."""

from __future__ import annotations

from ...seed.values import EPOCH, Record, guid, stamp
from ...world.agents import ROLES, TEAMS, Agent
from ...world.world import World


def role_object(world: World, role_id: int) -> Record:
    """Return a role (NHD_Roles)."""
    return {
        "id": guid(world.seed, "role", role_id),
        "id_int": role_id,
        "name": ROLES[role_id],
        "normalizedName": ROLES[role_id].upper(),
        "notes": "",
        "is_integration": False,
    }


def team_object(world: World, team_id: int) -> Record:
    """Return a team, as in the list (SectionDetail)."""
    return {
        "id": team_id,
        "guid": guid(world.seed, "team", team_id),
        "name": TEAMS[team_id],
        "sequence": team_id,
        "forrequests": True,
        "foropps": False,
        "forprojects": team_id == 2,
        "ticket_count": 0,
        "department_id": 1,
        "department_name": "Support",
        "org_team_name": f"Support/{TEAMS[team_id]}",
        "inactive": team_id in world.inactive_teams,
        "last_modified": stamp(EPOCH),
        "mailbox_override": 0,
        "override_column_id": 0,
        "homescreendashboardid": 0,
        "concurrent_lic_limit": 0,
        "hide_agents_in_tree_if_no_tickets": False,
        "teamphotopath": "",
        "use": "team",
    }


def team_details(world: World, team_id: int) -> Record:
    """Return a team with its agents, as the single record (SectionDetail)."""
    members = [membership(agent, team_id) for agent in world.every_agent() if team_id in agent.team_ids]
    return team_object(world, team_id) | {"agents": members, "managers": []}


def membership(agent: Agent, team_id: int) -> Record:
    """Return an agent's membership in a team (UnameSection)."""
    return {
        "id": agent.id * 10 + team_id,
        "agent_id": agent.id,
        "agent_name": agent.name,
        "team_id": team_id,
        "team_name": TEAMS[team_id],
        "department_id": 1,
        "org_department_team_name": f"Support/{TEAMS[team_id]}",
        "fortickets": True,
        "foropps": False,
        "forprojects": team_id == 2,
        "is_manager": False,
        "in_section": True,
    }
