"""Papermill runs with real kernels: evidence, truth in the notebook, nothing lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from halo_helpers.batch.choose import preflight
from halo_helpers.batch.fleet import FleetOptions, run_fleet
from halo_helpers.errors import ConfigError

from .helpers.practice import Practice


def test_a_fleet_leaves_evidence_and_a_report(practice: Practice, tmp_path: Path) -> None:
    file = practice.write(tmp_path / "t.yaml", "healthy", "wrong-secret", "rate-limited")
    told: list[str] = []
    run = run_fleet(
        file,
        tmp_path / "runs",
        FleetOptions(backoff_s=0.1),
        progress=lambda r, done, total: told.append(f"{r.tenant} {done}/{total}"),
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


def test_preflight_refuses_what_the_run_would(practice: Practice, tmp_path: Path) -> None:
    file = practice.write(tmp_path / "t.yaml", "healthy")
    (tmp_path / "own.secret").write_text("of-acme")
    (tmp_path / "own.secret").chmod(0o600)
    acme = "name: acme, base_url: acme.halopsa.com, client_id: 1b6c, client_secret: 'file:own.secret'"
    file.write_text(file.read_text().replace("tenants:\n", f"tenants:\n- {{{acme}}}\n"))
    (problem,) = preflight(file)
    assert "not verified in one run" in problem


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
