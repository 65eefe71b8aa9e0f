"""All practice tenants of one server."""

from __future__ import annotations

from collections import deque

from ..settings import Settings
from .requests_seen import Seen
from .tokens import Tokens
from .world import World

WALK = "walk-practice"
"""The tenant of a learner's walk: made empty when a walk begins, and counted nowhere."""


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
        """Remember which world a Client ID belongs to; call it after applications changed."""
        self.worlds[world.name] = world
        for client_id in world.applications:
            self._by_client[client_id] = world.name

    def world_of_client(self, client_id: str) -> World | None:
        """Return the world that has an application with this Client ID."""
        world = self.worlds.get(self._by_client.get(client_id.lower(), ""))
        return world if world is not None and client_id.lower() in world.applications else None

    def world_of_tenant(self, tenant: str | None) -> World | None:
        """Return the world with this `tenant` parameter, or the only one when none is sent."""
        if tenant in (None, "", "undefined"):
            return self.default
        return self.worlds.get(str(tenant).lower())
