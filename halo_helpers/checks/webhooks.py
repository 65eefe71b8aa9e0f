"""May webhooks be managed, and does Neo Agent's own deliver? Its connection fails without."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from ..client.models import Json, as_object, as_rows, as_text
from ..errors import ApiError, NotFoundError, RefusedError
from ..secrets.value import GUID
from ..system.plain_text import count_of
from .codes.access import AREA_MISSING
from .codes.shared import WIRE
from .codes.token import SCOPES_MISSING
from .codes.webhooks import (
    WEBHOOK_FAILING,
    WEBHOOK_MISSING,
    WEBHOOK_OFF,
    WEBHOOK_WITHOUT_EVENTS,
    WEBHOOKS_REFUSED,
)
from .findings import Finding, Skipped
from .probe import Probe
from .registry import check

_STEP = "webhooks"
_NEWEST = 20
"""How many deliveries are looked at."""


@check(
    "webhooks.manage",
    title="Webhooks may be managed",
    otherwise="Webhooks could not be read",
    earned="Webhooks can be read",
    needs=("token.grant",),
    after=("identity.login",),
    codes=(WEBHOOKS_REFUSED, AREA_MISSING, *WIRE),
    step="webhooks",
)
async def manage(probe: Probe) -> AsyncIterator[Finding | str]:
    """May webhooks be read, which takes the same scope as managing them?"""
    try:
        rows = await probe.webhooks()
    except RefusedError as refusal:
        await probe.explain_refusal(refusal)
        held = await probe.holds("admin:webhooks")
        yield WEBHOOKS_REFUSED(refusal.seen, folds_into=None if held else SCOPES_MISSING.code)
        return
    except NotFoundError as error:
        yield AREA_MISSING(error.seen, step="webhooks")
        return
    yield f"webhooks can be read; there {'is' if len(rows) == 1 else 'are'} {len(rows)}"


@check(
    "webhooks.delivery",
    title="Neo Agent's webhook",
    otherwise="Neo Agent's webhook does not deliver, or it was not seen that it does",
    needs=("webhooks.manage",),
    codes=(WEBHOOK_MISSING, WEBHOOK_OFF, WEBHOOK_WITHOUT_EVENTS, WEBHOOK_FAILING, *WIRE),
    step=_STEP,
)
async def delivery(probe: Probe) -> AsyncIterator[Finding | str]:
    """Is there an active webhook to Neo Agent's host, with events, and did one of its last deliveries arrive?

    Source: wire contract 41 to 44. The host is never guessed: no source tells it.
    """
    host = (probe.tenant.webhook_host or "").strip().lower()
    if not host:
        raise Skipped("Neo Agent's host is not known; webhook_host of the tenants file names it")
    rows = await probe.webhooks()
    own = [row for row in rows if goes_to(row, host)]
    if not own:
        listed = f"{count_of(len(rows), 'webhook')} in the list, none of them" if rows else "there is none"
        yield WEBHOOK_MISSING(f"{listed} to {host}")
        return
    active = next((row for row in own if row.get("active") is True and not row.get("disabled")), None)
    if active is None and not any(isinstance(row.get("active"), bool) or row.get("disabled") for row in own):
        yield f"{host}: in the list; whether it is active is not told"
        return
    if active is None:
        yield WEBHOOK_OFF(f"the webhook to {host} is not active")
        return
    webhook_id = as_text(active.get("id"))
    events = await _events(probe, webhook_id)
    if events == 0:
        yield WEBHOOK_WITHOUT_EVENTS(f"the webhook to {host} has no event")
    async for said in _deliveries(probe, webhook_id, host):
        yield said
    yield f"{host}: active, {'events not told' if events is None else count_of(events, 'event')}"


def goes_to(row: Mapping[str, Any], host: str) -> bool:
    """Return whether a webhook of the list goes to a host, in small letters, with or without a port."""
    try:
        parts = urlsplit(as_text(row.get("url")))
        places = {parts.hostname, f"{parts.hostname}:{parts.port}"}
    except ValueError:
        return False
    return host in places


async def _events(probe: Probe, webhook_id: str) -> int | None:
    """Return how many events a webhook has, None when the instance does not tell."""
    if not GUID.fullmatch(webhook_id):
        return None  # it becomes part of a path
    try:
        value: Json = await probe.client.get(f"Webhook/{webhook_id}", includedetails=True)
    except ApiError:
        return None
    events = as_object(value, "a webhook").get("events")
    return len(events) if isinstance(events, list) else None


async def _deliveries(probe: Probe, webhook_id: str, host: str) -> AsyncIterator[Finding | str]:
    """Judge the newest deliveries: one that arrived is enough."""
    asked = {"webhook_id": webhook_id, "pageinate": True, "page_size": _NEWEST, "page_no": 1}
    try:
        rows, _ = as_rows(await probe.client.get("WebhookEvent", **asked), "WebhookEvent", "events")
    except ApiError as error:
        if not isinstance(error, RefusedError | NotFoundError):
            raise
        yield "deliveries may not be read"
        return
    newest = sorted(rows, key=lambda row: as_text(row.get("timestamp")), reverse=True)[:_NEWEST]
    known = [arrived for arrived in map(_arrived, newest) if arrived is not None]
    if not newest:
        yield "nothing was delivered yet"
    elif not known:
        yield f"{count_of(len(newest), 'delivery', 'deliveries')}; whether they arrived is not told"
    elif not any(known):
        last = as_text(newest[0].get("timestamp"))[:16] or "of unknown time"
        which = "the only delivery" if len(known) == 1 else f"none of the last {len(known)} deliveries"
        seen = f"{which} to {host} {'did not arrive' if len(known) == 1 else 'arrived'}"
        yield WEBHOOK_FAILING(f"{seen}; the newest: {last}")
    else:
        last = as_text(next(row for row in newest if _arrived(row)).get("timestamp"))[:16]
        arrived = f"{sum(known)} of the last {count_of(len(known), 'delivery', 'deliveries')} arrived"
        yield f"{arrived}, the newest of them: {last or 'of unknown time'}"


def _arrived(row: Mapping[str, Any]) -> bool | None:
    """Whether a delivery arrived; None when the row does not tell.

    `error` says it. Numbers of `status` are open: 0 and 1, or the receiver's own (W44).
    """
    error, status = row.get("error"), row.get("status")
    if isinstance(error, bool):
        return not error
    if isinstance(status, bool) or not isinstance(status, int):
        return None
    return True if status == 0 or 200 <= status < 300 else False if status == 1 or status >= 400 else None
