"""What the checks of one tenant share: the client, and facts that are asked for only once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from ..client.models import DETAILS, Agent, AuthInfo, Instance, Page, as_rows
from ..errors import HaloError, RefusedError
from ..tenants.tenant import Tenant
from .findings import Skipped

if TYPE_CHECKING:
    from ..client.halo_client import HaloClient
    from ..client.token import Token

T = TypeVar("T")


@dataclass
class Probe:
    """One verification under way."""

    tenant: Tenant
    client: HaloClient
    control: bool = True
    control_note: str = ""
    """Why the negative control is not asked, when it is not."""
    _facts: dict[str, asyncio.Future[Any]] = field(default_factory=dict)

    async def _once(self, name: str, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask for a fact the first time; return the same answer or raise the same error after that."""
        if name not in self._facts:
            self._facts[name] = asyncio.ensure_future(ask())
        value: T = await asyncio.shield(self._facts[name])
        return value

    async def auth_info(self) -> AuthInfo | None:
        """Return what authinfo says."""
        return await self._once("authinfo", self.client.auth_info)

    async def instance(self) -> Instance:
        """Return what InstanceInfo says."""
        return await self._once("instance", self.client.instance)

    async def token(self) -> Token:
        """Return the token; the client decides whether one is asked for."""
        return await self._once("token", self.client.token)

    async def wide_scopes(self, scopes: Sequence[str]) -> tuple[str, ...] | None:
        """Return which of the wide scopes are granted; None when the answers name no scopes."""
        return await self._once("wide scopes", lambda: self.client.granted_of(scopes))

    async def holds(self, scope: str) -> bool:
        """Whether the token holds a scope, as far as its answer says."""
        held = (await self.token()).scopes
        return held is None or scope in held or (scope == "all:standard" and "all" in held)

    async def me(self) -> Agent:
        """Return the agent that the token acts for."""
        return await self._once("me", self.client.me)

    async def details(self) -> Agent:
        """Return the details of the agent that the token acts for.

        `Agent/me` holds them on the builds that were seen.
        """
        me = await self.me()
        if me.fields >= DETAILS:
            return me
        return await self._once("details", lambda: self.client.agent(me.id))

    async def agents(self) -> list[Agent]:
        """Return all agents."""
        return await self._once("agents", self.client.agents)

    async def webhooks(self) -> list[dict[str, Any]]:
        """Return the rows of the list of webhooks."""

        async def ask() -> list[dict[str, Any]]:
            rows, _ = as_rows(await self.client.get("Webhook", type=0), "Webhook", "webhooks")
            return [
                {name: row[name] for name in ("id", "url", "active", "disabled") if name in row}
                for row in rows
            ]

        return await self._once("webhooks", ask)

    async def area_page(self, name: str, ask: Callable[[], Awaitable[Page]]) -> Page:
        """Return the first page of an area, which another area's check may have asked for."""
        return await self._once(f"area {name}", ask)

    def known(self, name: str) -> Any:
        """Return a fact that was asked for and answered, else None; nothing is sent."""
        fact = self._facts.get(name)
        if fact is None or not fact.done() or fact.cancelled() or fact.exception() is not None:
            return None
        return fact.result()

    async def explain_refusal(self, refusal: RefusedError) -> None:
        """Raise Skipped when something already diagnosed explains why a request was refused.

        A token without scopes is refused everything, and so is one that acts for nobody: one cause, one code.
        """
        token = await self.token()
        try:
            await self.me()
        except HaloError:
            if token.scopes is not None and not token.scopes:
                raise Skipped(f"{refusal.seen}; the token holds no scope", "token.scopes") from None
            raise Skipped(
                f"{refusal.seen}; the token does not act for an active agent", "identity.login"
            ) from None
