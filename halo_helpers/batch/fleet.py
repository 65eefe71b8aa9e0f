"""Run a fleet: manifest first, a fresh process a tenant, evidence, one report."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import shutil
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ..checks.findings import BROKEN
from ..engine import own_process
from ..engine.job import ENGINE
from ..errors import ConfigError, Mistake, unwritable
from ..report import Run, differences, find_run, is_practice_run, load_run, totals, whose_network, worst
from ..report.manifest import Entry, Manifest, Pause, Undone
from ..report.over_time.status import is_whole
from ..report.run import LATEST
from ..secrets.redaction import redact
from ..system.files import locked, write_whole
from ..system.timestamps import utc_text
from ..system.version import VERSION
from ..tenants.tenant import Tenant, shown_url
from ..tenants.tenants_file import file_warnings, load_tenants, same_client_ids
from ..tenants.trust import check_hosts
from ..verification.result import Verification
from .choose import choose, refuse_mixture, retired
from .cluster.workers import ClusterExecutor
from .history import History
from .one_tenant import Judgement, Snapshot, TenantJob
from .run_folder import (
    PARTIAL,
    STARTING,
    RunLog,
    locked_run,
    make_folder,
    make_out,
    prune,
    refuse_overlap,
    write_manifest,
    write_summaries,
)
from .scheduling.breaker import WAIT_S, Breaker
from .scheduling.budget import default_workers
from .scheduling.schedule import ExecutorLostError, Schedule, Stop

DEFAULT_TIMEOUT_S = 120.0
BACKOFF_S = 30.0
"""About, before a tenant that was throttled is asked again: HaloPSA counts a rolling window of minutes."""
Progress = Callable[[Verification | Undone, int, int], None]
"""Called as each tenant is done, or left undone, with the number done and of all."""


@dataclass(frozen=True)
class FleetOptions:
    """What a run is started with.

    `workers` 0 means as many as cores and memory bear. Times are in seconds.
    """

    workers: int = 0
    timeout_s: float = DEFAULT_TIMEOUT_S
    cell_timeout_s: float | None = None
    run_timeout_s: float | None = None
    only: Sequence[str] = ()
    resume: str | None = None
    failed_of: str | None = None
    keep: int | None = None
    """How many runs stay in the folder, this one included; None keeps all."""
    backoff_s: float = BACKOFF_S
    wait_s: float = WAIT_S
    """How long an outage is waited for."""
    overlap: bool = False
    """Whether another run of the same file into the same folder may be under way."""


class Interrupted(Exception):
    """The run was stopped before its end; what is done is kept in `run`.

    `lost` says why when it was not stopped by a person: nobody was there any more to run its notebooks.
    """

    def __init__(self, run: Run, lost: str = "") -> None:
        super().__init__(run.id)
        self.run, self.lost = run, lost


class NothingToDo(Exception):
    """Nothing failed in the run that was named, so none is made."""


def run_fleet(
    tenants_file: str | os.PathLike[str],
    out: Path,
    options: FleetOptions | None = None,
    *,
    progress: Progress | None = None,
    say: Callable[[str], None] | None = None,
    executor: Executor | None = None,
) -> Run:
    """Verify the tenants of a file, each by its own papermill run, and write a run folder below `out`.

    `say` gets a line when the run waits for an outage, and when it goes on. Jobs go to `executor`, any of
    `concurrent.futures`' kind, such as a cluster's; without one they run here.

    Raises: ConfigError for mistakes in the file or an unwritable folder, OverlapError beside another run,
    NothingToDo, all before anything runs; Interrupted.
    """
    options, file = options or FleetOptions(), Path(tenants_file).absolute()
    tenants = load_tenants(tenants_file)
    chosen = choose(tenants, out, only=options.only, resume=options.resume, failed_of=options.failed_of)
    gone = retired(tenants, out, options.failed_of)
    if options.failed_of and not chosen:
        raise NothingToDo(options.failed_of)
    refuse_mixture(chosen)
    today = dt.datetime.now(dt.UTC).date()
    paused = [tenant for tenant in chosen if tenant.is_paused(today)]
    active = [tenant for tenant in chosen if not tenant.is_paused(today)]
    make_out(out)
    with contextlib.ExitStack() as stack:
        try:
            run_with = Snapshot.of(tenants, file, options.timeout_s, options.cell_timeout_s)
            with locked(out / STARTING):
                if not options.overlap:
                    refuse_overlap(out, file)
                warnings = [*file_warnings(tenants_file), *same_client_ids(tenants)]
                warnings += [f"{name}: failed, and is not in the tenants file any more" for name in gone]
                folder, manifest = _open_run(tenants_file, out, options, active, paused, warnings)
                stack.enter_context(locked_run(folder, file))
        except OSError as error:
            raise unwritable(error, out) from None
        fleet = _Fleet(folder, manifest, active, run_with, options, executor)
        fleet.progress, fleet.say = progress, say
        return fleet.run()


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


class _Fleet:
    """One run under way."""

    def __init__(
        self,
        folder: Path,
        manifest: Manifest,
        active: list[Tenant],
        run_with: Snapshot,
        options: FleetOptions,
        executor: Executor | None,
    ) -> None:
        self.folder, self.manifest, self.active = folder, manifest, active
        self._run_with, self._options, self._executor = run_with, options, executor
        self.progress: Progress | None = None
        self.say: Callable[[str], None] | None = None
        self._history = History(folder.parent)
        if self._history.warnings:
            self.manifest = replace(manifest, warnings=(*manifest.warnings, *self._history.warnings))
        self._controlled = self._history.controlled_since(dt.datetime.now(dt.UTC))
        self._moved = check_hosts(active)
        self._log = RunLog(folder / "run.log")
        self._partial = folder / PARTIAL
        self._before: set[str] = set()
        self._undone: dict[str, Undone] = {}
        self._done = 0
        self._telling = threading.Lock()
        self._writer = ThreadPoolExecutor(4, thread_name_prefix="writer")
        self._written: deque[Future[None]] = deque()
        self.stop = Stop()

    def run(self) -> Run:
        """Verify whom this run has not verified yet, then sum up.

        Raises: Interrupted.
        """
        started = time.monotonic()
        # of a process that was killed: the lock is ours, so nobody writes them
        for half in (*self.folder.glob(".*.tmp"), *self._partial.glob("*")):
            half.unlink(missing_ok=True)
        self._partial.mkdir(mode=0o700, exist_ok=True)
        done = {path.stem for path in self.folder.glob("*.json")} & {tenant.name for tenant in self.active}
        todo = [tenant for tenant in self.active if tenant.name not in done]
        self._before, self._done = done, len(done)
        workers = self._options.workers or default_workers()
        self._log.line(
            f"run {self.folder.name}: {len(todo)} of {len(self.active)} tenants to verify, {workers} "
            f"at a time, {ENGINE}"
        )
        breaker = Breaker(self._tell, self._options.wait_s)
        try:
            with self._stopping(), self._executor_or_threads(min(workers, max(1, len(todo)))) as executor:
                schedule = Schedule(
                    executor,
                    self._run_with,
                    workers,
                    self._options.backoff_s,
                    self.stop,
                    breaker,
                    on_several_machines=self._executor is not None,
                    ends_at=started + self._options.run_timeout_s if self._options.run_timeout_s else None,
                )
                self._undone = schedule.undone
                self._schedule(schedule, todo)
        except ExecutorLostError as error:
            self.stop.lost = str(error)
        except OSError as error:
            raise self._no_room(error) from None
        try:
            shutil.rmtree(self._partial, ignore_errors=True)
            return self._sum_up(time.monotonic() - started, network_lost=breaker.network_lost)
        except OSError as error:
            raise self._no_room(error) from None

    def _no_room(self, error: OSError) -> ConfigError:
        seen = f"cannot be written: {error.strerror}; make room, then go on with --resume {self.folder.name}"
        return ConfigError(Mistake(seen, str(self.folder)))

    def _schedule(self, schedule: Schedule, todo: list[Tenant]) -> None:
        """Run the schedule, and see its results on the disk.

        Raises: OSError when they cannot be written; then nothing is under way any more.
        """
        try:
            schedule.run(todo, self._job, self._keep, self._log.line)
            self._writer.shutdown()
            while self._written:
                self._written.popleft().result()
        except OSError:
            self.stop.no_more = True
            own_process.stop_all()
            raise
        finally:
            self._writer.shutdown()
            own_process.go_on()

    def _job(self, tenant: Tenant) -> TenantJob:
        asked = self._controlled.get((tenant.name, shown_url(tenant)))
        note = f"asked on {asked[:10]}; in a fleet run once a week" if asked else ""
        return TenantJob(
            tenant,
            control=not asked,
            control_note=note,
            folder=None if self._executor else str(self._partial.absolute()),
            moved=self._moved.get(tenant.name, ""),
        )

    def _tell(self, line: str) -> None:
        """Say what holds up a run, in its log and to whoever watches."""
        self._log.line(line)
        if self.say:
            self.say(redact(line))

    def _keep(self, result: Verification | None, judgement: Judgement) -> None:
        """Have a tenant's evidence written while others go on; a disk that is full ends the run.

        Raises: OSError when an earlier one could not be written.
        """
        self._written.append(self._writer.submit(self._write, result, judgement))
        while self._written and self._written[0].done():
            self._written.popleft().result()

    def _write(self, result: Verification | None, judgement: Judgement) -> None:
        """Put a tenant's evidence into the run's folder, and report the progress.

        The result is written last: it marks the tenant as done. There is none for one that is left undone.
        """
        name = judgement.tenant
        notebook = self._partial / f"{name}.ipynb"
        if judgement.notebook is not None:
            write_whole(self.folder / notebook.name, judgement.notebook)
        elif notebook.exists():
            notebook.replace(self.folder / notebook.name)
        if result is not None:
            text = json.dumps(result.as_json(), ensure_ascii=False) + "\n"
            write_whole(self.folder / f"{name}.json", text)
        told = result or judgement.undone
        with self._telling:
            self._done += 1
            if self.progress and told:
                self.progress(told, self._done, len(self.active))

    def _sum_up(self, lasted_s: float, *, network_lost: bool) -> Run:
        """Write the report, the history and the manifest's end.

        Raises: Interrupted when tenants are missing whom nobody tried.
        """
        results = load_run(self.folder).results
        undone = self._left(results)
        complete = all(entry.tenant in self._undone for entry in undone)
        manifest = replace(
            self.manifest.judged(worst(results), totals(results), undone),
            duration_s=round((self.manifest.duration_s or 0.0) + lasted_s, 1),
            finished_at=utc_text() if complete else None,
        )
        self._history.add(self.folder.name, results, whole=is_whole(manifest))
        manifest = self._compared(manifest, results, network_lost=network_lost)
        write_manifest(self.folder, manifest)
        run = Run(self.folder, manifest, results)
        write_summaries(run)
        self._log.line(
            f"run {self.folder.name}: {manifest.totals}, {len(undone)} not verified"
            + ("" if complete else ", not complete")
        )
        if not complete:
            raise Interrupted(run, self.stop.lost)
        if self._options.keep:
            prune(self.folder.parent, self._options.keep)
        return run

    def _left(self, results: Sequence[Verification]) -> tuple[Undone, ...]:
        """Return who is not judged, in the file's order, and why."""
        judged = {result.tenant for result in results}
        why = self.stop.lost or "the run was stopped before it"
        return tuple(
            self._undone.get(name) or Undone(name, "run-cancelled", why)
            for name in self.manifest.names
            if name not in judged
        )

    def _compared(
        self, manifest: Manifest, results: Sequence[Verification], *, network_lost: bool
    ) -> Manifest:
        """Return the manifest with what changed, since when, and the trend."""
        now = [result for result in results if result.tenant not in self._before]
        practice = is_practice_run(results)
        old, judged_in = self._history.before(self.folder.name, practice=practice)
        here = {result.tenant for result in results}
        new = {entry for result in results for entry in result.broken}
        changes = differences({entry for entry in old if entry[0] in here}, new, here) if judged_in else None
        broken = (result.tenant for result in results if result.verdict in BROKEN)
        return manifest.summed_up(
            network=network_lost or whose_network(now),
            compared_with=max(judged_in.values(), default=None),
            changes=changes,
            trend=self._history.trend(practice=practice),
            since=self._history.broken_since(broken, practice=practice),
            drift=self._history.note_setups(self.folder.name, results),
            unaccepted=self._history.unaccepted(results),
        )

    @contextlib.contextmanager
    def _executor_or_threads(self, workers: int) -> Iterator[Executor]:
        if self._executor is not None:
            if isinstance(self._executor, ClusterExecutor):
                self._executor.prepare(self.active)
            yield self._executor
            return
        with ThreadPoolExecutor(workers, thread_name_prefix="tenant") as threads:
            yield threads

    @contextlib.contextmanager
    def _stopping(self) -> Iterator[None]:
        """Let the first Ctrl+C begin no more tenants, and the second end those under way.

        A handler and no exception: an exception could come in the middle of writing a result.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def handle(*_: object) -> None:
            self.stop.now, self.stop.no_more = self.stop.no_more, True
            if self.stop.now:
                # a thread, since the handler may have interrupted who holds what ending takes
                threading.Thread(target=own_process.stop_all).start()

        before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
