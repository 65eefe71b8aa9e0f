"""The caps for one tenant, and what its answers told besides their content."""

from __future__ import annotations

from dataclasses import dataclass, field

AT_ONCE = 7
"""Requests under way at a time in one tenant."""


@dataclass(frozen=True)
class Limits:
    """The caps for one tenant: times in seconds, sizes in bytes unpacked.

    `total_s` is for a whole verification, `request_s` for a request with its answer, `connect_s` for TCP and
    for TLS each; `requests` is how many are sent. What an answer and a tenant may take: bytes, and rows and
    values of their JSON. Where one is used up, that is a finding (`budget-exhausted`, `response-too-large`).
    """

    total_s: float = 60.0
    request_s: float = 20.0
    connect_s: float = 7.0
    """For TCP and for TLS each: with the name's look-up (5 s) less than a request, whose end by force would
    leave a half-made TLS connection open."""
    requests: int = 120
    answer_bytes: int = 16 * 1024 * 1024
    tenant_bytes: int = 64 * 1024 * 1024
    tenant_rows: int = 50_000
    tenant_values: int = 1_000_000
    """Values in all JSON of a tenant, told before it is parsed: each takes up to some hundred bytes then."""


@dataclass
class Reading:
    """What the answers told besides their content, for `limits.headroom`."""

    latencies_s: list[float] = field(default_factory=list)
    waited: int = 0
    """Requests that were answered after a 429 had told how long to wait."""
    turned_away: int = 0
    """Requests whose answer stayed a 429."""
    clock_skew_s: float | None = None
    """Server's clock minus ours; positive when ours is behind."""
    practice: bool = False
    """Whether the answers are marked as those of a practice tenant."""
    bytes_read: int = 0
    rows: int = 0
    values: int = 0
    """What was taken in so far, against the caps."""
    ended_early: dict[str, int] = field(default_factory=dict)
    """How many rows a list said that it has, by resource, when its pages ended before."""
