"""How each tenant came out in each run: since when it is broken, the trend, each tenant's life line."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from ...errors import ConfigError
from ...report.over_time.index_page import LETTERS, Lives
from ...report.over_time.status import is_whole, runs_of
from ...report.run import Broken, load_run
from ...system.plain_text import count_of
from ...system.timestamps import utc_text
from ...verification.result import Verification
from .database import DamagedError, Database, columns_of, set_aside
from .spans import Lines, Nights, Span, missed, placed

CONTROL_EVERY = dt.timedelta(days=7)
TREND = 30
"""Runs that the trend and the life lines show."""
_COLUMNS = "first_run, first_at, last_run, verdict, broken, file"


@dataclass(frozen=True)
class Outcome:
    """How one tenant came out in one run; `broken` are its checks and codes, in one text."""

    tenant: str
    practice: bool
    base_url: str
    at: str
    verdict: str
    broken: str
    control_asked: bool

    @classmethod
    def of(cls, result: Verification, carried: Iterable[tuple[str, str]] = ()) -> Outcome:
        """Take it of a result, and what is `carried` over from before as (check, code)."""
        entries = sorted({(check, code) for _, check, code in result.broken} | set(carried))
        return cls(
            result.tenant,
            result.practice,
            result.base_url,
            utc_text(result.started_at),
            result.verdict,
            " ".join(f"{check}/{code}" for check, code in entries),
            result.control_asked,
        )


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
            self._take_over()
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
                whole = is_whole(run.manifest) and complete
                self.add(run.id, results, whole=whole, file=run.manifest.tenants_file)
                count += bool(results)
        return count

    def _take_over(self) -> None:
        """Take what a history of an earlier version holds, which had a row for each tenant and run."""
        with self.open() as connection:
            if not columns_of(connection, "outcome"):
                return
        with self.open(to_change=True) as connection:
            known = columns_of(connection, "outcome")
            if not known:  # another process did it meanwhile
                return
            columns = "tenant, practice, base_url, started_at, verdict, broken, control"
            columns += ", whole" if "whole" in known else ", 1"
            for (run,) in connection.execute("select distinct run from outcome order by run").fetchall():
                rows = connection.execute(f"select {columns} from outcome where run = ?", (run,)).fetchall()  # noqa: S608 - our own words
                outcomes = [Outcome(*row[:7]) for row in rows]
                _take(connection, run, outcomes, whole=bool(rows[0][7]), file="")
                counts = {one: sum(o.verdict == one for o in outcomes) for one in LETTERS}
                connection.execute("update run set counts = ? where run = ?", (json.dumps(counts), run))
            connection.execute("drop table outcome")
        with contextlib.suppress(ConfigError, OSError), self.open() as connection:  # it is only smaller then
            connection.commit()
            connection.execute("vacuum")

    def add(
        self,
        run: str,
        results: Sequence[Verification],
        *,
        whole: bool,
        file: str,
        carried: Iterable[tuple[str, str, str]] = (),
    ) -> None:
        """Write down the results of a run of a tenants file; those of the same run and tenant are replaced.

        `whole`: whether it covers the file, so that it belongs to the trend. `carried` was broken before and
        could not be asked this time, each as (tenant, check, code): it counts as broken still.

        Raises: ConfigError when the file cannot be used.
        """
        more: dict[str, list[tuple[str, str]]] = {}
        for tenant, check, code in sorted(carried):
            more.setdefault(tenant, []).append((check, code))
        outcomes = [Outcome.of(result, more.get(result.tenant, ())) for result in results]
        with self.open(to_change=True) as connection:
            _take(connection, run, outcomes, whole=whole, file=file)

    def controlled_since(self, now: dt.datetime) -> dict[tuple[str, str], str]:
        """Return when the negative control was asked, where that is under a week ago.

        Shape: the time (UTC, ISO 8601) by the tenant's (name, base URL).
        """
        with self.open() as connection:
            rows = connection.execute(
                "select tenant, base_url, at from control where at > ?", (utc_text(now - CONTROL_EVERY),)
            )
            return {(tenant, base_url): at for tenant, base_url, at in rows}

    def before(self, run: str, *, practice: bool) -> tuple[Broken, dict[str, str]]:
        """Return what was broken when each tenant was judged last before a run, and that run by tenant.

        The names of runs begin with their time. Practice tenants and customers of one name are different
        ones.
        """
        with self.open() as connection:
            rows = connection.execute(
                "select tenant, max(first_run), last_run, broken, file from span "
                "where first_run < ? and practice = ? group by tenant",
                (run, int(practice)),
            ).fetchall()
            nights = _nights(connection, practice)
        broken = {(tenant, *one.split("/", 1)) for tenant, _, _, text, _ in rows for one in text.split()}
        judged_in = {}
        for tenant, first, last, _, file in rows:
            earlier = (
                [night for night in nights[file].runs if first <= night < run] if last >= run else [last]
            )
            judged_in[tenant] = earlier[-1] if earlier else first
        return broken, judged_in

    def broken_since(self, tenants: Iterable[str], *, practice: bool) -> dict[str, str]:
        """Return since when each tenant has not worked: its first result after the last good one."""
        wanted = set(tenants)
        with self.open() as connection:
            rows = connection.execute(
                "with own as (select * from span where practice = ?) "
                "select o.tenant, min(o.first_at) from own o left join (select tenant, max(last_run) as run "
                "from own where verdict in ('pass', 'warn') group by tenant) good on good.tenant = o.tenant "
                "where o.verdict in ('fail', 'error') and o.first_run > coalesce(good.run, '') "
                "group by o.tenant",
                (int(practice),),
            ).fetchall()
        return {tenant: at for tenant, at in rows if tenant in wanted}

    def trend(self, *, practice: bool) -> list[dict[str, Any]]:
        """Return the newest whole runs, oldest first: id, when, and how many tenants by verdict."""
        with self.open() as connection:
            at = {
                run: night.at[run] for night in _nights(connection, practice).values() for run in night.runs
            }
        lives = self.lives(practice=practice)
        columns = [Counter(line[place] for line in lives.lines.values()) for place in range(len(lives.runs))]
        return [
            {"run": run, "started_at": at[run]} | {verdict: of[letter] for verdict, letter in LETTERS.items()}
            for run, of in zip(lives.runs, columns, strict=True)
        ]

    def lives(self, *, practice: bool) -> Lives:
        """Return each tenant's verdicts over the newest whole runs."""
        with self.open() as connection:
            nights = _nights(connection, practice)
            files = sorted((run, file) for file, of in nights.items() for run in of.runs)[-TREND:]
            lines = Lines(files)
            rows = connection.execute(
                f"select tenant, {_COLUMNS} from span where practice = ? and last_run >= ? order by tenant",  # noqa: S608 - our own words
                (int(practice), files[0][0] if files else "~"),
            )
            drawn = {
                tenant: lines.line(Span(*row[1:]) for row in same)
                for tenant, same in groupby(rows, key=lambda row: str(row[0]))
            }
        return Lives([run for run, _ in files], {t: line for t, line in drawn.items() if line.strip("-")})

    def tenants(self) -> set[str]:
        """Return the names of the tenants that were ever judged."""
        with self.open() as connection:
            return {row[0] for row in connection.execute("select distinct tenant from span")}

    def forget_tenant(self, tenant: str) -> None:
        """Remove what is known of a tenant."""
        with self.open() as connection:
            for table in ("span", "control", "setup", "change", "told"):
                connection.execute(f"delete from {table} where tenant = ?", (tenant,))  # noqa: S608 - our own names


def _nights(connection: sqlite3.Connection, practice: bool) -> defaultdict[str, Nights]:
    """Return the whole runs by tenants file."""
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for run, file, at in connection.execute(
        "select run, file, at from night where practice = ?", (int(practice),)
    ):
        found[file][run] = at
    return defaultdict(lambda: Nights({}), {file: Nights(at) for file, at in found.items()})


def _take(
    connection: sqlite3.Connection, run: str, outcomes: Sequence[Outcome], *, whole: bool, file: str
) -> None:
    """Put the outcomes of a run into the spans of their tenants."""
    connection.executemany(
        "insert into control values (?, ?, ?) "
        "on conflict (tenant, base_url) do update set at = max(at, excluded.at)",
        [(one.tenant, one.base_url, one.at) for one in outcomes if one.control_asked],
    )
    for practice in (False, True):
        own = {one.tenant: one for one in outcomes if bool(one.practice) is practice}
        if not own:
            continue
        if whole:
            at = min(one.at for one in own.values())
            connection.execute(
                "insert or replace into night values (?, ?, ?, ?)", (run, int(practice), file, at)
            )
        else:
            connection.execute("delete from night where (run, practice) = (?, ?)", (run, int(practice)))
        nights = _nights(connection, practice)
        changed = _Changed(int(practice))
        newest = _spans(connection, practice, _NEWEST)
        over = _spans(connection, practice, "last_run >= ?", run)
        for tenant, one in own.items():
            old = (
                newest.get(tenant, [])
                if tenant not in over
                else _spans(connection, practice, _OF, tenant)[tenant]
            )
            span = Span(run, one.at, run, one.verdict, one.broken, file)
            changed.note(tenant, old, placed(old, span, nights))
        for tenant in over.keys() - own.keys() if whole else ():
            old = [span for span in over[tenant] if span.file == file]
            changed.note(tenant, old, missed(old, run, nights[file]))
        changed.write(connection)


_OF = "tenant = ?"
_NEWEST = (
    "first_run = (select max(first_run) from span o where (o.tenant, o.practice) = (s.tenant, s.practice))"
)


def _spans(connection: sqlite3.Connection, practice: bool, which: str, *values: str) -> dict[str, list[Span]]:
    """Return spans by tenant, in order; `which` is a condition in our own words."""
    rows = connection.execute(
        f"select tenant, {_COLUMNS} from span s where practice = ? and {which} order by tenant, first_run",  # noqa: S608 - our own words
        (int(practice), *values),
    )
    found: dict[str, list[Span]] = {}
    for tenant, *columns in rows:
        found.setdefault(tenant, []).append(Span(*columns))
    return found


class _Changed:
    """What is to be written of spans, all at once."""

    def __init__(self, practice: int) -> None:
        self._practice = practice
        self._gone: list[tuple[str, int, str]] = []
        self._put: list[tuple[str | int, ...]] = []

    def note(self, tenant: str, old: Sequence[Span], new: Sequence[Span]) -> None:
        """Replace spans of a tenant."""
        here, same = {span.first_run for span in new}, set(old)
        self._gone += [(tenant, self._practice, one.first_run) for one in old if one.first_run not in here]
        self._put += [(tenant, self._practice, *astuple(one)) for one in new if one not in same]

    def write(self, connection: sqlite3.Connection) -> None:
        """Write it."""
        connection.executemany("delete from span where (tenant, practice, first_run) = (?, ?, ?)", self._gone)
        connection.executemany("insert or replace into span values (?, ?, ?, ?, ?, ?, ?, ?)", self._put)
