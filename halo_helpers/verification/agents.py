"""List the agents of one tenant."""

from __future__ import annotations

import asyncio
from os import PathLike

from ..client.halo_client import HaloClient
from ..client.limits import Limits
from ..client.models import Agent
from ..errors import HaloError
from ..secrets.value import Secret
from ..system.event_loop import run
from ..tenants.find import find_tenant
from ..tenants.tenant import Tenant
from ..tenants.trust import secret_of


def list_agents(
    tenant: str | Tenant, *, tenants_file: str | PathLike[str] | None = None, limits: Limits | None = None
) -> list[Agent]:
    """List a tenant's agents, disabled and API-only ones included, ordered by id.

    >>> from halo_helpers import list_agents
    >>> [agent.label for agent in list_agents("practice") if agent.name == "Neo Agent"]
    ['Neo Agent (ID 27)']

    Raises: ConfigError, SecretError, and the errors of the client when the list cannot be had.
    """
    return list_agents_and_own(tenant, tenants_file=tenants_file, limits=limits)[0]


def list_agents_and_own(
    tenant: str | Tenant, *, tenants_file: str | PathLike[str] | None = None, limits: Limits | None = None
) -> tuple[list[Agent], Agent | None]:
    """List a tenant's agents, and return the one that the token acts for where that can be told.

    Raises: as `list_agents`.
    """
    return run(_ask(*_found(tenant, tenants_file), limits))


async def alist_agents(
    tenant: str | Tenant, *, tenants_file: str | PathLike[str] | None = None, limits: Limits | None = None
) -> list[Agent]:
    """List a tenant's agents in the event loop of the caller. As `list_agents` else."""
    found = await asyncio.to_thread(_found, tenant, tenants_file)
    return (await _ask(*found, limits))[0]


def _found(tenant: str | Tenant, tenants_file: str | PathLike[str] | None) -> tuple[Tenant, Secret]:
    found = find_tenant(tenant, tenants_file)
    return found, secret_of(found)


async def _ask(tenant: Tenant, secret: Secret, limits: Limits | None) -> tuple[list[Agent], Agent | None]:
    async with HaloClient(tenant, secret, limits) as client:
        await client.auth_info()
        agents = await client.agents()
        try:
            own = await client.me()
        except HaloError:
            own = None
        return agents, own
