"""The one client that writes: one object a request, never again after an unclear answer.

It shares the token with the client that reads, and no other object.
"""

from __future__ import annotations

import json
import time
from typing import Any

from ...client.answers import Reply, data_of
from ...client.door import Door, Guard, Request
from ...client.halo_client import ca_file_of
from ...client.limits import Limits, Reading
from ...client.models import as_object
from ...secrets.value import Secret
from ...tenants.base_url import parse_address
from ...tenants.tenant import Tenant


class Writer:
    """Writes to one tenant what its guard lets through."""

    def __init__(self, tenant: Tenant, token: Secret, guard: Guard) -> None:
        """Raises: ConnectionFailedError `url-malformed`."""
        self._address = parse_address(tenant.base_url)
        self._token, self._limits, self._reading = token, Limits(total_s=180.0), Reading()
        ends_at = time.monotonic() + self._limits.total_s
        self._door = Door(self._address, ca_file_of(tenant), self._limits, guard, self._reading, ends_at)

    async def close(self) -> None:
        """Close the connections."""
        await self._door.close()

    async def post(self, route: str, row: dict[str, Any]) -> dict[str, Any]:
        """Write one object; return it as the answer shows it, empty where the answer holds none.

        Raises: GuardError, RefusedError, ApiError, ConnectionFailedError, ShapeError.
        Source: wire contract 35, 36.
        """
        reply = await self._send(route, row)
        value = data_of(reply, f"POST {route}", self._limits, self._reading)
        one = value[0] if isinstance(value, list) and value else value
        return {} if isinstance(one, list) else as_object(one, f"the answer to POST {route}")

    async def _send(self, route: str, row: dict[str, Any]) -> Reply:
        headers = {"Authorization": f"Bearer {self._token.reveal()}", "Content-Type": "application/json"}
        body = json.dumps([row]).encode()
        url = f"{self._address.url}/api/{route}"
        return await self._door.send(Request("POST", url, headers=headers, body=body))
