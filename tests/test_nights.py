"""The README's cron lines, run as printed for five nights: what is mailed, and with which exit code."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from halo_helpers.practice.control import ask, start
from halo_helpers.practice.serve import Options
from halo_helpers.tenants.practice import write_practice_tenants

README = Path(__file__).parents[1] / "README.md"
NIGHTS = ["healthy", "wrong-secret", "agent-mismatch"]


def cron_lines(folder: Path) -> list[str]:
    """Give the commands of the two lines, with a folder of ours in the place of theirs."""
    block = re.search(r"```\n(15 5 .*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert block
    lines = [re.sub(r"^\S+ +\S+ +\S+ +\S+ +\S+ +", "", line) for line in block[1].splitlines()]
    return [line.replace("/srv/halo", str(folder)) for line in lines]


def run(command: str, **more: str) -> tuple[int, str]:
    """Run a line as cron does; give its exit code, and what cron mails."""
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env=os.environ | more,
        timeout=120,
    )
    return done.returncode, done.stdout


def a_day_passes(runs: Path) -> None:
    """Let every run be a day older."""
    for file in runs.glob("*/run.json"):
        value = json.loads(file.read_text())
        at = dt.datetime.fromisoformat(value["started_at"]) - dt.timedelta(days=1)
        value["started_at"] = at.isoformat().replace("+00:00", "Z")
        file.write_text(json.dumps(value))


@pytest.mark.skipif(sys.platform == "win32", reason="cron")
def test_five_nights(tmp_path: Path) -> None:
    folder = tmp_path / "halo"
    (folder / ".venv").mkdir(parents=True)
    (folder / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    (folder / "secrets.env").write_text("HALO_NIGHTS=1\n")
    verify, morning = cron_lines(folder)
    with start(Options(scenarios=NIGHTS, rate_limit="100000/1", latency_ms=150)) as server:
        write_practice_tenants(folder / "tenants.yaml", server.tenants, server.base_url)
        # the first night: one is broken, which is told
        code, mail = run(verify)
        assert code == 1
        assert "wrong-secret (scenario wrong-secret): invalid-client" in mail
        assert run(morning) == (0, "")
        # the second: nothing changed, nothing is mailed
        a_day_passes(folder / "runs")
        assert run(verify) == (1, "")
        assert run(morning) == (0, "")
        # the third: the scheduler is dead, and the morning tells
        for _ in range(2):
            a_day_passes(folder / "runs")
        code, mail = run(morning)
        assert (code, "too old" in mail) == (3, True)
        # the fourth: the machine goes down in the middle
        words = ("batch", "tenants.yaml", "--out", "runs", "--workers", "1")
        process = subprocess.Popen(
            [sys.executable, "-m", "halo_helpers", *words],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr
        process.stderr.readline()
        # in the same night somebody starts it once more
        code, mail = run(verify)
        assert (code, mail.count("\n"), "verifies this tenants file now" in mail) == (3, 1, True)
        process.kill()
        process.wait()
        process.stderr.close()
        code, mail = run(morning)
        assert (code, "was interrupted: go on with --resume" in mail) == (3, True)
        # the fifth: another one broke, and only that is told
        a_day_passes(folder / "runs")
        ask(server.base_url, "tenants/healthy/scenario", "POST", name="app-inactive")
        code, mail = run(verify)
        assert code == 1
        assert "new: healthy (invalid-client)" in mail
        assert "Still broken" not in mail
        assert run(morning) == (0, "")
