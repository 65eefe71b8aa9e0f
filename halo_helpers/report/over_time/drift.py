"""What changed in the set-up of tenants behind one's back, though it may still work."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ...system.timestamps import utc_text
from ...verification.fingerprint import CHANGED_AT, FIELDS, Fingerprint
from ...verification.result import Verification

Drift = dict[str, Any]
"""Shape: {tenant, field, before, after, since}; `since` is UTC, ISO 8601."""


def changed_fields(before: Fingerprint, after: Fingerprint) -> list[tuple[str, Any, Any]]:
    """Return each field that both know and that differs, with both values."""
    return [
        (name, before[name], after[name])
        for name in FIELDS
        if name in before and name in after and before[name] != after[name]
    ]


def drift_of(before: Fingerprint, result: Verification, last_seen: str = "") -> list[Drift]:
    """Return what differs in a tenant from what it was, `last_seen` then.

    Since when: HaloPSA's own word on the agent where it is later than that, else when it was seen.
    """
    after = result.fingerprint
    told = str(after.get(CHANGED_AT) or "")
    seen = utc_text(result.started_at)
    return [
        {
            "tenant": result.tenant,
            "field": name,
            "before": old,
            "after": new,
            "since": told if name.startswith("agent.") and last_seen < told <= seen else seen,
        }
        for name, old, new in changed_fields(before, after)
    ]


def between(before: Iterable[Verification], after: Sequence[Verification]) -> list[Drift]:
    """Return what differs between the results of two runs."""
    known = {result.tenant: result for result in before}
    return [
        row
        for result in after
        if result.tenant in known
        for row in drift_of(
            known[result.tenant].fingerprint, result, utc_text(known[result.tenant].started_at)
        )
    ]


def by_change(rows: Iterable[Drift]) -> dict[str, list[Drift]]:
    """Return the changes by what they are, in words, the rarest first: an upgrade may be everybody's."""
    groups: dict[str, list[Drift]] = {}
    for row in rows:
        groups.setdefault(words_of(row), []).append(row)
    return dict(sorted(groups.items(), key=lambda pair: len(pair[1])))


def words_of(row: Drift) -> str:
    """Say one change: the field, what it was and what it is."""
    if isinstance(row["before"], list) and isinstance(row["after"], list):
        gained = [f"+{entry}" for entry in row["after"] if entry not in row["before"]]
        lost = [f"−{entry}" for entry in row["before"] if entry not in row["after"]]
        change = ", ".join([*gained, *lost]) or "another number of the same"
    else:
        change = f"{_shown(row['before'])} → {_shown(row['after'])}"
    return f"{FIELDS.get(row['field'], row['field'])}: {change}"


def _shown(value: object) -> str:
    if value is None or value == "":
        return "none"
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
