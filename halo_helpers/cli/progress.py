"""What tells of the tenants of a run while it is under way."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from .shared import in_colour

if TYPE_CHECKING:
    from ..report.manifest import Undone
    from ..verification.result import Verification


class Lines:
    """Tells of each tenant in a line on standard error."""

    def __call__(self, outcome: Verification | Undone, done: int, total: int) -> None:
        """Tell of one tenant, and how many are done."""
        self.say(f"[{done}/{total}] {outcome.tenant}: {outcome.summary()}")

    def close(self) -> None:
        """There is nothing to put back."""

    def say(self, line: str) -> None:
        """Tell what holds the run up."""
        from ..secrets.redaction import redact

        print(redact(line), file=sys.stderr, flush=True)


class Bar:
    """Shows how many are done and broken, how fast it goes and how long it will take, on a terminal.

    Broken tenants are lines above it.
    """

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[broken]} broken · {task.fields[rate]}/min ·"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task("Verifying", total=None, broken=0, rate="–")
        self._broken = self._begun = 0

    def __call__(self, outcome: Verification | Undone, done: int, total: int) -> None:
        """Show one tenant more."""
        from ..checks.findings import BROKEN

        if not self._bar.live.is_started:
            self._begun = done - 1
            self._bar.start()
        if outcome.verdict in BROKEN:
            self._broken += 1
            self.say(f"{outcome.tenant}: {outcome.summary()}")
        elapsed = self._bar.tasks[0].elapsed or 1e-9
        self._bar.update(
            self._task,
            completed=done,
            total=total,
            broken=self._broken,
            rate=round(60 * (done - self._begun) / max(elapsed, 1)),
        )
        if done == total:
            self._bar.stop()

    def close(self) -> None:
        """Give the terminal its cursor back, however the run ended."""
        self._bar.stop()

    def say(self, line: str) -> None:
        """Print a line above the bar."""
        from ..secrets.redaction import redact

        self._bar.console.print(redact(line), markup=False, highlight=False)


def fleet_progress(*, as_json: bool) -> Lines | Bar:
    """Return what tells of each tenant on standard error: a bar on a terminal, plain lines otherwise."""
    return Bar() if in_colour(sys.stderr) and not as_json else Lines()
