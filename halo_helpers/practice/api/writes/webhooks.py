"""Webhooks made, changed and deleted by the API, and their events (W42, W43)."""

from __future__ import annotations

from urllib.parse import urlsplit

from ...wire import Answer, as_json, empty
from ...world.webhooks import Webhook
from ...world.world import World
from ..refusals import not_a_number
from ..rights import Identity, unless
from ..webhooks import is_guid, row_of, webhooks_refused
from .answers import Sent, text_of, written, wrong


@unless(webhooks_refused)
def write_webhooks(who: Identity, rows: list[Sent]) -> Answer:
    """Create webhooks, or change those whose id is given; nothing is written when one row is wrong."""
    known = {str(row_of(who.world, hook)["id"]): hook for hook in who.world.webhooks}
    found = [known.get(str(row["id"]).lower()) if "id" in row else None for row in rows]
    for row, hook in zip(rows, found, strict=True):
        if "id" in row and hook is None:
            return wrong(f"There is no webhook with the id {str(row['id'])[:50]}.")
        if (hook is None or "url" in row) and not _is_url(row.get("url")):
            return wrong("A valid URL is required.")
    hooks = [_written(who.world, row, hook) for row, hook in zip(rows, found, strict=True)]
    shown = [row_of(who.world, hook) for hook in hooks]
    return written(who.world.settings, shown, updated=all(hook is not None for hook in found))


@unless(webhooks_refused)
def write_notifications(who: Identity, rows: list[Sent]) -> Answer:
    """Give webhooks their events, each by a notification that names the webhook (W42)."""
    if who.world.settings.webhook_events == "inline":
        return empty(404)
    known = {str(row_of(who.world, hook)["id"]): hook for hook in who.world.webhooks}
    hooks = [known.get(str(row.get("webhook_id")).lower()) for row in rows]
    if None in hooks:
        return wrong("There is no such webhook.")
    shown = []
    for row, hook in zip(rows, hooks, strict=True):
        assert hook is not None  # noqa: S101 - looked at above
        name = text_of(row, "name", "Ticket updated", 100)
        hook.events = tuple(dict.fromkeys([*hook.events, name]))
        shown.append({"id": len(hook.events), "name": name, "webhook_id": str(row["webhook_id"]).lower()})
    return written(who.world.settings, shown, updated=False)


@unless(webhooks_refused)
def delete_webhook(who: Identity, key: str) -> Answer:
    """Take a webhook away."""
    if not is_guid(key):
        return not_a_number(key)
    found = next((hook for hook in who.world.webhooks if row_of(who.world, hook)["id"] == key), None)
    if found is None:
        return empty(404)
    who.world.webhooks.remove(found)
    return as_json(row_of(who.world, found))


def _written(world: World, row: Sent, hook: Webhook | None) -> Webhook:
    """Put a row into a webhook, or into a new one; what it does not name stays."""
    if hook is None:
        number = max((one.number for one in world.webhooks), default=0) + 1
        hook = Webhook(number, "", "", events=(), deliveries=())
        world.webhooks.append(hook)
    hook.name, hook.url = str(row.get("name", hook.name))[:200], str(row.get("url", hook.url))[:500]
    hook.active = bool(row.get("active", hook.active))
    events = row.get("events")
    if isinstance(events, list) and world.settings.webhook_events != "notification":
        hook.events = tuple(str(one.get("name"))[:100] for one in events[:50] if isinstance(one, dict))
    return hook


def _is_url(value: object) -> bool:
    try:
        parts = urlsplit(value) if isinstance(value, str) else None
        return parts is not None and parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return False
