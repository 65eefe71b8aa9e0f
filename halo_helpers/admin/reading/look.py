"""Reads what an administrator may: application, agent, teams, roles, webhooks, licences. GET alone.

Each route is asked once; what is refused or not there is written down as not seen, and nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from ...checks.webhooks import goes_to
from ...client.halo_client import HaloClient
from ...client.models import Instance, as_rows
from ...errors import ApiError, ConnectionFailedError, NotFoundError, ShapeError
from ...secrets.value import GUID
from ...tenants.tenant import Tenant
from ..access import Administrator
from .objects import AgentSetUp, Application, Named, Webhook

T = TypeVar("T")


@dataclass
class Looked:
    """What was read. None means not seen, for `could_not_see` says which route."""

    tenant: Tenant
    instance: Instance | None = None
    applications: list[Application] | None = None
    application: Application | None = None
    """The one with the tenant's Client ID, whole."""
    agent: AgentSetUp | None = None
    agent_is_there: bool | None = None
    of_name: list[int] | None = None
    """Ids of the agents of the expected name, where a name and no Agent ID was given."""
    roles: list[Named] | None = None
    teams: list[Named] | None = None
    workdays: list[Named] | None = None
    features: list[Named] | None = None
    webhooks: list[Webhook] | None = None
    could_not_see: list[str] = field(default_factory=list)
    """Routes that were refused, are not there, or did not tell."""

    @property
    def client_id(self) -> str:
        """The tenant's Client ID, as it is compared."""
        return self.tenant.client_id.strip().lower()


async def look(tenant: Tenant, who: Administrator) -> Looked:
    """Read what decides whether Neo Agent can work on a tenant.

    Raises: what the client raises, but for refusals and missing routes.
    """
    seen = Looked(tenant)
    if who.agent is None:
        seen.could_not_see.append("Agent/me")
    async with who.client() as client:
        await _look(seen, client)
    return seen


async def _look(seen: Looked, client: HaloClient) -> None:
    seen.instance = await _try(seen, "InstanceInfo", client.instance)
    seen.applications = await _try(
        seen, "Application", lambda: _named(client, "Application", Application.from_json)
    )
    await _look_at_application(seen, client)
    await _look_at_agent(seen, client)
    seen.roles = await _try(seen, "Roles", lambda: _named(client, "Roles", Named.from_json))
    seen.teams = await _try(seen, "Team", lambda: _named(client, "Team", Named.from_json))
    seen.workdays = await _try(seen, "Workday", lambda: _named(client, "Workday", Named.from_json))
    seen.features = await _try(seen, "Features", lambda: _named(client, "Features", Named.from_json))
    seen.webhooks = await _try(
        seen, "Webhook", lambda: _named(client, "Webhook", Webhook.from_json, "webhooks", type=0)
    )
    await _look_at_webhook(seen, client)


async def _try(seen: Looked, route: str, ask: Callable[[], Awaitable[T]]) -> T | None:
    try:
        return await ask()
    except (ApiError, ShapeError, ConnectionFailedError):
        seen.could_not_see.append(route)
        return None


async def _named(
    client: HaloClient, route: str, read: Callable[[object], T], *keys: str, **params: object
) -> list[T]:
    rows, count = as_rows(await client.get(route, **params), route, *keys)
    if count is not None and count > len(rows):
        raise ShapeError("bad-json", f"{route} shows {len(rows)} of {count}")
    return [read(row) for row in rows]


async def _look_at_application(seen: Looked, client: HaloClient) -> None:
    """Read the tenant's application whole: the list may leave its scopes out (wire contract 39)."""
    is_id = GUID.fullmatch(seen.client_id) is not None
    own = next((one for one in seen.applications or () if is_id and one.client_id == seen.client_id), None)
    seen.application = own
    if own is None or not GUID.fullmatch(own.id):
        return

    async def whole() -> Application:
        return Application.from_json(await client.get(f"Application/{own.id}", includedetails=True))

    seen.application = await _try(seen, "Application/{guid}", whole) or own
    if seen.application.scopes is None and "Application/{guid}" not in seen.could_not_see:
        seen.could_not_see.append("Application/{guid}: scopes")


async def _look_at_agent(seen: Looked, client: HaloClient) -> None:
    """Read the agent with the Agent ID; without one, the agent that the application logs in as."""
    wanted = seen.tenant.agent_id
    if isinstance(wanted, str) and wanted:
        seen.of_name = await _try(seen, "Agent", lambda: agents_of_name(client, str(seen.tenant.agent_id)))
        wanted = seen.of_name[0] if seen.of_name and len(seen.of_name) == 1 else None
    elif not wanted:
        wanted = seen.application.agent_id if seen.application else None
    if not isinstance(wanted, int) or wanted <= 0:
        return
    try:
        seen.agent = AgentSetUp.from_json(await client.get(f"Agent/{wanted}", includedetails=True))
        seen.agent_is_there = True
    except NotFoundError:
        seen.agent_is_there = False
    except (ApiError, ShapeError, ConnectionFailedError):
        seen.could_not_see.append("Agent/{id}")


async def _look_at_webhook(seen: Looked, client: HaloClient) -> None:
    """Read Neo Agent's webhook whole: the list leaves its events out (wire contract 43)."""
    host = (seen.tenant.webhook_host or "").strip().lower()
    for number, hook in enumerate(seen.webhooks or ()):
        if host and goes_to({"url": hook.url}, host) and GUID.fullmatch(hook.id):

            async def whole(key: str = hook.id) -> Webhook:
                return Webhook.from_json(await client.get(f"Webhook/{key}", includedetails=True))

            (seen.webhooks or [])[number] = await _try(seen, "Webhook/{guid}", whole) or hook


async def agents_of_name(client: HaloClient, name: str) -> list[int]:
    """Return the ids of the agents of a name, disabled and API-only ones among them.

    Raises: what `agents` raises; ShapeError when the list is not whole: somebody may be in the rest.
    """
    found = [one.id for one in await client.agents() if one.name.casefold() == name.strip().casefold()]
    if not found and "Agent" in client.reading.ended_early:
        raise ShapeError("bad-json", "the list of agents ends early")
    return found
