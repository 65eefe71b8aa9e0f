"""One fleet run under way: a fresh process a tenant, evidence written as it comes, one report at the end."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import shutil
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from ..checks.findings import BROKEN
from ..engine import own_process
from ..engine.job import ENGINE
from ..errors import ConfigError, Mistake
from ..report import Run, asked_of, differences, is_practice_run, load_run, totals, whose_network, worst
from ..report.manifest import Manifest, Undone
from ..report.over_time.status import is_whole
from ..secrets.redaction import redact
from ..system.files import write_whole
from ..system.timestamps import utc_text
from ..tenants.tenant import Tenant, shown_url
from ..tenants.trust import check_hosts
from ..verification.result import Verification
from .cluster.workers import ClusterExecutor
from .history.outcomes import Outcomes
from .history.run_list import RunList
from .history.setups import Setups
from .one_tenant import Judgement, Snapshot, TenantJob
from .options import FleetOptions, Interrupted, Progress
from .run_folder import (
    PARTIAL,
    PUBLISHED,
    RunLog,
    load_templates,
    write_index,
    write_manifest,
    write_summaries,
)
from .scheduling.breaker import Breaker
from .scheduling.budget import default_workers
from .scheduling.schedule import ExecutorLostError, Schedule, Stop

_STOPPING = "stopping when what is under way is done; again to stop it now"


class UnderWay:
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
        self._controlled: dict[tuple[str, str], str] = {}
        self._moved: dict[str, str] = {}
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
        try:
            self._look_back()
        except OSError as error:
            raise self._no_room(error) from None
        own_process.go_on()
        for mark in self.folder.glob(f"{PUBLISHED}*"):
            mark.unlink(missing_ok=True)  # what is there will not be this any more
        # of a process that was killed: the lock is ours, so nobody writes them
        for half in (*self.folder.glob(".*.tmp"), *self._partial.glob("*")):
            half.unlink(missing_ok=True)
        self._partial.mkdir(mode=0o700, exist_ok=True)
        done = {path.stem for path in self.folder.glob("*.json")} & {tenant.name for tenant in self.active}
        todo = [tenant for tenant in self.active if tenant.name not in done]
        self._before, self._done = done, len(done)
        here = self._executor.capacity if isinstance(self._executor, ClusterExecutor) else default_workers()
        workers = self._options.workers or here
        self._log.line(
            f"run {self.folder.name}: {len(todo)} of {len(self.active)} tenants to verify, {workers} "
            f"at a time, {ENGINE}"
        )
        self._writer.submit(load_templates)  # while the first notebooks are waited for
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

    def _look_back(self) -> None:
        """Learn what earlier runs left behind."""
        outcomes = Outcomes(self.folder.parent)
        self.manifest = replace(self.manifest, warnings=(*self.manifest.warnings, *outcomes.warnings))
        self._controlled = outcomes.controlled_since(dt.datetime.now(dt.UTC))
        self._moved = check_hosts(self.active)

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

        Raises: Interrupted when somebody stopped it, or tenants are missing whom nobody tried.
        """
        results = load_run(self.folder).results
        undone = self._left(results)
        complete = all(entry.tenant in self._undone for entry in undone)
        manifest = replace(
            self.manifest.judged(worst(results), totals(results), undone),
            duration_s=round((self.manifest.duration_s or 0.0) + lasted_s, 1),
            finished_at=utc_text() if complete else None,
        )
        whole = is_whole(manifest) and complete
        manifest = self._compared(manifest, results, network_lost=network_lost, whole=whole)
        write_manifest(self.folder, manifest)
        run = Run(self.folder, manifest, results)
        write_summaries(run)
        RunList(self.folder.parent).note_run(manifest, practice=is_practice_run(results))
        write_index(self.folder.parent)
        self._log.line(
            f"run {self.folder.name}: {manifest.totals}, {len(undone)} not verified"
            + ("" if complete else ", not complete")
        )
        if self.stop.no_more or not complete:
            raise Interrupted(run, self.stop.lost)
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
        self, manifest: Manifest, results: Sequence[Verification], *, network_lost: bool, whole: bool
    ) -> Manifest:
        """Write down the outcomes; return the manifest with what changed, since when, and the trend."""
        now = [result for result in results if result.tenant not in self._before]
        practice = is_practice_run(results)
        outcomes = Outcomes(self.folder.parent)
        old, judged_in = outcomes.before(self.folder.name, practice=practice)
        here = {result.tenant for result in results}
        new = {entry for result in results for entry in result.broken}
        asked = asked_of(results)
        known = {entry for entry in old if entry[0] in here}
        changes = differences(known, new, here, asked) if judged_in else None
        still = {(row["tenant"], row["check"], row["code"]) for row in changes["still"]} if changes else set()
        outcomes.add(
            self.folder.name, results, whole=whole, file=self._run_with.tenants_file, carried=still - new
        )
        setups = Setups(self.folder.parent)
        broken = (result.tenant for result in results if result.verdict in BROKEN)
        return manifest.summed_up(
            network=network_lost or whose_network(now),
            compared_with=max(judged_in.values(), default=None),
            changes=changes,
            trend=outcomes.trend(practice=practice),
            since=outcomes.broken_since(broken, practice=practice),
            drift=setups.note_setups(self.folder.name, results),
            unaccepted=setups.unaccepted(results),
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
            # threads, since the handler may have interrupted who holds what telling and ending take
            if self.stop.ask():
                threading.Thread(target=own_process.stop_all).start()
            else:
                threading.Thread(target=self._tell, args=(_STOPPING,)).start()

        before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
