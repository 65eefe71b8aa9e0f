"""Order, second tries and executors of a fleet run."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import (
    BrokenExecutor,
    CancelledError,
    Executor,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from pathlib import Path
from typing import Any

import pytest

from halo_helpers.batch.fleet import FleetOptions, run_fleet
from halo_helpers.batch.one_tenant import Judgement, Snapshot, TenantJob
from halo_helpers.batch.scheduling import schedule
from halo_helpers.batch.scheduling.breaker import Breaker
from halo_helpers.batch.scheduling.budget import Budget, instance_of
from halo_helpers.tenants.tenant import Tenant
from halo_helpers.tenants.tenants_file import load_tenants
from halo_helpers.verification.result import failed_run

from .helpers.practice import Practice


def planned(executor: Executor, stop: schedule.Stop, backoff_s: float = 0.0) -> schedule.Schedule:
    """Give a schedule of one at a time that waits for no outage."""
    breaker = Breaker(lambda _: None, wait_s=0)
    return schedule.Schedule(executor, Snapshot("t.yaml", 5.0), 1, backoff_s, stop, breaker)


def held_up(name: str, busy: threading.Event) -> Callable[[TenantJob, Snapshot], Judgement]:
    """Judge every tenant as one that does not answer, this one only when nobody is busy any more."""

    def judged(job: TenantJob, _: Snapshot) -> Judgement:
        if job.tenant.name == name:
            busy.wait(20)
        return Judgement(job.tenant.name, failed_run(job.tenant.name, "connect-timeout", "x").as_json())

    return judged


def test_while_all_are_busy_the_schedule_sleeps(
    practice: Practice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = practice.write(tmp_path / "t.yaml", "healthy", "wrong-secret")
    tenants, real, waits = load_tenants(file), schedule.wait, []
    busy = threading.Event()

    def counted(*given: Any, **more: Any) -> Any:
        waits.append(more["timeout"])
        if len(waits) > 3:
            busy.set()
        return real(*given, **more)

    monkeypatch.setattr(schedule, "judge", held_up("healthy", busy))
    monkeypatch.setattr(schedule, "wait", counted)
    kept: list[tuple[str, int]] = []
    with ThreadPoolExecutor(1) as executor:
        planned(executor, schedule.Stop()).run(
            reversed(tenants),
            TenantJob,
            lambda r, _: kept.append((r.tenant, r.attempts)),
            lambda _: None,
        )
    assert sorted(kept) == [("healthy", 2), ("wrong-secret", 2)]
    assert 0.0 not in waits


def test_stopped_before_the_second_try_the_first_result_stands(
    practice: Practice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tenant,) = load_tenants(practice.write(tmp_path / "t.yaml", "healthy"))
    stop, kept = schedule.Stop(), []

    def judged(job: TenantJob, _: Snapshot) -> Judgement:
        return Judgement(job.tenant.name, failed_run(job.tenant.name, "connect-timeout", "x").as_json())

    def tell(_: str) -> None:
        stop.no_more = True

    monkeypatch.setattr(schedule, "judge", judged)
    with ThreadPoolExecutor(1) as executor:
        planned(executor, stop, backoff_s=60.0).run(
            [tenant], TenantJob, lambda r, _: kept.append(r.tenant), tell
        )
    assert kept == ["healthy"]


@pytest.mark.parametrize("end", ["stopped", "crashed", "cancelled"])
def test_with_no_second_result_the_first_stands(
    practice: Practice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    (tenant,) = load_tenants(practice.write(tmp_path / "t.yaml", "healthy"))
    tries, kept = list[str](), []

    def judged(job: TenantJob, _: Snapshot) -> Judgement:
        tries.append(job.tenant.name)
        if len(tries) == 1:
            return Judgement("healthy", failed_run("healthy", "connect-timeout", "x").as_json())
        if end == "stopped":
            return Judgement("healthy")
        raise CancelledError if end == "cancelled" else MemoryError

    monkeypatch.setattr(schedule, "judge", judged)
    with ThreadPoolExecutor(1) as executor:
        one = planned(executor, schedule.Stop())
        one.run([tenant], TenantJob, lambda r, _: kept.append(r and r.codes), lambda _: None)
    assert (kept, one.undone) == ([["connect-timeout"]], {})


def test_a_broken_pool_ends_the_run(practice: Practice, tmp_path: Path) -> None:
    class Broken(ThreadPoolExecutor):
        def submit(self, *_: Any, **__: Any) -> Any:
            raise BrokenExecutor("its processes are gone")

    (tenant,) = load_tenants(practice.write(tmp_path / "t.yaml", "healthy"))
    stop = schedule.Stop()
    with Broken(1) as executor:
        planned(executor, stop).run([tenant], TenantJob, lambda *_: None, lambda _: None)
    assert stop.lost == "its processes are gone"


def test_asked_to_stop_it_waits_for_what_is_under_way(
    practice: Practice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody is put off whose time has come: no reason to look again and again."""
    tenants = load_tenants(practice.write(tmp_path / "t.yaml", "healthy", "wrong-secret"))
    stop, waits, real, busy = schedule.Stop(), list[float](), schedule.wait, threading.Event()

    def counted(*given: Any, **more: Any) -> Any:
        waits.append(more["timeout"])
        if stop.no_more and len(waits) > 4:
            busy.set()
        return real(*given, **more)

    def tell(_: str) -> None:
        stop.ask()

    monkeypatch.setattr(schedule, "judge", held_up("wrong-secret", busy))
    monkeypatch.setattr(schedule, "wait", counted)
    with ThreadPoolExecutor(2) as executor:
        one = planned(executor, stop)
        one.workers = 2
        one.run(tenants, TenantJob, lambda *_: None, tell)
    assert set(waits) == {schedule.POLL_S}


def test_what_fails_is_tried_once_more_and_counted(practice: Practice, tmp_path: Path) -> None:
    file = practice.write(tmp_path / "t.yaml", "rate-limited", "maintenance", "wrong-secret")
    run = run_fleet(file, tmp_path / "runs", FleetOptions(backoff_s=0))
    assert {r.tenant: r.attempts for r in run.results} == {
        "rate-limited": 2,
        "maintenance": 2,
        "wrong-secret": 1,
    }


def test_any_executor_fits_and_evidence_comes_back(practice: Practice, tmp_path: Path) -> None:
    file = practice.write(tmp_path / "t.yaml", "healthy", "wrong-secret")
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as executor:
        run = run_fleet(file, tmp_path / "runs", executor=executor)
    assert [r.verdict for r in run.results] == ["pass", "fail"]
    assert all((run.folder / f"{r.tenant}.ipynb").stat().st_size > 10_000 for r in run.results)


def test_an_instance_is_not_asked_more_than_its_share() -> None:
    now = [0.0]
    budget = Budget(clock=lambda: now[0])
    taken = [budget.wait_s("a") for _ in range(8)]
    assert taken[:7] == [0] * 7
    assert taken[7] == 300
    assert budget.wait_s("b") == 0
    budget.give_back("a")
    assert budget.wait_s("a") == 0, "who reached nobody took no share"
    now[0] = 301
    assert budget.wait_s("a") == 0


def test_instances_are_told_apart_as_halopsa_counts() -> None:
    one, other = (Tenant(name, "https://acme.halopsa.com/", client_id=name) for name in ("a", "b"))
    assert instance_of(one) == instance_of(other)
    assert instance_of(Tenant("c", "https://acme.halopsa.com", halo_tenant="c")) != instance_of(one)


@pytest.mark.parametrize(("engine", "most"), [("fork", 12), ("kernel", 4)])
def test_stock_kernels_are_fewer_at_a_time(engine: str, most: int) -> None:
    """Each of them works while it starts, and shares no memory with the others."""
    asks = "from halo_helpers.batch.scheduling.budget import default_workers as d; print(d())"
    environment = os.environ | {"HALO_RUNBOOK_ENGINE": engine}
    said = subprocess.run([sys.executable, "-c", asks], env=environment, capture_output=True, check=True)
    assert 2 <= int(said.stdout) <= most * (os.cpu_count() or 1)
