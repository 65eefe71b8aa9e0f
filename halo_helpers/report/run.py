"""A run on disk, read back; totals, exit codes and what changed between two runs."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..checks.findings import BROKEN, WORST_FIRST
from ..errors import ConfigError, Mistake, unreadable
from ..verification.result import Verification
from .manifest import Changes, Manifest

DIFF_SCHEMA = "halo-runbook/diff/1"
STATUS_SCHEMA = "halo-runbook/status/1"
LATEST = "latest"
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


def totals(results: Iterable[Verification]) -> dict[str, int]:
    """Count tenants by verdict."""
    counts = {"pass": 0, "warn": 0, "fail": 0, "error": 0}
    for result in results:
        counts[result.verdict] += 1
    return {"tenants": sum(counts.values()), **counts}


def is_practice_run(results: Sequence[Verification]) -> bool:
    """Whether a run is one of practice tenants: each of them is, so that one that lies moves none."""
    return bool(results) and all(result.practice for result in results)


def worst(results: Iterable[Verification]) -> str | None:
    """Return the verdict that stands for a run, None when nobody was judged."""
    found = {result.verdict for result in results}
    return next((verdict for verdict in WORST_FIRST if verdict in found), None)


def exit_code(results: Iterable[Verification]) -> int:
    """Return the exit code of a run (design, section 5).

    0 all pass or warn, 1 some fail, 3 some error and none failed.
    """
    verdicts = {result.verdict for result in results}
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
    manifest = _read_manifest(folder / "run.json")
    results = []
    for name in manifest.names:
        file = folder / f"{name}.json"
        if not file.is_file():
            continue
        try:
            results.append(Verification.from_json(json.loads(file.read_text(encoding="utf-8"))))
        except (OSError, ValueError) as error:
            raise unreadable(error, file) from None
    return Run(folder, manifest, results)


def _read_manifest(file: Path) -> Manifest:
    """Read `run.json`.

    Raises: ConfigError when the file is no run's.
    """
    try:
        return Manifest.from_json(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(Mistake(f"is no run: {error}", str(file))) from None


def compare(before: Run, after: Run) -> dict[str, Any]:
    """Say what is new, fixed and still failing, by (tenant, check, code).

    `gone`: the tenant is not in the later run.

    Shape: `halo-runbook/diff/1` (design, section 11).
    """
    old, new = ({entry for result in run.results for entry in result.broken} for run in (before, after))
    return {"schema": DIFF_SCHEMA, **differences(old, new, {result.tenant for result in after.results})}


def differences(old: Broken, new: Broken, present: set[str]) -> Changes:
    """Sort what was and is broken into new, fixed, still and gone; `present` are the tenants judged later."""
    lists = {
        "new": sorted(new - old),
        "fixed": sorted(entry for entry in old - new if entry[0] in present),
        "still": sorted(new & old),
        "gone": sorted(entry for entry in old - new if entry[0] not in present),
    }
    return {name: [{"tenant": t, "check": c, "code": k} for t, c, k in rows] for name, rows in lists.items()}


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
    lines = [f"{counts.get('tenants', 0)} tenants: {', '.join(said) or 'none judged'}."]
    if manifest.network:
        lines.append("Everything failed on the way out: look at this machine's own network first.")
    if manifest.changes is not None:
        lines.append(f"Since {manifest.compared_with}: {_changes(manifest.changes)}.")
    return " ".join(lines)


def _changes(changes: Changes) -> str:
    """Name what is new and fixed; "nothing changed" otherwise."""
    parts = []
    for kind in ("new", "fixed"):
        tenants = sorted({entry["tenant"] for entry in changes[kind]})
        if tenants:
            codes = ", ".join(sorted({entry["code"] for entry in changes[kind]})[:4])
            shown = ", ".join(tenants[:5]) + (f" and {len(tenants) - 5} more" if len(tenants) > 5 else "")
            parts.append(f"{kind}: {shown} ({codes})")
    return "; ".join(parts) or "nothing changed"


def has_changed(manifest: Manifest) -> bool:
    """Whether anything broke or was mended since the run before.

    A first run counts when something is broken.
    """
    if manifest.changes is None:
        return manifest.verdict in BROKEN
    return bool(manifest.changes["new"] or manifest.changes["fixed"])


def newest_run(folder: Path) -> Run | None:
    """Return the newest run of a folder that can be read, without its results; None when there is none."""
    for path in sorted(folder.glob("*/run.json"), reverse=True):
        with contextlib.suppress(ConfigError):
            return Run(path.parent, _read_manifest(path), [])
    return None


_UNITS = {"m": 60.0, "h": 3600.0, "d": 86400.0}


def parse_age(text: str) -> dt.timedelta:
    """Read an age such as 26h, 90m or 2d.

    Raises: ConfigError when it is none.
    """
    number, unit = text[:-1], text[-1:]
    if unit not in _UNITS or not number.isascii() or not number.isdecimal() or len(number) > 6:
        raise ConfigError(f"--max-age takes an age such as 26h, 90m or 2d, got {text!r}")
    return dt.timedelta(seconds=int(number) * _UNITS[unit])


def status_of(run: Run | None, limit: dt.timedelta, now: dt.datetime | None = None) -> dict[str, Any]:
    """Say how old a run is and how it came out.

    Shape: `halo-runbook/status/1`: run, age_s, verdict, finished, too_old, exit_code, words.
    """
    if run is None:
        return {
            "schema": STATUS_SCHEMA,
            "run": None,
            "age_s": None,
            "verdict": None,
            "finished": False,
            "too_old": True,
            "exit_code": 3,
            "words": "there is no run",
        }
    manifest = run.manifest
    age = (now or dt.datetime.now(dt.UTC)) - dt.datetime.fromisoformat(manifest.started_at)
    too_old = age > limit
    hours = f"{age.total_seconds() / 3600:.1f} h old"
    finished = manifest.finished_at is not None
    words = (
        f"{run.id}: {hours}"
        + (", too old" if too_old else "")
        + (". " + headline(manifest) if manifest.totals else ", nothing judged yet")
    )
    if not finished:
        words += f" Not complete: go on with --resume {run.id}."
    code = {"fail": 1, "error": 3, None: 3}.get(manifest.verdict, 0)
    return {
        "schema": STATUS_SCHEMA,
        "run": run.id,
        "age_s": round(age.total_seconds()),
        "verdict": manifest.verdict,
        "finished": finished,
        "too_old": too_old,
        "exit_code": code if finished or code else 3,
        "words": words,
    }
