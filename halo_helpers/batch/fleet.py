"""Run a fleet: manifest first, a fresh process a tenant, evidence, one report."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import asdict
from functools import partial
from pathlib import Path

from ..engine import own_process
from ..engine.job import ENGINE
from ..errors import ConfigError, unwritable
from ..report import Run, find_run, load_run
from ..report.manifest import Entry, Manifest, Pause
from ..report.run import LATEST
from ..system.extras import is_missing, needs_extra
from ..system.files import locked, write_whole
from ..system.timestamps import utc_text
from ..system.version import VERSION
from ..tenants.tenant import Tenant, shown_url
from ..tenants.tenants_file import file_warnings, load_tenants, same_client_ids
from .choose import choose, refuse_mixture, retired
from .one_tenant import Snapshot
from .options import FleetOptions, Interrupted, NothingToDo, Progress
from .run_folder import (
    STARTING,
    locked_run,
    make_folder,
    make_out,
    prune,
    refuse_overlap,
    write_index,
    write_manifest,
)
from .scheduling.schedule import Stop
from .under_way import UnderWay

__all__ = ["FleetOptions", "Interrupted", "NothingToDo", "Progress", "run_fleet"]


def run_fleet(
    tenants_file: str | os.PathLike[str],
    out: Path,
    options: FleetOptions | None = None,
    *,
    progress: Progress | None = None,
    say: Callable[[str], None] | None = None,
    executor: Executor | None = None,
    stop: Stop | None = None,
    publish: Callable[[Path], bool] | None = None,
) -> Run:
    """Verify the tenants of a file, each by its own papermill run, and write a run folder below `out`.

    `say` gets a line when the run waits for an outage, and when it goes on. Jobs go to `executor`, any of
    `concurrent.futures`' kind, such as a cluster's; without one they run here.

    Whoever holds `stop` can end it from another thread. `publish` gets the folder of the runs when this one
    has ended; only when it returns true are older ones removed.

    Raises: ConfigError for mistakes in the file or an unwritable folder, OverlapError beside another run,
    NothingToDo, all before anything runs; Interrupted.
    """
    if is_missing("papermill"):
        raise ConfigError(needs_extra("papermill", "a fleet run"))
    options, file = options or FleetOptions(), Path(tenants_file).absolute()
    tenants = load_tenants(tenants_file)
    chosen = choose(tenants, out, only=options.only, resume=options.resume, failed_of=options.failed_of)
    gone = retired(tenants, out, options.failed_of)
    if options.failed_of and not chosen:
        raise NothingToDo("whoever failed is not in the tenants file any more" if gone else "nothing failed")
    refuse_mixture(chosen)
    run_with = Snapshot.of(tenants, file, options.timeout_s, options.cell_timeout_s)
    today = dt.datetime.now(dt.UTC).date()
    paused = [tenant for tenant in chosen if tenant.is_paused(today)]
    active = [tenant for tenant in chosen if not tenant.is_paused(today)]
    warnings = [*file_warnings(tenants_file), *same_client_ids(tenants)]
    warnings += [f"{name}: failed, and is not in the tenants file any more" for name in gone]
    make_out(out)
    try:
        opens = partial(_open_run, tenants_file, out, options, active, paused, warnings)
        with _locked_run(file, out, opens, overlap=options.overlap) as (folder, manifest):
            if executor is None and active:
                own_process.start_early()
            under_way = UnderWay(folder, manifest, active, run_with, options, executor)
            under_way.progress, under_way.say = progress, say
            under_way.stop = stop or under_way.stop
            run = under_way.run()
    except Interrupted:
        if publish is not None:
            publish(out)
        raise
    is_published = publish is None or publish(out)
    if options.keep and is_published and prune(out, options.keep):
        write_index(out)
    return run


@contextlib.contextmanager
def _locked_run(
    file: Path, out: Path, opens: Callable[[], tuple[Path, Manifest]], *, overlap: bool
) -> Iterator[tuple[Path, Manifest]]:
    """Open a run of a tenants file, and hold its folder meanwhile.

    Raises: ConfigError when it cannot be written, OverlapError beside another run of the file.
    """
    with contextlib.ExitStack() as stack:
        try:
            with locked(out / STARTING):
                if not overlap:
                    refuse_overlap(out, file)
                opened = opens()
                stack.enter_context(locked_run(opened[0], file))
        except OSError as error:
            raise unwritable(error, out) from None
        yield opened


def _open_run(
    tenants_file: str | os.PathLike[str],
    out: Path,
    options: FleetOptions,
    active: list[Tenant],
    paused: list[Tenant],
    warnings: list[str],
) -> tuple[Path, Manifest]:
    """Make the run's folder with its manifest, or open the one to resume."""
    pauses = [Pause(t.name, str(t.paused_until), t.paused_reason) for t in paused]
    if options.resume:
        run = load_run(find_run(options.resume, out))
        done = {result.tenant for result in run.results}
        return run.folder, run.manifest.resumed({tenant.name for tenant in active}, pauses, done)
    now, folder = make_folder(out)
    manifest = Manifest(
        id=folder.name,
        version=VERSION,
        engine=ENGINE,
        python=sys.version.split()[0],
        tenants_file=str(tenants_file),
        parameters=asdict(options) | {"only": list(options.only)},
        started_at=utc_text(now),
        tenants=tuple(Entry(t.name, shown_url(t), t.label, t.owner) for t in active),
        paused=tuple(pauses),
        warnings=tuple(warnings),
    )
    write_manifest(folder, manifest)
    # at once, so that a run that is killed is the one that `--resume latest` completes
    write_whole(out / LATEST, folder.name + "\n")
    return folder, manifest
