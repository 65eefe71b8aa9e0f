"""Sends the requests of a survey: GET and token requests alone, each told by its status and its fields.

Nothing of a body is kept but the names of known fields, and what a question has to compare.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from ..client.answers import Reply
from ..client.door import Door, ReadOnly, Request
from ..client.limits import Limits, Reading
from ..client.token import trusted_token_url
from ..errors import ConnectionFailedError
from ..secrets.redaction import remember
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
    def scopes(self) -> set[str]:
        """The scopes that a token's answer grants."""
        scope = self.data.get("scope") if isinstance(self.data, dict) else None
        return set(scope.split()) if isinstance(scope, str) else set()


class Asker:
    """Asks one instance with the application's own credentials."""

    def __init__(self, tenant: Tenant, secret: Secret) -> None:
        """Raises: ConnectionFailedError `url-malformed`."""
        self._tenant, self._secret, self._name = tenant, secret, tenant.halo_tenant
        self.address = parse_address(tenant.base_url)
        limits = Limits(total_s=180.0, requests=MOST_REQUESTS)
        ca_file = str((tenant.folder or Path()) / tenant.ca_file) if tenant.ca_file else None
        self._guard = ReadOnly(self.address.url, f"{self.address.url}/auth/token")
        ends_at = time.monotonic() + limits.total_s
        self._door = Door(self.address, ca_file, limits, self._guard, Reading(), ends_at)
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

    async def close(self) -> None:
        """Close the connections."""
        await self._door.close()

    async def token(
        self, scope: str | None = WANTED, *, secret: Secret | None = None, tenant: str | None = None
    ) -> Said:
        """Ask for a token; what was granted is kept for `get` by its scope, and is never returned."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self._tenant.client_id.strip(),
            "client_secret": (secret or self._secret).reveal(),
        } | ({} if scope is None else {"scope": scope})
        name = tenant or self._name
        params = {"tenant": name} if name else {}
        reply = await self._door.send(Request("POST", self._guard.token_url, params=params, form=form))
        said = _said(reply)
        value = said.data.get("access_token") if isinstance(said.data, dict) else None
        if isinstance(value, str) and value.isascii() and value.isprintable():
            remember(value)
            self._given[scope or ""] = Secret(value)
        return said

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
        texts = {name: json.dumps(value).strip('"') for name, value in params.items()}
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
        return _said(reply)


def _said(reply: Reply) -> Said:
    try:
        return Said(reply.status, json.loads(reply.body) if reply.body and not reply.is_html else None)
    except (ValueError, RecursionError):
        return Said(reply.status)
