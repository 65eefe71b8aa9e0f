"""Scopes that an application can have."""

from __future__ import annotations

SCOPES_OF_NEO = ("all:standard", "all:teams", "admin:webhooks")
"""What the newest Neo documentation ticks (facts 1.1)."""

_AREAS_OF_SCOPES = [
    "tickets",
    "calendar",
    "customers",
    "crm",
    "contracts",
    "suppliers",
    "items",
    "projects",
    "sales",
    "quotes",
    "sos",
    "pos",
    "invoices",
    "reporting",
    "timesheets",
    "softwarelicensing",
    "software",
    "kb",
    "assets",
    "distributionlists",
]

KNOWN_SCOPES = frozenset(
    [
        "all",
        *SCOPES_OF_NEO,
        "admin",
        "offline_access",
        "editMine:timesheets",
        "access:chat",
        "access:adpasswordreset",
        "read:teams",
        "read:agents",
    ]
    + [f"{verb}:{area}" for verb in ("read", "edit") for area in _AREAS_OF_SCOPES]
)
"""Source: facts 2.5."""
