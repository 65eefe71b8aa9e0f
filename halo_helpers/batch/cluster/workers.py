"""Which workers of a Dask cluster get which tenants, and what happens when some or all of them are gone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import CancelledError, Executor, Future
from typing import Any

from ...system.version import VERSION
from ...tenants.tenant import Tenant
from ..one_tenant import TenantJob, missing_secrets, this_process
from ..scheduling.schedule import ExecutorLostError

LOOK_EVERY_S = 1.0
ALONE_S = 10.0
"""How long a run waits for a worker that can be used, before it ends."""


class WorkerLostError(Exception):
    """Every worker that a job could run on is gone."""


def probe(tenants: list[Tenant]) -> tuple[str, str, frozenset[str]]:
    """Return, on a worker, its version of this package, its process, and whose secret it lacks."""
    return VERSION, this_process(), missing_secrets(tenants)


def _the_same(value: Any) -> Any:
    """Return its argument: a job's snapshot as a task of its own goes to each worker once."""
    return value


class ClusterExecutor(Executor):
    """Gives jobs to the workers of a cluster that may have them.

    A thread looks every second whether the scheduler and the workers are still there, and probes new ones.
    """

    def __init__(self, client: Any, address: str) -> None:
        self._client, self._address = client, address
        self._tenants: list[Tenant] = []
        self._missing: dict[str, frozenset[str]] = {}
        """By worker that can be used: the tenants whose secret it lacks."""
        self._process: dict[str, str] = {}
        self._probes: set[str] = set()
        """The workers that were asked and have not answered yet."""
        self._first = 0.0
        self.refused: dict[str, str] = {}
        """By worker that cannot be used: why."""
        self._shared: dict[int, Any] = {}
        self._waiting: dict[Any, tuple[Future[Any], frozenset[str]]] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._watch: threading.Thread | None = None

    @property
    def capacity(self) -> int:
        """How many jobs the workers run at a time."""
        try:
            workers = self._client.scheduler_info(n_workers=-1)["workers"].values()
            return max(1, sum(int(worker["nthreads"]) for worker in workers))
        except (OSError, KeyError, TypeError):
            return 1

    def prepare(self, tenants: Iterable[Tenant]) -> None:
        """Probe the workers for the tenants of a run.

        Raises: ExecutorLostError when none can be used.
        """
        self._tenants = list(tenants)
        with self._lock:  # what an earlier run learnt was of other tenants
            self._missing, self._shared, self._first = {}, {}, 0.0
        until = time.monotonic() + ALONE_S
        self._look()
        # all of them, but for a second at most once there is one: others are used as soon as they answer
        while self._probes and time.monotonic() < (until if not self._missing else min(until, self._soon())):
            time.sleep(LOOK_EVERY_S / 10)
            self._look()
        if not self._missing:
            raise ExecutorLostError(self._nobody())
        if self._watch is None or not self._watch.is_alive():
            self._watch = threading.Thread(target=self._look_on, name="dask-watch", daemon=True)
            self._watch.start()

    def _soon(self) -> float:
        """Return the end of the second that is given to the others once a worker has answered."""
        self._first = self._first or time.monotonic() + 1.0
        return self._first

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Give a worker `judge` with a job and a snapshot.

        Raises: ExecutorLostError when the scheduler or all workers are gone.
        """
        job, run = args
        usable = self._usable_for(job)
        with self._lock:
            shared = self._shared.get(id(run))
            if shared is None:
                shared = self._shared[id(run)] = self._client.submit(_the_same, run, pure=False)
        theirs = self._client.submit(fn, job, shared, workers=sorted(usable), pure=False, **kwargs)
        ours: Future[Any] = Future()
        with self._lock:
            self._waiting[theirs] = ours, usable
        theirs.add_done_callback(self._settle)
        return ours

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002 - of Executor
        """Stop looking; the cluster goes on without us."""
        self._ended.set()
        if wait and self._watch is not None:
            self._watch.join(LOOK_EVERY_S + 1)

    def _usable_for(self, job: TenantJob) -> frozenset[str]:
        """Return the workers that have a tenant's secret; all, when nobody has it: the tenant says so then.

        Raises: ExecutorLostError.
        """
        until = time.monotonic() + ALONE_S
        while True:
            if self._is_lost():
                raise ExecutorLostError(self._gone())
            with self._lock:
                having = {w for w, missing in self._missing.items() if job.tenant.name not in missing}
                others = {w for w in having if self._process[w] != job.avoid}
                usable = frozenset(others or having or self._missing)
            if usable:
                return usable
            if time.monotonic() > until:
                raise ExecutorLostError(self._nobody())
            time.sleep(LOOK_EVERY_S / 4)

    def _settle(self, theirs: Any) -> None:
        """Hand on what became of a task, when nobody has done so before."""
        with self._lock:
            ours, _ = self._waiting.pop(theirs, (None, None))
        if ours is None or ours.done():
            return
        try:
            found = theirs.result(timeout=1)
        except CancelledError:
            ours.set_exception(ExecutorLostError(self._gone()) if self._is_lost() else CancelledError())
        except Exception as error:
            ours.set_exception(error)
        else:
            ours.set_result(found)

    def _look_on(self) -> None:
        while not self._ended.wait(LOOK_EVERY_S):
            if self._is_lost():
                self._give_up(ExecutorLostError(self._gone()), set())
                return
            self._look()
            with self._lock:
                here = set(self._missing)
            self._give_up(WorkerLostError("the workers that could run it are gone"), here)

    def _look(self) -> None:
        """Learn which workers are there; probe those that are new, and wait for none of them."""
        try:
            there = set(self._client.scheduler_info(n_workers=-1)["workers"])
        except Exception:
            return  # the scheduler is busy or going: the next look tells
        with self._lock:
            self._missing = {worker: missing for worker, missing in self._missing.items() if worker in there}
            new = there - self._missing.keys() - self.refused.keys() - self._probes
            self._probes |= new
        for worker in new:
            threading.Thread(target=self._probe, args=(worker,), daemon=True).start()

    def _probe(self, worker: str) -> None:
        """Ask a worker what it has; one that cannot be reached is asked again by a later look."""
        try:
            # `run`, since a task that a worker cannot load ends its connection, and tells nothing
            answer = self._client.run(probe, self._tenants, workers=[worker], on_error="return")[worker]
        except Exception as unreachable:
            answer = OSError(str(unreachable))
        with self._lock:
            self._probes.discard(worker)
            if isinstance(answer, OSError):
                return
            if isinstance(answer, BaseException):
                self.refused[worker] = f"cannot run halo-runbook {VERSION}"
            elif answer[0] != VERSION:
                self.refused[worker] = f"has halo-runbook {answer[0]}, not {VERSION}"
            else:
                self._process[worker], self._missing[worker] = answer[1:]

    def _give_up(self, error: Exception, here: set[str]) -> None:
        """Let the jobs fail of which no worker is here any more."""
        with self._lock:
            gone = [theirs for theirs, (_, usable) in self._waiting.items() if not usable & here]
            lost = [self._waiting.pop(theirs)[0] for theirs in gone]
        for ours in lost:
            if not ours.done():
                ours.set_exception(error)
        if here and gone:
            self._client.cancel(gone, force=True)

    def _is_lost(self) -> bool:
        return bool(self._client.status != "running")

    def _gone(self) -> str:
        return f"the Dask scheduler at {self._address} is gone"

    def _nobody(self) -> str:
        reasons = "; ".join(f"{worker} {why}" for worker, why in sorted(self.refused.items()))
        return f"no worker of {self._address} can be used" + (f": {reasons}" if reasons else "")
