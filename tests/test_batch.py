"""Papermill runs with real kernels: evidence, truth in the notebook, nothing lost."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest
from nbclient.exceptions import CellTimeoutError, DeadKernelError

from halo_helpers import verify
from halo_helpers.batch import schedule
from halo_helpers.batch.fleet import FleetOptions, preflight, run_fleet
from halo_helpers.batch.history import History
from halo_helpers.batch.notify import Target, note, target
from halo_helpers.batch.one_tenant import Judgement, TenantJob, judge
from halo_helpers.batch.run_folder import locked_run
from halo_helpers.engine.by_papermill import run_job
from halo_helpers.engine.fork_server.asker import close_server, fork_server
from halo_helpers.engine.job import Answer, FileJob
from halo_helpers.engine.record import UnknownParameterError, parameter_names
from halo_helpers.errors import ConfigError
from halo_helpers.practice.control import ask, start
from halo_helpers.practice.serve import Options
from halo_helpers.report import headline, load_run
from halo_helpers.report.evidence import read_evidence
from halo_helpers.system.paths import notebooks_folder
from halo_helpers.tenants.practice import write_practice_tenants
from halo_helpers.tenants.tenants_file import load_tenants
from halo_helpers.verification.result import failed_run

from .conftest import Practice, http, raw_server

VERIFY = notebooks_folder() / "verify-tenant.ipynb"


def notebook(folder: Path, *cells: str) -> Path:
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nb.cells[0].metadata.tags = ["parameters"]
    nb.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nb, folder / "in.ipynb")
    return folder / "in.ipynb"


def run_notebook(source: Path, **options: object) -> object:
    return papermill.execute_notebook(
        source,
        source.with_name("out.ipynb"),
        engine_name="halo-runbook",
        kernel_name="python3",
        progress_bar=False,
        **options,
    )


def states(folder: Path) -> list[str]:
    return [
        cell.metadata.papermill.status
        for cell in nbformat.read(folder / "out.ipynb", 4).cells
        if "papermill" in cell.metadata
    ]


@pytest.mark.parametrize(("name", "verdict"), [("healthy", "pass"), ("agent-mismatch", "fail")])
def test_papermill_gives_the_same_as_verify(
    practice: Practice, tmp_path: Path, name: str, verdict: str
) -> None:
    file = practice.write(tmp_path / "t.yaml", name)
    parameters = {"tenant": name, "tenants_file": str(file)}
    job = FileJob(str(VERIFY), str(tmp_path / "o.ipynb"), str(tmp_path), parameters, deadline_s=60.0)
    assert run_job(job) == Answer("ok")
    evidence = read_evidence(tmp_path / "o.ipynb")
    direct = verify(practice.tenant(name))
    assert evidence
    assert (evidence["verdict"], evidence["codes"]) == (verdict, direct.codes)
    assert [check["verdict"] for check in evidence["checks"]] == [check.verdict for check in direct.checks]
    assert practice.entries[name]["client_secret"] not in (tmp_path / "o.ipynb").read_text()


def test_a_parameter_that_the_notebook_does_not_have_is_refused_before_anything_runs(tmp_path: Path) -> None:
    source = notebook(tmp_path, "a = 1", f"open({str(tmp_path / 'ran')!r}, 'w')")
    with pytest.raises(UnknownParameterError, match="no parameter b; it has a"):
        run_notebook(source, parameters={"b": 2})
    assert not (tmp_path / "ran").exists()
    assert parameter_names(nbformat.read(source, 4)) == {"a"}


def test_a_cell_that_times_out_is_failed_and_the_rest_pending(tmp_path: Path) -> None:
    source = notebook(tmp_path, "a = 1", "import threading; threading.Event().wait()", "print('never')")
    with pytest.raises(CellTimeoutError):
        run_notebook(source, deadline_s=1)
    assert states(tmp_path) == ["completed", "failed", "pending"]
    assert "TimeoutError" in (tmp_path / "out.ipynb").read_text()


def test_a_kernel_that_dies_is_told(tmp_path: Path) -> None:
    source = notebook(tmp_path, "a = 1", "import os; os._exit(3)", "print('never')")
    with pytest.raises(DeadKernelError):
        run_notebook(source)
    assert states(tmp_path) == ["completed", "failed", "pending"]


def test_an_exception_is_told(tmp_path: Path) -> None:
    source = notebook(tmp_path, "a = 1", "1 / 0", "print('never')")
    with pytest.raises(papermill.PapermillExecutionError):
        run_notebook(source)
    assert states(tmp_path) == ["completed", "failed", "pending"]


def test_a_fleet_leaves_evidence_and_a_report(practice: Practice, tmp_path: Path) -> None:
    file = practice.write(tmp_path / "t.yaml", "healthy", "wrong-secret", "rate-limited")
    told: list[str] = []
    run = run_fleet(
        file, tmp_path / "runs", progress=lambda r, done, total: told.append(f"{r.tenant} {done}/{total}")
    )
    assert {r.tenant: r.codes for r in run.results} == {
        "healthy": [],
        "wrong-secret": ["invalid-client"],
        "rate-limited": ["rate-limited"],
    }
    assert (run.manifest.verdict, run.manifest.totals["tenants"]) == ("fail", 3)
    names = {path.name for path in run.folder.iterdir()}
    assert names == {
        "run.json",
        "run.log",
        "report.html",
        "junit.xml",
        "summary.csv",
        *(f"{n}.{e}" for n in ("healthy", "wrong-secret", "rate-limited") for e in ("json", "ipynb")),
    }
    assert (tmp_path / "runs" / "latest").read_text().strip() == run.id
    assert told[-1] == "rate-limited 3/3"  # throttled: once more, at the end
    everything = "".join(
        path.read_text(errors="replace") for path in (tmp_path / "runs").rglob("*") if path.is_file()
    )
    for entry in practice.entries.values():
        assert entry["client_secret"] not in everything


def test_a_tenant_that_times_out_is_an_error_in_report_and_notebook(
    practice: Practice, tmp_path: Path
) -> None:
    file = practice.write(tmp_path / "t.yaml", "slow")
    run = run_fleet(file, tmp_path / "runs", FleetOptions(timeout_s=3))
    assert (run.results[0].verdict, run.results[0].codes) == ("error", ["run-timeout"])
    assert "run-timeout" in (run.folder / "report.html").read_text()
    assert "TimeoutError" in (run.folder / "slow.ipynb").read_text()


def test_the_control_is_asked_once_a_week(practice: Practice, tmp_path: Path) -> None:
    file = practice.write(tmp_path / "t.yaml", "healthy")
    first = run_fleet(file, tmp_path / "runs").results[0]
    second = run_fleet(file, tmp_path / "runs").results[0]
    assert (first["token.control"].verdict, second["token.control"].verdict) == ("pass", "skip")
    assert "once a week" in second["token.control"].seen
    assert second.verdict == "pass"


def test_killed_and_resumed_nothing_runs_twice(practice: Practice, tmp_path: Path) -> None:
    file = practice.write(tmp_path / "t.yaml", "healthy", "wrong-secret", "agent-mismatch", "app-inactive")
    out = tmp_path / "runs"
    process = subprocess.Popen(
        [sys.executable, "-m", "halo_helpers", "batch", str(file), "--out", str(out), "--workers", "1"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    assert "[1/4]" in process.stderr.readline()
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stderr.close()
    (folder,) = [path for path in out.iterdir() if path.is_dir()]
    before = {r.tenant: (folder / f"{r.tenant}.json").stat().st_mtime_ns for r in load_run(folder).results}
    assert 1 <= len(before) < 4
    run = run_fleet(file, out, FleetOptions(resume=folder.name))
    assert [r.tenant for r in run.results] == ["healthy", "wrong-secret", "agent-mismatch", "app-inactive"]
    assert {name: (folder / f"{name}.json").stat().st_mtime_ns for name in before} == before
    again = run_fleet(file, out, FleetOptions(failed_of="latest"))
    assert [r.tenant for r in again.results] == ["wrong-secret", "agent-mismatch", "app-inactive"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_finishes_what_is_in_flight(practice: Practice, tmp_path: Path) -> None:
    file = practice.write(
        tmp_path / "t.yaml", "healthy", "wrong-secret", "agent-mismatch", "app-inactive", "scope-none"
    )
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "halo_helpers",
            "batch",
            str(file),
            "--out",
            str(tmp_path / "runs"),
            "--workers",
            "1",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    assert "[1/5]" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "--resume" in said
    (folder,) = [path for path in (tmp_path / "runs").iterdir() if path.is_dir()]
    assert 1 <= len(load_run(folder).results) < 5
    assert "not done" in (folder / "report.html").read_text()


def test_two_do_not_write_one_run(practice: Practice, tmp_path: Path) -> None:
    file = practice.write(tmp_path / "t.yaml", "healthy")
    run = run_fleet(file, tmp_path / "runs")
    with locked_run(run.folder), pytest.raises(ConfigError, match=f"process {os.getpid()}"):
        run_fleet(file, tmp_path / "runs", FleetOptions(resume=run.id))


def test_bad_input_is_refused_before_anything_runs(practice: Practice, tmp_path: Path) -> None:
    file = practice.write(tmp_path / "t.yaml", "healthy")
    (tmp_path / "a-file").write_text("")
    for path, out, options in (
        (tmp_path / "none.yaml", tmp_path / "runs", FleetOptions()),
        (file, tmp_path / "a-file" / "x", FleetOptions()),
        (file, tmp_path / "runs", FleetOptions(only=["x"])),
        (file, tmp_path / "runs", FleetOptions(resume="x")),
    ):
        with pytest.raises(ConfigError):
            run_fleet(path, out, options)
    assert not (tmp_path / "runs").exists()


def test_practice_and_customers_are_not_mixed(practice: Practice, tmp_path: Path) -> None:
    file = practice.write(tmp_path / "t.yaml", "healthy")
    entry = "- {name: acme, base_url: https://acme.halopsa.invalid, client_id: x, client_secret: 'env:X'}\n"
    file.write_text(file.read_text() + entry)
    with pytest.raises(ConfigError, match="not verified in one run"):
        run_fleet(file, tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_paused_tenants_are_named_and_not_judged(practice: Practice, tmp_path: Path) -> None:
    file = practice.write(tmp_path / "t.yaml", "healthy")
    file.write_text(
        file.read_text()
        + "    paused_until: 2999-01-01\n".replace("    ", "  ")
        + "  paused_reason: migration\n"
    )
    run = run_fleet(file, tmp_path / "runs")
    assert (run.results, run.manifest.paused[0].name) == ([], "healthy")
    assert "healthy until 2999-01-01 (migration)" in (run.folder / "report.html").read_text()


def test_a_damaged_history_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "history.sqlite").write_bytes(b"x" * 4096)
    with pytest.raises(ConfigError, match=r"history\.sqlite"):
        History(tmp_path).add("r", [])


def test_a_tenants_process_knows_no_secret_but_its_own(
    practice: Practice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither environment nor writable memory of a child, nor of the fork server, holds another tenant's secret."""
    names = ("healthy", "wrong-secret", "agent-mismatch")
    rows = []
    for name in names:
        entry = practice.entries[name]
        monkeypatch.setenv(f"SECRET_{name.upper().replace('-', '_')}", entry["client_secret"])
        rows.append(
            {
                "name": name,
                "base_url": practice.base_url,
                "halo_tenant": entry["tenant"],
                "client_id": entry["client_id"],
                "client_secret": f"env:SECRET_{name.upper().replace('-', '_')}",
            }
        )
    file = tmp_path / "t.yaml"
    file.write_text(json.dumps({"tenants": rows}))
    monkeypatch.setenv("VAULT_TOKEN", "opens everything")
    fork_server()  # such as of another tenants file, with what this one hides
    for name in names:
        assert judge(TenantJob(name, str(file), 60.0)).verification
    server = fork_server().pid
    assert b"VAULT_TOKEN" not in Path(f"/proc/{server}/environ").read_bytes()
    assert not any(practice.entries[name]["client_secret"].encode() in memory(server) for name in names)
    assert b"SECRET_HEALTHY" not in Path(f"/proc/{server}/environ").read_bytes()


def memory(pid: int) -> bytes:
    """Give what a process has in writable memory."""
    found = []
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as stream:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            place, modes = line.split()[:2]
            if modes.startswith("rw"):
                start, end = (int(part, 16) for part in place.split("-"))
                try:
                    stream.seek(start)
                    found.append(stream.read(end - start))
                except OSError:
                    continue
    return b"".join(found)


def test_no_worker_is_left(practice: Practice, tmp_path: Path) -> None:
    before = _children()
    run_fleet(practice.write(tmp_path / "t.yaml", "healthy"), tmp_path / "runs")
    ends = time.monotonic() + 5
    while _children() - before and time.monotonic() < ends:
        os.sched_yield()
    assert not _children() - before


def _children() -> set[str]:
    own = str(os.getpid())
    found = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            if status.read_text().rpartition(")")[2].split()[1] == own:
                found.add(status.parent.name)
        except OSError:
            continue
    return found


def test_killed_again_and_again_at_any_moment(tmp_path: Path) -> None:
    """Twenty times kill -9 in a run of two hundred tenants: 200 whole results, none run twice, no process left."""
    with start(
        Options(tenants=200, scenarios=["healthy=19", "wrong-secret"], rate_limit="100000/1")
    ) as server:
        file, out = tmp_path / "t.yaml", tmp_path / "runs"
        write_practice_tenants(file, server.tenants, server.base_url)
        chance = random.Random(7)
        seen: dict[str, int] = {}
        asked: dict[str, int] = {}

        def requests(result: str) -> int:
            name = result.removesuffix(".json")
            return len(ask(server.base_url, f"tenants/{name}/requests")["requests"])

        resume: list[str] = []
        for _ in range(20):
            process = subprocess.Popen(
                [sys.executable, "-m", "halo_helpers", "batch", str(file), "--out", str(out), *resume],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
            assert process.stderr
            for _ in range(chance.randrange(1, 9)):
                process.stderr.readline()
            process.kill()
            process.wait()
            process.stderr.close()
            folder = next(path for path in out.iterdir() if path.is_dir())
            resume = ["--resume", folder.name]
            now = {path.name: path.stat().st_mtime_ns for path in folder.glob("tenant-*.json")}
            assert seen.items() <= now.items()
            assert all(json.loads((folder / name).read_text())["schema"] for name in now)
            asked |= {name: requests(name) for name in sorted(now.keys() - seen.keys())[:2]}
            seen = now
        run = run_fleet(file, out, FleetOptions(resume="latest"))
        assert (
            seen.items()
            <= {path.name: path.stat().st_mtime_ns for path in folder.glob("tenant-*.json")}.items()
        )
        assert len(asked) > 20
        assert asked == {name: requests(name) for name in asked}, "a tenant that was done was verified again"
    assert (len(run.results), run.manifest.totals["fail"], run.manifest.totals["pass"]) == (
        200,
        10,
        190,
    )
    assert all((folder / f"{r.tenant}.ipynb").exists() for r in run.results)
    assert not list(folder.glob(".*"))
    assert not [line for line in _command_lines() if str(file) in line]


def test_a_resumed_run_leaves_out_who_was_paused_or_retired_since(practice: Practice, tmp_path: Path) -> None:
    file = practice.write(tmp_path / "t.yaml", "healthy", "wrong-secret", "agent-mismatch")
    run = run_fleet(file, tmp_path / "runs")
    for name in ("wrong-secret", "agent-mismatch"):
        (run.folder / f"{name}.json").unlink()
    practice.write(file, "healthy", "wrong-secret")
    file.write_text(file.read_text() + "  paused_until: 2999-01-01\n  paused_reason: migration\n")
    run = run_fleet(file, tmp_path / "runs", FleetOptions(resume="latest"))
    assert [r.tenant for r in run.results] == ["healthy"]
    assert [row.name for row in run.manifest.paused] == ["wrong-secret"]
    assert "agent-mismatch: is not in the tenants file any more" in run.manifest.warnings[0]


def test_each_tenant_is_compared_with_its_own_last_result(practice: Practice, tmp_path: Path) -> None:
    file = practice.write(tmp_path / "t.yaml", "healthy", "wrong-secret")
    run_fleet(file, tmp_path / "runs")
    run_fleet(file, tmp_path / "runs", FleetOptions(only=["healthy"]))
    changes = run_fleet(file, tmp_path / "runs").manifest.changes
    assert (changes["new"], [row["tenant"] for row in changes["still"]]) == ([], ["wrong-secret"])


def test_while_all_are_busy_the_schedule_sleeps(
    practice: Practice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = practice.write(tmp_path / "t.yaml", "healthy", "wrong-secret")
    tenants, real, waits = load_tenants(file), schedule.wait, []
    busy = threading.Event()

    def judged(job: TenantJob) -> Judgement:
        if job.tenant == "healthy":
            busy.wait(20)
        return Judgement(job.tenant, failed_run(job.tenant, "connect-timeout", "x").as_json())

    def counted(*given: Any, **more: Any) -> Any:
        waits.append(more["timeout"])
        if len(waits) > 3:
            busy.set()
        return real(*given, **more)

    monkeypatch.setattr(schedule, "judge", judged)
    monkeypatch.setattr(schedule, "wait", counted)
    kept: list[tuple[str, int]] = []
    with ThreadPoolExecutor(1) as executor:
        schedule.Schedule(executor, 1, 0.0, schedule.Stop()).run(
            reversed(tenants),
            lambda t: TenantJob(t.name, str(file), 5.0),
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

    def judged(job: TenantJob) -> Judgement:
        return Judgement(job.tenant, failed_run(job.tenant, "connect-timeout", "x").as_json())

    def tell(_: str) -> None:
        stop.no_more = True

    monkeypatch.setattr(schedule, "judge", judged)
    with ThreadPoolExecutor(1) as executor:
        schedule.Schedule(executor, 1, 60.0, stop).run(
            [tenant], lambda t: TenantJob(t.name, "t.yaml", 5.0), lambda r, _: kept.append(r.tenant), tell
        )
    assert kept == ["healthy"]


def test_a_server_that_knows_too_much_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    close_server()
    monkeypatch.setenv("HALO_A", "of tenant a")
    knowing = fork_server()
    assert b"HALO_A" in Path(f"/proc/{knowing.pid}/environ").read_bytes()
    server = fork_server({"HALO_A"})
    assert server is not knowing
    assert b"HALO_A" not in Path(f"/proc/{server.pid}/environ").read_bytes()
    assert fork_server() is server
    close_server()
    assert not knowing.running


def _command_lines() -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
        except OSError:
            continue
    return found


def test_what_fails_is_tried_once_more_and_counted(practice: Practice, tmp_path: Path) -> None:
    file = practice.write(tmp_path / "t.yaml", "rate-limited", "maintenance", "wrong-secret")
    run = run_fleet(file, tmp_path / "runs", FleetOptions(backoff_s=0))
    assert {r.tenant: r.attempts for r in run.results} == {
        "rate-limited": 2,
        "maintenance": 2,
        "wrong-secret": 1,
    }


def test_a_second_run_says_that_nothing_changed_and_the_next_what_did(
    practice: Practice, tmp_path: Path
) -> None:
    file = practice.write(tmp_path / "t.yaml", "healthy", "wrong-secret")
    first = run_fleet(file, tmp_path / "runs")
    assert first.manifest.changes is None
    assert (
        first.manifest.since["wrong-secret"] == first.manifest.started_at
        or first.manifest.since["wrong-secret"]
    )
    second = run_fleet(file, tmp_path / "runs")
    assert headline(second.manifest).endswith("nothing changed.")
    assert second.manifest.since == first.manifest.since
    ask(practice.base_url, "tenants/healthy/scenario", "POST", name="app-inactive")
    try:
        practice.write(file, "healthy", "wrong-secret")
        third = run_fleet(file, tmp_path / "runs")
    finally:
        practice.reset("healthy")
    assert "new: healthy (invalid-client)" in headline(third.manifest) or "invalid-client" in headline(
        third.manifest
    )
    assert [entry["run"] for entry in third.manifest.trend] == [first.id, second.id, third.id]


def test_old_runs_are_pruned_with_their_history(practice: Practice, tmp_path: Path) -> None:
    file = practice.write(tmp_path / "t.yaml", "healthy")
    out = tmp_path / "runs"
    (out / "not-a-run").mkdir(parents=True)
    runs = [run_fleet(file, out, FleetOptions(keep=2)) for _ in range(4)]
    assert {path.name for path in out.iterdir() if path.is_dir()} == {
        "not-a-run",
        *sorted(run.id for run in runs)[-2:],
    }
    assert len(History(out).trend(practice=True)) == 2


def test_a_full_disk_ends_the_run_with_a_sentence_and_nothing_is_lost(
    practice: Practice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = practice.write(tmp_path / "t.yaml", "healthy", "wrong-secret", "agent-mismatch")
    limit = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (15_000, 15_000)); import sys; from "
        "halo_helpers.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", limit, "batch", str(file), "--out", str(tmp_path / "runs")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert done.returncode == 2
    assert "--resume" in done.stderr or "cannot be written" in done.stderr
    run = run_fleet(
        file,
        tmp_path / "runs",
        FleetOptions(resume=next(p.name for p in (tmp_path / "runs").iterdir() if p.is_dir())),
    )
    assert len(run.results) == 3


def test_a_note_is_written_when_something_changed(
    practice: Practice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = practice.write(tmp_path / "t.yaml", "healthy", "wrong-secret")
    got: list[bytes] = []

    def script(connection: Any, head: bytes) -> None:
        length = int(head.lower().partition(b"content-length:")[2].split()[0])
        body = head.partition(b"\r\n\r\n")[2]
        while len(body) < length:
            body += connection.recv(65536)
        got.append(body)
        connection.sendall(http("200 OK"))

    run = run_fleet(file, tmp_path / "runs")
    assert note(target(str(tmp_path / "note.txt")), run.manifest, say=print)
    assert (tmp_path / "note.txt").read_text().startswith("2 tenants: 1 broken, 1 OK.")
    with raw_server(script) as url:
        monkeypatch.setenv("NOTIFY_URL", f"{url}/hooks/T0KEN-T0KEN")
        to = target("webhook:env:NOTIFY_URL")
        assert "NOTIFY_URL" not in os.environ
        assert note(to, run.manifest, say=print)
    assert json.loads(got[0])["text"].startswith("2 tenants")
    said: list[str] = []
    assert not note(to, run.manifest, say=said.append)
    assert "could not be sent" in said[0]
    assert "T0KEN" not in said[0]
    assert not note(Target(), run_fleet(file, tmp_path / "runs").manifest, say=said.append)
    with pytest.raises(ConfigError, match="by reference"):
        target("https://hooks.example/T0KEN")
    with pytest.raises(ConfigError, match="NOT_THERE"):
        target("webhook:env:NOT_THERE")


def test_preflight_names_secrets_that_do_not_resolve_and_contacts_nobody(
    practice: Practice, tmp_path: Path
) -> None:
    file = practice.write(tmp_path / "t.yaml", "healthy", "wrong-secret")
    assert preflight(file) == []
    (tmp_path / "t.yaml.secrets" / "healthy.secret").chmod(0o644)
    before = len(practice.requests("healthy"))
    (problem,) = preflight(file)
    assert "chmod 600" in problem
    assert len(practice.requests("healthy")) == before


def test_any_executor_fits_and_evidence_comes_back(practice: Practice, tmp_path: Path) -> None:
    file = practice.write(tmp_path / "t.yaml", "healthy", "wrong-secret")
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as executor:
        run = run_fleet(file, tmp_path / "runs", executor=executor)
    assert [r.verdict for r in run.results] == ["pass", "fail"]
    assert all((run.folder / f"{r.tenant}.ipynb").stat().st_size > 10_000 for r in run.results)
