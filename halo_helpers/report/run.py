"""A run on disk, read back; totals, exit codes and what changed between two runs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..checks import DIAGNOSES
from ..checks.findings import BROKEN, WORST_FIRST
from ..errors import ConfigError, Mistake, unreadable
from ..system.files import is_held, read_regular
from ..system.plain_text import count_of
from ..verification.result import Verification
from .manifest import Changes, Manifest, Undone
from .over_time.drift import between

DIFF_SCHEMA = "halo-runbook/diff/1"
LATEST = "latest"
LOCK = "run.lock"
"""The file in a run's folder that is held by the process that writes it."""
Broken = set[tuple[str, str, str]]
"""What is broken, as (tenant, check, code)."""


@dataclass(frozen=True)
class Run:
    """One fleet run: its folder, its manifest, and the tenants that are done, in the manifest's order."""

    folder: Path
    manifest: Manifest
    results: list[Verification]

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def outcomes(self) -> list[Verification | Undone]:
        """Who was judged, and who could not be."""
        return [*self.results, *self.manifest.undone]


def totals(results: Iterable[Verification]) -> dict[str, int]:
    """Count tenants by verdict."""
    counts = {"pass": 0, "warn": 0, "fail": 0, "error": 0}
    for result in results:
        counts[result.verdict] += 1
    return {"tenants": sum(counts.values()), **counts}


def is_under_way(folder: Path) -> bool:
    """Whether a process writes this run now: a lock that nobody holds is of one that was killed."""
    return is_held(folder / LOCK)


def is_practice_run(results: Sequence[Verification]) -> bool:
    """Whether a run is one of practice tenants: each of them is, so that one that lies moves none."""
    return bool(results) and all(result.practice for result in results)


def worst(results: Iterable[Verification]) -> str | None:
    """Return the verdict that stands for a run, None when nobody was judged."""
    found = {result.verdict for result in results}
    return next((verdict for verdict in WORST_FIRST if verdict in found), None)


def exit_code(outcomes: Iterable[Verification | Undone]) -> int:
    """Return the exit code of a run (design, section 5).

    0 all pass or warn, 1 some fail, 3 some could not be checked or were not verified, and none failed.
    """
    verdicts = {outcome.verdict for outcome in outcomes}
    return 1 if "fail" in verdicts else 3 if "error" in verdicts else 0


def find_run(text: str, root: Path | None = None) -> Path:
    """Return the folder of a run named by its path, its folder's name below `root`, or `latest`.

    Raises: ConfigError when there is none.
    """
    given = Path(text).expanduser()
    root = root or Path("runs")
    for candidate in (given, root / text):
        if (candidate / "run.json").is_file():
            return candidate
        latest = candidate if candidate.name == LATEST and candidate.is_file() else candidate / LATEST
        if latest.is_file():
            named = latest.parent / Path(latest.read_text(encoding="utf-8", errors="replace").strip()).name
            if (named / "run.json").is_file():
                return named
    raise ConfigError(
        f"no run is found for {text!r}: give a run's folder, a folder of runs, or its name with --dir"
    )


def load_run(folder: Path) -> Run:
    """Read a run's folder; tenants that are not done are left out.

    Raises: ConfigError when `run.json` or a result cannot be read.
    """
    manifest = read_manifest(folder / "run.json")
    results = []
    for name in manifest.names:
        file = folder / f"{name}.json"
        if not file.is_file():
            continue
        try:
            results.append(Verification.from_json(json.loads(read_regular(file))))
        except (OSError, ValueError, RecursionError) as error:
            raise unreadable(error, file) from None
    return Run(folder, manifest, results)


def read_manifest(file: Path) -> Manifest:
    """Read `run.json`.

    Raises: ConfigError when the file is no run's.
    """
    try:
        return Manifest.from_json(json.loads(read_regular(file)))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ConfigError(Mistake(f"is no run: {error}", str(file))) from None


def compare(before: Run, after: Run) -> dict[str, Any]:
    """Say what is new, fixed and still failing, by (tenant, check, code).

    `gone`: the tenant is not in the later run.

    Shape: `halo-runbook/diff/1` (design, section 11).
    """
    old, new = ({entry for result in run.results for entry in result.broken} for run in (before, after))
    changes = differences(old, new, {result.tenant for result in after.results}, asked_of(after.results))
    return {"schema": DIFF_SCHEMA, **changes, "drift": between(before.results, after.results)}


def asked_of(results: Iterable[Verification]) -> set[tuple[str, str]]:
    """Return the (tenant, check) that were answered: neither skipped nor impossible to ask."""
    return {
        (result.tenant, check.id)
        for result in results
        for check in result.checks
        if check.verdict not in {"skip", "error"}
    }


def differences(old: Broken, new: Broken, present: set[str], asked: set[tuple[str, str]]) -> Changes:
    """Sort what was and is broken into new, fixed, still and gone; `present` are the tenants judged later.

    What could not be `asked` later is broken still, in a tenant in which something else is broken; a failure
    to ask is fixed once that is over.
    """
    over = {entry for entry in old - new if entry[0] in present}
    broken = {tenant for tenant, _, _ in new}
    hidden = {
        (tenant, check, code)
        for tenant, check, code in over
        if tenant in broken and (tenant, check) not in asked and code not in _OF_ERRORS
    }
    lists = {
        "new": sorted(new - old),
        "fixed": sorted(over - hidden),
        "still": sorted((new & old) | hidden),
        "gone": sorted(entry for entry in old - new if entry[0] not in present),
    }
    return {name: [{"tenant": t, "check": c, "code": k} for t, c, k in rows] for name, rows in lists.items()}


_OF_ERRORS = frozenset(code for code, known in DIAGNOSES.items() if known.verdict == "error")
"""Codes of what could not be asked."""

_ON_THE_WAY = frozenset(
    {
        "dns-failed",
        "connect-refused",
        "connect-timeout",
        "connection-reset",
        "read-timeout",
        "proxy-failed",
        "proxy-required",
        "tls-untrusted",
    }
)


def whose_network(results: Sequence[Verification]) -> bool:
    """Whether everything failed on the way out of our own network: several tenants, none reached."""
    reasons = [{f.code for _, f in r.findings if f.verdict in BROKEN} for r in results]
    return (
        len(reasons) > 1
        and all(reason and reason <= _ON_THE_WAY for reason in reasons)
        and len({r.base_url for r in results}) > 1
    )


def headline(manifest: Manifest) -> str:
    """Say in one paragraph how a run came out and what changed since the one before."""
    counts = manifest.totals or {}
    words = {"fail": "broken", "error": "could not be checked", "warn": "worth a look", "pass": "OK"}
    said = [f"{counts[verdict]} {word}" for verdict, word in words.items() if counts.get(verdict)]
    lines = [f"{count_of(counts.get('tenants', 0), 'tenant')}: {', '.join(said) or 'none judged'}."]
    if manifest.undone:
        lines.append(f"{len(manifest.undone)} not verified: go on with --resume {manifest.id}.")
    if manifest.network:
        worked = counts.get("pass") or counts.get("warn")
        what = "From some moment on, everything" if worked else "Everything"
        lines.append(f"{what} failed on the way out: look at this machine's own network first.")
    if manifest.changes is not None:
        lines.append(f"Since {manifest.compared_with}: {_changes(manifest.changes)}.")
    if manifest.drift:
        fields = ", ".join(sorted({row["field"] for row in manifest.drift})[:4])
        lines.append(f"Changed set-up: {_names({row['tenant'] for row in manifest.drift})} ({fields}).")
    return " ".join(lines)


def _changes(changes: Changes) -> str:
    """Name what is new and fixed; "nothing changed" otherwise."""
    parts = []
    for kind in ("new", "fixed"):
        tenants = sorted({entry["tenant"] for entry in changes[kind]})
        if tenants:
            codes = ", ".join(sorted({entry["code"] for entry in changes[kind]})[:4])
            parts.append(f"{kind}: {_names(tenants)} ({codes})")
    return "; ".join(parts) or "nothing changed"


def _names(tenants: Iterable[str]) -> str:
    names = sorted(tenants)
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def has_changed(manifest: Manifest) -> bool:
    """Whether anything broke, was mended or was set up otherwise since the run before, or was not verified.

    A first run counts when something is broken.
    """
    if manifest.undone or manifest.drift:
        return True
    if manifest.changes is None:
        return manifest.verdict in BROKEN
    return bool(manifest.changes["new"] or manifest.changes["fixed"])
