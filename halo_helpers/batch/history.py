"""The history over all runs of a folder, in SQLite. It holds verdicts and codes, never a secret."""

from __future__ import annotations

import contextlib
import datetime as dt
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ..errors import ConfigError, Mistake
from ..report.run import Broken
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
  primary key (run, tenant)
) without rowid;
create index if not exists by_tenant on outcome (tenant, started_at);
"""


class History:
    """`history.sqlite` in a folder of runs; several runs may write to it at a time."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "history.sqlite"

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = sqlite3.connect(self._path, timeout=30)
            try:
                connection.executescript(_TABLES)
                with connection:
                    yield connection
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise ConfigError(Mistake(f"cannot be used: {error}", str(self._path))) from None

    def add(self, run: str, results: Sequence[Verification]) -> None:
        """Write down the results of a run; results of the same run and tenant are replaced.

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
            )
            for r in results
        ]
        with self._open() as connection:
            connection.executemany("insert or replace into outcome values (?, ?, ?, ?, ?, ?, ?, ?)", rows)

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
        """Return the newest runs, oldest first: id, when, and how many tenants by verdict."""
        with self._open() as connection:
            rows = connection.execute(
                "select run, min(started_at), sum(verdict = 'pass'), sum(verdict = 'warn'), "
                "sum(verdict = 'fail'), "
                "sum(verdict = 'error') from outcome where practice = ? group by run order by run "
                "desc limit ?",
                (int(practice), TREND),
            ).fetchall()
        names = ("run", "started_at", "pass", "warn", "fail", "error")
        return [dict(zip(names, row, strict=True)) for row in reversed(rows)]

    def tenants(self) -> set[str]:
        """Return the names of the tenants that were ever judged."""
        with self._open() as connection:
            return {row[0] for row in connection.execute("select distinct tenant from outcome")}

    def forget_runs(self, runs: Iterable[str]) -> None:
        """Remove what is known of runs."""
        with self._open() as connection:
            connection.executemany("delete from outcome where run = ?", [(run,) for run in runs])

    def forget_tenant(self, tenant: str) -> int:
        """Remove what is known of a tenant; return the number of results."""
        with self._open() as connection:
            return connection.execute("delete from outcome where tenant = ?", (tenant,)).rowcount
