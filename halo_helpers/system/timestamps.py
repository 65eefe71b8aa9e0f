"""Moments as they stand in files: UTC, ISO 8601, with Z."""

from __future__ import annotations

import datetime as dt


def utc_text(moment: dt.datetime | None = None, timespec: str = "seconds") -> str:
    """Write a moment that knows its zone, such as 2026-11-24T09:30:00Z; now when none is given."""
    moment = moment or dt.datetime.now(dt.UTC)
    return moment.astimezone(dt.UTC).isoformat(timespec=timespec).replace("+00:00", "Z")


def clock_text(moment: str, now: dt.datetime | None = None) -> str:
    """Say a moment as people do, in the zone of this machine: 14:32 today, else 24 November, 14:32.

    Raises: ValueError for a text that is no moment of ISO 8601.
    """
    there = dt.datetime.fromisoformat(moment).astimezone()
    today = (now or dt.datetime.now(dt.UTC)).astimezone().date()
    if there.date() == today:
        return f"{there:%H:%M}"
    year = "" if there.year == today.year else f" {there.year}"
    return f"{there.day} {there:%B}{year}, {there:%H:%M}"
