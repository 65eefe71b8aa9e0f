"""One notebook in a process of its own, whichever way this system has: a forked child, or a stock kernel."""

from __future__ import annotations

import threading
from pathlib import Path

from .fork_server import asker
from .job import FORKS, STARTING_S, Answer, FileJob

_stopping = threading.Event()


def run_in_own_process(job: FileJob, limit_s: float, hidden: set[str]) -> Answer:
    """Run one job; what is left of it when its process dies becomes the evidence.

    `limit_s` is the notebook's time; `hidden` are environment variables that the notebook must not see, since
    they hold or open secrets. The status is `stopped` when `stop_all` was called meanwhile.
    """
    if _stopping.is_set():
        return Answer("stopped")
    answer = (_in_fork if FORKS else _in_kernel)(job, limit_s, hidden)
    return Answer("stopped") if _stopping.is_set() and answer.status != "ok" else answer


def _in_fork(job: FileJob, limit_s: float, hidden: set[str]) -> Answer:
    outcome = asker.fork_server(hidden).run(job, limit_s + STARTING_S)
    answer, output = outcome.answer, Path(job.output)
    if answer.status in {"crashed", "timeout"} and not _stopping.is_set() and not output.exists():
        from .remains import write_remains

        write_remains(Path(job.notebook), output, outcome.cells, answer.message, job.parameters)
    return answer


def _in_kernel(job: FileJob, limit_s: float, hidden: set[str]) -> Answer:
    from .stock_kernel import run_in_kernel

    return run_in_kernel(job, limit_s, hidden)


def start_early() -> None:
    """Let what every notebook needs be loaded meanwhile; the first one waits for less then."""
    if FORKS:
        asker.start_server()


def stop_all() -> None:
    """End the notebooks that this process has under way, and begin no more until `go_on`."""
    _stopping.set()
    if FORKS:
        asker.close_server()
        return
    from .stock_kernel import stop_kernels

    stop_kernels()


def go_on() -> None:
    """Let notebooks be run again after `stop_all`."""
    _stopping.clear()
