"""Whether a folder of runs is kept up to date: how old the newest whole run is, and what hinders it."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ...errors import ConfigError
from ...tenants.base_url import is_loopback
from ..manifest import Manifest
from ..run import Run, headline, is_under_way, read_manifest

STATUS_SCHEMA = "halo-runbook/status/1"
_AHEAD = dt.timedelta(minutes=5)
"""Clocks may differ by this much; what is dated later is not believed."""
_UNITS = {"m": 60.0, "h": 3600.0, "d": 86400.0}


def parse_age(text: str, option: str = "--max-age") -> dt.timedelta:
    """Read an age such as 26h, 90m or 2d; `option` is named when it is none.

    Raises: ConfigError when it is none.
    """
    number, unit = text[:-1], text[-1:]
    if unit not in _UNITS or not number.isascii() or not number.isdecimal() or len(number) > 6:
        raise ConfigError(f"{option} takes an age such as 26h, 90m or 2d, got {text!r}")
    return dt.timedelta(seconds=int(number) * _UNITS[unit])


def runs_of(folder: Path) -> Iterator[Run]:
    """Return the runs of a folder that can be read, newest first, without their results."""
    for path in sorted(folder.glob("*/run.json"), reverse=True):
        with contextlib.suppress(ConfigError):
            yield Run(path.parent, read_manifest(path), [])


def is_whole(manifest: Manifest) -> bool:
    """Whether a run covers the whole file, paused tenants counted as covered, and not only some of it."""
    return not (manifest.parameters.get("only") or manifest.parameters.get("failed_of"))


def is_complete(run: Run) -> bool:
    """Whether a run covers the whole file and came to its end."""
    return is_whole(run.manifest) and run.manifest.finished_at is not None


def _those_that_count(folder: Path) -> Iterator[Run]:
    """Return the whole runs, newest first; those of practice tenants only where there are no others."""
    practice, others = list[Run](), False
    for run in runs_of(folder):
        if not is_whole(run.manifest) or not run.manifest.started_at:
            continue
        if _is_practice(run.manifest):
            practice.append(run)
        else:
            others = True
            yield run
    if not others:
        yield from practice


def _is_practice(manifest: Manifest) -> bool:
    """Whether all tenants of a run are on this machine itself, as practice tenants are."""
    hosts = {urlsplit(entry.base_url).hostname for entry in manifest.tenants}
    return bool(hosts) and all(is_loopback(host or "") for host in hosts)


def status_of(
    folder: Path, limit: dt.timedelta, *, broken: bool = False, now: dt.datetime | None = None
) -> dict[str, Any]:
    """Say whether a complete run of the whole file is fresh, and why not.

    Shape: `halo-runbook/status/1`: run, age_s, verdict, finished, too_old, under_way, interrupted, in_future,
    exit_code, words. `exit_code`: 0 one is fresh, 3 none is; with `broken`, 1 when one is and tenants fail.
    """
    now = now or dt.datetime.now(dt.UTC)
    newest: Run | None = None
    complete: Run | None = None
    future: Run | None = None
    for run in _those_that_count(folder):
        if _age(run, now) < -_AHEAD:
            future = future or run
            continue
        newest = newest or run
        if run.manifest.finished_at is not None:
            complete = run
            break
    shown = complete or newest or future
    age = _age(shown, now) if shown else None
    too_old = complete is None or _age(complete, now) > limit
    begun = newest is not None and newest is not complete
    under_way = begun and newest is not None and is_under_way(newest.folder)
    verdict = shown.manifest.verdict if shown else None
    fails = verdict == "fail" or bool(shown and (shown.manifest.totals or {}).get("fail"))
    code = 3 if too_old else int(broken and fails)
    return {
        "schema": STATUS_SCHEMA,
        "run": shown.id if shown else None,
        "age_s": None if age is None else round(age.total_seconds()),
        "verdict": verdict,
        "finished": complete is not None,
        "too_old": too_old,
        "under_way": under_way,
        "interrupted": begun and not under_way,
        "in_future": future is not None,
        "exit_code": code,
        "words": _words(complete, newest if begun else None, future, now, limit, under_way=under_way),
    }


def _age(run: Run, now: dt.datetime) -> dt.timedelta:
    return now - dt.datetime.fromisoformat(run.manifest.started_at)


def _words(
    complete: Run | None,
    begun: Run | None,
    future: Run | None,
    now: dt.datetime,
    limit: dt.timedelta,
    *,
    under_way: bool,
) -> str:
    """Say it in sentences: the newest complete run first, then what is begun."""
    lines = []
    if complete is None:
        lines.append("There is no complete run of the whole file.")
    else:
        age = _age(complete, now)
        old = ", too old" if age > limit else ""
        hours = f"{max(0.0, age.total_seconds()) / 3600:.1f} h old"
        lines.append(f"{complete.id}: {hours}{old}. {headline(complete.manifest)}")
    if begun is not None and under_way:
        lines.append(f"{begun.id} is under way.")
    elif begun is not None:
        lines.append(f"{begun.id} was interrupted: go on with --resume {begun.id}.")
    if future is not None:
        lines.append(f"{future.id} is dated in the future and does not count: look at this machine's clock.")
    return " ".join(lines)
