"""Moments as they stand in files: UTC, ISO 8601, with Z."""

from __future__ import annotations

import datetime as dt


def utc_text(moment: dt.datetime | None = None, timespec: str = "seconds") -> str:
    """Write a moment that knows its zone, such as 2026-11-24T09:30:00Z; now when none is given."""
    moment = moment or dt.datetime.now(dt.UTC)
    return moment.astimezone(dt.UTC).isoformat(timespec=timespec).replace("+00:00", "Z")
