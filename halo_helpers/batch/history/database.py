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
create table if not exists span (
  tenant text not null,
  practice integer not null,
  first_run text not null,
  first_at text not null,
  last_run text not null,
  verdict text not null,
  broken text not null,
  file text not null,
  primary key (tenant, practice, first_run)
) without rowid;
create table if not exists night (
  run text not null,
  practice integer not null,
  file text not null,
  at text not null,
  primary key (run, practice)
) without rowid;
create table if not exists control (
  tenant text not null,
  base_url text not null,
  at text not null,
  primary key (tenant, base_url)
) without rowid;
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
  drift integer not null,
  counts text not null default '{}'
) without rowid;
create table if not exists told (
  tenant text not null,
  practice integer not null,
  at text not null,
  primary key (tenant, practice)
) without rowid;
"""
_LATER_COLUMNS = {"run": {"counts": "text not null default '{}'"}}
"""What histories of earlier versions lack, by table."""


class DamagedError(Exception):
    """The file is no database any more, or a part of it cannot be read."""


class Database:
    """The file, which several runs may write to at a time. It outlives the runs that `--keep` removes."""

    def __init__(self, folder: Path) -> None:
        """Open it, or begin one.

        Raises: ConfigError when the file cannot be used, OSError (ENOSPC) without room for it, DamagedError.
        """
        self.path = folder / FILE
        try:
            with contextlib.closing(sqlite3.connect(self.path, timeout=30)) as connection, connection:
                connection.executescript(_TABLES)
                for table, columns in _LATER_COLUMNS.items():
                    known = columns_of(connection, table)
                    for name in columns.keys() - known:
                        connection.execute(f"alter table {table} add column {name} {columns[name]}")
        except sqlite3.Error as error:
            raise self._problem(error) from None

    def look_through(self) -> None:
        """Read all of it once.

        Raises: as making it.
        """
        try:
            with contextlib.closing(sqlite3.connect(self.path, timeout=30)) as connection:
                said = connection.execute("pragma quick_check(1)").fetchone()
        except sqlite3.Error as error:
            raise self._problem(error) from None
        if said != ("ok",):
            raise DamagedError(str(self.path))

    @contextlib.contextmanager
    def open(self, *, to_change: bool = False) -> Iterator[sqlite3.Connection]:
        """Give a connection in a transaction of its own; with `to_change` nobody else changes it meanwhile.

        Raises: as making it.
        """
        try:
            with contextlib.closing(sqlite3.connect(self.path, timeout=30)) as connection, connection:
                if to_change:
                    connection.execute("begin immediate")
                yield connection
        except sqlite3.Error as error:
            raise self._problem(error) from None

    def _problem(self, error: sqlite3.Error) -> Exception:
        """Return what an error is for whoever asked: no room left, a damaged file, or one of no use."""
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}:
            return OSError(errno.ENOSPC, str(error), str(self.path))
        if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
            return DamagedError(str(self.path))
        return ConfigError(Mistake(f"cannot be used: {error}", str(self.path)))


def columns_of(connection: sqlite3.Connection, table: str) -> set[str]:
    """Return the names of a table's columns, none where there is no such table."""
    return {row[1] for row in connection.execute(f"pragma table_info({table})")}


def set_aside(folder: Path) -> str:
    """Put a damaged file aside; return its name from now on.

    Raises: ConfigError when that cannot be done.
    """
    path, number = folder / FILE, 1
    while (aside := path.with_name(f"history.damaged-{number}.sqlite")).exists():
        number += 1
    try:
        path.replace(aside)
    except OSError as refusal:
        raise unwritable(refusal, path) from None
    return aside.name
