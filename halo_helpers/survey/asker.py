"""Sends the requests of a survey: GET and token requests alone, each told by its status and its fields.

What was answered is held while the questions look at it; tokens are taken out of it before.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

from ..client.answers import Reply, data_of
from ..client.door import Door, ReadOnly, Request
from ..client.halo_client import ca_file_of, parameter
from ..client.limits import Limits, Reading
from ..client.token import MAX_TOKEN, trusted_token_url
from ..errors import ConnectionFailedError, ShapeError
from ..secrets.value import Secret
from ..tenants.base_url import parse_address
from ..tenants.tenant import Tenant

MOST_REQUESTS = 70
WANTED = "all:standard all:teams admin:webhooks"


@dataclass(frozen=True)
class Said:
    """One answer: its status, and its JSON while a question looks at it; None for no JSON."""

    status: int
    data: Any = field(default=None, repr=False)

    @property
    def fields(self) -> set[str]:
        """The names of the fields of the object, or of the first row."""
        row = self.data[0] if isinstance(self.data, list) and self.data else self.data
        return set(row) if isinstance(row, dict) else set()

    @property
    def scopes(self) -> set[str] | None:
        """The scopes that a token's answer grants, None where it does not tell: those that were asked for."""
        scope = self.data.get("scope") if isinstance(self.data, dict) else None
        return set(scope.split()) if isinstance(scope, str) else None


class Asker:
    """Asks one instance with the application's own credentials."""

    def __init__(self, tenant: Tenant, secret: Secret, requests: int = MOST_REQUESTS) -> None:
        """Raises: ConnectionFailedError `url-malformed`."""
        self._tenant, self._secret, self._name = tenant, secret, tenant.halo_tenant
        self.address = parse_address(tenant.base_url)
        self._limits, self._reading = Limits(total_s=180.0, requests=requests), Reading()
        self._guard = ReadOnly(self.address.url, f"{self.address.url}/auth/token")
        ends_at = time.monotonic() + self._limits.total_s
        self._door = Door(self.address, ca_file_of(tenant), self._limits, self._guard, self._reading, ends_at)
        self._given: dict[str, Secret] = {}

    def use(self, authinfo: Said) -> None:
        """Take the authorisation server and HaloPSA's own tenant name from what authinfo says.

        Raises: ConnectionFailedError `redirected` for a place that must not see credentials.
        """
        told = authinfo.data if isinstance(authinfo.data, dict) else {}
        if isinstance(told.get("auth_url"), str) and told["auth_url"]:
            self._guard.token_url = trusted_token_url(self.address, told["auth_url"].rstrip("/"))
        if isinstance(told.get("tenant_id"), str):
            self._name = self._name or told["tenant_id"]

    @property
    def left(self) -> int:
        """How many requests may still be sent."""
        return self._limits.requests - self._door.requests_made

    async def close(self) -> None:
        """Close the connections."""
        await self._door.close()

    async def token(
        self, scope: str | None = WANTED, *, secret: Secret | None = None, tenant: str | None = None
    ) -> Said:
        """Ask for a token, keep it for `get` by its scope, and return the answer with an empty one."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self._tenant.client_id.strip(),
            "client_secret": (secret or self._secret).reveal(),
        } | ({} if scope is None else {"scope": scope})
        name = tenant or self._name
        params = {"tenant": name} if name else {}
        reply = await self._door.send(Request("POST", self._guard.token_url, params=params, form=form))
        said = self._said(reply)
        if not isinstance(said.data, dict):
            return said
        value = said.data.get("access_token")
        if isinstance(value, str) and value.isascii() and value.isprintable() and len(value) <= MAX_TOKEN:
            self._given[scope or ""] = Secret(value)
        kept = {"scope": said.data.get("scope"), "error": said.data.get("error")}
        return Said(said.status, dict.fromkeys(said.data) | {k: v for k, v in kept.items() if v})

    def holds(self, scope: str | None = WANTED) -> bool:
        """Whether a token was given for a scope."""
        return (scope or "") in self._given

    def form_of_token(self) -> str:
        """Say whether the token has the form of a JWT, by its two dots alone."""
        value = self._given.get(WANTED)
        return "jwt" if value and value.reveal().count(".") == 2 else "opaque"

    async def get(self, path: str, params: Mapping[str, object], scope: str = WANTED) -> Said:
        """Read a path below `/api` with the token of a scope."""
        token = self._given[scope]
        return await self._get(f"/api/{path}", {"Authorization": f"Bearer {token.reveal()}"}, params)

    async def get_openly(self, path: str) -> Said:
        """Read a path of the host without a token."""
        return await self._get(path, None, {})

    async def get_with_no_token(self, path: str) -> Said:
        """Read a path below `/api` with a token that nobody gave."""
        return await self._get(f"/api/{path}", {"Authorization": f"Bearer {uuid4().hex}"}, {})

    async def _get(self, path: str, headers: Mapping[str, str] | None, params: Mapping[str, object]) -> Said:
        texts = {name: parameter(value) for name, value in params.items()}
        if self._name and headers is None:
            texts["tenant"] = self._name
        try:
            reply = await self._door.send(
                Request("GET", f"{self.address.url}{path}", params=texts, headers=headers)
            )
        except ConnectionFailedError as error:
            if error.code != "redirected":
                raise
            return Said(302)
        return self._said(reply)

    def _said(self, reply: Reply) -> Said:
        """Return an answer with its JSON, whatever its status, within the limits of a tenant."""
        if not reply.body or reply.is_html:
            return Said(reply.status)
        try:
            data = data_of(replace(reply, status=200), "the instance", self._limits, self._reading)
        except ShapeError:
            return Said(reply.status)
        return Said(reply.status, data)
