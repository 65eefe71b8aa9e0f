"""Who asks, and what the scopes of a token open."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec

from ..wire import Answer
from ..world.agents import Agent
from ..world.applications import Application
from ..world.world import World
from .refusals import refused

P = ParamSpec("P")
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
        covers = self.world.settings.admin_covers == "lists"
        return covers and self.may(ADMIN) and self.administration_refused is None


Route = Callable[Concatenate[Identity, P], Answer]


def unless(refuse: Callable[[Identity], Answer | None]) -> Callable[[Route[P]], Route[P]]:
    """Let a route answer whom `refuse` does not refuse."""

    def decorate(route: Route[P]) -> Route[P]:
        @wraps(route)
        def answer(who: Identity, /, *args: P.args, **kwargs: P.kwargs) -> Answer:
            refusal = refuse(who)
            return route(who, *args, **kwargs) if refusal is None else refusal

        return answer

    return decorate


def administration_refused(who: Identity) -> Answer | None:
    """Refuse who is no administrator, or has no scope for it (W39, W56)."""
    status = who.administration_refused
    return None if status is None else refused(who.world.settings, status)
