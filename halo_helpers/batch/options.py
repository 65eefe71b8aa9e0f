"""What a fleet run is started with, and how it ends before its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..report import Run
from ..report.manifest import Undone
from ..verification.result import Verification
from .scheduling.breaker import WAIT_S

DEFAULT_TIMEOUT_S = 120.0
BACKOFF_S = 30.0
"""About, before a tenant that was throttled is asked again: HaloPSA counts a rolling window of minutes."""
Progress = Callable[[Verification | Undone, int, int], None]
"""Called as each tenant is done, or left undone, with the number done and of all."""


@dataclass(frozen=True)
class FleetOptions:
    """What a run is started with.

    `workers` 0 means as many as cores and memory bear. Times are in seconds.
    """

    workers: int = 0
    timeout_s: float = DEFAULT_TIMEOUT_S
    cell_timeout_s: float | None = None
    run_timeout_s: float | None = None
    only: Sequence[str] = ()
    resume: str | None = None
    failed_of: str | None = None
    keep: int | None = None
    """How many runs stay in the folder, this one included; None keeps all."""
    backoff_s: float = BACKOFF_S
    wait_s: float = WAIT_S
    """How long an outage is waited for."""
    overlap: bool = False
    """Whether another run of the same file into the same folder may be under way."""


class Interrupted(Exception):
    """The run was stopped, mostly before its end; what is done is kept in `run`.

    `lost` says why when it was not stopped by a person: nobody was there any more to run its notebooks.
    """

    def __init__(self, run: Run, lost: str = "") -> None:
        super().__init__(run.id)
        self.run, self.lost = run, lost


class NothingToDo(Exception):
    """There is nobody to verify, for the reason that it says, so no run is made."""
