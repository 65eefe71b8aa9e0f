"""A fleet run in the background of a notebook: its progress, and how it is cancelled."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ...checks.findings import BROKEN
from ...engine import own_process
from ...errors import HaloError
from ...panels.base.view import Background
from ...report import Run
from ...report.manifest import Undone
from ...secrets.redaction import redact
from ...verification.result import Verification
from ..fleet import FleetOptions, Interrupted, run_fleet
from ..scheduling.schedule import Stop


@dataclass
class FleetInBackground:
    """One run at a time; `changed` is called from its thread whenever there is something new to show."""

    changed: Callable[[], None]
    work: Background = field(default_factory=Background)
    done: int = 0
    total: int = 0
    broken: int = 0
    waits_for: str = ""
    """What the run says it waits for, such as an instance that does not answer."""
    run: Run | None = None
    problem: str = ""
    stop: Stop = field(default_factory=Stop)

    @property
    def is_running(self) -> bool:
        """Whether a run is under way."""
        return self.work.running

    def start(self, file: Path, out: Path, options: FleetOptions) -> None:
        """Start a run, unless one is under way."""
        if self.is_running:
            return
        self.done = self.total = self.broken = 0
        self.run, self.problem, self.waits_for, self.stop = None, "", "", Stop()
        self.work.start(lambda _: self._run(file, out, options))

    def cancel(self) -> None:
        """Begin no more tenants; asked again, end those under way."""
        if not self.is_running:
            return
        if self.stop.ask():
            # ending processes takes a moment, and the kernel has a page to answer meanwhile
            threading.Thread(target=own_process.stop_all, daemon=True).start()

    def _run(self, file: Path, out: Path, options: FleetOptions) -> None:
        try:
            self.run = run_fleet(file, out, options, progress=self._count, say=self._wait, stop=self.stop)
        except Interrupted as stopped:
            self.run, self.problem = stopped.run, stopped.lost
        except HaloError as error:
            self.problem = redact(error.seen)
        except Exception as error:  # a thread's traceback is seen by nobody, and the page would wait for ever
            self.problem = redact(f"the run ended by {type(error).__name__}: {error}")
        finally:
            self.work.done()
            self.changed()

    def _count(self, outcome: Verification | Undone, done: int, total: int) -> None:
        self.done, self.total = done, total
        self.broken += outcome.verdict in BROKEN
        self.changed()

    def _wait(self, line: str) -> None:
        self.waits_for = "" if line.endswith(("going on", "stands")) else redact(line)
        self.changed()
