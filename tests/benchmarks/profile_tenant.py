"""Where the time of one tenant goes, in a process that was forked as the fork server forks it."""

from __future__ import annotations

import cProfile
import os
import pstats
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from halo_helpers.engine.fork_server.server import make_ready
from halo_helpers.engine.job import FileJob
from halo_helpers.tenants.tenants_file import load_tenants

from .ways import NOTEBOOK

_PROFILED = 10
"""Tenants are enough for a profile."""
_OF_INTEREST = ("asyncio", "importlib", "json", "logging", "re", "selectors", "ssl", "tempfile")
"""Packages of the standard library that have a line of their own."""
_KERNEL = ("IPython", "ipykernel", "traitlets", "jupyter_client", "nbclient", "comm", "ipywidgets")


@dataclass(frozen=True)
class _Child:
    """What one forked process took, in milliseconds of CPU, and how many pages it touched first."""

    cpu_ms: float
    faults: int


def profile(file: Path, count: int) -> str:
    """Verify tenants of a file one after the other, each in a fork; return a table of where their time went.

    The first half is as in a run; the second half is traced, which takes about twice the time, so its own
    figures are shares.
    """
    shell = make_ready()
    tenants = load_tenants(file)[: min(count, 2 * _PROFILED)]
    half = (len(tenants) + 1) // 2
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plain = [_run(shell, file, tenant, folder, traced=False) for tenant in tenants[:half]]
        for tenant in tenants[half:] or tenants:
            _run(shell, file, tenant, folder, traced=True)
        stats = pstats.Stats(*map(str, folder.glob("*.stats")))
    shares = _shares(stats)
    total = sum(shares.values())
    cpu_ms = statistics.median(one.cpu_ms for one in plain)
    faults = statistics.median(one.faults for one in plain)
    lines = [
        f"a forked process: {cpu_ms:.1f} ms of CPU, {faults:.0f} page faults",
        "of that, by whose code ran (traced, in shares):",
    ]
    lines += [
        f"{room:24} {100 * share / total:5.1f} %  {cpu_ms * share / total:6.1f} ms"
        for room, share in shares.most_common()
        if share / total >= 0.005
    ]
    return "\n".join(lines)


def _run(shell: Any, file: Path, tenant: Any, folder: Path, *, traced: bool) -> _Child:
    ours, theirs = socket.socketpair()
    job = FileJob(
        notebook=str(NOTEBOOK),
        output=str(folder / f"{tenant.name}.ipynb"),
        cwd=str(folder),
        parameters={"tenant": tenant.name, "tenants_file": str(file)},
        deadline_s=60.0,
        tenant=tenant,
    )
    pid = os.fork()
    if pid == 0:
        _child(shell, theirs, folder / f"{tenant.name}.stats" if traced else None)
    theirs.close()
    with ours, ours.makefile("rb") as lines:
        lines.readline()
        ours.sendall(job.as_line())
        said = lines.readlines()
    _, status, used = os.wait4(pid, 0)
    if status or b'"ok"' not in said[-1]:
        raise SystemExit(f"{tenant.name} could not be verified: {said[-1:]}")
    return _Child(1000 * (used.ru_utime + used.ru_stime), used.ru_minflt)


def _child(shell: Any, connection: socket.socket, stats: Path | None) -> None:
    from halo_helpers.engine.fork_server import child

    status = 1
    try:
        os.setsid()
        work = child.become(connection, shell)
        if stats is None:
            work.run()
        else:
            _traced(work.run, stats)
        status = 0
    finally:
        os._exit(status)


def _traced(work: Callable[[], None], file: Path) -> None:
    """Do something, and write down what it took, in the threads that it starts, too."""
    tracers = [cProfile.Profile(time.thread_time)]

    def trace_thread(*_: object) -> None:
        sys.setprofile(None)  # this function, which was called for the first time in a new thread
        tracers.append(cProfile.Profile(time.thread_time))
        tracers[-1].enable()

    threading.setprofile(trace_thread)
    tracers[0].runcall(work)
    stats = pstats.Stats(tracers[0])
    for tracer in tracers[1:]:
        tracer.create_stats()
        stats.add(tracer)
    stats.dump_stats(file)


def _shares(stats: Any) -> Counter[str]:
    """Add up the own time of functions by the package whose they are; what is built in is its callers'."""
    found: Counter[str] = Counter()
    for (where, _, _), (_, _, own_s, _, callers) in stats.stats.items():
        if where != "~":
            found[_room(where)] += own_s
            continue
        for (caller, _, _), (_, _, share_s, _) in callers.items():
            found[_room(caller)] += share_s
    return found


def _room(where: str) -> str:
    parts = Path(where).parts
    if "site-packages" in parts:
        package = parts[parts.index("site-packages") + 1].removesuffix(".py")
        return "the shell and its kernel" if package in _KERNEL else package
    if "halo_helpers" in parts:
        return f"halo_helpers/{parts[parts.index('halo_helpers') + 1]}"
    package = next((part for part in parts if part.startswith("python3")), "")
    if not package:
        return "other"
    inner = parts[parts.index(package) + 1].removesuffix(".py")
    return inner if inner in _OF_INTEREST else "standard library"
