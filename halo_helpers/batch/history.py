"""The history over all runs of a folder, in SQLite (floor 6). It holds verdicts and codes, never a secret."""

from __future__ import annotations

import contextlib
import datetime as dt
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..errors import ConfigError, Mistake
from ..verify import Verification

CONTROL_EVERY = dt.timedelta(days=7)
_TABLES = """
create table if not exists result (
  run text not null, tenant text not null, base_url text not null, started_at text not null, verdict text not null,
  codes text not null, control integer not null, primary key (run, tenant));
create index if not exists by_tenant on result (tenant, started_at);
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
        """Write down the results of a run; results of the same run and tenant are replaced."""
        rows = [(run, r.tenant, r.base_url, r.as_json()["started_at"], r.verdict, " ".join(r.codes), int(r.control_asked))
                for r in results]  # fmt: skip
        with self._open() as connection:
            connection.executemany("insert or replace into result values (?, ?, ?, ?, ?, ?, ?)", rows)

    def controlled_since(self, now: dt.datetime) -> dict[tuple[str, str], str]:
        """Give when the negative control was asked, for tenants by (name, base URL) where that is under a week ago."""
        since = (now - CONTROL_EVERY).astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        with self._open() as connection:
            rows = connection.execute("select tenant, base_url, max(started_at) from result where control = 1 and started_at > ? "
                                      "group by tenant, base_url", (since,))  # fmt: skip
            return {(tenant, base_url): at for tenant, base_url, at in rows}
