"""List the webhooks of one tenant: by id, with the host that each sends to."""

from __future__ import annotations

from urllib.parse import urlsplit

from ..client.halo_client import HaloClient
from ..client.models import as_rows, as_text
from ..secrets.value import Secret
from ..system.event_loop import run
from ..system.plain_text import plain_text
from ..tenants.tenant import Tenant
from ..tenants.trust import secret_of


def list_webhooks(tenant: Tenant) -> dict[str, str]:
    """Return the host of each webhook by its id; empty where it names none.

    Raises: SecretError, and the errors of the client when the list cannot be had.
    Source: GET /api/Webhook (wire contract 41).
    """
    return run(_ask(tenant, secret_of(tenant)))


async def _ask(tenant: Tenant, secret: Secret) -> dict[str, str]:
    async with HaloClient(tenant, secret) as client:
        await client.auth_info()
        rows, _ = as_rows(await client.get("Webhook", type=0), "Webhook", "webhooks")
        return {plain_text(as_text(row.get("id"))): _host(as_text(row.get("url"))) for row in rows}


def _host(url: str) -> str:
    try:
        return plain_text(urlsplit(url).netloc.rpartition("@")[2])
    except ValueError:
        return ""
