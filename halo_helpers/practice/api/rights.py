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
