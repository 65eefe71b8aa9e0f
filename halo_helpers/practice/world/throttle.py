"""The rate limit of a practice tenant."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable


class Throttle:
    """A rolling window: at most `limit` requests in `seconds`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._times: deque[float] = deque()
        self._clock = clock

    def take(self, limit: int, seconds: float) -> float | None:
        """Count one request; return the seconds to wait when it is one too many, else None."""
        now = self._clock()
        while self._times and self._times[0] <= now - seconds:
            self._times.popleft()
        if len(self._times) >= limit:
            return seconds if not self._times else self._times[0] + seconds - now
        self._times.append(now)
        return None
