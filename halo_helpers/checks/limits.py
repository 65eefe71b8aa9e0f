"""Is there room: how fast are answers, was anything throttled, do the clocks agree?"""

from __future__ import annotations

import statistics
from collections.abc import AsyncIterator

from ..system.plain_text import count_of
from .codes.limits import CLOCK_SKEW, SLOW, THROTTLED
from .findings import Finding
from .probe import Probe
from .registry import check

SLOW_S = 1.0
SKEW_S = 60.0


@check(
    "limits.headroom",
    title="Speed, rate limit and clock",
    otherwise="Speed, rate limit and clock are not known",
    needs=("address.instance",),
    after="*",
    codes=(SLOW, CLOCK_SKEW, THROTTLED),
    step="test-connection",
    uses=("base_url",),
)
async def headroom(probe: Probe) -> AsyncIterator[Finding | str]:
    """Latency, rate-limit answers, clock against the server's Date; it sends nothing itself."""
    reading = probe.client.reading
    if reading.waited and not reading.turned_away:
        yield THROTTLED(f"{count_of(reading.waited, 'request')} of {probe.client.requests_made} had to wait")
    if not reading.latencies_s:
        return
    median = statistics.median(reading.latencies_s)
    if median > SLOW_S:
        yield SLOW(f"half of {count_of(len(reading.latencies_s), 'answer')} took longer than {median:.1f} s")
    if reading.clock_skew_s is not None and abs(reading.clock_skew_s) > SKEW_S:
        which = "behind" if reading.clock_skew_s > 0 else "ahead of"
        yield CLOCK_SKEW(f"this machine's clock is {abs(reading.clock_skew_s):.0f} s {which} the server's")
    made = count_of(probe.client.requests_made, "request")
    yield f"{made}, half of them answered within {median * 1000:.0f} ms"
