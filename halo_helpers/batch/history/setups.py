"""What is known of each tenant's set-up, what changed in it, and whom a notification named."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from ...errors import ConfigError, Mistake
from ...report.over_time.drift import Drift, changed_fields, drift_of
from ...system.timestamps import utc_text
from ...verification.result import Verification
from .database import Database


class Setups(Database):
    """The set-ups of the tenants of a folder of runs."""

    def note_setups(self, run: str, results: Iterable[Verification]) -> list[Drift]:
        """Learn what the set-up of each tenant is now; return what differs from the last judged run.

        What a run does not tell stays as it was known. Asked again for the same run, it says the same.
        """
        with self.open() as connection:
            for result in results:
                if result.fingerprint:
                    _note_setup(connection, run, result)
            rows = connection.execute(
                "select tenant, field, before, after, since from change where run = ? order by tenant, field",
                (run,),
            ).fetchall()
        return [_drift(row) for row in rows]

    def unaccepted(self, results: Iterable[Verification]) -> list[Drift]:
        """Return what differs from the set-up that was accepted last, or else from the first one seen."""
        found: list[Drift] = []
        with self.open() as connection:
            for result in results:
                row = connection.execute(
                    "select known, accepted from setup where tenant = ? and practice = ?",
                    (result.tenant, int(result.practice)),
                ).fetchone()
                if row is None or row[0] == row[1]:
                    continue
                now = replace(result, fingerprint=json.loads(row[0]))
                for one in drift_of(json.loads(row[1]), now):
                    since = connection.execute(
                        "select min(since) from change where tenant = ? and practice = ? and field = ? and "
                        "run > coalesce((select max(run) from change where tenant = ? and practice = ? and "
                        "field = ? and after = ?), '')",
                        (
                            *(result.tenant, int(result.practice), one["field"]) * 2,
                            json.dumps(one["before"], ensure_ascii=False),
                        ),
                    ).fetchone()[0]
                    found.append(one | {"since": since or one["since"]})
        return found

    def accept(self, tenant: str) -> list[tuple[str, Any, Any]]:
        """Take a tenant's set-up as it is now for the one that is right; return each field that changed.

        Raises: ConfigError when no run has seen its set-up.
        """
        with self.open() as connection:
            rows = connection.execute(
                "select practice, known, accepted from setup where tenant = ?", (tenant,)
            ).fetchall()
            if not rows:
                raise ConfigError(Mistake(f"knows nothing of the set-up of {tenant}", str(self.path)))
            connection.execute("update setup set accepted = known where tenant = ?", (tenant,))
        return [
            change for _, known, old in rows for change in changed_fields(json.loads(old), json.loads(known))
        ]

    def told_at(self, *, practice: bool) -> dict[str, str]:
        """Return when a notification named each tenant last (UTC, ISO 8601)."""
        with self.open() as connection:
            rows = connection.execute("select tenant, at from told where practice = ?", (int(practice),))
            return dict(rows.fetchall())

    def note_told(self, tenants: Iterable[str], *, practice: bool) -> None:
        """Write down that a notification named these tenants now."""
        rows = [(tenant, int(practice), utc_text()) for tenant in tenants]
        with self.open() as connection:
            connection.executemany("insert or replace into told values (?, ?, ?)", rows)


def _note_setup(connection: sqlite3.Connection, run: str, result: Verification) -> None:
    """Compare a tenant's set-up with what is known of it, and learn the new one.

    Another base URL is another instance: nothing of it was known before.
    """
    key = (result.tenant, int(result.practice))
    row = connection.execute(
        "select base_url, seen_at, known, accepted from setup where tenant = ? and practice = ?", key
    ).fetchone()
    text, at = json.dumps(result.fingerprint, ensure_ascii=False), utc_text(result.started_at)
    if row is None or row[0] != result.base_url:
        connection.execute(
            "insert or replace into setup values (?, ?, ?, ?, ?, ?)", (*key, result.base_url, at, text, text)
        )
        return
    if at < row[1]:
        return  # of an older run than the one that is known
    before = json.loads(row[2])
    connection.executemany(
        "insert or replace into change values (?, ?, ?, ?, ?, ?, ?)",
        [
            (
                *(run, *key, one["field"]),
                *(json.dumps(one[name], ensure_ascii=False) for name in ("before", "after")),
                one["since"],
            )
            for one in drift_of(before, result, row[1])
        ],
    )
    known = json.dumps(before | result.fingerprint, ensure_ascii=False)
    # what is seen for the first time is what it was accepted as
    accepted = json.dumps(result.fingerprint | json.loads(row[3]), ensure_ascii=False)
    connection.execute(
        "update setup set seen_at = ?, known = ?, accepted = ? where tenant = ? and practice = ?",
        (at, known, accepted, *key),
    )


def _drift(row: tuple[str, ...]) -> Drift:
    tenant, field, before, after, since = row
    return {
        "tenant": tenant,
        "field": field,
        "before": json.loads(before),
        "after": json.loads(after),
        "since": since,
    }
