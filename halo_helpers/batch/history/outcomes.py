"""How each tenant came out in each run: since when it is broken, the trend, each tenant's life line."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ...errors import ConfigError
from ...report.over_time.index_page import LETTERS, Lives
from ...report.over_time.status import is_whole, runs_of
from ...report.run import Broken, load_run
from ...system.plain_text import count_of
from ...system.timestamps import utc_text
from ...verification.result import Verification
from .database import DamagedError, Database, set_aside

CONTROL_EVERY = dt.timedelta(days=7)
TREND = 30
"""Runs that the trend and the life lines show."""


class Outcomes(Database):
    """The outcomes of all runs of a folder. `warnings` says what happened to a damaged history."""

    def __init__(self, folder: Path) -> None:
        """Open them; those of a damaged file are made again of the runs that are still there.

        Raises: ConfigError when the file cannot be used, OSError (ENOSPC) without room for it.
        """
        self.warnings: list[str] = []
        try:
            super().__init__(folder)
            self.look_through()
        except DamagedError:
            aside = set_aside(folder)
            super().__init__(folder)
            count = self._make_again(folder)
            self.warnings.append(
                f"the history was damaged; it is set aside as {aside}, and made again of "
                f"{count_of(count, 'run')}: what was before them is not known any more"
            )

    def _make_again(self, folder: Path) -> int:
        """Take the results of the runs that are still there; return how many runs had some."""
        count = 0
        for run in reversed(list(runs_of(folder))):
            with contextlib.suppress(ConfigError):
                results = load_run(run.folder).results
                complete = run.manifest.finished_at is not None
                self.add(run.id, results, whole=is_whole(run.manifest) and complete)
                count += bool(results)
        return count

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
        with self.open() as connection:
            connection.executemany(
                "insert or replace into outcome (run, tenant, base_url, started_at, verdict, broken, "
                "control, practice, whole) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )

    def controlled_since(self, now: dt.datetime) -> dict[tuple[str, str], str]:
        """Return when the negative control was asked, where that is under a week ago.

        Shape: the time (UTC, ISO 8601) by the tenant's (name, base URL).
        """
        with self.open() as connection:
            rows = connection.execute(
                "select tenant, base_url, max(started_at) from outcome where control = 1 and started_at > ? "
                "group by tenant, base_url",
                (utc_text(now - CONTROL_EVERY),),
            )
            return {(tenant, base_url): at for tenant, base_url, at in rows}

    def carry(self, run: str, entries: Iterable[tuple[str, str, str]]) -> None:
        """Write down what was broken before and could not be asked this time: it counts as broken still.

        Each entry is (tenant, check, code).
        """
        with self.open() as connection:
            for tenant, check, code in entries:
                connection.execute(
                    "update outcome set broken = trim(broken || ' ' || ?) where run = ? and tenant = ?",
                    (f"{check}/{code}", run, tenant),
                )

    def before(self, run: str, *, practice: bool) -> tuple[Broken, dict[str, str]]:
        """Return what was broken when each tenant was judged last before a run, and that run by tenant.

        The names of runs begin with their time. Practice tenants and customers of one name are different
        ones.
        """
        with self.open() as connection:
            rows = connection.execute(
                "select tenant, max(run), broken from outcome where run < ? and practice = ? group by tenant",
                (run, int(practice)),
            ).fetchall()
        broken = {(tenant, *entry.split("/", 1)) for tenant, _, entries in rows for entry in entries.split()}
        return broken, {tenant: at for tenant, at, _ in rows}

    def broken_since(self, tenants: Iterable[str], *, practice: bool) -> dict[str, str]:
        """Return since when each tenant has not worked: its first result after the last good one."""
        wanted = set(tenants)
        with self.open() as connection:
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
        with self.open() as connection:
            rows = connection.execute(
                "select run, min(started_at), sum(verdict = 'pass'), sum(verdict = 'warn'), "
                "sum(verdict = 'fail'), sum(verdict = 'error') from outcome "
                "where practice = ? and whole = 1 group by run order by run desc limit ?",
                (int(practice), TREND),
            ).fetchall()
        names = ("run", "started_at", "pass", "warn", "fail", "error")
        return [dict(zip(names, row, strict=True)) for row in reversed(rows)]

    def lives(self, *, practice: bool) -> Lives:
        """Return each tenant's verdicts over the newest whole runs."""
        with self.open() as connection:
            runs = [
                row[0]
                for row in connection.execute(
                    "select distinct run from outcome where practice = ? and whole = 1 "
                    "order by run desc limit ?",
                    (int(practice), TREND),
                )
            ][::-1]
            place = {run: number for number, run in enumerate(runs)}
            marks: dict[str, list[str]] = {}
            for run, tenant, verdict in connection.execute(
                "select run, tenant, verdict from outcome where practice = ? and run >= ?",
                (int(practice), runs[0] if runs else ""),
            ):
                if run in place:
                    marks.setdefault(tenant, ["-"] * len(runs))[place[run]] = LETTERS[verdict]
        return Lives(runs, {tenant: "".join(line) for tenant, line in marks.items()})

    def tenants(self) -> set[str]:
        """Return the names of the tenants that were ever judged."""
        with self.open() as connection:
            return {row[0] for row in connection.execute("select distinct tenant from outcome")}

    def forget_tenant(self, tenant: str) -> int:
        """Remove what is known of a tenant; return the number of results."""
        with self.open() as connection:
            for table in ("setup", "change", "told"):
                connection.execute(f"delete from {table} where tenant = ?", (tenant,))  # noqa: S608 - our own names
            return connection.execute("delete from outcome where tenant = ?", (tenant,)).rowcount
