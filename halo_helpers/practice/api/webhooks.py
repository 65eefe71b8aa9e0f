"""Routes of webhooks and of their deliveries (W43, W44)."""

from __future__ import annotations

from uuid import UUID

from ..seed.values import Record
from ..wire import Answer, Ask, as_json, empty
from ..world.webhooks import Webhook
from ..world.world import World
from .paging import answer_page
from .refusals import not_a_number, refused
from .rights import Identity

_SCOPES = ("admin:webhooks", "admin")
_STATUS = {"0-1": (1, 0), "http": (500, 200)}
"""Numbers of `status` for a delivery that failed and one that arrived, by the setting `delivery-status`."""


def answer_webhooks(who: Identity, _: Ask, key: str | None) -> Answer:
    """Answer `/Webhook` with rows without events, and `/Webhook/{guid}` with them."""
    refusal = webhooks_refused(who)
    if refusal is not None:
        return refusal
    rows = {row_of(who.world, hook)["id"]: hook for hook in who.world.webhooks}
    if key is None:
        return as_json([row_of(who.world, hook) for hook in rows.values()])
    if not is_guid(key):
        return not_a_number(key)
    hook = rows.get(key.lower())
    if hook is None:
        return empty(404)
    events = [{"id": n, "name": name} for n, name in enumerate(hook.events, 1)]
    return as_json(row_of(who.world, hook) | {"events": events})


def answer_deliveries(who: Identity, ask: Ask, key: str | None) -> Answer:
    """Answer `/WebhookEvent`, the newest delivery first, and `/WebhookEvent/{guid}` with what happened."""
    refusal = webhooks_refused(who)
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


def webhooks_refused(who: Identity) -> Answer | None:
    """Return the refusal, None for who may: a scope of webhooks, and an agent whose role lets it."""
    settings = who.world.settings
    if not who.may(_SCOPES) or who.agent is None or "webhooks" in who.agent.denied:
        return refused(settings, 403)
    return None


def is_guid(text: str) -> bool:
    """Whether a text has the form of a GUID."""
    try:
        UUID(text)
    except ValueError:
        return False
    return True
