"""Who asks, and what the scopes of a token open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..world.agents import Agent
from ..world.applications import Application
from ..world.world import World

TEAM_SCOPES = ("all:teams", "read:teams")
AGENT_SCOPES = {
    "either": ("all:teams", "all:standard", "read:agents"),
    "all:teams": ("all:teams",),
    "all:standard": ("all:standard",),
    "read:agents": ("read:agents",),
}
ADMIN = ("admin",)
ADMINISTRATOR = 1
"""The number of the role that may change everything."""


def is_administrator(agent: Agent | None) -> bool:
    """Whether an agent is an administrator."""
    return agent is not None and ADMINISTRATOR in agent.role_ids


@dataclass(frozen=True)
class Identity:
    """Who asks: the token's application and, when it logs in as one, the agent."""

    world: World
    application: Application
    agent: Agent | None
    scopes: frozenset[str]

    def may(self, wanted: Iterable[str]) -> bool:
        """Whether the token holds one of the wanted scopes (facts 2.5)."""
        if self.world.settings.scopes_enforced == "no":
            return True
        held = set(self.scopes)
        if "all" in held:
            held.add("all:standard")
            if self.world.settings.scope_all == "everything":
                held |= {"all:teams", "admin:webhooks"}
        return bool(held & set(wanted))

    @property
    def may_administer(self) -> bool:
        """Whether the administrator's routes are open to the token, as the settings say (W39)."""
        return self.administration_refused is None

    @property
    def administration_refused(self) -> int | None:
        """The status of a refusal of the administrator's routes, None for who may (W56)."""
        level, admin = self.world.settings.admin_level, is_administrator(self.agent)
        scope = self.may(ADMIN) or (level == "all" and "all" in self.scopes)
        if level != "agent" and not scope:
            return 403
        return None if level == "scope" or admin else 401

    @property
    def lists_are_open(self) -> bool:
        """Whether agents, roles, teams and workdays are open by the administrator's scope alone (W52)."""
        return self.world.settings.admin_covers == "lists" and self.may(ADMIN) and self.may_administer
