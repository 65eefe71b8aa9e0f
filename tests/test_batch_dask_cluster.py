"""A real Dask scheduler with worker processes, one of which is killed in the middle."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from halo_helpers.batch.dask_cluster import dask_executor
from halo_helpers.batch.fleet import run_fleet
from halo_helpers.errors import ConfigError
from halo_helpers.practice.control import start
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
def cluster(folder: Path, **env: str) -> Iterator[tuple[str, list[subprocess.Popen[str]]]]:
    with ExitStack() as stack:
        scheduler = ("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        _, line = stack.enter_context(
            process(*scheduler, until="Scheduler at:", log=folder / "scheduler.log")
        )
        address = line.split()[-1]
        workers = []
        for number in (1, 2):
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
            workers.append(running)
        yield address, workers


def test_all_are_judged_though_a_worker_dies_and_no_secret_travels(tmp_path: Path) -> None:
    with start(
        Options(tenants=60, scenarios=["healthy=4", "wrong-secret"], latency_ms=30, rate_limit="100000/1")
    ) as server:
        file = tmp_path / "tenants" / "t.yaml"
        file.parent.mkdir()
        write_practice_tenants(file, server.tenants, server.base_url)
        killed: list[int] = []
        with cluster(tmp_path) as (address, workers):

            def kill_one(_: object, done: int, __: int) -> None:
                if done == 10:
                    workers[0].kill()
                    killed.append(workers[0].pid)

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
