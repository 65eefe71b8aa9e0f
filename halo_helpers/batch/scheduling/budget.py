"""How many tenants at a time: bounded by this machine, and by what an instance lets one ask."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from ...engine.job import FORKS
from ...tenants.base_url import parse_address
from ...tenants.tenant import Tenant, shown_url

IN_FLIGHT_PER_CORE = 12 if FORKS else 4
"""A verification waits for the network most of its time; a stock kernel works while it starts."""
MB_PER_TENANT = 24 if FORKS else 200
"""Memory that a tenant in flight is counted with, generously: a stock kernel shares none of it."""
REQUESTS_PER_WINDOW, WINDOW_S, REQUESTS_PER_TENANT = 300, 300.0, 40
"""Our share of an instance's rate limit: the lowest figure that was published (facts 3.4), and what a
verification takes at most."""


def default_workers() -> int:
    """Return how many tenants are verified at a time: bounded by cores and by free memory."""
    by_cores = IN_FLIGHT_PER_CORE * (os.cpu_count() or 1)
    free = _free_mb()
    return max(2, min(by_cores, int(free / 2 / MB_PER_TENANT) if free else by_cores))


def _free_mb() -> float | None:
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:  # noqa: PTH123 - no regular file
            found = dict(line.split(":", 1) for line in lines)
        return int(found["MemAvailable"].split()[0]) / 1024
    except (OSError, KeyError, ValueError):
        return None


@dataclass
class Budget:
    """Requests per instance over the whole run: HaloPSA counts per instance, whoever asks."""

    clock: Callable[[], float] = time.monotonic
    _starts: dict[str, deque[float]] = field(default_factory=dict)

    def wait_s(self, instance: str) -> float:
        """Return the seconds until one more verification fits, and count it when that is now."""
        starts, now = self._starts.setdefault(instance, deque()), self.clock()
        while starts and starts[0] <= now - WINDOW_S:
            starts.popleft()
        if len(starts) >= REQUESTS_PER_WINDOW // REQUESTS_PER_TENANT:
            return starts[0] + WINDOW_S - now
        starts.append(now)
        return 0.0

    def give_back(self, instance: str) -> None:
        """Take back the newest share: it reached nobody."""
        starts = self._starts.get(instance)
        if starts:
            starts.pop()


def instance_of(tenant: Tenant) -> str:
    """Name the instance whose limit a tenant's requests count against: origin and halo tenant."""
    url = shown_url(tenant)
    own = tenant.halo_tenant or (tenant.client_id if url and parse_address(url).is_loopback else "")
    return f"{url} {own}"
