"""Codes of speed, waiting and the clock."""

from __future__ import annotations

from ..findings import diagnosis

CLOCK_SKEW = diagnosis(
    "clock-skew",
    "warn",
    headline="The clocks differ",
    step="test-connection",
    fixer="us",
    cause="This machine's clock, or the server's, is off: certificates and tokens then seem expired.",
    remedy="Set the clock of this machine by a time server.",
)

SLOW = diagnosis(
    "slow",
    "warn",
    headline="The instance is slow",
    step="test-connection",
    fixer="halopsa",
    cause="The instance is busy, far away or reached through a slow proxy.",
    remedy="Try at another time of day; if it stays, Neo Agent will be slow too: ask HaloPSA support.",
)

THROTTLED = diagnosis(
    "throttled",
    "warn",
    headline="Requests had to wait",
    step="test-connection",
    fixer="halopsa",
    cause="HaloPSA counts the requests of everybody who asks this instance, and others ask a lot.",
    remedy=(
        "Nothing to do when it is rare: every request was answered after waiting. If it stays, look which "
        "integrations ask this instance most."
    ),
)
