"""A run on disk, read back; totals, exit codes and what changed between two runs (floor 5)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ConfigError, Mistake
from ..verify import Verification

RUN_SCHEMA = "halo-runbook/run/1"
DIFF_SCHEMA = "halo-runbook/diff/1"
LATEST = "latest"


@dataclass(frozen=True)
class Run:
    """One fleet run: its folder, its `run.json`, and the tenants that are done, in the order of the manifest."""

    folder: Path
    manifest: dict[str, Any]
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


def exit_code(results: Iterable[Verification]) -> int:
    """Give the exit code (design, section 5): 0 all pass or warn, 1 some fail, 3 some error and none failed."""
    verdicts = {result.verdict for result in results}
    return 1 if "fail" in verdicts else 3 if "error" in verdicts else 0


def find_run(text: str, root: Path | None = None) -> Path:
    """Give the folder of a run named by its path, its folder's name below `root`, or `latest`.

    Raises: ConfigError when there is none.
    """
    given = Path(text).expanduser()
    root = root or Path("runs")
    for candidate in (given, root / text):
        if (candidate / "run.json").is_file():
            return candidate
        latest = candidate if candidate.name == LATEST and candidate.is_file() else candidate / LATEST
        if latest.is_file():
            named = latest.parent / latest.read_text(encoding="utf-8").strip()
            if (named / "run.json").is_file():
                return named
    raise ConfigError(
        f"no run is found for {text!r}: give a run's folder, a folder of runs, or its name with --dir"
    )


def load_run(folder: Path) -> Run:
    """Read a run's folder; tenants that are not done are left out.

    Raises: ConfigError when `run.json` or a result cannot be read.
    """
    manifest_file = folder / "run.json"
    try:
        manifest = json.loads(manifest_file.read_text(encoding="utf-8"))
        if manifest["schema"] != RUN_SCHEMA:
            raise ValueError(f"schema is {manifest['schema']!r}")  # noqa: TRY301 - one message for all
        names = [entry["name"] for entry in manifest["tenants"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(Mistake(f"is no run: {error}", str(manifest_file))) from None
    results = []
    for name in names:
        file = folder / f"{name}.json"
        if not file.is_file():
            continue
        try:
            results.append(Verification.from_json(json.loads(file.read_text(encoding="utf-8"))))
        except (OSError, ValueError) as error:
            raise ConfigError(Mistake(f"cannot be read: {error}", str(file))) from None
    return Run(folder, manifest, results)


def compare(before: Run, after: Run) -> dict[str, Any]:
    """Say what is new, fixed and still failing, by (tenant, check, code); `gone`: the tenant is not in the later run.

    Shape: `halo-runbook/diff/1` (design, section 11).
    """
    old, new = _broken(before), _broken(after)
    present = {result.tenant for result in after.results}
    lists = {
        "new": sorted(new - old),
        "fixed": sorted(entry for entry in old - new if entry[0] in present),
        "still": sorted(new & old),
        "gone": sorted(entry for entry in old - new if entry[0] not in present),
    }
    return {
        "schema": DIFF_SCHEMA,
        **{name: [{"tenant": t, "check": c, "code": k} for t, c, k in rows] for name, rows in lists.items()},
    }


def _broken(run: Run) -> set[tuple[str, str, str]]:
    return {(result.tenant, check.id, finding.code) for result in run.results
            for check, finding in result.findings if finding.verdict in {"fail", "error"}}  # fmt: skip
