"""Removes what is kept of a tenant on this machine."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

from ..errors import ConfigError, Mistake
from ..report import is_practice_run, load_run, totals, worst
from ..report.run import LATEST, is_under_way
from ..secrets.places import in_words, places_of, remove
from ..system.files import write_whole
from ..system.paths import data_folder, setups_folder
from ..system.plain_text import count_of
from ..tenants.answers import walks_folder
from .history.database import FILE
from .history.outcomes import Outcomes
from .run_folder import INDEX, PUBLISHED, STARTING, write_index, write_manifest, write_summaries

_LEFTOVERS = (FILE, INDEX, LATEST, STARTING)


def what_is_kept(name: str | None, runs: Path) -> list[str]:
    """Say what is kept of a tenant, or of all that are known here: a line each."""
    walks = [walks_folder() / name] if name else [walks_folder()]
    lines = [f"working copies, answers and progress: {path}" for path in walks if path.exists()]
    records = _setup_records(name)
    if records:
        lines.append(f"{count_of(len(records), 'record')} of setup: {records[0].parent}")
    for tenant in [name] if name else _names(runs):
        places = places_of(tenant)
        lines += [f"secret of {tenant}: {in_words(places)}"] if places else []
    found = _run_files(name, runs)
    if found:
        lines.append(
            f"results in {count_of(len({path.parent for path in found}), 'run')} below {runs}: {len(found)} "
            "files, and the history"
        )
    lines += [f"a damaged history, which may name anybody: {path}" for path in _damaged(runs)]
    return lines


def _setup_records(name: str | None) -> list[Path]:
    """Return the records of a tenant's setups, of all without a name."""
    found = sorted(setups_folder().glob("*.json"))
    moment = re.compile(rf"{re.escape(name or '')}-\d{{8}}T[\d.]*Z(-\d+)?")
    return [path for path in found if name is None or moment.fullmatch(path.stem)]


def _damaged(runs: Path) -> list[Path]:
    return sorted(runs.glob("history.damaged-*.sqlite"))


def forget(name: str | None, runs: Path) -> None:
    """Remove it.

    Raises: ConfigError when something cannot be removed.
    """
    try:
        if name:
            shutil.rmtree(walks_folder() / name, ignore_errors=True)
            remove(name)
            for path in _setup_records(name):
                path.unlink(missing_ok=True)
            for path in _run_files(name, runs):
                path.unlink(missing_ok=True)
            if (runs / FILE).exists():
                Outcomes(runs).forget_tenant(name)
            for damaged in _damaged(runs):  # nobody can take one tenant out of it
                damaged.unlink(missing_ok=True)
            for manifest in runs.glob("*/run.json"):
                if is_under_way(manifest.parent):
                    raise ConfigError(
                        Mistake("is being written now; forget again when it has ended", str(manifest.parent))
                    )
                _run_without(manifest.parent, name)
            if (runs / INDEX).exists():
                write_index(runs)
            return
        for tenant in _names(runs):
            remove(tenant)
        shutil.rmtree(walks_folder(), ignore_errors=True)
        shutil.rmtree(setups_folder(), ignore_errors=True)
        shutil.rmtree(data_folder() / "secrets", ignore_errors=True)
        for run in {path.parent for path in _run_files(None, runs)}:
            shutil.rmtree(run)
        for leftover in (*(runs / name for name in _LEFTOVERS), *_damaged(runs)):
            leftover.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(Mistake(f"cannot be removed: {error.strerror}", str(error.filename))) from None


def _names(runs: Path) -> list[str]:
    """Return the tenants of which something may be kept: those with a walk, a private file, or a result."""
    names = {path.name for path in walks_folder().glob("*") if path.is_dir()}
    names |= {path.stem for path in (data_folder() / "secrets").glob("*.secret")}
    names |= {path.stem for path in _run_files(None, runs)} - {"run"}
    return sorted(names | (Outcomes(runs).tenants() if (runs / FILE).exists() else set()))


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


def _run_without(folder: Path, name: str) -> None:
    """Take a tenant out of a run's manifest and log, and make its summaries again where there are some."""
    run = load_run(folder)
    of_tenant = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")
    manifest = run.manifest.without(name, lambda line: of_tenant.search(line) is not None)
    for mark in folder.glob(f"{PUBLISHED}*"):
        mark.unlink(missing_ok=True)  # what is there has the tenant still
    summed_up = (folder / "report.html").exists()
    if summed_up:
        trend = Outcomes(folder.parent).trend(practice=is_practice_run(run.results))
        manifest = replace(
            manifest.judged(worst(run.results), totals(run.results), manifest.undone), trend=tuple(trend)
        )
    write_manifest(folder, manifest)
    if summed_up:
        write_summaries(replace(run, manifest=manifest))
    log = folder / "run.log"
    if log.exists():
        lines = log.read_text(encoding="utf-8").splitlines(keepends=True)
        write_whole(log, "".join(line for line in lines if f" {name}: " not in line))
