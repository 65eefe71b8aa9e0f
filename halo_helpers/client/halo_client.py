"""The client of one HaloPSA: discovery, resources, pages, agents. It only reads.

Credentials go to the tenant's own host, and to the authorisation server that `authinfo` names over verified
https.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from ..errors import NotFoundError, ShapeError
from ..secrets.value import Secret
from ..tenants.base_url import Address, parse_address
from ..tenants.tenant import Tenant
from .answers import Reply, data_of
from .door import Door, ReadOnly, Request
from .limits import Limits, Reading
from .models import Agent, AuthInfo, Instance, Json, Page, as_rows
from .token import SignInCode, Token, Tokens, trusted_token_url

MAX_PAGES = 100
_KEPT = ("id", "_canupdate")
"""Fields of a page's first row that are kept; the rest of it may be large."""
PAGE_SIZE = 100


class HaloClient:
    """Asks one tenant. Use it as an async context manager."""

    def __init__(self, tenant: Tenant, secret: Secret | None, limits: Limits | None = None) -> None:
        """Without a secret the token comes of a sign-in in the browser, by `redeem`."""
        self.tenant = tenant
        self.secret = secret
        self.limits = limits or Limits()
        self.reading = Reading()
        self._ends_at = time.monotonic() + self.limits.total_s
        self._parts: tuple[Address, ReadOnly, Door, Tokens] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._parts is not None:
            await self._door.close()

    # --- its parts, made when the address is first used ---

    def _made(self) -> tuple[Address, ReadOnly, Door, Tokens]:
        if self._parts is None:
            tenant, address = self.tenant, parse_address(self.tenant.base_url)
            guard = ReadOnly(address.url, f"{address.url}/auth/token")
            door = Door(address, ca_file_of(tenant), self.limits, guard, self.reading, self._ends_at)
            tokens = Tokens(
                door, guard.token_url, tenant.halo_tenant, tenant.client_id, self.secret, tenant.scopes
            )
            self._parts = address, guard, door, tokens
        return self._parts

    @property
    def address(self) -> Address:
        """The normalised base URL.

        Raises: ConnectionFailedError `url-malformed`.
        """
        return self._made()[0]

    @property
    def _door(self) -> Door:
        return self._made()[2]

    @property
    def _tokens(self) -> Tokens:
        return self._made()[3]

    @property
    def requests_made(self) -> int:
        """How many requests were sent."""
        return self._door.requests_made if self._parts is not None else 0

    # --- discovery, without credentials ---

    async def auth_info(self) -> AuthInfo | None:
        """Ask where the authorisation server is; None when the instance does not say (404).

        Raises: ConnectionFailedError, ApiError, ShapeError.
        Source: GET /api/authinfo (facts 2.2).
        """
        try:
            info = AuthInfo.from_answer(await self._anonymous("authinfo"))
        except NotFoundError:
            return None
        address, guard, _, tokens = self._made()
        if info.tenant_id and not tokens.halo_tenant:
            tokens.halo_tenant = info.tenant_id
        if info.auth_url:
            guard.token_url = tokens.url = trusted_token_url(address, info.auth_url)
        return info

    async def instance(self) -> Instance:
        """Ask which installation this is.

        Raises: ConnectionFailedError, ApiError, ShapeError.
        Source: GET /api/InstanceInfo (facts 2.2, 3.6).
        """
        return Instance.from_answer(await self._anonymous("InstanceInfo"))

    async def _anonymous(self, resource: str) -> Json:
        name = self._tokens.halo_tenant
        params = {"tenant": name} if name else {}
        reply = await self._door.send(Request("GET", self._url(resource), params=params))
        return data_of(reply, resource, self.limits, self.reading)

    def _url(self, resource: str) -> str:
        return f"{self.address.url}/api/{resource}"

    # --- the token ---

    async def token(self) -> Token:
        """Return a token; see `Tokens.token`."""
        return await self._tokens.token()

    async def redeem(self, code: SignInCode) -> Token:
        """Exchange the code of a sign-in for the token to go on with; see `Tokens.redeem`."""
        return await self._tokens.redeem(code)

    def use(self, token: Token) -> None:
        """Go on with a token that was given before."""
        self._tokens.use(token)

    @property
    def held_token(self) -> Token | None:
        """The token in memory, None while there is none; nothing is asked for."""
        return self._tokens.held

    @property
    def token_url(self) -> str:
        """The token endpoint, as far as it is known."""
        return self._tokens.url

    @property
    def halo_tenant(self) -> str | None:
        """HaloPSA's own tenant name, None while it is not known."""
        return self._tokens.halo_tenant

    async def is_granted(self, secret: Secret) -> bool:
        """Whether another secret is given a token, too; see `Tokens.is_granted`."""
        return await self._tokens.is_granted(secret)

    async def granted_of(self, scopes: Sequence[str]) -> tuple[str, ...] | None:
        """Return which of these scopes are granted when asked for; see `Tokens.granted_of`."""
        return await self._tokens.granted_of(scopes)

    # --- the API ---

    async def get(self, resource: str, **params: object) -> Json:
        """Read one resource below `/api` with the token; after a 401 once more with a new token.

        Raises: RefusedError, NotFoundError, RateLimitedError, ApiError, ConnectionFailedError, AuthError,
        ShapeError, BudgetError.
        """
        token = await self.token()
        reply = await self._read(resource, token, params)
        if reply.status == 401:
            fresh = await self._tokens.renewed(token)
            if fresh is not token:
                reply = await self._read(resource, fresh, params)
        return data_of(reply, resource, self.limits, self.reading)

    async def _read(self, resource: str, token: Token, params: Mapping[str, object]) -> Reply:
        query = {name: parameter(value) for name, value in params.items()}
        headers = {"Authorization": f"Bearer {token.value.reveal()}"}
        return await self._door.send(Request("GET", self._url(resource), params=query, headers=headers))

    async def first_page(self, resource: str, key: str, **params: object) -> Page:
        """Read one row of a list, and how many there are.

        Shape: `Page` of the first row; routes that do not page send all their rows.
        Raises: what `get` raises, ShapeError when there is no list.
        """
        one_row: dict[str, object] = {"pageinate": True, "page_size": 1, "page_no": 1, "count": 1}
        value = await self.get(resource, **(one_row | params))
        rows, count = as_rows(value, resource, key)
        kept = [{name: row[name] for name in _KEPT if name in row} for row in rows[:1]]
        return Page(kept, count, len(rows))

    async def rows(self, resource: str, key: str, **params: object) -> list[dict[str, Any]]:
        """Read all rows of a list: a bare array, or pages.

        Pages are read until they end, repeat, or `record_count` is reached.

        Raises: what `get` raises, ShapeError when there is no list or it never ends.
        Source: facts 3.2, 4.2; wire contract 17 to 22.
        """
        rows, count = as_rows(await self.get(resource, **params), resource, key)
        if count is None or len(rows) >= count:
            return rows
        found: dict[object, dict[str, Any]] = {}
        for number in range(1, MAX_PAGES + 1):
            paging = {"pageinate": True, "page_size": PAGE_SIZE, "page_no": number}
            rows, count = as_rows(await self.get(resource, **params, **paging), resource, key)
            before = len(found)
            for row in rows:
                found.setdefault(_identity(row), row)
            if len(found) == before or count is None or len(found) >= count:
                if count is not None and len(found) < count:
                    self.reading.ended_early[resource] = count
                return list(found.values())
        raise ShapeError("response-too-large", f"the list {resource} does not end after {MAX_PAGES} pages")

    async def agents(self) -> list[Agent]:
        """List the tenant's agents, disabled and API-only ones included.

        Shape: one Agent a row, ordered by id; HaloPSA answers a bare array or wraps it.
        Raises: what `rows` raises.
        Source: GET /api/Agent (facts 4.2).
        """
        rows = await self.rows(
            "Agent", "agents", includeenabled=True, includedisabled=True, includeapiagents=True
        )
        return sorted(map(Agent.from_answer, rows), key=lambda agent: agent.id)

    async def agent(self, agent_id: int) -> Agent:
        """Read one agent with its details.

        Raises: what `get` raises.
        Source: GET /api/Agent/{id} (facts 4.2).
        """
        return Agent.from_answer(await self.get(f"Agent/{agent_id}", includedetails=True))

    async def me(self) -> Agent:
        """Read the agent that the token acts for.

        Raises: what `get` raises.
        Source: GET /api/Agent/me (facts 4.1); about 2 MB on a real tenant.
        """
        return Agent.from_answer(await self.get("Agent/me", includedetails=False))


def ca_file_of(tenant: Tenant) -> str | None:
    """Return the path of the tenant's ca_file, from the folder that it starts at."""
    if not tenant.ca_file:
        return None
    path = Path(tenant.ca_file)
    with contextlib.suppress(RuntimeError):  # a home folder that is not here: the file is not found then
        path = path.expanduser()
    return str((tenant.folder or Path()) / path)


def parameter(value: object) -> str:
    """Return the text of a parameter of a request, as HaloPSA reads it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _identity(row: Mapping[str, Any]) -> object:
    key = row.get("id")
    return key if isinstance(key, str | int | float) else id(row)
