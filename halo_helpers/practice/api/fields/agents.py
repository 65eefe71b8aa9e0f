"""Fields of an agent: the row of a list, the single record, the agent of the token."""

from __future__ import annotations

from ...seed.values import EPOCH, NO_DATE, Record, mix, stamp
from ...world.agents import ROLES, TEAMS, Agent
from ...world.world import World
from .teams_and_roles import membership, role_object

_PLAIN_TEXTS = dict.fromkeys(("ad", "exchange_account", "extensionnumber", "jira_id", "logmeinid", "sms"), "")

_PLAIN_TICKS = dict.fromkeys(
    (
        "allowbeyondtrustinvites",
        "can_approve_campaign",
        "can_approve_invoice",
        "can_approve_purchaseorder",
        "can_approve_quote",
        "exchange_authorized",
        "gotoresolve_authorized",
        "sendemailerrors",
        "sentinel_authorized",
        "splashtop_authorized",
    ),
    False,
)
"""What a live row shows besides (facts 4.2), as of an agent that uses none of it."""


def agent_row(world: World, agent: Agent) -> Record:
    """Return a row of `/Agent` (Uname, facts 4.2): the sparse list leaves false and empty fields out."""
    first, _, last = agent.name.partition(" ")
    row: Record = {
        "id": agent.id,
        "name": agent.name,
        "firstname": first,
        "surname": last,
        "initials": (first[:1] + last[:1]).upper(),
        "isdisabled": agent.is_disabled,
        "is_agent": True,
        "colour": f"#{mix(agent.id) % 0xFFFFFF:06x}",
        "jobtitle": "",
        "chargerate": 0,
        "licence_type": 0,
        "teams": [membership(agent, team_id) for team_id in agent.team_ids],
        "departments": [_department(agent)] if agent.team_ids else [],
        "namewithinactive": f"{agent.name} (inactive)" if agent.is_disabled else agent.name,
        "use": "agent",
        **_PLAIN_TEXTS,
        **_PLAIN_TICKS,
        "apptsync": 0,
        "linemanager": 0,
    }
    if agent.team_ids:
        row["team"] = TEAMS[agent.team_ids[0]]
    if world.settings.agent_list_fields == "full":
        row |= {"email": agent.email, "isapiagent": agent.is_api_only}
    return row


def agent_object(world: World, agent: Agent, *, claims: bool = False) -> Record:
    """Return `/Agent/{id}` (Uname); with `claims` `/Agent/me`, which is large on a real tenant."""
    whole = agent_row(world, agent) | {
        "isapiagent": agent.is_api_only,
        "is_admin": 1 in agent.role_ids,
        "role_list": ",".join(ROLES[role] for role in agent.role_ids),
        "roles": [role_object(world, role) for role in agent.role_ids],
        "workday_id": agent.workday_id,
        "workday_name": "Office hours" if agent.workday_id else "",
        "datecreated": stamp(EPOCH),
        "lastlogindate": NO_DATE,
        "twofactor_enabled": False,
        "language_id": 1,
        "last_modified": agent.modified_at or stamp(EPOCH),
        "lastonline": NO_DATE,
        "onlinestatus": 0,
        "is_online": False,
        "signature": "",
        "department": "Support" if agent.team_ids else "",
        "pagesize": 50,
        "named_licences_in_use": 1,
        "emailconfirmed": True,
        "accountconfirmed": True,
        "clients": [{"id": 1, "client_id": 1}] if "clients" in agent.empty else [],
        "_canupdate": False,
        "_isnew": False,
    }
    if agent.email:
        whole["email"] = agent.email
    if claims:
        count = 108 + world.data.size.me_padding
        whole["claims"] = [
            {"type": f"practice/claim/{number}", "value": "a line of permissions"} for number in range(count)
        ]
    return whole


def _department(agent: Agent) -> Record:
    """Return an agent's membership in a department (UnameDepartment)."""
    return {
        "id": agent.id,
        "agent_id": agent.id,
        "agent_name": agent.name,
        "department_id": 1,
        "department_name": "Support",
        "membershiplevel": 1,
        "includeteamsintree": False,
    }
