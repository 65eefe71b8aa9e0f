"""Codes of webhooks, Neo Agent's own among them."""

from __future__ import annotations

from ..findings import diagnosis

WEBHOOKS_REFUSED = diagnosis(
    "webhooks-refused",
    "fail",
    headline="Webhooks may not be managed",
    step="application-permissions",
    cause=(
        "admin:webhooks is not ticked on the application's Permissions: Neo Agent's connection fails "
        "although reading works."
    ),
    remedy="Tick admin:webhooks on Permissions, save, and check again.",
)

WEBHOOK_MISSING = diagnosis(
    "webhook-missing",
    "warn",
    headline="Neo Agent's webhook is not there",
    step="webhooks",
    fixer="neo",
    cause="Neo Agent makes its webhook when it connects: it has not connected, or somebody took it away.",
    remedy="Connect in Neo Agent again; if no webhook appears, ask Neo Agent support.",
)

WEBHOOK_OFF = diagnosis(
    "webhook-off",
    "fail",
    headline="Neo Agent's webhook is not active",
    step="webhooks",
    cause="Neo Agent's webhook is not active: HaloPSA tells Neo Agent nothing of new or changed tickets.",
    remedy="Open it under Webhooks, tick Active and save.",
)

WEBHOOK_WITHOUT_EVENTS = diagnosis(
    "webhook-without-events",
    "warn",
    headline="Neo Agent's webhook has no events",
    step="webhooks",
    cause=(
        "No event is chosen on the webhook, so nothing sets it off; unless a notification names it, which "
        "was not asked."
    ),
    remedy="Open it under Webhooks and look at Events; then ask Neo Agent support which it needs.",
)

WEBHOOK_FAILING = diagnosis(
    "webhook-failing",
    "warn",
    headline="Neo Agent's webhook does not deliver",
    step="webhooks",
    fixer="neo",
    cause="Neo Agent does not take the deliveries, or a firewall of the instance stands between.",
    remedy="Look at the webhook's deliveries in HaloPSA, then ask Neo Agent support.",
)
