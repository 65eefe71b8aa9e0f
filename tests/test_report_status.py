"""How old the newest run is, and how it came out."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from halo_helpers.batch.fleet import run_fleet
from halo_helpers.report.run import newest_run, parse_age, status_of

from .helpers.practice import Practice


def test_status_of_runs(practice: Practice, tmp_path: Path) -> None:
    file = practice.write(tmp_path / "t.yaml", "wrong-secret")
    run_fleet(file, tmp_path / "runs")
    newest = newest_run(tmp_path / "runs")
    now = dt.datetime.now(dt.UTC)
    assert (
        status_of(newest, parse_age("1h"), now)["exit_code"],
        status_of(newest, parse_age("1h"), now)["too_old"],
    ) == (1, False)
    assert status_of(newest, parse_age("26h"), now + dt.timedelta(days=2))["too_old"]
    assert status_of(None, parse_age("1d"))["exit_code"] == 3
