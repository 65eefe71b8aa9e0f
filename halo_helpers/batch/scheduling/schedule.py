"""In which order, how many at a time, how often: the tenants of a fleet run given to an executor."""

from __future__ import annotations

import errno
import heapq
import random
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from dataclasses import dataclass, field, replace
from itertools import count

from ...checks.findings import BROKEN
from ...report.manifest import Undone
from ...secrets.redaction import redact
from ...tenants.tenant import Tenant, shown_url
from ...verification.result import Verification
from ..one_tenant import Judgement, Snapshot, TenantJob, judge
from .breaker import Breaker, was_reached
from .budget import Budget, instance_of

POLL_S = 0.5
"""How often a waiting run looks whether it was asked to stop."""
RETRY_S = 5.0
"""Before the second try of what may pass by itself, about: an outage of seconds does not take both."""
CRASHES = 3
"""So often a tenant's process may fail before it is left undone."""
CRASH_WAIT_S = 0.5


class ExecutorLostError(Exception):
    """Nobody is there any more to run jobs: the run ends, and `--resume` completes it."""


@dataclass
class Stop:
    """What a run is asked meanwhile: no new tenant, or everything at once."""

    no_more: bool = False
    now: bool = False
    lost: str = ""
    """Why nobody runs jobs any more."""

    def ask(self) -> bool:
        """Begin no new tenant; asked again, end everything. Return whether that is so now."""
        self.now, self.no_more = self.no_more, True
        return self.now


@dataclass
class _Turn:
    """One tenant on its way through a run."""

    tenant: Tenant
    attempt: int = 1
    crashes: int = 0
    asked: bool = False
    avoid: str = ""
    found: tuple[Verification, Judgement] | None = None
    """What the first try found, which stands when there is no second one."""

    @property
    def origin(self) -> str:
        return shown_url(self.tenant)


@dataclass
class Schedule:
    """Runs jobs on an executor, at most `workers` at a time, in order; retries once what may pass by itself.

    A tenant whose instance's budget is used up, or whose instance pauses, waits without holding others up.
    """

    executor: Executor
    run_with: Snapshot
    workers: int
    backoff_s: float
    stop: Stop
    breaker: Breaker
    on_several_machines: bool = False
    """Whether a secret that was not found may be on another one."""
    ends_at: float | None = None
    """On the monotonic clock: no tenant is begun after that."""
    budget: Budget = field(default_factory=Budget)
    undone: dict[str, Undone] = field(default_factory=dict)
    """Whose process failed again and again, by name."""
    _turns: count[int] = field(default_factory=count)
    _later: list[tuple[float, int, _Turn]] = field(default_factory=list)
    _under_way: dict[Future[Judgement], _Turn] = field(default_factory=dict)

    def run(
        self,
        tenants: Iterable[Tenant],
        job_of: Callable[[Tenant], TenantJob],
        keep: Callable[[Verification | None, Judgement], None],
        tell: Callable[[str], None],
    ) -> None:
        """Judge all tenants; `keep` gets each result, `tell` a line for the log.

        `keep` gets no Verification, but what is left of the notebook, for a tenant that is left undone.
        """
        todo = [_Turn(tenant) for tenant in tenants]
        todo.reverse()
        self.breaker.to_ask = lambda: self._to_ask(todo)
        while (todo or self._later or self._under_way) and not (self.stop.no_more and not self._under_way):
            self._begin(todo, job_of)
            for future in self._next():
                turn = self._under_way.pop(future)
                self._take(turn, future, keep, tell)
            if self.stop.now:
                # an executor elsewhere is not ended by ending our own processes
                for future in [f for f in self._under_way if f.cancel()]:
                    _stand(self._under_way.pop(future), keep)
            if self.ends_at is not None and time.monotonic() >= self.ends_at:
                self.stop.no_more = True
        for _, _, turn in self._later:  # stopped before they were tried again
            _stand(turn, keep)

    def _to_ask(self, todo: list[_Turn]) -> Iterator[str]:
        """Return the origins of those who have not been asked yet, or are asked for the first time now."""
        put_off = (turn for _, _, turn in self._later if turn.attempt == 1 and not turn.asked)
        return (turn.origin for turn in (*todo, *put_off, *self._under_way.values()) if turn.attempt == 1)

    def _begin(self, todo: list[_Turn], job_of: Callable[[Tenant], TenantJob]) -> None:
        """Begin as many as there is room for: first those not tried yet, then those whose time has come."""
        while len(self._under_way) < self.workers and not self.stop.no_more:
            if todo:
                turn = todo.pop()
            elif self._later and self._later[0][0] <= time.monotonic():
                turn = heapq.heappop(self._later)[2]
            else:
                return
            wait_s = self.breaker.wait(turn.origin)
            if wait_s == 0:
                wait_s = self.budget.wait_s(instance_of(turn.tenant))
                if wait_s > 0:
                    self.breaker.learn(turn.origin, reached=None)  # it may ask only once there is a share
            if wait_s > 0:
                self._put_off(turn, wait_s)
                continue
            try:
                job = replace(job_of(turn.tenant), avoid=turn.avoid)
                future = self.executor.submit(judge, job, self.run_with)
            except (ExecutorLostError, BrokenExecutor) as error:
                self._put_off(turn, 0)
                self._lose(str(error))
                return
            turn.asked = True
            self._under_way[future] = turn

    def _put_off(self, turn: _Turn, wait_s: float) -> None:
        heapq.heappush(self._later, (time.monotonic() + wait_s, next(self._turns), turn))

    def _next(self) -> set[Future[Judgement]]:
        """Wait for what ends first, or for what may have to be begun; look now and then whether to stop.

        With no room for it, the time of what is put off is no matter.
        """
        ends = [POLL_S]
        if self._later and not self.stop.no_more and len(self._under_way) < self.workers:
            ends.append(self._later[0][0] - time.monotonic())
        patience = max(0.0, min(ends))
        if self._under_way:
            return wait(self._under_way, timeout=patience, return_when=FIRST_COMPLETED).done
        time.sleep(patience)
        return set()

    def _take(
        self,
        turn: _Turn,
        future: Future[Judgement],
        keep: Callable[[Verification | None, Judgement], None],
        tell: Callable[[str], None],
    ) -> None:
        """Keep what came of a job, or put the tenant off to try it again."""
        judgement = self._judgement(turn, future)
        turn.avoid = judgement.host
        if judgement.undone is not None:
            self.breaker.learn(turn.origin, reached=None)
            self._crashed(turn, judgement, keep, tell)
            return
        if judgement.verification is None:
            _stand(turn, keep)
            return
        result = replace(Verification.from_json(judgement.verification), attempts=turn.attempt)
        reached = was_reached(result)
        self.breaker.learn(turn.origin, reached=reached, tenant=turn.tenant.name)
        if reached is False:
            self.budget.give_back(instance_of(turn.tenant))  # nobody there has counted it
        if reached is False and self.breaker.forgives(turn.origin) and not self.stop.no_more:
            tell(f"{turn.tenant.name}: {result.summary()}; asked again after the outage")
            self._put_off(turn, 0.0)
            return
        if turn.attempt == 1 and self._is_worth_another_try(turn, result):
            about = self.backoff_s if "rate-limited" in result.codes else min(RETRY_S, self.backoff_s)
            turn.attempt, turn.found = 2, (result, judgement)
            self._put_off(turn, about * random.uniform(0.5, 1.5))  # noqa: S311 - to spread requests
            tell(f"{turn.tenant.name}: {result.summary()}; once more at the end")
            return
        tell(f"{turn.tenant.name}: {result.summary()}")
        keep(result, judgement)

    def _judgement(self, turn: _Turn, future: Future[Judgement]) -> Judgement:
        """Return what a job answered; a job that was lost says so itself.

        Raises: OSError when the evidence cannot be written.
        """
        name = turn.tenant.name
        try:
            return future.result()
        except CancelledError:
            return Judgement(name, undone=Undone(name, "run-cancelled", "its job was cancelled"))
        except ExecutorLostError as error:
            self._lose(str(error))
            return Judgement(name, undone=Undone(name, "run-cancelled", str(error)))
        except Exception as error:
            if isinstance(error, OSError) and error.errno == errno.ENOSPC and not self.on_several_machines:
                raise
            seen = redact(f"the job was lost: {type(error).__name__}: {error}")
            return Judgement(name, undone=Undone(name, "run-crashed", seen))

    def _crashed(
        self,
        turn: _Turn,
        judgement: Judgement,
        keep: Callable[[Verification | None, Judgement], None],
        tell: Callable[[str], None],
    ) -> None:
        """Put a tenant off whose process failed, which says nothing of the customer; thrice is undone."""
        undone = judgement.undone
        turn.crashes += 1
        if undone is None or self.stop.no_more:
            _stand(turn, keep)
            return
        if turn.crashes < CRASHES:
            tell(f"{turn.tenant.name}: {undone.code}: {undone.seen}; tried again")
            self._put_off(turn, CRASH_WAIT_S * random.uniform(0.5, 1.5) if self.backoff_s else 0.0)  # noqa: S311
            return
        if turn.found is not None:
            _stand(turn, keep)
            return
        tell(f"{turn.tenant.name}: {undone.code}: {undone.seen}; not verified")
        self.undone[turn.tenant.name] = undone
        keep(None, judgement)

    def _lose(self, why: str) -> None:
        self.stop.no_more = True
        self.stop.lost = self.stop.lost or why

    def _is_worth_another_try(self, turn: _Turn, result: Verification) -> bool:
        """Whether everything that is wrong may pass by itself."""
        wrong = [finding for _, finding in result.findings if finding.verdict in BROKEN]
        elsewhere = self.on_several_machines and result.codes == ["secret-unavailable"]
        again = elsewhere or (bool(wrong) and all(finding.retryable for finding in wrong))
        return again and not self.stop.no_more and not self.breaker.gave_up(turn.origin)


def _stand(turn: _Turn, keep: Callable[[Verification | None, Judgement], None]) -> None:
    """Keep what the first try found: there will be no second one."""
    if turn.found is not None:
        keep(*turn.found)
