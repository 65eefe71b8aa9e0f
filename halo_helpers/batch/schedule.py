"""In which order, how many at a time, how often: the tenants of a fleet run given to an executor."""

from __future__ import annotations

import errno
import heapq
import os
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from dataclasses import dataclass, field
from itertools import count

from ..checks.findings import BROKEN
from ..tenants.base_url import parse_address
from ..tenants.tenant import Tenant, shown_url
from ..verification.result import Verification
from .one_tenant import Judgement, TenantJob, judge

POLL_S = 0.5
"""How often a waiting run looks whether it was asked to stop."""
IN_FLIGHT_PER_CORE = 12
"""A verification waits for the network most of its time."""
MB_PER_TENANT = 24
"""Memory that a tenant in flight is counted with, generously."""
REQUESTS_PER_WINDOW, WINDOW_S, REQUESTS_PER_TENANT = 300, 300.0, 40
"""Our share of an instance's rate limit: the lowest figure that was published (facts 3.4), and what a
verification takes at most."""


def default_workers() -> int:
    """Return how many tenants are verified at a time: bounded by cores and by free memory."""
    by_cores = IN_FLIGHT_PER_CORE * (os.cpu_count() or 1)
    free = _free_mb()
    return max(2, min(by_cores, int(free / 2 / MB_PER_TENANT) if free else by_cores))


def _free_mb() -> float | None:
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:  # noqa: PTH123 - no regular file
            found = dict(line.split(":", 1) for line in lines)
        return int(found["MemAvailable"].split()[0]) / 1024
    except (OSError, KeyError, ValueError):
        return None


@dataclass
class Budget:
    """Requests per instance over the whole run: HaloPSA counts per instance, whoever asks."""

    clock: Callable[[], float] = time.monotonic
    _starts: dict[str, deque[float]] = field(default_factory=dict)

    def wait_s(self, instance: str) -> float:
        """Return the seconds until one more verification fits, and count it when that is now."""
        starts, now = self._starts.setdefault(instance, deque()), self.clock()
        while starts and starts[0] <= now - WINDOW_S:
            starts.popleft()
        if len(starts) >= REQUESTS_PER_WINDOW // REQUESTS_PER_TENANT:
            return starts[0] + WINDOW_S - now
        starts.append(now)
        return 0.0


def instance_of(tenant: Tenant) -> str:
    """Name the instance whose limit a tenant's requests count against: origin and halo tenant."""
    url = shown_url(tenant)
    own = tenant.halo_tenant or (tenant.client_id if url and parse_address(url).is_loopback else "")
    return f"{url} {own}"


@dataclass
class Stop:
    """What a run is asked meanwhile: no new tenant, or everything at once."""

    no_more: bool = False
    now: bool = False


@dataclass
class Schedule:
    """Runs jobs on an executor, at most `workers` at a time, in order; retries once what may pass by itself.

    A tenant whose instance's budget is used up waits without holding the others up.
    """

    executor: Executor
    workers: int
    backoff_s: float
    stop: Stop
    ends_at: float | None = None
    """On the monotonic clock: no tenant is begun after that."""
    budget: Budget = field(default_factory=Budget)

    def run(
        self,
        tenants: Iterable[Tenant],
        job_of: Callable[[Tenant], TenantJob],
        keep: Callable[[Verification, Judgement], None],
        tell: Callable[[str], None],
    ) -> None:
        """Judge all tenants; `keep` gets each result, `tell` a line for the log."""
        turn = count()
        todo = [(0.0, next(turn), tenant, 1) for tenant in tenants]
        later: list[tuple[float, int, Tenant, int]] = []
        first: dict[str, tuple[Verification, Judgement]] = {}
        waiting: dict[Future[Judgement], tuple[Tenant, int]] = {}
        todo.reverse()
        while (todo or later or waiting) and not (self.stop.no_more and not waiting):
            self._begin(todo, later, waiting, job_of)
            done = (
                wait(waiting, timeout=self._patience(later, len(waiting)), return_when=FIRST_COMPLETED).done
                if waiting
                else self._rest(later)
            )
            for future in done:
                tenant, attempt = waiting.pop(future)
                result = self._result(future, tenant, attempt)
                if result is None:
                    continue
                if attempt == 1 and self._is_worth_another_try(result[0]):
                    delay = self.backoff_s if "rate-limited" in result[0].codes else 0.0
                    heapq.heappush(later, (time.monotonic() + delay, next(turn), tenant, 2))
                    first[tenant.name] = result
                    tell(f"{tenant.name}: {result[0].summary()}; once more at the end")
                    continue
                tell(f"{tenant.name}: {result[0].summary()}")
                keep(*result)
                first.pop(tenant.name, None)
            if self.stop.now:
                for future in [
                    f for f in waiting if f.cancel()
                ]:  # an executor elsewhere is not ended by ending our own processes
                    del waiting[future]
            if self.ends_at is not None and time.monotonic() >= self.ends_at:
                self.stop.no_more = True
        for result in first.values():  # stopped before they were tried again: what was found stands
            keep(*result)

    def _begin(
        self,
        todo: list[tuple[float, int, Tenant, int]],
        later: list[tuple[float, int, Tenant, int]],
        waiting: dict[Future[Judgement], tuple[Tenant, int]],
        job_of: Callable[[Tenant], TenantJob],
    ) -> None:
        """Begin as many as there is room for: first those not tried yet, then those whose time has come."""
        while len(waiting) < self.workers and not self.stop.no_more:
            if todo:
                _, turn, tenant, attempt = todo.pop()
            elif later and later[0][0] <= time.monotonic():
                _, turn, tenant, attempt = heapq.heappop(later)
            else:
                return
            wait_s = self.budget.wait_s(instance_of(tenant))
            if wait_s > 0:
                heapq.heappush(later, (time.monotonic() + wait_s, turn, tenant, attempt))
                continue
            waiting[self.executor.submit(judge, job_of(tenant))] = (tenant, attempt)

    def _patience(self, later: list[tuple[float, int, Tenant, int]], under_way: int = 0) -> float:
        """Return the seconds until something may have to be begun.

        With no room for it, the time is no matter.
        """
        ends = [POLL_S, *([later[0][0] - time.monotonic()] if later and under_way < self.workers else [])]
        return max(0.0, min(ends))

    def _rest(self, later: list[tuple[float, int, Tenant, int]]) -> set[Future[Judgement]]:
        """Nothing is under way: wait for the next that may begin, looking now and then whether to stop."""
        time.sleep(self._patience(later))
        return set()

    def _result(
        self, future: Future[Judgement], tenant: Tenant, attempt: int
    ) -> tuple[Verification, Judgement] | None:
        """Return a result, None when the run is being stopped.

        An executor that lost the job is the tenant's error.
        """
        from dataclasses import replace

        from ..secrets.redaction import redact
        from ..tenants.tenant import is_practice
        from ..verification.result import failed_run

        try:
            judgement = future.result()
        except (Exception, CancelledError) as error:
            if isinstance(error, OSError) and error.errno == errno.ENOSPC:
                raise
            if self.stop.now:
                return None
            code = "run-cancelled" if isinstance(error, CancelledError) else "run-crashed"
            failed = failed_run(
                tenant.name,
                code,
                redact(f"the job was lost: {type(error).__name__}: {error}"),
                base_url=shown_url(tenant),
                label=tenant.label,
                owner=tenant.owner,
                practice=is_practice(tenant),
            )
            return failed, Judgement(tenant.name, None)
        if judgement.verification is None:
            return None
        return replace(Verification.from_json(judgement.verification), attempts=attempt), judgement

    def _is_worth_another_try(self, result: Verification) -> bool:
        """Whether everything that is wrong may pass by itself."""
        wrong = [finding for _, finding in result.findings if finding.verdict in BROKEN]
        return bool(wrong) and all(finding.retryable for finding in wrong) and not self.stop.no_more
