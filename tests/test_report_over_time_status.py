"""How old the newest whole run is, and what stands in its way."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from halo_helpers.batch.fleet import FleetOptions, run_fleet
from halo_helpers.batch.run_folder import locked_run
from halo_helpers.errors import ConfigError
from halo_helpers.report.manifest import Entry, Manifest
from halo_helpers.report.over_time.status import parse_age, status_of

from .helpers.command import document, halo
from .helpers.practice import Practice

NOW = dt.datetime(2026, 6, 1, 9, tzinfo=dt.UTC)
DAY = parse_age("26h")


def write(folder: Path, hours: float, verdict: str = "pass", **changes: Any) -> Path:
    """Write the manifest of a run that was started so many hours ago."""
    at = (NOW - dt.timedelta(hours=hours)).isoformat()
    name = f"{100_000 - hours * 10:08.0f}"
    given: dict[str, Any] = {
        "finished_at": at,
        "verdict": verdict,
        "parameters": {"only": []},
        "tenants": (Entry("acme"),),
    }
    given |= changes
    manifest = Manifest(
        name,
        "1",
        "e",
        "3.11",
        "t.yaml",
        started_at=at,
        totals={"tenants": 1},
        **given,
    )
    (folder / name).mkdir(parents=True)
    (folder / name / "run.json").write_text(json.dumps(manifest.as_json()))
    return folder / name


def asked(folder: Path, **options: bool) -> tuple[int, str]:
    found = status_of(folder, DAY, now=NOW, **options)
    flags = [name for name in ("too_old", "under_way", "interrupted", "in_future") if found[name]]
    return found["exit_code"], " ".join(flags)


def test_a_fresh_whole_run_is_fine_whatever_it_found(tmp_path: Path) -> None:
    for verdict in ("pass", "warn", "error", "fail"):
        write(tmp_path / verdict, 5, verdict)
        assert asked(tmp_path / verdict) == (0, "")
        assert asked(tmp_path / verdict, broken=True) == (int(verdict == "fail"), "")


def test_practice_stands_for_nobody_where_customers_were_verified(tmp_path: Path) -> None:
    practice = (Entry("healthy", "http://127.0.0.1:8080"),)
    write(tmp_path, 1, tenants=practice)
    assert asked(tmp_path) == (0, "")
    write(tmp_path, 30, tenants=(Entry("acme", "https://acme.halopsa.com"),))
    assert asked(tmp_path) == (3, "too_old")


def test_none_and_too_old_ones(tmp_path: Path) -> None:
    assert asked(tmp_path) == (3, "too_old")
    write(tmp_path, 27, "fail")
    assert asked(tmp_path) == asked(tmp_path, broken=True) == (3, "too_old")


@pytest.mark.parametrize("partial", [{"only": ["acme"]}, {"failed_of": "latest"}])
def test_a_run_of_some_tenants_never_stands_for_the_nights(tmp_path: Path, partial: dict[str, Any]) -> None:
    write(tmp_path, 30)
    write(tmp_path, 1, parameters=partial)
    assert asked(tmp_path) == (3, "too_old")


def test_under_way_and_interrupted_are_told_apart(tmp_path: Path) -> None:
    write(tmp_path, 25)
    begun = write(tmp_path, 1, finished_at=None, verdict=None)
    assert asked(tmp_path) == (0, "interrupted")
    with locked_run(begun):
        assert asked(tmp_path) == (0, "under_way")
        assert "is under way" in status_of(tmp_path, DAY, now=NOW)["words"]
    assert f"--resume {begun.name}" in status_of(tmp_path, DAY, now=NOW)["words"]


def test_a_first_run_that_is_under_way_is_not_fresh_yet(tmp_path: Path) -> None:
    with locked_run(write(tmp_path, 1, finished_at=None, verdict=None)):
        assert asked(tmp_path) == (3, "too_old under_way")


def test_a_run_of_the_future_is_not_believed(tmp_path: Path) -> None:
    write(tmp_path, 30)
    write(tmp_path, -3)
    assert asked(tmp_path) == (3, "too_old in_future")
    write(tmp_path, -0.01)  # clocks may differ by some minutes
    assert asked(tmp_path) == (0, "in_future")


def test_what_is_no_run_is_passed_over(tmp_path: Path) -> None:
    write(tmp_path, 1)
    (tmp_path / "99999999").mkdir()
    (tmp_path / "99999999" / "run.json").write_text("{}")
    assert asked(tmp_path) == (0, "")


@pytest.mark.parametrize("text", ["26", "h", "", "1w", "-1h", "1.5h", "1e9h", "9999999h"])
def test_an_age_that_is_none_is_a_sentence(text: str) -> None:
    with pytest.raises(ConfigError, match="--max-age takes"):
        parse_age(text)


def test_the_command(practice: Practice, tmp_path: Path) -> None:
    file = practice.write(tmp_path / "t.yaml", "wrong-secret", "healthy")
    runs = tmp_path / "runs"
    assert halo("status", runs).returncode == 3
    run_fleet(file, runs, FleetOptions(only=["healthy"]))
    assert halo("status", runs).returncode == 3
    run = run_fleet(file, runs)
    done = halo("status", runs, "--json")
    assert (done.returncode, document(done)["run"]) == (0, run.id)
    done = halo("status", runs, "--broken")
    assert (done.returncode, "1 broken" in done.stdout) == (1, True)
