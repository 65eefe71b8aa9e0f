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
from ..errors import ConfigError, Mistake, SecretError, unwritable
from ..report import Run, differences, find_run, is_practice_run, load_run, totals, whose_network, worst
from ..report.manifest import Entry, Manifest, Pause
from ..report.run import LATEST
from ..system.files import write_whole
from ..system.plain_text import count_of
from ..system.timestamps import utc_text
from ..system.version import VERSION
from ..tenants.tenant import Tenant, is_practice, shown_url
from ..tenants.tenants_file import file_warnings, load_tenants, same_client_ids
from ..tenants.trust import check_hosts, secret_of
from ..verification.result import Verification
from .history import History
from .one_tenant import Judgement, TenantJob, tenants_of
from .run_folder import (
    PARTIAL,
    RunLog,
    locked_run,
    make_folder,
    make_out,
    prune,
    write_manifest,
    write_summaries,
)
from .schedule import Schedule, Stop, default_workers

DEFAULT_TIMEOUT_S = 120.0
BACKOFF_S = 30.0
"""Before a tenant that was throttled is tried once more: HaloPSA counts a rolling window of minutes."""
Progress = Callable[[Verification, int, int], None]
"""Called as each tenant is done, with the number done and of all."""


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


class Interrupted(Exception):
    """The run was stopped before its end; what is done is kept in `run`."""

    def __init__(self, run: Run) -> None:
        super().__init__(run.id)
        self.run = run


def run_fleet(
    tenants_file: str | os.PathLike[str],
    out: Path,
    options: FleetOptions | None = None,
    *,
    progress: Progress | None = None,
    executor: Executor | None = None,
) -> Run:
    """Verify the tenants of a file, each by its own papermill run, and write a run folder below `out`.

    Jobs go to `executor`, any of `concurrent.futures`' kind, such as a cluster's; without one they run here.

    Raises: ConfigError for mistakes in the file or an unwritable folder, before anything runs; Interrupted.
    """
    options = options or FleetOptions()
    tenants = list(tenants_of(tenants_file).values())
    chosen = _choose(tenants, options, out)
    _refuse_mixture(chosen)
    today = dt.datetime.now(dt.UTC).date()
    paused = [tenant for tenant in chosen if tenant.is_paused(today)]
    active = [tenant for tenant in chosen if not tenant.is_paused(today)]
    make_out(out)
    try:
        folder, manifest = _open_run(
            tenants_file,
            out,
            options,
            active,
            paused,
            [*file_warnings(tenants_file), *same_client_ids(tenants)],
        )
    except OSError as error:
        raise unwritable(error, out) from None
    with locked_run(folder):
        return _Fleet(
            folder, manifest, active, Path(tenants_file).absolute(), options, progress, executor
        ).run()


def preflight(tenants_file: str | os.PathLike[str], only: Sequence[str] = ()) -> list[str]:
    """Say which secrets do not resolve, and what else is worth a look, without contacting HaloPSA.

    Raises: ConfigError for mistakes in the file.
    """
    tenants = load_tenants(tenants_file)
    problems = same_client_ids(tenants)
    for tenant in _choose(tenants, FleetOptions(only=only), Path()):
        if tenant.reference and tenant.reference.is_interactive:
            problems.append(f"{tenant.name}: prompt: cannot be answered in an unattended run")
            continue
        try:
            secret_of(tenant, interactive=False, remember=False)
        except SecretError as error:
            problems.append(f"{tenant.name}: {error.seen}")
    return problems


def _choose(tenants: list[Tenant], options: FleetOptions, out: Path) -> list[Tenant]:
    """Pick the tenants that are asked for, in the file's order.

    Raises: ConfigError for names that are not in the file.
    """
    names = set(options.only)
    if options.resume:
        manifest = load_run(find_run(options.resume, out)).manifest
        names = set(manifest.names)
        return [tenant for tenant in tenants if tenant.name in names]
    if options.failed_of:
        failed = {r.tenant for r in load_run(find_run(options.failed_of, out)).results if r.verdict in BROKEN}
        if not failed:
            return []
        names = failed
    known = {tenant.name for tenant in tenants}
    missing = sorted(names - known)
    if missing:
        raise ConfigError(
            f"no tenant is called {', '.join(missing)}; the file holds {count_of(len(known), 'tenant')}"
        )
    return [tenant for tenant in tenants if not names or tenant.name in names]


def _refuse_mixture(chosen: list[Tenant]) -> None:
    """Refuse practice tenants and customers in one run: a report must never mix them up (design, section 9).

    Raises: ConfigError.
    """
    practice = [tenant.name for tenant in chosen if is_practice(tenant)]
    if practice and len(practice) < len(chosen):
        raise ConfigError(
            f"practice tenants and customers are not verified in one run; practice: {', '.join(practice[:5])}"
        )


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
        tenants_file: Path,
        options: FleetOptions,
        progress: Progress | None,
        executor: Executor | None,
    ) -> None:
        self.folder, self.manifest, self.active = folder, manifest, active
        self._file, self._options, self._progress = tenants_file, options, progress
        self._executor = executor
        self._history = History(folder.parent)
        self._controlled = self._history.controlled_since(dt.datetime.now(dt.UTC))
        self._moved = check_hosts(active)
        self._log = RunLog(folder / "run.log")
        self._partial = folder / PARTIAL
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
        for half in (*self.folder.glob(".*.tmp"), *self._partial.glob("*")):
            half.unlink(
                missing_ok=True
            )  # of a process that was killed: the lock is ours, so nobody writes them
        self._partial.mkdir(mode=0o700, exist_ok=True)
        done = {path.stem for path in self.folder.glob("*.json")} & {tenant.name for tenant in self.active}
        todo = [tenant for tenant in self.active if tenant.name not in done]
        self._done = len(done)
        workers = self._options.workers or default_workers()
        self._log.line(
            f"run {self.folder.name}: {len(todo)} of {len(self.active)} tenants to verify, {workers} "
            f"at a time, {ENGINE}"
        )
        try:
            with self._stopping(), self._executor_or_threads(min(workers, max(1, len(todo)))) as executor:
                ends_at = started + self._options.run_timeout_s if self._options.run_timeout_s else None
                schedule = Schedule(executor, workers, self._options.backoff_s, self.stop, ends_at)
                self._schedule(schedule, todo)
            shutil.rmtree(self._partial, ignore_errors=True)
            return self._sum_up(time.monotonic() - started)
        except OSError as error:
            seen = (
                f"cannot be written: {error.strerror}; make room, then go on with --resume {self.folder.name}"
            )
            raise ConfigError(Mistake(seen, str(self.folder))) from None

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
            tenant.name,
            str(self._file),
            self._options.timeout_s,
            self._options.cell_timeout_s,
            control=not asked,
            control_note=note,
            folder=None if self._executor else str(self._partial.absolute()),
            moved=self._moved.get(tenant.name, ""),
        )

    def _keep(self, result: Verification, judgement: Judgement) -> None:
        """Have a tenant's evidence written while others go on; a disk that is full ends the run.

        Raises: OSError when an earlier one could not be written.
        """
        self._written.append(self._writer.submit(self._write, result, judgement))
        while self._written and self._written[0].done():
            self._written.popleft().result()

    def _write(self, result: Verification, judgement: Judgement) -> None:
        """Put a tenant's evidence into the run's folder, and report the progress.

        The result is written last: it marks the tenant as done.
        """
        notebook = self._partial / f"{result.tenant}.ipynb"
        if judgement.notebook is not None:
            write_whole(self.folder / notebook.name, judgement.notebook)
        elif notebook.exists():
            notebook.replace(self.folder / notebook.name)
        write_whole(
            self.folder / f"{result.tenant}.json", json.dumps(result.as_json(), ensure_ascii=False) + "\n"
        )
        with self._telling:
            self._done += 1
            if self._progress:
                self._progress(result, self._done, len(self.active))

    def _sum_up(self, lasted_s: float) -> Run:
        """Write the report, the history and the manifest's end.

        Raises: Interrupted when tenants are missing.
        """
        results = load_run(self.folder).results
        complete = len(results) == len(self.manifest.tenants)
        manifest = replace(
            self.manifest.judged(worst(results), totals(results)),
            duration_s=round((self.manifest.duration_s or 0.0) + lasted_s, 1),
            finished_at=utc_text() if complete else self.manifest.finished_at,
        )
        self._history.add(self.folder.name, results)
        manifest = self._compared(manifest, results)
        write_manifest(self.folder, manifest)
        run = Run(self.folder, manifest, results)
        write_summaries(run)
        self._log.line(f"run {self.folder.name}: {manifest.totals}" + ("" if complete else ", not complete"))
        if not complete:
            raise Interrupted(run)
        if self._options.keep:
            prune(self.folder.parent, self._options.keep, self._history)
        return run

    def _compared(self, manifest: Manifest, results: Sequence[Verification]) -> Manifest:
        """Return the manifest with what changed, since when, and the trend."""
        practice = is_practice_run(results)
        old, judged_in = self._history.before(self.folder.name, practice=practice)
        here = {result.tenant for result in results}
        new = {entry for result in results for entry in result.broken}
        changes = differences({entry for entry in old if entry[0] in here}, new, here) if judged_in else None
        broken = (result.tenant for result in results if result.verdict in BROKEN)
        return manifest.summed_up(
            network=whose_network(results),
            compared_with=max(judged_in.values(), default=None),
            changes=changes,
            trend=self._history.trend(practice=practice),
            since=self._history.broken_since(broken, practice=practice),
        )

    @contextlib.contextmanager
    def _executor_or_threads(self, workers: int) -> Iterator[Executor]:
        if self._executor is not None:
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
