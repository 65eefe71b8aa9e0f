"""The file `history.sqlite` in a folder of runs. It holds verdicts, codes and set-ups, never a secret."""

from __future__ import annotations

import contextlib
import errno
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from ...errors import ConfigError, Mistake, unwritable

FILE = "history.sqlite"
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
create table if not exists run (
  run text not null primary key,
  started_at text not null,
  finished integer not null,
  whole integer not null,
  practice integer not null,
  undone integer not null,
  new integer not null,
  fixed integer not null,
  drift integer not null
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


class Database:
    """The file, which several runs may write to at a time. It outlives the runs that `--keep` removes.

    `set_aside` is the name of a damaged one that this one has taken the place of, else empty.
    """

    def __init__(self, folder: Path) -> None:
        """Open it, or begin one.

        Raises: ConfigError when the file cannot be used, OSError (ENOSPC) without room for it.
        """
        self.path = folder / FILE
        self.set_aside = ""
        try:
            self._make()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError) or not self.path.exists():
                raise self._problem(error) from None
            self._begin_again()

    def _make(self) -> None:
        with contextlib.closing(sqlite3.connect(self.path, timeout=30)) as connection, connection:
            connection.executescript(_TABLES)
            known = {row[1] for row in connection.execute("pragma table_info(outcome)")}
            for name, form in _LATER_COLUMNS.items():
                if name not in known:
                    connection.execute(f"alter table outcome add column {name} {form}")
            connection.execute("select count(*) from outcome").fetchone()  # reads all of it

    def _begin_again(self) -> None:
        """Set a damaged file aside, and make a new one.

        Raises: ConfigError when that cannot be done.
        """
        number = 1
        while (aside := self.path.with_name(f"history.damaged-{number}.sqlite")).exists():
            number += 1
        try:
            self.path.replace(aside)
        except OSError as refusal:
            raise unwritable(refusal, self.path) from None
        with self.open():
            self.set_aside = aside.name

    @contextlib.contextmanager
    def open(self) -> Iterator[sqlite3.Connection]:
        """Give a connection in a transaction of its own.

        Raises: ConfigError when the file cannot be used, OSError (ENOSPC) without room for it.
        """
        try:
            with contextlib.closing(sqlite3.connect(self.path, timeout=30)) as connection:
                connection.executescript(_TABLES)
                with connection:
                    yield connection
        except sqlite3.Error as error:
            raise self._problem(error) from None

    def _problem(self, error: sqlite3.Error) -> Exception:
        """Return what an error is for whoever asked: no room left, or a file that cannot be used."""
        if "disk" in str(error):  # SQLite's “disk I/O error” and “database or disk is full”
            return OSError(errno.ENOSPC, str(error), str(self.path))
        return ConfigError(Mistake(f"cannot be used: {error}", str(self.path)))
