"""A webhook of a practice tenant: where it sends, and how its deliveries went."""

from __future__ import annotations

from dataclasses import dataclass

NEO_HOST = "webhooks.neoagent.example"
"""Where the practice tenants' Neo Agent takes deliveries; invented, as no source tells the real host."""


@dataclass
class Webhook:
    """One webhook. `deliveries` tells of each, oldest first, whether it arrived."""

    number: int
    name: str
    url: str
    active: bool = True
    events: tuple[str, ...] = ("New ticket logged", "Ticket updated")
    deliveries: tuple[bool, ...] = (True, True, True)


def of_monitoring() -> Webhook:
    """Return the webhook that every tenant has: another product's."""
    return Webhook(1, "Monitoring hub", "https://hooks.monitoring.example/halo")


def of_neo_agent() -> Webhook:
    """Return the webhook that Neo Agent makes when it connects (facts 1.6)."""
    return Webhook(2, "Neo Agent", f"https://{NEO_HOST}/halopsa")
