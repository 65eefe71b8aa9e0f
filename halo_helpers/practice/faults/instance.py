"""What stands between, and the instance itself."""

from __future__ import annotations

from ..world.changes import instance, routes
from .scenario import Scenario

SCENARIOS = (
    Scenario(
        "address-blocked",
        "Address not on the allow-list",
        "a block page answers with status 403",
        instance(front="block-page"),
        expect=("blocked",),
        row=35,
    ),
    Scenario(
        "connection-cut",
        "Connection cut",
        "a firewall cuts every connection",
        instance(front="reset"),
        expect=("connection-reset",),
        row=35,
    ),
    Scenario(
        "area-fails",
        "One area fails inside",
        "assets answer 500 with nothing",
        routes(asset=500),
        expect=("server-error",),
        row=42,
    ),
    Scenario(
        "area-too-slow",
        "One area runs into the gateway's limit",
        "reports answer 504",
        routes(report=504),
        expect=("gateway-timeout",),
        row=43,
    ),
    Scenario(
        "clock-off",
        "Clocks disagree",
        "the instance's clock is five minutes ahead",
        instance(clock_ahead_s=300),
        expect=("clock-skew",),
        row=40,
    ),
)
