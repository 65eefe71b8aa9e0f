"""A run's folder: made, locked, written, logged, pruned. The only writer of run.json."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from ..errors import ConfigError, HaloError, Mistake, unwritable
from ..report import Run, to_csv, to_html, to_junit
from ..report.html import REPORT_TEMPLATE, template
from ..report.manifest import Manifest
from ..report.over_time.index_page import INDEX_TEMPLATE, to_index
from ..report.over_time.status import is_complete, runs_of
from ..report.run import LOCK, is_under_way
from ..secrets.redaction import redact
from ..system.files import hold, write_whole
from ..system.timestamps import utc_text
from .history.outcomes import Outcomes
from .history.run_list import RunList

PARTIAL = ".partial"
PUBLISHED = ".published-"
"""How the files begin that say where a run was published to, as it is."""
INDEX = "index.html"
STARTING = ".starting.lock"
"""Held in a folder of runs while one begins, so that two that begin at once see one another."""


def make_out(out: Path) -> None:
    """Make the folder for runs, for its owner only when it is new.

    Raises: ConfigError when it cannot be written.
    """
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise unwritable(error, out) from None


def make_folder(out: Path) -> tuple[dt.datetime, Path]:
    """Build a run's folder, whose name sorts by time.

    It is the second, and its fraction in four hexadecimal digits.
    """
    while True:
        now = dt.datetime.now(dt.UTC)
        folder = out / f"{now:%Y%m%dT%H%M%SZ}-{now.microsecond * 0x10000 // 1_000_000:04x}"
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            return now, folder


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write `run.json` whole."""
    write_whole(folder / "run.json", json.dumps(manifest.as_json(), indent=1, ensure_ascii=False) + "\n")


class OverlapError(HaloError):
    """Another run of the same tenants file into the same folder is under way."""


def refuse_overlap(out: Path, tenants_file: Path) -> None:
    """Let a run begin unless another one of the same file is under way in the folder.

    Raises: OverlapError.
    """
    for lock in sorted(out.glob(f"*/{LOCK}"), reverse=True):
        with contextlib.suppress(OSError):
            holder, _, file = lock.read_text(encoding="utf-8", errors="replace").partition("\n")
            if file.strip() == str(tenants_file) and is_under_way(lock.parent):
                raise OverlapError(
                    "overlap",
                    f"{lock.parent.name} verifies this tenants file now (process {holder}); wait for it, or "
                    "give --overlap allow",
                )


@contextlib.contextmanager
def locked_run(folder: Path, tenants_file: Path | None = None) -> Iterator[None]:
    """Hold the run's folder, so that two processes never write one run.

    The system lets go when this one dies.

    Raises: ConfigError that says who holds it.
    """
    with (folder / LOCK).open("a+", encoding="utf-8") as stream:
        try:
            hold(stream.fileno(), wait=False)
            if not os.path.samestat(os.fstat(stream.fileno()), (folder / LOCK).stat()):
                raise OSError  # noqa: TRY301 - the holder has just removed this file: somebody else may hold a new one
        except OSError:
            stream.seek(0)
            holder = stream.readline().strip() or "unknown"
            raise ConfigError(
                Mistake(f"is being written by process {holder}; wait for it, or stop it", str(folder))
            ) from None
        stream.truncate(0)
        stream.write(f"{os.getpid()}\n{tenants_file or ''}\n")
        stream.flush()
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                (folder / LOCK).unlink()


def prune(out: Path, keep: int) -> list[str]:
    """Remove all but the newest runs from a folder; return the names of those removed.

    The newest complete run of the whole file stays, and so do one that is being written and everything that
    is no run. The history stays whole: it says since when a tenant is broken.
    """
    runs = sorted((path for path in out.iterdir() if (path / "run.json").is_file()), reverse=True)
    gone = [path for path in runs[keep:] if not is_under_way(path)]
    if gone and not any(is_complete(run) for run in runs_of(out) if run.folder in runs[:keep]):
        newest = next((run.folder for run in runs_of(out) if is_complete(run)), None)
        gone = [path for path in gone if path != newest]
    for path in gone:
        shutil.rmtree(path, ignore_errors=True)
    return [path.name for path in gone]


def write_summaries(run: Run) -> None:
    """Write a run's report, and its results as JUnit and CSV, into its folder."""
    write_whole(run.folder / "report.html", to_html(run.results, run.manifest, evidence=True))
    write_whole(run.folder / "junit.xml", to_junit(run.results, run.manifest.undone))
    write_whole(run.folder / "summary.csv", "\ufeff" + to_csv(run.results, run.manifest.undone))


def write_index(out: Path) -> None:
    """Write `index.html` of a folder of runs."""
    outcomes = Outcomes(out)
    customers, practice = outcomes.lives(practice=False), outcomes.lives(practice=True)
    write_whole(out / INDEX, to_index(RunList(out).lines(out), customers, practice))


def load_templates() -> None:
    """Load what the pages of `write_summaries` and `write_index` are made of; it stays loaded."""
    for name in (REPORT_TEMPLATE, INDEX_TEMPLATE):
        template(name)


class RunLog:
    """`run.log`: one line an event, redacted."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def line(self, text: str) -> None:
        """Append one event with its time, in one line and without secrets."""
        flat = re.sub(r"\s+", " ", redact(text))
        with self._path.open("a", encoding="utf-8") as stream:
            stream.write(f"{utc_text()} {flat}\n")
