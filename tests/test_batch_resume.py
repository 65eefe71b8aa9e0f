"""A run that was stopped, killed or full: nothing is lost, nothing runs twice."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from halo_helpers.batch.fleet import FleetOptions, run_fleet
from halo_helpers.batch.run_folder import locked_run
from halo_helpers.errors import ConfigError
from halo_helpers.practice.control import ask, start
from halo_helpers.practice.serve import Options
from halo_helpers.report import load_run
from halo_helpers.tenants.practice import write_practice_tenants

from .helpers.practice import Practice
from .helpers.processes import _command_lines


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
    assert "stopping when what is under way is done; again to stop it now" in said
    (folder,) = [path for path in (tmp_path / "runs").iterdir() if path.is_dir()]
    assert 1 <= len(load_run(folder).results) < 5
    assert "not verified" in (folder / "report.html").read_text()


def test_two_do_not_write_one_run(practice: Practice, tmp_path: Path) -> None:
    file = practice.write(tmp_path / "t.yaml", "healthy")
    run = run_fleet(file, tmp_path / "runs")
    with locked_run(run.folder), pytest.raises(ConfigError, match=f"process {os.getpid()}"):
        run_fleet(file, tmp_path / "runs", FleetOptions(resume=run.id))


def killed_after(lines: int, *command: str) -> None:
    """Run a command, and kill it after so many lines of its progress."""
    process = subprocess.Popen(
        [sys.executable, "-m", "halo_helpers", *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    for _ in range(lines):
        process.stderr.readline()
    process.kill()
    process.wait()
    process.stderr.close()


def test_killed_again_and_again_at_any_moment(tmp_path: Path) -> None:
    """Twenty times kill -9 in a run of two hundred tenants: whole results, none run twice, nothing left."""
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
            killed_after(chance.randrange(1, 9), "batch", str(file), "--out", str(out), *resume)
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
    assert re.search(r"cannot be written: .*; make room, then go on with --resume \S+", done.stderr)
    run = run_fleet(
        file,
        tmp_path / "runs",
        FleetOptions(resume=next(p.name for p in (tmp_path / "runs").iterdir() if p.is_dir())),
    )
    assert len(run.results) == 3
