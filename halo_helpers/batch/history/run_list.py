"""Every run of a folder, those too whose folder is gone."""

from __future__ import annotations

import json
from pathlib import Path

from ...report.manifest import Manifest
from ...report.over_time.index_page import Line
from ...report.over_time.status import is_whole, runs_of
from ...report.run import is_under_way
from .database import Database


class RunList(Database):
    """The list of all runs of a folder."""

    def note_run(self, manifest: Manifest, *, practice: bool) -> None:
        """Write down how a run came out, for the list of all runs."""
        changes = manifest.changes or {}
        row = (
            *(manifest.id, manifest.started_at, int(manifest.finished_at is not None)),
            *(int(is_whole(manifest)), int(practice), len(manifest.undone)),
            *(len({entry["tenant"] for entry in changes.get(kind, ())}) for kind in ("new", "fixed")),
            len({entry["tenant"] for entry in manifest.drift}),
            json.dumps(_counts(manifest)),
        )
        with self.open() as connection:
            connection.execute("insert or replace into run values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)

    def lines(self, folder: Path) -> list[Line]:
        """Return every run, newest first, those too that ended before they were summed up."""
        with self.open() as connection:
            rows = connection.execute("select * from run").fetchall()
        known = [
            Line(
                run=run,
                started_at=at,
                there=(folder / run / "run.json").is_file(),
                practice=bool(practice),
                whole=bool(whole),
                finished=bool(finished),
                undone=undone,
                new=new,
                fixed=fixed,
                drift=drift,
                counts=json.loads(counts),
            )
            for run, at, finished, whole, practice, undone, new, fixed, drift, counts in rows
        ]
        names = {line.run for line in known}
        other = [
            Line(
                run=run.id,
                started_at=run.manifest.started_at,
                there=True,
                finished=run.manifest.finished_at is not None,
                under_way=is_under_way(run.folder),
                whole=is_whole(run.manifest),
                counts=_counts(run.manifest),
            )
            for run in runs_of(folder)
            if run.id not in names
        ]
        return sorted((*known, *other), key=lambda line: line.run, reverse=True)


def _counts(manifest: Manifest) -> dict[str, int]:
    """Return tenants by verdict, empty for a run that was not summed up."""
    return {verdict: count for verdict, count in (manifest.totals or {}).items() if verdict != "tenants"}
