"""The history over all runs of a folder, in SQLite. It holds verdicts and codes, never a secret."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import ConfigError, Mistake, unwritable
from ..report.over_time.drift import Drift, changed_fields, drift_of
from ..report.over_time.status import is_whole, runs_of
from ..report.run import Broken, load_run
from ..system.plain_text import count_of
from ..system.timestamps import utc_text
from ..verification.result import Verification

CONTROL_EVERY = dt.timedelta(days=7)
TREND = 30
"""Runs that the trend shows."""
_TABLES = """
create table if not exists outcome (
  run text not null,
  tenant text not null,
  base_url text not null,
  started_at text not null,
  verdict text not null,
  broken text not null,
  control integer not null,
  practice integer not null,
  whole integer not null default 1,
  primary key (run, tenant)
) without rowid;
create index if not exists by_tenant on outcome (tenant, started_at);
create table if not exists setup (
  tenant text not null,
  practice integer not null,
  base_url text not null,
  seen_at text not null,
  known text not null,
  accepted text not null,
  primary key (tenant, practice)
) without rowid;
create table if not exists change (
  run text not null,
  tenant text not null,
  practice integer not null,
  field text not null,
  before text not null,
  after text not null,
  since text not null,
  primary key (run, tenant, field)
) without rowid;
create table if not exists told (
  tenant text not null,
  practice integer not null,
  at text not null,
  primary key (tenant, practice)
) without rowid;
"""
_LATER_COLUMNS = {"whole": "integer not null default 1"}
"""What histories of earlier versions lack."""


class History:
    """`history.sqlite` in a folder of runs; several runs may write to it at a time.

    It outlives the runs that `--keep` removes. `warnings` says what happened to a damaged one.
    """

    def __init__(self, folder: Path) -> None:
        """Open it, or begin one; a damaged one is set aside, and made again of the runs that are still there.

        Raises: ConfigError when the file cannot be used.
        """
        self._path = folder / "history.sqlite"
        self.warnings: list[str] = []
        try:
            self._make()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError) or not self._path.exists():
                raise ConfigError(Mistake(f"cannot be used: {error}", str(self._path))) from None
            self._begin_again(folder, error)

    def _make(self) -> None:
        with contextlib.closing(sqlite3.connect(self._path, timeout=30)) as connection, connection:
            connection.executescript(_TABLES)
            known = {row[1] for row in connection.execute("pragma table_info(outcome)")}
            for name, form in _LATER_COLUMNS.items():
                if name not in known:
                    connection.execute(f"alter table outcome add column {name} {form}")
            connection.execute("select count(*) from outcome").fetchone()  # reads all of it

    def _begin_again(self, folder: Path, error: sqlite3.DatabaseError) -> None:
        """Set a damaged file aside.

        Raises: ConfigError when that cannot be done.
        """
        number = 1
        while (aside := self._path.with_name(f"history.damaged-{number}.sqlite")).exists():
            number += 1
        try:
            self._path.replace(aside)
        except OSError as refusal:
            raise unwritable(refusal, self._path) from None
        with self._open():
            pass
        count = 0
        for run in reversed(list(runs_of(folder))):
            with contextlib.suppress(ConfigError):
                results = load_run(run.folder).results
                self.add(run.id, results, whole=is_whole(run.manifest))
                count += bool(results)
        self.warnings.append(
            f"the history was damaged ({error}); it is set aside as {aside.name}, and made again of "
            f"{count_of(count, 'run')}: what was before them is not known any more"
        )

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            with contextlib.closing(sqlite3.connect(self._path, timeout=30)) as connection:
                connection.executescript(_TABLES)
                with connection:
                    yield connection
        except sqlite3.Error as error:
            raise ConfigError(Mistake(f"cannot be used: {error}", str(self._path))) from None

    def add(self, run: str, results: Sequence[Verification], *, whole: bool) -> None:
        """Write down the results of a run; results of the same run and tenant are replaced.

        `whole`: whether it covers its tenants file, so that it belongs to the trend.

        Raises: ConfigError when the file cannot be used.
        """
        rows = [
            (
                run,
                r.tenant,
                r.base_url,
                utc_text(r.started_at),
                r.verdict,
                " ".join(f"{c}/{k}" for _, c, k in sorted(r.broken)),
                int(r.control_asked),
                int(r.practice),
                int(whole),
            )
            for r in results
        ]
        with self._open() as connection:
            connection.executemany(
                "insert or replace into outcome (run, tenant, base_url, started_at, verdict, broken, "
                "control, practice, whole) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )

    def controlled_since(self, now: dt.datetime) -> dict[tuple[str, str], str]:
        """Return when the negative control was asked, where that is under a week ago.

        Shape: the time (UTC, ISO 8601) by the tenant's (name, base URL).
        """
        with self._open() as connection:
            rows = connection.execute(
                "select tenant, base_url, max(started_at) from outcome where control = 1 and started_at > ? "
                "group by tenant, base_url",
                (utc_text(now - CONTROL_EVERY),),
            )
            return {(tenant, base_url): at for tenant, base_url, at in rows}

    def before(self, run: str, *, practice: bool) -> tuple[Broken, dict[str, str]]:
        """Return what was broken when each tenant was judged last before a run, and that run by tenant.

        The names of runs begin with their time. Practice tenants and customers of one name are different
        ones.
        """
        with self._open() as connection:
            rows = connection.execute(
                "select tenant, max(run), broken from outcome where run < ? and practice = ? group by tenant",
                (run, int(practice)),
            ).fetchall()
        broken = {(tenant, *entry.split("/", 1)) for tenant, _, entries in rows for entry in entries.split()}
        return broken, {tenant: at for tenant, at, _ in rows}

    def broken_since(self, tenants: Iterable[str], *, practice: bool) -> dict[str, str]:
        """Return since when each tenant has not worked: its first result after the last good one."""
        wanted = set(tenants)
        with self._open() as connection:
            rows = connection.execute(
                "with own as (select * from outcome where practice = ?) "
                "select o.tenant, min(o.started_at) from own o left join (select tenant, max(run) as "
                "run from own "
                "where verdict in ('pass', 'warn') group by tenant) good on good.tenant = o.tenant "
                "where o.verdict in ('fail', 'error') and o.run > coalesce(good.run, '') group by o.tenant",
                (int(practice),),
            ).fetchall()
        return {tenant: at for tenant, at in rows if tenant in wanted}

    def trend(self, *, practice: bool) -> list[dict[str, Any]]:
        """Return the newest whole runs, oldest first: id, when, and how many tenants by verdict."""
        with self._open() as connection:
            rows = connection.execute(
                "select run, min(started_at), sum(verdict = 'pass'), sum(verdict = 'warn'), "
                "sum(verdict = 'fail'), sum(verdict = 'error') from outcome "
                "where practice = ? and whole = 1 group by run order by run desc limit ?",
                (int(practice), TREND),
            ).fetchall()
        names = ("run", "started_at", "pass", "warn", "fail", "error")
        return [dict(zip(names, row, strict=True)) for row in reversed(rows)]

    def note_setups(self, run: str, results: Iterable[Verification]) -> list[Drift]:
        """Learn what the set-up of each tenant is now; return what differs from the last judged run.

        What a run does not tell stays as it was known. Asked again for the same run, it says the same.
        """
        with self._open() as connection:
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
        with self._open() as connection:
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
        with self._open() as connection:
            rows = connection.execute(
                "select practice, known, accepted from setup where tenant = ?", (tenant,)
            ).fetchall()
            if not rows:
                raise ConfigError(Mistake(f"knows nothing of the set-up of {tenant}", str(self._path)))
            connection.execute("update setup set accepted = known where tenant = ?", (tenant,))
        return [
            change for _, known, old in rows for change in changed_fields(json.loads(old), json.loads(known))
        ]

    def told_at(self, *, practice: bool) -> dict[str, str]:
        """Return when a notification named each tenant last (UTC, ISO 8601)."""
        with self._open() as connection:
            rows = connection.execute("select tenant, at from told where practice = ?", (int(practice),))
            return dict(rows.fetchall())

    def note_told(self, tenants: Iterable[str], *, practice: bool) -> None:
        """Write down that a notification named these tenants now."""
        rows = [(tenant, int(practice), utc_text()) for tenant in tenants]
        with self._open() as connection:
            connection.executemany("insert or replace into told values (?, ?, ?)", rows)

    def tenants(self) -> set[str]:
        """Return the names of the tenants that were ever judged."""
        with self._open() as connection:
            return {row[0] for row in connection.execute("select distinct tenant from outcome")}

    def forget_tenant(self, tenant: str) -> int:
        """Remove what is known of a tenant; return the number of results."""
        with self._open() as connection:
            for table in ("setup", "change", "told"):
                connection.execute(f"delete from {table} where tenant = ?", (tenant,))  # noqa: S608 - our own names
            return connection.execute("delete from outcome where tenant = ?", (tenant,)).rowcount


def _note_setup(connection: sqlite3.Connection, run: str, result: Verification) -> None:
    """Compare a tenant's set-up with what is known of it, and learn the new one.

    Another base URL is another instance: nothing of it was known before.
    """
    key = (result.tenant, int(result.practice))
    row = connection.execute(
        "select base_url, seen_at, known from setup where tenant = ? and practice = ?", key
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
    connection.execute(
        "update setup set seen_at = ?, known = ? where tenant = ? and practice = ?", (at, known, *key)
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
