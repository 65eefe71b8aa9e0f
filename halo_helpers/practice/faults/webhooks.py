"""Neo Agent's webhook, once it is connected."""

from __future__ import annotations

from ..world.changes import connected
from .scenario import Scenario

SCENARIOS = (
    Scenario("connected", "Connected to Neo Agent", "nothing: Neo Agent's webhook delivers", connected()),
    Scenario(
        "webhook-gone",
        "Webhook taken away",
        "Neo Agent's webhook is not in the list any more",
        connected(there=False),
        expect=("webhook-missing",),
    ),
    Scenario(
        "webhook-off",
        "Webhook not active",
        "Active is not ticked on Neo Agent's webhook",
        connected(active=False),
        expect=("webhook-off",),
    ),
    Scenario(
        "webhook-without-events",
        "Webhook without events",
        "no event is chosen on Neo Agent's webhook",
        connected(events=(), deliveries=()),
        expect=("webhook-without-events",),
    ),
    Scenario(
        "webhook-failing",
        "Webhook fails",
        "Neo Agent took none of the last deliveries",
        connected(deliveries=(True, *(False,) * 20)),
        expect=("webhook-failing",),
    ),
)
