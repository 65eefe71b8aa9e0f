"""What goes wrong in the middle of a run: nobody is judged by it, nobody is lost."""

from __future__ import annotations

import json
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from halo_helpers.batch.fleet import FleetOptions, Interrupted, NothingToDo, run_fleet
from halo_helpers.batch.one_tenant import Judgement, Snapshot, TenantJob
from halo_helpers.batch.run_folder import OverlapError
from halo_helpers.batch.scheduling import schedule
from halo_helpers.batch.scheduling.breaker import Breaker
from halo_helpers.engine.fork_server.asker import fork_server
from halo_helpers.practice.control import start
from halo_helpers.practice.serve import Options
from halo_helpers.report import exit_code, headline
from halo_helpers.tenants.practice import write_practice_tenants
from halo_helpers.tenants.tenants_file import load_tenants
from halo_helpers.verification.result import Verification, failed_run

from .helpers.diagnosis_cases import Lost
from .helpers.practice import Practice
from .helpers.processes import needs_fork
from .helpers.wire import wire

QUICK = "100000/1"


def test_what_stood_in_the_file_at_the_start_holds_to_the_end(practice: Practice, tmp_path: Path) -> None:
    """One save in an editor while a run is under way: half a file."""
    names = ("healthy", "wrong-secret", "agent-mismatch", "app-inactive")
    file = practice.write(tmp_path / "t.yaml", *names)

    def save_half(*_: object) -> None:
        file.write_text("tenants:\n- name: [")

    run = run_fleet(file, tmp_path / "runs", FleetOptions(workers=1), progress=save_half)
    assert {r.tenant: r.verdict for r in run.results} == {
        "healthy": "pass",
        **dict.fromkeys(names[1:], "fail"),
    }
    assert run.manifest.undone == ()


def test_an_outage_in_the_middle_judges_nobody(tmp_path: Path) -> None:
    """The server is away for some seconds: its tenants wait, and are as if nothing had been."""
    options = Options(tenants=40, scenarios=["healthy=3", "wrong-secret"], rate_limit=QUICK, latency_ms=20)
    told: list[str] = []
    with start(options) as server, wire(server.base_url) as way:
        file = tmp_path / "t.yaml"
        write_practice_tenants(file, server.tenants, way.url)

        def away(_: object, done: int, __: int) -> None:
            if done == 10:
                way.cut()

        def tell(line: str) -> None:
            told.append(line)
            if len(told) == 1:
                way.mend()

        run = run_fleet(
            file, tmp_path / "runs", FleetOptions(workers=4, backoff_s=0), progress=away, say=tell
        )
    assert (run.manifest.totals, run.manifest.undone) == (
        {"tenants": 40, "pass": 30, "warn": 0, "fail": 10, "error": 0},
        (),
    )
    assert {code for result in run.results for code in result.codes} == {"invalid-client"}
    assert [line.partition(" ")[0] for line in told] == [way.url] * 2
    assert "3 tenants in a row" in told[0]
    assert "again after" in told[1]


def test_an_instance_that_stays_away_is_waited_for_once(tmp_path: Path) -> None:
    with start(Options(tenants=6, rate_limit=QUICK)) as server:
        file = tmp_path / "t.yaml"
        write_practice_tenants(file, server.tenants, server.base_url)
    told: list[str] = []
    run = run_fleet(file, tmp_path / "runs", FleetOptions(backoff_s=0, wait_s=3), say=told.append)
    assert {code for result in run.results for code in result.codes} == {"connect-refused"}
    assert len(told) == 2
    assert "what is found now stands" in told[1]


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_whole_run_pauses_when_several_instances_fail_in_a_row() -> None:
    clock, told = Clock(), list[str]()
    breaker = Breaker(told.append, wait_s=10, clock=clock)
    for origin in ("a", "b", "c"):
        breaker.learn(origin, reached=False, tenant=origin)
    assert "several instances do not answer" in told[0]
    assert breaker.wait("d") == 2
    clock.now = 2
    assert breaker.wait("d") == 0  # it asks
    assert breaker.wait("e") == 2  # and the others wait for it
    breaker.learn("d", reached=None)  # its secret was not found: that says nothing
    assert breaker.wait("e") == 0
    breaker.learn("e", reached=True)
    assert told[1:] == ["several instances answer again after 2 s: going on"]
    assert breaker.wait("a") == 0


def test_dead_instances_beside_one_that_answers_pause_nothing() -> None:
    told: list[str] = []
    breaker = Breaker(told.append, to_ask=lambda: ["dead-1", "dead-3"])
    breaker.learn("alive", reached=True, tenant="alive")
    for origin in ("dead-1", "dead-2", "dead-3"):
        breaker.learn(origin, reached=False, tenant=origin)
    assert (breaker.wait("dead-1"), told) == (0, [])


def test_one_tenant_that_is_asked_again_is_no_row() -> None:
    told: list[str] = []
    breaker = Breaker(told.append)
    for _ in range(3):
        breaker.learn("a", reached=False, tenant="t")
    assert (breaker.wait("a"), told) == (0, [])


def test_two_in_a_row_or_one_that_answers_between_pause_nothing() -> None:
    told: list[str] = []
    breaker = Breaker(told.append)
    for n, reached in enumerate((False, False, True, False, False)):
        breaker.learn("a", reached=reached, tenant=f"t{n}")
    assert (breaker.wait("a"), told) == (0, [])


def test_a_way_out_that_stays_lost_is_said(tmp_path: Path) -> None:
    """A part was done before: everything after it failed on the way."""
    rows = [
        {"name": f"t{n}", "base_url": f"http://127.0.0.1:{n}", "client_id": "x", "client_secret": "file:s"}
        for n in (1, 2, 3)
    ]
    (tmp_path / "s").write_text("x" * 30)
    (tmp_path / "s").chmod(0o600)
    file = tmp_path / "t.yaml"
    file.write_text(json.dumps({"tenants": rows}))
    run = run_fleet(file, tmp_path / "runs", FleetOptions(backoff_s=0, wait_s=1))
    assert run.manifest.network
    assert "this machine's own network" in headline(run.manifest)


@needs_fork
def test_a_fork_server_that_is_killed_is_replaced_and_nobody_is_lost(
    practice: Practice, tmp_path: Path
) -> None:
    file = practice.write(tmp_path / "t.yaml", "healthy", "wrong-secret", "agent-mismatch", "slow")

    def kill(_: object, done: int, __: int) -> None:
        if done == 1:
            os.kill(fork_server().pid, signal.SIGKILL)

    run = run_fleet(file, tmp_path / "runs", FleetOptions(workers=3, backoff_s=0), progress=kill)
    assert sorted(r.tenant for r in run.results) == ["agent-mismatch", "healthy", "slow", "wrong-secret"]
    assert run.manifest.undone == ()
    assert "tried again" in (run.folder / "run.log").read_text()


def test_who_crashes_again_and_again_is_undone_and_resumed(practice: Practice, tmp_path: Path) -> None:
    file = practice.write(tmp_path / "t.yaml", "healthy", "wrong-secret")
    out = tmp_path / "runs"
    run = run_fleet(file, out, FleetOptions(backoff_s=0), executor=Lost(MemoryError("worker died")))
    assert (run.results, run.manifest.verdict, exit_code(run.outcomes)) == ([], None, 3)
    assert [entry.as_json() for entry in run.manifest.undone] == [
        {"tenant": name, "code": "run-crashed", "seen": "the job was lost: MemoryError: worker died"}
        for name in ("healthy", "wrong-secret")
    ]
    assert run.manifest.finished_at
    assert not list(run.folder.glob("healthy.*"))
    assert "2 not verified" in headline(run.manifest)
    page = (run.folder / "report.html").read_text()
    assert "2 not verified, by no fault of theirs:</b> healthy, wrong-secret" in page
    assert "worker died" in (run.folder / "junit.xml").read_text()
    assert "undone,run-crashed" in (run.folder / "summary.csv").read_text()
    again = run_fleet(file, out, FleetOptions(resume="latest"))
    assert ([r.verdict for r in again.results], again.manifest.undone) == (["pass", "fail"], ())


def test_a_crash_is_tried_again_and_leaves_no_trace(
    practice: Practice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenants = load_tenants(practice.write(tmp_path / "t.yaml", "healthy"))
    tried: list[str] = []

    def judged(job: TenantJob, _: Snapshot) -> Judgement:
        tried.append(job.avoid)
        if len(tried) < 3:
            raise MemoryError("no room")
        return Judgement(job.tenant.name, failed_run("healthy", "slow", "x").as_json(), host="here")

    monkeypatch.setattr(schedule, "judge", judged)
    kept: list[Verification | None] = []
    with ThreadPoolExecutor(1) as executor:
        plan = schedule.Schedule(
            executor, Snapshot("t.yaml", 5.0), 1, 0.0, schedule.Stop(), Breaker(lambda _: None)
        )
        plan.run(tenants, TenantJob, lambda result, _: kept.append(result), lambda _: None)
    assert (len(tried), plan.undone) == (3, {})
    assert [result.attempts for result in kept if result] == [1]


def test_a_stopped_run_names_who_is_not_verified(practice: Practice, tmp_path: Path) -> None:
    file = practice.write(tmp_path / "t.yaml", "healthy", "wrong-secret", "agent-mismatch")
    with pytest.raises(Interrupted) as stopped:
        run_fleet(file, tmp_path / "runs", FleetOptions(workers=1, run_timeout_s=0.01))
    run = stopped.value.run
    assert {entry.code for entry in run.manifest.undone} == {"run-cancelled"}
    assert len(run.manifest.undone) + len(run.results) == 3
    assert run.manifest.finished_at is None


def test_a_second_run_of_the_file_is_refused_while_one_is_under_way(
    practice: Practice, tmp_path: Path
) -> None:
    file, out = practice.write(tmp_path / "t.yaml", "healthy", "wrong-secret"), tmp_path / "runs"
    other = practice.write(tmp_path / "other.yaml", "healthy")
    refused: list[str] = []
    begun = threading.Event()

    def second(*_: object) -> None:
        if begun.is_set():
            return
        begun.set()
        with pytest.raises(OverlapError) as error:
            run_fleet(file, out)
        refused.append(error.value.seen)
        run_fleet(other, out)
        run_fleet(file, out, FleetOptions(overlap=True))

    run = run_fleet(file, out, progress=second)
    assert (len(refused), refused[0].partition(" ")[0]) == (1, run.id)
    assert f"process {os.getpid()}" in refused[0]
    assert len([path for path in out.iterdir() if path.is_dir()]) == 3


def test_nothing_failed_makes_no_run_and_who_is_retired_is_a_warning(
    practice: Practice, tmp_path: Path
) -> None:
    file, out = practice.write(tmp_path / "t.yaml", "healthy"), tmp_path / "runs"
    run_fleet(file, out)
    with pytest.raises(NothingToDo, match="nothing failed"):
        run_fleet(file, out, FleetOptions(failed_of="latest"))
    run_fleet(practice.write(file, "wrong-secret", "agent-mismatch"), out)
    practice.write(file, "wrong-secret")
    again = run_fleet(file, out, FleetOptions(failed_of="latest"))
    assert [r.tenant for r in again.results] == ["wrong-secret"]
    assert again.manifest.warnings == ("agent-mismatch: failed, and is not in the tenants file any more",)
    practice.write(file, "healthy")
    with pytest.raises(NothingToDo, match="not in the tenants file any more"):
        run_fleet(file, out, FleetOptions(failed_of="latest"))
    assert len([path for path in out.iterdir() if path.is_dir()]) == 3
