"""Scenarios: which there are. Each is a practice tenant with exactly one thing wrong, declared in one row.

`SCENARIOS` is the table, by where the fault lies (`faults`); `world/changes` has the changes that its rows
are made of.
"""

from __future__ import annotations

from .faults import agent, application, credentials, every_day, instance, webhooks
from .faults.scenario import Scenario

SCENARIOS: dict[str, Scenario] = {
    one.name: one
    for place in (every_day, credentials, application, agent, webhooks, instance)
    for one in place.SCENARIOS
}
"""By name, in the order in which they are listed."""
