"""What a scenario is."""

from __future__ import annotations

from dataclasses import dataclass

from ..world.changes import Change


@dataclass(frozen=True)
class Scenario:
    """One named world: what is wrong, what makes it so, and the codes that it must be diagnosed with."""

    name: str
    title: str
    wrong: str
    change: Change
    expect: tuple[str, ...] = ()
    """The whole set of diagnosis codes with verdict warn, fail or error that it must get."""
    row: int | None = None
    """The row of the failure table that it stands for (facts, section 6)."""
