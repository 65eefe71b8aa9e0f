"""A real Dask scheduler with worker processes, one of which is killed in the middle."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from halo_helpers.batch.cluster.connection import dask_executor
from halo_helpers.batch.fleet import FleetOptions, Interrupted, run_fleet
from halo_helpers.errors import ConfigError
from halo_helpers.practice.control import PracticeServer, start
from halo_helpers.practice.serve import Options
from halo_helpers.tenants.practice import write_practice_tenants
from halo_helpers.tenants.tenants_file import load_tenants


@contextmanager
def process(*args: str, until: str, log: Path, **env: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start a part of the cluster and give the line by which it says that it is ready."""
    running = subprocess.Popen(
        [sys.executable, "-m", *args],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | env,
        cwd=log.parent,
    )
    assert running.stderr
    try:
        with log.open("w") as kept:
            line = ""
            while until not in line:
                line = running.stderr.readline()
                assert line, f"{args} ended"
                kept.write(line)
            reader = threading.Thread(target=lambda: [kept.write(more) for more in running.stderr or ()])
            reader.start()
            yield running, line
            running.kill()
            running.wait()
            reader.join()
    finally:
        running.kill()
        running.wait()
        running.stderr.close()


@contextmanager
def cluster(folder: Path, *environments: dict[str, str]) -> Iterator[tuple[str, list[subprocess.Popen[str]]]]:
    """Give the address of a scheduler, and its process with those of two workers, in their environments."""
    with ExitStack() as stack:
        scheduler = ("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        head, line = stack.enter_context(
            process(*scheduler, until="Scheduler at:", log=folder / "scheduler.log")
        )
        address = line.split()[-1]
        processes = [head]
        for number, env in enumerate(environments or ({}, {}), 1):
            worker = (
                "distributed.cli.dask_worker",
                address,
                "--nthreads",
                "4",
                "--no-nanny",
                "--no-dashboard",
                "--host",
                "127.0.0.1",
                "--local-directory",
                str(folder / f"worker-{number}"),
            )
            running, _ = stack.enter_context(
                process(*worker, until="Registered to:", log=folder / f"worker-{number}.log", **env)
            )
            processes.append(running)
        yield address, processes


def test_all_are_judged_though_a_worker_dies_and_no_secret_travels(tmp_path: Path) -> None:
    with start(
        Options(tenants=60, scenarios=["healthy=4", "wrong-secret"], latency_ms=30, rate_limit="100000/1")
    ) as server:
        file = tmp_path / "tenants" / "t.yaml"
        file.parent.mkdir()
        write_practice_tenants(file, server.tenants, server.base_url)
        killed: list[int] = []
        with cluster(tmp_path) as (address, processes):

            def kill_one(_: object, done: int, __: int) -> None:
                if done == 10:
                    processes[1].kill()
                    killed.append(processes[1].pid)

            with dask_executor(address) as executor:
                run = run_fleet(file, tmp_path / "runs", executor=executor, progress=kill_one)
            lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if _readable(path)]
    assert killed
    assert {r.verdict for r in run.results} == {"pass", "fail"}
    assert (run.manifest.totals["fail"], len(run.results)) == (12, 60)
    assert all((run.folder / f"{r.tenant}.ipynb").exists() for r in run.results)
    secrets = [
        (file.parent / str(t.client_secret).removeprefix("file:")).read_text().strip()
        for t in load_tenants(file)
    ]
    kept = b"".join(
        path.read_bytes()
        for path in tmp_path.rglob("*")
        if path.is_file() and file.parent not in path.parents
    ) + b"".join(lines)
    assert not [secret for secret in secrets if secret.encode() in kept]
    for pid in killed:
        assert not [
            path
            for path in Path("/proc").glob("[0-9]*/cmdline")
            if _readable(path)
            and f"fork_server.server {pid}".encode() in path.read_bytes().replace(b"\0", b" ")
        ]


def secrets_by_variable(file: Path, server: PracticeServer) -> dict[str, str]:
    """Write a tenants file of references to environment variables; return those."""
    variables = {f"HALO_{t['name'].upper().replace('-', '_')}": t for t in server.tenants}
    rows = [
        {
            "name": entry["name"],
            "base_url": server.base_url,
            "halo_tenant": entry["tenant"],
            "client_id": entry["client_id"],
            "client_secret": f"env:{name}",
        }
        for name, entry in variables.items()
    ]
    file.write_text(json.dumps({"tenants": rows}))
    return {name: entry["client_secret"] for name, entry in variables.items()}


def test_tenants_go_to_the_workers_that_have_their_secrets(tmp_path: Path) -> None:
    """One has none; the file is not read on any of them."""
    with start(Options(tenants=12, rate_limit="100000/1")) as server:
        variables = secrets_by_variable(tmp_path / "t.yaml", server)

        def gone(*_: object) -> None:
            (tmp_path / "t.yaml").unlink(missing_ok=True)

        with (
            cluster(tmp_path, {}, variables) as (address, _),
            dask_executor(address) as executor,
        ):
            run = run_fleet(tmp_path / "t.yaml", tmp_path / "runs", executor=executor, progress=gone)
    assert ({r.verdict for r in run.results}, len(run.results)) == ({"pass"}, 12)
    assert run.manifest.undone == ()


def test_a_scheduler_that_is_killed_ends_the_run_at_once_and_it_is_resumed(tmp_path: Path) -> None:
    with start(Options(tenants=40, rate_limit="100000/1", latency_ms=50)) as server:
        file = tmp_path / "t.yaml"
        write_practice_tenants(file, server.tenants, server.base_url)
        killed: list[float] = []
        with cluster(tmp_path) as (address, processes):

            def kill(_: object, done: int, __: int) -> None:
                if done == 5:
                    processes[0].kill()
                    killed.append(time.monotonic())

            with pytest.raises(Interrupted) as stopped, dask_executor(address) as executor:
                run_fleet(file, tmp_path / "runs", executor=executor, progress=kill)
            took = time.monotonic() - killed[0]
        run = stopped.value.run
        assert "is gone" in stopped.value.lost
        assert {entry.code for entry in run.manifest.undone} == {"run-cancelled"}
        assert len(run.results) + len(run.manifest.undone) == 40
        assert run.manifest.finished_at is None
        assert {r.verdict for r in run.results} == {"pass"}
        assert took < 6, "it waited for a scheduler that is gone"
        again = run_fleet(file, tmp_path / "runs", FleetOptions(resume="latest"))
    assert ({r.verdict for r in again.results}, len(again.results)) == ({"pass"}, 40)


def test_without_a_worker_that_can_be_used_nobody_is_judged(tmp_path: Path) -> None:
    other = tmp_path / "other" / "halo_helpers"
    other.mkdir(parents=True)
    (other / "__init__.py").write_text("")
    with start(Options(tenants=2)) as server:
        file = tmp_path / "t.yaml"
        write_practice_tenants(file, server.tenants, server.base_url)
        without = {"PYTHONPATH": str(other.parent)}
        with (
            cluster(tmp_path, without, without) as (address, _),
            pytest.raises(Interrupted) as stopped,
            dask_executor(address) as executor,
        ):
            run_fleet(file, tmp_path / "runs", executor=executor)
    assert "can be used" in stopped.value.lost
    assert "cannot run halo-runbook" in stopped.value.lost
    assert len(stopped.value.run.manifest.undone) == 2


def _readable(path: Path) -> bool:
    try:
        return bool(path.read_bytes())
    except OSError:
        return False


def test_a_scheduler_that_is_not_there_is_a_sentence() -> None:
    with pytest.raises(ConfigError, match="cannot be used"), dask_executor("tcp://127.0.0.1:1"):
        pass


@pytest.mark.parametrize(
    "address", ["tcp://scheduler.example:8786", "10.0.0.5:8786", "tls://10.0.0.5:8786", "tcp://0.0.0.0:1"]
)
def test_a_way_that_is_open_to_others_needs_a_word(address: str) -> None:
    with pytest.raises(ConfigError, match="--dask-trust-network"), dask_executor(address):
        pass


def test_with_the_word_or_an_authority_the_way_is_tried(tmp_path: Path) -> None:
    """What refuses then is the address, where nobody listens, or the authority, which is no file."""
    with pytest.raises(ConfigError, match="cannot be used"):
        _refused_after_trying("tcp://0.0.0.0:1", trust_network=True)
    with pytest.raises(ConfigError, match="cannot be used"):
        _refused_after_trying("tls://10.255.255.1:1", ca_file=str(tmp_path / "none.pem"))


def _refused_after_trying(address: str, **options: object) -> None:
    with dask_executor(address, **options):  # type: ignore[arg-type]
        pass
