"""Routes of webhooks and of their deliveries (W35, W36, W42 to W44)."""

from __future__ import annotations

from urllib.parse import urlsplit
from uuid import UUID

from ..seed.values import Record
from ..wire import Answer, Ask, as_json, empty
from ..world.webhooks import Webhook
from ..world.world import World
from .paging import answer_page
from .refusals import exception, not_a_number, refused
from .rights import Identity

_SCOPES = ("admin:webhooks", "admin")
_STATUS = {"0-1": (1, 0), "http": (500, 200)}
"""Numbers of `status` for a delivery that failed and one that arrived, by the setting `delivery-status`."""


def answer_webhooks(who: Identity, _: Ask, key: str | None) -> Answer:
    """Answer `/Webhook` with rows without events, and `/Webhook/{guid}` with them."""
    refusal = _refuse(who)
    if refusal is not None:
        return refusal
    rows = {row_of(who.world, hook)["id"]: hook for hook in who.world.webhooks}
    if key is None:
        return as_json([row_of(who.world, hook) for hook in rows.values()])
    if not _is_guid(key):
        return not_a_number(key)
    hook = rows.get(key.lower())
    if hook is None:
        return empty(404)
    events = [{"id": n, "name": name} for n, name in enumerate(hook.events, 1)]
    return as_json(row_of(who.world, hook) | {"events": events})


def write_webhooks(who: Identity, rows: list[Record]) -> Answer:
    """Create webhooks, or change those whose id is given; nothing is written when one row is wrong."""
    refusal = _refuse(who)
    if refusal is not None:
        return refusal
    known = {str(row_of(who.world, hook)["id"]): hook for hook in who.world.webhooks}
    found = [known.get(str(row["id"]).lower()) if "id" in row else None for row in rows]
    for row, hook in zip(rows, found, strict=True):
        if "id" in row and hook is None:
            return as_json(exception(f"There is no webhook with the id {str(row['id'])[:50]}."), 400)
        if (hook is None or "url" in row) and not _is_url(row.get("url")):
            return as_json(exception("A valid URL is required."), 400)
    written = [_written(who.world, row, hook) for row, hook in zip(rows, found, strict=True)]
    settings, updated = who.world.settings, all(hook is not None for hook in found)
    shown = [row_of(who.world, hook) for hook in written]
    alone = len(shown) == 1 and settings.write_answer == "object"
    return as_json(shown[0] if alone else shown, int(settings.update_status) if updated else 201)


def _written(world: World, row: Record, hook: Webhook | None) -> Webhook:
    """Put a row into a webhook, or into a new one; what it does not name stays."""
    if hook is None:
        number = max((one.number for one in world.webhooks), default=0) + 1
        hook = Webhook(number, "", "", events=(), deliveries=())
        world.webhooks.append(hook)
    hook.name, hook.url = str(row.get("name", hook.name))[:200], str(row.get("url", hook.url))[:500]
    hook.active = bool(row.get("active", hook.active))
    events = row.get("events")
    if isinstance(events, list):
        hook.events = tuple(str(one.get("name"))[:100] for one in events[:50] if isinstance(one, dict))
    return hook


def _is_url(value: object) -> bool:
    try:
        parts = urlsplit(value) if isinstance(value, str) else None
        return parts is not None and parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return False


def answer_deliveries(who: Identity, ask: Ask, key: str | None) -> Answer:
    """Answer `/WebhookEvent`, the newest delivery first, and `/WebhookEvent/{guid}` with what happened."""
    refusal = _refuse(who)
    if refusal is not None:
        return refusal
    wanted = ask.query.get("webhook_id", "").lower()
    rows = [row for row in _deliveries(who.world) if not wanted or row["webhook_id"] == wanted]
    if key is not None:
        row = next((one for one in rows if one["id"] == key.lower()), None)
        if row is None:
            return empty(404)
        failed = row["status"] == _STATUS[who.world.settings.delivery_status][0]
        return as_json(row | {"responsestatus": 500 if failed else 200, "duration": 0.2, "error": failed})
    return answer_page(ask, who.world.settings, "events", rows, lambda row: row)


def row_of(world: World, hook: Webhook) -> Record:
    """Return the row of a webhook."""
    return world.data.webhook(hook.number, hook.name, hook.url, active=hook.active)


def _deliveries(world: World) -> list[Record]:
    failed, arrived = _STATUS[world.settings.delivery_status]
    rows = [
        world.data.webhook_event(hook.number, n, arrived if good else failed)
        for hook in world.webhooks
        for n, good in enumerate(hook.deliveries, 1)
    ]
    return sorted(rows, key=lambda row: str(row["timestamp"]), reverse=True)


def _refuse(who: Identity) -> Answer | None:
    """Return the refusal, None for who may: a scope of webhooks, and an agent whose role lets it."""
    settings = who.world.settings
    if not who.may(_SCOPES) or who.agent is None or "webhooks" in who.agent.denied:
        return refused(settings, 403)
    return None


def _is_guid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
