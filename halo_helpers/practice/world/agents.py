"""Agents of a practice tenant, their teams and roles."""

from __future__ import annotations

from dataclasses import dataclass

TEAMS = {1: "Service Desk", 2: "Projects", 3: "Field Engineers"}
ROLES = {1: "Administrator", 2: "1st Line Support", 3: "2nd Line Support"}
NEO_AGENT_ID = 27
UNASSIGNED_ID = 1


@dataclass
class Agent:
    """One agent. `denied` are the areas that the agent's roles do not open."""

    id: int
    name: str
    email: str = ""
    is_disabled: bool = False
    is_api_only: bool = False
    team_ids: tuple[int, ...] = (1,)
    role_ids: tuple[int, ...] = (2,)
    workday_id: int = 1
    denied: frozenset[str] = frozenset()
    empty: frozenset[str] = frozenset()
    """Areas that answer, with no record that this agent may see."""
    listed: bool = True
    """Whether the list of agents shows it."""
    modified_at: str = ""
    """When it was saved last, empty while it is as it was made."""
