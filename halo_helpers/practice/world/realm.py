"""All practice tenants of one server."""

from __future__ import annotations

from collections import deque
from typing import TypeGuard

from ..settings import Settings
from .requests_seen import Seen
from .tokens import Tokens
from .world import World

WALK = "walk-practice"
"""The tenant of a learner's walk: made empty when a walk begins, and counted nowhere."""


def is_told(tenant: str | None) -> TypeGuard[str]:
    """Return whether a `tenant` parameter names one; a page that knows none sends “undefined” (W4)."""
    return tenant not in (None, "", "undefined")


class Realm:
    """All worlds of one server, and the tokens that it issued."""

    def __init__(
        self,
        worlds: list[World],
        *,
        size: str = "small",
        seed: str = "practice",
        settings: Settings | None = None,
    ) -> None:
        self.size, self.seed, self.settings = size, seed, settings or Settings()
        """What further worlds are made with."""
        self.worlds = {world.name: world for world in worlds}
        self.scenarios: dict[str, str] = {}
        self.own_settings: dict[str, Settings] = {}
        """By tenant that was made like a survey: what it keeps in every scenario."""
        self.unrouted: deque[Seen] = deque(maxlen=2000)
        self.tokens = Tokens(self.worlds)
        self._by_client: dict[str, str] = {}
        for world in worlds:
            self.index(world)

    @property
    def default(self) -> World | None:
        """Return the world that is meant when nothing says which: the only one, else None."""
        listed = self.listed
        return self.worlds[listed[0]] if len(listed) == 1 else None

    @property
    def listed(self) -> list[str]:
        """Return the names of the tenants that the server was asked for, without the learner's own."""
        return [name for name in self.worlds if name != WALK]

    def index(self, world: World) -> None:
        """Take a world in, and remember which Client IDs are its own."""
        self.worlds[world.name] = world
        for client_id in world.applications:
            self._by_client[client_id] = world.name

    def world_of_client(self, client_id: str) -> World | None:
        """Return the world that has an application with this Client ID."""
        key = client_id.lower()
        world = self.worlds.get(self._by_client.get(key, ""))
        if world is None or key not in world.applications:  # made or deleted since
            world = next((one for one in self.worlds.values() if key in one.applications), None)
        return world

    def world_of_tenant(self, tenant: str | None) -> World | None:
        """Return the world with this `tenant` parameter, or the only one when none is sent."""
        return self.worlds.get(tenant.lower()) if is_told(tenant) else self.default
