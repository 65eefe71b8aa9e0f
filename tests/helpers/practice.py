"""The session's practice server, as tests use it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from halo_helpers import Verification, verify
from halo_helpers.practice.control import PracticeServer, ask
from halo_helpers.tenants.practice import from_ready_entry, write_practice_tenants
from halo_helpers.tenants.tenant import Tenant

NOT_REACHED = frozenset({"webhooks.delivery"})
"""Checks that a healthy practice tenant leaves out though nothing else fails: what asks is not known."""


class Practice:
    """The session's practice server, one tenant per scenario."""

    def __init__(self, server: PracticeServer) -> None:
        self.server = server
        self.base_url = server.base_url
        self.entries = {entry["name"]: entry for entry in server.tenants}
        self._verified: dict[str, tuple[Verification, list[dict[str, Any]]]] = {}

    def tenant(self, name: str = "healthy") -> Tenant:
        return from_ready_entry(self.entries[name], self.base_url)

    def reset(self, name: str = "healthy") -> None:
        self.entries[name] = ask(self.base_url, f"tenants/{name}/scenario", "POST", name=name)

    def requests(self, name: str = "healthy") -> list[dict[str, Any]]:
        """Return what a tenant was asked, and what was asked of a tenant that there is not."""
        own = ask(self.base_url, f"tenants/{name}/requests")["requests"]
        return [*own, *ask(self.base_url, "requests")["requests"]] if name == "wrong-tenant" else list(own)

    def verified(self, name: str) -> tuple[Verification, list[dict[str, Any]]]:
        """Return what a verification of a scenario found, and what was asked for it. Each is asked once."""
        if name not in self._verified:
            self.reset(name)
            self._verified[name] = verify(self.tenant(name)), self.requests(name)
        return self._verified[name]

    def write(self, path: Path, *names: str) -> Path:
        write_practice_tenants(path, [self.entries[name] for name in names], self.base_url)
        return path
