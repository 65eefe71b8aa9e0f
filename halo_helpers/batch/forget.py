"""Removes what is kept of a tenant on this machine (floor 6)."""

from __future__ import annotations

import shutil
from pathlib import Path

from ..errors import ConfigError, Mistake
from ..folders import data_folder
from ..stores import private_file, remove
from ..walks import walks_folder
from .history import History


def what_is_kept(name: str | None, runs: Path) -> list[str]:
    """Say what is kept of a tenant, or of all: a line each."""
    walks = [walks_folder() / name] if name else [walks_folder()]
    files = [private_file(name)] if name else [data_folder() / "secrets"]
    lines = [f"working copies, answers and progress: {path}" for path in walks if path.exists()]
    lines += [f"stored secret: {path}" for path in files if path.exists()]
    found = _run_files(name, runs)
    if found:
        lines.append(
            f"results in {len({path.parent for path in found})} runs below {runs}: {len(found)} files, and the history"
        )
    return lines


def forget(name: str | None, runs: Path) -> None:
    """Remove it.

    Raises: ConfigError when something cannot be removed.
    """
    try:
        if name:
            shutil.rmtree(walks_folder() / name, ignore_errors=True)
            remove(name)
            for path in _run_files(name, runs):
                path.unlink(missing_ok=True)
            if (runs / "history.sqlite").exists():
                History(runs).forget_tenant(name)
            for page in runs.glob("*/report.html"):
                _report_anew(page.parent)
            return
        for walk in walks_folder().iterdir() if walks_folder().exists() else ():
            remove(walk.name)
        shutil.rmtree(walks_folder(), ignore_errors=True)
        shutil.rmtree(data_folder() / "secrets", ignore_errors=True)
        for run in {path.parent for path in _run_files(None, runs)}:
            shutil.rmtree(run)
        for leftover in ("history.sqlite", "latest"):
            (runs / leftover).unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(Mistake(f"cannot be removed: {error.strerror}", str(error.filename))) from None


def _run_files(name: str | None, runs: Path) -> list[Path]:
    pattern = f"*/{name}" if name else "*/*"
    kinds = (".json", ".ipynb")
    return (
        [
            path
            for kind in kinds
            for path in sorted(runs.glob(f"{pattern}{kind}"))
            if (path.parent / "run.json").exists()
        ]
        if runs.exists()
        else []
    )


def _report_anew(folder: Path) -> None:
    """Make a run's summaries again without the tenant, whose entry leaves the manifest, too."""
    import json

    from ..folders import write_whole
    from ..report import load_run, to_csv, to_html, to_junit, totals

    run = load_run(folder)
    judged = {result.tenant for result in run.results}
    manifest = run.manifest
    gone = {entry["name"] for entry in manifest["tenants"]} - judged
    manifest["tenants"] = [entry for entry in manifest["tenants"] if entry["name"] in judged]
    manifest["totals"] = totals(run.results)
    manifest["since"] = {
        tenant: at for tenant, at in (manifest.get("since") or {}).items() if tenant not in gone
    }
    if manifest.get("changes"):
        manifest["changes"] = {
            kind: [row for row in rows if row["tenant"] not in gone]
            for kind, rows in manifest["changes"].items()
        }
    write_whole(folder / "run.json", json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")
    write_whole(folder / "report.html", to_html(run.results, manifest, evidence=True))
    write_whole(folder / "junit.xml", to_junit(run.results))
    write_whole(folder / "summary.csv", "\ufeff" + to_csv(run.results))
    log = folder / "run.log"
    if log.exists():
        lines = [
            line
            for line in log.read_text(encoding="utf-8").splitlines(keepends=True)
            if not any(f" {name}: " in line for name in gone)
        ]
        write_whole(log, "".join(lines))
