"""Asking again: after a 429 that says how long to wait, and after a connection that had been left idle."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime
from functools import lru_cache

from ..errors import ConnectionFailedError
from .answers import Reply
from .limits import Reading

MAX_WAITS = 2
"""How often one request waits; the 429 after that is its answer."""


async def ask_with_retries(
    ask: Callable[[], Awaitable[Reply]],
    *,
    reads: bool,
    reading: Reading,
    remaining_s: Callable[[], float],
) -> Reply:
    """Ask; after a 429 wait as long as it says where that fits into the time that is left, and ask again.

    `reads` says that asking twice does no harm. `remaining_s` gives the seconds left for this tenant.

    Raises: what `ask` raises.
    """
    tries, waits = 0, 0
    while True:
        tries += 1
        try:
            reply = await ask()
        except ConnectionFailedError as error:
            if tries == 1 and reads and _was_idle(error, reading):
                continue
            raise
        if reply.status != 429:
            reading.waited += waits > 0
            return reply
        wait_s = seconds_to_wait(reply)
        if wait_s is None or waits == MAX_WAITS or wait_s >= remaining_s() - 1:
            reading.turned_away += 1
            return reply
        waits += 1
        await asyncio.sleep(wait_s)


def _was_idle(error: ConnectionFailedError, reading: Reading) -> bool:
    """Whether a request may have met a connection that the server had closed while nobody used it."""
    return error.code == "connection-reset" and bool(reading.latencies_s)


def seconds_to_wait(reply: Reply) -> float | None:
    """Return the seconds that a `Retry-After` asks for, None when it says nothing usable."""
    text = reply.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdecimal() and len(text) < 7:
        return float(text)
    moment = http_date(text)
    return None if moment is None else max(0.0, (moment - dt.datetime.now(dt.UTC)).total_seconds())


@lru_cache(maxsize=8)  # each answer has one, in whole seconds
def http_date(text: str) -> dt.datetime | None:
    """Return the moment that a date of HTTP names; None for anything else, a date without a zone included."""
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else None
