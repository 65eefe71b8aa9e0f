"""What becomes of a run with its number of tenants: time, memory and sizes of all that is made of results.

    python -m tests.benchmarks.scale [--tenants N,N,…] [--nights N]

A practice tenant of each of a few scenarios is verified; its result stands for many under other names, nine
in ten of them healthy. A second night follows in which a few came out otherwise, then nights for the history
alone.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from halo_helpers.batch.fleet import run_fleet
from halo_helpers.batch.history.outcomes import Outcomes
from halo_helpers.batch.history.run_list import RunList
from halo_helpers.batch.run_folder import write_index, write_manifest
from halo_helpers.practice.control import start
from halo_helpers.practice.serve import Options
from halo_helpers.report import Run, compare, load_run, to_csv, to_html, to_junit, totals, worst
from halo_helpers.report.manifest import Entry
from halo_helpers.report.over_time.status import parse_age, status_of
from halo_helpers.report.support_bundle import make_bundle
from halo_helpers.system.timestamps import utc_text
from halo_helpers.tenants.practice import write_practice_tenants
from halo_helpers.verification.result import Verification


def main() -> None:
    """Measure each number of tenants in turn."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tenants", default="5000,20000")
    parser.add_argument("--nights", type=int, default=365)
    options = parser.parse_args()
    print(f"{'what':34} {'seconds':>9} {'MB on disk':>11} {'peak MB':>9}")
    with tempfile.TemporaryDirectory() as folder:
        models = one_of_each(Path(folder))
        for number in map(int, options.tenants.split(",")):
            print(f"--- {number} tenants")
            measure(Path(folder) / str(number), models, number, options.nights)


SCENARIOS = ("healthy", "wrong-secret", "app-inactive", "scope-none", "login-type-user", "connection-cut")


def one_of_each(folder: Path) -> Run:
    """Verify a practice tenant of each scenario."""
    with start(Options(scenarios=SCENARIOS, rate_limit="1000000/1")) as server:
        write_practice_tenants(folder / "models.yaml", server.tenants, server.base_url)
        return run_fleet(folder / "models.yaml", folder / "models")


def measure(out: Path, models: Run, number: int, nights: int) -> None:
    """Make two nights of so many tenants, and print what each thing made of them takes."""
    out.mkdir()
    first = _said("write the results", lambda: _night(out, models, number, 0), out)
    second = _night(out, models, number, 1)
    for run in (first, second):
        _said("  read them", lambda run=run: load_run(run.folder))
        _said("  into the history", lambda run=run: _note(run), out / "history.sqlite")
    for name, make in {
        "report.html": lambda: to_html(second.results, second.manifest, evidence=True),
        "junit.xml": lambda: to_junit(second.results),
        "summary.csv": lambda: to_csv(second.results),
    }.items():
        _said(
            f"  {name}",
            lambda name=name, make=make: _write(second.folder / name, make()),
            second.folder / name,
        )
    _said("  index.html", lambda: write_index(out), out / "index.html")
    _said("  diff", lambda: compare(first, second))
    _said("  status", lambda: status_of(out, parse_age("9999d")))
    _said("  bundle", lambda: make_bundle(second.id, out / "bundle.zip", out), out / "bundle.zip")
    _said(f"  {nights} nights of history", lambda: _nights(second, nights), out / "history.sqlite")
    _said("  since when each is broken", lambda: Outcomes(out).broken_since([], practice=True))


def _said(what: str, work: Callable[[], Any], file: Path | None = None) -> Any:
    """Do something, and print how long it took, how large its file is and the most memory so far."""
    started = time.process_time()
    found = work()
    took = time.process_time() - started
    files = [file] if file and file.is_file() else list(file.rglob("*.json")) if file else []
    size = f"{sum(one.stat().st_size for one in files) / 1e6:.1f}" if files else ""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{what:34} {took:9.2f} {size:>11} {peak:9.0f}", flush=True)
    return found


def _results(models: Run, number: int, night: int, at: dt.datetime) -> list[Verification]:
    """Return a result for each tenant; in each night one in a hundred comes out otherwise than before."""
    healthy = next(one for one in models.results if one.verdict == "pass")
    broken = [one for one in models.results if one.verdict != "pass"]
    return [
        replace(
            broken[n % len(broken)]
            if (n + night) % 10 == 0 and (n // 10 % 10 == 0 or not night % 10)
            else healthy,
            tenant=f"tenant-{n:05}",
            label=f"Customer {n} Ltd",
            owner=f"team-{n % 7}",
            base_url=f"https://customer-{n}.halopsa.com",
            started_at=at,
        )
        for n in range(number)
    ]


def _night(out: Path, models: Run, number: int, night: int) -> Run:
    at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(days=night)
    folder = out / f"{at:%Y%m%dT%H%M%SZ}-0000"
    folder.mkdir()
    results = _results(models, number, night, at)
    for result in results:
        _write(folder / f"{result.tenant}.json", json.dumps(result.as_json(), ensure_ascii=False) + "\n")
    manifest = replace(
        models.manifest,
        id=folder.name,
        started_at=utc_text(at),
        finished_at=utc_text(at),
        tenants=tuple(Entry(one.tenant, one.base_url, one.label, one.owner) for one in results),
    ).judged(worst(results), totals(results), ())
    write_manifest(folder, manifest)
    return Run(folder, manifest, results)


def _note(run: Run) -> None:
    out = run.folder.parent
    Outcomes(out).add(run.id, run.results, whole=True, file=run.manifest.tenants_file)
    RunList(out).note_run(run.manifest, practice=True)


def _nights(run: Run, nights: int) -> None:
    """Let nights follow, in each of which one tenant in a hundred changes."""
    history, size = Outcomes(run.folder.parent), len(run.results)
    kinds = {one.verdict: one for one in run.results}
    models = replace(run, results=list(kinds.values()))
    for night in range(2, nights):
        at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(days=night)
        results = _results(models, size, night, at)
        history.add(f"{at:%Y%m%dT%H%M%SZ}-0000", results, whole=True, file=run.manifest.tenants_file)


def _write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
